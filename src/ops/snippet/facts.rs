//! What code has to know of a data set.

use std::path::{Path, PathBuf};

use super::{Framework, SnippetOptions, python};
use crate::{
    error::{At, Error, Printable, Result},
    example::{Encoding, Field, Role, Schema},
    index::{Manifest, ManifestSplit},
    item::DType,
    ops::{
        dataset::{DataSet, SplitShards},
        describe::Description,
        publish::threads,
    },
    pipeline::{Cancel, FieldStats, Fields, Progress, Scan},
    source::{ShardFile, Spool},
    storage::Storage,
    tfrecord::Compression,
};

/// What code has to know of a data set.
#[derive(Debug)]
pub(crate) struct Facts {
    /// Its folder.
    pub(super) dir: PathBuf,
    /// The split.
    pub(super) split: String,
    /// The names of its shards, in order.
    pub(super) shards: Vec<String>,
    /// Its records, where they are counted.
    pub(super) records: Option<u64>,
    /// How its shards are compressed.
    pub(super) compression: Compression,
    /// What its records hold.
    pub(super) schema: Schema,
    /// What a model is given and what it is to say.
    pub(super) supervised_keys: Option<(String, String)>,
    /// Whether there is a manifest.
    pub(super) has_manifest: bool,
    /// Whether TFDS finds what it wants.
    has_tfds: bool,
    /// A shard that has no index.
    unindexed: Option<PathBuf>,
}

impl Facts {
    /// Those of a data set that was written to `dir` just now.
    pub(crate) fn of_manifest(manifest: &Manifest, dir: &Path) -> Self {
        let split = manifest.splits.first();
        let shards = |split: &ManifestSplit| split.shards.iter().map(|shard| shard.name.clone()).collect();
        Self {
            dir: dir.to_owned(),
            split: split.map_or_else(|| "train".to_owned(), |split| split.name.clone()),
            shards: split.map(shards).unwrap_or_default(),
            records: split.map(|split| split.records),
            compression: manifest.compression,
            schema: manifest.schema.clone(),
            supervised_keys: manifest.supervised_keys.clone(),
            has_manifest: true,
            has_tfds: manifest.compression == Compression::None,
            unindexed: None,
        }
    }

    pub(super) fn of_set(
        storage: &dyn Storage,
        set: &DataSet,
        options: &SnippetOptions,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<Self> {
        if let Some(fault) = set.manifest.broken() {
            return Err(Error::options(fault.to_string())
                .with_hint("shardify index --manifest --overwrite writes the manifest anew"));
        }
        let split = split(set, options.split.as_deref())?;
        let description = match Description::of_metadata(set) {
            Some(description) => description,
            None => look(storage, set, options, cancel, progress)?,
        };
        Self::of_description(storage, set, split, description)
    }

    /// Those of a data set of which is known what its records hold.
    pub(super) fn of_description(
        storage: &dyn Storage,
        set: &DataSet,
        split: &SplitShards,
        description: Description,
    ) -> Result<Self> {
        let compression = compression(storage, set, split)?;
        let listed = set.manifest.get().and_then(|manifest| manifest.splits.iter().find(|it| it.name == split.name));
        let counted = set.info.get().and_then(|info| info.splits.iter().find(|it| it.name == split.name));
        let sum = |lens: &[u64]| lens.iter().try_fold(0_u64, |sum, len| sum.checked_add(*len));
        let records = listed.map(|split| split.records).or_else(|| counted.and_then(|split| sum(&split.shard_lengths)));
        let name = |shard: &PathBuf| shard.file_name().map(|name| name.to_string_lossy().into_owned());
        let shards: Vec<String> = split.shards.iter().filter_map(name).collect();
        let index = |name: &String| set.dir.join("index").join(format!("{name}.idx"));
        let unindexed = shards.iter().find(|name| !index(name).is_file()).map(|name| set.dir.join(name));
        Ok(Self {
            dir: set.dir.clone(),
            split: split.name.clone(),
            shards,
            records,
            compression,
            schema: description.schema,
            supervised_keys: description.supervised_keys,
            has_manifest: set.manifest.get().is_some(),
            has_tfds: set.info.get().is_some_and(|info| info.splits.iter().any(|it| it.name == split.name))
                && set.features.get().is_some(),
            unindexed,
        })
    }

    /// Whether a framework can read it.
    pub(super) fn check(&self, framework: Framework) -> Result<()> {
        let title = framework.title();
        let path = Printable(&self.dir);
        let refuse = |message: String, hint: String| Err(Error::options(message).with_hint(hint)).at(&self.dir);
        if self.compression != Compression::None && framework != Framework::Tf {
            return refuse(
                format!("the shards are compressed ({}), which {title} cannot read", self.compression.name()),
                format!("--for tf reads them as they are, and shardify reshard {path} OUT writes plain ones"),
            );
        }
        match (framework, &self.unindexed) {
            (Framework::Tfds, _) if !self.has_tfds => refuse(
                format!("{title} needs dataset_info.json and features.json, which say nothing of this split"),
                format!("shardify index {path} --tfds writes them"),
            ),
            (Framework::Dali, Some(shard)) => {
                let error = Error::options(format!("{title} needs an index, and this shard has none"));
                Err(error.with_hint(format!("shardify index {path} writes them"))).at(shard)
            }
            _ => Ok(()),
        }
    }

    /// The name of the variable for what is read.
    pub(super) fn variable(&self) -> &str {
        if python::is_name(&self.split) { &self.split } else { "ds" }
    }

    /// The folder, as a literal.
    pub(super) fn folder(&self) -> String {
        python::literal(&self.dir.to_string_lossy())
    }

    /// The list of shards in the variable `folder`.
    pub(super) fn files(&self) -> String {
        python::paths("{folder}/", &self.shards, "")
    }

    /// The features that code is to give: those that others do not repeat.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.schema.fields.iter().filter(|field| !field.auxiliary)
    }

