//! What every verb that writes a data set has in common: the output folder with its lock, what of an earlier run may be
//! used or replaced, names of shards, and publication with the manifest last.
//!
//! ```text
//! Output::open    checks the folder, takes the lock, finishes a publication when resuming
//! Output::begin   compares the plan with that of an earlier run
//! ...             shards are staged in Output::work
//! name_shards     staged shards get their final names
//! publish         everything appears, the manifest last
//! Output::end     removes what was only needed for the work, or leaves it for the next run
//! ```

mod commit;
mod count_read;
mod fingerprint;
mod finish;
mod folder;
mod output;
mod owned;
mod ratios;
mod shards;

use std::path::{Path, PathBuf};

pub use shards::ShardCounts;

pub(crate) use self::{
    count_read::CountRead,
    fingerprint::{Digest, Fingerprint},
    finish::{StagedSplit, name_shards, names_to_write, publish},
    folder::check,
    output::{Output, WORK_NAME},
    owned::INDEX_NAME,
    shards::{cap, check_cap, check_written, policies},
};

/// The program that writes, as manifests name it.
#[cfg(not(feature = "turbojpeg"))]
pub(crate) const TOOL: &str = concat!("shardify ", env!("CARGO_PKG_VERSION"));
/// The program that writes, as manifests name it: with another encoder it writes other bytes.
#[cfg(feature = "turbojpeg")]
pub(crate) const TOOL: &str = concat!("shardify ", env!("CARGO_PKG_VERSION"), " (turbojpeg)");

/// Bytes of finished records that may wait for the writer.
pub(crate) const WINDOW: u64 = 32 << 20;

/// The list of inputs that were left out.
pub(crate) const FAILURES_NAME: &str = "failures.jsonl";

/// The list of what a repair could not save.
pub(crate) const LOST_NAME: &str = "lost.jsonl";

/// What to do with an output folder that is not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// Refuse it.
    #[default]
    Refuse,
    /// Go on where an interrupted run of the same command stopped; start if there was none.
    Resume,
    /// Replace what an earlier run wrote, and nothing else.
    Overwrite,
}

/// Where to write, and what to mind there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The output folder.
    pub(crate) out: &'a Path,
    /// What to do if it is not empty.
    pub(crate) existing: Existing,
    /// The inputs: the output may not lie inside those that are folders.
    pub(crate) inputs: &'a [PathBuf],
    /// How messages speak of this verb.
    pub(crate) words: Words,
}

/// What differs from verb to verb in messages about the output folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    /// What the stamp of a [`Fingerprint`] is of, as in `an array file`.
    pub(crate) stamped: &'static str,
    /// What to choose where a name is taken, as in `another output folder or --name`.
    pub(crate) elsewhere: &'static str,
}

/// Worker threads: as many as asked for, or one for each core.
pub(crate) fn threads(asked: Option<usize>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    asked.unwrap_or_else(cores).clamp(1, 1024)
}
