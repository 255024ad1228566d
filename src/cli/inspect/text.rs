//! What was found in shards, as text.

use std::path::Path;

use console::measure_text_width;
use shardify::{
    ByteSize, ClassCount, InspectReport, InspectedSet, SchemaSource, ShownFeature, ShownRecord, Spread,
    error::Printable,
    example::{Field, Role},
    pipeline::{FeatureStats, Range},
    units::Count,
};

use super::super::{
    layout::columns,
    results::count,
    screen,
    ui::{duration, table},
};

/// Features and classes that are listed, unless all are asked for.
const FEATURES: usize = 100;
const CLASSES: usize = 20;

/// Of more classes: so many of the largest, and of the smallest.
const LARGEST: usize = 10;
const SMALLEST: usize = 5;

/// The widest bar.
const BAR: usize = 40;

pub(super) fn report(report: &InspectReport, verbose: bool) -> String {
    let mut text = String::new();
    for set in &report.sets {
        text.push_str(&describe(set, verbose));
        text.push('\n');
    }
    for record in &report.shown {
        text.push_str(&show(record));
        text.push('\n');
    }
    let bytes = report.sets.iter().flat_map(|set| &set.splits).map(|split| split.bytes.0).sum();
    text.push_str(&format!("{} read in {}\n", ByteSize(bytes), duration(report.elapsed)));
    text
}

fn describe(set: &InspectedSet, verbose: bool) -> String {
    let records = set.splits.iter().map(|split| split.records).sum();
    let shards: u64 = set.splits.iter().map(|split| split.shards).sum();
    let bytes = set.splits.iter().map(|split| split.bytes.0).sum();
    let mut text = format!(
        "{}: data set `{}`, {}, {}, {}\n\n",
        Printable(&set.dir),
        set.name,
        count(records, "record", "records"),
        count(shards, "shard", "shards"),
        ByteSize(bytes)
    );
    text.push_str(&splits(set));
    let of = |found: &[(shardify::Compression, u64)]| {
        let named = found.iter().map(|(kind, count)| match found.len() {
            1 => kind.name().to_owned(),
            _ => format!("{} in {}", kind.name(), self::count(*count, "shard", "shards")),
        });
        named.collect::<Vec<_>>().join(", ")
    };
    if !set.compression.is_empty() {
        text.push_str(&format!("\ncompression: {}\n", of(&set.compression)));
    }
    let (examples, sequences) = (set.stats.examples, set.stats.sequences);
    if sequences > 0 {
        let also = if examples > 0 { format!(", and {} Examples", Count(examples)) } else { String::new() };
        text.push_str(&format!("records: {} SequenceExamples{also}\n", Count(sequences)));
    }
    text.push_str(&features(set, verbose));
    text.push_str(&classes(set, verbose));
    text
}

