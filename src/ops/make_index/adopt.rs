//! The manifest and the metadata of TFDS for a data set that somebody else wrote.

use std::path::PathBuf;

use super::{FieldStats, IndexOptions, IndexReport, plan::Plan, shard::Job, template::template};
use crate::{
    error::{At, Error, Printable, Result},
    index::{FORMAT_VERSION, MANIFEST_NAME, Manifest, ManifestShard, ManifestSplit, check_size, tfds_files_for},
    item::split_name_fault,
    ops::{
        dataset::{DataSet, Metadata, label_names},
        describe::Description,
        publish::TOOL,
    },
    pipeline::ScannedShard,
    storage::Storage,
    tfrecord::Compression,
};

/// What was seen of the shards of a data set.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    splits: Vec<SeenSplit>,
    /// Shards that are damaged or could not be read.
    failed: usize,
    /// The compression of all shards, and the first one; the second is one of another compression.
    compression: Option<(Compression, PathBuf)>,
    other: Option<PathBuf>,
    /// A shard whose name is no text.
    unnamed: Option<PathBuf>,
    /// The first shard with a record that is no Example, and which record.
    malformed: Option<(PathBuf, u64)>,
}

#[derive(Debug, Default)]
struct SeenSplit {
    shards: Vec<ManifestShard>,
    stats: FieldStats,
}

impl Gathered {
    pub(super) fn new(set: &DataSet) -> Self {
        Self { splits: set.splits.iter().map(|_| SeenSplit::default()).collect(), ..Self::default() }
    }

    /// Adds the next shard; nothing if it could not be read whole.
    pub(super) fn add(&mut self, job: &Job, scanned: Option<ScannedShard<FieldStats>>) {
        let (Some(scanned), Some(split)) = (scanned, self.splits.get_mut(job.split)) else {
            self.failed += 1;
            return;
        };
        match &self.compression {
            None => self.compression = Some((scanned.compression, job.path.clone())),
            Some((first, _)) if *first == scanned.compression => {}
            Some(_) => {
                self.other.get_or_insert_with(|| job.path.clone());
            }
        }
        let Some(name) = job.path.file_name().and_then(|name| name.to_str()) else {
            self.unnamed.get_or_insert_with(|| job.path.clone());
            return;
        };
        if let Some((record, _)) = scanned.part.first_malformed {
            self.malformed.get_or_insert_with(|| (job.path.clone(), record));
        }
        split.shards.push(ManifestShard {
            name: name.to_owned(),
            records: scanned.intact.len(),
            bytes: scanned.bytes,
            crc32: format!("{:08x}", scanned.crc32.unwrap_or(0)),
        });
        let before = split.stats.records() + split.stats.malformed;
        split.stats.join(scanned.part, before);
    }

    /// Why nothing can be said of the data set as a whole.
    fn check(&self, stats: &FieldStats) -> Result<Compression> {
        if self.failed > 0 {
            let shards = if self.failed == 1 { "1 shard is".to_owned() } else { format!("{} shards are", self.failed) };
            return Err(Error::damaged(format!("{shards} damaged, so no metadata of the data set are written"))
                .with_hint("shardify repair DIR OUT writes the intact records anew, with all metadata"));
        }
        if let Some(path) = &self.unnamed {
            return Err(Error::inputs("the name of the shard is no UTF-8, and metadata are").with_hint("rename it"))
                .at(path);
        }
        let compression = match (&self.compression, &self.other) {
            (Some((_, first)), Some(other)) => {
                return Err(Error::inputs(format!("it is compressed in another way than `{}`", Printable(first)))
                    .with_hint("write them anew with shardify reshard, or name those of one kind"))
                .at(other);
            }
            (first, _) => first.as_ref().map_or(Compression::None, |(compression, _)| *compression),
        };
        if let Some((path, record)) = &self.malformed {
            return Err(Error::inputs(format!(
                "record {record} is no tf.train.Example, nor are {} others: there are no features to describe",
                stats.malformed.saturating_sub(1)
            ))
            .with_hint("shardify validate names them all"))
            .at(path);
        }
        if stats.has_more_keys() {
            return Err(Error::inputs(
                "the records have more than 10,000 different keys: those are data, not features",
            ));
        }
        Ok(compression)
    }
}

