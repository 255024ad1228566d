//! `index`: what readers want to find beside shards that somebody else wrote. Record indexes from the headers alone; a manifest
//! and the metadata of TFDS from one pass over all records.
//!
//! Nothing that is there already is changed unless asked for, and nothing untrue is written: a shard that cannot be walked to
//! its last byte gets no index, a data set with such a shard no metadata. The other shards go on.

mod adopt;
mod json;
mod place;
mod plan;
mod shard;
mod template;
mod walk;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

pub use self::place::FileOutcome;
use self::{
    adopt::Gathered,
    shard::{Job, index_shard, jobs},
};
use super::{
    dataset::{DataSet, find},
    publish::threads,
};
use crate::{
    error::{At, Error, Result},
    pipeline::{Cancel, FieldStats, Fields, Progress, Scan, ScannedShard, Visit},
    source::Spool,
    storage::{FolderLock, LocalStorage, Storage},
    units::ByteSize,
};

/// What to index, and what else to write.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct IndexOptions {
    /// Shards, folders of shards, or patterns.
    pub paths: Vec<PathBuf>,
    /// Whether the checksums of the payloads are compared too.
    pub check: bool,
    /// Whether each shard gets a `.tfindex` beside it, as the package `tfrecord` names it.
    pub tfindex: bool,
    /// Whether `shardify.json` is written.
    pub manifest: bool,
    /// Whether `dataset_info.json`, `features.json` and the files of class names are written.
    pub tfds: bool,
    /// Whether files that are there already are replaced.
    pub overwrite: bool,
    /// Worker threads; by default one for each core, and more where headers alone are read, which is mostly waiting.
    pub threads: Option<usize>,
}

impl IndexOptions {
    /// Indexes and nothing else, of headers alone.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, ..Self::default() }
    }

    fn describes(&self) -> bool {
        self.manifest || self.tfds
    }
}

/// What was written, and what could not be.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct IndexReport {
    /// The shards that have an index now, in order.
    pub shards: Vec<IndexedShard>,
    /// The other files.
    pub files: Vec<PlacedFile>,
    /// Why shards have no index, and files were not written.
    pub failures: Vec<Error>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// The bytes of all indexed shards.
    pub bytes: ByteSize,
    /// Whether every byte was read; otherwise headers alone were.
    pub read_all: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// A shard with its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedShard {
    /// The shard.
    pub path: PathBuf,
    /// Its records.
    pub records: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Its index, and that beside it if it was asked for.
    pub indexes: Vec<PlacedFile>,
}

/// A file that is where it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it came there.
    pub outcome: FileOutcome,
}

/// Writes indexes, and metadata if asked for.
///
/// # Errors
/// Paths without shards; [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted). What concerns single shards or files is in
/// [`IndexReport::failures`].
pub fn make_index(options: &IndexOptions, cancel: &Cancel, progress: &dyn Progress) -> Result<IndexReport> {
    let started = Instant::now();
    let storage = &LocalStorage;
    let sets = find(storage, &options.paths)?;
    let _locks = sets.iter().map(|set| lock(storage, &set.dir)).collect::<Result<Vec<_>>>()?;
    let jobs = jobs(storage, &sets, options.tfindex)?;
    let mut report = IndexReport::default();
    let shared = jobs.iter().filter(|job| job.has_long_name).count();
    if shared > 0 {
        report.warnings.push(format!(
            "{shared} of the .tfindex files are named after the whole name of their shard: without its ending several would \
             share one"
        ));
    }
    report.read_all = options.check || options.describes();
    let indexer = Indexer { options, storage, jobs: &jobs, cancel, progress };
    progress.step(if report.read_all { "reading" } else { "indexing" }, None);
    match (options.describes(), options.check) {
        (true, _) => {
            let mut gathered: Vec<Gathered> = sets.iter().map(Gathered::new).collect();
            indexer.scan(&Fields::default(), &mut report, |job, scanned| {
                if let Some(set) = gathered.get_mut(job.set) {
                    set.add(job, scanned);
                }
            })?;
            for (set, gathered) in sets.into_iter().zip(gathered) {
                adopt::adopt(storage, set, gathered, options, &mut report);
            }
        }
        (_, true) => indexer.scan(&(), &mut report, |_, _| ())?,
        _ => indexer.walk(&mut report)?,
    }
    indexer.sync()?;
    report.bytes = ByteSize(report.shards.iter().map(|shard| shard.bytes).sum());
    let empty = report.shards.iter().filter(|shard| shard.records == 0).count();
    if empty > 0 {
        report.warnings.push(format!("{empty} of the shards have no record: DALI refuses these"));
    }
    report.elapsed = started.elapsed();
    Ok(report)
}

