//! What a shard's file name says, whoever wrote it. Nothing here fails: what a name does not say is `None`.
//!
//! ```text
//! imgs-train.tfrecord-00003-of-00012[.gz]    TFDS, shardify
//! imgs-train-00003-of-00012.tfrecord[.gz]    the most common other order
//! train-00000-of-01024                       TF-Slim
//! x.record-00000-of-00010                    Object Detection API
//! train-00001.tfrecord, 00000.tfrecord       numbered, of unknown number (img2dataset)
//! data.tfrecord                              one file
//! ```

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use crate::tfrecord::Compression;

/// Words that name a split wherever they stand, in any case.
const SPLITS: &[&str] = &["train", "training", "val", "valid", "validation", "dev", "eval", "test", "testing"];

/// Endings of uncompressed files.
const ENDINGS: &[&str] = &[".tfrecord", ".tfrecords", ".tfrec", ".tfr", ".record", ".records"];

/// What may stand between the parts of a name.
const SEPARATORS: [char; 3] = ['-', '_', '.'];

/// What stands between a number and the count.
const OF: [&str; 2] = ["-of-", "_of_"];

/// A file name taken apart. Two names are of one set of shards if their [`set`](Self::set) is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParsedName<'a> {
    /// What stands before the number, without the dash between them; without a number, what stands before the endings.
    pub prefix: &'a str,
    /// The data set.
    pub dataset: Option<&'a str>,
    /// The split, as it is written.
    pub split: Option<&'a str>,
    /// The position of the shard, counted from 0.
    pub index: Option<u32>,
    /// How many shards there are: above the index.
    pub of: Option<u32>,
    /// What stands after the numbers, as in `.tfrecord.gz`.
    pub ending: &'a str,
    /// What the ending says of compression; the bytes may say something else.
    pub compression: Compression,
    /// Everything before the number.
    head: &'a str,
    /// The number as it is written.
    digits: &'a str,
    /// The count as it is written, with what stands before it.
    of_text: &'a str,
}

impl<'a> ParsedName<'a> {
    /// Takes a file name apart. Names that are no UTF-8 say nothing but their compression.
    #[must_use]
    pub fn parse(name: &'a OsStr) -> Self {
        let Some(text) = name.to_str() else {
            let ending = name.as_bytes().rsplit(|byte| *byte == b'.').next().unwrap_or_default();
            let compression = str::from_utf8(ending).map_or(Compression::None, compression_of);
            return Self { compression, ..Self::default() };
        };
        let (plain, compression) = strip_compression(text);
        let numbered = count_of(text, plain).or_else(|| lone_number(text, plain));
        let mut parsed = numbered.unwrap_or_else(|| {
            let prefix = strip_ending(plain);
            Self { prefix, ending: text.get(prefix.len()..).unwrap_or_default(), ..Self::default() }
        });
        // Some writers put all endings before the numbers.
        let (stem, inner) = strip_compression(parsed.prefix);
        parsed.compression = if compression == Compression::None { inner } else { compression };
        let has_tfds_form = parsed.of.is_some() && parsed.of_text.starts_with('-') && stem.ends_with(".tfrecord");
        let stem = strip_ending(stem);
        let names = has_tfds_form.then(|| tfds_names(stem)).flatten();
        (parsed.dataset, parsed.split) = names.unwrap_or_else(|| foreign_names(stem));
        parsed
    }

    /// Whether a file in a folder is taken for a shard by its name: it has an ending of TFRecord files, or a number and a
    /// count and no other ending.
    #[must_use]
    pub fn is_shard(&self) -> bool {
        let ends = |text: &str| strip_ending(text).len() < text.len();
        let ending = strip_compression(self.ending).0;
        let prefix = strip_compression(self.prefix).0;
        ends(ending) || ending.is_empty() && self.of.is_some() && (ends(prefix) || !prefix.contains('.'))
    }

    /// What all shards of one set have in common: what stands before the number and after it, and the count. `None` if the
    /// name tells no count.
    #[must_use]
    pub fn set(&self) -> Option<(&'a str, u32, &'a str)> {
        Some((self.head, self.of?, self.ending))
    }