/// Writes what was asked for beside the shards of one data set. What cannot be done goes to the failures of the report.
pub(super) fn adopt(
    storage: &dyn Storage,
    set: DataSet,
    gathered: Gathered,
    options: &IndexOptions,
    report: &mut IndexReport,
) {
    let dir = set.dir.clone();
    if let Err(error) = describe(storage, set, gathered, options, report).at(dir) {
        report.failures.push(error);
    }
}

fn describe(
    storage: &dyn Storage,
    mut set: DataSet,
    gathered: Gathered,
    options: &IndexOptions,
    report: &mut IndexReport,
) -> Result<()> {
    let dir = set.dir.clone();
    if options.manifest {
        check_manifest(&set)?;
    }
    let mut stats = FieldStats::default();
    for split in &gathered.splits {
        stats.join(split.stats.clone(), 0);
    }
    let compression = gathered.check(&stats)?;
    let of_tfds = is_of_tfds(&set)?;
    let name = set.name(storage);
    // What is to be replaced is no evidence.
    if options.overwrite && set.manifest.get().is_some_and(|manifest| manifest.adopted) {
        set.manifest = Metadata::Absent;
    }
    if options.overwrite && !of_tfds {
        set.features = Metadata::Absent;
    }
    let description = match Description::of_metadata(&set) {
        Some(description) => description,
        None => {
            let plain = Description::infer(&stats, &[]);
            let labels = plain.label_key.as_ref().map(|key| label_names(storage, &dir, key)).transpose()?.flatten();
            labels.map_or(plain, |labels| Description::infer(&stats, &[labels]))
        }
    };
    if let [first, ..] = description.mixed.as_slice() {
        return Err(Error::inputs(format!("`{first}` is a list of another kind in some records than in others"))
            .with_hint("shardify validate names these records"));
    }
    let templates: Option<Vec<String>> = set.splits.iter().map(|split| template(&name, split)).collect();
    let refused = refuse_tfds(&set, &stats, compression, &description, templates.is_some());
    let payload_bytes: Vec<u64> = gathered.splits.iter().map(|split| split.stats.payload_bytes).collect();
    let mut manifest = manifest(name, compression, description, &set, gathered.splits);
    let mut plan = Plan::new(storage, &dir, options.overwrite);
    if of_tfds && options.tfds {
        report.warnings.push(format!(
            "{}: TFDS wrote its metadata itself, and they are left alone",
            Printable(&dir.join("dataset_info.json"))
        ));
        report.files.extend(plan.kept(&["dataset_info.json", "features.json"]));
    } else if let (true, Err(error)) = (options.tfds, &refused) {
        report.failures.push(Error::inputs(error.message()).with_hint(error.hint().unwrap_or_default()));
    }
    if !of_tfds && refused.is_ok() {
        let files = tfds_files_for(&manifest, &payload_bytes, &templates.unwrap_or_default());
        match plan.add_all(files, options.tfds) {
            Ok(names) => manifest.files = names,
            Err(error) => report.failures.push(error),
        }
    }
    if options.manifest {
        let mut text = serde_json::to_vec_pretty(&manifest).map_err(|error| Error::io("serialize", error.into()))?;
        text.push(b'\n');
        check_size(MANIFEST_NAME, text.len() as u64)?;
        plan.add_all(vec![(MANIFEST_NAME.to_owned(), text)], true)?;
    }
    report.files.extend(plan.place()?);
    Ok(())
}

