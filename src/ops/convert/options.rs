//! What a user can ask of a conversion.

use std::{collections::BTreeMap, path::PathBuf, str::FromStr};

use serde_json::{Value, json};

use crate::{
    error::{Error, Result},
    ops::publish::{Existing, ShardCounts, cap, check_cap, check_written},
    pipeline::ImageKeys,
    shard::Ratios,
    source::{ClassNames, Layout, MemoryArrays},
    storage::Storage,
    tfrecord::Compression,
    transform::{OutputFormat, TransformSpec},
    units::ByteSize,
};

/// How many inputs may fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxErrors {
    /// This many.
    Count(u64),
    /// This part of all inputs, from 0 to 1.
    Share(f64),
}

impl MaxErrors {
    /// The number allowed among so many inputs.
    #[must_use]
    pub fn of(self, inputs: u64) -> u64 {
        match self {
            Self::Count(count) => count,
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of a count, rounded down"
            )]
            Self::Share(share) => (inputs as f64 * share + 1e-9) as u64,
        }
    }
}

/// Parses `20` or `0.5%`.
impl FromStr for MaxErrors {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = || format!("`{text}` is neither a count, as in 20, nor a share of all inputs, as in 0.5%");
        match text.strip_suffix('%') {
            None => text.parse().map(Self::Count).map_err(|_| fail()),
            Some(percent) => match percent.trim().parse::<f64>() {
                Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Self::Share(percent / 100.0)),
                _ => Err(fail()),
            },
        }
    }
}

/// What to do when an input cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum ErrorPolicy {
    /// Stop and name it.
    #[default]
    Stop,
    /// Leave it out, list it in `failures.jsonl`, and go on; at most so many.
    Skip(Option<MaxErrors>),
}

/// Where the names of the classes come from, which fixes their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClassNamesFrom {
    /// A file, one name a line.
    File(PathBuf),
    /// These, the name of class 0 first.
    Names(Vec<String>),
}

impl ClassNamesFrom {
    pub(super) fn read(&self, storage: &dyn Storage) -> Result<ClassNames> {
        match self {
            Self::File(path) => ClassNames::read(storage, path),
            Self::Names(names) => ClassNames::new(names.clone()),
        }
    }
}

/// Everything that a conversion depends on. Start from [`ConvertOptions::new`] and set what differs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConvertOptions {
    /// Image folders, lists of image files (`.csv`, `.tsv`), or arrays (`.npy`, `.npz`, or [in memory](super::convert_from)).
    pub inputs: Vec<PathBuf>,
    /// The folder to write to.
    pub out: PathBuf,
    /// The name of the data set; by default the name of the first input.
    pub name: Option<String>,
    /// A list `file,label[,split]` for an image folder, or the labels of an array.
    pub labels: Option<PathBuf>,
    /// The names of the classes, which fixes their order.
    pub class_names: Option<ClassNamesFrom>,
    /// How an image folder is laid out.
    pub layout: Layout,
    /// Further columns of an array: feature name and file.
    pub arrays: Vec<(String, PathBuf)>,
    /// The feature name of the main array.
    pub feature: Option<String>,
    /// What is done with each image.
    pub transform: TransformSpec,
    /// Under which keys images are stored.
    pub keys: ImageKeys,
    /// What is added to a class index when it is stored; by default 0, and 1 for slim keys.
    pub label_offset: Option<u32>,
    /// The cap of a shard, framing included.
    pub max_shard: Option<ByteSize>,
    /// A fixed number of shards.
    pub shards: Option<ShardCounts>,
    /// How shards are compressed.
    pub compression: Compression,
    /// The seed of order and splits.
    pub seed: u64,
    /// Whether records are shuffled.
    pub shuffle: bool,
    /// Splits by ratio.
    pub split: Option<Ratios>,
    /// Whether every split is to have the class shares of the whole.
    pub stratify: bool,
    /// What to do when an input cannot be used.
    pub on_error: ErrorPolicy,
    /// What to do with an output folder that is not empty.
    pub existing: Existing,
    /// Worker threads; by default one for each core. The bytes written do not depend on it.
    pub threads: Option<usize>,
}

