//! The record index of one shard, as `tfrecord2idx` of DALI and of the `tfrecord` package write it: a line a record with
//! its offset and its length, both in bytes and framing included.
//!
//! Both readers parse whole numbers up to the first thing that is none, so there is no header and no third column.

use std::path::Path;

use crate::{
    error::{At, Error, Place, Result},
    storage::{ReadAt, StagedFile, Storage},
    tfrecord::Spans,
    units::{ByteOffset, ByteSize},
};

/// Writes are gathered up to this many bytes.
const BUFFER: usize = 64 << 10;

/// The text of the index of a shard, piece by piece.
///
/// # Errors
/// What `each` returns first.
pub fn index_text(spans: &Spans, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut text = Vec::with_capacity(BUFFER + 64);
    for span in spans.iter() {
        line(&mut text, span.offset.0, span.len.into());
        if text.len() >= BUFFER {
            each(&text)?;
            text.clear();
        }
    }
    each(&text)
}

fn line(text: &mut Vec<u8>, offset: u64, framed: u64) {
    // The formatting of the standard library would take longer than finding the record.
    let mut digits = itoa::Buffer::new();
    text.extend_from_slice(digits.format(offset).as_bytes());
    text.push(b' ');
    text.extend_from_slice(digits.format(framed).as_bytes());
    text.push(b'\n');
}

/// Writes an index line by line.
#[derive(Debug)]
pub struct IndexWriter {
    file: StagedFile,
    text: Vec<u8>,
    offset: u64,
}

impl IndexWriter {
    /// Starts an index.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn create(storage: &dyn Storage, dest: &Path) -> Result<Self> {
        Ok(Self { file: storage.stage(dest)?, text: Vec::with_capacity(BUFFER + 64), offset: 0 })
    }

    /// Adds the next record, which takes `framed` bytes of the shard.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn add(&mut self, framed: u64) -> Result<()> {
        line(&mut self.text, self.offset, framed);
        self.offset += framed;
        if self.text.len() >= BUFFER {
            self.file.append(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    /// Ends the index. The file still has to be committed.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn finish(mut self) -> Result<StagedFile> {
        self.file.append(&self.text)?;
        Ok(self.file)
    }
}

/// The longest line that two numbers of 64 bits can make, with some blanks.
const MAX_LINE: usize = 128;

/// One line of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexLine {
    /// Where the record starts.
    pub offset: ByteOffset,
    /// Its bytes, framing included.
    pub len: ByteSize,
    /// The line, counted from 1.
    pub line: u64,
}

/// Reads an index line by line, in memory that does not grow with it.
#[derive(Debug)]
pub struct IndexReader {
    file: Box<dyn ReadAt>,
    /// Where the text behind `text` starts in the file.
    next: u64,
    text: Vec<u8>,
    /// How much of `text` is used up.
    used: usize,
    line: u64,
}

