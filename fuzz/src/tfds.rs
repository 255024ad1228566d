//! What TFDS keeps beside shards.

use shardify::index::{TfdsFeatures, TfdsInfo, class_names};

/// A text as each of the three files.
pub(super) fn run(data: &[u8]) {
    if let Ok(info) = TfdsInfo::parse(data) {
        for split in &info.splits {
            assert_eq!(info.file_names(split).len(), split.shard_lengths.len());
        }
    }
    if let Ok(features) = TfdsFeatures::parse(data) {
        let keys: Vec<_> = features.schema.fields.iter().map(|field| &field.key).collect();
        assert!(keys.is_sorted_by(|a, b| a < b), "keys are sorted and each there once: {keys:?}");
    }
    if let Ok(text) = str::from_utf8(data) {
        let names = class_names(text);
        assert_eq!(class_names(&names.join("\n")), names);
    }
}
