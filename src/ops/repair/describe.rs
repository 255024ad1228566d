//! What the records mean, as the files beside the shards or the records themselves say, and these files anew for what is
//! written.

use serde_json::{Map, Value};

use super::inputs::Inputs;
use crate::{
    error::{At, Result},
    example::Role,
    index::{Manifest, labels_file_name, tfds_files},
    ops::{
        dataset::{DataSet, LabelNames, Metadata},
        describe::Description,
    },
    pipeline::FieldStats,
    storage::Storage,
    tfrecord::Compression,
};

/// No file of metadata is larger; what is, is something else.
const MAX: u64 = 1 << 30;

/// The meaning of the records, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    pub(super) of: Description,
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
    /// What the metadata of the input say, or else what its intact records hold. Of records that are no Examples nothing is
    /// said: neither a schema nor TFDS knows them.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if there are metadata that cannot be read.
    pub(super) fn of(inputs: &Inputs, stats: &FieldStats, storage: &dyn Storage) -> Result<Self> {
        // Folders that make up one data set together have no metadata.
        if let [set] = inputs.sets.as_slice()
            && let Some(of) = Description::of_metadata(set)
        {
            let tfds = if set.manifest.get().is_none() { TfdsTexts::of(set, storage)? } else { None };
            return Ok(Self { of, tfds });
        }
        if stats.sequences > 0 || stats.malformed > 0 {
            return Ok(Self::default());
        }
        let labels: Vec<LabelNames> = inputs.sets.iter().flat_map(|set| set.labels.iter().cloned()).collect();
        Ok(Self { of: Description::infer(stats, &labels), tfds: None })
    }

    /// How many of some records are of each class; empty without classes.
    pub(super) fn class_counts(&self, stats: &FieldStats) -> Vec<u64> {
        let mut counts = vec![0; self.of.class_names.len()];
        let label = self.of.label_key.as_ref().and_then(|key| stats.features.get(key));
        for (stored, records) in label.and_then(|label| label.histogram.counts()).into_iter().flatten() {
            if let Some(count) = self.of.class_of(*stored).and_then(|class| counts.get_mut(class)) {
                *count += records;
            }
        }
        counts
    }

    /// The files for TFDS beside the shards that a manifest describes; none if the features are not known.
    pub(super) fn tfds_files(&self, manifest: &Manifest, payload_bytes: &[u64]) -> Vec<(String, Vec<u8>)> {
        if manifest.schema.fields.is_empty() && self.tfds.is_none() {
            return Vec::new();
        }
        let mut files = tfds_files(manifest, payload_bytes);
        let Some(tfds) = self.tfds.as_ref().filter(|_| manifest.compression == Compression::None) else { return files };
        for (name, text) in &mut files {
            match name.as_str() {
                "features.json" => text.clone_from(&tfds.features),
                "dataset_info.json" => tfds.renew(text),
                _ => {}
            }
        }
        // Each label has names of its own, where the manifest has those of one.
        files.retain(|(name, _)| !name.ends_with(".labels.txt"));
        let lines = |label: &LabelNames| label.names.iter().map(|name| format!("{name}\n")).collect::<String>();
        files.extend(tfds.labels.iter().map(|label| (labels_file_name(&label.key), lines(label).into_bytes())));
        files
    }

    /// The names of the files of class names that may be written.
    pub(super) fn label_files(&self) -> Vec<String> {
        let is_label = |role: &Role| matches!(role, Role::ClassLabel { .. });
        let fields = self.of.schema.fields.iter().filter(|field| is_label(&field.role) && !field.auxiliary);
        fields.map(|field| labels_file_name(&field.key)).collect()
    }
}

impl TfdsTexts {
    fn of(set: &DataSet, storage: &dyn Storage) -> Result<Option<Self>> {
        if !matches!(set.info, Metadata::Is(_)) {
            return Ok(None);
        }
        let read = |name: &str| -> Result<Vec<u8>> {
            let path = set.dir.join(name);
            let file = storage.open(&path)?;
            let mut text = vec![0; usize::try_from(file.len().min(MAX)).unwrap_or(0)];
            file.read_exact_at(&mut text, 0).at(path)?;
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
