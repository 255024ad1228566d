//! Which column of a list holds what: by the names in its first row, or by position where that row is data already.

use csv::ByteRecord;

use super::wording::{count, show, some_names};
use crate::error::{Error, Result};

const FILE: &[&str] = &[
    "file",
    "filename",
    "file_name",
    "filepath",
    "file_path",
    "path",
    "image",
    "img",
    "image_path",
    "img_path",
    "image_file",
    "image_name",
    "image_filename",
];
const LABEL: &[&str] = &["label", "labels", "class", "class_name", "class_id", "label_name", "target", "category"];
const SPLIT: &[&str] = &["split", "subset", "set", "partition", "data_split"];

/// The columns of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) file: usize,
    pub(super) label: Option<usize>,
    pub(super) split: Option<usize>,
    /// Fields of every row.
    pub(super) fields: usize,
    /// Whether the first row names the columns.
    pub(super) header: bool,
    /// Columns that nothing is read from.
    pub(super) extra: Vec<Vec<u8>>,
}

impl Columns {
    /// Finds out from the first row.
    pub(super) fn of(first: &ByteRecord) -> Result<Self> {
        let cells: Vec<Vec<u8>> = first.iter().map(|cell| cell.trim_ascii().to_ascii_lowercase()).collect();
        let find = |known: &[&str], what: &str| -> Result<Option<usize>> {
            let mut found = (0..).zip(&cells).filter(|(_, cell)| known.iter().any(|known| known.as_bytes() == *cell));
            match (found.next(), found.next()) {
                (Some((_, a)), Some((_, b))) => {
                    Err(Error::inputs(format!("the columns {} and {} could both be the {what}", show(a), show(b)))
                        .with_hint("rename the one that is not meant, to `note` for example, or remove it"))
                }
                (first, _) => Ok(first.map(|(index, _)| index)),
            }
        };
        // A row of data can hold `set` or `class` as the name of a class, but hardly a file called `file`.
        let is_path = cells.first().is_some_and(|cell| cell.contains(&b'.') || cell.contains(&b'/'));
        let names_file = cells.iter().any(|cell| FILE.iter().any(|known| known.as_bytes() == cell));
        if names_file {
            let file = find(FILE, "file")?.unwrap_or_default();
            let (label, split) = (find(LABEL, "label")?, find(SPLIT, "split")?);
            let used = |index: usize| index == file || Some(index) == label || Some(index) == split;
            let extra = first.iter().enumerate().filter(|(index, _)| !used(*index));
            let extra = extra.map(|(_, cell)| cell.to_vec()).collect();
            return Ok(Self { file, label, split, fields: cells.len(), header: true, extra });
        }
        let named = cells.iter().find(|cell| LABEL.iter().chain(SPLIT).any(|known| known.as_bytes() == *cell));
        if let Some(named) = named.filter(|_| !is_path) {
            let message = format!("the first row names a column {}, but none is the file: it is", show(named));
            return Err(Error::inputs(format!("{message} {}", some_names(&cells))).with_hint(
                "call the column of paths `file` (or `filename`, `path`, `image`), with their extension and relative to \
                 the folder of the list",
            ));
        }
        if cells.len() > 3 {
            let found = count(cells.len() as u64, "field");
            return Err(Error::inputs(format!(
                "the first row has {found} and none is called `file`: without a header a row is `file,label,split`"
            ))
            .with_hint("add a first row that names the columns, as in `file,label`; others are then ignored"));
        }
        let column = |index: usize| (cells.len() > index).then_some(index);
        Ok(Self { file: 0, label: column(1), split: column(2), fields: cells.len(), header: false, extra: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = (usize, Option<usize>, Option<usize>, bool);

    #[track_caller]
    fn check(row: &[&str], expected: Result<Found, &str>) {
        let got = Columns::of(&ByteRecord::from(row.to_vec())).map(|c| (c.file, c.label, c.split, c.header));
        match (got, expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected, "{row:?}"),
            (Err(got), Err(part)) => assert!(got.to_string().contains(part), "{row:?}: {got}"),
            (got, expected) => panic!("{row:?}: {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn columns() {
        check(&["file", "label"], Ok((0, Some(1), None, true)));
        check(&[" Label", " Split ", "FilePath"], Ok((2, Some(0), Some(1), true)));
        check(&["", "image", "category", "width"], Ok((1, Some(2), None, true)));
        check(&["path"], Ok((0, None, None, true)));
        check(&["a.jpg"], Ok((0, None, None, false)));
        check(&["a.jpg", "cat"], Ok((0, Some(1), None, false)));
        check(&["a.jpg", "cat", "train"], Ok((0, Some(1), Some(2), false)));
        check(&["a.jpg", "class"], Ok((0, Some(1), None, false)));
        check(&["n01/a", "set"], Ok((0, Some(1), None, false)));
        check(&["id", "label"], Err("`label`, but none is the file: it is `id`, `label`"));
        check(&["file", "path", "label"], Err("`file` and `path` could both be the file"));
        check(&["file", "label", "class"], Err("`label` and `class` could both be the label"));
        check(&["a.jpg", "cat", "train", "x"], Err("4 fields"));
    }

    #[test]
    fn unknown_columns_are_kept_for_a_warning() {
        let columns = Columns::of(&ByteRecord::from(vec!["file", "Width", "label"])).unwrap();
        assert_eq!(columns.extra, [b"Width"]);
    }
}
