//! `reshard`: existing shards to other shards. Records are copied as they are, never encoded again, and checked on the way.
//!
//! Every record is read once before anything is written: where it is (four bytes each, [`crate::tfrecord::Spans`]), whether it
//! is whole, and its label if that is needed. Then the order is known, and the records are read again wherever they are.

mod damage;
mod filter;
mod gather;
mod inputs;
mod json;
mod known;
mod merge;
mod options;
mod plan;
mod report;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

pub use filter::KeyValue;
pub use options::ReshardOptions;
pub use report::{PlannedSplit, ReshardInput, ReshardPlan, ReshardReport};

use self::{
    filter::Filter,
    gather::{Gathered, Wanted, gather},
    inputs::Inputs,
    merge::{Facts, Labels},
    plan::{SplitPlan, fingerprint, foresee, shard_inputs},
};
use crate::{
    error::{Error, Printable, Result},
    index::{FORMAT_VERSION, Manifest, labels_file_name, tfds_files},
    ops::publish::{
        Output, StagedSplit, TOOL, Target, WINDOW, Words, check, name_shards, names_to_write, publish, threads,
    },
    pipeline::{Bounds, Cancel, Failure, NO_CLASS, OnError, Progress, RangeJob, ShardInput, ShardRecords, run_range},
    shard::Cut,
    source::{ShardFile, Spool, Unpacked},
    storage::{LocalStorage, Storage},
    tfrecord::Compression,
    units::{ByteSize, Count},
};

/// Writes the records of existing shards to new ones, with everything beside them. The library never prints: `progress` is
/// told what happens, and `cancel` stops the run soon; finished shards are then kept for
/// [`Existing::Resume`](crate::Existing::Resume).
///
/// # Errors
/// Damaged shards, unless they are to be left out; data sets that do not go together; options or an output folder that do
/// not fit; [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted).
pub fn reshard(options: &ReshardOptions, cancel: &Cancel, progress: &dyn Progress) -> Result<ReshardReport> {
    let started = Instant::now();
    let storage = &LocalStorage;
    options.check()?;
    let inputs = Inputs::find(options, storage)?;
    inputs.refuse_below(&options.out, storage)?;
    let folders = inputs.folders(options);
    let output = Output::open(&target(options, &folders), storage)?;
    let outcome = run(options, storage, &inputs, &output, cancel, progress);
    let report = output.end(storage, outcome)?;
    Ok(ReshardReport { elapsed: started.elapsed(), ..report })
}

/// Reads every record, and says exactly what would be written.
///
/// # Errors
/// What would keep the whole run from starting, apart from the state of the output folder, damage and records that are
/// larger than the cap, which are problems of the report.
pub fn plan_reshard(options: &ReshardOptions, cancel: &Cancel, progress: &dyn Progress) -> Result<ReshardPlan> {
    let started = Instant::now();
    let storage = &LocalStorage;
    options.check()?;
    let inputs = Inputs::find(options, storage)?;
    let mut problems = Vec::new();
    let folders = inputs.folders(options);
    let usable = inputs.refuse_below(&options.out, storage).and_then(|()| check(&target(options, &folders), storage));
    problems.extend(usable.err().map(|error| error.to_string()));
    let spool = Spool::temporary().watch(|_| cancel.check());
    let mut known = Known::new(options, &inputs, storage, &spool, cancel, progress)?;
    match damage::check(options, &inputs, &known.gathered) {
        Ok(failures) => {
            problems.extend(failures.iter().map(|it| format!("{}: {}", Printable(Path::new(&it.input)), it.reason)))
        }
        Err(error) => problems.push(error.to_string()),
    }
    let splits = plan::splits(options, &inputs, &known.gathered, &known.labels, &mut known.warnings)?;
    let input = known.input();
    let scratch = known.gathered.shards.iter().filter(|shard| shard.compression != Compression::None);
    let scratch = ByteSize(scratch.map(|shard| shard.intact.end().0).sum());
    let shards = shard_inputs(&inputs, &mut known.gathered, inputs.shards.clone());
    let mut planned = Vec::new();
    for split in &splits {
        cancel.check()?;
        let records = ShardRecords::new(storage, &shards, &split.order, &[], split.policy.max_bytes);
        match foresee(split, &records, &shards, options.skip_damaged) {
            Ok(outcome) => planned.push(PlannedSplit {
                name: split.name.clone(),
                records: split.order.len(),
                bytes: ByteSize(outcome.bytes),
                shards: outcome.shards,
            }),
            Err(error) => problems.push(error.to_string()),
        }
    }
    if options.compression != Compression::None {
        known.warnings.push("sizes and numbers of shards are those before compression".to_owned());
    }
    Ok(ReshardPlan {
        name: plan::name(options, &inputs, storage),
        input,
        splits: planned,
        scratch,
        max_shard: splits.iter().map(|split| split.policy.max_bytes).max().unwrap_or_default(),
        problems,
        warnings: known.warnings,
        elapsed: started.elapsed(),
    })
}

