//! What a repair would do: found out by reading, and carried out by [`RepairPlan::apply`].

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    RepairOptions,
    describe::Meaning,
    inputs::{self, Inputs},
    lost::{self, Lost},
};
use crate::{
    error::{At, Error, Printable, Result},
    ops::{
        dataset::{DataSet, SplitShards},
        other_kind::other_kind,
        publish::threads,
    },
    pipeline::{Cancel, FieldStats, Fields, Progress, Scan, ScannedShard},
    shard::MAX_MAX_SHARD,
    source::Spool,
    storage::{LocalStorage, Storage},
    tfrecord::{Compression, Spans},
    units::{ByteSize, Count},
};

/// What can be saved, what is lost, and what will be written.
#[derive(Debug)]
#[non_exhaustive]
pub struct RepairPlan {
    /// The folder that will be written to.
    pub out: PathBuf,
    /// The name of the data set.
    pub name: String,
    /// How the shards will be compressed.
    pub compression: Compression,
    /// The cap of a shard.
    pub max_shard: ByteSize,
    /// The splits.
    pub splits: Vec<RepairSplit>,
    /// Shards that should be there and are not.
    pub missing: Vec<Lost>,
    /// Intact records that are neither Example nor SequenceExample: they are kept.
    pub strange: u64,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// How long looking took.
    pub elapsed: Duration,
    pub(super) options: RepairOptions,
    pub(super) meaning: Meaning,
}

/// One split.
#[derive(Debug)]
#[non_exhaustive]
pub struct RepairSplit {
    /// Its name in the output.
    pub name: String,
    /// The shards that it is made of, in order.
    pub shards: Vec<RepairShard>,
    /// What its intact records hold.
    pub(super) stats: FieldStats,
}

/// One shard of the input.
#[derive(Debug)]
#[non_exhaustive]
pub struct RepairShard {
    /// Where it is.
    pub path: PathBuf,
    /// The bytes of the file.
    pub bytes: u64,
    /// How it is compressed.
    pub compression: Compression,
    /// What is damaged, in its order.
    pub lost: Vec<Lost>,
    pub(super) intact: Spans,
}

impl RepairShard {
    /// The records that can be saved.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.intact.len()
    }
}

impl RepairSplit {
    /// The records that can be saved.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.shards.iter().map(RepairShard::records).sum()
    }
}

impl RepairPlan {
    /// The shards of all splits.
    pub fn shards(&self) -> impl Iterator<Item = &RepairShard> {
        self.splits.iter().flat_map(|split| &split.shards)
    }

    /// Everything that is lost, in the order of the shards.
    pub fn lost(&self) -> impl Iterator<Item = &Lost> {
        self.shards().flat_map(|shard| &shard.lost).chain(&self.missing)
    }

    /// The records that can be saved.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.splits.iter().map(RepairSplit::records).sum()
    }

    /// The records that are lost, as far as they can be counted: a stretch without any header counts as one.
    #[must_use]
    pub fn lost_records(&self) -> u64 {
        self.lost().fold(0, |all, lost| all.saturating_add(lost.records))
    }

    /// The bytes in damaged places.
    #[must_use]
    pub fn lost_bytes(&self) -> u64 {
        self.lost().filter_map(|lost| lost.bytes).fold(0, u64::saturating_add)
    }

    /// Whether there is anything to repair.
    #[must_use]
    pub fn has_damage(&self) -> bool {
        self.lost().next().is_some()
    }
}

/// Looks for what is intact in every shard. Nothing is written but scratch files for damaged compressed shards, in the
/// system's place for these; `progress` is told what happens, and `cancel` stops it.
///
/// # Errors
/// Inputs that are no shards of one data set, or cannot be read; options or an output folder that do not fit;
/// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted). Damage is no error, even if nothing is intact.
pub fn plan_repair(options: &RepairOptions, cancel: &Cancel, progress: &dyn Progress) -> Result<RepairPlan> {
    let started = Instant::now();
    let storage = &LocalStorage;
    let inputs = inputs::find(options, storage)?;
    let warnings = inputs.sets.iter().flat_map(warnings).collect();
    progress.step("looking at shards", None);
    let splits = look(options, storage, &inputs, cancel, progress)?;
    let mut stats = FieldStats::default();
    for split in &splits {
        stats.join(split.stats.clone(), 0);
    }
    let missing = inputs.sets.iter().flat_map(|set| set.missing_shards(|_| true));
    Ok(RepairPlan {
        out: options.out.clone(),
        name: inputs.name.clone(),
        compression: options.compression.unwrap_or_else(|| compression_of(&splits)),
        max_shard: options.max_shard.unwrap_or(MAX_MAX_SHARD),
        splits,
        missing: missing.map(|(first, shards)| Lost::missing_shards(&first, shards)).collect(),
        strange: stats.malformed,
        warnings,
        elapsed: started.elapsed(),
        options: options.clone(),
        meaning: Meaning::of(&inputs, &stats, storage)?,
    })
}

