//! Plan and report as machines read them.

use serde_json::{Value, json};

use super::{RepairOutcome, RepairPlan, RepairReport, RepairShard};
use crate::index::ManifestSplit;

impl RepairPlan {
    /// What `shardify repair --dry-run --json` prints: sizes and offsets in bytes, times in seconds.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let shard = |shard: &RepairShard| {
            json!({
                "path": shard.path.to_string_lossy(),
                "bytes": shard.bytes,
                "compression": shard.compression,
                "records": shard.records(),
                "damaged": shard.lost.len(),
            })
        };
        let splits: Vec<_> = self
            .splits
            .iter()
            .map(|split| {
                let shards: Vec<_> = split.shards.iter().map(shard).collect();
                json!({ "name": split.name, "records": split.records(), "shards": shards })
            })
            .collect();
        json!({
            "dry_run": true,
            "out": self.out.to_string_lossy(),
            "name": self.name,
            "compression": self.compression,
            "max_shard": self.max_shard,
            "records": self.records(),
            "lost_records": self.lost_records(),
            "lost_bytes": self.lost_bytes(),
            "lost": self.lost().collect::<Vec<_>>(),
            "not_examples": self.strange,
            "splits": splits,
            "warnings": self.warnings,
            "seconds": self.elapsed.as_secs_f64(),
        })
    }
}

impl RepairReport {
    /// What `shardify repair --json` prints: sizes and offsets in bytes, times in seconds.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let manifest = &self.manifest;
        let split = |split: &ManifestSplit| {
            json!({
                "name": split.name,
                "records": split.records,
                "bytes": split.bytes,
                "shards": split.shards.len(),
            })
        };
        json!({
            "outcome": match self.outcome {
                RepairOutcome::Done => "done",
                RepairOutcome::Resumed => "resumed",
                RepairOutcome::NothingToDo => "nothing-to-do",
            },
            "out": self.out.to_string_lossy(),
            "name": manifest.name,
            "compression": manifest.compression,
            "records": self.records(),
            "lost_records": self.lost_records,
            "lost_bytes": self.lost_bytes,
            "lost": self.lost,
            "lost_file": self.lost_file().map(|file| file.to_string_lossy().into_owned()),
            "not_examples": self.strange,
            "splits": manifest.splits.iter().map(split).collect::<Vec<_>>(),
            "warnings": self.warnings,
            "resumed_shards": self.resumed_shards,
            "bytes_read": self.bytes_read,
            "seconds": self.elapsed.as_secs_f64(),
        })
    }
}