impl ConvertOptions {
    /// The defaults for these inputs and this output folder.
    #[must_use]
    pub fn new(inputs: Vec<PathBuf>, out: PathBuf) -> Self {
        Self {
            inputs,
            out,
            name: None,
            labels: None,
            class_names: None,
            layout: Layout::default(),
            arrays: Vec::new(),
            feature: None,
            transform: TransformSpec::default(),
            keys: ImageKeys::default(),
            label_offset: None,
            max_shard: None,
            shards: None,
            compression: Compression::default(),
            seed: 0,
            shuffle: true,
            split: None,
            stratify: false,
            on_error: ErrorPolicy::default(),
            existing: Existing::default(),
            threads: None,
        }
    }

    /// Refuses options that cannot be honoured, before anything is read.
    pub(super) fn check(&self, memory: &MemoryArrays<'_>) -> Result<()> {
        self.transform.validate()?;
        if self.inputs.is_empty() && memory.is_empty() {
            return Err(no_input());
        }
        check_cap(self.max_shard)?;
        check_written(self.compression)?;
        if self.keys == ImageKeys::Slim && self.transform.format == OutputFormat::Raw && self.transform.size.is_none() {
            return Err(Error::options(
                "--keys slim with --format raw needs --size: its readers expect pixels of one shape",
            )
            .with_hint("add --size WIDTHxHEIGHT, or store encoded images: --format jpeg or png"));
        }
        if self.stratify && self.split.is_none() {
            return Err(Error::options("--stratify needs splits by ratio to spread the classes over")
                .with_hint("add --split, as in --split train=0.8,test=0.2"));
        }
        if self.label_offset.is_some_and(|offset| offset > 1000) {
            return Err(Error::options("--label-offset may be at most 1000"));
        }
        Ok(())
    }

    /// What is added to a class index when it is stored.
    #[must_use]
    pub fn offset(&self) -> u32 {
        self.label_offset.unwrap_or(match self.keys {
            ImageKeys::Tfds => 0,
            ImageKeys::Slim => 1,
        })
    }

    /// The cap of a shard of a split. With a fixed number of shards and no cap given, only the limit of 2 GiB holds.
    #[must_use]
    pub fn cap(&self, split: &str) -> ByteSize {
        cap(self.max_shard, self.shards.as_ref(), split)
    }

    /// The options that the bytes depend on, as the manifest records them.
    pub(super) fn recorded(&self, name: &str) -> BTreeMap<String, Value> {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let class_names = |from: &ClassNamesFrom| match from {
            ClassNamesFrom::File(file) => json!(path(file)),
            ClassNamesFrom::Names(names) => json!(names),
        };
        let arrays: Vec<_> = self.arrays.iter().map(|(name, file)| format!("{name}={}", path(file))).collect();
        [
            ("inputs", json!(self.inputs.iter().map(path).collect::<Vec<_>>())),
            ("name", json!(name)),
            ("labels", json!(self.labels.as_ref().map(path))),
            ("class_names", json!(self.class_names.as_ref().map(class_names))),
            ("layout", json!(self.layout.name())),
            ("arrays", json!(arrays)),
            ("feature", json!(self.feature)),
            ("transform", json!(self.transform)),
            ("keys", json!(self.keys)),
            ("label_offset", json!(self.offset())),
            ("max_shard", json!(self.max_shard)),
            ("shards", json!(self.shards)),
            ("compression", json!(self.compression)),
            ("seed", json!(self.seed)),
            ("shuffle", json!(self.shuffle)),
            ("split", json!(self.split)),
            ("stratify", json!(self.stratify)),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }
}

pub(super) fn no_input() -> Error {
    Error::options("no input is given: name a folder of images, a list of them, or an array")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fails<T: FromStr<Err = String> + std::fmt::Debug>(text: &str, part: &str) {
        let error = text.parse::<T>().unwrap_err();
        assert!(error.contains(part), "{text:?}: {error}");
    }

    #[test]
    fn max_errors() {
        assert_eq!("20".parse(), Ok(MaxErrors::Count(20)));
        assert_eq!("0.5%".parse(), Ok(MaxErrors::Share(0.005)));
        assert_eq!("29%".parse::<MaxErrors>().unwrap().of(100), 29);
        assert_eq!((MaxErrors::Share(0.005).of(1000), MaxErrors::Share(0.005).of(199)), (5, 0));
        for bad in ["", "-1", "101%", "x%", "1.5"] {
            fails::<MaxErrors>(bad, "is neither");
        }
    }
}
