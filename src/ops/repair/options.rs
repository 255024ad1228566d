//! What a repair can be told.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Value, json};

use crate::{
    error::{Error, Result},
    ops::publish::{Existing, check_cap, check_written},
    tfrecord::Compression,
    units::ByteSize,
};

/// What to repair, and where to write what can be saved.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RepairOptions {
    /// Shards, patterns or folders of one data set.
    pub inputs: Vec<PathBuf>,
    /// The folder to write to: outside of the inputs.
    pub out: PathBuf,
    /// The name of the data set that is written; by default that of the input.
    pub name: Option<String>,
    /// The cap of one shard. By default only a shard of 2 GiB or more is divided.
    pub max_shard: Option<ByteSize>,
    /// How the shards are compressed. By default as the input is: gzip if all of its shards are compressed.
    pub compression: Option<Compression>,
    /// What to do with an output folder that is not empty.
    pub existing: Existing,
    /// Worker threads; by default one for each core.
    pub threads: Option<usize>,
}

impl RepairOptions {
    /// Options for a repair, all others at their defaults.
    #[must_use]
    pub fn new(inputs: Vec<PathBuf>, out: impl Into<PathBuf>) -> Self {
        Self {
            inputs,
            out: out.into(),
            name: None,
            max_shard: None,
            compression: None,
            existing: Existing::Refuse,
            threads: None,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        check_cap(self.max_shard)?;
        check_written(self.compression.unwrap_or_default())?;
        match &self.name {
            Some(name) if *name != crate::shard::dataset_name(name) => Err(Error::options(format!(
                "`{name}` cannot name a data set: TFDS finds names of letters, digits and `_` that start with a letter"
            ))
            .with_hint(format!("--name {} would do", crate::shard::dataset_name(name)))),
            _ => Ok(()),
        }
    }

    /// The options that the bytes depend on, as the manifest has them.
    pub(super) fn recorded(&self, name: &str) -> BTreeMap<String, Value> {
        let inputs: Vec<_> = self.inputs.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        [
            ("verb", json!("repair")),
            ("inputs", json!(inputs)),
            ("name", json!(name)),
            ("max_shard", json!(self.max_shard)),
            ("compression", json!(self.compression)),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }
}
