//! How a data set was made, as its manifest tells: a command line that makes it again, and the options.

use std::path::Path;

use serde_json::Value;

use super::{data::Origin, text};
use crate::{index::Manifest, shard::dataset_name};

/// Options that are told, and bytes of a command: a manifest may be anyone's.
const MAX_OPTIONS: usize = 200;
const MAX_COMMAND: usize = 10_000;

/// Options as they stand in a manifest: path, flag, and the default as JSON, which is left out.
const FLAGS: &[(&str, &str, &str)] = &[
    ("labels", "--labels", "null"),
    ("class_names", "--class-names", "null"),
    ("layout", "--layout", "\"auto\""),
    ("arrays", "--array", "[]"),
    ("feature", "--feature", "null"),
    ("transform/short_side", "--resize", "null"),
    ("transform/size", "--size", "null"),
    ("transform/fit", "--fit", "\"crop\""),
    ("transform/only_shrink", "--only-shrink", "false"),
    ("transform/filter", "--filter", "\"bicubic\""),
    ("transform/format", "--format", "\"keep\""),
    ("transform/quality", "--quality", "95"),
    ("transform/color", "--color", "\"keep\""),
    ("transform/exif", "--exif", "\"apply\""),
    ("transform/verify", "--verify", "\"structure\""),
    ("transform/max_pixels", "--max-pixels", "100000000"),
    ("keys", "--keys", "\"tfds\""),
    ("label", "--label", "null"),
    ("only_split", "--only-split", "[]"),
    ("only_label", "--only-label", "[]"),
    ("drop_label", "--drop-label", "[]"),
    ("has_key", "--has-key", "[]"),
    ("only", "--only", "[]"),
    ("on_error", "--on-error", "\"stop\""),
    ("max_shard", "--max-shard", "null"),
    ("shards", "--shards", "null"),
    ("compression", "--compression", "\"none\""),
    ("seed", "--seed", "0"),
    ("split", "--split", "null"),
    ("stratify", "--stratify", "false"),
];

/// How a data set was made.
pub(super) fn origin(manifest: &Manifest) -> Origin {
    let options = &manifest.options;
    let shown = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut told = Vec::new();
    for (name, value) in options {
        match value {
            Value::Object(inner) => {
                told.extend(inner.iter().map(|(key, value)| (format!("{name}.{key}"), shown(value))));
            }
            Value::Array(items) => told.push((name.clone(), items.iter().map(shown).collect::<Vec<_>>().join(", "))),
            Value::Null => {}
            other => told.push((name.clone(), shown(other))),
        }
    }
    Origin {
        tool: text::name(&manifest.tool),
        // A part of a command is none.
        command: if manifest.adopted { None } else { command(manifest).filter(|line| line.len() <= MAX_COMMAND) },
        options: told
            .into_iter()
            .take(MAX_OPTIONS)
            .map(|(name, value)| (text::name(&name), text::text(&value)))
            .collect(),
        seed: manifest.seed,
        inputs_sha256: text::name(&manifest.inputs_sha256),
        skipped: manifest.skipped,
    }
}

