//! What stands beside the shards so that readers find their way: record index, TFDS metadata, manifest.

mod dali;
mod manifest;
mod tfds;

pub use dali::IndexWriter;
pub use manifest::{FORMAT_VERSION, MANIFEST_NAME, Manifest, ManifestShard, ManifestSplit};
pub use tfds::{labels_file_name, tfds_files};
