//! `convert`: image folders and arrays to shards, indexes, TFDS metadata and manifest.
//!
//! Three steps with plain data between them: *plan* (list, splits, order), *range work* (list positions to staged shards,
//! [`crate::pipeline`]) and *commit* (names, metadata, manifest).

mod arrays;
mod dry_run;
mod inputs;
mod json;
mod options;
mod plan;
mod report;
mod schema;

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicU64,
    time::Instant,
};

pub use dry_run::{DryRun, dry_run, dry_run_from};
pub use options::{ClassNamesFrom, ConvertOptions, ErrorPolicy, MaxErrors};
pub use report::{ConvertOutcome, ConvertReport};

use self::{
    inputs::Inputs,
    plan::{SplitPlan, fingerprint, split_plans},
};
use crate::{
    error::{Error, Result},
    index::{FORMAT_VERSION, Manifest, labels_file_name, tfds_files},
    ops::publish::{
        CountRead, Fingerprint, Output, StagedSplit, TOOL, Target, WINDOW, Words, name_shards, names_to_write, publish,
        threads,
    },
    pipeline::{
        ArrayRecords, Bounds, Cancel, Failure, ImageFacts, ImageRecords, OnError, Pixels, Progress, RangeJob,
        RecordSource, ShardEntry, run_range,
    },
    shard::Cut,
    source::{ArrayRef, MemoryArrays, Spool},
    storage::{LocalStorage, Storage},
    transform::Transformer,
    units::{ByteSize, Count},
};

/// Turns images or arrays into shards with everything beside them. The library never prints: `progress` is told what
/// happens, and `cancel` stops the run soon; finished shards are then kept for
/// [`Existing::Resume`](crate::Existing::Resume).
///
/// # Errors
/// The first input that cannot be used, under [`ErrorPolicy::Stop`]; inputs, options or an output folder that do not fit;
/// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted).
pub fn convert(options: &ConvertOptions, cancel: &Cancel, progress: &dyn Progress) -> Result<ConvertReport> {
    convert_from(options, &MemoryArrays::default(), cancel, progress)
}

/// [`convert`], where arrays may also be in memory.
///
/// Inputs, labels and further columns name them by their [paths](crate::source::MemoryArray::path), mixed with files as you
/// like. Without any input in the options, arrays that the options do not name say by their own names what they are, as the
/// members of an `.npz` file do: `x_train`, `y_train`, `x_test`, `y_test`.
///
/// The bytes of the shards are those that the same arrays in `.npy` files give. A run is resumed only with the same
/// arrays, which their checksums tell. In C order, nothing is copied; an array in Fortran order is turned in a scratch file.
///
/// # Errors
/// Those of [`convert`].
pub fn convert_from(
    options: &ConvertOptions,
    memory: &MemoryArrays<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<ConvertReport> {
    let started = Instant::now();
    let storage = &LocalStorage;
    options.check(memory)?;
    let output = Output::open(&target(options), storage)?;
    let outcome = run(Source { options, memory, storage }, &output, cancel, progress, started);
    output.end(storage, outcome)
}

/// What is converted, how, and where files are.
#[derive(Debug, Clone, Copy)]
struct Source<'a> {
    options: &'a ConvertOptions,
    memory: &'a MemoryArrays<'a>,
    storage: &'a dyn Storage,
}

impl<'a> Source<'a> {
    /// The array that a user named.
    fn array(&self, typed: &Path) -> Result<ArrayRef<'a>> {
        match self.memory.get(typed) {
            Some(array) => Ok(ArrayRef::in_memory(array)),
            None => ArrayRef::parse(self.storage, typed),
        }
    }
}

