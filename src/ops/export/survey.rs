//! The first look at all shards: which records are intact, and what their features hold.

use std::collections::BTreeMap;

use crate::{
    example::{ExampleView, FeatureView, Kind},
    pipeline::{RecordPlace, Visit},
    transform::{Detected, detect},
};

/// Features beyond this many are not looked at: no data set has them, but a hostile one may.
const MAX_FEATURES: usize = 4096;

/// The least and the most of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Range {
    fn add(into: &mut Option<Self>, other: Self) {
        let range = into.get_or_insert(other);
        *range = Self { least: range.least.min(other.least), most: range.most.max(other.most) };
    }

    /// The value, if it is the same everywhere.
    pub(super) fn same(self) -> Option<u64> {
        (self.least == self.most).then_some(self.least)
    }
}

/// What is known of a feature.
#[derive(Debug, Clone, Default)]
pub(super) struct FeatureFacts {
    /// The records that have it, with a list in it.
    pub(super) records: u64,
    /// The list, of the first record.
    pub(super) kind: Option<Kind>,
    /// Whether other records have another list.
    pub(super) is_mixed: bool,
    /// Values in a record.
    pub(super) values: Option<Range>,
    /// Bytes of a lone value.
    pub(super) bytes: Option<Range>,
    /// Records whose lone value is an image.
    pub(super) images: u64,
}

impl FeatureFacts {
    fn add(&mut self, feature: &FeatureView<'_>) {
        let Some(kind) = feature.kind() else { return };
        self.records += 1;
        self.is_mixed |= *self.kind.get_or_insert(kind) != kind;
        let values = feature.len() as u64;
        Range::add(&mut self.values, Range { least: values, most: values });
        if let (1, Some(value)) = (values, feature.bytes().next()) {
            let bytes = value.len() as u64;
            Range::add(&mut self.bytes, Range { least: bytes, most: bytes });
            self.images += u64::from(matches!(detect(value), Detected::Image(_)));
        }
    }

    fn join(&mut self, other: Self) {
        self.records += other.records;
        self.is_mixed |= other.is_mixed || other.kind.is_some_and(|kind| self.kind.is_some_and(|it| it != kind));
        self.kind = self.kind.or(other.kind);
        other.values.into_iter().for_each(|values| Range::add(&mut self.values, values));
        other.bytes.into_iter().for_each(|bytes| Range::add(&mut self.bytes, bytes));
        self.images += other.images;
    }
}

/// What is known of some records.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Records that are Examples.
    pub(super) records: u64,
    /// The others, by their number among the intact ones.
    pub(super) bad: Vec<u64>,
    /// Whether one of them is a SequenceExample, whose lists are not exported.
    pub(super) has_lists: bool,
    /// Every feature.
    pub(super) features: BTreeMap<String, FeatureFacts>,
}

impl Facts {
    /// Adds what is known of other records of the same data set; the numbers of bad ones are left out.
    pub(super) fn join(&mut self, other: Self) {
        self.records += other.records;
        self.has_lists |= other.has_lists;
        for (key, facts) in other.features {
            self.features.entry(key).or_default().join(facts);
        }
    }
}

/// Looks at the features of every record.
#[derive(Debug)]
pub(super) struct Look;

impl Visit for Look {
    type Part = Facts;

    fn record(&self, payload: &[u8], place: RecordPlace, part: &mut Facts) {
        let Ok(example) = ExampleView::parse(payload) else {
            part.bad.push(place.number);
            return;
        };
        part.records += 1;
        part.has_lists |= example.lists.is_some();
        for (key, feature) in &example.features {
            if let Some(facts) = part.features.get_mut(*key) {
                facts.add(feature);
            } else if part.features.len() < MAX_FEATURES {
                part.features.entry((*key).to_owned()).or_default().add(feature);
            }
        }
    }

    fn join(&self, into: &mut Facts, mut part: Facts, before: u64) {
        into.bad.extend(part.bad.drain(..).map(|number| before + number));
        into.join(part);
    }
}