/// A command line that makes the data set again. There is none for arrays in memory.
fn command(manifest: &Manifest) -> Option<String> {
    let options = &manifest.options;
    let verb = options.get("verb").map_or(Some("convert"), Value::as_str)?;
    let inputs: Vec<&str> = options.get("inputs")?.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    let in_memory = |value: &Value| value.as_str().is_some_and(|text| text.ends_with(" (in memory)"));
    let is_list_in_memory = |value: &Value| value.as_array().is_some_and(|items| items.iter().any(in_memory));
    if inputs.is_empty() || options.values().any(|value| in_memory(value) || is_list_in_memory(value)) {
        return None;
    }
    let mut words = vec!["shardify".to_owned(), verb.to_owned()];
    words.extend(inputs.iter().map(|input| path(input)));
    words.push("OUT".to_owned());
    // The default is the name of the first input, of a file without its ending.
    let has_default_name = inputs.first().map(Path::new).is_some_and(|input| {
        let names = [input.file_name(), input.file_stem()];
        names.into_iter().flatten().any(|name| dataset_name(&name.to_string_lossy()) == manifest.name)
    });
    if !has_default_name {
        words.extend(["--name".to_owned(), quoted(&manifest.name)]);
    }
    for (place, flag, default) in FLAGS {
        let value = match place.split_once('/') {
            Some((outer, inner)) => options.get(outer).and_then(|value| value.get(inner)),
            None => options.get(*place),
        };
        let Some(value) = value.filter(|value| !value.is_null() && !is_default(value, default)) else { continue };
        match (*flag, value) {
            (_, Value::Bool(true)) => words.push((*flag).to_owned()),
            (_, Value::Bool(false)) => {}
            ("--split", Value::Array(splits)) => {
                let share = |split: &Value| Some(format!("{}={}", split.get(0)?.as_str()?, split.get(1)?));
                let shares: Vec<String> = splits.iter().map(share).collect::<Option<_>>()?;
                words.extend([(*flag).to_owned(), quoted(&shares.join(","))]);
            }
            ("--size", Value::Array(sides)) => {
                words.extend([(*flag).to_owned(), format!("{}x{}", sides.first()?, sides.get(1)?)]);
            }
            // Names that were given in Python have no file.
            ("--class-names", Value::Array(_)) => return None,
            ("--max-shard", Value::Number(bytes)) => words.extend([(*flag).to_owned(), size(bytes.as_u64()?)]),
            ("--shards", Value::Object(named)) => {
                let each: Vec<String> = named.iter().map(|(split, count)| format!("{split}={count}")).collect();
                words.extend([(*flag).to_owned(), quoted(&each.join(","))]);
            }
            (_, Value::Array(items)) => {
                for item in items {
                    words.extend([(*flag).to_owned(), quoted(item.as_str()?)]);
                }
            }
            (_, Value::String(text)) => words.extend([(*flag).to_owned(), path(text)]),
            (_, other) => words.extend([(*flag).to_owned(), other.to_string()]),
        }
    }
    let is = |name: &str, expected: bool| options.get(name).and_then(Value::as_bool) == Some(expected);
    if verb == "convert" && is("shuffle", false) {
        words.push("--no-shuffle".to_owned());
    }
    if verb == "reshard" && is("reorder", true) {
        words.push("--shuffle".to_owned());
    }
    Some(words.join(" "))
}

/// Whether a value is the one that the option has anyway, which is given as JSON.
fn is_default(value: &Value, default: &str) -> bool {
    serde_json::from_str::<Value>(default).is_ok_and(|default| default == *value)
}

/// Bytes with the largest unit that has no remainder.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 6] =
        [(1 << 30, "GiB"), (1_000_000_000, "GB"), (1 << 20, "MiB"), (1_000_000, "MB"), (1 << 10, "KiB"), (1000, "kB")];
    let unit = UNITS.into_iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes}B"), |(unit, name)| format!("{}{name}", bytes / unit))
}

/// A path that cannot be taken for an option.
fn path(text: &str) -> String {
    if text.starts_with('-') { quoted(&format!("./{text}")) } else { quoted(text) }
}

/// A word as a shell takes it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,%+@".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{quoted, size};

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (text, expected) in [
            ("imgs/a.csv", "imgs/a.csv"),
            ("my pictures", "'my pictures'"),
            ("it's", "'it'\\''s'"),
            ("$(rm -r x)", "'$(rm -r x)'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn sizes_are_exact() {
        for (bytes, expected) in
            [(512_000_000, "512MB"), (512 << 20, "512MiB"), (1 << 30, "1GiB"), (1001, "1001B"), (2_000, "2kB")]
        {
            assert_eq!(size(bytes), expected);
        }
    }
}
