//! What stands beside the shards so that readers find their way: record index, TFDS metadata, manifest.

mod dali;
mod manifest;
mod size;
mod tfds;
mod tfds_features;
mod tfds_read;

pub use dali::{IndexLine, IndexReader, IndexWriter, index_text};
pub use manifest::{FORMAT_VERSION, MANIFEST_NAME, Manifest, ManifestShard, ManifestSplit};
pub use size::{MAX_LABELS, MAX_MANIFEST, MAX_TFDS, check_size};
pub use tfds::{labels_file_name, tfds_files, tfds_files_for};
pub use tfds_features::Unsupported;
pub use tfds_read::{TfdsFeatures, TfdsInfo, TfdsSplit, class_names};
