//! The report as machines read it.

use serde_json::{Value, json};

use super::{InspectReport, InspectedSet, InspectedSplit, ShownRecord, Spread};
use crate::{
    example::Schema,
    pipeline::{FeatureStats, FieldStats, Range},
};

type Object = serde_json::Map<String, Value>;

fn object(value: Value) -> Object {
    if let Value::Object(object) = value { object } else { Object::new() }
}

impl InspectReport {
    /// What `shardify inspect --json` prints: sizes and offsets in bytes, times in seconds.
    #[must_use]
    pub fn to_json(&self) -> Value {
        report(self)
    }
}

fn report(report: &InspectReport) -> Value {
    let splits: Vec<&InspectedSplit> = report.sets.iter().flat_map(|set| &set.splits).collect();
    let schema = Schema::new(report.sets.iter().rev().flat_map(|set| set.schema.fields.clone()).collect());
    let mut result = summary(&splits, &report.stats, &schema);
    if let [set] = report.sets.as_slice() {
        result.extend(details(set));
    } else {
        let datasets: Vec<Value> = report
            .sets
            .iter()
            .map(|set| {
                let mut one = summary(&set.splits.iter().collect::<Vec<_>>(), &set.stats, &set.schema);
                one.extend(details(set));
                Value::Object(one)
            })
            .collect();
        let mut kinds: Vec<&str> =
            report.sets.iter().flat_map(|set| &set.compression).map(|(kind, _)| kind.name()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        result.insert("compression".to_owned(), one_or_all(&kinds));
        result.insert("classes".to_owned(), json!([]));
        result.insert("datasets".to_owned(), json!(datasets));
    }
    if !report.shown.is_empty() {
        result.insert("shown".to_owned(), report.shown.iter().map(shown).collect());
    }
    result.insert("seconds".to_owned(), json!(report.elapsed.as_secs_f64()));
    Value::Object(result)
}

fn one_or_all(kinds: &[&str]) -> Value {
    if let [only] = kinds { json!(only) } else { json!(kinds) }
}

/// What can be said of one data set and of several.
fn summary(splits: &[&InspectedSplit], stats: &FieldStats, schema: &Schema) -> Object {
    let split = |split: &&InspectedSplit| {
        json!({
            "name": split.name,
            "records": split.records,
            "shards": split.shards,
            "bytes": split.bytes.0,
            "shard_bytes": split.shard_bytes.map(spread),
            "shard_records": split.shard_records.map(spread),
        })
    };
    let features = stats.features.iter().map(|(key, feature)| {
        let missing = stats.records().saturating_sub(feature.lists());
        let mut one = object(json!({ "key": key, "missing": missing }));
        fill(&mut one, feature);
        if let Some(field) = schema.get(key) {
            // The role with what belongs to it, as in the manifest.
            one.extend(object(serde_json::to_value(&field.role).unwrap_or_default()));
        }
        one
    });
    let lists = stats.lists.iter().map(|(key, list)| {
        let mut one = object(json!({ "key": key, "steps": list.steps.map(range) }));
        fill(&mut one, &list.step);
        one.insert("records".to_owned(), json!(list.records));
        one
    });
    object(json!({
        "records": splits.iter().map(|split| split.records).sum::<u64>(),
        "shards": splits.iter().map(|split| split.shards).sum::<u64>(),
        "bytes": splits.iter().map(|split| split.bytes.0).sum::<u64>(),
        "examples": stats.examples,
        "sequence_examples": stats.sequences,
        "malformed": stats.malformed,
        "splits": splits.iter().map(split).collect::<Vec<_>>(),
        "features": features.collect::<Vec<_>>(),
        "lists": lists.collect::<Vec<_>>(),
    }))
}

fn details(set: &InspectedSet) -> Object {
    let kinds: Vec<&str> = set.compression.iter().map(|(kind, _)| kind.name()).collect();
    let classes =
        set.classes.iter().map(|class| json!({ "label": class.label, "name": class.name, "records": class.records }));
    object(json!({
        "dir": set.dir.to_string_lossy(),
        "name": set.name,
        "compression": one_or_all(&kinds),
        "described_by": set.source.name(),
        "label": set.label_key,
        "classes": classes.collect::<Vec<_>>(),
        "damaged": set.damaged,
        "unreadable": set.unreadable.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "warnings": set.warnings,
    }))
}

/// What the values of a feature are like.
fn fill(one: &mut Object, feature: &FeatureStats) {
    let (bytes, images) = (&feature.single_bytes, &feature.single_bytes.images);
    one.insert("kind".to_owned(), json!(feature.kind_name()));
    one.insert("records".to_owned(), json!(feature.records));
    one.insert("values".to_owned(), json!(feature.count.map(range)));
    if let Some(ints) = feature.ints {
        one.insert("range".to_owned(), range(ints));
    }
    if let Some(floats) = feature.floats {
        one.insert("range".to_owned(), range(floats));
    }
    if feature.float_lists > 0 {
        one.insert("nan".to_owned(), json!(feature.nans));
        one.insert("infinite".to_owned(), json!(feature.infinities));
    }
    if let Some(length) = feature.length {
        one.insert("length".to_owned(), range(length));
    }
    if bytes.count() > 0 {
        one.insert(
            "single".to_owned(),
            json!({ "text": bytes.text, "raw": bytes.raw, "empty": bytes.empty, "images": images.count() }),
        );
    }
    if images.count() > 0 {
        let formats: Object =
            images.found().map(|(format, count)| (format.name().to_lowercase(), json!(count))).collect();
        one.insert(
            "images".to_owned(),
            json!({
                "formats": formats,
                "height": images.height.map(range),
                "width": images.width.map(range),
                "channels": images.channels.map(range),
                "bits": images.bits.map(range),
                "unreadable": images.unreadable,
            }),
        );
    }
}

fn range<T: serde::Serialize>(range: Range<T>) -> Value {
    json!({ "min": range.min, "max": range.max })
}

fn spread(spread: Spread) -> Value {
    json!({ "least": spread.least, "median": spread.median, "largest": spread.largest })
}

fn shown(record: &ShownRecord) -> Value {
    let features = record.features.as_ref().map(|features| {
        features
            .iter()
            .map(|it| json!({ "key": it.key, "kind": it.kind, "values": it.values, "text": it.text }))
            .collect::<Vec<_>>()
    });
    json!({
        "shard": record.shard.to_string_lossy(),
        "record": record.record.0,
        "offset": record.offset.0,
        "bytes": record.bytes,
        "features": features.as_ref().ok(),
        "fault": features.as_ref().err(),
    })
}
