//! What a data set is: the meaning of each feature, the class names, what is input and what is label. As its metadata say, or
//! inferred from what its records hold.

mod infer;

use super::dataset::{DataSet, LabelNames, label_names};
use crate::{
    error::Result,
    example::{Role, Schema},
    pipeline::FieldStats,
    storage::Storage,
};

/// Keys of file names: TFDS, `convert`, TF-Slim, img2dataset.
pub(crate) const FILE_NAMES: &[&str] =
    &["filename", "file_name", "image/filename", "image/file_name", "key", "__key__"];

/// What a data set is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Description {
    /// The features of its records.
    pub(crate) schema: Schema,
    /// The class names; the index is the stored label less the offset.
    pub(crate) class_names: Vec<String>,
    /// What is added to a class index when it is stored.
    pub(crate) label_offset: u32,
    /// The keys of what a model is given and of what it is to say.
    pub(crate) supervised_keys: Option<(String, String)>,
    /// The class of a record.
    pub(crate) label_key: Option<String>,
    /// The picture of a record, be it that TensorFlow can decode it or not.
    pub(crate) image_key: Option<String>,
    /// Keys that are of one kind in some records and of another in others: they have no place in a schema.
    pub(crate) mixed: Vec<String>,
}

impl Description {
    /// What the metadata say: the manifest, or else the features of TFDS.
    pub(crate) fn of_metadata(set: &DataSet) -> Option<Self> {
        if let Some(manifest) = set.manifest.get() {
            let (schema, supervised_keys) = (manifest.schema.clone(), manifest.supervised_keys.clone());
            let mut description = Self { schema, supervised_keys, ..Self::default() };
            description.class_names.clone_from(&manifest.class_names);
            description.label_offset = manifest.label_offset;
            return Some(description.with_keys());
        }
        let schema = set.features.get()?.schema.clone();
        let supervised_keys = set.info.get().and_then(|info| info.supervised_keys.clone());
        let mut description = Self { schema, supervised_keys, ..Self::default() }.with_keys();
        let names = set.labels.iter().find(|labels| description.label_key.as_ref() == Some(&labels.key));
        if let Some(LabelNames { names, offset, .. }) = names {
            description.class_names.clone_from(names);
            description.label_offset = *offset;
        }
        description.number_classes();
        Some(description)
    }

    /// What the records hold. `labels` are class names that stand beside them.
    pub(crate) fn infer(stats: &FieldStats, labels: &[LabelNames]) -> Self {
        infer::infer(stats, labels)
    }

    /// What the records of a data set hold; the class names may stand in the file of their label, which nothing else names.
    ///
    /// # Errors
    /// That file cannot be read.
    pub(crate) fn infer_in(storage: &dyn Storage, set: &DataSet, stats: &FieldStats) -> Result<Self> {
        let inferred = Self::infer(stats, &set.labels);
        let (Some(key), true) = (&inferred.label_key, set.labels.is_empty()) else { return Ok(inferred) };
        let labels = label_names(storage, &set.dir, key)?;
        Ok(labels.map_or(inferred, |labels| Self::infer(stats, &[labels])))
    }

    /// Fills in which key is the image and which the label, as far as the schema tells.
    fn with_keys(mut self) -> Self {
        let usual = |is: fn(&Role) -> bool, first: Option<&String>| {
            let fields = || self.schema.fields.iter().filter(|field| is(&field.role) && !field.auxiliary);
            let named = fields().find(|field| Some(&field.key) == first);
            let known = || fields().find(|field| infer::LABELS.contains(&field.key.as_str()));
            named.or_else(known).or_else(|| fields().next()).map(|field| field.key.clone())
        };
        let keys = self.supervised_keys.as_ref();
        let image = usual(|role| matches!(role, Role::Image { .. }), keys.map(|keys| &keys.0));
        let label = usual(|role| matches!(role, Role::ClassLabel { .. }), keys.map(|keys| &keys.1));
        (self.image_key, self.label_key) = (image, label);
        self
    }

    /// The number of classes, fillers of the offset included; 0 without a label.
    pub(crate) fn classes(&self) -> u64 {
        let label = self.label_key.as_ref().and_then(|key| self.schema.get(key)).map(|field| &field.role);
        if let Some(Role::ClassLabel { classes, .. }) = label { *classes } else { 0 }
    }

    /// Gives classes numbers for names if they have none.
    fn number_classes(&mut self) {
        if self.class_names.is_empty() {
            let classes = self.classes().saturating_sub(u64::from(self.label_offset));
            self.class_names = (0..classes.min(infer::MAX_CLASSES)).map(|class| class.to_string()).collect();
        }
    }

    /// The index among the class names of a stored label.
    pub(crate) fn class_of(&self, stored: i64) -> Option<usize> {
        let class = stored.checked_sub(i64::from(self.label_offset))?;
        usize::try_from(class).ok().filter(|class| *class < self.class_names.len())
    }
}

#[cfg(test)]
mod tests;
