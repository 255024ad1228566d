//! What stands in the other sections.

use super::{
    charts::{Bar, Histogram, class_bar},
    format::{bytes, count, number, percent},
    pictures,
};
use crate::ops::report::data::{ArrayFacts, DataReport, Images};

/// Splits with a column of their own in the table of classes.
pub(super) const SPLIT_COLUMNS: usize = 6;

/// Classes that are shown at once; the others unfold.
const FIRST_CLASSES: usize = 24;

/// The sections that there are, for the navigation.
pub(super) fn sections(report: &DataReport) -> Vec<(&'static str, &'static str)> {
    let images = report.images.as_ref();
    let repeated = pictures::repeated(report);
    let mut all = vec![(images.is_some(), "pictures", "Pictures"), (report.classes.is_some(), "classes", "Classes")];
    all.push((images.is_some(), "sizes", "Sizes and pixels"));
    all.extend(repeated.iter().map(|section| (true, section.anchor, section.title)));
    all.extend([
        (images.is_some_and(|images| images.blank.total > 0), "blank", "Blank"),
        (images.is_some_and(|images| images.broken.total > 0), "broken", "Broken"),
        (!report.label_problems.is_empty(), "labels", "Labels"),
        (!report.arrays.is_empty(), "arrays", "Arrays"),
        (true, "health", "Health"),
        (true, "shards", "Shards"),
        (true, "features", "Features"),
        (report.origin.is_some(), "origin", "How it was made"),
        (true, "readers", "Read it"),
    ]);
    all.into_iter().filter(|(is_there, ..)| *is_there).map(|(_, anchor, title)| (anchor, title)).collect()
}

/// The numbers at the top.
pub(super) fn figures(report: &DataReport) -> Vec<(&'static str, String)> {
    let mut figures = vec![("records", count(report.records))];
    if let Some(classes) = &report.classes {
        figures.push(("classes", count(classes.rows.total)));
    }
    figures.push(("splits", count(report.splits.len() as u64)));
    figures.push(("shards", count(report.shards)));
    figures.push(("size", bytes(report.bytes)));
    if let Some(mean) = report.bytes.checked_div(report.records) {
        figures.push(("a record", bytes(mean)));
    }
    figures
}

/// `jpeg 90, png 10`, or the one that all are.
pub(super) fn listed(counts: &[(String, u64)]) -> String {
    match counts {
        [(only, _)] => format!("all {only}"),
        _ => counts.iter().map(|(name, times)| format!("{} {name}", count(*times))).collect::<Vec<_>>().join(", "),
    }
}

/// How far apart the sizes of the classes are.
pub(super) fn imbalance(report: &DataReport) -> Option<String> {
    let ratio = report.classes.as_ref()?.imbalance?;
    Some(if ratio <= 1.0 {
        "all occur equally often".to_owned()
    } else {
        format!(
            "the most frequent one occurs {} times as often as the least frequent",
            number((ratio * 10.0).round() / 10.0)
        )
    })
}

/// A part of the table of classes.
#[derive(Debug)]
pub(super) struct ClassPart {
    pub(super) title: String,
    pub(super) rows: Vec<ClassView>,
}

/// A class in the table.
#[derive(Debug)]
pub(super) struct ClassView {
    pub(super) name: String,
    /// Whether the name is another than the label.
    pub(super) has_name: bool,
    pub(super) label: i64,
    pub(super) per_split: Vec<u64>,
    pub(super) records: u64,
    pub(super) bars: Vec<Bar>,
    pub(super) share: String,
}

pub(super) fn class_parts(report: &DataReport) -> Vec<ClassPart> {
    let Some(classes) = &report.classes else { return Vec::new() };
    let rows = &classes.rows.items;
    let most = rows.iter().map(|row| row.records).max().unwrap_or(0);
    let mut views: Vec<ClassView> = rows
        .iter()
        .map(|row| ClassView {
            name: if row.name.trim().is_empty() { row.label.to_string() } else { row.name.clone() },
            has_name: !row.name.trim().is_empty() && row.name != row.label.to_string(),
            label: row.label,
            per_split: row.per_split.iter().copied().take(SPLIT_COLUMNS).collect(),
            records: row.records,
            bars: class_bar(row, most, &report.splits),
            share: percent(row.records, report.records),
        })
        .collect();
    let rest = views.split_off(views.len().min(FIRST_CLASSES));
    let title = format!("The other {} classes", count(rest.len() as u64));
    let mut parts = vec![ClassPart { title: String::new(), rows: views }];
    if !rest.is_empty() {
        parts.push(ClassPart { title, rows: rest });
    }
    parts
}

/// The histograms of pictures.
pub(super) fn picture_charts(images: &Images) -> Vec<Histogram> {
    let all = [
        ("width", &images.width, "pixels"),
        ("height", &images.height, "pixels"),
        ("width by height", &images.aspect, ""),
        ("bytes of a picture", &images.bytes, "bytes"),
    ];
    all.into_iter().filter_map(|(title, numbers, unit)| Histogram::of(title, numbers, unit)).collect()
}

/// An array in the page.
#[derive(Debug)]
pub(super) struct ArrayView<'a> {
    pub(super) facts: &'a ArrayFacts,
    pub(super) shape: String,
    /// What it is, how much, and whether that is bad.
    pub(super) rows: Vec<(&'static str, String, bool)>,
    pub(super) chart: Option<Histogram>,
}

impl<'a> ArrayView<'a> {
    pub(super) fn of(facts: &'a ArrayFacts) -> Self {
        let sides: Vec<String> =
            facts.shape.iter().map(|side| side.map_or_else(|| "?".to_owned(), |side| side.to_string())).collect();
        let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
        let values = &facts.values;
        let elements = values.count + facts.nan + facts.positive_infinity + facts.negative_infinity;
        let infinite = facts.positive_infinity + facts.negative_infinity;
        let mut rows = vec![
            ("records", count(facts.records), false),
            ("least", shown(values.min), false),
            ("greatest", shown(values.max), false),
            ("mean", shown(values.mean), false),
            ("deviation", shown(values.deviation), false),
            ("zeros", percent(facts.zeros, elements), false),
            ("NaN", count(facts.nan), facts.nan > 0),
            ("infinite", count(infinite), infinite > 0),
        ];
        if facts.records_not_finite > 0 {
            rows.push(("records with NaN or infinity", count(facts.records_not_finite), true));
        }
        if facts.constant_records > 0 {
            rows.push(("constant records", count(facts.constant_records), false));
        }
        let shape = if sides.is_empty() { String::new() } else { format!("[{}]", sides.join(", ")) };
        Self { facts, shape, rows, chart: Histogram::of("values", values, "") }
    }
}

/// What shards there are.
pub(super) fn shards_lead(report: &DataReport) -> String {
    let compression: Vec<String> = report
        .compression
        .iter()
        .map(|(kind, shards)| match kind.as_str() {
            "none" => format!("{} plain", count(*shards)),
            kind => format!("{} {kind}", count(*shards)),
        })
        .collect();
    format!(
        "{} in {}: {}.",
        bytes(report.bytes),
        super::problems::of(report.shards, "shard", "shards"),
        compression.join(", ")
    )
}

/// Where the meaning of features comes from.
pub(super) fn schema_source(report: &DataReport) -> &'static str {
    match report.schema_source {
        "manifest" => "What they mean is said by the manifest, shardify.json.",
        "tfds" => "What they mean is said by TFDS's features.json.",
        _ => "What they mean is inferred from the records: there is no metadata.",
    }
}
