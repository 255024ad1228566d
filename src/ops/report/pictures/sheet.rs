//! Which pictures stand for their class: those with the least numbers, where numbers are hashes of where records are. So the
//! choice is random, the same every time, and made in little memory.

use std::collections::BTreeMap;

use super::super::{
    data::{SheetGroup, Thumbnail},
    spot::Spot,
};

/// Pictures of a class that are remembered.
pub(super) const EACH: usize = 12;

/// Classes that are remembered; records of more than these have no place in the sheet.
const CLASSES: usize = 4096;

/// Pictures where there are no classes.
const WITHOUT_CLASSES: usize = 60;

/// Classes that are shown.
pub(super) const SHOWN: usize = 400;

/// Records with their numbers, the least first.
type Numbered = Vec<(u64, Spot)>;

/// Some pictures of each class.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    /// By label, with how many there are in all.
    classes: BTreeMap<Option<i64>, (u64, Numbered)>,
}

/// How many of a class are remembered.
const fn room(label: Option<i64>) -> usize {
    if label.is_some() { EACH } else { WITHOUT_CLASSES }
}

impl Sample {
    pub(super) fn add(&mut self, label: Option<i64>, number: u64, spot: Spot) {
        let is_known = self.classes.contains_key(&label);
        if !is_known && self.classes.len() >= CLASSES {
            return;
        }
        let (count, chosen) = self.classes.entry(label).or_default();
        *count += 1;
        keep_least(chosen, room(label), (number, spot));
    }

    pub(super) fn join(&mut self, other: Self, before: u64) {
        for (label, (count, more)) in other.classes {
            if self.classes.len() >= CLASSES && !self.classes.contains_key(&label) {
                continue;
            }
            let (all, chosen) = self.classes.entry(label).or_default();
            *all += count;
            for (number, spot) in more {
                keep_least(chosen, room(label), (number, spot.behind(before)));
            }
        }
    }

    pub(super) fn weight(&self) -> u64 {
        (self.classes.len() * (EACH * size_of::<(u64, Spot)>() + 64)) as u64
    }

    /// The classes that are shown, with the pictures that may be, and how many classes are not. Where there are too many classes,
    /// the most frequent ones are shown, by label all the same.
    pub(super) fn choose(self) -> (Vec<Chosen>, u64) {
        let mut classes: Vec<_> = self.classes.into_iter().collect();
        let left = classes.len().saturating_sub(SHOWN) as u64;
        classes.sort_by_key(|(label, (count, _))| (std::cmp::Reverse(*count), *label));
        classes.truncate(SHOWN);
        classes.sort_by_key(|(label, _)| *label);
        let spots = |chosen: Numbered| chosen.into_iter().map(|(_, spot)| spot).collect();
        let chosen =
            classes.into_iter().map(|(label, (records, chosen))| Chosen { label, records, spots: spots(chosen) });
        (chosen.collect(), left)
    }
}

/// A class in the sheet.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) label: Option<i64>,
    pub(super) records: u64,
    /// The pictures, those to be preferred first.
    pub(super) spots: Vec<Spot>,
}

impl Chosen {
    pub(super) fn group(&self, name: String, shown: Vec<Thumbnail>) -> SheetGroup {
        SheetGroup { name, records: self.records, shown }
    }
}

fn keep_least(chosen: &mut Numbered, room: usize, new: (u64, Spot)) {
    let at = chosen.partition_point(|old| *old < new);
    if at < room {
        chosen.insert(at, new);
        chosen.truncate(room);
    }
}
