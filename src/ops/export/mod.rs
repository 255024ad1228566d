//! `export`: shards back to image files or arrays, whoever wrote the shards.
//!
//! A first look at all records finds which are intact, and what their features hold ([`survey`]). Where one of them holds
//! images, every record becomes a file ([`images`]); else every feature becomes an array ([`arrays`]).

mod arrays;
mod columns;
mod endings;
mod folder;
mod images;
mod inputs;
mod json;
mod keys;
mod names;
mod npy;
mod options;
mod order;
mod place;
mod read;
mod report;
mod staged;
mod survey;
mod taken;

use std::{collections::BTreeMap, path::PathBuf, time::Instant};

pub use options::{ExportOptions, OnDamage};
pub use report::{ExportReport, ExportedArray, ExportedSplit};

use self::{
    folder::OutFolder,
    inputs::Inputs,
    keys::ImageFields,
    place::SplitFolders,
    survey::{Facts, Look},
};
use crate::{
    error::{At, Error, ErrorKind, Result},
    ops::{
        dataset::{DataSet, find},
        publish::threads,
    },
    pipeline::{Cancel, FieldStats, Progress, Scan, ScannedShard, number_among},
    source::Spool,
    storage::{LocalStorage, Storage},
    tfrecord::{Compression, Damage, Spans},
    units::{ByteSize, Count},
};

/// Writes the records of shards as files: images in folders of their classes, or arrays. Damaged records are passed over and
/// counted, unless [`OnDamage::Stop`] is asked for.
///
/// # Errors
/// Paths without shards, or without intact records; an output folder that is not empty; features that fit nothing;
/// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted).
pub fn export(options: &ExportOptions, cancel: &Cancel, progress: &dyn Progress) -> Result<ExportReport> {
    let started = Instant::now();
    let storage: &dyn Storage = &LocalStorage;
    let sets = find(storage, &options.inputs)?;
    OutFolder::check(storage, &options.out, &options.inputs, options.overwrite)?;
    let spool = Spool::temporary().watch(|_| cancel.check());
    let context = Context { options, storage, spool: &spool, threads: threads(options.threads), cancel, progress };
    let mut report = ExportReport {
        out: options.out.clone(),
        splits: Vec::new(),
        arrays: Vec::new(),
        files: 0,
        bytes: ByteSize(0),
        renamed: 0,
        skipped: 0,
        warnings: Vec::new(),
        notes: Vec::new(),
        elapsed: std::time::Duration::ZERO,
    };
    let (shards, folders) = choose(&sets, options)?;
    let found = look(&context, &sets, shards, &mut report)?;
    context.write(&sets, &found, folders, &mut report)?;
    report.elapsed = started.elapsed();
    Ok(report)
}

/// What every step of a run needs.
struct Context<'a> {
    options: &'a ExportOptions,
    storage: &'a dyn Storage,
    spool: &'a Spool<'a>,
    threads: usize,
    cancel: &'a Cancel,
    progress: &'a dyn Progress,
}

/// A shard, and what is known of it.
#[derive(Debug)]
struct Shard {
    /// The position of its data set.
    set: usize,
    split: String,
    path: PathBuf,
    compression: Compression,
    crc32: Option<u32>,
    intact: Spans,
    damage: Vec<Damage>,
    /// Whether nothing is damaged.
    is_whole: bool,
    /// Intact records that are no Examples, by their number among these.
    bad: Vec<u64>,
}

impl Shard {
    /// Records that can be exported.
    fn good(&self) -> u64 {
        self.intact.len() - self.bad.len() as u64
    }

    /// How many of the bad records come before an intact one.
    fn bad_before(&self, intact: u64) -> u64 {
        self.bad.partition_point(|bad| *bad < intact) as u64
    }

    /// Whether any place in it can be read by itself.
    fn is_plain(&self) -> bool {
        self.compression == Compression::None
    }

    /// The number in the file of an intact record.
    fn number_of(&self, intact: u64) -> u64 {
        number_among(&self.damage, intact).0
    }
}

/// What all shards hold.
struct Found {
    shards: Vec<Shard>,
    /// What the features of each data set hold.
    stats: Vec<FieldStats>,
}

/// A shard that is asked for.
struct Chosen {
    /// The position of its data set.
    set: usize,
    split: String,
    path: PathBuf,
}

