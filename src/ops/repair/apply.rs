//! Carrying out a plan: copy, name, publish.

use std::{sync::atomic::AtomicU64, time::Instant};

use super::{
    copy::{Copying, copy_split, policy},
    inputs::target,
    lost,
    plan::RepairPlan,
    report::{RepairOutcome, RepairReport},
};
use crate::{
    error::Result,
    index::{FORMAT_VERSION, Manifest},
    ops::publish::{
        CountRead, Digest, Fingerprint, LOST_NAME, Output, StagedSplit, TOOL, name_shards, names_to_write, publish,
    },
    pipeline::{Cancel, Progress},
    source::Spool,
    storage::{LocalStorage, Storage},
};

impl RepairPlan {
    /// Copies every intact record into a clean data set. `progress` is told what happens, and `cancel` stops the run soon;
    /// finished shards are then kept for [`Existing::Resume`](crate::Existing::Resume).
    ///
    /// # Errors
    /// No record is intact; a shard changed since it was looked at; an output folder that does not fit;
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted).
    pub fn apply(&self, cancel: &Cancel, progress: &dyn Progress) -> Result<RepairReport> {
        let started = Instant::now();
        let storage = &LocalStorage;
        if self.records() == 0 {
            return Err(self.nothing_to_save());
        }
        let output = Output::open(&target(&self.options), storage)?;
        let outcome = run(self, storage, &output, cancel, progress, started);
        output.end(storage, outcome)
    }

    fn fingerprint(&self, storage: &dyn Storage) -> Result<Fingerprint> {
        let mut digest = Digest::default();
        let (mut stamp, mut newest) = (Vec::new(), 0);
        for split in &self.splits {
            digest.put(split.name.as_bytes());
            for shard in &split.shards {
                let modified = storage.modified(&shard.path)?;
                newest = newest.max(modified);
                stamp.push(format!("{} {modified}", shard.path.display()));
                let name = shard.path.file_name().unwrap_or_default();
                digest.put(name.as_encoded_bytes());
                for number in [shard.bytes, shard.records(), shard.intact.end().0, shard.lost.len() as u64] {
                    digest.put(&number.to_le_bytes());
                }
            }
        }
        Ok(Fingerprint {
            tool: TOOL.to_owned(),
            options: self.options.recorded(&self.name),
            inputs: self.shards().count() as u64,
            inputs_sha256: digest.finish(),
            stamp,
            newest,
            batch_len: 0,
        })
    }

    /// The names, or their beginnings up to a dash, that will appear in the output folder.
    fn output_names(&self) -> Vec<String> {
        let splits = self.splits.iter().map(|split| split.name.as_str());
        let mut names = names_to_write(&self.name, splits, self.compression);
        names.push(LOST_NAME.to_owned());
        names.extend(self.meaning.label_files());
        names
    }
}

fn run(
    plan: &RepairPlan,
    storage: &dyn Storage,
    output: &Output,
    cancel: &Cancel,
    progress: &dyn Progress,
    started: Instant,
) -> Result<RepairReport> {
    let mut fingerprint = plan.fingerprint(storage)?;
    if let Some(manifest) = output.begin(storage, &mut fingerprint, &plan.output_names())? {
        let outcome = if output.published { RepairOutcome::Resumed } else { RepairOutcome::NothingToDo };
        let resumed_shards = manifest.splits.iter().map(|split| split.shards.len() as u64).sum();
        return Ok(RepairReport { resumed_shards, ..RepairReport::new(plan, outcome, manifest, started) });
    }
    let read = AtomicU64::new(0);
    let watch = CountRead { inner: progress, read: &read };
    let spool = Spool::new(output.work.dir()).watch(|_| cancel.check());
    progress.step("repairing", Some(plan.records()));
    let copying = Copying { plan, storage, output, spool: &spool, cancel, progress: &watch };
    let mut staged = Vec::new();
    let mut resumed_shards = 0;
    // A split of which nothing is left disappears, as its shards do.
    for split in plan.splits.iter().filter(|split| split.records() > 0) {
        let done =
            output.work.finished(storage, &split.name, split.records(), &policy(split, plan), plan.compression)?;
        resumed_shards += done.len() as u64;
        let entries = copy_split(&copying, split, done)?;
        staged.push(StagedSplit { name: &split.name, positions: split.records(), entries, trailing: Vec::new() });
    }
    cancel.check()?;
    progress.step("publishing", None);
    let manifest = finish(plan, storage, output, fingerprint, staged)?;
    let report = RepairReport::new(plan, RepairOutcome::Done, manifest, started);
    Ok(RepairReport { bytes_read: read.into_inner(), resumed_shards, ..report })
}

/// Names everything, writes what stands beside the shards, and publishes.
fn finish(
    plan: &RepairPlan,
    storage: &dyn Storage,
    output: &Output,
    fingerprint: Fingerprint,
    staged: Vec<StagedSplit<'_>>,
) -> Result<Manifest> {
    let meaning = &plan.meaning;
    let mut named = name_shards(&output.work, &plan.name, plan.compression, 0, staged)?;
    for split in &mut named.splits {
        let planned = plan.splits.iter().find(|planned| planned.name == split.name);
        split.class_counts = planned.map(|planned| meaning.class_counts(&planned.stats)).unwrap_or_default();
    }
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        tool: TOOL.to_owned(),
        name: plan.name.clone(),
        compression: plan.compression,
        adopted: false,
        seed: 0,
        inputs_sha256: fingerprint.inputs_sha256,
        options: fingerprint.options,
        class_names: meaning.of.class_names.clone(),
        label_offset: meaning.of.label_offset,
        schema: meaning.of.schema.clone(),
        supervised_keys: meaning.of.supervised_keys.clone(),
        splits: named.splits,
        files: Vec::new(),
        skipped: 0,
    };
    let mut files = meaning.tfds_files(&manifest, &named.payload_bytes);
    if plan.has_damage() {
        files.push((LOST_NAME.to_owned(), lost::lines(plan.lost())?));
    }
    publish(storage, output, named.moves, files, &[], manifest)
}
