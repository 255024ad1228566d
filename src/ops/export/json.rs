//! The report as machines read it.

use serde_json::{Value, json};

use super::ExportReport;

impl ExportReport {
    /// What `shardify export --json` prints: sizes in bytes, times in seconds.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let splits: Vec<_> =
            self.splits.iter().map(|split| json!({ "name": split.name, "records": split.records })).collect();
        let arrays: Vec<_> = self
            .arrays
            .iter()
            .map(|array| json!({ "file": array.file, "dtype": array.dtype, "shape": array.shape }))
            .collect();
        json!({
            "out": self.out.to_string_lossy(),
            "splits": splits,
            "arrays": arrays,
            "files": self.files,
            "bytes": self.bytes,
            "renamed": self.renamed,
            "skipped": self.skipped,
            "warnings": self.warnings,
            "notes": self.notes,
            "seconds": self.elapsed.as_secs_f64(),
        })
    }
}