fn run(
    source: Source<'_>,
    output: &Output,
    cancel: &Cancel,
    progress: &dyn Progress,
    started: Instant,
) -> Result<ConvertReport> {
    let Source { options, storage, .. } = source;
    let spool = Spool::new(output.work.dir()).watch(|_| cancel.check());
    // What is wrong with names is said best by what opens the files.
    let times = plan::times(source);
    let inputs = Inputs::open(source, &spool, cancel, progress)?;
    let times = if matches!(inputs, Inputs::Arrays(_)) { times? } else { Vec::new() };
    cancel.check()?;
    let mut plan = Plan::new(source, &inputs, &times, cancel)?;
    let names = plan.output_names(options, &inputs);
    if let Some(manifest) = output.begin(storage, &mut plan.fingerprint, &names)? {
        let outcome = if output.published { ConvertOutcome::Resumed } else { ConvertOutcome::NothingToDo };
        return Ok(finished_before(options, manifest, outcome, started));
    }

    let read = AtomicU64::new(0);
    let watch = CountRead { inner: progress, read: &read };
    let mut results = Vec::new();
    let (mut failures, mut resumed_shards) = (0, 0);
    progress.step("converting", Some(inputs.len()));
    for split in &plan.splits {
        let done = output.work.finished(storage, &split.name, split.order.len(), &split.policy, options.compression)?;
        resumed_shards += done.len() as u64;
        let at_most = match options.on_error {
            ErrorPolicy::Stop => None,
            ErrorPolicy::Skip(limit) => Some(limit.map_or(u64::MAX, |limit| limit.of(inputs.len()))),
        };
        let result = run_split(
            &Context {
                options,
                storage,
                output,
                inputs: &inputs,
                batch_len: plan.fingerprint.batch_len,
                cancel,
                progress: &watch,
            },
            split,
            done,
            |more| {
                failures += more;
                at_most.map(|at_most: u64| at_most.saturating_sub(failures))
            },
        )?;
        failures += result.new_failures;
        results.push(result);
    }
    cancel.check()?;
    plan::check_unchanged(source, &times)?;
    progress.step("publishing", None);
    let report = finish(options, storage, output, &inputs, &plan, results)?;
    let outcome = if resumed_shards > 0 { ConvertOutcome::Resumed } else { ConvertOutcome::Done };
    Ok(ConvertReport { outcome, bytes_read: read.into_inner(), elapsed: started.elapsed(), resumed_shards, ..report })
}

/// Where a conversion writes.
fn target(options: &ConvertOptions) -> Target<'_> {
    Target {
        out: &options.out,
        existing: options.existing,
        inputs: &options.inputs,
        words: Words { stamped: "an array file", elsewhere: "another output folder or --name" },
    }
}

/// Everything that is decided before the first record is made.
struct Plan {
    name: String,
    splits: Vec<SplitPlan>,
    fingerprint: Fingerprint,
}

impl Plan {
    fn new(source: Source<'_>, inputs: &Inputs<'_>, times: &[(PathBuf, u64)], cancel: &Cancel) -> Result<Self> {
        let options = source.options;
        let name = match &options.name {
            None => inputs::default_name(source)?,
            Some(name) if *name == crate::shard::dataset_name(name) => name.clone(),
            Some(name) => {
                return Err(Error::options(format!(
                    "`{name}` cannot name a data set: TFDS finds names of letters, digits and `_` that start with a letter"
                ))
                .with_hint(format!("--name {} would do", crate::shard::dataset_name(name))));
            }
        };
        let splits = split_plans(options, inputs)?;
        let fingerprint = fingerprint(source, &name, inputs, times, cancel)?;
        Ok(Self { name, splits, fingerprint })
    }

    /// The names, or their beginnings up to a dash, that will appear in the output folder.
    fn output_names(&self, options: &ConvertOptions, inputs: &Inputs<'_>) -> Vec<String> {
        let splits = self.splits.iter().map(|split| split.name.as_str());
        let mut names = names_to_write(&self.name, splits, options.compression);
        if !inputs.class_names().is_empty() {
            names.push(labels_file_name(options.keys.label()));
        }
        names
    }
}

