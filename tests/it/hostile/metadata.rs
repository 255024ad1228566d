//! Manifests and TFDS metadata of anyone's making, read by every verb: names that lead elsewhere, numbers that no sum holds, keys
//! and splits that would be paths. Nothing outside is read as if it were ours or touched, and nothing ends a run but an error.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::run::bounded;
use crate::{
    console::Desk,
    support::{Tree, assert_same_tree, plant, tree},
};

type Edit = fn(&mut Value);

const MOST: u64 = u64::MAX;

/// Names of files, splits, data sets, keys and classes.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "../outside/x-train.tfrecord-00000-of-00001",
        "../../x",
        "/etc/passwd",
        "/dev/zero",
        "/dev/null",
        "",
        ".",
        "..",
        "-q",
        "nul\0.tfrecord",
        "two\nlines.tfrecord",
        "\"); __import__('os').abort() #",
    ]
    .map(str::to_owned)
    .into();
    names.push("x".repeat(5000));
    names
}

fn shards(manifest: &mut Value) -> impl Iterator<Item = &mut Value> {
    let splits = manifest["splits"].as_array_mut().unwrap().iter_mut();
    splits.flat_map(|split| split["shards"].as_array_mut().unwrap())
}

/// Splits of a name each, with an empty shard of a name each.
fn hostile_splits(manifest: &mut Value) {
    let splits = names().into_iter().map(|name| {
        let shard = json!({ "name": name, "records": 1, "bytes": 1, "crc32": "00000000" });
        json!({ "name": name, "records": 1, "bytes": 1, "class_counts": [], "shards": [shard] })
    });
    let splits: Vec<Value> = splits.collect();
    manifest["splits"].as_array_mut().unwrap().extend(splits);
}

fn numbers(manifest: &mut Value, number: &Value) {
    for split in manifest["splits"].as_array_mut().unwrap() {
        split["records"] = number.clone();
        split["bytes"] = number.clone();
        split["class_counts"] = json!([number, number]);
    }
    for shard in shards(manifest) {
        shard["records"] = number.clone();
        shard["bytes"] = number.clone();
    }
    manifest["seed"] = number.clone();
    manifest["skipped"] = number.clone();
}

/// Gives every feature that is one of those that code reads another key.
fn rename_keys(manifest: &mut Value, rename: impl Fn(&str) -> String) {
    for field in manifest["schema"].as_array_mut().unwrap() {
        field["key"] = rename(field["key"].as_str().unwrap()).into();
    }
}

/// What is done to the manifest, and whether it says what is not so.
const MANIFESTS: &[(&str, bool, Edit)] = &[
    ("more splits and shards", true, hostile_splits),
    ("a shard of another folder", true, |it| {
        shards(it).for_each(|shard| shard["name"] = "../outside/x-train.tfrecord-00000-of-00001".into());
    }),
    ("a device", true, |it| shards(it).for_each(|shard| shard["name"] = "/dev/zero".into())),
    ("the same shard twice", true, |it| {
        let name = shards(it).next().unwrap()["name"].clone();
        shards(it).for_each(|shard| shard["name"] = name.clone());
    }),
    ("the same splits twice", false, |it| {
        let splits = it["splits"].as_array_mut().unwrap();
        splits.extend(splits.clone());
    }),
    ("2^64 - 1 of all", true, |it| numbers(it, &json!(MOST))),
    ("2^63 of all", true, |it| numbers(it, &json!(1_u64 << 63))),
    ("negative numbers", true, |it| numbers(it, &json!(-1))),
    ("1e300", true, |it| numbers(it, &json!(1e300))),
    ("splits that would be folders", false, |it| {
        for (split, name) in it["splits"].as_array_mut().unwrap().iter_mut().zip(["..", "../../x"]) {
            split["name"] = name.into();
        }
    }),
    ("splits without a name, or an endless one", false, |it| {
        for (split, name) in it["splits"].as_array_mut().unwrap().iter_mut().zip([String::new(), "s".repeat(5000)]) {
            split["name"] = name.into();
        }
    }),
    ("a data set above", false, |it| it["name"] = "../../x".into()),
    ("a data set without a name", false, |it| it["name"] = "".into()),
    ("a data set of a long name", false, |it| it["name"] = "n".repeat(5000).into()),
    ("a data set with a NUL", false, |it| it["name"] = "a\0b".into()),
    ("keys that would be paths", true, |it| rename_keys(it, |key| format!("../../{key}"))),
    ("long keys", true, |it| rename_keys(it, |key| key.repeat(1000))),
    ("no keys", true, |it| rename_keys(it, |_| String::new())),
    ("the greatest offset", false, |it| it["label_offset"] = u32::MAX.into()),
    ("classes that would be paths", true, |it| it["class_names"] = json!(names())),
    ("files that are those of others", false, |it| it["files"] = json!(names())),
    ("no checksums", true, |it| shards(it).for_each(|shard| shard["crc32"] = "z".repeat(5000).into())),
    ("another compression", false, |it| it["compression"] = "gzip".into()),
    ("supervised keys of others", false, |it| it["supervised_keys"] = json!(["../x", "\"); import os"])),
    ("options that are no options", false, |it| {
        it["options"] =
            json!({ "inputs": ["$(touch pwned)", "`touch pwned`", "-o"], "seed": [[[]]], "split": { "x": -1e300 } });
    }),
    ("adopted", false, |it| it["adopted"] = true.into()),
];

