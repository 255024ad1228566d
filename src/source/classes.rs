//! Class names: what a name may be, the file that fixes their order, and the search for a misspelt one.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use super::{
    intern::MAX_CLASSES,
    wording::{count, show, some},
};
use crate::{
    error::{At, Error, Place, Result},
    storage::Storage,
};

/// Largest file of class names that is read: a million names of 64 bytes.
const MAX_FILE: u64 = 64 << 20;

/// Class names in the order of their labels, checked: the name of label 0 comes first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClassNames {
    names: Vec<String>,
    file: Option<PathBuf>,
}

impl ClassNames {
    /// Takes names in the order of their labels.
    ///
    /// # Errors
    /// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) for a blank, repeated or unprintable name, or one with spaces
    /// around it: TFDS drops or strips such lines of `label.labels.txt`, which shifts or merges classes.
    pub fn new(names: Vec<String>) -> Result<Self> {
        if names.is_empty() {
            return Err(Error::inputs("no class names were given"));
        }
        let mut seen = HashMap::with_capacity(names.len());
        for (line, name) in (1..).zip(&names) {
            let fault = match class_name(name.as_bytes()) {
                Err(fault) => Some(fault),
                Ok(name) => seen.insert(name, line).map(|first| {
                    let hint = "remove one of them: the line number is the label".to_owned();
                    (format!("the class name {} is on line {first} already", show(name.as_bytes())), hint)
                }),
            };
            if let Some((message, hint)) = fault {
                return Err(Error::inputs(message).at_place(Place::Line(line)).with_hint(hint));
            }
        }
        if names.len() > MAX_CLASSES {
            let limit = count(MAX_CLASSES as u64, "class");
            let hint = "check that the file is not a list of images";
            return Err(Error::inputs(format!("more than {limit}")).with_hint(hint));
        }
        drop(seen);
        Ok(Self { names, file: None })
    }

    /// Reads names from a text file, one on each line. A byte order mark, CRLF and blank lines at the end are fine.
    ///
    /// # Errors
    /// As [`ClassNames::new`], with the file and line; [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub fn read(storage: &dyn Storage, path: &Path) -> Result<Self> {
        let file = storage.open(path).at(path)?;
        if file.len() > MAX_FILE {
            return Err(Error::inputs("more than 64 MiB: expected one class name on each line")).at(path);
        }
        let mut bytes = vec![0; usize::try_from(file.len()).unwrap_or_default()];
        file.read_exact_at(&mut bytes, 0).at(path)?;
        let names = Self::parse(&bytes).at(path)?;
        Ok(Self { file: Some(path.to_path_buf()), ..names })
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(Error::inputs("the text is UTF-16, expected UTF-8").with_hint("save the file as UTF-8"));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // Blank lines shift no label where none follows.
        let bytes = bytes.trim_ascii_end();
        if bytes.is_empty() {
            let hint = "write one class name on each line, the name of label 0 first";
            return Err(Error::inputs("the file has no class names").with_hint(hint));
        }
        let mut names = Vec::new();
        for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let name = str::from_utf8(text).map_err(|_| {
                let hint = "save the file as UTF-8";
                Error::inputs(format!("{} is not UTF-8", show(text))).at_place(Place::Line(line)).with_hint(hint)
            })?;
            names.push(name.to_owned());
        }
        Self::new(names)
    }

    /// The names, by label.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The file that the names were read from.
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// How messages call the source of the names.
    pub(super) fn origin(&self) -> String {
        self.file.as_ref().map_or_else(|| "the list of class names".to_owned(), |file| super::wording::show_path(file))
    }

    /// The labels of some names, or an error that lists those without one and the nearest spelling of each.
    pub(super) fn labels_of(&self, found: &[&str]) -> Result<Vec<u32>> {
        let labels: HashMap<&str, u32> = self.names.iter().map(String::as_str).zip(0..).collect();
        let missing: Vec<&str> = found.iter().filter(|name| !labels.contains_key(*name)).copied().collect();
        if missing.is_empty() {
            return Ok(found.iter().filter_map(|name| labels.get(name).copied()).collect());
        }
        let listed = missing.iter().map(|name| {
            let near = nearest(name, &self.names).map(|near| format!(" (nearest: {})", show(near.as_bytes())));
            show(name.as_bytes()) + &near.unwrap_or_default()
        });
        let (total, origin) = (missing.len() as u64, self.origin());
        let message = format!("{} found but not in {origin}: {}", count(total, "class"), some(listed, total));
        Err(Error::inputs(message).with_hint(format!("add what is missing to {origin}, or correct the spelling")))
    }
}

