//! The text of a sealed file: read, hashed and made into a string in one call, and only if it is what was sealed. In
//! JavaScript that is five calls, with the bytes in memory of their own, which took a twentieth of a program's start.
//!
//! It says nothing of why there is no text: whoever asks then looks for himself, and tells what is wrong.

use std::cell::RefCell;
use std::ffi::{OsStr, c_int, c_void};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;

use sha2::{Digest as _, Sha256};

use crate::napi::{CallInfo, Env, RawEnv, Text, Value, answer};

/// `PATH_MAX` of Linux.
const LONGEST_PATH: usize = 4096;
/// A SHA-256 in hexadecimal digits.
const DIGITS: usize = 64;

/// From this size on, a file gets memory of its own, which becomes the string as it is.
const LARGE: usize = 2 * 1024 * 1024;
/// V8's strings end at half of this.
const LARGEST: u64 = 1 << 30;
/// Files above it are rare, and memory for them is not kept.
const KEPT: usize = 256 * 1024;

/// The smallest that a page of memory is.
const PAGE: usize = 4096;
/// Large pages where the system has them: to get one costs about as much as to get a small one.
const MADV_HUGEPAGE: c_int = 14;
/// What is no regular file must not keep the open call waiting.
const O_NONBLOCK: c_int = 0o4000;

unsafe extern "C" {
    fn madvise(address: *mut c_void, length: usize, advice: c_int) -> c_int;
}

thread_local! {
    /// For small files: new memory costs more than hashing them.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// `textOf(path, sha256)`: the text of the file if its bytes have this hash, in hexadecimal digits; else undefined.
///
/// # Safety
///
/// Only Node.js may call it.
pub(crate) unsafe extern "C" fn text_of(env: RawEnv, info: CallInfo) -> Value {
    answer(env, |env| {
        let [path, sha256] = env.arguments::<2>(info)?;
        let mut name = [0; LONGEST_PATH];
        let mut digits = [0; DIGITS + 8];
        let path = env.utf8(path, &mut name)?;
        let sha256 = env.utf8(sha256, &mut digits)?;
        let text = path.zip(sha256).and_then(|(path, sha256)| read(env, path, sha256));
        text.map_or_else(|| env.undefined(), Ok)
    })
}

fn read(env: Env, path: &[u8], sha256: &[u8]) -> Option<Value> {
    let mut file = File::options().read(true).custom_flags(O_NONBLOCK).open(OsStr::from_bytes(path)).ok()?;
    let metadata = file.metadata().ok()?;
    let size = usize::try_from(metadata.len()).ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return None;
    }
    if size >= LARGE {
        return large(env, file, size, sha256);
    }
    BUFFER.with(|buffer| {
        let mut buffer = buffer.try_borrow_mut().ok()?;
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        let bytes = buffer.get_mut(..size)?;
        file.read_exact(bytes).ok()?;
        let text = is_sealed(bytes, sha256).then(|| text(env, bytes))?;
        if buffer.len() > KEPT {
            buffer.truncate(KEPT);
            buffer.shrink_to_fit();
        }
        text
    })
}

fn is_sealed(bytes: &[u8], sha256: &[u8]) -> bool {
    let mut digits = [0; DIGITS];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(Sha256::digest(bytes)) {
        pair.copy_from_slice(&[HEXADECIMAL[usize::from(byte >> 4)], HEXADECIMAL[usize::from(byte & 15)]]);
    }
    digits == sha256
}

const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

/// A copy of these bytes as a string. What is not UTF-8 is replaced, as Node.js does.
fn text(env: Env, bytes: &[u8]) -> Option<Value> {
    let encoding = if bytes.is_ascii() { Text::Ascii } else { Text::Utf8 };
    env.text(bytes, encoding).ok()
}

fn large(env: Env, file: File, size: usize, sha256: &[u8]) -> Option<Value> {
    let mut bytes: Vec<u8> = Vec::new();
    bytes.try_reserve_exact(size).ok()?;
    let start = bytes.as_mut_ptr().addr().next_multiple_of(PAGE);
    let end = (bytes.as_mut_ptr().addr() + size) & !(PAGE - 1);
    // SAFETY: whole pages within the memory that the vector just got. It is advice on how to map them, and nothing is
    // lost where it is not taken.
    unsafe { madvise(bytes.as_mut_ptr().with_addr(start).cast(), end.saturating_sub(start), MADV_HUGEPAGE) };
    file.take(size as u64).read_to_end(&mut bytes).ok()?;
    if !is_sealed(&bytes, sha256) {
        return None;
    }
    if !bytes.is_ascii() {
        return text(env, &bytes);
    }
    match env.outside(bytes) {
        Ok(text) => Some(text),
        Err(bytes) if bytes.is_empty() => None,
        Err(bytes) => text(env, &bytes),
    }
}
