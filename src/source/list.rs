//! The list of inputs, packed: one arena of names and 16 bytes for each input. Fourteen million images with names of
//! 30 bytes take 650 MB here, where a `Vec` of paths and labels would take over a gigabyte.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use crate::error::{Error, Result};

/// Raw value of "no label".
pub(super) const NO_LABEL: u32 = u32::MAX;
/// Raw value of "no split".
pub(super) const NO_SPLIT: u16 = u16::MAX;

/// Low bits of [`Entry::place`] that hold the length of the name; the others hold its offset.
const LEN_BITS: u32 = 16;

/// The inputs of a run, in the order of the bytes of their names.
#[derive(Debug, Default)]
pub struct InputList {
    names: Vec<u8>,
    entries: Vec<Entry>,
    roots: Vec<Root>,
}

/// One input: where its name is in the arena, and what is known of it.
#[derive(Debug, Clone, Copy)]
struct Entry {
    place: u64,
    label: u32,
    split: u16,
    root: u16,
}

const _: () = assert!(size_of::<Entry>() == 16, "an input costs 16 bytes and its name");

/// The folder that names are relative to, after their first `prefix` bytes.
#[derive(Debug)]
struct Root {
    dir: PathBuf,
    prefix: usize,
}

impl InputList {
    /// How many inputs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The name of an input: its path relative to the input folder, with `/`, as bytes since file names need not be
    /// UTF-8. This is the `filename` feature. Empty past the end of the list.
    #[must_use]
    pub fn name(&self, index: usize) -> &[u8] {
        self.entries.get(index).map_or(&[], |entry| slice(&self.names, *entry))
    }

    /// The path to open.
    #[must_use]
    pub fn path(&self, index: usize) -> PathBuf {
        let Some(entry) = self.entries.get(index) else { return PathBuf::new() };
        let name = slice(&self.names, *entry);
        match self.roots.get(usize::from(entry.root)) {
            Some(root) => root.dir.join(OsStr::from_bytes(name.get(root.prefix..).unwrap_or(name))),
            None => PathBuf::from(OsStr::from_bytes(name)),
        }
    }

    /// The class of an input, as an index into [`Listing::class_names`](super::Listing::class_names).
    #[must_use]
    pub fn label(&self, index: usize) -> Option<u32> {
        self.entries.get(index).map(|entry| entry.label).filter(|label| *label != NO_LABEL)
    }

    /// The split of an input, as an index into [`Listing::splits`](super::Listing::splits).
    #[must_use]
    pub fn split(&self, index: usize) -> Option<u16> {
        self.entries.get(index).map(|entry| entry.split).filter(|split| *split != NO_SPLIT)
    }

    /// Bytes of memory that the list holds.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.names.capacity()
            + self.entries.capacity() * size_of::<Entry>()
            + self.roots.iter().map(|root| root.dir.capacity() + size_of::<Root>()).sum::<usize>()
    }

    /// Adds a folder that names are relative to, once their first `prefix` bytes are cut off.
    pub(super) fn add_root(&mut self, dir: &Path, prefix: usize) -> Result<u16> {
        let index = u16::try_from(self.roots.len())
            .map_err(|_| Error::inputs("more than 65,535 inputs were given").with_hint("give the folder above them"))?;
        self.roots.push(Root { dir: dir.to_path_buf(), prefix });
        Ok(index)
    }

    /// Appends an input whose name is `dir` and `name` together; `dir` is empty or ends with `/`.
    pub(super) fn push(&mut self, root: u16, dir: &[u8], name: &[u8], label: u32, split: u16) -> Result<()> {
        let len = dir.len() + name.len();
        if len >> LEN_BITS != 0 {
            return Err(Error::inputs(format!("a path of {len} bytes is longer than the 65,535 that fit")));
        }
        let place = (self.names.len() as u64) << LEN_BITS | len as u64;
        self.names.extend_from_slice(dir);
        self.names.extend_from_slice(name);
        self.entries.push(Entry { place, label, split, root });
        Ok(())
    }

    /// Forgets all inputs from `len` on, which must be the last that were pushed.
    pub(super) fn truncate(&mut self, len: usize) {
        if let Some(entry) = self.entries.get(len) {
            self.names.truncate(usize::try_from(entry.place >> LEN_BITS).unwrap_or(usize::MAX));
            self.entries.truncate(len);
        }
    }

    /// Puts the inputs in the order of the bytes of their names, and gives back spare memory.
    pub(super) fn sort(&mut self) {
        let names = &self.names;
        // Stable, because it is the sort that is quick on what is nearly sorted, as the walk of a folder is.
        self.entries.sort_by(|a, b| slice(names, *a).cmp(slice(names, *b)));
        self.names.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    /// The first name that two neighbours share. The list must be sorted.
    pub(super) fn first_duplicate(&self) -> Option<&[u8]> {
        self.entries
            .array_windows()
            .map(|[a, b]| (slice(&self.names, *a), slice(&self.names, *b)))
            .find_map(|(a, b)| (a == b).then_some(a))
    }

    /// The place of a name in a sorted list. `guess` is tried first: lists often hold the order of the folder.
    pub(super) fn find(&self, name: &[u8], guess: usize) -> Option<usize> {
        if self.entries.get(guess).is_some_and(|entry| slice(&self.names, *entry) == name) {
            return Some(guess);
        }
        self.entries.binary_search_by(|entry| slice(&self.names, *entry).cmp(name)).ok()
    }

    /// Sets the label of one input, and its split unless that is [`NO_SPLIT`].
    pub(super) fn set(&mut self, index: usize, label: u32, split: u16) {
        if let Some(entry) = self.entries.get_mut(index) {
            entry.label = label;
            if split != NO_SPLIT {
                entry.split = split;
            }
        }
    }

    /// Replaces every label and split by what stands at its index.
    pub(super) fn renumber(&mut self, labels: &[u32], splits: &[u16]) {
        for entry in &mut self.entries {
            entry.label = usize::try_from(entry.label).ok().and_then(|i| labels.get(i).copied()).unwrap_or(NO_LABEL);
            entry.split = splits.get(usize::from(entry.split)).copied().unwrap_or(NO_SPLIT);
        }
    }

    /// Label and split of every input, raw.
    pub(super) fn raw(&self) -> impl Iterator<Item = (u32, u16)> {
        self.entries.iter().map(|entry| (entry.label, entry.split))
    }
}

