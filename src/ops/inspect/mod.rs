//! `inspect`: what is in shards. Counts, sizes, features with what they hold, classes, and the first records.

mod json;
mod shards;
mod show;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use self::{shards::Sizes, show::Wanted};
pub use self::{
    shards::Spread,
    show::{ShownFeature, ShownRecord},
};
use super::{
    dataset::{DataSet, Metadata, SplitShards, find},
    describe::Description,
    other_kind::{OtherKind, other_kind},
    publish::threads,
};
use crate::{
    error::{At, Error, Printable, Result},
    example::{Field, Schema},
    pipeline::{Cancel, FieldStats, Fields, Progress, Scan, ScannedShard},
    source::Spool,
    storage::{LocalStorage, Storage},
    tfrecord::Compression,
    units::{ByteSize, RecordIndex},
};

/// What to look at.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct InspectOptions {
    /// Shards, folders of shards, or patterns.
    pub paths: Vec<PathBuf>,
    /// How many records are shown.
    pub records: u64,
    /// Shows this record of the one shard that is named, by its number as `validate` counts.
    pub record: Option<RecordIndex>,
    /// Worker threads; one for each core if not given.
    pub threads: Option<usize>,
}

impl InspectOptions {
    /// Counts and features only.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, ..Self::default() }
    }
}

/// What is in the shards.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct InspectReport {
    /// The data sets, in the order of the paths.
    pub sets: Vec<InspectedSet>,
    /// All data sets together.
    pub stats: FieldStats,
    /// The records that were asked for.
    pub shown: Vec<ShownRecord>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Where the meaning of features comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaSource {
    /// The manifest says it.
    Manifest,
    /// TFDS's `features.json` says it.
    Tfds,
    /// It is inferred from the records.
    Records,
}

impl SchemaSource {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Tfds => "tfds",
            Self::Records => "records",
        }
    }
}

/// One data set.
#[derive(Debug)]
#[non_exhaustive]
pub struct InspectedSet {
    /// Its folder.
    pub dir: PathBuf,
    /// Its name.
    pub name: String,
    /// Its splits, in order.
    pub splits: Vec<InspectedSplit>,
    /// How many shards are compressed in which way.
    pub compression: Vec<(Compression, u64)>,
    /// What its features hold.
    pub stats: FieldStats,
    /// What they mean: as the metadata say, and inferred where they say nothing.
    pub schema: Schema,
    /// Where that comes from.
    pub source: SchemaSource,
    /// The key of the label.
    pub label_key: Option<String>,
    /// How many records each class has, by label.
    pub classes: Vec<ClassCount>,
    /// Places that could not be read as records.
    pub damaged: u64,
    /// Shards that could not be read.
    pub unreadable: Vec<Error>,
    /// Files that are no TFRecords, and metadata that cannot be used.
    pub warnings: Vec<String>,
}

/// One split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectedSplit {
    /// Its name.
    pub name: String,
    /// Its intact records.
    pub records: u64,
    /// Its shards.
    pub shards: u64,
    /// The bytes of its shard files.
    pub bytes: ByteSize,
    /// The bytes of one shard file.
    pub shard_bytes: Option<Spread>,
    /// The records of one shard.
    pub shard_records: Option<Spread>,
}

/// How often a class occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassCount {
    /// The label as it is stored.
    pub label: i64,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its records.
    pub records: u64,
}

impl InspectReport {
    /// Whether something is wrong with the shards or beside them.
    #[must_use]
    pub fn has_problems(&self) -> bool {
        let odd = |set: &InspectedSet| set.damaged > 0 || !set.warnings.is_empty() || set.stats.malformed > 0;
        self.sets.iter().any(odd) || self.stats.has_more_keys()
    }
}

/// Looks at every record of the shards.
///
/// # Errors
/// Paths without shards; [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted); a record that was asked for by number and is
/// not there. Damage and unreadable shards are in the report.
pub fn inspect(options: &InspectOptions, cancel: &Cancel, progress: &dyn Progress) -> Result<InspectReport> {
    let started = Instant::now();
    let storage = &LocalStorage;
    let sets = find(storage, &options.paths)?;
    let shards: Vec<PathBuf> = sets.iter().flat_map(DataSet::shards).cloned().collect();
    if options.record.is_some() && shards.len() != 1 {
        return Err(Error::options(format!("--record counts in one shard, and {} are named", shards.len()))
            .with_hint("name the one shard, or show the first records with --records N"));
    }
    let mut looks: Vec<Look> = sets.iter().map(Look::new).collect();
    let owners: Vec<(usize, usize)> = (0..).zip(&sets).flat_map(|(at, set)| owners(at, &set.splits)).collect();
    let mut wanted: Vec<Wanted> = Vec::new();
    let spool = Spool::temporary();
    let threads = threads(options.threads);
    let scan = Scan { shards: &shards, storage, threads, file_crc: false, spool: &spool, cancel, progress };
    progress.step("reading", None);
    scan.run(&Fields { values: true }, |at, scanned| {
        let (Some((set, split)), Some(path)) = (owners.get(at), shards.get(at)) else { return Ok(()) };
        let judged = scanned.and_then(|scanned| Ok((other_kind(storage, path, &scanned)?, scanned)));
        if let Ok((None, scanned)) = &judged {
            show::choose(options, path, scanned, &mut wanted)?;
        }
        if let Some(look) = looks.get_mut(*set) {
            look.add(*split, path, judged.at(path));
        }
        Ok(())
    })?;
    let mut report = InspectReport::default();
    for (set, look) in sets.iter().zip(looks) {
        let inspected = look.finish(storage, set)?;
        report.stats.join(inspected.stats.clone(), report.stats.records() + report.stats.malformed);
        report.sets.push(inspected);
    }
    report.shown = show::read(storage, &wanted, cancel)?;
    report.elapsed = started.elapsed();
    Ok(report)
}

