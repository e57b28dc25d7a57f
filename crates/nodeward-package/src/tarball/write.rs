//! Writing.

use std::io::{self, Read, Write};

use miniz_oxide::deflate::core::{CompressorOxide, create_comp_flags_from_zip_params};
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::{MZFlush, MZStatus};

/// Of every member: 1985-10-26T08:15:00Z, which npm gives as well.
const MODIFIED: u64 = 499_162_500;

/// The folder that all members are in.
const ROOT: &str = "package";

/// A member list, magic and method; no name, no time, an unknown system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff];

/// Writes a compressed tarball. Times, owners and rights are always the same ones, and so is the compression on every
/// machine: the same files in the same order are the same bytes.
pub struct Writer<W: Write> {
    archive: tar::Builder<Gzip<W>>,
}

impl<W: Write> Writer<W> {
    /// Begins.
    pub fn new(out: W) -> Self {
        Self { archive: tar::Builder::new(Gzip::new(out)) }
    }

    /// Adds a file. Whoever wants the same bytes adds them in the order of their paths.
    ///
    /// # Errors
    /// It can't be written, or there are not so many bytes.
    pub fn add(&mut self, path: &str, executable: bool, size: u64, from: impl Read) -> io::Result<()> {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(if executable { 0o755 } else { 0o644 });
        header.set_size(size);
        header.set_mtime(MODIFIED);
        header.set_uid(0);
        header.set_gid(0);
        let mut counted = from.take(size);
        self.archive.append_data(&mut header, format!("{ROOT}/{path}"), &mut counted)?;
        if counted.limit() != 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter"));
        }
        Ok(())
    }

    /// Ends.
    ///
    /// # Errors
    /// It can't be written.
    pub fn finish(self) -> io::Result<W> {
        self.archive.into_inner()?.finish()
    }
}

/// Compresses. The compressor that reads is built for speed and looks at what the processor offers; this one gives
/// the same bytes everywhere.
struct Gzip<W: Write> {
    out: W,
    compressor: Box<CompressorOxide>,
    sum: crc32fast::Hasher,
    size: u32,
    begun: bool,
}

impl<W: Write> Gzip<W> {
    fn new(out: W) -> Self {
        let compressor = Box::new(CompressorOxide::new(create_comp_flags_from_zip_params(9, -15, 0)));
        Self { out, compressor, sum: crc32fast::Hasher::new(), size: 0, begun: false }
    }

    fn begin(&mut self) -> io::Result<()> {
        if !self.begun {
            self.out.write_all(&GZIP_HEADER)?;
            self.begun = true;
        }
        Ok(())
    }

    fn compress(&mut self, mut input: &[u8], flush: MZFlush) -> io::Result<()> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let result = deflate(&mut self.compressor, input, &mut buffer, flush);
            input = &input[result.bytes_consumed..];
            self.out.write_all(&buffer[..result.bytes_written])?;
            match (result.status, flush) {
                (Ok(MZStatus::StreamEnd), _) => return Ok(()),
                (Ok(_), MZFlush::Finish) => {}
                (Ok(_), _) if input.is_empty() && result.bytes_written < buffer.len() => return Ok(()),
                (Ok(_), _) => {}
                // There was nothing left to do.
                (Err(_), MZFlush::None) if input.is_empty() => return Ok(()),
                (Err(error), _) => return Err(io::Error::other(format!("cannot compress: {error:?}"))),
            }
        }
    }

    fn finish(mut self) -> io::Result<W> {
        self.begin()?;
        self.compress(&[], MZFlush::Finish)?;
        let sum = self.sum.clone().finalize();
        self.out.write_all(&sum.to_le_bytes())?;
        self.out.write_all(&self.size.to_le_bytes())?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begin()?;
        self.sum.update(bytes);
        // Of a size only the last 32 bits are kept.
        self.size = self.size.wrapping_add(bytes.len() as u32);
        self.compress(bytes, MZFlush::None)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
