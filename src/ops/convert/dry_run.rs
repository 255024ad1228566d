//! What a conversion would do, without writing anything.

use std::{
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use rayon::prelude::*;

use super::{ConvertOptions, Plan, Source, WithSource, inputs::Inputs, target, with_source};
use crate::{
    error::{At, Error, Result},
    ops::publish::{self, threads},
    pipeline::{Batch, Cancel, Progress, RecordSource},
    shard::{Cut, MAX_SHARDS},
    source::{Listing, MemoryArrays, Spool},
    storage::{LocalStorage, Storage},
    tfrecord::Compression,
    transform::{DETECT_BYTES, Detected, TransformSpec, Transformer, detect},
    units::{ByteSize, Count},
};

/// Records that are really made, to learn how large they become.
const SAMPLES: u64 = 64;
/// Problems that are listed; more are counted.
const LISTED: usize = 20;

/// What a conversion would read and write.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DryRun {
    /// The name of the data set.
    pub name: String,
    /// How many inputs there are.
    pub inputs: u64,
    /// Their bytes, where they are files.
    pub input_bytes: ByteSize,
    /// The class names.
    pub class_names: Vec<String>,
    /// The splits.
    pub splits: Vec<DrySplit>,
    /// The cap of a shard.
    pub max_shard: ByteSize,
    /// What would stop the run, or be left out: the first of them.
    pub problems: Vec<String>,
    /// How many problems there are in all.
    pub problem_count: u64,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// How long looking took.
    pub elapsed: Duration,
}

/// One split that would be written.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DrySplit {
    /// Its name.
    pub name: String,
    /// Records.
    pub records: u64,
    /// Bytes of its shards, judged by some of the records.
    pub bytes: ByteSize,
    /// Shards that makes.
    pub shards: u64,
}

#[derive(Debug, Default)]
struct Problems {
    listed: Vec<String>,
    count: u64,
}

impl Problems {
    fn add(&mut self, problem: String) {
        self.count += 1;
        if self.listed.len() < LISTED {
            self.listed.push(problem);
        }
    }
}

/// Lists the inputs, looks at the first bytes of each, makes a few records, and says what would be written.
///
/// # Errors
/// What would keep the whole run from starting, apart from the state of the output folder, which is a problem of the
/// report.
pub fn dry_run(options: &ConvertOptions, cancel: &Cancel, progress: &dyn Progress) -> Result<DryRun> {
    dry_run_from(options, &MemoryArrays::default(), cancel, progress)
}

/// [`dry_run`], where arrays may also be in memory, as for [`convert_from`](super::convert_from).
///
/// # Errors
/// Those of [`dry_run`].
pub fn dry_run_from(
    options: &ConvertOptions,
    memory: &MemoryArrays<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<DryRun> {
    let started = Instant::now();
    let storage = &LocalStorage;
    options.check(memory)?;
    let mut problems = Problems::default();
    if let Err(error) = publish::check(&target(options), storage) {
        problems.add(error.to_string());
    }
    // Arrays that have to be unpacked first are unpacked: nothing is written to the output folder.
    let spool = Spool::temporary().watch(|_| cancel.check());
    let source = Source { options, memory, storage };
    let inputs = Inputs::open(source, &spool, cancel, progress)?;
    // Without the times of files: no run is recognised by this plan.
    let plan = Plan::new(source, &inputs, &[], cancel)?;
    let mut input_bytes = 0;
    if let Inputs::Images(listing) = &inputs {
        progress.step("looking at inputs", Some(inputs.len()));
        input_bytes = look_at(listing, storage, options, cancel, progress, &mut problems)?;
    }
    let mut splits = Vec::new();
    for split in &plan.splits {
        cancel.check()?;
        let transformer = Transformer::new(options.transform.clone())?;
        let sample = Sample { positions: split.order.len(), problems: &mut problems };
        let sampled = with_source(options, storage, &inputs, split, &transformer, plan.fingerprint.batch_len, sample);
        let records = split.order.len();
        let share = u128::from(records);
        let mut bytes = sampled.written.saturating_mul(share) / sampled.records.max(1);
        if matches!(inputs, Inputs::Images(_)) && options.transform == TransformSpec::default() {
            // Files that are kept: their sizes are known, and the rest of a record is about the same for all.
            let overhead = sampled.written.saturating_sub(sampled.read).saturating_mul(share) / sampled.records.max(1);
            bytes = u128::from(input_bytes) * share / u128::from(inputs.len().max(1)) + overhead;
        }
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let shards = match split.policy.cut {
            Cut::Count(count) => u64::from(count),
            Cut::Fill | Cut::At(_) => sampled.shards(records, bytes, split.policy.max_bytes),
        };
        if shards > MAX_SHARDS.into() {
            let (name, shards, most) = (&split.name, Count(shards), Count(MAX_SHARDS.into()));
            problems.add(format!("split `{name}` would have some {shards} shards, and at most {most} are possible"));
        }
        splits.push(DrySplit { name: split.name.clone(), records, bytes: ByteSize(bytes), shards });
    }
    let mut warnings = super::warnings(&inputs);
    if options.compression != Compression::None {
        warnings.push("sizes and numbers of shards are those before compression".to_owned());
    }
    Ok(DryRun {
        name: plan.name,
        inputs: inputs.len(),
        input_bytes: ByteSize(input_bytes),
        class_names: inputs.class_names().to_vec(),
        splits,
        max_shard: plan.splits.iter().map(|split| split.policy.max_bytes).max().unwrap_or_default(),
        problem_count: problems.count,
        problems: problems.listed,
        warnings,
        elapsed: started.elapsed(),
    })
}

/// Looks at the first bytes of every file. Returns the bytes of all files.
fn look_at(
    listing: &Listing,
    storage: &dyn Storage,
    options: &ConvertOptions,
    cancel: &Cancel,
    progress: &dyn Progress,
    problems: &mut Problems,
) -> Result<u64> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads(options.threads)).build().map_err(|error| {
        Error::io("start threads", std::io::Error::other(error))
            .with_hint("the system allows no more: give fewer with --threads")
    })?;
    let found = Mutex::new(Vec::new());
    let bytes = pool.install(|| {
        (0..listing.list.len())
            .into_par_iter()
            .map(|item| {
                cancel.check()?;
                progress.advance(1, 0, 0);
                let path = listing.list.path(item);
                match look(storage, &path) {
                    Ok(bytes) => Ok(bytes),
                    Err(error) => {
                        let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        found.push((item, error.to_string()));
                        Ok(0)
                    }
                }
            })
            .sum::<Result<u64>>()
    })?;
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.sort_unstable();
    for (_, problem) in found {
        problems.add(problem);
    }
    Ok(bytes)
}

