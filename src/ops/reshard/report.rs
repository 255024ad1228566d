//! What a resharding has to say for itself, before and after.

use std::{path::PathBuf, time::Duration};

use crate::{index::Manifest, pipeline::Failure, units::ByteSize};

/// What a finished resharding made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReshardReport {
    /// The folder that was written to.
    pub out: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
    /// Whether an earlier run of the same command had done it all.
    pub nothing_to_do: bool,
    /// What was read.
    pub input: ReshardInput,
    /// The records that could not be used.
    pub failures: Vec<Failure>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// How long this run took.
    pub elapsed: Duration,
    /// Shards that an earlier, interrupted run had finished.
    pub resumed_shards: u64,
}

/// What is in the inputs of a resharding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReshardInput {
    /// Shards.
    pub shards: u64,
    /// Bytes of these files.
    pub bytes: ByteSize,
    /// Intact records.
    pub records: u64,
    /// Records that are left out because they were asked to be.
    pub filtered: u64,
}

/// What a resharding would write.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReshardPlan {
    /// The name of the data set.
    pub name: String,
    /// What would be read.
    pub input: ReshardInput,
    /// The splits.
    pub splits: Vec<PlannedSplit>,
    /// What compressed shards would be unpacked to for the time of the run.
    pub scratch: ByteSize,
    /// The cap of a shard.
    pub max_shard: ByteSize,
    /// What would stop the run, or be left out.
    pub problems: Vec<String>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// How long looking took.
    pub elapsed: Duration,
}

/// One split that would be written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedSplit {
    /// Its name.
    pub name: String,
    /// Records.
    pub records: u64,
    /// Bytes of its shards, before compression.
    pub bytes: ByteSize,
    /// Shards that makes, before compression.
    pub shards: u64,
}
