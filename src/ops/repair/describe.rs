//! What the records mean, as the files beside the shards say, and these files anew for what is written.

use serde_json::{Map, Value};

use super::inputs::Inputs;
use crate::{
    error::Result,
    example::{Role, Schema},
    index::{Manifest, labels_file_name, tfds_files},
    ops::dataset::{DataSet, LabelNames, Metadata},
    storage::Storage,
    tfrecord::Compression,
};

/// No file of metadata is larger; what is, is something else.
const MAX: u64 = 1 << 30;

/// The features of every record, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    pub(super) schema: Schema,
    pub(super) class_names: Vec<String>,
    pub(super) label_offset: u32,
    pub(super) supervised_keys: Option<(String, String)>,
    /// The key of the label that `class_names` are of.
    pub(super) label: Option<String>,
    /// The files of TFDS that stand beside the input: they know more than can be said as a schema.
    tfds: Option<TfdsTexts>,
}

/// What TFDS wrote, to be taken over.
#[derive(Debug)]
struct TfdsTexts {
    info: Map<String, Value>,
    features: Vec<u8>,
    labels: Vec<LabelNames>,
}

impl Meaning {
    /// What the metadata of the input say.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if they are there and cannot be read.
    pub(super) fn of(inputs: &Inputs, storage: &dyn Storage) -> Result<Self> {
        // Folders that make up one data set together have none.
        let [set] = inputs.sets.as_slice() else { return Ok(Self::default()) };
        if let Some(manifest) = set.manifest.get() {
            let is_label = |role: &Role| matches!(role, Role::ClassLabel { .. });
            let label = manifest.schema.fields.iter().find(|field| is_label(&field.role) && !field.auxiliary);
            return Ok(Self {
                label: label.map(|field| field.key.clone()),
                schema: manifest.schema.clone(),
                class_names: manifest.class_names.clone(),
                label_offset: manifest.label_offset,
                supervised_keys: manifest.supervised_keys.clone(),
                tfds: None,
            });
        }
        let Some(features) = set.features.get() else { return Ok(Self::default()) };
        let label = set.labels.first();
        Ok(Self {
            schema: features.schema.clone(),
            class_names: label.map(|label| label.names.clone()).unwrap_or_default(),
            label_offset: label.map_or(0, |label| label.offset),
            supervised_keys: None,
            label: label.map(|label| label.key.clone()),
            tfds: TfdsTexts::of(set, storage)?,
        })
    }

    /// The files for TFDS beside the shards that a manifest describes; none if the features are not known.
    pub(super) fn tfds_files(&self, manifest: &Manifest, payload_bytes: &[u64]) -> Vec<(String, Vec<u8>)> {
        if manifest.schema.fields.is_empty() && self.tfds.is_none() {
            return Vec::new();
        }
        let mut files = tfds_files(manifest, payload_bytes);
        let Some(tfds) = &self.tfds else { return files };
        if manifest.compression != Compression::None {
            return Vec::new();
        }
        for (name, text) in &mut files {
            match name.as_str() {
                "features.json" => text.clone_from(&tfds.features),
                "dataset_info.json" => tfds.renew(text),
                _ => {}
            }
        }
        files.retain(|(name, _)| !name.ends_with(".labels.txt"));
        let lines = |label: &LabelNames| label.names.iter().map(|name| format!("{name}\n")).collect::<String>();
        files.extend(tfds.labels.iter().map(|label| (labels_file_name(&label.key), lines(label).into_bytes())));
        files
    }

    /// The names of the files of class names that may be written.
    pub(super) fn label_files(&self) -> Vec<String> {
        let is_label = |role: &Role| matches!(role, Role::ClassLabel { .. });
        let fields = self.schema.fields.iter().filter(|field| is_label(&field.role) && !field.auxiliary);
        fields.map(|field| labels_file_name(&field.key)).collect()
    }
}

impl TfdsTexts {
    fn of(set: &DataSet, storage: &dyn Storage) -> Result<Option<Self>> {
        if !matches!(set.info, Metadata::Is(_)) {
            return Ok(None);
        }
        let read = |name: &str| -> Result<Vec<u8>> {
            let file = storage.open(&set.dir.join(name))?;
            let mut text = vec![0; usize::try_from(file.len().min(MAX)).unwrap_or(0)];
            file.read_exact_at(&mut text, 0)?;
            Ok(text)
        };
        let Ok(info) = serde_json::from_slice(&read("dataset_info.json")?) else { return Ok(None) };
        Ok(Some(Self { info, features: read("features.json")?, labels: set.labels.clone() }))
    }

    /// Puts what stays true of a data set (description, version, supervised keys, ...) into its new `dataset_info.json`.
    fn renew(&self, text: &mut Vec<u8>) {
        let Ok(mut fresh) = serde_json::from_slice::<Map<String, Value>>(text) else { return };
        let changed = ["name", "splits", "fileFormat"];
        let kept = self.info.iter().filter(|(key, _)| !changed.contains(&key.as_str()));
        fresh.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
        *text = format!("{:#}\n", Value::Object(fresh)).into_bytes();
    }
}
