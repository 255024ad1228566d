//! The one data set that a repair is of, and the folders that it may not be written to.

use std::path::PathBuf;

use super::RepairOptions;
use crate::{
    error::{At, Error, Printable, Result},
    ops::{
        dataset::{self, DataSet, SplitShards},
        publish::{self, Target, Words},
    },
    shard::{ParsedName, dataset_name},
    storage::Storage,
};

/// The shards to be looked at.
#[derive(Debug)]
pub(super) struct Inputs {
    /// The name of what is made of them.
    pub(super) name: String,
    /// Its splits, under names that can be written.
    pub(super) splits: Vec<SplitShards>,
    /// The folders that they are in.
    pub(super) sets: Vec<DataSet>,
}

/// Where a repair writes.
pub(super) fn target(options: &RepairOptions) -> Target<'_> {
    Target {
        out: &options.out,
        existing: options.existing,
        inputs: &options.inputs,
        words: Words { stamped: "a shard", elsewhere: "another output folder or --name" },
    }
}

/// Finds the shards and decides what the output will be called.
///
/// # Errors
/// Paths that hold no shard, or several data sets; an output folder that cannot be used.
pub(super) fn find(options: &RepairOptions, storage: &dyn Storage) -> Result<Inputs> {
    options.check()?;
    let mut sets = dataset::find(storage, &options.inputs)?;
    let first_dir = sets.first().map(|set| set.dir.clone()).unwrap_or_default();
    sets.retain(|set| set.shards().next().is_some());
    if sets.is_empty() {
        return Err(Error::inputs("there are no shards in this folder")).at(first_dir);
    }
    refuse_own_folder(options, storage, &sets)?;
    publish::check(&target(options), storage)?;
    let mut splits: Vec<SplitShards> = sets.iter().flat_map(|set| set.splits.iter().cloned()).collect();
    for split in &mut splits {
        split.name = split.writable();
    }
    let found = name_of(&sets, &splits, storage)?;
    Ok(Inputs { name: options.name.clone().unwrap_or(found), splits, sets })
}

/// A shard may not lie where the output goes, nor be a link to there: it would be mixed with what is written, and replaced the
/// next time. That the output is not inside of a folder that is named, [`publish::check`] sees to.
fn refuse_own_folder(options: &RepairOptions, storage: &dyn Storage, sets: &[DataSet]) -> Result<()> {
    if storage.stat(&options.out)?.is_none() {
        return Ok(());
    }
    let out = storage.canonical(&options.out)?;
    for set in sets {
        // The folder itself, and the files where links lead.
        let folder = storage.canonical(&set.dir)?;
        if set.is_whole && out.starts_with(&folder) {
            continue;
        }
        for shard in set.shards() {
            let leads_into = storage.canonical(shard).is_ok_and(|file| file.starts_with(&out));
            if folder.starts_with(&out) || leads_into {
                return Err(Error::output(format!("the output folder holds the input {}", Printable(shard)))
                    .with_hint("choose a new folder: the damaged shards stay as they are"))
                .at(&options.out);
            }
        }
    }
    Ok(())
}

/// The name of the data set that all of these folders make up: one folder, or one for each split beside one another.
fn name_of(sets: &[DataSet], splits: &[SplitShards], storage: &dyn Storage) -> Result<String> {
    if let [set] = sets {
        distinct(splits)?;
        return Ok(set.name(storage));
    }
    let parent = |set: &DataSet| Some(storage.canonical(&set.dir).ok()?.parent()?.to_path_buf());
    let parents: Vec<Option<PathBuf>> = sets.iter().map(parent).collect();
    let are_beside = parents.windows(2).all(|pair| matches!(pair, [Some(a), Some(b)] if a == b));
    let describe_themselves = sets.iter().any(|set| set.manifest.get().is_some() || set.info.get().is_some());
    if !are_beside || describe_themselves || distinct(splits).is_err() {
        let dirs: Vec<String> = sets.iter().take(3).map(|set| Printable(&set.dir).to_string()).collect();
        let more = if sets.len() > dirs.len() { ", ..." } else { "" };
        return Err(Error::inputs(format!("these are {} data sets: {}{more}", sets.len(), dirs.join(", "))).with_hint(
            "repair them one by one, each to a folder of its own; folders count as one data set if each holds a split \
                 of its own, as in DIR/train and DIR/validation",
        ));
    }
    let first = sets.first().and_then(|set| set.shards().next()).and_then(|path| path.file_name());
    let folder = parents.into_iter().flatten().next().unwrap_or_default();
    let folder = folder.file_name().unwrap_or_default().to_string_lossy();
    Ok(dataset_name(first.and_then(|name| ParsedName::parse(name).dataset).unwrap_or(&folder)))
}

fn distinct(splits: &[SplitShards]) -> Result<()> {
    for (at, split) in splits.iter().enumerate() {
        if splits.iter().skip(at + 1).any(|other| other.name == split.name) {
            return Err(Error::inputs(format!("two splits would be called `{}`", split.name))
                .with_hint("repair the shards of one of them by themselves"));
        }
    }
    Ok(())
}