/// The folder and the file name of a shard.
fn key(path: &Path) -> (PathBuf, String) {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    (dir.to_path_buf(), path.file_name().unwrap_or_default().to_string_lossy().into_owned())
}

/// Reads every shard. What is known of the records is joined at once: it may be large.
fn look(
    options: &RepairOptions,
    storage: &dyn Storage,
    inputs: &Inputs,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Vec<RepairSplit>> {
    let expected: BTreeMap<(PathBuf, String), u64> = inputs
        .sets
        .iter()
        .flat_map(|set| set.expected_records().into_iter().map(|(name, it)| ((set.dir.clone(), name), it)))
        .collect();
    let shards: Vec<PathBuf> = inputs.splits.iter().flat_map(|split| split.shards.iter().cloned()).collect();
    let split_of = inputs.splits.iter().enumerate().flat_map(|(at, split)| split.shards.iter().map(move |_| at));
    let split_of: Vec<usize> = split_of.collect();
    let empty = |split: &SplitShards| RepairSplit {
        name: split.name.clone(),
        shards: Vec::new(),
        stats: FieldStats::default(),
    };
    let mut splits: Vec<RepairSplit> = inputs.splits.iter().map(empty).collect();
    let spool = Spool::temporary().watch(|_| cancel.check());
    let scan = Scan {
        shards: &shards,
        storage,
        threads: threads(options.threads),
        file_crc: false,
        spool: &spool,
        cancel,
        progress,
    };
    scan.run(&Fields::default(), |at, shard| {
        // What cannot be read is not known to be damaged: going on without it would lose what may be whole.
        let advice = "a shard that cannot be read cannot be repaired: see to it, or name the other shards only";
        let shard = shard.map_err(|error| if error.hint().is_some() { error } else { error.with_hint(advice) })?;
        let split = split_of.get(at).and_then(|split| splits.get_mut(*split));
        if let (Some(split), Some(path)) = (split, shards.get(at)) {
            let other = other_kind(storage, path, &shard)?;
            let lost = lost::of_shard(path, &shard, other.as_ref(), expected.get(&key(path)).copied());
            let is_shard = other.is_none();
            let ScannedShard { bytes, compression, intact, part, .. } = shard;
            let (intact, part) = if is_shard { (intact, part) } else { Default::default() };
            split.stats.join(part, 0);
            split.shards.push(RepairShard { path: path.clone(), bytes, compression, lost, intact });
        }
        Ok(())
    })?;
    Ok(splits)
}

/// gzip for what is compressed throughout: one data set has one compression, and every reader reads plain shards.
fn compression_of(splits: &[RepairSplit]) -> Compression {
    let shards = || splits.iter().flat_map(|split| &split.shards).filter(|shard| shard.bytes > 0);
    let all = shards().next().is_some() && shards().all(|shard| shard.compression != Compression::None);
    if all { Compression::Gzip } else { Compression::None }
}

/// What stands beside the shards and cannot be used.
fn warnings(set: &DataSet) -> Vec<String> {
    let unread = set.broken().map(|error| format!("{error}; the repair goes on without it"));
    let left = set.leftovers.iter().map(|path| {
        format!("{} is left over from an interrupted run: what is in it is not looked at", Printable(path))
    });
    unread.chain(left).collect()
}

impl RepairPlan {
    /// Why there is nothing to be done, if no record is intact.
    pub(super) fn nothing_to_save(&self) -> Error {
        let mut shards = self.shards();
        let error = match (shards.next(), shards.next()) {
            (Some(only), None) => {
                let why = only.lost.first().map_or("it holds no record".to_owned(), |lost| match lost.kind {
                    "not-tfrecord" => lost.message.clone(),
                    _ => format!("it holds no intact record ({})", lost.describe()),
                });
                Err::<(), _>(Error::damaged(why)).at(&only.path).err()
            }
            _ => None,
        };
        let many = || {
            let shards = Count(self.shards().count() as u64);
            Error::damaged(format!("none of the {shards} shards holds an intact record"))
        };
        error.unwrap_or_else(many).with_hint("nothing can be saved here: look for another copy")
    }
}
