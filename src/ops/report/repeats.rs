//! Records with equal content: a key of eight bytes for each record, and groups of those with equal keys.

use sha2::{Digest, Sha256};

use super::{
    data::{Group, Listed, Repeats},
    spot::{About, Again},
};
use crate::error::Result;

/// Groups that are told.
pub(super) const MAX_GROUPS: usize = 100;

/// Records of a group that are told.
pub(super) const MAX_MEMBERS: usize = 20;

/// The key of a content. With 64 bits, two of ten million different contents have the same with a chance of 1 in 370,000.
pub(super) fn key(content: &[u8]) -> u64 {
    Sha256::digest(content).first_chunk().copied().map_or(0, u64::from_be_bytes)
}

/// The keys of records, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Keyed {
    all: Vec<(u64, About)>,
}

impl Keyed {
    pub(super) fn add(&mut self, key: u64, about: About) {
        self.all.push((key, about));
    }

    pub(super) fn join(&mut self, other: Self, before: u64) {
        if self.all.is_empty() && before == 0 {
            self.all = other.all;
        } else {
            self.all.extend(other.all.into_iter().map(|(key, about)| (key, about.behind(before))));
        }
    }

    pub(super) fn weight(&self) -> u64 {
        (self.all.capacity() * size_of::<(u64, About)>()) as u64
    }

    /// The groups of records with equal keys; each in the order of the records.
    pub(super) fn groups(mut self) -> Vec<Vec<About>> {
        self.all.sort_unstable_by_key(|(key, about)| (*key, about.spot));
        let groups = self.all.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1);
        groups.map(|group| group.iter().map(|(_, about)| *about).collect()).collect()
    }
}

/// The groups that are worth looking at first come first: those across splits, those with differing labels, the largest.
pub(super) fn sort(groups: &mut [Vec<About>], again: &dyn Again) {
    groups.sort_by_cached_key(|group| {
        let first = group.first().map(|about| about.spot);
        (!crosses(group, again), !differs(group), std::cmp::Reverse(group.len()), first)
    });
}

/// Whether a group stands in more than one split.
fn crosses(group: &[About], again: &dyn Again) -> bool {
    let split = |about: &About| again.split(about.spot);
    group.iter().any(|about| Some(split(about)) != group.first().map(split))
}

/// Whether the labels in a group differ.
fn differs(group: &[About]) -> bool {
    group.iter().any(|about| Some(about.label()) != group.first().map(|first| first.label()))
}

/// What is told of groups, which are sorted: of the first ones, where their records are.
pub(super) fn tell(groups: &[Vec<About>], again: &dyn Again) -> Result<Repeats> {
    let shown = groups.get(..groups.len().min(MAX_GROUPS)).unwrap_or_default();
    let kept = |group: &[About]| group.len().min(MAX_MEMBERS);
    let spots: Vec<_> = shown.iter().flat_map(|group| group.iter().take(kept(group)).map(|about| about.spot)).collect();
    let mut places = again.places(&spots)?.into_iter();
    let items = shown.iter().map(|group| Group {
        members: Listed { items: places.by_ref().take(kept(group)).collect(), total: group.len() as u64 },
        thumbnails: Vec::new(),
        across_splits: crosses(group, again),
        differing_labels: differs(group),
    });
    Ok(Repeats {
        not_looked: None,
        groups: Listed { items: items.collect(), total: groups.len() as u64 },
        surplus: groups.iter().map(|group| group.len() as u64 - 1).sum(),
        across_splits: groups.iter().filter(|group| crosses(group, again)).count() as u64,
        differing_labels: groups.iter().filter(|group| differs(group)).count() as u64,
    })
}