/// What is done to `dataset_info.json`, where there is no manifest.
const INFOS: &[(&str, Edit)] = &[
    ("templates that lead elsewhere", |it| {
        for (split, to) in it["splits"].as_array_mut().unwrap().iter_mut().zip(["../outside/{SPLIT}", "/etc/passwd"]) {
            split["filepathTemplate"] = to.into();
        }
    }),
    ("lengths of 2^64 - 1", |it| it["splits"][0]["shardLengths"] = json!([MOST.to_string(), MOST.to_string()])),
    ("negative lengths", |it| it["splits"][0]["shardLengths"] = json!(["-1"])),
    ("a template that grows", |it| {
        it["name"] = "n".repeat(1 << 20).into();
        it["splits"][0]["filepathTemplate"] = "{DATASET}".repeat(1 << 15).into();
    }),
    ("a long template, many times", |it| {
        it["splits"][0]["filepathTemplate"] = "t".repeat(1 << 20).into();
        it["splits"][0]["shardLengths"] = json!(vec!["1"; 1 << 14]);
    }),
    ("names", |it| {
        it["name"] = "../../x".into();
        it["splits"][0]["name"] = "..".into();
        it["splits"][1]["name"] = "a\0b".into();
    }),
];

/// What is done to `features.json`, where there is no manifest.
const FEATURES: &[(&str, &str, &str)] = &[
    ("keys that would be paths", "\"label\"", "\"../outside/label\""),
    ("keys with a NUL", "\"label\"", "\"label\\u0000\""),
    ("2^64 - 1 classes", "\"numClasses\": \"2\"", "\"numClasses\": \"18446744073709551615\""),
    ("negative classes", "\"numClasses\": \"2\"", "\"numClasses\": \"-2\""),
];

struct Place {
    desk: Desk,
    set: Tree,
}

impl Place {
    fn new() -> Self {
        let desk = Desk::new();
        desk.run("convert imgs set -q --split train=0.5,test=0.5 --max-shard 100kB").expect(0);
        // What would be taken for a part of the data set if a name led here.
        desk.run("convert imgs outside -q --name x --no-shuffle").expect(0);
        desk.write("outside/label.labels.txt", "precious\n");
        desk.write("outside/victim", "precious");
        let set = tree(&desk.path("set"));
        Self { desk, set }
    }

    /// Runs every verb on a data set one file of which is replaced; what `validate` ended with.
    fn every_verb(&self, what: &str, file: &str, text: &[u8]) -> Option<i32> {
        let mut set = self.set.clone();
        if file != "shardify.json" {
            set.remove(Path::new("shardify.json"));
        }
        set.insert(file.into(), Some(text.to_vec()));
        let mut validated = None;
        for line in [
            "validate set",
            "inspect set",
            "snippet set",
            "repair set out",
            "reshard set out",
            "export set out",
            "report set -o page.html",
            "index set",
            "convert imgs set --overwrite",
        ] {
            plant(&set, &self.desk.path("set"));
            let before = self.outside();
            let words: Vec<&str> = line.split(' ').collect();
            let run = bounded(self.desk.dir(), &words, 320 << 20);
            let said = format!("{file}: {what}: {line}: {:?}: {}", run.ran.code, run.ran.stderr);
            assert!(matches!(run.ran.code, Some(0..=2)), "{said}");
            assert!(!run.ran.stderr.contains("panicked"), "{said}");
            assert!(run.ran.code != Some(2) || run.ran.stderr.starts_with("error: "), "{said}");
            assert!(run.ran.stderr.len() < 20_000, "{} bytes: {said:.2000}", run.ran.stderr.len());
            assert!(run.peak < 128 << 20, "{} bytes: {said:.2000}", run.peak);
            if line == "validate set" {
                validated = run.ran.code;
            }
            assert_same_tree(&self.outside(), &before, &said);
            for name in ["out", "set"] {
                let _ = fs::remove_dir_all(self.desk.path(name));
            }
            let _ = fs::remove_file(self.desk.path("page.html"));
        }
        validated
    }

    /// All that none of the runs may change.
    fn outside(&self) -> Tree {
        let mut all = tree(self.desk.dir());
        all.retain(|path, _| !["out", "set", "page.html"].iter().any(|ours| path.starts_with(ours)));
        all
    }

    fn edited(&self, file: &str, edit: Edit) -> Vec<u8> {
        let mut value: Value = serde_json::from_slice(self.set[Path::new(file)].as_ref().unwrap()).unwrap();
        edit(&mut value);
        serde_json::to_vec(&value).unwrap()
    }
}

#[test]
fn manifests() {
    let place = Place::new();
    for (what, lies, edit) in MANIFESTS {
        let validated = place.every_verb(what, "shardify.json", &place.edited("shardify.json", *edit));
        assert!(!lies || validated == Some(1), "{what}: validate ended with {validated:?}");
    }
}

#[test]
fn metadata_of_tfds() {
    let place = Place::new();
    for (what, edit) in INFOS {
        let validated = place.every_verb(what, "dataset_info.json", &place.edited("dataset_info.json", *edit));
        assert_eq!(validated, Some(1), "{what}");
    }
    let features = String::from_utf8(place.set[Path::new("features.json")].clone().unwrap()).unwrap();
    for (what, from, to) in FEATURES {
        assert!(features.contains(from), "{from} of {features}");
        place.every_verb(what, "features.json", features.replace(from, to).as_bytes());
    }
}