impl IndexReader {
    /// Opens an index.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn open(storage: &dyn Storage, path: &Path) -> Result<Self> {
        Ok(Self { file: storage.open(path).at(path)?, next: 0, text: Vec::new(), used: 0, line: 0 })
    }

    /// The next line; `None` at the end. Blank lines are passed over, as all readers do.
    ///
    /// # Errors
    /// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) at a line that is anything but two whole numbers;
    /// [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub fn next_line(&mut self) -> Result<Option<IndexLine>> {
        loop {
            let rest = self.text.get(self.used..).unwrap_or_default();
            let is_last = self.next >= self.file.len();
            let len = match memchr::memchr(b'\n', rest) {
                Some(at) => at,
                None if rest.len() <= MAX_LINE && !is_last => {
                    self.refill()?;
                    continue;
                }
                None if rest.is_empty() => return Ok(None),
                None => rest.len(),
            };
            self.line += 1;
            let place = Place::Line(self.line);
            let text = rest.get(..len).unwrap_or_default();
            // A part of a longer line would be taken for one.
            let text = if len > MAX_LINE { text } else { text.trim_ascii() };
            if text.is_empty() {
                self.used += len + 1;
                continue;
            }
            let Some((offset, bytes)) = numbers(text) else {
                let shown = String::from_utf8_lossy(text.get(..text.len().min(40)).unwrap_or_default());
                let message = format!("`{}` is not the offset and the length of a record", shown.escape_debug());
                return Err(Error::inputs(message).at_place(place));
            };
            self.used += len + 1;
            return Ok(Some(IndexLine { offset: ByteOffset(offset), len: ByteSize(bytes), line: self.line }));
        }
    }

    fn refill(&mut self) -> Result<()> {
        self.text.drain(..self.used.min(self.text.len()));
        self.used = 0;
        let has = self.text.len();
        let take = usize::try_from(self.file.len() - self.next).unwrap_or(BUFFER).min(BUFFER);
        self.text.resize(has + take, 0);
        self.file.read_exact_at(self.text.get_mut(has..).unwrap_or_default(), self.next)?;
        self.next += take as u64;
        Ok(())
    }
}

/// Two whole numbers with blanks between them, and nothing else.
fn numbers(text: &[u8]) -> Option<(u64, u64)> {
    let text = str::from_utf8(text).ok().filter(|text| text.len() <= MAX_LINE)?;
    let mut words = text.split_ascii_whitespace();
    let mut number = || words.next().filter(|word| word.bytes().all(|digit| digit.is_ascii_digit()))?.parse().ok();
    let numbers = (number()?, number()?);
    words.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::LocalStorage;

    /// The lines that can be read, and the line of the error.
    fn read(text: &[u8]) -> (Vec<(u64, u64)>, Option<u64>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.idx");
        std::fs::write(&path, text).unwrap();
        let mut reader = IndexReader::open(&LocalStorage, &path).unwrap();
        let mut lines = Vec::new();
        loop {
            match reader.next_line() {
                Ok(None) => return (lines, None),
                Ok(Some(line)) => lines.push((line.offset.0, line.len.0)),
                Err(error) => match error.place() {
                    Some(Place::Line(line)) => return (lines, Some(line)),
                    other => panic!("{other:?}"),
                },
            }
        }
    }

    #[test]
    fn two_whole_numbers_a_line_and_nothing_else() {
        for (text, lines, fault) in [
            (&b""[..], &[][..], None),
            (b"0 721\n721 16\n", &[(0, 721), (721, 16)], None),
            (b"0 721\r\n\n  721\t16", &[(0, 721), (721, 16)], None),
            (b"18446744073709551615 1", &[(u64::MAX, 1)], None),
            (b"0 721\n721\n", &[(0, 721)], Some(2)),
            (b"0 721 3\n", &[], Some(1)),
            (b"offset length\n", &[], Some(1)),
            (b"0 1\n\n0 -1\n", &[(0, 1)], Some(3)),
            (b"0 1e3\n", &[], Some(1)),
            (b"0 18446744073709551616\n", &[], Some(1)),
            (b"\x00\xff\n", &[], Some(1)),
        ] {
            assert_eq!(read(text), (lines.to_vec(), fault), "{:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn long_files_are_read_in_parts_and_long_lines_refused() {
        let text: String = (0..30_000).map(|at| format!("{} 700\n", at * 700)).collect();
        let (lines, fault) = read(text.as_bytes());
        assert!(fault.is_none() && lines.iter().zip(0..).all(|(line, at)| *line == (at * 700, 700)));
        assert_eq!(lines.len(), 30_000);
        assert_eq!(read(&vec![b'7'; 1 << 20]), (Vec::new(), Some(1)));
        // Of a long line, the part that is read at once looks like a line.
        let blanks = [vec![b' '; BUFFER - 3], b"34 99 0".to_vec()].concat();
        assert_eq!(read(&blanks), (Vec::new(), Some(1)));
    }
}