/// Which data set and split each shard belongs to.
fn owners(set: usize, splits: &[SplitShards]) -> Vec<(usize, usize)> {
    (0..).zip(splits).flat_map(|(at, split)| split.shards.iter().map(move |_| (set, at))).collect()
}

/// What was seen of a data set so far.
#[derive(Debug, Default)]
pub(super) struct Look {
    splits: Vec<Sizes>,
    compression: Vec<(Compression, u64)>,
    stats: FieldStats,
    damaged: u64,
    unreadable: Vec<Error>,
    warnings: Vec<String>,
}

impl Look {
    /// Of a data set of which no shard was seen.
    pub(super) fn new(set: &DataSet) -> Self {
        Self { splits: set.splits.iter().map(|_| Sizes::default()).collect(), ..Self::default() }
    }

    /// Adds a shard of the split at this position.
    pub(super) fn add(
        &mut self,
        split: usize,
        path: &Path,
        judged: Result<(Option<OtherKind>, ScannedShard<FieldStats>)>,
    ) {
        match judged {
            Err(error) => self.unreadable.push(error),
            Ok((Some(OtherKind { what, .. }), scanned)) => {
                let path = Printable(path);
                self.warnings.push(format!("{path} is {what}, not a TFRecord: see shardify validate {path}"));
                if let Some(split) = self.splits.get_mut(split) {
                    split.add(scanned.bytes, 0);
                }
            }
            Ok((None, scanned)) => {
                self.damaged += (scanned.damage.len() + scanned.faults.len()) as u64;
                match self.compression.iter_mut().find(|(kind, _)| *kind == scanned.compression) {
                    Some((_, count)) => *count += 1,
                    None => self.compression.push((scanned.compression, 1)),
                }
                if let Some(split) = self.splits.get_mut(split) {
                    split.add(scanned.bytes, scanned.intact.len());
                }
                let before = self.stats.records() + self.stats.malformed;
                self.stats.join(scanned.part, before);
            }
        }
    }

    /// What all shards together show.
    pub(super) fn finish(self, storage: &dyn Storage, set: &DataSet) -> Result<InspectedSet> {
        let mut warnings = self.warnings;
        for fault in set.broken() {
            warnings.push(fault.to_string());
        }
        let inferred = Description::infer_in(storage, set, &self.stats).unwrap_or_else(|error| {
            // That of features.json may have been the same.
            let error = error.to_string();
            if !warnings.contains(&error) {
                warnings.push(error);
            }
            Description::infer(&self.stats, &set.labels)
        });
        let declared = Description::of_metadata(set);
        let source = match (&declared, &set.manifest) {
            (None, _) => SchemaSource::Records,
            (_, Metadata::Is(_)) => SchemaSource::Manifest,
            _ => SchemaSource::Tfds,
        };
        let description = declared.unwrap_or_else(|| inferred.clone());
        let more: Vec<Field> =
            inferred.schema.fields.into_iter().filter(|field| description.schema.get(&field.key).is_none()).collect();
        let classes = classes(&description, &self.stats);
        let fields = description.schema.fields.into_iter().chain(more).collect();
        Ok(InspectedSet {
            dir: set.dir.clone(),
            name: set.name(storage),
            splits: set.splits.iter().zip(self.splits).map(|(split, sizes)| sizes.finish(&split.name)).collect(),
            compression: self.compression,
            stats: self.stats,
            schema: Schema::new(fields),
            source,
            label_key: description.label_key,
            classes,
            damaged: self.damaged,
            unreadable: self.unreadable,
            warnings,
        })
    }
}

/// Every class with its name, those without a record too, and every label that is none.
fn classes(description: &Description, stats: &FieldStats) -> Vec<ClassCount> {
    let Some(counts) = description.label_key.as_ref().and_then(|key| stats.features.get(key)?.histogram.counts())
    else {
        return Vec::new();
    };
    let mut counts = counts.clone();
    for (class, _) in (0..).zip(&description.class_names) {
        counts.entry(class + i64::from(description.label_offset)).or_default();
    }
    let name = |label| description.class_of(label).and_then(|class| description.class_names.get(class)).cloned();
    counts.into_iter().map(|(label, records)| ClassCount { label, name: name(label), records }).collect()
}