fn splits(set: &InspectedSet) -> String {
    let head = ["split", "records", "shards", "total", "smallest", "median", "largest", "records a shard"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for split in &set.splits {
        let size = |of: fn(&Spread) -> u64| {
            split.shard_bytes.as_ref().map_or(String::new(), |it| ByteSize(of(it)).to_string())
        };
        let records = split.shard_records.map_or(String::new(), |it| match it.least == it.largest {
            true => Count(it.least).to_string(),
            false => format!("{} to {}", Count(it.least), Count(it.largest)),
        });
        rows.push(vec![
            Printable(Path::new(&split.name)).to_string(),
            Count(split.records).to_string(),
            Count(split.shards).to_string(),
            split.bytes.to_string(),
            size(|it| it.least),
            size(|it| it.median),
            size(|it| it.largest),
            records,
        ]);
    }
    table(&rows)
}

fn features(set: &InspectedSet, verbose: bool) -> String {
    let stats = &set.stats;
    if stats.features.is_empty() && stats.lists.is_empty() {
        return String::new();
    }
    let source = match set.source {
        SchemaSource::Manifest => "as shardify.json describes them",
        SchemaSource::Tfds => "as features.json describes them",
        SchemaSource::Records => "as the records show",
    };
    let mut text = format!("\nfeatures, {source}:\n\n");
    let shown = if verbose { usize::MAX } else { FEATURES };
    let mut rows = Vec::new();
    for (key, feature) in stats.features.iter().take(shown) {
        let field = set.schema.get(key);
        rows.push([
            printable(key),
            feature.kind_name().to_owned(),
            field.map_or(String::new(), meaning),
            holds(feature, stats.records()),
        ]);
    }
    for (key, list) in stats.lists.iter().take(shown) {
        let steps = list.steps.map_or(String::new(), |range| format!("{} steps", range_of(range, Count)));
        rows.push([printable(key), list.step.kind_name().to_owned(), steps, holds(&list.step, list.step.records)]);
    }
    text.push_str(&columns(&rows));
    let left = stats.features.len().saturating_sub(shown) + stats.lists.len().saturating_sub(shown);
    if left > 0 {
        text.push_str(&format!("  and {} more (-v lists them)\n", Count(left as u64)));
    }
    text
}

fn printable(text: &str) -> String {
    if text.is_empty() { "\"\"".to_owned() } else { Printable(Path::new(text)).to_string() }
}

/// What a field means, in a word or two.
pub(super) fn meaning(field: &Field) -> String {
    let shape = |dims: &[Option<u64>]| {
        let dims: Vec<_> = dims.iter().map(|dim| dim.map_or("?".to_owned(), |dim| dim.to_string())).collect();
        if dims.is_empty() { String::new() } else { format!(" [{}]", dims.join(", ")) }
    };
    match &field.role {
        Role::Image { dtype, shape: dims, .. } => {
            format!("image, {dtype}{}", shape(&dims.map(|dim| dim.map(u64::from))))
        }
        Role::ClassLabel { classes, .. } => format!("label of {}", count(*classes, "class", "classes")),
        Role::Text => "text".to_owned(),
        Role::Strings { shape: dims } => format!("texts{}", shape(dims)),
        Role::Tensor { dtype, shape: dims, .. } => format!("{dtype}{}", shape(dims)),
        _ => String::new(),
    }
}

/// What the values of a feature are like.
fn holds(feature: &FeatureStats, records: u64) -> String {
    let mut parts = Vec::new();
    if let Some(range) = feature.count.filter(|range| range.same() != Some(1)) {
        parts.push(format!("{} values", range_of(range, Count)));
    }
    if let Some(range) = feature.ints {
        parts.push(range_of(range, |number| number));
    }
    if let Some(range) = feature.floats {
        parts.push(range_of(range, |number| number));
    }
    for (number, noun) in [(feature.nans, "NaN"), (feature.infinities, "infinite")] {
        if number > 0 {
            parts.push(format!("{} {noun}", Count(number)));
        }
    }
    let (bytes, images) = (&feature.single_bytes, &feature.single_bytes.images);
    for (format, number) in images.found() {
        parts.push(format!("{} {}", Count(number), format.name()));
    }
    if let (Some(height), Some(width), Some(channels)) = (images.height, images.width, images.channels) {
        let size = |height, width, channels| format!("{height}x{width}x{channels}");
        let (least, most) = (size(height.min, width.min, channels.min), size(height.max, width.max, channels.max));
        parts.push(if least == most { least } else { format!("{least} to {most}") });
    }
    if images.unreadable > 0 {
        parts.push(format!("{} with a damaged header", Count(images.unreadable)));
    }
    // What all are need not be said with a number.
    let all = bytes.count();
    for (number, noun) in [(bytes.text, "text"), (bytes.raw, "raw bytes"), (bytes.empty, "empty")] {
        match number {
            0 => {}
            number if number == all => parts.push(noun.to_owned()),
            number => parts.push(format!("{} {noun}", Count(number))),
        }
    }
    if let Some(range) = feature.length {
        parts.push(range_of(range, ByteSize));
    }
    let missing = records.saturating_sub(feature.lists());
    if missing > 0 {
        parts.push(format!("missing in {}", Count(missing)));
    }
    parts.join(", ")
}

fn range_of<T: Copy + PartialOrd, S: std::fmt::Display>(range: Range<T>, show: impl Fn(T) -> S) -> String {
    match range.same() {
        Some(only) => show(only).to_string(),
        None => format!("{} to {}", show(range.min), show(range.max)),
    }
}

fn classes(set: &InspectedSet, verbose: bool) -> String {
    let (Some(key), false) = (&set.label_key, set.classes.is_empty()) else { return String::new() };
    let all = &set.classes;
    let mut text = format!("\nclasses, by `{}`:\n\n", printable(key));
    let most = all.iter().map(|class| class.records).max().unwrap_or(0);
    if verbose || all.len() <= CLASSES {
        text.push_str(&bars(all.iter(), most));
        return text;
    }
    let mut sorted: Vec<&ClassCount> = all.iter().collect();
    sorted.sort_by_key(|class| std::cmp::Reverse(class.records));
    text.push_str(&bars(sorted.iter().take(LARGEST).copied(), most));
    let left = all.len() - LARGEST - SMALLEST;
    text.push_str(&format!("  ... {} more (-v lists them)\n", Count(left as u64)));
    text.push_str(&bars(sorted.iter().skip(LARGEST + left).copied(), most));
    text
}

fn bars<'a>(classes: impl Iterator<Item = &'a ClassCount>, most: u64) -> String {
    let mut rows: Vec<[String; 4]> = classes
        .map(|class| {
            let name =
                class.name.as_deref().filter(|name| *name != class.label.to_string()).map_or(String::new(), printable);
            [class.label.to_string(), name, Count(class.records).to_string(), class.records.to_string()]
        })
        .collect();
    // The last cell is a bar, which takes what is left of the line.
    let used = |row: &[String; 4]| row.iter().take(3).map(|cell| measure_text_width(cell) + 2).sum::<usize>() + 2;
    let used = rows.iter().map(used).max().unwrap_or(0);
    let room = screen::stdout_width().map_or(BAR, |width| width.saturating_sub(used).min(BAR));
    for [.., last] in &mut rows {
        let records: u64 = last.parse().unwrap_or(0);
        let length = usize::try_from(u128::from(records) * room as u128 / u128::from(most.max(1))).unwrap_or(0);
        *last = "#".repeat(length.max(usize::from(records > 0)));
    }
    columns(&rows)
}

fn show(record: &ShownRecord) -> String {
    let mut text = format!(
        "{} record {}, byte {}, {}\n",
        Printable(&record.shard),
        record.record,
        record.offset,
        ByteSize(record.bytes)
    );
    match &record.features {
        Err(fault) => text.push_str(&format!("  {fault}\n")),
        Ok(features) => {
            let row = |it: &ShownFeature| [printable(&it.key), it.text.clone(), String::new(), String::new()];
            text.push_str(&columns(&features.iter().map(row).collect::<Vec<_>>()));
        }
    }
    text
}
