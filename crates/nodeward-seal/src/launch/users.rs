//! Who uses a folder of the guard besides the program that it was made for: what that starts, itself anew too. These
//! have not its lock, as Node.js passes no open file on.
//!
//! Each holds the reading end of a named pipe open. Whoever opens the writing end without waiting is told whether
//! there is one, on every file system and across namespaces of processes, and no process can forget to let go.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

/// The pipe. `runtime/start.cjs` opens it.
const PIPE: &str = "users";

/// Made when nobody used the folder, by a later start.
const MARK: &str = "unused";

/// A process that has been started opens the pipe when its guard loads, and whoever started it may be gone by then:
/// only a folder that nobody used twice, with this time in between, is not used any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes the pipe.
#[cfg(target_os = "linux")]
pub(super) fn expect(folder: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    Ok(mknodat(CWD, folder.join(PIPE), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?)
}

/// Makes nothing: the guard is not in force in another process here.
#[cfg(not(target_os = "linux"))]
pub(super) fn expect(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether nobody can need a folder any more whose own program has ended. What can't be told is needed.
pub(super) fn are_gone(folder: &Path) -> bool {
    if folder.join(PIPE).symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return true;
    }
    let mark = folder.join(MARK);
    if !is_unread(folder) {
        let _ = fs::remove_file(mark);
        return false;
    }
    match mark.symlink_metadata().and_then(|metadata| metadata.modified()) {
        Ok(since) => since.elapsed().is_ok_and(|passed| passed >= PATIENCE),
        Err(_) => {
            let _ = File::create_new(mark);
            false
        }
    }
}

/// Whether no process has the pipe open for reading.
#[cfg(unix)]
fn is_unread(folder: &Path) -> bool {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    matches!(open(folder.join(PIPE), flags, Mode::empty()), Err(rustix::io::Errno::NXIO))
}

#[cfg(not(unix))]
fn is_unread(_folder: &Path) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_needed_as_long_as_a_process_may_use_it() {
        use rustix::fs::{Mode, OFlags, open};
        let folder = tempfile::tempdir().unwrap();
        assert!(are_gone(folder.path()), "nobody was expected");
        expect(folder.path()).unwrap();
        let mark = folder.path().join(MARK);
        let pass = |seconds| {
            let then = std::time::SystemTime::now() - Duration::from_secs(seconds);
            File::options().write(true).open(&mark).unwrap().set_modified(then).unwrap();
        };
        assert!(!are_gone(folder.path()), "one may be on its way");
        pass(5);
        assert!(!are_gone(folder.path()), "still");
        pass(61);
        let user = open(folder.path().join(PIPE), OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()).unwrap();
        assert!(!are_gone(folder.path()), "there is one");
        assert!(!mark.exists(), "the time begins anew");
        drop(user);
        assert!(!are_gone(folder.path()), "another may be on its way");
        pass(61);
        assert!(are_gone(folder.path()));
    }
}
