//! What is known of the values of one feature.

use std::collections::BTreeMap;

use super::{BytesFacts, Range};
use crate::example::{FeatureView, Kind};

/// Numbers of which each is counted, at most, in one feature.
const MAX_DISTINCT: usize = 100_000;

/// The same for all features together.
const MAX_DISTINCT_IN_ALL: usize = 1_000_000;

/// The longest text that may name a class.
const MAX_CLASS_TEXT: usize = 1 << 10;

/// What is known of one feature.
#[derive(Debug, Clone, Default)]
pub struct FeatureStats {
    /// Records that have the key.
    pub records: u64,
    /// Records in which it is a list of bytes.
    pub bytes_lists: u64,
    /// Records in which it is a list of whole numbers.
    pub int64_lists: u64,
    /// Records in which it is a list of floats.
    pub float_lists: u64,
    /// How many values a record has.
    pub count: Option<Range<u64>>,
    /// Whole numbers.
    pub ints: Option<Range<i64>>,
    /// Floats other than NaN and infinities.
    pub floats: Option<Range<f32>>,
    /// Floats that are NaN.
    pub nans: u64,
    /// Floats that are infinite.
    pub infinities: u64,
    /// The length of a bytes value, in bytes.
    pub length: Option<Range<u64>>,
    /// What bytes look like that are the only value of their record.
    pub single_bytes: BytesFacts,
    /// How often each whole number occurs that is the only value of its record.
    pub histogram: Histogram,
}

/// How often each number occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Histogram {
    /// By number.
    Counts(BTreeMap<i64, u64>),
    /// There are too many different ones for classes.
    TooMany,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::Counts(BTreeMap::new())
    }
}

impl Histogram {
    /// How many different numbers are counted.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.counts().map_or(0, BTreeMap::len)
    }

    /// The counts, if there are not too many.
    #[must_use]
    pub const fn counts(&self) -> Option<&BTreeMap<i64, u64>> {
        match self {
            Self::Counts(counts) => Some(counts),
            Self::TooMany => None,
        }
    }

    /// `counted` is how many numbers all histograms count together.
    fn add(&mut self, number: i64, times: u64, counted: &mut usize) {
        let Self::Counts(counts) = self else { return };
        let before = counts.len();
        *counts.entry(number).or_default() += times;
        *counted += counts.len() - before;
        if counts.len() > MAX_DISTINCT || *counted > MAX_DISTINCT_IN_ALL {
            self.give_up(counted);
        }
    }

    fn give_up(&mut self, counted: &mut usize) {
        *counted = counted.saturating_sub(self.distinct());
        *self = Self::TooMany;
    }

    fn join(&mut self, other: Self, counted: &mut usize) {
        match other {
            Self::TooMany => self.give_up(counted),
            Self::Counts(counts) => counts.into_iter().for_each(|(number, times)| self.add(number, times, counted)),
        }
    }
}

impl FeatureStats {
    /// The one kind of list that it is wherever it is one.
    #[must_use]
    pub const fn kind(&self) -> Option<Kind> {
        match (self.bytes_lists > 0, self.int64_lists > 0, self.float_lists > 0) {
            (true, false, false) => Some(Kind::Bytes),
            (false, true, false) => Some(Kind::Int64),
            (false, false, true) => Some(Kind::Float),
            _ => None,
        }
    }