/// Where a resharding writes.
fn target<'a>(options: &'a ReshardOptions, folders: &'a [PathBuf]) -> Target<'a> {
    Target {
        out: &options.out,
        existing: options.existing,
        inputs: folders,
        words: Words { stamped: "a shard", elsewhere: "another output folder or --name" },
    }
}

/// Everything that is learned of the inputs.
struct Known {
    facts: Facts,
    labels: Labels,
    gathered: Gathered,
    warnings: Vec<String>,
}

impl Known {
    fn new(
        options: &ReshardOptions,
        inputs: &Inputs,
        storage: &dyn Storage,
        spool: &Spool<'_>,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let mut warnings: Vec<String> = inputs.sets.iter().flat_map(known::broken).collect();
        let metadata: Vec<Option<Facts>> = inputs.sets.iter().map(known::of_metadata).collect();
        let learns = |set: &usize| metadata.get(*set).is_some_and(Option::is_none);
        let stats = inputs.set_of.iter().map(learns).collect();
        // Before the records are read: what metadata say must agree, and filters go by its names.
        let facts = merge::join(metadata.iter().flatten().cloned().collect(), None)?;
        let mut labels = known::main_labels(options, &facts);
        let filter = Filter::new(options, &labels)?;
        let counted = options.stratify || !labels.names.is_empty() || metadata.iter().any(Option::is_none);
        let classes = counted.then(|| (labels.keys(), labels.offset));
        let wanted = Wanted { filter: filter.as_ref(), classes, stats };
        progress.step("checking", None);
        let mut gathered = gather(inputs, &wanted, options.threads, storage, spool, cancel, progress)?;
        let facts = known::of_all(inputs, &mut gathered, &mut warnings)?;
        labels.learn(&facts, &mut gathered.classes);
        if facts.schema.fields.is_empty() {
            labels.names.clear();
        }
        let known = labels.names.len();
        let beyond = |class: &&u32| **class != NO_CLASS && **class as usize >= known;
        let beyond = gathered.classes.iter().filter(beyond).count();
        if known > 0 && beyond > 0 {
            let beyond = Count(beyond as u64);
            warnings.push(format!("{beyond} records have a label `{}` beyond the {known} class names", labels.key));
        }
        Ok(Self { facts, labels, gathered, warnings })
    }

    fn input(&self) -> ReshardInput {
        let Gathered { shards, items, kept, .. } = &self.gathered;
        ReshardInput {
            shards: shards.len() as u64,
            bytes: ByteSize(self.gathered.bytes()),
            records: *items,
            filtered: kept.as_ref().map_or(0, |kept| items - kept.len() as u64),
        }
    }
}

fn run(
    options: &ReshardOptions,
    storage: &dyn Storage,
    inputs: &Inputs,
    output: &Output,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<ReshardReport> {
    let spool = Spool::new(output.work.dir()).watch(|_| cancel.check());
    let mut known = Known::new(options, inputs, storage, &spool, cancel, progress)?;
    let damaged = damage::check(options, inputs, &known.gathered)?;
    let splits = plan::splits(options, inputs, &known.gathered, &known.labels, &mut known.warnings)?;
    let name = plan::name(options, inputs, storage);
    let mut fingerprint = fingerprint(options, &name, inputs, &known.gathered, &known.labels);
    let input = known.input();
    let report = |manifest: Manifest, warnings: Vec<String>| ReshardReport {
        out: options.out.clone(),
        manifest,
        nothing_to_do: false,
        input,
        failures: Vec::new(),
        warnings,
        elapsed: std::time::Duration::ZERO,
        resumed_shards: 0,
    };
    let mut names = names_to_write(&name, splits.iter().map(|split| split.name.as_str()), options.compression);
    names.extend(known.facts.labels.iter().map(|labels| labels_file_name(&labels.key)));
    if let Some(manifest) = output.begin(storage, &mut fingerprint, &names)? {
        let resumed_shards = manifest.splits.iter().map(|split| split.shards.len() as u64).sum();
        return Ok(ReshardReport {
            nothing_to_do: !output.published,
            resumed_shards,
            ..report(manifest, known.warnings)
        });
    }
    let unpacked = unpack(inputs, &known.gathered, storage, &spool, progress)?;
    let files = unpacked.iter().zip(&inputs.shards);
    let files = files.map(|(unpacked, path)| unpacked.as_ref().map_or(path.as_path(), Unpacked::path).to_owned());
    let shards = shard_inputs(inputs, &mut known.gathered, files.collect());
    let copying =
        Copying { options, storage, output, shards: &shards, classes: &known.gathered.classes, cancel, progress };
    let largest = shards.iter().flat_map(|shard| shard.records.iter()).map(|span| u64::from(span.len)).max();
    for split in &splits {
        // What cannot be is found now, and not after hours of work.
        if largest > Some(split.policy.max_bytes.0) || matches!(split.policy.cut, Cut::Count(_)) {
            let records = ShardRecords::new(storage, &shards, &split.order, &[], split.policy.max_bytes);
            foresee(split, &records, &shards, options.skip_damaged)?;
        }
    }
    progress.step("copying", Some(splits.iter().map(|split| split.order.len()).sum()));
    let (mut staged, mut resumed_shards) = (Vec::new(), 0);
    for split in &splits {
        let (split, resumed) = copying.run(split)?;
        staged.push(split);
        resumed_shards += resumed;
    }
    cancel.check()?;
    progress.step("publishing", None);
    let classes = known.labels.names.len();
    let mut named = name_shards(&output.work, &name, options.compression, classes, staged)?;
    named.failures.splice(0..0, damaged);
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        tool: TOOL.to_owned(),
        name,
        compression: options.compression,
        adopted: false,
        seed: options.seed,
        inputs_sha256: fingerprint.inputs_sha256,
        options: fingerprint.options,
        class_names: known.labels.names.clone(),
        label_offset: known.labels.offset,
        schema: known.facts.schema.clone(),
        supervised_keys: known.facts.supervised_keys.clone(),
        splits: named.splits,
        files: Vec::new(),
        skipped: 0,
    };
    let files = files_beside(&manifest, &named.payload_bytes, &known);
    let manifest = publish(storage, output, named.moves, files, &named.failures, manifest)?;
    Ok(ReshardReport { failures: named.failures, resumed_shards, ..report(manifest, known.warnings) })
}

