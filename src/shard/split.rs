//! Dividing the list into splits: by ratio, with or without regard to classes.

use super::order::{Order, Permutation};
use crate::error::{Error, Result};

/// Split names with their shares, as in `train=0.8,test=0.2`; the shares sum to 1.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Ratios(pub Vec<(String, f64)>);

/// One split: its name and which item stands at each of its positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitOrder {
    /// The name.
    pub name: String,
    /// The items.
    pub order: Order,
}

/// Whole numbers in proportion to `shares` that sum to `total` (largest remainder; ties to the earlier share).
#[must_use]
pub fn apportion(total: u64, shares: &[f64]) -> Vec<u64> {
    let sum: f64 = shares.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "an error of 1 in 2^53 is repaired below")]
    let exact: Vec<f64> = shares.iter().map(|share| total as f64 * share / sum).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shares are positive")]
    let mut counts: Vec<u64> = exact.iter().map(|exact| ((exact + 1e-9).floor() as u64).min(total)).collect();
    let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
    let remainder = |i: usize| exact.get(i).map_or(0.0, |exact| exact - (exact + 1e-9).floor());
    by_remainder.sort_by(|a, b| remainder(*b).total_cmp(&remainder(*a)).then(a.cmp(b)));
    let mut assigned: u64 = counts.iter().sum();
    for i in by_remainder.iter().cycle().take(shares.len() * 2) {
        if let Some(count) = counts.get_mut(*i) {
            match assigned.cmp(&total) {
                std::cmp::Ordering::Less => (*count, assigned) = (*count + 1, assigned + 1),
                std::cmp::Ordering::Greater if *count > 0 => (*count, assigned) = (*count - 1, assigned - 1),
                _ => {}
            }
        }
    }
    counts
}

/// Splits a list of `len` items by ratio. Which item goes where depends on the seed alone; with `shuffle` off, each split
/// keeps the order of the list.
///
/// # Errors
/// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) if a split would be empty, or too many items would have to be listed.
pub fn assign_ratios(len: u64, ratios: &Ratios, seed: u64, shuffle: bool) -> Result<Vec<SplitOrder>> {
    let shares: Vec<f64> = ratios.0.iter().map(|(_, share)| *share).collect();
    let permutation = Permutation::new(len, seed, "order");
    let mut start = 0;
    let mut splits = Vec::new();
    for ((name, share), count) in ratios.0.iter().zip(apportion(len, &shares)) {
        if count == 0 {
            return Err(empty_split(name, *share, len));
        }
        let window = Order::Window(start..start + count, permutation);
        start += count;
        let order = if shuffle {
            window
        } else {
            let mut items: Vec<u32> = (0..count).map(|at| item_number(window.item(at))).collect::<Result<_>>()?;
            items.sort_unstable();
            Order::List(items)
        };
        splits.push(SplitOrder { name: name.clone(), order });
    }
    Ok(splits)
}

/// Splits a list by ratio within each class, so that every split has about the class shares of the whole.
///
/// `labels` gives the class of each item; items without one form a class of their own. Costs up to about 24 bytes an item.
///
/// # Errors
/// As [`assign_ratios`].
pub fn assign_stratified(labels: &[Option<u32>], ratios: &Ratios, seed: u64, shuffle: bool) -> Result<Vec<SplitOrder>> {
    let len = labels.len() as u64;
    item_number(len)?;
    let shares: Vec<f64> = ratios.0.iter().map(|(_, share)| *share).collect();
    // All items in shuffled order, then stably by class: within a class the order is random.
    let permutation = Permutation::new(len, seed, "order");
    let mut by_class: Vec<u32> = (0..len).map(|at| item_number(permutation.item(at))).collect::<Result<_>>()?;
    let label = |item: u32| labels.get(item as usize).copied().flatten();
    by_class.sort_by_key(|item| label(*item));

    // Rounding every class by itself would starve a small split; the fractions are carried from class to class instead.
    let mut chosen: Vec<Vec<u32>> = vec![Vec::new(); shares.len()];
    let mut seen = 0;
    let mut given: Vec<u64> = vec![0; shares.len()];
    for class in by_class.chunk_by(|a, b| label(*a) == label(*b)) {
        seen += class.len() as u64;
        let mut rest = class;
        let counts = class_counts(class.len() as u64, &shares, &apportion(seen, &shares), &mut given);
        for (items, count) in chosen.iter_mut().zip(counts) {
            let (taken, left) =
                rest.split_at_checked(usize::try_from(count).unwrap_or(usize::MAX)).unwrap_or((rest, &[]));
            items.extend_from_slice(taken);
            rest = left;
        }
    }
    let mut splits = Vec::new();
    for ((name, share), mut items) in ratios.0.iter().zip(chosen) {
        if items.is_empty() {
            return Err(empty_split(name, *share, len));
        }
        items.sort_unstable();
        let order = if shuffle {
            let permutation = Permutation::new(items.len() as u64, seed, name);
            Order::ShuffledList(items, permutation)
        } else {
            Order::List(items)
        };
        splits.push(SplitOrder { name: name.clone(), order });
    }
    Ok(splits)
}

