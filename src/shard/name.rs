//! Shard file names, as TFDS writes and finds them: `NAME-SPLIT.tfrecord-00003-of-00012`.

use std::fmt;

use crate::tfrecord::Compression;

/// The name of one shard of a finished data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardName<'a> {
    /// The data set.
    pub dataset: &'a str,
    /// The split.
    pub split: &'a str,
    /// The position of the shard, counted from 0.
    pub index: u32,
    /// How many shards the split has.
    pub of: u32,
    /// A compressed shard gets the ending that its tools ask for.
    pub compression: Compression,
}

impl fmt::Display for ShardName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Five digits, or as many as the count has.
        let width = self.of.max(1).ilog10().max(4) as usize + 1;
        let Self { dataset, split, index, of, compression } = self;
        write!(f, "{dataset}-{split}.tfrecord-{index:0width$}-of-{of:0width$}")?;
        f.write_str(match compression {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Zlib => ".zlib",
        })
    }
}

/// The most bytes of a data set name that is made.
const MAX_NAME: usize = 100;

/// The nearest data set name that every reader accepts: `[A-Za-z][A-Za-z0-9_]*`.
///
/// TFDS looks for files by `[a-zA-Z]\w*` and splits the name from the split at the first dash, so anything else becomes `_`.
#[must_use]
pub fn dataset_name(text: &str) -> String {
    let mut name: String = text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    name.truncate(MAX_NAME);
    let name = name.trim_matches('_');
    match name.chars().next() {
        None => "dataset".to_owned(),
        Some(first) if first.is_ascii_alphabetic() => name.to_owned(),
        // No longer than the others, and the same when it is given again.
        Some(_) => {
            let name = format!("data_{name}");
            name.get(..MAX_NAME).unwrap_or(&name).trim_end_matches('_').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_five_digits_or_as_many_as_needed() {
        for (index, of, expected) in [
            (0, 1, "my_imgs-train.tfrecord-00000-of-00001"),
            (11, 12, "my_imgs-train.tfrecord-00011-of-00012"),
            (99_999, 99_999, "my_imgs-train.tfrecord-99999-of-99999"),
            (3, 100_000, "my_imgs-train.tfrecord-000003-of-100000"),
        ] {
            let name = ShardName { dataset: "my_imgs", split: "train", index, of, compression: Compression::None };
            assert_eq!(name.to_string(), expected);
        }
        let gzip =
            ShardName { dataset: "d", split: "test", index: 0, of: 1, compression: Compression::Gzip }.to_string();
        assert_eq!(gzip, "d-test.tfrecord-00000-of-00001.gz");
    }

    #[test]
    fn dataset_names_are_made_safe() {
        for (text, expected) in [
            ("imgs", "imgs"),
            ("My-Photos 2024", "My_Photos_2024"),
            ("2024", "data_2024"),
            ("..", "dataset"),
            ("", "dataset"),
            ("été", "t"),
            ("猫", "dataset"),
            ("a/b", "a_b"),
        ] {
            assert_eq!(dataset_name(text), expected, "{text:?}");
        }
        // What is proposed is accepted, also where a digit stands first and the name is cut.
        for text in ["2".repeat(100), format!("{}_{}", "2".repeat(94), "3".repeat(20)), "a".repeat(200)] {
            let name = dataset_name(&text);
            assert!(name.len() <= MAX_NAME && dataset_name(&name) == name, "{text}: {name}");
        }
    }
}
