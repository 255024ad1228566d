//! Pictures that look the same and are not the same file.
//!
//! Two pictures are near if their hashes differ in few bits and their small grey copies agree. Hashes that differ in up to seven
//! bits agree in one of eight bytes at least, so only pictures with a byte in common are compared: no pair is missed, and
//! 100,000 pictures need some 150 million comparisons of hashes instead of 5,000 million. A group consists of a picture and
//! those that are near to it, not to one another, so that a chain of small steps does not join what looks different.

use super::{
    super::spot::About,
    print::{Tile, likeness},
};
use crate::{error::Result, pipeline::Cancel};

/// Bits in which the hashes of near pictures differ, at most.
const MAX_BITS: u32 = 7;

/// How alike the copies of near pictures are, at least.
const MIN_LIKENESS: f64 = 0.975;

/// Pictures whose hashes are like that of one, of which the copies are compared: thousands that are alike in their hashes alone were
/// made for it, and would take hours.
const MAX_COMPARED: usize = if cfg!(test) { 50 } else { 1000 };

/// Ratios of width and height differ by no more than this factor.
const MAX_ASPECT: f32 = 1.06;

/// Pictures with so few pixels on a side (28x28 digits) have few details; they have to agree better.
const SMALL: u32 = 64;
const MAX_BITS_SMALL: u32 = 2;
const MIN_LIKENESS_SMALL: f64 = 0.995;

/// A picture with what it looks like.
#[derive(Debug, Clone)]
pub(super) struct Print {
    pub(super) about: About,
    /// Equal keys are equal files, which are told as such.
    pub(super) key: u64,
    pub(super) hash: u64,
    pub(super) tile: Tile,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Print {
    /// How alike the copies have to be, if all else says that they may be near.
    fn needs(&self, other: &Self) -> Option<f64> {
        let is_small = self.width.max(self.height).min(other.width.max(other.height)) < SMALL;
        let (bits, least) = if is_small { (MAX_BITS_SMALL, MIN_LIKENESS_SMALL) } else { (MAX_BITS, MIN_LIKENESS) };
        let aspect = |print: &Self| print.width as f32 / print.height.max(1) as f32;
        let stretch = aspect(self) / aspect(other);
        let may_be = (self.hash ^ other.hash).count_ones() <= bits
            && (1.0 / MAX_ASPECT..=MAX_ASPECT).contains(&stretch)
            && self.key != other.key;
        may_be.then_some(least)
    }
}

/// Groups of near pictures. Of equal files only the first counts.
pub(super) fn groups(mut prints: Vec<Print>, cancel: &Cancel) -> Result<Vec<Vec<About>>> {
    prints.sort_by_key(|print| (print.key, print.about.spot));
    prints.dedup_by_key(|print| print.key);
    prints.sort_by_key(|print| print.about.spot);
    let buckets = Buckets::new(&prints);
    let mut is_taken = vec![false; prints.len()];
    let mut groups = Vec::new();
    for (at, print) in prints.iter().enumerate() {
        if is_taken.get(at).copied().unwrap_or(true) {
            continue;
        }
        cancel.check()?;
        let mut group = Vec::new();
        let mut compared = 0;
        buckets.each_behind(at, print.hash, |other| {
            let Some((other, taken)) = prints.get(other).zip(is_taken.get_mut(other)) else { return false };
            if !*taken && let Some(least) = print.needs(other) {
                compared += 1;
                if likeness(&print.tile, &other.tile) >= least {
                    *taken = true;
                    group.push(other.about);
                }
            }
            compared < MAX_COMPARED
        });
        if !group.is_empty() {
            group.push(print.about);
            group.sort_by_key(|about| about.spot);
            groups.push(group);
        }
    }
    Ok(groups)
}

/// Pictures by each byte of their hashes.
struct Buckets {
    hashes: Vec<u64>,
    /// Positions in order, for each of eight bytes and each of its 256 values.
    lists: Vec<Vec<u32>>,
}

impl Buckets {
    fn new(prints: &[Print]) -> Self {
        let mut lists = vec![Vec::new(); 8 * 256];
        for (at, print) in (0..).zip(prints) {
            for (byte, value) in print.hash.to_be_bytes().into_iter().enumerate() {
                if let Some(list) = lists.get_mut(byte * 256 + usize::from(value)) {
                    list.push(at);
                }
            }
        }
        Self { hashes: prints.iter().map(|print| print.hash).collect(), lists }
    }

