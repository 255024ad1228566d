//! The report as machines read it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::report::ValidateReport;

impl ValidateReport {
    /// What `shardify validate --json` prints: sizes and offsets in bytes, times in seconds.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let findings: Vec<_> = self
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "kind": finding.kind.name(),
                    "severity": finding.severity.name(),
                    "shard": finding.shard.as_ref().map(|shard| shard.to_string_lossy()),
                    "record": finding.record,
                    "offset": finding.offset,
                    "bytes": finding.bytes,
                    "message": finding.message,
                    "remedy": finding.remedy,
                })
            })
            .collect();
        let by_kind: BTreeMap<&str, u64> = self.by_kind.iter().map(|(kind, count)| (kind.name(), *count)).collect();
        json!({
            "shards": self.shards,
            "records": self.records,
            "bytes": self.bytes,
            "errors": self.errors,
            "warnings": self.warnings,
            "by_kind": by_kind,
            "findings": findings,
            "seconds": self.elapsed.as_secs_f64(),
        })
    }
}
