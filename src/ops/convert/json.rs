//! The reports as machines read them.

use serde_json::{Value, json};

use super::{
    dry_run::DryRun,
    report::{ConvertOutcome, ConvertReport},
};
use crate::ops::publish::FAILURES_NAME;

impl ConvertOutcome {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Resumed => "resumed",
            Self::NothingToDo => "nothing-to-do",
        }
    }
}

impl ConvertReport {
    /// What `shardify convert --json` prints: sizes in bytes, times in seconds.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let manifest = &self.manifest;
        let splits: Vec<_> = manifest
            .splits
            .iter()
            .map(|split| {
                json!({
                    "name": split.name,
                    "records": split.records,
                    "bytes": split.bytes,
                    "shards": split.shards.len(),
                    "class_counts": split.class_counts,
                })
            })
            .collect();
        let failures = (manifest.skipped > 0).then(|| self.out.join(FAILURES_NAME).to_string_lossy().into_owned());
        json!({
            "outcome": self.outcome.name(),
            "out": self.out.to_string_lossy(),
            "name": manifest.name,
            "classes": manifest.class_names.len(),
            "class_names": manifest.class_names,
            "records": manifest.splits.iter().map(|split| split.records).sum::<u64>(),
            "bytes": manifest.splits.iter().map(|split| split.bytes).sum::<u64>(),
            "splits": splits,
            "skipped": manifest.skipped,
            "failures": failures,
            "warnings": self.warnings,
            "resumed_shards": self.resumed_shards,
            "bytes_read": self.bytes_read,
            "seconds": self.elapsed.as_secs_f64(),
        })
    }
}

impl DryRun {
    /// What `shardify convert --dry-run --json` prints: sizes in bytes, times in seconds.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let splits: Vec<_> = self
            .splits
            .iter()
            .map(|split| {
                json!({ "name": split.name, "records": split.records, "bytes": split.bytes, "shards": split.shards })
            })
            .collect();
        json!({
            "dry_run": true,
            "name": self.name,
            "inputs": self.inputs,
            "input_bytes": self.input_bytes,
            "classes": self.class_names.len(),
            "class_names": self.class_names,
            "splits": splits,
            "max_shard": self.max_shard,
            "problems": self.problems,
            "problem_count": self.problem_count,
            "warnings": self.warnings,
            "seconds": self.elapsed.as_secs_f64(),
        })
    }
}
