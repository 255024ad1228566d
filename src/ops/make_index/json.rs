//! The report as machines read it.

use serde_json::{Value, json};

use super::{IndexReport, PlacedFile};

impl IndexReport {
    /// What `shardify index --json` prints: sizes in bytes, times in seconds.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let file = |file: &PlacedFile| json!({ "path": file.path.to_string_lossy(), "outcome": file.outcome.name() });
        let shards: Vec<_> = self
            .shards
            .iter()
            .map(|shard| {
                json!({
                    "path": shard.path.to_string_lossy(),
                    "records": shard.records,
                    "bytes": shard.bytes,
                    "indexes": shard.indexes.iter().map(file).collect::<Vec<_>>(),
                })
            })
            .collect();
        let failures: Vec<_> = self
            .failures
            .iter()
            .map(|error| {
                json!({
                    "path": error.path().map(|path| path.to_string_lossy()),
                    "message": error.to_string(),
                    "hint": error.hint(),
                })
            })
            .collect();
        json!({
            "shards": shards,
            "records": self.shards.iter().map(|shard| shard.records).sum::<u64>(),
            "bytes": self.bytes.0,
            "files": self.files.iter().map(file).collect::<Vec<_>>(),
            "failures": failures,
            "warnings": self.warnings,
            "seconds": self.elapsed.as_secs_f64(),
        })
    }
}