/// Keeps other runs of `index` out of a folder: each would find some of the files in the hands of another, and none would end.
fn lock(storage: &dyn Storage, dir: &Path) -> Result<FolderLock> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    match storage.lock_folder(dir)? {
        FolderLock::Busy => Err(Error::output("another shardify is writing indexes in this folder")
            .with_hint("wait until it is done")
            .of(dir)),
        lock => Ok(lock),
    }
}

/// What indexing has at hand.
struct Indexer<'a> {
    options: &'a IndexOptions,
    storage: &'a dyn Storage,
    jobs: &'a [Job],
    cancel: &'a Cancel,
    progress: &'a dyn Progress,
}

impl Indexer<'_> {
    /// Reads every record of every shard on the way, and hands on what was seen of them.
    fn scan<V: Visit>(
        &self,
        visit: &V,
        report: &mut IndexReport,
        mut each: impl FnMut(&Job, Option<ScannedShard<V::Part>>),
    ) -> Result<()> {
        let shards: Vec<PathBuf> = self.jobs.iter().map(|job| job.path.clone()).collect();
        let options = self.options;
        let spool = Spool::temporary();
        let scan = Scan {
            shards: &shards,
            storage: self.storage,
            threads: threads(options.threads),
            file_crc: options.manifest,
            spool: &spool,
            cancel: self.cancel,
            progress: &shard::BytesOnly(self.progress),
        };
        scan.run(visit, |at, scanned| {
            let Some(job) = self.jobs.get(at) else { return Ok(()) };
            let checked = scanned.and_then(|scanned| match shard::first_fault(&scanned) {
                Some(error) => Err(error).at(&job.path),
                None => Ok(scanned),
            });
            let done = match &checked {
                Err(_) => None,
                // A manifest is of use for shards that cannot be indexed.
                Ok(scanned) if scanned.compression != crate::tfrecord::Compression::None => {
                    let refused = Err(shard::refuse_compressed(&job.path, scanned.compression));
                    if options.describes() && !options.tfds { None } else { Some(refused) }
                }
                Ok(scanned) => Some(index_shard(self.storage, job, &scanned.intact, scanned.bytes, options.overwrite)),
            };
            match checked {
                Ok(scanned) => each(job, Some(scanned)),
                Err(error) => {
                    each(job, None);
                    self.take(Err(error), report)?;
                }
            }
            done.map_or(Ok(()), |done| self.take(done, report))
        })
    }

    fn take(&self, done: Result<IndexedShard>, report: &mut IndexReport) -> Result<()> {
        match done {
            Ok(shard) => {
                self.progress.advance(1, 0, 0);
                report.shards.push(shard);
            }
            Err(error) if matches!(error.kind(), crate::ErrorKind::Interrupted) => return Err(error),
            Err(error) => report.failures.push(error),
        }
        Ok(())
    }

    /// Makes the names of new files durable.
    fn sync(&self) -> Result<()> {
        let mut dirs: Vec<&Path> =
            self.jobs.iter().flat_map(|job| job.indexes.iter().filter_map(|it| it.parent())).collect();
        dirs.extend(self.jobs.iter().filter_map(|job| job.index_dir.parent()));
        dirs.sort_unstable();
        dirs.dedup();
        let mut there = Vec::new();
        for dir in dirs {
            let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
            if self.storage.stat(dir)?.is_some() {
                there.push(dir);
            }
        }
        self.storage.sync_dirs(&there)
    }
}
