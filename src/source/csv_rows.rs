//! The rows of a `.csv` or `.tsv` list, one at a time and in bounded memory.

use std::{
    borrow::Cow,
    cell::Cell,
    convert::Infallible,
    io::{self, Read},
    path::{Path, PathBuf},
    rc::Rc,
};

use csv::ByteRecord;

use super::{
    csv_columns::Columns,
    wording::{count, show},
};
use crate::{
    error::{At, Error, Place, Result},
    storage::{ReadAt, Storage},
};

/// Most bytes read without a row coming to its end, the buffer included: a quote that is never closed would otherwise
/// swallow the rest of the file.
const MAX_ROW: u64 = 1 << 20;

/// One row. Cells are bytes since file names need not be UTF-8.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// Where the row starts, for [`Rows::line_of`]. Lines themselves are counted only when a message needs one, since
    /// the parser counts neither blank lines nor CRLF as an editor does.
    pub(super) at: u64,
    /// The path, with `./` and doubled slashes removed.
    pub(super) file: Cow<'a, [u8]>,
    /// The label without spaces around it.
    pub(super) label: Option<&'a [u8]>,
    /// The split without spaces around it.
    pub(super) split: Option<&'a [u8]>,
}

/// A list that is being read.
#[derive(Debug)]
pub(super) struct Rows<'s> {
    storage: &'s dyn Storage,
    path: PathBuf,
    reader: csv::Reader<Bounded>,
    left: Rc<Cell<u64>>,
    row: ByteRecord,
    /// Whether `row` has been read, but not given out: the first one, where it is no header.
    pending: bool,
    pub(super) columns: Columns,
}

/// Whether a path has the extension of a list.
pub(super) fn is_list(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("csv") || ext.eq_ignore_ascii_case("tsv"))
}

impl<'s> Rows<'s> {
    /// Opens a list and finds its columns.
    pub(super) fn open(storage: &'s dyn Storage, path: &Path) -> Result<Self> {
        let file = storage.open(path).at(path)?;
        refuse_binary(&*file).at(path)?;
        let left = Rc::new(Cell::new(MAX_ROW));
        let tabs = path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("tsv"));
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(if tabs { b'\t' } else { b',' })
            .from_reader(Bounded { file, at: 0, left: Rc::clone(&left) });
        let (row, columns) = (ByteRecord::new(), Columns::default());
        let mut rows = Self { storage, path: path.to_path_buf(), reader, left, row, pending: false, columns };
        if !rows.read()? {
            let hint = "write one row for each image, as in `file,label`";
            return Err(Error::inputs("the list is empty").with_hint(hint)).at(path);
        }
        rows.columns = Columns::of(&rows.row).map_err(|error| rows.place(error, rows.at()))?;
        rows.pending = !rows.columns.header;
        Ok(rows)
    }

    /// The next row, or none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        if !std::mem::take(&mut self.pending) && !self.read()? {
            return Ok(None);
        }
        let at = self.at();
        if self.row.len() != self.columns.fields {
            return Err(self.place(self.wrong_length(), at));
        }
        let file = clean_path(self.row.get(self.columns.file).unwrap_or_default());
        if file.is_empty() {
            let hint = "name the image in this row, or remove the row";
            return Err(self.place(Error::inputs("the cell of the file is empty").with_hint(hint), at));
        }
        let cell = |column: Option<usize>| column.and_then(|column| self.row.get(column)).map(<[u8]>::trim_ascii);
        Ok(Some(Row { at, file, label: cell(self.columns.label), split: cell(self.columns.split) }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the file and the line of a row to an error.
    pub(super) fn place(&self, error: Error, at: u64) -> Error {
        let error = match self.line_of(at) {
            Ok(line) => error.at_place(Place::Line(line)),
            Err(_) => error,
        };
        let Err(error) = Err::<Infallible, _>(error).at(&self.path);
        error
    }

    /// The line on which a row starts, as editors count.
    pub(super) fn line_of(&self, at: u64) -> Result<u64> {
        line_of(self.storage.open(&self.path)?, at).at(&self.path)
    }

    fn wrong_length(&self) -> Error {
        let (found, expected) = (count(self.row.len() as u64, "field"), self.columns.fields);
        Error::inputs(format!("the row has {found}, the first row has {expected}"))
            .with_hint("put quotes around a name that holds the separator, as in \"a,b.jpg\"")
    }

    fn at(&self) -> u64 {
        self.row.position().map_or(0, csv::Position::byte)
    }

    fn read(&mut self) -> Result<bool> {
        self.left.set(MAX_ROW);
        let before = self.reader.position().byte();
        self.reader.read_byte_record(&mut self.row).map_err(|error| {
            let error = match error.into_kind() {
                csv::ErrorKind::Io(source) => source.downcast::<Error>().unwrap_or_else(|e| Error::io("read", e)),
                _ => Error::inputs("the list cannot be parsed"),
            };
            self.place(error, before)
        })
    }
}

/// A path without `.` components and doubled slashes, so that one file has one spelling. `..` stays: it may lead
/// through a link.
fn clean_path(path: &[u8]) -> Cow<'_, [u8]> {
    let is_clean = !path.starts_with(b"./") && !path.windows(2).any(|pair| pair == b"//" || pair == b"/.");
    if is_clean {
        return Cow::Borrowed(path);
    }
    let mut clean = Vec::with_capacity(path.len());
    if path.starts_with(b"/") {
        clean.push(b'/');
    }
    for part in path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".") {
        if clean.last().is_some_and(|last| *last != b'/') {
            clean.push(b'/');
        }
        clean.extend_from_slice(part);
    }
    Cow::Owned(clean)
}