/// What every step of a run needs.
struct Context<'a> {
    options: &'a ConvertOptions,
    storage: &'a dyn Storage,
    output: &'a Output,
    inputs: &'a Inputs<'a>,
    batch_len: u64,
    cancel: &'a Cancel,
    progress: &'a dyn Progress,
}

/// What became of one split.
struct SplitResult {
    entries: Vec<ShardEntry>,
    trailing: Vec<Failure>,
    new_failures: u64,
}

/// Does the rest of a split, after the shards that an earlier run finished. `allowed` is told the failures of those and
/// says how many more there may be; `None` stops at the first.
fn run_split(
    context: &Context<'_>,
    split: &SplitPlan,
    done: Vec<ShardEntry>,
    mut allowed: impl FnMut(u64) -> Option<u64>,
) -> Result<SplitResult> {
    let Context { options, storage, output, inputs, batch_len, cancel, progress } = *context;
    let before: u64 = done.iter().map(|entry| entry.failures.len() as u64).sum();
    let on_error = match allowed(before) {
        Some(at_most) => OnError::Skip { at_most },
        None => {
            if let Some(failure) = done.iter().find_map(|entry| entry.failures.first()) {
                return Err(Error::inputs(format!(
                    "the interrupted run left out {}: {}",
                    crate::error::Printable(failure.input.as_ref()),
                    failure.reason
                ))
                .with_hint("go on with --on-error skip as before, or start again with --overwrite"));
            }
            OnError::Stop
        }
    };
    let start = done.last().map_or(0, |entry| entry.next);
    progress.resumed(start);
    let job = RangeJob {
        split: &split.name,
        all: split.order.len(),
        range: start..split.order.len(),
        first_shard: u32::try_from(done.len()).unwrap_or(u32::MAX),
        policy: &split.policy,
        compression: options.compression,
        on_error,
        bounds: Bounds { threads: threads(options.threads), budget: WINDOW },
    };
    let transformer = Transformer::new(options.transform.clone())?;
    let (new, trailing) = with_source(
        options,
        storage,
        inputs,
        split,
        &transformer,
        batch_len,
        RunRange { job: &job, work: &output.work, storage, cancel, progress },
    )?;
    let new_failures = new.iter().map(|entry| entry.failures.len()).sum::<usize>() as u64 + trailing.len() as u64;
    let mut entries = done;
    entries.extend(new);
    Ok(SplitResult { entries, trailing, new_failures })
}

/// Something to be done with the records of a split, whatever they are made of.
trait WithSource {
    type Output;
    fn run(self, source: &impl RecordSource) -> Self::Output;
}

struct RunRange<'a> {
    job: &'a RangeJob<'a>,
    work: &'a crate::pipeline::WorkDir,
    storage: &'a dyn Storage,
    cancel: &'a Cancel,
    progress: &'a dyn Progress,
}

impl WithSource for RunRange<'_> {
    type Output = Result<(Vec<ShardEntry>, Vec<Failure>)>;

    fn run(self, source: &impl RecordSource) -> Self::Output {
        run_range(self.job, source, self.work, self.storage, self.cancel, self.progress)
    }
}

fn with_source<W: WithSource>(
    options: &ConvertOptions,
    storage: &dyn Storage,
    inputs: &Inputs<'_>,
    split: &SplitPlan,
    transformer: &Transformer,
    batch_len: u64,
    action: W,
) -> W::Output {
    let cap = split.policy.max_bytes;
    let shape_beside = schema::shape_beside(options);
    match inputs {
        Inputs::Images(listing) => action.run(&ImageRecords {
            storage,
            list: &listing.list,
            order: &split.order,
            class_names: &listing.class_names,
            label_offset: options.offset(),
            keys: options.keys,
            shape_beside,
            transformer,
            cap,
            batch_len,
            max_file: max_file(options),
        }),
        Inputs::Arrays(arrays) => {
            let features = arrays.tables.get(split.table).map_or(&[][..], |table| table.features.as_slice());
            let pixels = arrays.pixels.map(|shape| Pixels { transformer, shape, shape_beside });
            action.run(&ArrayRecords { features, order: &split.order, pixels: pixels.as_ref(), cap })
        }
    }
}

