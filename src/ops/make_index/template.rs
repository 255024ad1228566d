//! How TFDS is told what the shards of a split are called.

use std::ffi::OsStr;

use crate::{
    index::{TfdsInfo, TfdsSplit},
    ops::dataset::SplitShards,
    shard::ParsedName,
};

/// The template from which TFDS makes exactly these names, in this order, if there is one: its numbers count from 0 and have at
/// least five digits.
pub(super) fn template(dataset: &str, split: &SplitShards) -> Option<String> {
    let names: Option<Vec<&str>> = split.shards.iter().map(|path| path.file_name().and_then(OsStr::to_str)).collect();
    let names = names?;
    let first = *names.first()?;
    // Braces are what templates are made of.
    if first.contains(['{', '}']) {
        return None;
    }
    let parsed = ParsedName::parse(OsStr::new(first));
    let of = names.len();
    let width = of.max(1).ilog10().max(4) as usize + 1;
    let (zero, count) = (format!("{:0width$}", 0), format!("{of:0width$}"));
    let x_of_y = format!("{zero}-of-{count}");
    // The usual form first, so that data sets of TFDS's own form get its own template.
    let mut candidates = Vec::new();
    if let (Some(name), Some(split_name)) = (parsed.dataset, parsed.split)
        && name == dataset
        && split_name == split.name
    {
        candidates.push("{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}".to_owned());
    }
    if let Some(at) = first.rfind(&x_of_y) {
        candidates.push(replaced(first, at, x_of_y.len(), "{SHARD_X_OF_Y}"));
    }
    for (at, _) in first.rmatch_indices(&zero) {
        let with_index = replaced(first, at, zero.len(), "{SHARD_INDEX}");
        candidates.extend(with_index.rfind(&count).map(|at| replaced(&with_index, at, count.len(), "{NUM_SHARDS}")));
        candidates.push(with_index);
    }
    if of == 1 {
        candidates.push(first.to_owned());
    }
    candidates.into_iter().find(|template| {
        let info = TfdsInfo {
            name: dataset.to_owned(),
            file_format: "tfrecord".to_owned(),
            module_name: None,
            splits: Vec::new(),
            supervised_keys: None,
        };
        let template = Some(template.clone());
        let split = TfdsSplit { name: split.name.clone(), shard_lengths: vec![0; of], filepath_template: template };
        info.file_names(&split) == names
    })
}

fn replaced(text: &str, at: usize, len: usize, with: &str) -> String {
    let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    format!("{before}{with}{}", rest.get(len..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(split: &str, names: &[&str], expected: Option<&str>) {
        let shards = names.iter().map(Into::into).collect();
        let split = SplitShards { name: split.to_owned(), shards };
        assert_eq!(template("imgs", &split).as_deref(), expected, "{names:?}");
    }

    #[test]
    fn names_of_many_writers() {
        check(
            "train",
            &["d/imgs-train.tfrecord-00000-of-00002", "d/imgs-train.tfrecord-00001-of-00002"],
            Some("{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"),
        );
        check("train", &["other-train.tfrecord-00000-of-00001"], Some("other-train.tfrecord-{SHARD_X_OF_Y}"));
        check("train", &["train-00000-of-00002", "train-00001-of-00002"], Some("train-{SHARD_X_OF_Y}"));
        check("train", &["x-00000-of-00001.tfrecord"], Some("x-{SHARD_X_OF_Y}.tfrecord"));
        check("train", &["00000.tfrecord", "00001.tfrecord"], Some("{SHARD_INDEX}.tfrecord"));
        check("train", &["a_00000_of_00002.tfr", "a_00001_of_00002.tfr"], Some("a_{SHARD_INDEX}_of_{NUM_SHARDS}.tfr"));
        check("train", &["00000-00000.tfrecord", "00000-00001.tfrecord"], Some("00000-{SHARD_INDEX}.tfrecord"));
        check("train", &["data.tfrecord"], Some("data.tfrecord"));
        check("train", &["0.tfrecord", "1.tfrecord"], None);
        check("train", &["x-00001-of-00002", "x-00002-of-00002"], None);
        check("train", &["train-00001-of-00002"], Some("train-00001-of-00002"));
        check("train", &["000000.tar", "000001.tar"], Some("0{SHARD_INDEX}.tar"));
        check("train", &["a.tfrecord", "b.tfrecord"], None);
        check("train", &["{SPLIT}.tfrecord"], None);
    }
}