/// Unpacks compressed shards, in which no record can be read without those before it.
fn unpack<'s, 'w>(
    inputs: &Inputs,
    gathered: &Gathered,
    storage: &dyn Storage,
    spool: &'s Spool<'w>,
    progress: &dyn Progress,
) -> Result<Vec<Option<Unpacked<'s, 'w>>>> {
    if gathered.shards.iter().any(|shard| shard.compression != Compression::None) {
        progress.step("unpacking", None);
    }
    let mut unpacked = Vec::new();
    for (path, shard) in inputs.shards.iter().zip(&gathered.shards) {
        unpacked.push(match shard.compression {
            Compression::None => None,
            Compression::Gzip | Compression::Zlib => Some(ShardFile::open(storage, path)?.unpack(spool)?),
        });
    }
    Ok(unpacked)
}

/// What copying a split needs.
struct Copying<'a> {
    options: &'a ReshardOptions,
    storage: &'a dyn Storage,
    output: &'a Output,
    shards: &'a [ShardInput],
    classes: &'a [u32],
    cancel: &'a Cancel,
    progress: &'a dyn Progress,
}

impl Copying<'_> {
    /// Copies what is left of a split, after the shards that an earlier run finished; returns how many those are.
    fn run<'s>(&self, split: &'s SplitPlan) -> Result<(StagedSplit<'s>, u64)> {
        let Self { options, storage, output, shards, classes, cancel, progress } = *self;
        let mut entries =
            output.work.finished(storage, &split.name, split.order.len(), &split.policy, options.compression)?;
        let resumed = entries.len() as u64;
        let (start, all) = (entries.last().map_or(0, |entry| entry.next), split.order.len());
        progress.resumed(start);
        let job = RangeJob {
            split: &split.name,
            all,
            range: start..all,
            first_shard: u32::try_from(entries.len()).unwrap_or(u32::MAX),
            policy: &split.policy,
            compression: options.compression,
            on_error: if options.skip_damaged { OnError::Skip { at_most: u64::MAX } } else { OnError::Stop },
            bounds: Bounds { threads: threads(options.threads), budget: WINDOW },
        };
        let source = ShardRecords::new(storage, shards, &split.order, classes, split.policy.max_bytes);
        let (new, trailing) = run_range(&job, &source, &output.work, storage, cancel, progress)?;
        entries.extend(new);
        if entries.is_empty() {
            let first = trailing.first().map(|it: &Failure| format!(": {}", it.reason)).unwrap_or_default();
            return Err(Error::inputs(format!("no record of split `{}` could be used{first}", split.name))
                .with_hint("leave out --on-error skip to stop at the first"));
        }
        Ok((StagedSplit { name: &split.name, positions: all, entries, trailing }, resumed))
    }
}

/// What stands beside the shards for TFDS: nothing if the features are not known, and the names of every label.
fn files_beside(manifest: &Manifest, payload_bytes: &[u64], known: &Known) -> Vec<(String, Vec<u8>)> {
    if manifest.schema.fields.is_empty() {
        return Vec::new();
    }
    let mut files = tfds_files(manifest, payload_bytes);
    let main = Some(&known.labels.key).filter(|_| !manifest.class_names.is_empty());
    files.retain(|(name, _)| !name.ends_with(".labels.txt") || main.is_some_and(|key| *name == labels_file_name(key)));
    for labels in known.facts.labels.iter().filter(|labels| Some(&labels.key) != main && !labels.names.is_empty()) {
        let names: String = labels.names.iter().map(|name| format!("{name}\n")).collect();
        files.push((labels_file_name(&labels.key), names.into_bytes()));
    }
    files
}
