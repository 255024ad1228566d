//! Which split a shard belongs to, and in what order shards come.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{DataSet, SplitShards};
use crate::{
    index::{Manifest, TfdsInfo},
    shard::{ParsedName, dataset_name},
    storage::Storage,
};

/// The split of shards that name none.
const ONLY_SPLIT: &str = "train";

/// Sorts the shards of a folder into splits: by the manifest, by TFDS's metadata, by their names, by the name of the folder.
pub(super) fn sort(
    dir: &Path,
    shards: Vec<PathBuf>,
    manifest: Option<&Manifest>,
    info: Option<&TfdsInfo>,
) -> Vec<SplitShards> {
    let mut known: BTreeMap<String, (usize, usize, &str)> = BTreeMap::new();
    for (at, split) in info.iter().flat_map(|info| info.splits.iter().map(move |split| (*info, split))).enumerate() {
        let (info, split) = split;
        let names = info.file_names(split).into_iter().enumerate();
        known.extend(names.map(|(index, name)| (name, (at, index, split.name.as_str()))));
    }
    for (at, split) in manifest.iter().flat_map(|manifest| &manifest.splits).enumerate() {
        let names = split.shards.iter().enumerate();
        known.extend(names.map(|(index, shard)| (shard.name.clone(), (at, index, split.name.as_str()))));
    }
    let mut ranks: BTreeMap<&str, usize> = BTreeMap::new();
    for (rank, _, split) in known.values() {
        ranks.entry(*split).or_insert(*rank);
    }
    let folder = dir.file_name().unwrap_or_default();
    let of_folder = ParsedName::parse(folder).split.map(str::to_owned);
    let mut sorted: BTreeMap<(usize, String), Vec<(usize, PathBuf)>> = BTreeMap::new();
    for path in shards {
        let name = path.file_name().unwrap_or_default();
        let parsed = ParsedName::parse(name);
        let (rank, index, split) = match name.to_str().and_then(|name| known.get(name)) {
            Some((rank, index, split)) => (*rank, *index, (*split).to_owned()),
            None => {
                let split = parsed.split.or(of_folder.as_deref()).unwrap_or(ONLY_SPLIT);
                // Behind those of the same split that are known.
                let rank = ranks.get(split).copied().unwrap_or(known.len() + usual(split));
                (rank, parsed.index.map_or(usize::MAX, |index| index as usize), split.to_owned())
            }
        };
        sorted.entry((rank, split)).or_default().push((index, path));
    }
    let in_order = |((_, name), mut shards): ((usize, String), Vec<(usize, PathBuf)>)| {
        shards.sort();
        SplitShards { name, shards: shards.into_iter().map(|(_, path)| path).collect() }
    };
    sorted.into_iter().map(in_order).collect()
}

/// The usual order of splits; others follow by name.
fn usual(split: &str) -> usize {
    match split.to_ascii_lowercase().as_str() {
        "train" | "training" => 0,
        "val" | "valid" | "validation" | "dev" => 1,
        "test" | "testing" | "eval" => 2,
        _ => 3,
    }
}

/// What a data set is called.
pub(super) fn name_of(set: &DataSet, storage: &dyn Storage) -> String {
    let of_metadata = set.manifest.get().map(|manifest| manifest.name.clone());
    let of_metadata = of_metadata.or_else(|| set.info.get().map(|info| info.name.clone()));
    if let Some(name) = of_metadata.filter(|name| !name.is_empty()) {
        return dataset_name(&name);
    }
    let first = set.shards().next().and_then(|path| path.file_name());
    match first.and_then(|name| ParsedName::parse(name).dataset) {
        Some(dataset) => dataset_name(dataset),
        None => {
            let dir = storage.canonical(&set.dir).unwrap_or_else(|_| set.dir.clone());
            dataset_name(&dir.file_name().unwrap_or_default().to_string_lossy())
        }
    }
}