/// Whether a file starts like an image that can be used. Returns its bytes.
fn look(storage: &dyn Storage, path: &Path) -> Result<u64> {
    let file = storage.open(path)?;
    let mut head = [0; DETECT_BYTES];
    let len = usize::try_from(file.len()).map_or(DETECT_BYTES, |len| len.min(DETECT_BYTES));
    let head = head.get_mut(..len).unwrap_or_default();
    file.read_exact_at(head, 0).at(path)?;
    match detect(head) {
        Detected::Image(_) => Ok(file.len()),
        Detected::Other(foreign) => Err(foreign.into_error()).at(path),
    }
}

/// Makes some of the records of a split.
struct Sample<'a> {
    positions: u64,
    problems: &'a mut Problems,
}

#[derive(Default)]
struct Sampled {
    records: u128,
    read: u128,
    written: u128,
    /// Bytes of the smallest and of the largest record.
    lengths: Option<(u64, u64)>,
}

impl Sampled {
    /// How many shards so many records make. Records are never split, so the end of a shard stays empty: exactly known
    /// where all are equally long, half a record on average elsewhere.
    fn shards(&self, records: u64, bytes: u64, cap: ByteSize) -> u64 {
        let shards = match self.lengths {
            Some((least, most)) if least == most => records.div_ceil((cap.0 / most.max(1)).max(1)),
            _ => bytes.div_ceil(cap.0.saturating_sub(bytes / records.max(1) / 2).max(1)),
        };
        shards.clamp(1, records.max(1))
    }
}

impl WithSource for Sample<'_> {
    type Output = Sampled;

    fn run(self, source: &impl RecordSource) -> Sampled {
        let mut sampled = Sampled::default();
        let mut scratch = source.scratch();
        let mut batch = Batch::default();
        let count = SAMPLES.min(self.positions);
        for at in 0..count {
            let position = u64::try_from(u128::from(at) * u128::from(self.positions) / u128::from(count)).unwrap_or(0);
            batch.clear(0);
            source.fill(position..position + 1, &mut scratch, &mut batch);
            if batch.failed.is_empty() {
                sampled.records += 1;
                sampled.read += u128::from(batch.read);
                sampled.written += batch.bytes.len() as u128;
                let len = batch.bytes.len() as u64;
                let (least, most) = sampled.lengths.unwrap_or((len, len));
                sampled.lengths = Some((least.min(len), most.max(len)));
            }
            for failed in batch.failed.drain(..) {
                let problem = failed.error.to_string();
                if !self.problems.listed.contains(&problem) {
                    self.problems.add(problem);
                }
            }
        }
        sampled
    }
}
