//! What should be there: shards and their records, as the metadata or the names of the other shards say.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::DataSet;
use crate::{index::TfdsInfo, shard::ParsedName};

impl DataSet {
    /// The expected shards of the splits that are `wanted` which are not there: the place of the first of each set, and how
    /// many. Nothing is missing where only some files of a folder were named.
    pub(crate) fn missing_shards(&self, wanted: impl Fn(&str) -> bool) -> Vec<(PathBuf, u64)> {
        if !self.is_whole {
            return Vec::new();
        }
        let present: BTreeSet<&str> = self.shards().filter_map(|path| path.file_name()?.to_str()).collect();
        let of_manifest = self.manifest.get().map(|manifest| {
            let splits = manifest.splits.iter().filter(|split| wanted(&split.name));
            splits.flat_map(|split| &split.shards).map(|shard| shard.name.clone()).collect::<Vec<_>>()
        });
        let of_info = || {
            let info = self.info.get()?;
            let splits = info.splits.iter().filter(|split| wanted(&split.name));
            Some(splits.flat_map(|split| info.file_names(split)).collect::<Vec<_>>())
        };
        if let Some(expected) = of_manifest.or_else(of_info) {
            let gone: Vec<_> = expected.iter().filter(|name| !present.contains(name.as_str())).collect();
            let first = gone.first().and_then(|name| Path::new(name).file_name());
            return first.map(|name| (self.dir.join(name), gone.len() as u64)).into_iter().collect();
        }
        let mut of_sets = BTreeMap::new();
        for name in &present {
            let parsed = ParsedName::parse(name.as_ref());
            if let (Some(of), Some(index)) = (parsed.set(), parsed.index) {
                of_sets.entry(of).or_insert_with(|| (parsed, BTreeSet::new())).1.insert(index);
            }
        }
        let mut gone = Vec::new();
        for ((_, of, _), (name, indices)) in of_sets {
            let first = (0..of).find(|index| !indices.contains(index));
            if let Some(first) = first.and_then(|index| name.sibling(index)) {
                gone.push((self.dir.join(first), u64::from(of) - indices.len() as u64));
            }
        }
        gone
    }

    /// How many records a shard should have, as the metadata beside it say, by its file name.
    pub(crate) fn expected_records(&self) -> BTreeMap<String, u64> {
        if let Some(manifest) = self.manifest.get() {
            let shards = manifest.splits.iter().flat_map(|split| &split.shards);
            return shards.map(|shard| (shard.name.clone(), shard.records)).collect();
        }
        let of_splits = |info: &TfdsInfo| -> BTreeMap<String, u64> {
            let splits = info.splits.iter();
            splits
                .flat_map(|split| info.file_names(split).into_iter().zip(split.shard_lengths.iter().copied()))
                .collect()
        };
        self.info.get().map(of_splits).unwrap_or_default()
    }
}
