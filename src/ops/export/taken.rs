//! Which names are taken: every file gets one of its own, and none that is a folder.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use super::names::numbered;

/// The names that were given out, as hashes: eight bytes each, whatever their length. That two names share a hash by chance
/// costs one of them a number that it did not need.
#[derive(Debug)]
pub(super) struct Taken {
    folds_case: bool,
    files: HashSet<u64>,
    folders: HashSet<u64>,
    /// For a file name that is taken: the first number that may be free.
    next: HashMap<u64, u64>,
    /// For a folder whose name is that of a file: its number.
    renamed: HashMap<u64, u64>,
}

impl Taken {
    /// `folds_case`: whether names that differ in case only are one name there.
    pub(super) fn new(folds_case: bool) -> Self {
        Self {
            folds_case,
            files: HashSet::new(),
            folders: HashSet::new(),
            next: HashMap::new(),
            renamed: HashMap::new(),
        }
    }

    /// Gives out a path, or the nearest one that is free: `name-2.jpg` where `name.jpg` is taken, `folder-2/name.jpg` where
    /// `folder` is a file. The first to ask gets the name.
    pub(super) fn give(&mut self, path: &[u8]) -> Vec<u8> {
        let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        let Some((file, folders)) = parts.split_last() else { return path.to_vec() };
        let mut given = Vec::with_capacity(path.len());
        for folder in folders {
            let hash = self.hash(&given, folder);
            if self.files.contains(&hash) {
                // A folder that has a number keeps it: no file can have taken it since.
                let mut number = self.renamed.get(&hash).copied().unwrap_or(2);
                while self.files.contains(&self.hash(&given, &numbered(folder, Some(number)))) {
                    number += 1;
                }
                self.renamed.insert(hash, number);
                extend(&mut given, &numbered(folder, Some(number)));
            } else {
                extend(&mut given, folder);
            }
            self.folders.insert(self.hash(&given, b""));
        }
        let hash = self.hash(&given, file);
        let is_taken = |taken: &Self, hash| taken.files.contains(&hash) || taken.folders.contains(&hash);
        if is_taken(self, hash) {
            let mut number = self.next.get(&hash).copied().unwrap_or(2);
            while is_taken(self, self.hash(&given, &numbered(file, Some(number)))) {
                number += 1;
            }
            self.next.insert(hash, number + 1);
            extend(&mut given, &numbered(file, Some(number)));
        } else {
            extend(&mut given, file);
        }
        self.files.insert(self.hash(&given, b""));
        given
    }

    /// The hash of a name in a folder, or of the folder itself where the name is empty.
    fn hash(&self, above: &[u8], name: &[u8]) -> u64 {
        let mut path = above.to_vec();
        if !name.is_empty() {
            extend(&mut path, name);
        }
        let mut hasher = DefaultHasher::new();
        if self.folds_case {
            String::from_utf8_lossy(&path).to_lowercase().hash(&mut hasher);
        } else {
            path.hash(&mut hasher);
        }
        hasher.finish()
    }
}

fn extend(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(folds_case: bool, asked: &[&str], expected: &[&str]) {
        let mut taken = Taken::new(folds_case);
        let given: Vec<_> = asked.iter().map(|path| String::from_utf8(taken.give(path.as_bytes())).unwrap()).collect();
        assert_eq!(given, expected);
    }

    #[test]
    fn every_file_gets_a_name_of_its_own() {
        check(false, &["a.jpg", "a.jpg", "A.jpg", "a.jpg"], &["a.jpg", "a-2.jpg", "A.jpg", "a-3.jpg"]);
        check(true, &["a.jpg", "A.jpg", "É", "é"], &["a.jpg", "A-2.jpg", "É", "é-2"]);
        // Names that look like those that are given out.
        check(false, &["a", "a-2", "a", "a-2", "a"], &["a", "a-2", "a-3", "a-2-2", "a-4"]);
    }

    #[test]
    fn no_file_is_a_folder() {
        check(false, &["a", "a/b", "a/c", "a-2"], &["a", "a-2/b", "a-2/c", "a-2-2"]);
        check(false, &["a/b", "a", "a/b/c"], &["a/b", "a-2", "a/b-2/c"]);
        check(false, &["a", "a-2", "a/b", "a/b"], &["a", "a-2", "a-3/b", "a-3/b-2"]);
    }

    #[test]
    fn many_records_of_one_name_take_no_more_time_each() {
        let mut taken = Taken::new(false);
        for _ in 0..100_000 {
            taken.give(b"same/x.jpg");
        }
        assert_eq!(taken.give(b"same/x.jpg"), b"same/x-100001.jpg");
    }
}
