//! What a conversion has to say for itself.

use std::{path::PathBuf, time::Duration};

use crate::{
    index::Manifest,
    ops::snippet::{Facts, shortest},
    pipeline::{Failure, ImageFacts},
};

/// How a conversion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConvertOutcome {
    /// All of it was done now.
    Done,
    /// An earlier run was carried on.
    Resumed,
    /// An earlier run of the same command had done it all.
    NothingToDo,
}

/// What a finished conversion made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConvertReport {
    /// How it ended.
    pub outcome: ConvertOutcome,
    /// The folder that was written to.
    pub out: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
    /// What is known of the images.
    pub images: ImageFacts,
    /// The inputs that were left out.
    pub failures: Vec<Failure>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Bytes of input that were read in this run.
    pub bytes_read: u64,
    /// How long this run took.
    pub elapsed: Duration,
    /// Shards that an earlier, interrupted run had finished.
    pub resumed_shards: u64,
}

impl ConvertReport {
    /// Python lines that read the result, ready to be pasted.
    #[must_use]
    pub fn snippet(&self) -> String {
        shortest(&Facts::of_manifest(&self.manifest, &self.out))
    }
}
