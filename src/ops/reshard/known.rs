//! What stands beside the shards says of their records.

use super::{
    ReshardOptions,
    merge::{Facts, Labels},
};
use crate::{
    error::Printable,
    ops::dataset::{DataSet, Metadata},
};

/// What the metadata of a data set say; `None` if there are none that say it.
pub(super) fn facts(set: &DataSet) -> Option<Facts> {
    let from = Printable(&set.dir).to_string();
    let labels = set.labels.iter();
    let labels = labels.map(|it| Labels { key: it.key.clone(), names: it.names.clone(), offset: it.offset }).collect();
    if let Some(manifest) = set.manifest.get().filter(|manifest| !manifest.schema.fields.is_empty()) {
        let supervised_keys = manifest.supervised_keys.clone();
        return Some(Facts { from, schema: manifest.schema.clone(), labels, supervised_keys });
    }
    let features = set.features.get().filter(|features| features.unsupported.is_empty())?;
    Some(Facts { from, schema: features.schema.clone(), labels, supervised_keys: None })
}

/// Metadata that cannot be used.
pub(super) fn broken(set: &DataSet) -> impl Iterator<Item = String> {
    fn told<T>(metadata: &Metadata<T>) -> Option<String> {
        match metadata {
            Metadata::Broken(error) => Some(format!("{error}; what it says is not taken into account")),
            Metadata::Absent | Metadata::Is(_) => None,
        }
    }
    [told(&set.manifest), told(&set.info), told(&set.features)].into_iter().flatten()
}

/// The labels that filters and splits go by.
pub(super) fn main_labels(options: &ReshardOptions, facts: &Facts) -> Labels {
    let known = match &options.label {
        Some(key) => facts.labels.iter().find(|labels| labels.key == *key),
        None => facts.labels.first(),
    };
    known.cloned().unwrap_or_else(|| Labels {
        key: options.label.clone().unwrap_or_else(|| "label".to_owned()),
        names: Vec::new(),
        offset: 0,
    })
}