/// The shards that are asked for, split by split.
fn choose(sets: &[DataSet], options: &ExportOptions) -> Result<(Vec<Chosen>, SplitFolders)> {
    // Splits in the order in which they are first met; of several data sets those of one name are one.
    let mut splits: Vec<&str> = Vec::new();
    for split in sets.iter().flat_map(|set| &set.splits) {
        if !splits.contains(&split.name.as_str()) {
            splits.push(&split.name);
        }
    }
    let folders = match (&options.split, splits.len()) {
        (Some(name), _) if !splits.contains(&name.as_str()) => {
            return Err(Error::options(format!("there is no split `{name}`"))
                .with_hint(format!("the splits are {}", splits.join(", "))));
        }
        (Some(name), _) => {
            splits.retain(|split| split == name);
            SplitFolders::Never
        }
        (None, 2..) => SplitFolders::Always,
        (None, _) => SplitFolders::AsNamed,
    };
    let mut shards = Vec::new();
    for name in splits {
        for (at, set) in sets.iter().enumerate() {
            let of_split = set.splits.iter().filter(|split| split.name == name).flat_map(|split| &split.shards);
            shards.extend(of_split.map(|path| Chosen { set: at, split: name.to_owned(), path: path.clone() }));
        }
    }
    Ok((shards, folders))
}

/// Reads every record once.
fn look(context: &Context<'_>, sets: &[DataSet], chosen: Vec<Chosen>, report: &mut ExportReport) -> Result<Found> {
    let paths: Vec<PathBuf> = chosen.iter().map(|shard| shard.path.clone()).collect();
    let scan = Scan {
        shards: &paths,
        storage: context.storage,
        threads: context.threads,
        // To know whether the shards are those that the manifest describes.
        file_crc: sets.iter().any(|set| set.manifest.get().is_some()),
        spool: context.spool,
        cancel: context.cancel,
        progress: context.progress,
    };
    let mut found = Found { shards: Vec::new(), stats: sets.iter().map(|_| FieldStats::default()).collect() };
    let stops = context.options.on_damage == OnDamage::Stop;
    context.progress.step("reading", None);
    scan.run(&Look, |at, outcome| {
        let Some(Chosen { set, split, path }) = chosen.get(at) else { return Ok(()) };
        let scanned = match outcome {
            Err(error) if stops || matches!(error.kind(), ErrorKind::Interrupted) => return Err(error),
            Err(error) => {
                report.skipped += 1;
                report.warnings.push(error.to_string());
                return Ok(());
            }
            Ok(scanned) => scanned,
        };
        if let Some((count, what)) = problems(&scanned) {
            let shown = crate::error::Printable(path).to_string();
            if stops {
                return Err(Error::damaged(what).with_hint(
                    "shardify validate tells more; shardify repair saves what is intact; without --on-error stop the rest is \
                     exported",
                ))
                .at(path);
            }
            report.skipped += count;
            report.warnings.push(format!("{shown}: {what}"));
        }
        let ScannedShard { compression, crc32, intact, damage, faults, part, .. } = scanned;
        let is_whole = damage.is_empty() && faults.is_empty();
        let Facts { stats, bad } = part;
        if let Some(of_set) = found.stats.get_mut(*set) {
            of_set.join(stats, 0);
        }
        let (set, split, path) = (*set, split.clone(), path.clone());
        found.shards.push(Shard { set, split, path, compression, crc32, intact, damage, is_whole, bad });
        Ok(())
    })?;
    if found.stats.iter().all(|stats| stats.records() == 0) {
        let hint = "shardify validate tells what is wrong with it";
        let mut message = "there is no intact record to export".to_owned();
        if let Some(first) = report.warnings.first() {
            message.push_str(&format!(": {first}"));
        }
        if report.warnings.len() > 1 {
            message.push_str(&format!("; {} more", Count(report.warnings.len() as u64 - 1)));
        }
        return arrays::in_folder(Err(Error::damaged(message).with_hint(hint)), sets);
    }
    Ok(found)
}