/// No image of the allowed number of pixels needs a larger file: eight bytes a pixel, and some for metadata.
fn max_file(options: &ConvertOptions) -> ByteSize {
    let pixels = options.transform.max_pixels.saturating_mul(8).saturating_add(64 << 20);
    ByteSize(pixels.min((1 << 31) - 1))
}

/// Names everything, writes what stands beside the shards, and publishes.
fn finish(
    options: &ConvertOptions,
    storage: &dyn Storage,
    output: &Output,
    inputs: &Inputs<'_>,
    plan: &Plan,
    results: Vec<SplitResult>,
) -> Result<ConvertReport> {
    let (mut staged, mut notes) = (Vec::new(), Vec::new());
    for (split, SplitResult { entries, trailing, .. }) in plan.splits.iter().zip(results) {
        if entries.is_empty() {
            return Err(nothing_usable(split));
        }
        let of = entries.len();
        if let Cut::Count(count) = split.policy.cut
            && u32::try_from(of) != Ok(count)
        {
            notes.push(format!("split `{}` has {of} shards, not {count}: all inputs of the others failed", split.name));
        }
        staged.push(StagedSplit { name: &split.name, positions: split.order.len(), entries, trailing });
    }
    let named = name_shards(&output.work, &plan.name, options.compression, inputs.class_names().len(), staged)?;
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        tool: TOOL.to_owned(),
        name: plan.name.clone(),
        compression: options.compression,
        adopted: false,
        seed: options.seed,
        inputs_sha256: plan.fingerprint.inputs_sha256.clone(),
        options: plan.fingerprint.options.clone(),
        class_names: inputs.class_names().to_vec(),
        label_offset: options.offset(),
        schema: schema::schema(options, inputs, &named.images),
        supervised_keys: schema::supervised_keys(options, inputs),
        splits: named.splits,
        files: Vec::new(),
        skipped: 0,
    };
    let files = tfds_files(&manifest, &named.payload_bytes);
    let manifest = publish(storage, output, named.moves, files, &named.failures, manifest)?;
    Ok(ConvertReport {
        outcome: ConvertOutcome::Done,
        out: options.out.clone(),
        manifest,
        images: named.images,
        failures: named.failures,
        warnings: [warnings(inputs), notes].concat(),
        bytes_read: 0,
        elapsed: std::time::Duration::ZERO,
        resumed_shards: 0,
    })
}

fn nothing_usable(split: &SplitPlan) -> Error {
    Error::inputs(format!(
        "no input of split `{}` could be used: {}",
        split.name,
        match split.order.len() {
            1 => "the only one failed".to_owned(),
            many => format!("all {} failed", Count(many)),
        }
    ))
    .with_hint("run it again without --on-error skip to stop at the first, or with -v to see every reason")
}

fn warnings(inputs: &Inputs<'_>) -> Vec<String> {
    match inputs {
        Inputs::Images(listing) => listing.warnings.clone(),
        Inputs::Arrays(arrays) => arrays.warnings.clone(),
    }
}

/// The report of a data set that was complete already.
fn finished_before(
    options: &ConvertOptions,
    manifest: Manifest,
    outcome: ConvertOutcome,
    started: Instant,
) -> ConvertReport {
    let resumed_shards = manifest.splits.iter().map(|split| split.shards.len() as u64).sum();
    ConvertReport {
        outcome,
        out: options.out.clone(),
        manifest,
        images: ImageFacts::default(),
        failures: Vec::new(),
        warnings: Vec::new(),
        bytes_read: 0,
        elapsed: started.elapsed(),
        resumed_shards,
    }
}