/// How many of a class go to each split: its own share rounded down, the rest to the splits that are furthest behind what
/// all classes so far entitle them to.
fn class_counts(len: u64, shares: &[f64], entitled: &[u64], given: &mut [u64]) -> Vec<u64> {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded down"
    )]
    let mut counts: Vec<u64> = shares.iter().map(|share| ((len as f64) * share + 1e-9).floor() as u64).collect();
    let mut left = len.saturating_sub(counts.iter().sum());
    while left > 0 {
        let behind = |i: usize| {
            let has = given.get(i).copied().unwrap_or(0) + counts.get(i).copied().unwrap_or(0);
            i128::from(entitled.get(i).copied().unwrap_or(0)) - i128::from(has)
        };
        let neediest = (0..shares.len()).max_by_key(|i| (behind(*i), std::cmp::Reverse(*i))).unwrap_or(0);
        if let Some(count) = counts.get_mut(neediest) {
            *count += 1;
        }
        left -= 1;
    }
    for (given, count) in given.iter_mut().zip(&counts) {
        *given += count;
    }
    counts
}

fn item_number(item: u64) -> Result<u32> {
    u32::try_from(item).map_err(|_| {
        Error::inputs(format!("{item} or more inputs cannot be listed one by one; at most {} can", u32::MAX))
            .with_hint("use a shuffled split by ratio, which needs no list, or convert in several runs")
    })
}

fn empty_split(name: &str, share: f64, len: u64) -> Error {
    Error::inputs(format!("split `{name}` would be empty: its share is {share} of {len} inputs"))
        .with_hint("give it a larger share, or leave it out")
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ratios(shares: &[f64]) -> Ratios {
        Ratios(shares.iter().enumerate().map(|(i, share)| (format!("s{i}"), *share)).collect())
    }

    #[test]
    fn apportioned_counts() {
        for (total, shares, expected) in [
            (10, &[0.8, 0.1, 0.1][..], &[8, 1, 1][..]),
            (100, &[0.7, 0.3], &[70, 30]),
            (3, &[0.5, 0.5], &[2, 1]),
            (7, &[1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0], &[3, 2, 2]),
            (0, &[0.5, 0.5], &[0, 0]),
            (1, &[0.1, 0.9], &[0, 1]),
        ] {
            assert_eq!(apportion(total, shares), expected, "{total} by {shares:?}");
        }
    }

    fn items(split: &SplitOrder) -> Vec<u64> {
        (0..split.order.len()).map(|position| split.order.item(position)).collect()
    }

    proptest! {
        #[test]
        fn every_item_is_in_one_split(len in 20u64..500, seed: u64, shuffle: bool, stratify: bool, classes in 1u32..9) {
            let ratios = ratios(&[0.5, 0.3, 0.2]);
            let labels: Vec<_> = (0..len).map(|i| (i % 7 != 0).then_some(u32::try_from(i).unwrap() % classes)).collect();
            let splits = if stratify {
                assign_stratified(&labels, &ratios, seed, shuffle)
            } else {
                assign_ratios(len, &ratios, seed, shuffle)
            };
            let splits = splits.unwrap();
            for (split, ideal) in splits.iter().zip(apportion(len, &[0.5, 0.3, 0.2])) {
                // Whole numbers in every class may leave the whole one off.
                prop_assert!(split.order.len().abs_diff(ideal) <= u64::from(stratify), "{} for {}", split.order.len(), ideal);
            }
            if !shuffle {
                prop_assert!(splits.iter().all(|split| items(split).is_sorted()));
            }
            let mut all: Vec<u64> = splits.iter().flat_map(items).collect();
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..len));
        }

        #[test]
        fn stratified_splits_have_the_shares_of_the_whole(seed: u64, sizes in proptest::collection::vec(1usize..60, 1..12)) {
            let labels: Vec<_> =
                sizes.iter().enumerate().flat_map(|(class, size)| vec![Some(class as u32); *size]).collect();
            prop_assume!(labels.len() > 20);
            let splits = assign_stratified(&labels, &ratios(&[0.8, 0.2]), seed, true).unwrap();
            for (class, size) in sizes.iter().enumerate() {
                let in_first = items(&splits[0]).iter().filter(|i| labels[**i as usize] == Some(class as u32)).count();
                let exact = 0.8 * *size as f64;
                prop_assert!((in_first as f64 - exact).abs() <= 1.0, "class {}: {} of {}", class, in_first, size);
            }
        }
    }

    #[test]
    fn an_empty_split_is_refused_by_name() {
        let error = assign_ratios(3, &ratios(&[0.95, 0.05]), 0, true).unwrap_err();
        assert!(error.to_string().contains("split `s1` would be empty"), "{error}");
    }

    #[test]
    fn the_seed_decides_membership_and_the_order_does_not_change_it() {
        let ratios = ratios(&[0.5, 0.5]);
        let members = |seed, shuffle| {
            let mut members = items(&assign_ratios(100, &ratios, seed, shuffle).unwrap()[0]);
            members.sort_unstable();
            members
        };
        assert_eq!(members(1, true), members(1, false));
        assert_ne!(members(1, true), members(2, true));
    }
}
