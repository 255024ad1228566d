//! What was found in shards, as JSON.

use serde_json::{Value, json};
use shardify::{
    InspectReport, InspectedSet, InspectedSplit, SchemaSource, ShownRecord, Spread,
    example::Schema,
    pipeline::{FeatureStats, FieldStats, Range},
};

use super::text::kind;

pub(super) fn report(report: &InspectReport) -> String {
    let splits: Vec<&InspectedSplit> = report.sets.iter().flat_map(|set| &set.splits).collect();
    let schema = Schema::new(report.sets.iter().rev().flat_map(|set| set.schema.fields.clone()).collect());
    let mut result = summary(&splits, &report.stats, &schema);
    if let ([set], Some(result)) = (report.sets.as_slice(), result.as_object_mut()) {
        result.extend(details(set).as_object().cloned().unwrap_or_default());
    } else {
        let datasets: Vec<Value> = report
            .sets
            .iter()
            .map(|set| {
                let mut one = summary(&set.splits.iter().collect::<Vec<_>>(), &set.stats, &set.schema);
                if let (Some(one), Value::Object(more)) = (one.as_object_mut(), details(set)) {
                    one.extend(more);
                }
                one
            })
            .collect();
        let mut kinds: Vec<&str> =
            report.sets.iter().flat_map(|set| &set.compression).map(|(kind, _)| kind.name()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        result["compression"] = one_or_all(&kinds);
        result["classes"] = json!([]);
        result["datasets"] = json!(datasets);
    }
    if !report.shown.is_empty() {
        result["shown"] = report.shown.iter().map(shown).collect();
    }
    result["seconds"] = json!(report.elapsed.as_secs_f64());
    format!("{result:#}\n")
}

fn one_or_all(kinds: &[&str]) -> Value {
    if let [only] = kinds { json!(only) } else { json!(kinds) }
}

/// What can be said of one data set and of several.
fn summary(splits: &[&InspectedSplit], stats: &FieldStats, schema: &Schema) -> Value {
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
        let mut one = json!({ "key": key, "missing": stats.records().saturating_sub(feature.lists()) });
        fill(&mut one, feature);
        if let (Some(field), Some(one)) = (schema.get(key), one.as_object_mut()) {
            // The role with what belongs to it, as in the manifest.
            let role = serde_json::to_value(&field.role).unwrap_or_default();
            one.extend(role.as_object().cloned().unwrap_or_default());
        }
        one
    });
    let lists = stats.lists.iter().map(|(key, list)| {
        let mut one = json!({ "key": key, "steps": list.steps.map(range) });
        fill(&mut one, &list.step);
        one["records"] = json!(list.records);
        one
    });
    json!({
        "records": splits.iter().map(|split| split.records).sum::<u64>(),
        "shards": splits.iter().map(|split| split.shards).sum::<u64>(),
        "bytes": splits.iter().map(|split| split.bytes.0).sum::<u64>(),
        "examples": stats.examples,
        "sequence_examples": stats.sequences,
        "malformed": stats.malformed,
        "splits": splits.iter().map(split).collect::<Vec<_>>(),
        "features": features.collect::<Vec<_>>(),
        "lists": lists.collect::<Vec<_>>(),
    })
}

fn details(set: &InspectedSet) -> Value {
    let kinds: Vec<&str> = set.compression.iter().map(|(kind, _)| kind.name()).collect();
    let classes =
        set.classes.iter().map(|class| json!({ "label": class.label, "name": class.name, "records": class.records }));
    json!({
        "dir": set.dir.to_string_lossy(),
        "name": set.name,
        "compression": one_or_all(&kinds),
        "described_by": match set.source {
            SchemaSource::Manifest => "manifest",
            SchemaSource::Tfds => "tfds",
            SchemaSource::Records => "records",
        },
        "label": set.label_key,
        "classes": classes.collect::<Vec<_>>(),
        "damaged": set.damaged,
        "unreadable": set.unreadable.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "warnings": set.warnings,
    })
}

/// What the values of a feature are like.
fn fill(one: &mut Value, feature: &FeatureStats) {
    let (bytes, images) = (&feature.single_bytes, &feature.single_bytes.images);
    one["kind"] = json!(kind(feature));
    one["records"] = json!(feature.records);
    one["values"] = json!(feature.count.map(range));
    if let Some(ints) = feature.ints {
        one["range"] = range(ints);
    }
    if let Some(floats) = feature.floats {
        one["range"] = range(floats);
    }
    if feature.float_lists > 0 {
        (one["nan"], one["infinite"]) = (json!(feature.nans), json!(feature.infinities));
    }
    if let Some(length) = feature.length {
        one["length"] = range(length);
    }
    if bytes.count() > 0 {
        one["single"] = json!({ "text": bytes.text, "raw": bytes.raw, "empty": bytes.empty, "images": images.count() });
    }
    if images.count() > 0 {
        let formats: serde_json::Map<String, Value> =
            images.found().map(|(format, count)| (format.name().to_lowercase(), json!(count))).collect();
        one["images"] = json!({
            "formats": formats,
            "height": images.height.map(range),
            "width": images.width.map(range),
            "channels": images.channels.map(range),
            "bits": images.bits.map(range),
            "unreadable": images.unreadable,
        });
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
