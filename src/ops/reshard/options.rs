//! What a user can ask of a resharding.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Value, json};

use super::filter::KeyValue;
use crate::{
    error::{Error, Result},
    ops::publish::{Existing, ShardCounts, check_cap, check_written},
    shard::{Ratios, dataset_name},
    tfrecord::Compression,
    units::ByteSize,
};

/// Everything that a resharding depends on. Start from [`ReshardOptions::new`] and set what differs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReshardOptions {
    /// Shards, patterns of shards, or folders of them; all of them become one data set.
    pub inputs: Vec<PathBuf>,
    /// The folder to write to.
    pub out: PathBuf,
    /// The name of the data set; by default that of the first input.
    pub name: Option<String>,
    /// The cap of a shard, framing included.
    pub max_shard: Option<ByteSize>,
    /// A fixed number of shards.
    pub shards: Option<ShardCounts>,
    /// How shards are compressed.
    pub compression: Compression,
    /// Whether the records of each split are shuffled; otherwise they keep their order.
    pub shuffle: bool,
    /// The seed of the shuffle and of the splits.
    pub seed: u64,
    /// Splits by ratio in place of those that the inputs have.
    pub split: Option<Ratios>,
    /// Whether every split is to have the class shares of the whole.
    pub stratify: bool,
    /// The splits of the inputs that are read; all of them if it is empty.
    pub only_splits: Vec<String>,
    /// The key of the label; by default the one that the metadata know, or else `label`.
    pub label: Option<String>,
    /// Only records with one of these labels are kept, if there are any: class names, or numbers as they are stored.
    pub only_labels: Vec<String>,
    /// Records with one of these labels are left out.
    pub drop_labels: Vec<String>,
    /// Only records are kept that have a value under each of these keys.
    pub has_keys: Vec<String>,
    /// Only records are kept that have one of these values under each of the keys that are named here.
    pub only: Vec<KeyValue>,
    /// Whether damaged records are left out and listed in `failures.jsonl`; otherwise they stop the run.
    pub skip_damaged: bool,
    /// What to do with an output folder that is not empty.
    pub existing: Existing,
    /// Worker threads; by default one for each core. The bytes written do not depend on it.
    pub threads: Option<usize>,
}

impl ReshardOptions {
    /// The defaults for these inputs and this output folder.
    #[must_use]
    pub fn new(inputs: Vec<PathBuf>, out: PathBuf) -> Self {
        Self {
            inputs,
            out,
            name: None,
            max_shard: None,
            shards: None,
            compression: Compression::default(),
            shuffle: false,
            seed: 0,
            split: None,
            stratify: false,
            only_splits: Vec::new(),
            label: None,
            only_labels: Vec::new(),
            drop_labels: Vec::new(),
            has_keys: Vec::new(),
            only: Vec::new(),
            skip_damaged: false,
            existing: Existing::default(),
            threads: None,
        }
    }

    /// Refuses options that cannot be honoured, before anything is read.
    pub(super) fn check(&self) -> Result<()> {
        check_cap(self.max_shard)?;
        check_written(self.compression)?;
        if self.stratify && self.split.is_none() {
            return Err(Error::options("--stratify needs splits by ratio to spread the classes over")
                .with_hint("add --split, as in --split train=0.8,test=0.2"));
        }
        if let Some(name) = self.name.as_ref().filter(|name| **name != dataset_name(name)) {
            return Err(Error::options(format!(
                "`{name}` cannot name a data set: TFDS finds names of letters, digits and `_` that start with a letter"
            ))
            .with_hint(format!("--name {} would do", dataset_name(name))));
        }
        Ok(())
    }

    /// Whether some records are left out on purpose.
    pub(super) fn filters(&self) -> bool {
        let Self { only_labels, drop_labels, has_keys, only, .. } = self;
        !(only_labels.is_empty() && drop_labels.is_empty() && has_keys.is_empty() && only.is_empty())
    }

    /// The options that the bytes depend on, as the manifest records them.
    pub(super) fn recorded(&self, name: &str) -> BTreeMap<String, Value> {
        let inputs: Vec<_> = self.inputs.iter().map(|path| path.to_string_lossy()).collect();
        let only: Vec<_> = self.only.iter().map(|it| format!("{}={}", it.key, it.value)).collect();
        [
            ("verb", json!("reshard")),
            ("inputs", json!(inputs)),
            ("name", json!(name)),
            ("max_shard", json!(self.max_shard)),
            ("shards", json!(self.shards)),
            ("compression", json!(self.compression)),
            ("reorder", json!(self.shuffle)),
            ("seed", json!(self.seed)),
            ("split", json!(self.split)),
            ("stratify", json!(self.stratify)),
            ("only_split", json!(self.only_splits)),
            ("label", json!(self.label)),
            ("only_label", json!(self.only_labels)),
            ("drop_label", json!(self.drop_labels)),
            ("has_key", json!(self.has_keys)),
            ("only", json!(only)),
            ("on_error", json!(if self.skip_damaged { "skip" } else { "stop" })),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }
}