/// Refuses what is no text, which would be parsed into rows that make no sense.
fn refuse_binary(file: &dyn ReadAt) -> Result<()> {
    let mut head = [0; 512];
    let len = usize::try_from(file.len()).unwrap_or(usize::MAX).min(head.len());
    let head = head.get_mut(..len).unwrap_or_default();
    file.read_exact_at(head, 0)?;
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(Error::inputs("the text is UTF-16, expected UTF-8").with_hint("save the list as UTF-8"));
    }
    if head.contains(&0) {
        return Err(Error::inputs("the file is no text: expected a list of images, as in `file,label`")
            .with_hint("give a list that is saved as text, with commas (.csv) or tabs (.tsv)"));
    }
    Ok(())
}

/// The line of the first byte at or after `at` that is no line break.
fn line_of(file: Box<dyn ReadAt>, at: u64) -> Result<u64> {
    let mut reader = io::BufReader::new(Bounded { file, at: 0, left: Rc::new(Cell::new(u64::MAX)) }).bytes();
    let (mut line, mut position, mut after_cr) = (1, 0, false);
    while let Some(byte) = reader.next().transpose().map_err(|error| Error::io("read", error))? {
        // A CR counts at once, and the LF of the same line break no more.
        match byte {
            b'\r' => line += 1,
            b'\n' if !after_cr => line += 1,
            b'\n' => {}
            _ if position >= at => break,
            _ => {}
        }
        after_cr = byte == b'\r';
        position += 1;
    }
    Ok(line)
}

/// Reads a file from its start, up to a number of bytes that the owner renews for each row.
#[derive(Debug)]
struct Bounded {
    file: Box<dyn ReadAt>,
    at: u64,
    left: Rc<Cell<u64>>,
}

impl Read for Bounded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = usize::try_from(self.file.len().saturating_sub(self.at)).unwrap_or(usize::MAX).min(buf.len());
        if len > 0 && self.left.get() == 0 {
            let message = format!("the row does not end within {}", count(MAX_ROW, "byte"));
            return Err(io::Error::other(Error::inputs(message).with_hint("look for a quote that is never closed")));
        }
        self.file.read_exact_at(buf.get_mut(..len).unwrap_or_default(), self.at).map_err(io::Error::other)?;
        self.at += len as u64;
        self.left.set(self.left.get().saturating_sub(len as u64));
        Ok(len)
    }
}

/// What to say about a list whose files are not there, after a look at one of the names.
pub(super) fn advice_on_missing(name: &[u8]) -> String {
    let has = |byte: u8| name.contains(&byte);
    if has(b'\\') && !has(b'/') {
        format!("the list comes from Windows: replace `\\` by `/` in names such as {}", show(name))
    } else if has(b';') || has(b'\t') {
        format!("separate the fields with commas (.csv) or tabs (.tsv): {} was read as one name", show(name))
    } else {
        "write paths relative to the folder that holds the list, or absolute ones, with their extension".to_owned()
    }
}

#[cfg(test)]
mod tests;
