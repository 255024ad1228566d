//! `open`: access to any record of a data set by its number, at once and as often as one likes, as a training loop that shuffles
//! wants it. What is there is compared with what should be there when the data set is opened; no index is trusted when a record
//! is read.

mod choose;
mod compare;
mod content;
mod features;
mod json;
mod names;
mod places;
mod read;
mod sample;

use std::path::PathBuf;

pub use self::{
    content::{Content, Wanted},
    features::OpenedFeatures,
    names::RecordNames,
    read::Located,
};
use super::dataset::{DataSet, find};
use crate::{
    error::{At, Error, Printable, Result},
    pipeline::{Cancel, Progress},
    storage::{LocalStorage, Storage},
    tfrecord::Spans,
};

/// What to open.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct OpenOptions {
    /// A folder of shards, shards, or patterns: of one data set.
    pub paths: Vec<PathBuf>,
    /// The splits, in the order in which their records come; none if the data set has only one.
    pub splits: Vec<String>,
    /// Worker threads while it is opened; by default one for each core, and more where headers alone are read.
    pub threads: Option<usize>,
}

impl OpenOptions {
    /// The only split of what is in these paths.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, ..Self::default() }
    }
}

/// A data set whose records can be found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// What it is called.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// The splits that there are.
    pub splits: Vec<String>,
    /// The splits that were opened.
    pub chosen: Vec<String>,
    /// What its records hold.
    pub features: OpenedFeatures,
    /// The shards of the chosen splits, in order.
    pub shards: Vec<OpenedShard>,
    /// The number of the first record of each shard, and behind them that of all records.
    starts: Vec<u64>,
}

/// A shard whose records can be found.
#[derive(Debug)]
#[non_exhaustive]
pub struct OpenedShard {
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// Where its records are.
    pub spans: Spans,
}

/// Opens the chosen splits of a data set. Indexes beside the shards are used where there are some; the headers of other shards
/// are read. Nothing is written.
///
/// # Errors
/// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) for a shard that is missing, is not as long as the manifest or its index
/// say, has another number of records, or cannot be walked to its last byte; shards that are compressed; paths of no data set, or
/// of several; several splits of which none is chosen; [`ErrorKind::Io`](crate::ErrorKind::Io).
pub fn open(options: &OpenOptions, cancel: &Cancel, progress: &dyn Progress) -> Result<Opened> {
    let storage: &dyn Storage = &LocalStorage;
    progress.step("opening", None);
    let set = only_one(find(storage, &options.paths)?)?;
    if let Some(broken) = set.broken().next() {
        let file = broken.path().unwrap_or(&set.dir).to_owned();
        return Err(Error::damaged(broken.message()).with_hint("shardify validate tells more")).at(file);
    }
    let splits = choose::names(&set);
    let chosen = choose::chosen(&set, &splits, &options.splits)?;
    compare::missing(&set, &chosen)?;
    let expected = compare::Expected::new(&set)?;
    let paths: Vec<PathBuf> = choose::shards(&set, &chosen);
    compare::extra(&set, &expected, &paths)?;
    let shards = places::find(storage, &set, &expected, paths, options.threads, cancel)?;
    let features = features::of(storage, &set, &shards, cancel)?;
    let mut starts = vec![0];
    let mut records = 0;
    for shard in &shards {
        records += shard.spans.len();
        starts.push(records);
    }
    Ok(Opened { name: set.name(storage), dir: set.dir, splits, chosen, features, shards, starts })
}

/// The data set, if it is one.
fn only_one(mut sets: Vec<DataSet>) -> Result<DataSet> {
    match (sets.pop(), sets.is_empty()) {
        (Some(set), true) => Ok(set),
        (last, _) => {
            let dirs = sets.iter().chain(&last).map(|set| format!("`{}`", Printable(&set.dir)));
            let dirs = dirs.take(10).collect::<Vec<_>>().join(", ");
            Err(Error::inputs(format!("there are {} data sets: {dirs}", sets.len() + 1))
                .with_hint("open one of them, or join them with shardify reshard"))
        }
    }
}

impl Opened {
    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where a record is; `None` if there are not so many.
    #[must_use]
    pub fn locate(&self, record: u64) -> Option<Located> {
        let shard = self.starts.partition_point(|start| *start <= record).checked_sub(1)?;
        let number = record - self.starts.get(shard)?;
        let span = self.shards.get(shard)?.spans.get(crate::units::RecordIndex(number))?;
        Some(Located { shard, number, span })
    }

    /// The numbers of the records of a shard.
    #[must_use]
    pub fn records_of(&self, shard: usize) -> std::ops::Range<u64> {
        let at = |shard: usize| self.starts.get(shard).copied().unwrap_or_else(|| self.len());
        at(shard)..at(shard + 1)
    }

    /// The bytes that the places of records take in memory.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.shards.iter().map(|shard| shard.spans.weight()).sum()
    }
}
