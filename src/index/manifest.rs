//! `shardify.json`: what a data set is, how it was made, and a checksum of every shard. Written last; its presence means
//! that the data set is complete.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{example::Schema, tfrecord::Compression};

/// The name of the manifest in the output folder.
pub const MANIFEST_NAME: &str = "shardify.json";

/// The version of the manifest's format. A reader refuses a higher one; fields may be added without raising it.
pub const FORMAT_VERSION: u32 = 1;

/// The manifest of a complete data set. Nothing in it depends on when, where or with how many threads it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// See [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The program and its version, as in `shardify 0.1.0`.
    pub tool: String,
    /// The name of the data set.
    pub name: String,
    /// How every shard is compressed.
    pub compression: Compression,
    /// Another program wrote the shards, and this manifest only describes them: they are not shardify's to replace.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
    /// The seed of the order and of the splits.
    pub seed: u64,
    /// SHA-256 in hexadecimal of the list of image files with their classes and splits, or of the shapes of the arrays.
    pub inputs_sha256: String,
    /// The inputs and options that the bytes depend on, as they were given.
    pub options: BTreeMap<String, Value>,
    /// The class names; the index is the stored label less `label_offset`.
    pub class_names: Vec<String>,
    /// What is added to a class index when it is stored.
    pub label_offset: u32,
    /// The features of every record.
    pub schema: Schema,
    /// The keys of what a model is given and of what it is to say, if the data set has both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervised_keys: Option<(String, String)>,
    /// The splits.
    pub splits: Vec<ManifestSplit>,
    /// Other files of this data set, relative to the output folder.
    pub files: Vec<String>,
    /// Inputs that were left out; they are listed in `failures.jsonl`.
    pub skipped: u64,
}

/// One split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestSplit {
    /// Its name.
    pub name: String,
    /// Records in all its shards.
    pub records: u64,
    /// Bytes of all its shard files.
    pub bytes: u64,
    /// Records of each class, by class index; empty without labels.
    pub class_counts: Vec<u64>,
    /// Its shards, in order.
    pub shards: Vec<ManifestShard>,
}

/// One shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestShard {
    /// The file name.
    pub name: String,
    /// Records.
    pub records: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// CRC-32 (IEEE) of the file in hexadecimal, as the `crc32` command and `zlib.crc32` give it.
    pub crc32: String,
}
