//! Which classes there are, how often each occurs in which split, and what is odd about that.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    data::{ClassRow, Classes, LabelProblem, Listed},
    look::Labels,
    text,
};
use crate::{ops::describe::Description, units::Count};

/// Classes in the table.
const MAX_ROWS: usize = 1000;

/// Details of a problem that are told.
const MAX_DETAILS: usize = 50;

/// From this ratio of the most to the least frequent class on, they are called unbalanced.
const UNBALANCED: f64 = 100.0;

/// What a label is called: the name of its class, or the number.
pub(super) fn name_of(description: &Description, label: i64) -> String {
    let name = description.class_of(label).and_then(|class| description.class_names.get(class));
    name.filter(|name| !name.trim().is_empty()).map_or_else(|| label.to_string(), |name| text::name(name))
}

/// The classes of a data set whose splits have these labels; `None` if there is no label, or it is no class.
pub(super) fn classes(description: &Description, splits: &[Labels]) -> Option<Classes> {
    let key = description.label_key.clone()?;
    let mut rows: BTreeMap<i64, ClassRow> = BTreeMap::new();
    let row = |label| ClassRow {
        label,
        name: {
            let name = description.class_of(label).and_then(|at| description.class_names.get(at));
            name.map(|name| text::name(name)).unwrap_or_default()
        },
        per_split: vec![0; splits.len()],
        records: 0,
    };
    for (class, _) in (0..).zip(&description.class_names) {
        let label = class + i64::from(description.label_offset);
        rows.insert(label, row(label));
    }
    for (at, split) in splits.iter().enumerate() {
        for (label, count) in &split.counts {
            let row = rows.entry(*label).or_insert_with(|| row(*label));
            row.records += count;
            if let Some(slot) = row.per_split.get_mut(at) {
                *slot += count;
            }
        }
    }
    if rows.is_empty() {
        return None;
    }
    let has_names = !description.class_names.is_empty();
    let is_unknown = |row: &&ClassRow| has_names && description.class_of(row.label).is_none();
    let counts = || rows.values().map(|row| row.records).filter(|records| *records > 0);
    let imbalance = counts().max().zip(counts().min()).map(|(most, least)| most as f64 / least as f64);
    let unknown = rows.values().filter(is_unknown).map(|row| row.records).sum();
    let total = rows.len() as u64;
    let mut items: Vec<ClassRow> = rows.into_values().collect();
    if items.len() > MAX_ROWS {
        // The most frequent half and the least frequent half.
        items.sort_by_key(|row| (std::cmp::Reverse(row.records), row.label));
        items.drain(MAX_ROWS / 2..items.len() - MAX_ROWS / 2);
        items.sort_by_key(|row| row.label);
    }
    Some(Classes { key, rows: Listed { items, total }, imbalance, unknown })
}

/// The first details of a problem, and how many there are.
struct Details(Vec<String>, u64);

impl FromIterator<String> for Details {
    fn from_iter<I: IntoIterator<Item = String>>(details: I) -> Self {
        let details: Vec<String> = details.into_iter().collect();
        let total = details.len() as u64;
        Self(details, total)
    }
}

/// What is odd about the labels.
pub(super) fn problems(description: &Description, splits: &[(&str, &Labels)]) -> Vec<LabelProblem> {
    let mut problems = Vec::new();
    let mut add = |title: &str, details: Details, remedy: &str| {
        let Details(details, total) = details;
        if !details.is_empty() {
            let items = details.into_iter().take(MAX_DETAILS).collect();
            problems.push(LabelProblem {
                title: title.to_owned(),
                details: Listed { items, total },
                remedy: remedy.to_owned(),
            });
        }
    };
    if description.label_key.is_none() {
        return Vec::new();
    }
    let mut all = Labels::default();
    for (_, labels) in splits {
        all.join(labels);
    }
    if all.counts.is_empty() && all.missing == 0 {
        return Vec::new();
    }
    let name = |label: i64| name_of(description, label);
    let named = |label: &i64| description.class_names.is_empty() || description.class_of(*label).is_some();
    let records = |count: u64| if count == 1 { "1 record".to_owned() } else { format!("{} records", Count(count)) };

    let missing = splits.iter().filter(|(_, labels)| labels.missing > 0);
    add(
        "records without a label",
        missing.map(|(split, labels)| format!("{split}: {}", records(labels.missing))).collect(),
        "write these records again with their label, or leave them out: `shardify reshard --has-key`",
    );
    let unknown = all.counts.iter().filter(|(label, _)| !named(label));
    add(
        "labels that no class has",
        unknown.map(|(label, count)| format!("{label}: {}", records(*count))).collect(),
        "complete the class names, or write these records again: such a label breaks the loss",
    );
    let labels: Vec<i64> =
        (0..).zip(&description.class_names).map(|(class, _)| class + i64::from(description.label_offset)).collect();
    let empty = labels.iter().filter(|label| !all.counts.contains_key(label));
    add(
        "classes without records",
        empty.map(|label| name(*label)).collect(),
        "look whether the folder or the list of this class was forgotten; a model wastes an output on it",
    );
    let occurs: BTreeSet<i64> = all.counts.keys().copied().filter(|label| named(label)).collect();
    let with_labels = splits.iter().filter(|(_, labels)| !labels.counts.is_empty());
    let lacking = with_labels.clone().flat_map(|(split, labels)| {
        let lacks = occurs.iter().filter(|label| !labels.counts.contains_key(label)).copied();
        lacks.map(move |label| (*split, label))
    });
    // With many classes and splits there may be too many to go through.
    let of_split =
        |labels: &Labels| occurs.len() - labels.counts.keys().filter(|label| occurs.contains(*label)).count();
    let total = with_labels.map(|(_, labels)| of_split(labels) as u64).sum();
    let lacking = lacking.take(MAX_DETAILS).map(|(split, label)| format!("{split}: {}", name(label)));
    add(
        "classes that a split lacks",
        Details(if splits.len() > 1 { lacking.collect() } else { Vec::new() }, total),
        "divide the data again so that each split has all classes: `--split ... --stratify`",
    );
    let mut alike: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for class in &description.class_names {
        let plain: String = class.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if !plain.is_empty() {
            alike.entry(plain).or_default().push(class);
        }
    }
    let alike = alike.values().filter(|names| names.len() > 1);
    add(
        "class names that differ in case or punctuation only",
        alike
            .map(|names| {
                let names = names.iter().take(10).map(|class| format!("`{}`", text::name(class)));
                names.collect::<Vec<_>>().join(", ")
            })
            .collect(),
        "put them together if they mean the same, and convert again",
    );
    let counted = || all.counts.iter().filter(|(label, _)| named(label));
    let (most, least) = (counted().max_by_key(|(_, count)| **count), counted().min_by_key(|(_, count)| **count));
    if let Some(((most, many), (least, few))) = most.zip(least)
        && *many as f64 / *few as f64 >= UNBALANCED
    {
        let detail = format!("`{}` has {}, `{}` has {}", name(*most), records(*many), name(*least), records(*few));
        add(
            "classes of very different size",
            Details(vec![detail], 1),
            "give the loss class weights, or sample by class",
        );
    }
    problems
}
