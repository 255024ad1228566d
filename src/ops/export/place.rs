//! Where in the output folder the image of a record goes: `[SPLIT/][CLASS/]FILENAME`.

use std::borrow::Cow;

use super::names::{Names, component, components, join};

/// What a record says of its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Its split.
    pub(super) split: &'a str,
    /// Its class, if it has one.
    pub(super) class: Option<&'a str>,
    /// Its file name, if it has one.
    pub(super) name: Option<&'a [u8]>,
}

/// Whether there is a folder for each split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SplitFolders {
    /// Always: there are several.
    Always,
    /// Only where the file name has it: there is one split.
    AsNamed,
    /// Never: one split was asked for.
    Never,
}

/// A path relative to the output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: Vec<u8>,
    /// Whether something in it had to be made harmless.
    pub(super) is_changed: bool,
}

/// The place of a record.
///
/// `convert` stores the path below its input as the file name, in which split and class mostly are the first folders
/// already: these are not put in front once more. `otherwise` is the name for records without one.
pub(super) fn place(asked: Asked<'_>, splits: SplitFolders, names: Names, otherwise: &str) -> Place {
    let (parts, mut is_changed) = components(asked.name.unwrap_or_default());
    let (mut folders, file) = match parts.split_last() {
        Some((file, folders)) => (folders.to_vec(), *file),
        None => {
            is_changed &= asked.name.is_some_and(|name| !name.is_empty());
            (Vec::new(), otherwise.as_bytes())
        }
    };
    let split = asked.split.as_bytes();
    let has_split = take_known(&mut folders, split, asked.class.map(str::as_bytes));
    let mut path: Vec<Cow<'_, [u8]>> = Vec::with_capacity(folders.len() + 3);
    let in_split = match splits {
        SplitFolders::Always => true,
        SplitFolders::AsNamed => has_split,
        SplitFolders::Never => false,
    };
    if in_split {
        path.push(component(split, names));
    }
    if let Some(class) = asked.class {
        let clean = component(class.as_bytes(), names);
        is_changed |= clean != class.as_bytes();
        path.push(clean);
    }
    for raw in folders.into_iter().chain([file]) {
        let clean = component(raw, names);
        is_changed |= clean != raw;
        path.push(clean);
    }
    let whole = path.iter().map(|part| part.len() + 1).sum::<usize>();
    let path = join(&path);
    is_changed |= path.len() + 1 < whole;
    Place { path, is_changed }
}

/// Takes split and class out of the folders of a name, where they stand at the start or behind one other folder (that of one
/// input among several, or of a list). Returns whether the split stood there.
fn take_known(folders: &mut Vec<&[u8]>, split: &[u8], class: Option<&[u8]>) -> bool {
    let mut patterns: Vec<(usize, bool, bool)> = Vec::new();
    match class {
        Some(_) => {
            patterns.extend([(0, true, true), (0, false, true), (1, true, true), (1, false, true), (0, true, false)])
        }
        None => patterns.push((0, true, false)),
    }
    for (at, with_split, with_class) in patterns {
        let wanted: Vec<&[u8]> =
            [Some(split).filter(|_| with_split), class.filter(|_| with_class)].into_iter().flatten().collect();
        if folders.get(at..at + wanted.len()) == Some(&*wanted) {
            folders.drain(at..at + wanted.len());
            return with_split;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, split: &str, class: Option<&str>, splits: SplitFolders, expected: &str) {
        let asked = Asked { split, class, name: Some(name.as_bytes()) };
        let place = place(asked, splits, Names::Portable, "shard-7.jpg");
        assert_eq!(String::from_utf8_lossy(&place.path), expected, "{name}");
    }

    #[test]
    fn a_path_that_is_shortened_is_listed() {
        let place = |depth| {
            let name = "folder/".repeat(depth) + "1.jpg";
            let asked = Asked { split: "train", class: Some("cat"), name: Some(name.as_bytes()) };
            place(asked, SplitFolders::AsNamed, Names::Kept, "")
        };
        assert_eq!((place(200).path.len(), place(200).is_changed), (4 + 7 * 200 + 5, false));
        assert_eq!(place(400), Place { path: b"cat/folder/1.jpg".to_vec(), is_changed: true });
    }

    #[test]
    fn split_and_class_stand_once() {
        use SplitFolders::{Always, AsNamed, Never};
        // Class folders, split and class folders, flat folders, as they were.
        check("cat/a/1.jpg", "train", Some("cat"), AsNamed, "cat/a/1.jpg");
        check("cat/cat/1.jpg", "train", Some("cat"), AsNamed, "cat/cat/1.jpg");
        check("train/cat/1.jpg", "train", Some("cat"), AsNamed, "train/cat/1.jpg");
        check("train/cat/1.jpg", "train", Some("cat"), Always, "train/cat/1.jpg");
        check("train/a/1.jpg", "train", None, Always, "train/a/1.jpg");
        check("a/1.jpg", "train", None, AsNamed, "a/1.jpg");
        check("train/1.jpg", "train", Some("train"), AsNamed, "train/1.jpg");
        check("train/train/1.jpg", "train", Some("train"), Always, "train/train/1.jpg");
        // Split by ratio, labelled by a list, several inputs.
        check("cat/1.jpg", "test", Some("cat"), Always, "test/cat/1.jpg");
        check("1.jpg", "test", None, Always, "test/1.jpg");
        check("images/1.jpg", "train", Some("cat"), AsNamed, "cat/images/1.jpg");
        check("b/cat/1.jpg", "train", Some("cat"), AsNamed, "cat/b/1.jpg");
        check("b/train/cat/1.jpg", "train", Some("cat"), Always, "train/cat/b/1.jpg");
        // One split that was asked for.
        check("train/cat/1.jpg", "train", Some("cat"), Never, "cat/1.jpg");
        check("train/1.jpg", "train", None, Never, "1.jpg");
        // Nothing usable.
        check("..", "train", Some("../x"), Never, "_._x/shard-7.jpg");
        check("/", "train", None, Always, "train/shard-7.jpg");
    }
}