    /// The features that hold the bytes and the shape of a tensor whose dimensions are all open.
    pub(super) fn parts(&self, field: &Field) -> Option<(&Field, &Field)> {
        let is_raw = matches!(field.role, Role::Tensor { encoding: Encoding::Bytes, .. });
        let part = |name: &str| self.schema.get(&format!("{}/{name}", field.key));
        if is_raw { part("value").zip(part("shape")) } else { None }
    }

    /// The pair of input and label that is returned, if both are known.
    pub(super) fn pair(&self) -> Option<(&Field, &Field)> {
        let (x, y) = self.supervised_keys.as_ref()?;
        self.schema.get(x).zip(self.schema.get(y))
    }
}

/// The shape of what comes as pixels, whether it is an image file or was one; `None` for all else.
pub(super) fn pixels(field: &Field) -> Option<[Option<u64>; 3]> {
    match &field.role {
        Role::Image { shape, .. } => Some(shape.map(|dim| dim.map(u64::from))),
        Role::Tensor { dtype: DType::Uint8, shape, encoding: Encoding::Bytes } => shape.as_slice().try_into().ok(),
        _ => None,
    }
}

pub(super) fn split<'s>(set: &'s DataSet, wanted: Option<&str>) -> Result<&'s SplitShards> {
    let named = |name: &str| set.splits.iter().find(|split| split.name == name);
    match wanted {
        None => named("train").or_else(|| set.splits.first()).filter(|split| !split.shards.is_empty()),
        Some(name) => named(name),
    }
    .ok_or_else(|| {
        let names: Vec<&str> = set.splits.iter().map(|split| split.name.as_str()).collect();
        Error::options(format!("there is no split {:?}", wanted.unwrap_or("train")))
            .with_hint(format!("its splits are {}", names.join(", ")))
    })
    .at(&set.dir)
}

fn compression(storage: &dyn Storage, set: &DataSet, split: &SplitShards) -> Result<Compression> {
    if let Some(manifest) = set.manifest.get() {
        return Ok(manifest.compression);
    }
    let mut found: Option<(Compression, &PathBuf)> = None;
    for path in &split.shards {
        let is = ShardFile::open(storage, path)?.compression();
        match found {
            Some((first, at)) if first != is => {
                let message = format!("{} is {} and {} is not", Printable(at), first.name(), Printable(path));
                let error = Error::options(format!("the shards are not compressed alike: {message}"));
                return Err(error.with_hint("shardify reshard writes all of them in one way")).at(&set.dir);
            }
            _ => found = Some((is, path)),
        }
    }
    Ok(found.map_or(Compression::None, |(compression, _)| compression))
}

/// What the records say themselves.
fn look(
    storage: &dyn Storage,
    set: &DataSet,
    options: &SnippetOptions,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Description> {
    let shards: Vec<PathBuf> = set.shards().cloned().collect();
    let spool = Spool::temporary();
    let threads = threads(options.threads);
    progress.step("reading", None);
    let scan = Scan { shards: &shards, storage, threads, file_crc: false, spool: &spool, cancel, progress };
    let mut stats = FieldStats::default();
    scan.run(&Fields::default(), |at, scanned| {
        let scanned = match shards.get(at) {
            Some(path) => scanned.at(path)?,
            None => scanned?,
        };
        let before = stats.records() + stats.malformed;
        stats.join(scanned.part, before);
        Ok(())
    })?;
    if stats.examples == 0 {
        let error = Error::options("there is no record that is a tf.train.Example");
        let hint = format!("shardify inspect {} shows what is in there", Printable(&set.dir));
        return Err(error.with_hint(hint)).at(&set.dir);
    }
    Ok(Description::infer(&stats, &set.labels))
}
