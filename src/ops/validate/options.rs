//! What a user can ask of a validation.

use std::path::PathBuf;

/// What to look at, and how closely.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ValidateOptions {
    /// Shards, patterns and folders.
    pub paths: Vec<PathBuf>,
    /// Whether every image is decoded.
    pub deep: bool,
    /// Whether records that repeat an earlier one are looked for, which takes up to 16 bytes of memory a record.
    pub duplicates: bool,
    /// Worker threads; one for each core if `None`. The report does not depend on it.
    pub threads: Option<usize>,
}

impl ValidateOptions {
    /// Everything but decoding images.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, deep: false, duplicates: true, threads: None }
    }
}
