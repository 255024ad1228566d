//! What a repair has to say for itself.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use super::{lost::Lost, plan::RepairPlan};
use crate::{index::Manifest, ops::publish::LOST_NAME};

/// How a repair ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepairOutcome {
    /// All of it was done now.
    Done,
    /// An earlier run was carried on.
    Resumed,
    /// An earlier run of the same command had done it all.
    NothingToDo,
}

/// What a finished repair made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RepairReport {
    /// How it ended.
    pub outcome: RepairOutcome,
    /// The folder that was written to.
    pub out: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
    /// The records that are lost, as far as they can be counted.
    pub lost_records: u64,
    /// The bytes in damaged places.
    pub lost_bytes: u64,
    /// Everything that is lost, in the order of the shards.
    pub lost: Vec<Lost>,
    /// Records that were kept although they are neither Example nor SequenceExample.
    pub strange: u64,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Bytes that were copied in this run.
    pub bytes_read: u64,
    /// How long copying took.
    pub elapsed: Duration,
    /// Shards that an earlier, interrupted run had finished.
    pub resumed_shards: u64,
}

impl RepairReport {
    pub(super) fn new(plan: &RepairPlan, outcome: RepairOutcome, manifest: Manifest, started: Instant) -> Self {
        Self {
            outcome,
            out: plan.out.clone(),
            manifest,
            lost_records: plan.lost_records(),
            lost_bytes: plan.lost_bytes(),
            lost: plan.lost().cloned().collect(),
            strange: plan.strange,
            warnings: plan.warnings.clone(),
            bytes_read: 0,
            elapsed: started.elapsed(),
            resumed_shards: 0,
        }
    }

    /// The records that were saved.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.manifest.splits.iter().map(|split| split.records).sum()
    }

    /// The list of what is lost, if anything is.
    #[must_use]
    pub fn lost_file(&self) -> Option<PathBuf> {
        (!self.lost.is_empty()).then(|| self.out.join(LOST_NAME))
    }
}
