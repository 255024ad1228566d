//! What an export has to say for itself.

use std::{path::PathBuf, time::Duration};

use crate::{item::DType, units::ByteSize};

/// What a finished export made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ExportReport {
    /// The folder that was written to.
    pub out: PathBuf,
    /// The splits that were written, in their order.
    pub splits: Vec<ExportedSplit>,
    /// The arrays that were written; empty if images were.
    pub arrays: Vec<ExportedArray>,
    /// Files that were written.
    pub files: u64,
    /// Their bytes.
    pub bytes: ByteSize,
    /// Images whose names could not be used as they were: `renamed.jsonl` lists them.
    pub renamed: u64,
    /// Places and records that were passed over: damaged, not readable as an Example, or without an image.
    pub skipped: u64,
    /// What the user should look at.
    pub warnings: Vec<String>,
    /// What the user may want to know.
    pub notes: Vec<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// One split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedSplit {
    /// Its name.
    pub name: String,
    /// Records that were written.
    pub records: u64,
}

/// One array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedArray {
    /// Its file, relative to the output folder.
    pub file: String,
    /// The element type.
    pub dtype: DType,
    /// Its shape, the number of rows first.
    pub shape: Vec<u64>,
}