/// Refuses to replace a manifest that says more than can be seen of the shards.
fn check_manifest(set: &DataSet) -> Result<()> {
    match &set.manifest {
        Metadata::Is(manifest) if !manifest.adopted => Err(Error::output(
            "the manifest is that of a data set which shardify wrote: it knows more than the shards do",
        )
        .with_hint("shardify validate holds the shards against it"))
        .at(set.dir.join(MANIFEST_NAME)),
        Metadata::Broken(error) => {
            Err(Error::output(error.message()).with_hint("remove it first, if it is of no use any more"))
                .at(set.dir.join(MANIFEST_NAME))
        }
        Metadata::Is(_) | Metadata::Absent => Ok(()),
    }
}

/// Whether TFDS wrote the metadata that are there: a builder of TFDS leaves its module, and we name nothing of the kind.
fn is_of_tfds(set: &DataSet) -> Result<bool> {
    match &set.info {
        Metadata::Is(info) if info.module_name.is_none() => Ok(false),
        Metadata::Is(_) if matches!(set.features, Metadata::Is(_)) => Ok(true),
        Metadata::Is(_) => {
            Err(Error::output("TFDS wrote this file, and features.json is not as it should be beside it")
                .with_hint("restore features.json, or remove both"))
            .at(set.dir.join("dataset_info.json"))
        }
        Metadata::Absent => Ok(false),
        Metadata::Broken(error) => {
            Err(Error::output(error.message()).with_hint("remove it first, if it is of no use any more"))
                .at(set.dir.join("dataset_info.json"))
        }
    }
}

/// Why TFDS could not load the data set, whatever stood beside it.
fn refuse_tfds(
    set: &DataSet,
    stats: &FieldStats,
    compression: Compression,
    description: &Description,
    has_template: bool,
) -> Result<()> {
    const RESHARD: &str = "write them anew with shardify reshard, which makes all metadata";
    let (message, hint) = if compression != Compression::None {
        ("TFDS cannot read compressed shards".to_owned(), "write them anew with shardify reshard --compression none")
    } else if stats.sequences > 0 {
        ("the records are SequenceExamples, which TFDS cannot load".to_owned(), "read them with tf.data")
    } else if description.schema.fields.is_empty() {
        ("the records have no features, so there is nothing to load".to_owned(), "shardify inspect shows them")
    } else if let Some(split) = set.splits.iter().find(|split| split_name_fault(&split.name).is_some()) {
        (
            format!("`{}` cannot name a split: {}", split.name, split_name_fault(&split.name).unwrap_or_default()),
            RESHARD,
        )
    } else if !has_template {
        (
            "TFDS finds shards by a pattern in which numbers count from 0 and have five digits, and these are called otherwise"
                .to_owned(),
            RESHARD,
        )
    } else {
        return Ok(());
    };
    Err(Error::inputs(format!("{}: {message}", Printable(&set.dir))).with_hint(hint))
}

fn manifest(
    name: String,
    compression: Compression,
    description: Description,
    set: &DataSet,
    splits: Vec<SeenSplit>,
) -> Manifest {
    let counts = |stats: &FieldStats| {
        let mut counts = vec![0; description.class_names.len()];
        let label = description.label_key.as_ref().and_then(|key| stats.features.get(key));
        for (stored, count) in label.and_then(|label| label.histogram.counts()).into_iter().flatten() {
            if let Some(slot) = description.class_of(*stored).and_then(|class| counts.get_mut(class)) {
                *slot += count;
            }
        }
        counts
    };
    let splits = set.splits.iter().zip(splits).map(|(split, SeenSplit { shards, stats })| ManifestSplit {
        name: split.name.clone(),
        records: shards.iter().map(|shard| shard.records).sum(),
        bytes: shards.iter().map(|shard| shard.bytes).sum(),
        class_counts: counts(&stats),
        shards,
    });
    let splits = splits.collect();
    Manifest {
        format_version: FORMAT_VERSION,
        tool: TOOL.to_owned(),
        name,
        compression,
        adopted: true,
        seed: 0,
        inputs_sha256: String::new(),
        options: std::collections::BTreeMap::new(),
        class_names: description.class_names,
        label_offset: description.label_offset,
        schema: description.schema,
        supervised_keys: description.supervised_keys,
        splits,
        files: Vec::new(),
        skipped: 0,
    }
}
