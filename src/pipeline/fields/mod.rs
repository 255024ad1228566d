//! What the features of many records hold: kinds, counts, ranges, what bytes look like, how often each class occurs.
//!
//! One [`Visit`] from which schemas are inferred and data sets described. Memory is bounded whatever the records are: keys,
//! their text and the values of histograms are counted, and what goes beyond is left out and said.

mod by_key;
mod bytes;
mod feature;
mod range;

pub use self::{
    by_key::ByKey,
    bytes::{BytesFacts, ImagesSeen},
    feature::{FeatureStats, Histogram, ListStats, Texts},
    range::Range,
};
use super::{RecordPlace, Visit};
use crate::example::{ExampleView, Malformed};

/// The key of TF-Slim's class names, and that of the label which they belong to.
const TEXT_OF_LABEL: (&str, &str) = ("image/class/label", "image/class/text");

/// Looks at the features of records.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fields {
    /// Whether every number of every list is looked at for its range; otherwise only those that stand alone.
    pub values: bool,
}

/// What is known of the features of some records.
#[derive(Debug, Clone, Default)]
pub struct FieldStats {
    /// Records that are an Example.
    pub examples: u64,
    /// Records that are a SequenceExample.
    pub sequences: u64,
    /// Records that are neither.
    pub malformed: u64,
    /// The first record that is neither: its number among the intact ones of its shard, and why.
    pub first_malformed: Option<(u64, Malformed)>,
    /// The bytes of all payloads.
    pub payload_bytes: u64,
    /// The features of Examples and the context of SequenceExamples.
    pub features: ByKey<FeatureStats>,
    /// The lists of SequenceExamples.
    pub lists: ByKey<ListStats>,
    /// The text that stands beside each label, where both have TF-Slim's keys.
    pub texts: Texts,
    /// How many numbers all histograms count together.
    counted: usize,
}

impl FieldStats {
    /// Records whose features were looked at.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.examples + self.sequences
    }

    /// Whether there were more keys than are kept; what is known of the features is then not all.
    #[must_use]
    pub const fn has_more_keys(&self) -> bool {
        self.features.is_full() || self.lists.is_full()
    }

    /// Looks at one more record, the `number`th of its shard.
    pub fn add(&mut self, payload: &[u8], number: u64, values: bool) {
        self.add_view(&ExampleView::parse(payload), payload.len(), number, values);
    }

    /// The same, for a payload of so many bytes that was read already.
    pub fn add_view(&mut self, read: &Result<ExampleView<'_>, Malformed>, bytes: usize, number: u64, values: bool) {
        self.payload_bytes += bytes as u64;
        let view = match read {
            Ok(view) => view,
            Err(fault) => {
                self.malformed += 1;
                self.first_malformed.get_or_insert((number, *fault));
                return;
            }
        };
        let mut hint = 0;
        for (key, feature) in &view.features {
            if let Some(stats) = self.features.slot(key, &mut hint) {
                stats.add(feature, values, &mut self.counted);
            }
        }
        if let Some(lists) = &view.lists {
            self.sequences += 1;
            let mut hint = 0;
            for (key, steps) in lists {
                if let Some(stats) = self.lists.slot(key, &mut hint) {
                    stats.add(steps, values, &mut self.counted);
                }
            }
        } else {
            self.examples += 1;
        }
        let (label, text) = TEXT_OF_LABEL;
        if let (Some(label), Some(text)) = (view.get(label), view.get(text)) {
            self.texts.add(label, text);
        }
    }

    /// Adds what is known of other records, those of a later shard or of a later part of the same one, in which `before`
    /// intact records come first.
    pub fn join(&mut self, other: Self, before: u64) {
        self.examples += other.examples;
        self.sequences += other.sequences;
        self.malformed += other.malformed;
        if let Some((number, fault)) = other.first_malformed {
            self.first_malformed.get_or_insert((before + number, fault));
        }
        self.payload_bytes += other.payload_bytes;
        let counted = &mut self.counted;
        self.features.join(other.features, |into, stats| into.join(stats, counted));
        self.lists.join(other.lists, |into, stats| into.join(stats, counted));
        self.texts.join(other.texts);
    }
}

impl Visit for Fields {
    type Part = FieldStats;

    fn record(&self, payload: &[u8], place: RecordPlace, part: &mut FieldStats) {
        part.add(payload, place.number, self.values);
    }

    fn join(&self, into: &mut FieldStats, part: FieldStats, before: u64) {
        into.join(part, before);
    }

    fn weight(&self, part: &FieldStats) -> u64 {
        /// What a number takes in a histogram, about.
        const COUNTED: usize = 32;
        (part.features.weight() + part.lists.weight() + part.texts.weight() + COUNTED * part.counted) as u64
    }
}

#[cfg(test)]
mod tests;