fn slice(names: &[u8], entry: Entry) -> &[u8] {
    let Ok(start) = usize::try_from(entry.place >> LEN_BITS) else { return &[] };
    let Ok(len) = usize::try_from(entry.place & ((1 << LEN_BITS) - 1)) else { return &[] };
    names.get(start..start + len).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> InputList {
        let mut list = InputList::default();
        let root = list.add_root(Path::new("/data/imgs"), 0).unwrap();
        for (i, name) in (0..).zip(names) {
            list.push(root, b"", name.as_bytes(), i, NO_SPLIT).unwrap();
        }
        list.sort();
        list
    }

    #[test]
    fn inputs_are_sorted_by_the_bytes_of_the_whole_name() {
        // A walk yields `a/x` before `a-b/y`; in bytes, `-` comes before `/`.
        let list = of(&["a/x", "a-b/y", "A/z", "a/x.d/1"]);
        let names: Vec<&[u8]> = (0..list.len()).map(|i| list.name(i)).collect();
        assert_eq!(names, [&b"A/z"[..], b"a-b/y", b"a/x", b"a/x.d/1"]);
        assert_eq!((list.label(0), list.label(1), list.split(0)), (Some(2), Some(1), None));
        assert_eq!((list.find(b"a/x", 0), list.find(b"a/x", 2), list.find(b"a/y", 9)), (Some(2), Some(2), None));
    }

    #[test]
    fn a_prefix_is_part_of_the_name_and_not_of_the_path() {
        let mut list = InputList::default();
        let root = list.add_root(Path::new("/data/imgs"), 5).unwrap();
        list.push(root, b"imgs/cat/", b"\xff.jpg", 0, 3).unwrap();
        assert_eq!(list.name(0), b"imgs/cat/\xff.jpg");
        assert_eq!(list.path(0).as_os_str().as_bytes(), b"/data/imgs/cat/\xff.jpg");
        assert_eq!(list.split(0), Some(3));
        assert_eq!((list.name(1), list.path(1), list.label(1)), (&b""[..], PathBuf::new(), None));
    }

    #[test]
    fn duplicates_and_overlong_names_are_found() {
        assert_eq!(of(&["b", "a", "b"]).first_duplicate(), Some(&b"b"[..]));
        assert_eq!(of(&["b", "a"]).first_duplicate(), None);
        let error = InputList::default().push(0, b"", &[b'a'; 65_536], 0, 0).unwrap_err();
        assert!(error.to_string().contains("65536 bytes"), "{error}");
    }

    #[test]
    fn truncate_forgets_the_last() {
        let mut list = InputList::default();
        for name in [b"a", b"b", b"c"] {
            list.push(0, b"", name, 0, 0).unwrap();
        }
        list.truncate(1);
        list.push(0, b"", b"d", 0, 0).unwrap();
        assert_eq!((list.len(), list.name(1), list.names.len()), (2, &b"d"[..], 2));
    }

    #[test]
    fn an_input_costs_its_name_and_little_more() {
        let mut list = InputList::default();
        let mut bytes = 0;
        for i in 0..100_000 {
            let name = format!("n{:08}/image_{i:09}.jpeg", i % 1000);
            bytes += name.len();
            list.push(0, b"", name.as_bytes(), i % 1000, 0).unwrap();
        }
        assert!(list.heap_bytes() <= bytes * 2 + 100_000 * 100, "growing: {}", list.heap_bytes());
        list.sort();
        assert!(list.heap_bytes() <= bytes + 100_000 * 24, "{} bytes for {bytes} of names", list.heap_bytes());
    }
}