    /// The name of another shard of the same set; `None` if there is no set, or no such shard in it.
    #[must_use]
    pub fn sibling(&self, index: u32) -> Option<String> {
        self.of.filter(|of| index < *of)?;
        let (width, Self { head, of_text, ending, .. }) = (self.digits.len(), self);
        Some(format!("{head}{index:0width$}{of_text}{ending}"))
    }
}

/// A name with number and count: `HEAD 00003 -of- 00012 ENDING`.
fn count_of<'a>(text: &'a str, plain: &str) -> Option<ParsedName<'a>> {
    let (at, between) = OF.iter().filter_map(|of| Some((plain.rfind(of)?, *of))).max()?;
    let (before, after) = (text.get(..at)?, text.get(at + between.len()..)?);
    let head = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = before.get(head.len()..)?;
    let ending = after.trim_start_matches(|c: char| c.is_ascii_digit());
    let count = after.get(..after.len() - ending.len())?;
    let prefix = head.strip_suffix(SEPARATORS).unwrap_or(head);
    let is_apart = head.is_empty() || prefix.len() < head.len();
    let (index, of) = (digits.parse().ok()?, count.parse().ok()?);
    if index >= of || !is_apart || !(ending.is_empty() || ending.starts_with('.')) {
        return None;
    }
    let of_text = text.get(at..text.len() - ending.len())?;
    Some(ParsedName {
        prefix,
        index: Some(index),
        of: Some(of),
        ending,
        head,
        digits,
        of_text,
        ..ParsedName::default()
    })
}

/// A name with a number only: `HEAD 00003 ENDING`.
fn lone_number<'a>(text: &'a str, plain: &str) -> Option<ParsedName<'a>> {
    let stem = text.get(..strip_ending(plain).len())?;
    let head = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let prefix = head.strip_suffix(SEPARATORS).unwrap_or(head);
    let is_apart = head.is_empty() || prefix.len() < head.len();
    // A count that makes no sense is no number of a shard either.
    if !is_apart || OF.iter().any(|of| head.ends_with(of)) {
        return None;
    }
    let digits = stem.get(head.len()..)?;
    let ending = text.get(stem.len()..)?;
    Some(ParsedName { prefix, index: Some(digits.parse().ok()?), ending, head, digits, ..ParsedName::default() })
}

/// As TFDS takes them apart: at the first dash, since its data sets have none.
fn tfds_names(stem: &str) -> Option<(Option<&str>, Option<&str>)> {
    let (dataset, split) = stem.split_once('-')?;
    let is_word = |text: &str, more: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
    let is_dataset = dataset.starts_with(|c: char| c.is_ascii_alphabetic()) && is_word(dataset, "_");
    let is_split = split.starts_with(|c: char| c.is_ascii_alphanumeric()) && is_word(split, "_-");
    (is_dataset && is_split).then_some((Some(dataset), Some(split)))
}

/// The split by its word, at the end or at the start; the rest is the data set.
fn foreign_names(stem: &str) -> (Option<&str>, Option<&str>) {
    let named = |text| Some(text).filter(|text: &&str| !text.is_empty());
    if is_split(stem) {
        return (None, Some(stem));
    }
    match (stem.rsplit_once(SEPARATORS), stem.split_once(SEPARATORS)) {
        (Some((dataset, split)), _) if is_split(split) => (named(dataset), Some(split)),
        (_, Some((split, dataset))) if is_split(split) => (named(dataset), Some(split)),
        _ => (named(stem), None),
    }
}

fn is_split(word: &str) -> bool {
    SPLITS.iter().any(|split| word.eq_ignore_ascii_case(split))
}

fn compression_of(ending: &str) -> Compression {
    match ending.to_ascii_lowercase().as_str() {
        "gz" | "gzip" => Compression::Gzip,
        "zlib" | "zz" => Compression::Zlib,
        _ => Compression::None,
    }
}

/// The name without the ending of its compression.
fn strip_compression(text: &str) -> (&str, Compression) {
    match text.rsplit_once('.').map(|(plain, ending)| (plain, compression_of(ending))) {
        None | Some((_, Compression::None)) => (text, Compression::None),
        Some(stripped) => stripped,
    }
}

