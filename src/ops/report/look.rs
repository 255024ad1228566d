//! The one look at every record: features, labels, arrays, pictures.

use std::collections::BTreeMap;

use super::{
    arrays::{ArrayKey, ArrayPart},
    content::PictureKey,
    pictures::{PicturePart, PictureVisit},
    repeats::{self, Keyed},
    spot::{About, Spot},
};
use crate::{
    example::{ExampleView, FeatureView, Kind},
    pipeline::{FieldStats, Fields, RecordPlace, Visit},
};

/// Labels that are counted; what has more different ones has no classes.
const MAX_LABELS: usize = 100_000;

/// Every number is looked at.
const FIELDS: Fields = Fields { values: true };

/// Values of fewer bytes are often equal by chance.
pub(super) const LEAST_BYTES: usize = 16;

/// Looks at records.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) label: Option<String>,
    pub(super) picture: Option<PictureKey>,
    pub(super) arrays: Vec<ArrayKey>,
    /// The feature by which equal records are told where there are no pictures.
    pub(super) value: Option<String>,
    pub(super) pictures: PictureVisit,
    /// Of each shard, the position of its split and a number made of its name.
    pub(super) shards: Vec<(usize, u64)>,
    /// Pictures whose number is not above this are decoded.
    pub(super) decode_up_to: u64,
}

/// What is known of records of one shard that follow one another.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) stats: FieldStats,
    pub(super) labels: Labels,
    pub(super) arrays: Vec<ArrayPart>,
    pub(super) pictures: PicturePart,
    pub(super) values: Keyed,
}

/// How often each label occurs.
#[derive(Debug, Default, Clone)]
pub(super) struct Labels {
    pub(super) counts: BTreeMap<i64, u64>,
    /// Records without a single number as label.
    pub(super) missing: u64,
}

impl Labels {
    fn add(&mut self, label: Option<i64>) {
        match label {
            None => self.missing += 1,
            Some(label) if self.counts.len() < MAX_LABELS || self.counts.contains_key(&label) => {
                *self.counts.entry(label).or_default() += 1;
            }
            Some(_) => {}
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.missing += other.missing;
        for (label, count) in &other.counts {
            if self.counts.len() < MAX_LABELS || self.counts.contains_key(label) {
                *self.counts.entry(*label).or_default() += count;
            }
        }
    }
}

/// The only number of a feature.
pub(super) fn single(feature: &FeatureView<'_>) -> Option<i64> {
    let mut numbers = feature.ints();
    numbers.next().filter(|_| numbers.next().is_none())
}

/// A number for a record that is as good as drawn at random, and the same every time (the last steps of SplitMix64).
pub(super) fn number(shard: u64, offset: u64) -> u64 {
    let mut number = shard.wrapping_add(offset.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

impl Visit for Look {
    type Part = Part;

    fn record(&self, payload: &[u8], place: RecordPlace, part: &mut Part) {
        let read = ExampleView::parse(payload);
        part.stats.add_view(&read, payload.len(), place.number, FIELDS.values);
        let Ok(view) = &read else { return };
        let label = self.label.as_ref().and_then(|key| single(view.get(key)?));
        if self.label.is_some() {
            part.labels.add(label);
        }
        let spot = Spot {
            shard: u32::try_from(place.shard).unwrap_or(u32::MAX),
            record: u32::try_from(place.number).unwrap_or(u32::MAX),
        };
        let about = About::new(spot, label);
        if let Some(content) = self.picture.as_ref().and_then(|key| key.content(view)) {
            let shard = self.shards.get(place.shard).map_or(0, |(_, number)| *number);
            let number = number(shard, place.offset);
            self.pictures.record(content, number <= self.decode_up_to, number, about, &mut part.pictures);
        }
        if part.arrays.len() != self.arrays.len() {
            part.arrays = self.arrays.iter().map(ArrayKey::part).collect();
        }
        for (key, seen) in self.arrays.iter().zip(&mut part.arrays) {
            if let Some(feature) = view.get(&key.key) {
                key.add(feature, seen);
            }
        }
        if let Some(feature) = self.value.as_ref().and_then(|key| view.get(key))
            && let Some(key) = value_key(feature)
        {
            part.values.add(key, about);
        }
    }

    fn join(&self, into: &mut Part, part: Part, before: u64) {
        into.stats.join(part.stats, before);
        into.labels.join(&part.labels);
        if into.arrays.is_empty() {
            into.arrays = part.arrays;
        } else {
            for (into, part) in into.arrays.iter_mut().zip(&part.arrays) {
                into.join(part);
            }
        }
        PictureVisit::join(&mut into.pictures, part.pictures, before);
        into.values.join(part.values, before);
    }

    fn weight(&self, part: &Part) -> u64 {
        /// What a label takes in its map, about.
        const COUNTED: usize = 32;
        let labels = (part.labels.counts.len() * COUNTED) as u64;
        FIELDS.weight(&part.stats) + labels + PictureVisit::weight(&part.pictures) + part.values.weight()
    }
}

/// The key of a value, if it is long enough not to be equal to another by chance.
fn value_key(feature: &FeatureView<'_>) -> Option<u64> {
    let mut all = Vec::new();
    match feature.kind()? {
        Kind::Bytes => {
            let mut values = feature.bytes();
            let (only, None) = (values.next()?, values.next()) else { return None };
            return (only.len() >= LEAST_BYTES).then(|| repeats::key(only));
        }
        Kind::Float => feature.float_bytes().for_each(|piece| all.extend_from_slice(&piece)),
        Kind::Int64 => feature.ints().for_each(|number| all.extend_from_slice(&number.to_le_bytes())),
    }
    (all.len() >= LEAST_BYTES).then(|| repeats::key(&all))
}
