//! Positioned reads as a stream, for the readers of other crates that want [`Read`] and [`Seek`].

use std::io::{self, Read, Seek, SeekFrom};

use crate::{
    error::{Error, ErrorKind, Fault, Result},
    storage::ReadAt,
};

/// A range of a file as a stream of its own. Unbuffered.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    file: &'a dyn ReadAt,
    start: u64,
    len: u64,
    at: u64,
}

impl<'a> Cursor<'a> {
    /// The whole file.
    pub(super) fn new(file: &'a dyn ReadAt) -> Self {
        Self { file, start: 0, len: file.len(), at: 0 }
    }

    /// `len` bytes from `start` on, as far as the file has them.
    pub(super) fn range(file: &'a dyn ReadAt, start: u64, len: u64) -> Self {
        let start = start.min(file.len());
        Self { file, start, len: len.min(file.len() - start), at: 0 }
    }
}

impl Read for Cursor<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let len = left.min(buf.len());
        if let Some(buf) = buf.get_mut(..len).filter(|buf| !buf.is_empty()) {
            self.file.read_exact_at(buf, self.start + self.at).map_err(|error| match error.kind() {
                ErrorKind::Io { source, .. } => {
                    source.raw_os_error().map_or_else(|| source.kind().into(), io::Error::from_raw_os_error)
                }
                _ => io::Error::other(error),
            })?;
            self.at += len as u64;
        }
        Ok(len)
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// A read of bytes that were there when the file was opened: a short one means that the file has changed since.
pub(super) fn read_at(file: &dyn ReadAt, buf: &mut [u8], offset: u64) -> Result<()> {
    file.read_exact_at(buf, offset).map_err(|error| match error.kind() {
        ErrorKind::Io { source, .. } if source.kind() == io::ErrorKind::UnexpectedEof => {
            let end = offset.saturating_add(buf.len() as u64);
            Error::input(
                Fault::Truncated,
                format!("it had {} bytes when it was opened and now ends before byte {end}", file.len()),
            )
            .with_hint("something changed the file while it was read: run again when nothing writes to it")
        }
        _ => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Bytes(Vec<u8>);

    impl ReadAt for Bytes {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
            let start = usize::try_from(offset).unwrap();
            buf.copy_from_slice(&self.0[start..start + buf.len()]);
            Ok(())
        }
    }

    #[test]
    fn a_range_reads_and_seeks_like_a_file_of_its_own() {
        let file = Bytes((0..20).collect());
        let mut range = Cursor::range(&file, 5, 10);
        let mut all = Vec::new();
        range.read_to_end(&mut all).unwrap();
        assert_eq!(all, (5..15).collect::<Vec<u8>>());
        assert_eq!(range.seek(SeekFrom::End(-3)).unwrap(), 7);
        let mut three = [0; 3];
        range.read_exact(&mut three).unwrap();
        assert_eq!(three, [12, 13, 14]);
        assert_eq!(range.seek(SeekFrom::Start(100)).unwrap(), 100);
        assert_eq!(range.read(&mut three).unwrap(), 0);
        assert!(range.seek(SeekFrom::Current(-101)).is_err());
    }

    #[test]
    fn a_range_past_the_end_is_empty() {
        let file = Bytes(vec![1, 2, 3]);
        for (start, len, expected) in [(0, 9, 3), (2, 9, 1), (3, 1, 0), (u64::MAX, u64::MAX, 0)] {
            assert_eq!(Cursor::range(&file, start, len).read_to_end(&mut Vec::new()).unwrap(), expected);
        }
    }
}
