//! The shards that are read: which data sets they are of, and which split of the whole each belongs to.

use std::path::{Path, PathBuf};

use super::ReshardOptions;
use crate::{
    error::{At, Error, Printable, Result},
    ops::dataset::{DataSet, find},
    storage::{EntryKind, Storage},
};

/// Data sets that become one.
#[derive(Debug)]
pub(super) struct Inputs {
    /// The data sets, in the order in which they were named.
    pub(super) sets: Vec<DataSet>,
    /// The names of the splits; those of the same name are joined.
    pub(super) splits: Vec<String>,
    /// Every shard, split by split.
    pub(super) shards: Vec<PathBuf>,
    /// The split of each shard, as its number.
    pub(super) split_of: Vec<usize>,
    /// The data set of each shard, as its number.
    pub(super) set_of: Vec<usize>,
    /// Shards that should be there and are not: the first of each set, and how many.
    pub(super) missing: Vec<(PathBuf, u64)>,
}

impl Inputs {
    /// Finds the shards and leaves out those of splits that are not asked for.
    ///
    /// # Errors
    /// Those of [`find`]; a split that no input has.
    pub(super) fn find(options: &ReshardOptions, storage: &dyn Storage) -> Result<Self> {
        let mut sets = find(storage, &options.inputs)?;
        // Without them another data set would be made.
        sets.iter_mut().try_for_each(DataSet::check_read)?;
        let all: Vec<String> = sets.iter().flat_map(|set| &set.splits).map(|split| split.name.clone()).collect();
        if let Some(unknown) = options.only_splits.iter().find(|name| !all.contains(name)) {
            let mut names = Vec::new();
            all.into_iter().for_each(|name| {
                if !names.contains(&name) {
                    names.push(name)
                }
            });
            return Err(Error::options(format!(
                "--only-split names `{unknown}`, and the inputs have {}",
                names.join(", ")
            )));
        }
        let is_wanted = |name: &str| options.only_splits.is_empty() || options.only_splits.iter().any(|it| it == name);
        sets.iter_mut().for_each(|set| set.splits.retain(|split| is_wanted(&split.name)));
        // Before folders go of which every shard is gone.
        let missing = sets.iter().flat_map(|set| set.missing_shards(is_wanted)).collect();
        sets.retain(|set| !set.splits.is_empty());
        let mut splits: Vec<String> = Vec::new();
        let mut found: Vec<&str> = Vec::new();
        let mut shards: Vec<(usize, (usize, PathBuf))> = Vec::new();
        for (set, split) in sets.iter().enumerate().flat_map(|(at, set)| set.splits.iter().map(move |it| (at, it))) {
            let at = found.iter().position(|name| *name == split.name).unwrap_or_else(|| {
                found.push(&split.name);
                splits.push(split.writable());
                splits.len() - 1
            });
            shards.extend(split.shards.iter().map(|path| (at, (set, path.clone()))));
        }
        if let Some(twice) =
            splits.iter().enumerate().find_map(|(at, name)| splits.iter().take(at).find(|it| *it == name))
        {
            return Err(Error::inputs(format!("two splits would be called `{twice}`"))
                .with_hint("reshard the shards of one of them by themselves"));
        }
        if shards.is_empty() {
            return Err(Error::inputs("there is no shard to read").with_hint("name shards, or folders that hold some"));
        }
        // Stable: within a split the shards stay as they are.
        shards.sort_by_key(|(split, _)| *split);
        let (split_of, shards): (_, Vec<_>) = shards.into_iter().unzip();
        let (set_of, shards) = shards.into_iter().unzip();
        Ok(Self { sets, splits, shards, split_of, set_of, missing })
    }

    /// The folders that the output may not lie in.
    pub(super) fn folders(&self, options: &ReshardOptions) -> Vec<PathBuf> {
        let whole = self.sets.iter().filter(|set| set.is_whole).map(|set| set.dir.clone());
        options.inputs.iter().cloned().chain(whole).collect()
    }

    /// Refuses an output folder that holds an input: what `--overwrite` removes there may be a shard that is read.
    ///
    /// # Errors
    /// [`ErrorKind::Output`](crate::ErrorKind::Output).
    pub(super) fn refuse_below(&self, out: &Path, storage: &dyn Storage) -> Result<()> {
        if storage.stat(out).ok().flatten() != Some(EntryKind::Dir) {
            return Ok(());
        }
        let out_path = storage.canonical(out)?;
        let is_in =
            |set: &DataSet| set.is_whole && storage.canonical(&set.dir).is_ok_and(|dir| out_path.starts_with(dir));
        if self.sets.iter().any(is_in) {
            // Refused too, and by a better name, where the folders are looked at.
            return Ok(());
        }
        for shard in &self.shards {
            // A link counts where it stands and where it leads to.
            let folder = shard.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let places = [storage.canonical(folder), storage.canonical(shard)];
            if places.into_iter().flatten().any(|place| place.starts_with(&out_path)) {
                return Err(Error::output(format!("the input {} lies in the output folder", Printable(shard)))
                    .with_hint("choose an output folder that holds no inputs"))
                .at(out);
            }
        }
        Ok(())
    }
}