    /// Calls `each` once with each position behind `at` of a hash that is like this one, as long as it says so.
    fn each_behind(&self, at: usize, hash: u64, mut each: impl FnMut(usize) -> bool) {
        for (byte, value) in hash.to_be_bytes().into_iter().enumerate() {
            let Some(list) = self.lists.get(byte * 256 + usize::from(value)) else { continue };
            let behind = list.partition_point(|other| *other as usize <= at);
            for other in list.get(behind..).unwrap_or_default() {
                let differs = self.hashes.get(*other as usize).map_or(u64::MAX, |other| hash ^ other);
                // Those that agree in an earlier byte too were met there.
                let is_new = differs.to_be_bytes().into_iter().take(byte).all(|differs| differs != 0);
                if differs.count_ones() <= MAX_BITS && is_new && !each(*other as usize) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::report::spot::Spot;

    /// A print whose copy is a slope with some spots on it, which no other seed has.
    fn print(at: u32, seed: u64, change: u64) -> Print {
        let mut tile = [0; 256];
        let mut state = seed;
        for (at, sample) in tile.iter_mut().enumerate() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *sample = u8::try_from((state >> 57) + (at as u64 & 15) * 8).unwrap();
        }
        let hash = crate::ops::report::look::number(seed, 0) ^ change;
        let about = About::new(Spot { shard: 0, record: at }, None);
        Print { about, key: u64::from(at) + 1, hash, tile, width: 200, height: 150 }
    }

    fn records(prints: Vec<Print>) -> Vec<Vec<u32>> {
        let groups = groups(prints, &Cancel::default()).unwrap();
        groups.iter().map(|group| group.iter().map(|about| about.spot.record).collect()).collect()
    }

    #[test]
    fn what_differs_in_seven_bits_is_found_wherever_they_are() {
        for change in [0, 1, 0x7f, 0x0101_0101_0101_0100, 0x8000_0000_0000_003f] {
            let prints = vec![print(0, 1, 0), print(1, 2, 0), print(2, 1, change)];
            assert_eq!(records(prints), [[0, 2]], "{change:#x}");
        }
        assert!(records(vec![print(0, 1, 0), print(1, 1, 0xff)]).is_empty());
    }

    #[test]
    fn a_likeness_of_hashes_alone_is_not_enough() {
        let other = Print { hash: print(0, 1, 0).hash, ..print(1, 2, 0) };
        assert!(records(vec![print(0, 1, 0), other]).is_empty());
        let stretched = Print { width: 300, ..print(1, 1, 0) };
        assert!(records(vec![print(0, 1, 0), stretched]).is_empty());
        let equal = Print { key: 1, ..print(1, 1, 0) };
        assert!(records(vec![print(0, 1, 0), equal]).is_empty());
    }

    #[test]
    fn hashes_that_are_alike_without_reason_cost_little() {
        for (others, found) in [(MAX_COMPARED - 1, 1), (MAX_COMPARED, 0)] {
            let mut prints = vec![print(0, 1, 0)];
            for at in 1..=u32::try_from(others).unwrap() {
                prints.push(Print { hash: print(0, 1, 0).hash, ..print(at, 1000 + u64::from(at), 0) });
            }
            prints.push(print(5000, 1, 0));
            assert_eq!(records(prints).len(), found, "{others}");
        }
    }

    #[test]
    fn a_chain_of_small_steps_is_no_group() {
        // The first is near to the second and the second to the third, but not the first to the third.
        let prints = vec![print(0, 1, 0), print(1, 1, 0x1f), print(2, 1, 0x1f1f)];
        assert_eq!(records(prints), [[0, 1]]);
    }
}