    /// The name of its kind: `mixed` if there are several, `none` if it is nowhere a list.
    #[must_use]
    pub const fn kind_name(&self) -> &'static str {
        match self.kind() {
            Some(Kind::Bytes) => "bytes",
            Some(Kind::Int64) => "int64",
            Some(Kind::Float) => "float",
            None if self.lists() > 0 => "mixed",
            None => "none",
        }
    }

    /// Records in which it is a list of some kind.
    #[must_use]
    pub const fn lists(&self) -> u64 {
        self.bytes_lists + self.int64_lists + self.float_lists
    }

    /// How many values each of `records` records has, if all have the feature and the same number of values.
    #[must_use]
    pub fn fixed_count(&self, records: u64) -> Option<u64> {
        self.count.filter(|_| self.lists() == records).and_then(Range::same)
    }

    pub(super) fn add(&mut self, feature: &FeatureView<'_>, values: bool, counted: &mut usize) {
        self.records += 1;
        let count = match feature.kind() {
            None => 0,
            Some(Kind::Bytes) => {
                self.bytes_lists += 1;
                self.add_bytes(feature)
            }
            Some(Kind::Int64) => {
                self.int64_lists += 1;
                self.add_ints(feature, values, counted)
            }
            Some(Kind::Float) => {
                self.float_lists += 1;
                let count = feature.len() as u64;
                if values || count == 1 {
                    self.add_floats(feature);
                }
                count
            }
        };
        Range::add(&mut self.count, count);
    }

    fn add_bytes(&mut self, feature: &FeatureView<'_>) -> u64 {
        let (mut count, mut first) = (0, None);
        for bytes in feature.bytes() {
            Range::add(&mut self.length, bytes.len() as u64);
            first.get_or_insert(bytes);
            count += 1;
        }
        if let Some(bytes) = first.filter(|_| count == 1) {
            self.single_bytes.add(bytes);
        }
        count
    }

    fn add_ints(&mut self, feature: &FeatureView<'_>, values: bool, counted: &mut usize) -> u64 {
        let (mut count, mut range) = (0, None);
        if values {
            for number in feature.ints() {
                Range::add(&mut range, number);
                count += 1;
            }
        } else {
            count = feature.len() as u64;
            range = feature.ints().next().filter(|_| count == 1).map(Range::of);
        }
        if let Some(only) = range.filter(|_| count == 1) {
            self.histogram.add(only.min, 1, counted);
        }
        Range::join(&mut self.ints, range);
        count
    }

    fn add_floats(&mut self, feature: &FeatureView<'_>) {
        let (mut min, mut max) = (f32::INFINITY, f32::NEG_INFINITY);
        for part in feature.float_bytes() {
            for number in part.as_chunks::<4>().0 {
                let number = f32::from_le_bytes(*number);
                if number.is_finite() {
                    min = min.min(number);
                    max = max.max(number);
                } else {
                    self.nans += u64::from(number.is_nan());
                    self.infinities += u64::from(number.is_infinite());
                }
            }
        }
        Range::join(&mut self.floats, (min <= max).then_some(Range { min, max }));
    }

    pub(super) fn join(&mut self, other: Self, counted: &mut usize) {
        self.records += other.records;
        self.bytes_lists += other.bytes_lists;
        self.int64_lists += other.int64_lists;
        self.float_lists += other.float_lists;
        Range::join(&mut self.count, other.count);
        Range::join(&mut self.ints, other.ints);
        Range::join(&mut self.floats, other.floats);
        self.nans += other.nans;
        self.infinities += other.infinities;
        Range::join(&mut self.length, other.length);
        self.single_bytes.join(&other.single_bytes);
        self.histogram.join(other.histogram, counted);
    }
}

/// What is known of one list of SequenceExamples.
#[derive(Debug, Clone, Default)]
pub struct ListStats {
    /// Records that have the key.
    pub records: u64,
    /// How many steps a record has.
    pub steps: Option<Range<u64>>,
    /// The features that are the steps; `records` counts steps here.
    pub step: FeatureStats,
}

impl ListStats {
    pub(super) fn add(&mut self, steps: &[FeatureView<'_>], values: bool, counted: &mut usize) {
        self.records += 1;
        Range::add(&mut self.steps, steps.len() as u64);
        for step in steps {
            self.step.add(step, values, counted);
        }
    }

    pub(super) fn join(&mut self, other: Self, counted: &mut usize) {
        self.records += other.records;
        Range::join(&mut self.steps, other.steps);
        self.step.join(other.step, counted);
    }
}

/// The text that stands beside each label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    of_label: BTreeMap<i64, Box<str>>,
    /// A label has two texts, or something that names no class.
    is_unfit: bool,
}

impl Texts {
    /// The text of each label, if every label has but one.
    #[must_use]
    pub fn of_label(&self) -> Option<&BTreeMap<i64, Box<str>>> {
        (!self.is_unfit && !self.of_label.is_empty()).then_some(&self.of_label)
    }

    /// The bytes that they take in memory, about: names of classes are short.
    pub(super) fn weight(&self) -> usize {
        self.of_label.len() * (MAX_CLASS_TEXT / 16)
    }

    pub(super) fn add(&mut self, label: &FeatureView<'_>, text: &FeatureView<'_>) {
        if self.is_unfit {
            return;
        }
        let (mut labels, mut texts) = (label.ints(), text.bytes());
        let ((Some(label), None), (Some(text), None)) = ((labels.next(), labels.next()), (texts.next(), texts.next()))
        else {
            self.is_unfit = true;
            return;
        };
        match std::str::from_utf8(text) {
            Ok(text) if text.len() <= MAX_CLASS_TEXT => self.insert(label, text),
            _ => self.is_unfit = true,
        }
    }

    fn insert(&mut self, label: i64, text: &str) {
        match self.of_label.get(&label) {
            Some(known) => self.is_unfit |= **known != *text,
            None if self.of_label.len() >= MAX_DISTINCT => self.is_unfit = true,
            None => {
                self.of_label.insert(label, text.into());
            }
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        self.is_unfit |= other.is_unfit;
        for (label, text) in other.of_label {
            if !self.is_unfit {
                self.insert(label, &text);
            }
        }
    }
}
