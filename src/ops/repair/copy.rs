//! Copying the intact records of one split, shard after shard.

use std::{ffi::OsString, ops::Range, path::PathBuf};

use super::plan::{RepairPlan, RepairShard, RepairSplit};
use crate::{
    error::Result,
    ops::publish::{Output, WINDOW, threads},
    pipeline::{
        Batch, Bounds, Cancel, OnError, Progress, RangeJob, RecordSource, ShardEntry, ShardInput, ShardRecords,
        run_range,
    },
    shard::{Cut, Order, ShardPolicy},
    source::{ShardFile, Spool},
    storage::Storage,
    tfrecord::Compression,
};

/// What copying needs beside the split.
#[derive(Clone, Copy)]
pub(super) struct Copying<'a> {
    pub(super) plan: &'a RepairPlan,
    pub(super) storage: &'a dyn Storage,
    pub(super) output: &'a Output,
    /// Where compressed shards are unpacked.
    pub(super) spool: &'a Spool<'a>,
    pub(super) cancel: &'a Cancel,
    pub(super) progress: &'a dyn Progress,
}

/// Shards that are copied in one go, and the positions of their records in the split.
struct Group<'a> {
    shards: &'a [RepairShard],
    positions: Range<u64>,
}

/// Makes the shards of a split that are not `done` yet. Returns all of them.
pub(super) fn copy_split(copying: &Copying<'_>, split: &RepairSplit, done: Vec<ShardEntry>) -> Result<Vec<ShardEntry>> {
    let Copying { plan, storage, output, cancel, progress, .. } = *copying;
    let policy = policy(split, plan);
    let start = done.last().map_or(0, |entry| entry.next);
    progress.resumed(start);
    let mut entries = done;
    for group in groups(&split.shards) {
        let range = group.positions.start.max(start)..group.positions.end;
        if range.is_empty() {
            continue;
        }
        let job = RangeJob {
            split: &split.name,
            all: split.records(),
            range,
            first_shard: u32::try_from(entries.len()).unwrap_or(u32::MAX),
            policy: &policy,
            compression: plan.compression,
            on_error: OnError::Stop,
            bounds: Bounds { threads: threads(plan.options.threads), budget: WINDOW },
        };
        // A compressed shard is copied alone, so that no more than one lies about unpacked.
        let unpacked = match group.shards {
            [shard] if shard.compression != Compression::None => {
                Some(ShardFile::open(storage, &shard.path)?.unpack(copying.spool)?)
            }
            _ => None,
        };
        let file = |shard: &RepairShard| unpacked.as_ref().map_or(shard.path.clone(), |file| file.path().to_path_buf());
        let inputs: Vec<ShardInput> = group.shards.iter().map(|shard| input(shard, file(shard))).collect();
        let records = group.positions.end - group.positions.start;
        let order = Order::Run(0..records);
        let records = ShardRecords::new(storage, &inputs, &order, &[], plan.max_shard);
        let source = From { first: group.positions.start, records };
        // Nothing is left out here: what cannot be read ends the run.
        let (new, _) = run_range(&job, &source, &output.work, storage, cancel, progress)?;
        entries.extend(new);
    }
    Ok(entries)
}

fn input(shard: &RepairShard, file: PathBuf) -> ShardInput {
    let damaged = shard.lost.iter().filter_map(|lost| lost.record).collect();
    ShardInput { path: shard.path.clone(), file, records: shard.intact.clone(), damaged }
}

/// Each shard of the input begins one of the output.
pub(super) fn policy(split: &RepairSplit, plan: &RepairPlan) -> ShardPolicy {
    let mut position = 0;
    let mut borders = Vec::new();
    for shard in split.shards.iter().filter(|shard| shard.records() > 0) {
        borders.push(position);
        position += shard.records();
    }
    ShardPolicy { max_bytes: plan.max_shard, cut: Cut::At(borders) }
}

/// Divides shards into compressed ones and runs of plain ones.
fn groups(shards: &[RepairShard]) -> Vec<Group<'_>> {
    let mut position = 0;
    let is_plain = |shard: &RepairShard| shard.compression == Compression::None;
    let runs = shards.chunk_by(|a, b| is_plain(a) && is_plain(b));
    let group = |shards| {
        let start = position;
        position += <[RepairShard]>::iter(shards).map(RepairShard::records).sum::<u64>();
        Group { shards, positions: start..position }
    };
    runs.map(group).collect()
}

/// The records of a group, by their positions in the split.
struct From<'a> {
    first: u64,
    records: ShardRecords<'a>,
}

impl RecordSource for From<'_> {
    type Scratch = ();

    fn scratch(&self) {}

    fn batch_len(&self) -> u64 {
        self.records.batch_len()
    }

    fn fill(&self, positions: Range<u64>, (): &mut (), batch: &mut Batch) {
        self.records.fill(positions.start - self.first..positions.end - self.first, &mut (), batch);
        for piece in &mut batch.pieces {
            piece.position += self.first;
        }
        for failed in &mut batch.failed {
            failed.position += self.first;
        }
    }

    fn describe(&self, position: u64) -> (OsString, Option<String>) {
        self.records.describe(position - self.first)
    }
}