/// How many places and records of a shard are passed over, and a sentence about them.
fn problems(scanned: &ScannedShard<Facts>) -> Option<(u64, String)> {
    let damaged = scanned.damage.len() as u64 + scanned.faults.len() as u64;
    let bad = scanned.part.bad.len() as u64;
    let mut parts = Vec::new();
    if damaged > 0 {
        parts.push(format!("{} damaged {}", Count(damaged), if damaged == 1 { "place" } else { "places" }));
    }
    if bad > 0 {
        parts.push(format!(
            "{} {} no tf.train.Example",
            Count(bad),
            if bad == 1 { "record is" } else { "records are" }
        ));
    }
    (!parts.is_empty()).then(|| (damaged + bad, parts.join(", ")))
}

impl Context<'_> {
    /// Writes everything.
    fn write(&self, sets: &[DataSet], found: &Found, folders: SplitFolders, report: &mut ExportReport) -> Result<()> {
        let records: u64 = found.shards.iter().map(Shard::good).sum();
        if found.stats.iter().any(|stats| stats.sequences > 0) {
            report.notes.push("the lists of SequenceExamples are left out: only their context is exported".to_owned());
        }
        let fields = self.image_fields(sets, found)?;
        let by_split = match fields {
            Some(fields) => {
                let mut folder = self.folder(sets)?;
                self.progress.step("exporting", Some(records));
                let written = images::write(self, &found.shards, &fields, folders, &mut folder)?;
                folder.finish()?;
                report.bytes = written.size();
                report.files = written.records.iter().sum();
                report.renamed = written.renamed;
                if written.without > 0 {
                    report.skipped += written.without;
                    let verb = if written.without == 1 { "record has" } else { "records have" };
                    report.warnings.push(format!("{} {verb} no image, or several", Count(written.without)));
                }
                written.records
            }
            None => {
                let mut stats = FieldStats::default();
                found.stats.iter().for_each(|of_set| stats.join(of_set.clone(), 0));
                let plan = arrays::in_folder(arrays::Plan::new(self, sets, &stats), sets)?;
                for unfit in &plan.left_out {
                    let text = format!("the feature `{}` is left out: {}", unfit.key, unfit.why);
                    if unfit.is_text { report.notes.push(text) } else { report.warnings.push(text) }
                }
                let mut folder = self.folder(sets)?;
                self.progress.step("exporting", Some(records));
                let written = arrays::write(self, sets, &found.shards, &plan, folders, &mut folder)?;
                folder.finish()?;
                report.bytes = ByteSize(written.bytes);
                report.files = written.arrays.len() as u64;
                report.arrays = written.arrays;
                report.notes.extend(written.notes);
                found.shards.iter().map(Shard::good).collect()
            }
        };
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for (shard, count) in found.shards.iter().zip(by_split) {
            *counts.entry(&shard.split).or_default() += count;
        }
        for shards in found.shards.chunk_by(|a, b| a.split == b.split) {
            let Some(first) = shards.first() else { continue };
            let records = counts.get(first.split.as_str()).copied().unwrap_or(0);
            report.splits.push(ExportedSplit { name: first.split.clone(), records });
        }
        Ok(())
    }

    fn folder(&self, sets: &[DataSet]) -> Result<OutFolder<'_>> {
        let inputs = Inputs::new(self.storage, sets)?;
        OutFolder::open(self.storage, &self.options.out, inputs, self.options.overwrite)
    }

    /// Where the images of each data set are; none where arrays are to be written.
    fn image_fields(&self, sets: &[DataSet], found: &Found) -> Result<Option<Vec<ImageFields>>> {
        if !self.options.features.is_empty() {
            return Ok(None);
        }
        let all = sets.iter().zip(&found.stats);
        let fields: Vec<Option<ImageFields>> =
            all.clone().map(|(set, stats)| ImageFields::find(set, stats, self.options)).collect::<Result<_>>()?;
        let mut with_records = all.zip(&fields).filter(|((_, stats), _)| stats.records() > 0);
        let has_arrays = with_records.find(|(_, fields)| fields.is_none()).map(|((set, _), _)| set);
        match has_arrays {
            None => Ok(Some(fields.into_iter().map(Option::unwrap_or_default).collect())),
            Some(_) if fields.iter().all(Option::is_none) => Ok(None),
            Some(set) => {
                Err(Error::inputs("it has no images, and another data set has").with_hint("export them one by one"))
                    .at(&set.dir)
            }
        }
    }
}
