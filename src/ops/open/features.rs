//! What the records of an opened data set hold.

use super::{OpenedShard, Wanted, sample::sample};
use crate::{
    error::{Error, Result},
    example::{Kind, Role, Schema},
    ops::{
        dataset::{DataSet, Metadata},
        describe::{Description, FILE_NAMES},
        inspect::SchemaSource,
    },
    pipeline::Cancel,
    storage::Storage,
};

/// The features of an opened data set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenedFeatures {
    /// The features, as metadata say, or as a few of the records hold them.
    pub schema: Schema,
    /// Where that comes from. If it is from records, others may hold something else.
    pub source: SchemaSource,
    /// The class names; the index is the stored label less the offset.
    pub class_names: Vec<String>,
    /// What is added to a class index when it is stored.
    pub label_offset: u32,
    /// The key of the class of a record.
    pub label_key: Option<String>,
    /// The key of the picture of a record.
    pub image_key: Option<String>,
    /// The key of the file name of a record.
    pub name_key: Option<String>,
    /// Keys whose values are bytes that are no text, or of different kinds, and those of the lists of SequenceExamples and of
    /// features of TFDS that no schema can say: they are not in the schema, or as texts.
    pub as_they_stand: Vec<String>,
}

impl OpenedFeatures {
    /// What is to be read from each record: the features with these keys, or all but those that only repeat others for parsers.
    ///
    /// # Errors
    /// [`ErrorKind::Options`](crate::ErrorKind::Options) for a key that the metadata do not know.
    pub fn wanted(&self, keys: Option<&[String]>) -> Result<Vec<Wanted>> {
        let is_said = self.source != SchemaSource::Records;
        let is_known = |key: &str| !self.as_they_stand.iter().any(|other| other == key);
        let wanted = |key: &str| {
            let field = self.schema.get(key).filter(|_| is_known(key)).cloned();
            Wanted { key: key.to_owned(), field, is_said: is_said && is_known(key) }
        };
        let Some(keys) = keys else {
            let fields = self.schema.fields.iter().filter(|field| !is_said || !field.auxiliary).map(|field| &field.key);
            let mut all: Vec<Wanted> = fields.map(|key| wanted(key)).collect();
            let more = self.as_they_stand.iter().filter(|key| self.schema.get(key).is_none());
            all.extend(more.map(|key| wanted(key)));
            return Ok(all);
        };
        // Features that TFDS does not tell of may be in the records all the same.
        let is_complete = self.source == SchemaSource::Manifest;
        if let Some(unknown) = keys.iter().find(|key| is_complete && self.schema.get(key).is_none()) {
            let known: Vec<_> = self.schema.fields.iter().map(|field| format!("{:?}", field.key)).collect();
            return Err(Error::options(format!("there is no feature {unknown:?}"))
                .with_hint(format!("the features are {}", known.join(", "))));
        }
        Ok(keys.iter().map(|key| wanted(key)).collect())
    }
}

/// What metadata say, or what a sample of the records holds.
pub(super) fn of(
    storage: &dyn Storage,
    set: &DataSet,
    shards: &[OpenedShard],
    cancel: &Cancel,
) -> Result<OpenedFeatures> {
    let (mut description, source) = match Description::of_metadata(set) {
        Some(said) if matches!(set.manifest, Metadata::Is(_)) => (said, SchemaSource::Manifest),
        Some(said) => (said, SchemaSource::Tfds),
        None => (of_sample(storage, set, shards, cancel)?, SchemaSource::Records),
    };
    let is_all = set.features.get().is_none_or(|features| features.unsupported.is_empty());
    if source == SchemaSource::Tfds && !is_all {
        // TFDS stores these under keys of their own, or in ways of its own: what is there is better than nothing.
        let stats = sample(storage, shards, cancel)?;
        let keys = stats.features.iter().map(|(key, _)| key).chain(stats.lists.iter().map(|(key, _)| key));
        let unknown = keys.filter(|key| description.schema.get(key).is_none()).map(str::to_owned);
        description.mixed.extend(unknown.collect::<Vec<_>>());
    }
    let is_bytes = |key: &str| description.schema.get(key).is_some_and(|field| field.kind == Kind::Bytes);
    let name_key = FILE_NAMES.iter().copied().find(|key| is_bytes(key)).map(str::to_owned);
    let Description { schema, class_names, label_offset, label_key, image_key, mixed, .. } = description;
    Ok(OpenedFeatures {
        schema,
        source,
        class_names,
        label_offset,
        label_key,
        image_key,
        name_key,
        as_they_stand: mixed,
    })
}

fn of_sample(storage: &dyn Storage, set: &DataSet, shards: &[OpenedShard], cancel: &Cancel) -> Result<Description> {
    let stats = sample(storage, shards, cancel)?;
    let mut description = Description::infer(&stats, &set.labels);
    // Names of files are texts, whatever bytes are in them.
    let is_no_text = |key: &str| {
        if FILE_NAMES.contains(&key) {
            return false;
        }
        let bytes = stats.features.get(key).map(|stats| &stats.single_bytes);
        bytes.is_some_and(|bytes| bytes.text + bytes.empty < bytes.count())
    };
    let texts = description.schema.fields.iter().filter(|field| matches!(field.role, Role::Text));
    let binary: Vec<String> = texts.map(|field| field.key.clone()).filter(|key| is_no_text(key)).collect();
    description.mixed.extend(binary);
    let lists = stats.lists.iter().map(|(key, _)| key).filter(|key| stats.features.get(key).is_none());
    description.mixed.extend(lists.map(str::to_owned));
    // How many classes there are is not known from a few records: only names that stand somewhere are names.
    let named = set.labels.iter().find(|labels| Some(&labels.key) == description.label_key.as_ref());
    description.class_names = named.map(|labels| labels.names.clone()).unwrap_or_default();
    Ok(description)
}