fn strip_ending(text: &str) -> &str {
    let strip = |ending: &&str| {
        let (stem, found) = text.split_at_checked(text.len().checked_sub(ending.len())?)?;
        found.eq_ignore_ascii_case(ending).then_some(stem)
    };
    ENDINGS.iter().find_map(strip).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use proptest::prelude::*;

    use super::*;
    use crate::shard::ShardName;

    type Said<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<u32>, Option<u32>, Compression);

    fn said(name: &str) -> Said<'_> {
        let ParsedName { prefix, dataset, split, index, of, compression, .. } = ParsedName::parse(OsStr::new(name));
        (prefix, dataset, split, index, of, compression)
    }

    #[test]
    fn shards_are_told_from_what_stands_beside_them() {
        for (name, expected) in [
            ("imgs-train.tfrecord-00003-of-00012", true),
            ("imgs-train.tfrecord-00003-of-00012.gz", true),
            ("x.tfrecord.gz-00000-of-00002", true),
            ("train-00000-of-01024", true),
            ("00000.tfrecord", true),
            ("data.tfrecords", true),
            ("data.tfrecord.zlib", true),
            ("imgs-train.tfrecord-00003-of-00012.idx", false),
            ("data.tfindex", false),
            ("data.tfrecord.idx", false),
            ("model.ckpt.data-00000-of-00001", false),
            ("imgs-train.array_record-00000-of-00002", false),
            ("imgs-train.riegeli-00000-of-00002", false),
            ("labels.txt", false),
            ("00000_stats.json", false),
            ("data.gz", false),
            ("tfrecord", false),
        ] {
            assert_eq!(ParsedName::parse(OsStr::new(name)).is_shard(), expected, "{name}");
        }
    }

    #[test]
    fn names_say_what_they_say() {
        use Compression::{Gzip, None as Plain, Zlib};
        let cases: &[(&str, Said<'_>)] = &[
            (
                "imgs-train.tfrecord-00003-of-00012",
                ("imgs-train.tfrecord", Some("imgs"), Some("train"), Some(3), Some(12), Plain),
            ),
            (
                "imgs-test-clean.tfrecord-00003-of-00012.gz",
                ("imgs-test-clean.tfrecord", Some("imgs"), Some("test-clean"), Some(3), Some(12), Gzip),
            ),
            (
                "2024-imgs-train.tfrecord-00003-of-00012",
                ("2024-imgs-train.tfrecord", Some("2024-imgs"), Some("train"), Some(3), Some(12), Plain),
            ),
            ("train.tfrecord-00000-of-00001", ("train.tfrecord", None, Some("train"), Some(0), Some(1), Plain)),
            (
                "my-imgs-val-00003-of-00012.tfrecord",
                ("my-imgs-val", Some("my-imgs"), Some("val"), Some(3), Some(12), Plain),
            ),
            (
                "imgs-train-00003-of-00012.tfrecord.gz",
                ("imgs-train", Some("imgs"), Some("train"), Some(3), Some(12), Gzip),
            ),
            ("train-00000-of-01024", ("train", None, Some("train"), Some(0), Some(1024), Plain)),
            ("validation-00127-of-00128", ("validation", None, Some("validation"), Some(127), Some(128), Plain)),
            ("x.record-00000-of-00010", ("x.record", Some("x"), None, Some(0), Some(10), Plain)),
            (
                "coco_train.record-00000-of-00010",
                ("coco_train.record", Some("coco"), Some("train"), Some(0), Some(10), Plain),
            ),
            ("x.tfrecords-00000-of-00002", ("x.tfrecords", Some("x"), None, Some(0), Some(2), Plain)),
            ("x.tfrecord.gz-00000-of-00002", ("x.tfrecord.gz", Some("x"), None, Some(0), Some(2), Gzip)),
            ("Train_1_of_9.TFRecord", ("Train", None, Some("Train"), Some(1), Some(9), Plain)),
            ("00001-of-00002.tfrecord", ("", None, None, Some(1), Some(2), Plain)),
            ("train-00001.tfrecord", ("train", None, Some("train"), Some(1), None, Plain)),
            ("00000.tfrecord", ("", None, None, Some(0), None, Plain)),
            ("data.tfrecord", ("data", Some("data"), None, None, None, Plain)),
            ("dev-imgs.tfrecords.gzip", ("dev-imgs", Some("imgs"), Some("dev"), None, None, Gzip)),
            ("eval.tfrecord.zlib", ("eval", None, Some("eval"), None, None, Zlib)),
            ("test.zz", ("test", None, Some("test"), None, None, Zlib)),
            // Nothing to go by.
            ("", ("", None, None, None, None, Plain)),
            ("-of-", ("-of-", Some("-of-"), None, None, None, Plain)),
            (".tfrecord", ("", None, None, None, None, Plain)),
            ("été-ÉTÉ.tfrecord", ("été-ÉTÉ", Some("été-ÉTÉ"), None, None, None, Plain)),
            ("x-00012-of-00012", ("x-00012-of-00012", Some("x-00012-of-00012"), None, None, None, Plain)),
            ("x-0-of-0.tfrecord", ("x-0-of-0", Some("x-0-of-0"), None, None, None, Plain)),
            ("x-00003-of-12", ("x", Some("x"), None, Some(3), Some(12), Plain)),
            ("x-00003-of-00012b", ("x-00003-of-00012b", Some("x-00003-of-00012b"), None, None, None, Plain)),
            (
                "x-99999999999-of-99999999999",
                ("x-99999999999-of-99999999999", Some("x-99999999999-of-99999999999"), None, None, None, Plain),
            ),
        ];
        for (name, expected) in cases {
            assert_eq!(said(name), *expected, "{name}");
        }
    }

    #[test]
    fn names_that_are_no_text_say_their_compression() {
        for (name, compression) in [(&b"\xff-00000-of-00001.gz"[..], Compression::Gzip), (b"\xff", Compression::None)] {
            assert_eq!(ParsedName::parse(OsStr::from_bytes(name)), ParsedName { compression, ..ParsedName::default() });
        }
    }

    #[test]
    fn shards_of_one_set_know_each_other() {
        for (name, index, sibling) in [
            ("imgs-train.tfrecord-00003-of-00012.gz", 11, Some("imgs-train.tfrecord-00011-of-00012.gz")),
            ("train_1_of_9.tfrecord", 0, Some("train_0_of_9.tfrecord")),
            ("train-00000-of-01024", 1024, None),
            ("train-00000.tfrecord", 0, None),
        ] {
            let parsed = ParsedName::parse(OsStr::new(name));
            assert_eq!(parsed.sibling(index).as_deref(), sibling, "{name}");
            if let Some(sibling) = sibling {
                assert_eq!(ParsedName::parse(OsStr::new(sibling)).set(), parsed.set());
            }
        }
        let set = |name| ParsedName::parse(OsStr::new(name)).set();
        for other in ["a-0-of-2.tfrecord", "b-0-of-2", "a_0-of-2", "a-0-of-3"] {
            assert_ne!(set("a-0-of-2"), set(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn what_shardify_writes_is_read_back(
            dataset in "[A-Za-z][A-Za-z0-9_]{0,20}",
            split in "[A-Za-z0-9][A-Za-z0-9_-]{0,20}",
            of in 1u32..,
            index: u32,
            gzip: bool,
        ) {
            let compression = if gzip { Compression::Gzip } else { Compression::None };
            let index = index % of;
            let name = ShardName { dataset: &dataset, split: &split, index, of, compression }.to_string();
            let parsed = ParsedName::parse(OsStr::new(&name));
            prop_assert_eq!((parsed.dataset, parsed.split), (Some(&*dataset), Some(&*split)));
            prop_assert_eq!((parsed.index, parsed.of, parsed.compression), (Some(index), Some(of), compression));
            prop_assert_eq!(parsed.sibling(index), Some(name.clone()));
        }

        #[test]
        fn no_name_is_too_strange(name in prop::collection::vec(any::<u8>(), 0..40), text in "[-_.0-9oftrainrecgz]{0,30}") {
            for name in [std::ffi::OsString::from_vec(name), text.into()] {
                let parsed = ParsedName::parse(&name);
                prop_assert!(parsed.of.is_none_or(|of| parsed.index.is_some_and(|index| index < of)));
                if let Some(index) = parsed.index.filter(|_| parsed.of.is_some()) {
                    prop_assert_eq!(parsed.sibling(index).map(Into::into), Some(name));
                }
            }
        }
    }
}
