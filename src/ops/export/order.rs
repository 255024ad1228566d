//! The order of the rows: that of the arrays which `convert` was given, where the manifest tells it.

use serde_json::Value;

use super::Shard;
use crate::{index::Manifest, ops::dataset::DataSet, shard::Permutation};

/// Where in the array the record at a position of its split goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowOrder {
    /// As the shards have it.
    AsStored,
    /// Back to where it came from.
    Original(Permutation),
}

impl RowOrder {
    /// The row of a position.
    pub(super) fn row(&self, position: u64) -> u64 {
        match self {
            Self::AsStored => position,
            Self::Original(permutation) => permutation.item(position),
        }
    }
}

/// The order of a split, and why it is not the original one where `convert` shuffled.
pub(super) fn of_split(set: &DataSet, split: &str, shards: &[&Shard], rows: u64) -> (RowOrder, Option<String>) {
    let Some(manifest) = set.manifest.get().filter(|manifest| was_shuffled(manifest)) else {
        return (RowOrder::AsStored, None);
    };
    match obstacle(manifest, split, shards) {
        None => (RowOrder::Original(Permutation::new(rows, manifest.seed, split)), None),
        Some(why) => {
            let note = format!("the rows of `{split}` are in the order of the shards, which is a shuffled one: {why}");
            (RowOrder::AsStored, Some(note))
        }
    }
}

/// Whether `convert` wrote the shards, shuffled.
fn was_shuffled(manifest: &Manifest) -> bool {
    let says = |key: &str, value: &Value| manifest.options.get(key) == Some(value);
    // Only `convert` has transforms and further arrays among its options.
    let is_of_convert = ["transform", "arrays"].iter().all(|key| manifest.options.contains_key(*key));
    !manifest.adopted && is_of_convert && says("shuffle", &Value::Bool(true))
}

/// Why the original order cannot be told.
fn obstacle(manifest: &Manifest, split: &str, shards: &[&Shard]) -> Option<String> {
    if manifest.options.get("split").is_some_and(|ratios| !ratios.is_null()) {
        return Some("the splits were drawn from one array".to_owned());
    }
    if manifest.skipped > 0 {
        return Some("inputs were left out when they were written".to_owned());
    }
    let known = manifest.splits.iter().find(|known| known.name == split)?;
    let is_as_written = |(shard, known): (&&Shard, &crate::index::ManifestShard)| {
        let name = shard.path.file_name().and_then(|name| name.to_str());
        let crc = shard.crc32.map(|crc| format!("{crc:08x}"));
        shard.is_whole
            && name == Some(&known.name)
            && crc.as_ref() == Some(&known.crc32)
            && shard.good() == known.records
    };
    let all = shards.len() == known.shards.len() && shards.iter().zip(&known.shards).all(is_as_written);
    (!all).then(|| "they are not all the shards that the manifest names, as it names them".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_back() {
        let permutation = Permutation::new(10, 1, "train");
        let order = RowOrder::Original(permutation);
        let mut rows: Vec<u64> = (0..10).map(|position| order.row(position)).collect();
        assert_eq!(rows[3], permutation.item(3));
        rows.sort_unstable();
        assert!(rows.into_iter().eq(0..10));
    }
}
