//! Plan and report as machines read them.

use serde_json::{Value, json};

use super::{ReshardPlan, ReshardReport};

impl ReshardReport {
    /// What `shardify reshard --json` prints: sizes in bytes, times in seconds.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let manifest = &self.manifest;
        let splits = manifest.splits.iter().map(|split| {
            json!({
                "name": split.name,
                "records": split.records,
                "bytes": split.bytes,
                "shards": split.shards.len(),
                "class_counts": split.class_counts,
            })
        });
        json!({
            "outcome": match (self.nothing_to_do, self.resumed_shards) {
                (true, _) => "nothing-to-do",
                (_, 0) => "done",
                _ => "resumed",
            },
            "out": self.out.to_string_lossy(),
            "name": manifest.name,
            "class_names": manifest.class_names,
            "input_shards": self.input.shards,
            "input_bytes": self.input.bytes,
            "input_records": self.input.records,
            "filtered": self.input.filtered,
            "records": manifest.splits.iter().map(|split| split.records).sum::<u64>(),
            "bytes": manifest.splits.iter().map(|split| split.bytes).sum::<u64>(),
            "splits": splits.collect::<Vec<_>>(),
            "skipped": manifest.skipped,
            "failures": (manifest.skipped > 0).then(|| self.out.join("failures.jsonl").to_string_lossy().into_owned()),
            "warnings": self.warnings,
            "resumed_shards": self.resumed_shards,
            "seconds": self.elapsed.as_secs_f64(),
        })
    }
}

impl ReshardPlan {
    /// What `shardify reshard --dry-run --json` prints: sizes in bytes, times in seconds.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let splits = self.splits.iter().map(|split| {
            json!({
                "name": split.name,
                "records": split.records,
                "bytes": split.bytes,
                "shards": split.shards,
            })
        });
        json!({
            "dry_run": true,
            "name": self.name,
            "input_shards": self.input.shards,
            "input_bytes": self.input.bytes,
            "input_records": self.input.records,
            "filtered": self.input.filtered,
            "splits": splits.collect::<Vec<_>>(),
            "scratch_bytes": self.scratch,
            "max_shard": self.max_shard,
            "problems": self.problems,
            "warnings": self.warnings,
            "seconds": self.elapsed.as_secs_f64(),
        })
    }
}
