//! The geometry of charts: numbers become places in a picture of fixed size, which the templates draw as SVG.

use super::format::{count, in_unit, summary};
use crate::ops::report::data::{ClassRow, Numbers, SplitFacts};

/// The size of a histogram in its own units.
pub(super) const WIDTH: f64 = 320.0;
pub(super) const HEIGHT: f64 = 96.0;

/// A bar, from its upper left corner.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) width: String,
    pub(super) height: String,
    /// The colour class.
    pub(super) series: usize,
    /// What it says when it is pointed at.
    pub(super) title: String,
}

fn place(number: f64) -> String {
    format!("{:.2}", number + 0.0)
}

/// A histogram.
#[derive(Debug)]
pub(super) struct Histogram {
    pub(super) title: String,
    /// The numbers in a sentence.
    pub(super) summary: String,
    pub(super) bars: Vec<Bar>,
    /// The ends of the axis.
    pub(super) from: String,
    pub(super) to: String,
}

impl Histogram {
    /// Of numbers in a unit; `None` if there are none.
    pub(super) fn of(title: &str, numbers: &Numbers, unit: &str) -> Option<Self> {
        let bins = &numbers.histogram;
        let most = bins.counts.iter().max().copied().filter(|most| *most > 0)?;
        let step = WIDTH / bins.counts.len() as f64;
        let show = |value: f64| in_unit(value, unit);
        let (min, max) = numbers.min.zip(numbers.max)?;
        // A single bar says less than its number.
        let counts = bins.counts.iter().filter(|_| min < max);
        let bars = counts.enumerate().filter(|(_, count)| **count > 0).map(|(at, times)| {
            // What is there is seen, however little it is.
            let height = (*times as f64 / most as f64 * HEIGHT).max(1.5);
            let from = bins.start + at as f64 * bins.width;
            Bar {
                x: place(at as f64 * step),
                y: place(HEIGHT - height),
                width: place((step - if step > 3.0 { 1.0 } else { 0.0 }).max(0.5)),
                height: place(height),
                series: 0,
                title: format!("from {} to below {}: {}", show(from), show(from + bins.width), count(*times)),
            }
        });
        Some(Self {
            title: title.to_owned(),
            summary: summary(numbers, unit),
            bars: bars.collect(),
            from: show(min),
            to: show(max),
        })
    }
}

/// Colours for splits.
pub(super) const SERIES: usize = 6;

/// The bar of a class: a piece for each split, of a whole that is the most frequent class.
pub(super) fn class_bar(row: &ClassRow, most: u64, splits: &[SplitFacts]) -> Vec<Bar> {
    let mut x = 0.0;
    let pieces = row.per_split.iter().zip(splits).enumerate().filter(|(_, (records, _))| **records > 0);
    pieces
        .map(|(at, (records, split))| {
            let width = *records as f64 / most.max(1) as f64 * 100.0;
            let bar = Bar {
                x: place(x),
                y: "0".to_owned(),
                width: place(width.max(0.3)),
                height: "10".to_owned(),
                series: at % SERIES,
                title: format!("{}: {}", split.name, count(*records)),
            };
            x += width;
            bar
        })
        .collect()
}

/// How full the shards of a split are.
#[derive(Debug)]
pub(super) struct Fill {
    pub(super) split: String,
    pub(super) bars: Vec<Bar>,
    pub(super) summary: String,
    /// Where the cap is.
    pub(super) cap: Option<String>,
}

impl Fill {
    pub(super) fn of(at: usize, split: &SplitFacts, cap: Option<u64>) -> Option<Self> {
        let shards = &split.fill.items;
        let largest = shards.iter().map(|shard| shard.bytes).max().filter(|bytes| *bytes > 0)?;
        if shards.len() == 1 && cap.is_none() {
            return None; // A single bar without a measure says nothing.
        }
        let smallest = shards.iter().map(|shard| shard.bytes).min()?;
        // A cap that is far away would make all bars invisible.
        let shown_cap = cap.filter(|cap| *cap >= largest && *cap / 8 <= largest);
        let whole = shown_cap.unwrap_or(largest) as f64;
        let step = (WIDTH / shards.len() as f64).min(40.0);
        let bars = shards.iter().enumerate().map(|(at_bar, shard)| {
            let height = (shard.bytes as f64 / whole * HEIGHT).max(1.5);
            Bar {
                x: place(at_bar as f64 * step),
                y: place(HEIGHT - height),
                width: place((step - if step > 3.0 { 1.0 } else { 0.0 }).max(0.5)),
                height: place(height),
                series: at % SERIES,
                title: format!(
                    "{}: {} records, {}",
                    shard.name,
                    count(shard.records),
                    super::format::bytes(shard.bytes)
                ),
            }
        });
        let of =
            if split.fill.total > shards.len() as u64 { format!(" ({} drawn)", shards.len()) } else { String::new() };
        let sizes = if smallest == largest {
            super::format::bytes(largest)
        } else {
            format!("{} to {}", super::format::bytes(smallest), super::format::bytes(largest))
        };
        let plural = if split.fill.total == 1 { "shard" } else { "shards" };
        let capped = cap.map(|cap| format!(", cap {}", super::format::bytes(cap))).unwrap_or_default();
        Some(Self {
            split: split.name.clone(),
            bars: bars.collect(),
            summary: format!("{} {plural}{of}, {sizes}{capped}", count(split.fill.total)),
            cap: shown_cap.map(|cap| place(HEIGHT - cap as f64 / whole * HEIGHT + 0.5)),
        })
    }
}
