//! What is known of the records: what stands beside the shards says it, or they themselves do.

use super::{
    ReshardOptions,
    gather::Gathered,
    inputs::Inputs,
    merge::{self, Facts, Labels},
};
use crate::{
    error::{Printable, Result},
    ops::{
        dataset::{DataSet, LabelNames},
        describe::Description,
    },
    pipeline::{FieldStats, NO_CLASS},
    units::Count,
};

/// The usual keys of labels.
const LABELS: [&str; 2] = ["label", "image/class/label"];

/// What the metadata of a data set say; `None` if there are none that say all of it.
pub(super) fn of_metadata(set: &DataSet) -> Option<Facts> {
    let says_all = set.manifest.get().is_some() || set.features.get().is_some_and(|it| it.unsupported.is_empty());
    let description = Description::of_metadata(set).filter(|it| says_all && !it.schema.fields.is_empty())?;
    Some(facts(set_name(set), description, &set.labels))
}

fn set_name(set: &DataSet) -> String {
    Printable(&set.dir).to_string()
}

fn facts(from: String, description: Description, beside: &[LabelNames]) -> Facts {
    let Description { schema, class_names, label_offset, supervised_keys, label_key, .. } = description;
    let main = label_key.map(|key| Labels { key, names: class_names, offset: label_offset });
    let others = beside.iter().map(labels_of).filter(|labels| main.as_ref().is_none_or(|main| main.key != labels.key));
    let others: Vec<_> = others.filter(|labels| schema.get(&labels.key).is_some()).collect();
    Facts { from, labels: main.into_iter().chain(others).collect(), schema, supervised_keys }
}

fn labels_of(it: &LabelNames) -> Labels {
    Labels { key: it.key.clone(), names: it.names.clone(), offset: it.offset }
}

/// What all data sets together say, once the records of those without metadata have been looked at. Records that are no
/// Examples have no features: then nothing is known of the whole.
///
/// # Errors
/// The first difference between two of them.
pub(super) fn of_all(inputs: &Inputs, gathered: &mut Gathered, warnings: &mut Vec<String>) -> Result<Facts> {
    let (mut known, mut found) = (Vec::new(), Vec::new());
    let mut labels: Vec<LabelNames> = Vec::new();
    for (set, stats) in inputs.sets.iter().zip(std::mem::take(&mut gathered.stats)) {
        let Some(stats) = stats else {
            known.extend(of_metadata(set));
            continue;
        };
        let others = stats.records() == 0 && stats.malformed == 0;
        if others {
            continue;
        }
        if let Some(why) = no_examples(&stats) {
            warnings.push(format!("{}: {why}, so no files for TFDS are written", set_name(set)));
            return Ok(Facts::default());
        }
        labels.extend(set.labels.iter().cloned());
        let beside = set.labels.iter().map(labels_of).collect();
        found.push((Facts { from: set_name(set), labels: beside, ..Facts::default() }, stats));
    }
    let inferred = merge::join_stats(found)?.map(|(all, stats): (Facts, FieldStats)| {
        let description = Description::infer(&stats, &labels);
        if !description.mixed.is_empty() {
            let keys = description.mixed.join(", ");
            warnings
                .push(format!("{keys}: of one kind in some records and of another in others, and left out for TFDS"));
        }
        facts(all.from, description, &labels)
    });
    merge::join(known, inferred)
}

/// Why nothing can be inferred.
fn no_examples(stats: &FieldStats) -> Option<String> {
    let FieldStats { sequences, malformed, .. } = stats;
    match (sequences, malformed) {
        (0, 0) if stats.has_more_keys() => Some("the records have too many features".to_owned()),
        (0, 0) => None,
        (0, _) => Some(format!("{} records are no Examples", Count(*malformed))),
        _ => Some(format!("{} records are SequenceExamples", Count(*sequences))),
    }
}

/// Metadata that cannot be used.
pub(super) fn broken(set: &DataSet) -> impl Iterator<Item = String> {
    set.broken().map(|error| format!("{error}; what it says is not taken into account"))
}

/// The labels that filters and splits go by, as far as they are known before the records are.
pub(super) fn main_labels(options: &ReshardOptions, facts: &Facts) -> Labels {
    let known = match &options.label {
        Some(key) => facts.labels.iter().find(|labels| labels.key == *key),
        None => facts.labels.first(),
    };
    known.cloned().unwrap_or_else(|| Labels {
        key: options.label.clone().unwrap_or_default(),
        names: Vec::new(),
        offset: 0,
    })
}

impl Labels {
    /// The keys under which the label of a record may be: the first that is there counts.
    pub(super) fn keys(&self) -> Vec<String> {
        match self.key.as_str() {
            "" => LABELS.map(str::to_owned).to_vec(),
            key => vec![key.to_owned()],
        }
    }

    /// The same labels, now that it is known what the records hold; `classes` are counted anew from their offset.
    pub(super) fn learn(&mut self, facts: &Facts, classes: &mut [u32]) {
        let is_known = !self.names.is_empty();
        let found = facts
            .labels
            .iter()
            .find(|it| if self.key.is_empty() { LABELS.contains(&it.key.as_str()) } else { it.key == self.key });
        if let Some(labels) = found.filter(|_| !is_known) {
            for class in classes.iter_mut().filter(|class| **class != NO_CLASS) {
                *class = class.checked_sub(labels.offset).unwrap_or(NO_CLASS);
            }
            self.clone_from(labels);
        }
    }
}