/// Checks one class name. The error is what is wrong with it, and what to do.
pub(super) fn class_name(name: &[u8]) -> Result<&str, (String, String)> {
    let fault = |what: &str, hint: &str| Err((format!("the class name {} {what}", show(name)), hint.to_owned()));
    let Ok(text) = str::from_utf8(name) else {
        return fault("is not UTF-8", "rename it: labels are written as UTF-8");
    };
    if text.trim().is_empty() {
        return fault("is blank", "give it a name: readers drop blank lines, which would shift every later label");
    }
    if text.trim() != text {
        return fault("has spaces around it", "remove them: readers strip names, so two classes could become one");
    }
    if text.chars().any(char::is_control) {
        return fault(
            "has a line break or another control character",
            "rename it: class names are written one on a line",
        );
    }
    Ok(text)
}

/// The known name that is spelt most alike, if any is near enough to be meant.
fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a String> {
    let limit = (name.chars().count() / 3).max(1);
    let wanted: Vec<char> = name.to_lowercase().chars().collect();
    let near = known.iter().map(|known| (distance(&wanted, known, limit), known)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, _)| *distance <= limit).map(|(_, known)| known)
}

/// Letters to change, add or remove to get from one word to the other, in lower case; more than `limit` if far apart.
fn distance(wanted: &[char], known: &str, limit: usize) -> usize {
    let known: Vec<char> = known.to_lowercase().chars().collect();
    if wanted.len().abs_diff(known.len()) > limit {
        return limit + 1;
    }
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (i, a) in wanted.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (b, above) in known.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(a != b)).min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// Warns of names that differ only in case: `Cat` and `cat` are two classes to every reader, and rarely meant as such.
pub(super) fn warn_of_case(names: &[String], warnings: &mut Vec<String>) {
    let mut seen: HashMap<String, &str> = HashMap::with_capacity(names.len());
    let mut told = HashSet::new();
    for name in names {
        if let Some(other) = seen.insert(name.to_lowercase(), name)
            && told.insert(name.to_lowercase())
        {
            let (a, b) = (show(other.as_bytes()), show(name.as_bytes()));
            warnings.push(format!("the classes {a} and {b} differ only in case, and are kept apart"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::LocalStorage;

    #[track_caller]
    fn check(text: &[u8], expected: Result<&[&str], &str>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("names.txt");
        std::fs::write(&path, text).unwrap();
        match (ClassNames::read(&LocalStorage, &path), expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got.names(), expected),
            (Err(got), Err(part)) => {
                let got = got.to_string();
                assert!(got.contains("names.txt: ") && got.contains(part), "{got}");
            }
            (got, expected) => panic!("{got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn files_of_class_names() {
        check(b"cat\ndog\n", Ok(&["cat", "dog"]));
        check(b"\xef\xbb\xbfcat\r\nd o g\r\n\r\n\n", Ok(&["cat", "d o g"]));
        check("größe\n猫".as_bytes(), Ok(&["größe", "猫"]));
        check(b"cat\n\ndog\n", Err("line 2: the class name `` is blank"));
        check(b"cat\n \ndog\n", Err("line 2: the class name ` ` is blank"));
        check(b"cat\n dog\n", Err("line 2: the class name ` dog` has spaces around it"));
        check("cat\n\u{a0}dog\n".as_bytes(), Err("line 2: the class name `\u{a0}dog` has spaces"));
        check(b"cat\ndog\ncat\n", Err("line 3: the class name `cat` is on line 1 already"));
        check(b"cat\nd\x1cog\n", Err("line 2: the class name `d\\u{1c}og` has a line break"));
        check(b"cat\nd\xffg\n", Err("line 2: `d\u{fffd}g` is not UTF-8"));
        check(b"\xff\xfec\0a\0", Err("UTF-16"));
        check(b"\n\n", Err("no class names"));
        check(b"", Err("no class names"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = ClassNames::read(&LocalStorage, Path::new("/nonexistent/names.txt")).unwrap_err().to_string();
        assert_eq!(error, "/nonexistent/names.txt: cannot open: no such file or directory");
    }

    #[test]
    fn unknown_names_come_with_the_nearest() {
        let names = ClassNames::new(["cat", "dog", "horse"].map(String::from).to_vec()).unwrap();
        assert_eq!(names.labels_of(&["dog", "cat"]).unwrap(), [1, 0]);
        let error = names.labels_of(&["Dog", "hoarse", "zebra", "cat"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "3 classes found but not in the list of class names: `Dog` (nearest: `dog`), `hoarse` (nearest: `horse`), `zebra`"
        );
        assert!(error.hint().unwrap().contains("correct the spelling"));
    }

    #[test]
    fn names_that_differ_in_case_are_told_once() {
        let mut warnings = Vec::new();
        warn_of_case(&["Cat", "CAT", "cat", "dog"].map(String::from), &mut warnings);
        assert_eq!(warnings, ["the classes `Cat` and `CAT` differ only in case, and are kept apart"]);
    }
}
