//! `reshard`: what comes out is what was asked for, record for record, and what cannot be is refused before anything is written.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use serde_json::Value;
use shardify::{ByteSize, Cancel, Compression, Ratios, ReshardOptions, ShardCounts, Silent};
use tempfile::{TempDir, tempdir};

use crate::support::{
    Ran, Tree, assert_same_tree, bytes_of, features, fixture, manifest, plant, records, shard, shardify, tree,
    unzipped, write_npy, write_numbered_rows,
};

/// Splits with the numbers of their rows, in the order of their shards.
type Numbers = BTreeMap<String, Vec<u32>>;

/// A place for data sets.
struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { dir: tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Rows with their numbers, of four classes in turn, in two splits and several shards.
    fn rows(&self, name: &str, rows: usize, more: &[&str]) -> PathBuf {
        let (x, y, out) = (self.path(&format!("{name}.npy")), self.path(&format!("{name}_y.npy")), self.path(name));
        write_numbered_rows(&x, rows, 50);
        write_npy(&y, "|u1", &[rows], &(0..rows).map(|row| (row % 4) as u8).collect::<Vec<_>>());
        let (x, y) = (x.to_str().unwrap(), y.to_str().unwrap());
        let split = ["--split", "train=0.75,test=0.25", "--no-shuffle", "--max-shard", "1kB", "-q"];
        let ran = shardify([&["convert", x, "--labels", y, out.to_str().unwrap()], &split[..], more].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        out
    }

    fn classes(&self, names: &[&str]) -> PathBuf {
        let path = self.path("classes.txt");
        fs::write(&path, names.join("\n")).unwrap();
        path
    }

    fn reshard(&self, inputs: &[&Path], out: &str, more: &[&str]) -> Ran {
        let inputs = inputs.iter().map(|path| path.to_str().unwrap());
        let out = self.path(out);
        let args: Vec<&str> = ["reshard"].into_iter().chain(inputs).chain([out.to_str().unwrap()]).collect();
        shardify([&args, more].concat())
    }
}

fn shard_bytes(out: &Path) -> Vec<(String, Vec<u8>)> {
    let manifest = manifest(out);
    let shards = manifest.splits.iter().flat_map(|split| split.shards.iter().map(|shard| (split.name.clone(), shard)));
    shards
        .map(|(split, shard)| (split, unzipped(fs::read(out.join(&shard.name)).unwrap(), manifest.compression)))
        .collect()
}

/// The payloads of a data set, by split, in order.
fn payloads(out: &Path) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut all: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for (split, bytes) in shard_bytes(out) {
        all.entry(split).or_default().extend(records(&bytes).into_iter().map(|(_, payload)| payload));
    }
    all
}

fn number(payload: &[u8]) -> u32 {
    u32::from_le_bytes(*bytes_of(&features(payload), "x").first_chunk().unwrap())
}

fn numbers(out: &Path) -> Numbers {
    payloads(out).into_iter().map(|(split, all)| (split, all.iter().map(|payload| number(payload)).collect())).collect()
}

fn sorted(numbers: &Numbers) -> Vec<u32> {
    let mut all: Vec<u32> = numbers.values().flatten().copied().collect();
    all.sort_unstable();
    all
}

/// What each option does to forty rows in two splits: the splits in order, as a function of what was there.
#[test]
fn every_option_does_what_it_says() {
    let desk = Desk::new();
    let source = desk.rows("source", 40, &[]);
    let before = numbers(&source);
    let untouched = tree(&source);
    let keep = |wanted: &dyn Fn(u32) -> bool| -> Numbers {
        let kept =
            before.iter().map(|(split, all)| (split.clone(), all.iter().copied().filter(|n| wanted(*n)).collect()));
        kept.collect()
    };
    let cases: Vec<(&[&str], Numbers)> = vec![
        (&[], before.clone()),
        (&["--max-shard", "500"], before.clone()),
        (&["--shards", "3"], before.clone()),
        (&["--shards", "train=4,test=1"], before.clone()),
        (&["--no-shuffle", "--compression", "gzip"], before.clone()),
        (&["--only-split", "test"], BTreeMap::from([("test".to_owned(), before["test"].clone())])),
        (&["--only-split", "train,test"], before.clone()),
        (&["--only-label", "2"], keep(&|row| row % 4 == 2)),
        (&["--only-label", "1", "--only-label", "3", "--max-shard", "300"], keep(&|row| row % 2 == 1)),
        (&["--drop-label", "0"], keep(&|row| row % 4 != 0)),
        (&["--drop-label", "0", "--only-label", "0", "--only-label", "1"], keep(&|row| row % 4 == 1)),
        (&["--only", "label=3"], keep(&|row| row % 4 == 3)),
        (&["--only", "label=3", "--only", "label=1", "--has-key", "x"], keep(&|row| row % 2 == 1)),
        (&["--label", "label", "--only-label", "2"], keep(&|row| row % 4 == 2)),
        (&["--seed", "4"], before.clone()),
    ];
    for (at, (options, expected)) in cases.into_iter().enumerate() {
        let (name, out) = (format!("out-{at}"), desk.path(&format!("out-{at}")));
        let planned = desk.reshard(&[&source], &name, &[options, &["--dry-run", "--json"]].concat());
        assert_eq!(planned.code, Some(0), "{options:?}: {}", planned.stderr);
        assert!(!out.exists());
        let ran = desk.reshard(&[&source], &name, options);
        assert_eq!(ran.code, Some(0), "{options:?}: {}", ran.stderr);
        assert_eq!(numbers(&out), expected, "{options:?}");
        assert_eq!(ran.stderr.contains("--seed changes nothing"), options.contains(&"--seed"), "{}", ran.stderr);
        // What was foreseen is what came.
        let (planned, made): (Value, _) = (serde_json::from_str(&planned.stdout).unwrap(), manifest(&out));
        for (split, planned) in made.splits.iter().zip(planned["splits"].as_array().unwrap()) {
            let counts: [usize; 4] =
                [0, 1, 2, 3].map(|class| expected[&split.name].iter().filter(|row| **row % 4 == class).count());
            assert_eq!(split.class_counts, counts.map(|count| count as u64), "{options:?}");
            assert_eq!((&planned["name"], &planned["records"]), (&split.name.clone().into(), &split.records.into()));
            if made.compression == Compression::None {
                assert_eq!((&planned["bytes"], &planned["shards"]), (&split.bytes.into(), &split.shards.len().into()));
            }
        }
        let validated = made.splits.iter().flat_map(|split| &split.shards).all(|shard| {
            crc32fast::hash(&fs::read(out.join(&shard.name)).unwrap()) == u32::from_str_radix(&shard.crc32, 16).unwrap()
        });
        assert!(validated, "{options:?}");
    }
    let shards =
        |name: &str| manifest(&desk.path(name)).splits.into_iter().map(|split| split.shards.len()).collect::<Vec<_>>();
    assert_eq!((shards("out-2"), shards("out-3")), (vec![3, 3], vec![4, 1]));
    assert!(shards("out-1").iter().sum::<usize>() > 6);
    let ending = |name: &str| manifest(&desk.path(name)).splits[0].shards[0].name.ends_with(".gz");
    assert!(ending("out-4") && !ending("out-0"));
    assert_same_tree(&tree(&source), &untouched, "the input");
}

#[test]
fn a_shuffle_is_one_of_each_whole_split_and_a_seed_of_its_own() {
    let desk = Desk::new();
    let source = desk.rows("source", 60, &[]);
    let before = numbers(&source);
    let mut orders = vec![before.clone()];
    for seed in ["0", "1"] {
        let out = format!("seed-{seed}");
        assert_eq!(desk.reshard(&[&source], &out, &["--shuffle", "--seed", seed, "--max-shard", "2kB"]).code, Some(0));
        let found = numbers(&desk.path(&out));
        for (split, rows) in &found {
            let in_order = |rows: &[u32]| {
                let mut rows = rows.to_vec();
                rows.sort_unstable();
                rows
            };
            assert_eq!(in_order(rows), in_order(&before[split]), "{split}");
        }
        assert!(orders.iter().all(|other| *other != found), "seed {seed}");
        orders.push(found);
    }
}

#[test]
fn splits_by_ratio_divide_everything_anew() {
    let desk = Desk::new();
    let source = desk.rows("source", 80, &[]);
    let pooled: Vec<u32> = ["train", "test"].iter().flat_map(|split| numbers(&source)[*split].clone()).collect();
    let position = |row: &u32| pooled.iter().position(|other| other == row).unwrap();
    for (at, more) in
        [&[][..], &["--stratify"], &["--drop-label", "3"], &["--shuffle", "--stratify", "--drop-label", "3"]]
            .into_iter()
            .enumerate()
    {
        let out = format!("out-{at}");
        let ran = desk.reshard(&[&source], &out, &[&["--split", "a=0.75,b=0.25"], more].concat());
        assert_eq!(ran.code, Some(0), "{more:?}: {}", ran.stderr);
        let (out, found) = (desk.path(&out), numbers(&desk.path(&out)));
        let drops = more.contains(&"--drop-label");
        let kept: Vec<u32> = (0..80).filter(|row| !drops || row % 4 != 3).collect();
        assert_eq!(sorted(&found), kept, "{more:?}");
        assert_eq!(found["b"].len(), kept.len() / 4, "{more:?}");
        let in_order = found.values().all(|rows| rows.is_sorted_by_key(position));
        assert_eq!(in_order, !more.contains(&"--shuffle"), "{more:?}");
        if more.contains(&"--stratify") {
            let counts = &manifest(&out).splits[1].class_counts;
            assert_eq!(counts[..], if drops { [5, 5, 5, 0] } else { [5, 5, 5, 5] }, "{more:?}");
        }
    }
}

#[test]
fn class_names_select_and_stay() {
    let desk = Desk::new();
    let names = desk.classes(&["ant", "bee", "cat", "3"]);
    let source = desk.rows("source", 40, &["--class-names", names.to_str().unwrap(), "--label-offset", "1"]);
    for (at, (label, class)) in [("bee", 1), ("3", 3), ("1", 0)].into_iter().enumerate() {
        let out = format!("out-{at}");
        let ran = desk.reshard(&[&source], &out, &["--only-label", label]);
        assert_eq!(ran.code, Some(0), "{label}: {}", ran.stderr);
        let found = sorted(&numbers(&desk.path(&out)));
        assert_eq!(
            found,
            (0..40).filter(|row| row % 4 == class).collect::<Vec<_>>(),
            "{label}: names go before numbers"
        );
        let (before, after) = (manifest(&source), manifest(&desk.path(&out)));
        assert_eq!((before.class_names, before.label_offset), (after.class_names, after.label_offset));
        assert_eq!((before.schema, before.supervised_keys), (after.schema, after.supervised_keys));
        let labels = |dir: &Path| fs::read(dir.join("label.labels.txt")).unwrap();
        assert_eq!(labels(&source), labels(&desk.path(&out)));
    }
    let ran = desk.reshard(&[&source], "none", &["--only-label", "dog"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("ant, bee, cat, 3"), "{}", ran.stderr);
}

#[test]
fn data_sets_are_merged_split_by_split() {
    let desk = Desk::new();
    let (a, b) = (desk.rows("a", 40, &[]), desk.rows("b", 20, &["--compression", "gzip"]));
    let ran = desk.reshard(&[&a, &b], "out", &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let (a, b, found) = (payloads(&a), payloads(&b), payloads(&desk.path("out")));
    for split in ["train", "test"] {
        assert!(found[split] == [&a[split][..], &b[split]].concat(), "{split}");
    }
    assert_eq!(manifest(&desk.path("out")).name, "a");
}

#[test]
fn data_sets_that_do_not_go_together_are_refused() {
    let desk = Desk::new();
    let plain = desk.rows("plain", 40, &[]);
    let names = desk.classes(&["ant", "bee", "cat", "dog"]);
    let named = desk.rows("named", 40, &["--class-names", names.to_str().unwrap()]);
    let others = desk.classes(&["ant", "bee", "fox", "dog"]);
    let renamed = desk.rows("renamed", 40, &["--class-names", others.to_str().unwrap()]);
    let later = desk.rows("later", 40, &["--class-names", names.to_str().unwrap(), "--label-offset", "1"]);
    let other_key = desk.rows("other_key", 40, &["--feature", "pixels"]);
    let wide = desk.path("wide");
    write_npy(&desk.path("w.npy"), "<f4", &[8, 3], &[0; 96]);
    let w = desk.path("w.npy");
    assert_eq!(shardify(["convert", w.to_str().unwrap(), wide.to_str().unwrap(), "-q"]).code, Some(0));
    for (first, second, parts) in [
        (&named, &renamed, ["class 2 is `cat` and `fox`", "convert the sources together"]),
        (&named, &later, ["count from 0 and from 1", "convert the sources"]),
        (&plain, &other_key, ["`pixels`: ", "no such feature"]),
        (&plain, &wide, ["`label`: ", "no such feature"]),
    ] {
        let ran = desk.reshard(&[first, second], "out", &[]);
        assert_eq!(ran.code, Some(2), "{parts:?}");
        assert!(parts.iter().all(|part| ran.stderr.contains(part)), "{}", ran.stderr);
        assert!(!desk.path("out").exists(), "{parts:?}");
    }
    // Classes with numbers for names say nothing against names.
    assert_eq!(desk.reshard(&[&plain, &named], "out", &[]).code, Some(0));
    assert_eq!(manifest(&desk.path("out")).class_names, ["ant", "bee", "cat", "dog"]);
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let desk = Desk::new();
    let source = desk.rows("source", 40, &[]);
    let input = source.to_str().unwrap();
    let first = source.join(&manifest(&source).splits[0].shards[0].name);
    let first = first.to_str().unwrap();
    let link = desk.path("link.tfrecord");
    std::os::unix::fs::symlink(first, &link).unwrap();
    let (link, out, inside) = (link.to_str().unwrap(), desk.path("out"), source.join("inside"));
    let (out, inside, above) = (out.to_str().unwrap(), inside.to_str().unwrap(), desk.dir.path().to_str().unwrap());
    let before = tree(&source);
    for (args, part) in [
        (vec![input], "only one path is given"),
        (vec![input, inside], "lies inside the input"),
        (vec![input, input], "is the input"),
        (vec![input, input, "--overwrite"], "is the input"),
        (vec![first, input, "--overwrite"], "lies in the output folder"),
        (vec![link, input, "--overwrite"], "lies in the output folder"),
        (vec![first, above, "--overwrite"], "lies in the output folder"),
        (vec![input, out, "--max-shard", "80"], "record 0 takes "),
        (vec![input, out, "--max-shard", "0"], "leaves no room"),
        (vec![input, out, "--shards", "31"], "asks for 31 shards of split `train`"),
        (vec![input, out, "--shards", "1", "--max-shard", "400"], "larger than the cap"),
        (vec![input, out, "--shards", "dev=1"], "names split `dev`"),
        (vec![input, out, "--only-split", "dev"], "the inputs have train, test"),
        (vec![input, out, "--only-label", "9"], "none of the 40 records is to be kept"),
        (vec![input, out, "--has-key", "nope"], "none of the 40 records is to be kept"),
        (vec![input, out, "--only", "nope"], "expected KEY=VALUE"),
        (vec![input, out, "--stratify"], "--stratify needs splits"),
        (vec![input, out, "--stratify", "--split", "a=0.5,b=0.5", "--label", "y"], "no record has one under `y`"),
        (vec![input, out, "--split", "a=0.999,b=0.001"], "split `b` would be empty"),
        (vec![input, out, "--name", "a-b"], "cannot name a data set"),
        (vec!["nope", out], "no such file"),
    ] {
        let ran = shardify([&["reshard"], &args[..]].concat());
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{args:?}: {}", ran.stderr);
        assert!(!Path::new(out).exists(), "{args:?}");
        assert_same_tree(&tree(&source), &before, &format!("{args:?}"));
    }
    // In a folder of its own beside the shards that were named it may be.
    assert_eq!(shardify(["reshard", first, inside]).code, Some(0));
}

#[test]
fn floats_are_not_compared() {
    let desk = Desk::new();
    let (x, source) = (desk.path("x.npy"), desk.path("source"));
    write_npy(&x, "<f4", &[4], &[0; 16]);
    assert_eq!(shardify(["convert", x.to_str().unwrap(), source.to_str().unwrap(), "-q"]).code, Some(0));
    let ran = desk.reshard(&[&source], "out", &["--only", "x=0"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("`x` is a list of floats"), "{}", ran.stderr);
    assert_eq!(desk.reshard(&[&source], "out", &["--has-key", "x"]).code, Some(0));
}

/// Flips a byte in the payload of some records of the first shard; returns their numbers.
fn damage(source: &Path, which: &[usize]) -> Vec<u32> {
    let path = source.join(&manifest(source).splits[0].shards[0].name);
    let mut bytes = fs::read(&path).unwrap();
    let found = records(&bytes);
    let numbers = which.iter().map(|at| number(&found[*at].1)).collect();
    for at in which {
        bytes[found[*at].0 as usize + 14] ^= 1;
    }
    fs::write(&path, bytes).unwrap();
    numbers
}

#[test]
fn damaged_records_stop_the_run_or_are_left_out_and_listed() {
    let desk = Desk::new();
    let source = desk.rows("source", 40, &[]);
    let before = numbers(&source);
    let shard = source.join(&manifest(&source).splits[0].shards[0].name);
    let offset = records(&fs::read(&shard).unwrap())[1].0;
    let lost = damage(&source, &[1, 4]);
    let ran = desk.reshard(&[&source], "out", &[]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    for part in [
        "00000-of-",
        ": record 1: it is damaged: data checksum",
        " record 4: byte ",
        "shardify repair",
        "--on-error skip",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert!(!desk.path("out").exists());
    let json: Value = serde_json::from_str(&desk.reshard(&[&source], "out", &["--json"]).stdout).unwrap();
    assert_eq!((json["error"]["path"].as_str(), json["error"]["byte"].as_u64()), (shard.to_str(), Some(offset)));
    for (out, more) in [("skip", &[][..]), ("mixed", &["--shuffle", "--split", "a=0.5,b=0.5"])] {
        let ran = desk.reshard(&[&source], out, &[more, &["--on-error", "skip"]].concat());
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        let expected: Vec<u32> = (0..40).filter(|row| !lost.contains(row)).collect();
        assert_eq!(sorted(&numbers(&desk.path(out))), expected);
        let lines = fs::read_to_string(desk.path(out).join("failures.jsonl")).unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), &lines[1]["fault"], manifest(&desk.path(out)).skipped), (2, &"corrupt".into(), 2));
        assert!(lines[1]["input"].as_str().unwrap().ends_with(" record 4"), "{lines:?}");
    }
    let kept: Vec<u32> = before["train"].iter().copied().filter(|row| !lost.contains(row)).collect();
    assert_eq!(numbers(&desk.path("skip"))["train"], kept);
    // Records that are too large are listed by the number that they have in the damaged shard.
    let ran = desk.reshard(&[&source], "none", &["--on-error", "skip", "--max-shard", "80", "-v"]);
    assert!(ran.code == Some(2) && ran.stderr.contains(" record 2"), "{}", ran.stderr);
}

#[test]
fn finished_and_interrupted_runs_are_known_again() {
    let desk = Desk::new();
    let source = desk.rows("source", 40, &[]);
    let run = |more: &[&str]| desk.reshard(&[&source], "out", more);
    assert_eq!(run(&["--shuffle"]).code, Some(0));
    let before = tree(&desk.path("out"));
    let json: Value = serde_json::from_str(&run(&["--shuffle", "--resume", "--json"]).stdout).unwrap();
    assert_eq!(json["outcome"], "nothing-to-do");
    for (more, part) in [
        (&["--shuffle"][..], "holds a finished data set"),
        (&["--resume"], "another finished data set"),
        (&["--shuffle", "--seed", "1", "--resume"], "`--seed` was 0 and is now 1"),
        (&["--shuffle", "--only-label", "1", "--resume"], "`--only-label` was not given and is now 1"),
    ] {
        let ran = run(more);
        assert!(ran.code == Some(2) && ran.stderr.contains(part), "{more:?}: {}", ran.stderr);
        assert_same_tree(&tree(&desk.path("out")), &before, &format!("{more:?}"));
    }
    assert_eq!(run(&["--max-shard", "600", "--overwrite"]).code, Some(0));
    assert_eq!(numbers(&desk.path("out")), numbers(&source));
    // Another byte in the input is another input, whatever the time of its file.
    damage(&source, &[0]);
    let ran = run(&["--max-shard", "600", "--resume", "--on-error", "skip"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("another finished data set"), "{}", ran.stderr);
}

/// What other programs wrote keeps every payload, in its order; the fixtures' own list says what these are.
#[test]
fn foreign_data_sets_keep_their_payloads() {
    let desk = Desk::new();
    let sets = [
        "tfds/tiny_pictures/1.0.0",
        "tensorflow/slim",
        "tensorflow/tutorial",
        "img2dataset/data",
        "tfrecord_package/data",
    ];
    for (at, set) in sets.into_iter().enumerate() {
        let (source, out) = (fixture("foreign").join(set), format!("out-{at}"));
        let ran = desk.reshard(&[&source], &out, &["--max-shard", "8kB"]);
        assert_eq!(ran.code, Some(0), "{set}: {}", ran.stderr);
        let mut files: Vec<PathBuf> = fs::read_dir(&source).unwrap().map(|entry| entry.unwrap().path()).collect();
        let is_shard = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.contains("-of-") || name.ends_with(".tfrecord")
        };
        files.retain(is_shard);
        files.sort();
        let mut wanted: Vec<Vec<u8>> =
            files.iter().flat_map(|path| records(&fs::read(path).unwrap())).map(|(_, payload)| payload).collect();
        let out = desk.path(&out);
        let mut found: Vec<Vec<u8>> = payloads(&out).into_values().flatten().collect();
        wanted.sort();
        found.sort();
        assert!(!found.is_empty() && found == wanted, "{set}");
        assert!(out.join("features.json").exists() && !manifest(&out).schema.fields.is_empty(), "{set}: loadable");
    }
    let slim = manifest(&desk.path("out-1"));
    assert_eq!((slim.class_names.len() as u64, slim.label_offset), (3, 1), "{slim:?}");
    assert_eq!(
        slim.splits.iter().flat_map(|split| &split.class_counts).sum::<u64>(),
        slim.splits.iter().map(|it| it.records).sum::<u64>()
    );
}

/// Records that are no Examples are bytes like any others.
#[test]
fn payloads_of_any_kind_are_kept() {
    let desk = Desk::new();
    let path = desk.path("x.tfrecord");
    let all: Vec<Vec<u8>> = (0..20u8).map(|n| vec![n | 0x80; usize::from(n)]).collect();
    fs::write(&path, shard(&all)).unwrap();
    let ran = desk.reshard(&[&path], "out", &["--max-shard", "100"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("no files for TFDS"), "{}", ran.stderr);
    let out = desk.path("out");
    assert!(payloads(&out).into_values().flatten().eq(all));
    assert!(!out.join("features.json").exists() && !out.join("dataset_info.json").exists());
}

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let desk = Desk::new();
    let x = desk.path("x.npy");
    write_numbered_rows(&x, 600, 9000);
    for (name, more) in [("plain", &[][..]), ("gzip", &["--compression", "gzip"])] {
        let out = desk.path(name);
        let args = ["convert", x.to_str().unwrap(), out.to_str().unwrap(), "--max-shard", "1MB", "-q"];
        assert_eq!(shardify([&args, more].concat()).code, Some(0));
    }
    let (plain, gzip) = (desk.path("plain"), desk.path("gzip"));
    for (at, options) in [
        &["--max-shard", "300kB", "--shuffle"][..],
        &["--max-shard", "300kB"],
        &["--compression", "gzip", "--max-shard", "500kB", "--shuffle", "--seed", "9"],
        &["--split", "a=0.5,b=0.5", "--shards", "4"],
    ]
    .into_iter()
    .enumerate()
    {
        let mut first: Option<Tree> = None;
        for threads in ["1", "2", "8"] {
            let out = format!("out-{at}-{threads}");
            let ran = desk.reshard(&[&plain, &gzip], &out, &[options, &["--threads", threads]].concat());
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            let tree = tree(&desk.path(&out));
            assert_same_tree(
                &tree,
                first.get_or_insert_with(|| tree.clone()),
                &format!("{options:?}, {threads} threads"),
            );
        }
    }
}

/// Records of these sizes in shards of these lengths, each with its number.
fn plant_shards(dir: &Path, shards: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let (mut files, mut all) = (Tree::new(), Vec::new());
    for (number, sizes) in shards.iter().enumerate() {
        let first = u32::try_from(all.len()).unwrap();
        let payload = |(at, size): (u32, &u8)| [&at.to_le_bytes()[..], &vec![0xff; usize::from(*size)]].concat();
        let payloads: Vec<Vec<u8>> = (first..).zip(sizes).map(payload).collect();
        let bytes = shard(&payloads);
        all.extend(payloads);
        files.insert(format!("d-train.tfrecord-{number:05}-of-{:05}", shards.len()).into(), Some(bytes));
    }
    plant(&files, dir);
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every record once, in the order that was asked for, in splits that share nothing and leave out nothing, in shards
    /// that are full and never larger than the cap.
    #[test]
    fn laws(
        shards in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..5),
        cap in 275u64..1500,
        count in prop::option::of(1u32..5),
        shuffle: bool,
        split: bool,
        gzip in prop::bool::weighted(0.3),
        seed: u64,
        threads in 1usize..4,
    ) {
        let dir = tempdir().unwrap();
        let (input, out) = (dir.path().join("in"), dir.path().join("out"));
        let all = plant_shards(&input, &shards);
        let splits: u64 = if split { 2 } else { 1 };
        prop_assume!(all.len() as u64 >= splits * u64::from(count.unwrap_or(1)) * 2);
        let mut options = ReshardOptions::new(vec![input], out.clone());
        (options.shuffle, options.seed, options.threads) = (shuffle, seed, Some(threads));
        options.split = split.then(|| "a=0.5,b=0.5".parse::<Ratios>().unwrap());
        match count {
            Some(count) => options.shards = Some(ShardCounts::Each(count)),
            None => options.max_shard = Some(ByteSize(cap)),
        }
        if gzip {
            options.compression = Compression::Gzip;
        }
        shardify::reshard(&options, &Cancel::default(), &Silent).unwrap();
        let made = manifest(&out);
        for split in &made.splits {
            if let Some(count) = count {
                prop_assert_eq!(split.shards.len(), count as usize);
            }
            for pair in split.shards.windows(2).filter(|_| count.is_none() && !gzip) {
                let next = fs::read(out.join(&pair[1].name)).unwrap();
                prop_assert!(pair[0].bytes + records(&next)[0].1.len() as u64 + 16 > cap, "{} is not full", pair[0].name);
            }
            for shard in &split.shards {
                prop_assert!(count.is_some() || shard.bytes <= cap, "{} bytes", shard.bytes);
                prop_assert!(shard.records > 0);
            }
        }
        let found = payloads(&out);
        prop_assert_eq!(found.len() as u64, splits);
        let in_order = found.values().all(|payloads| payloads.is_sorted_by_key(|it| u32::from_le_bytes(*it.first_chunk().unwrap())));
        prop_assert!(in_order || shuffle);
        let mut found: Vec<Vec<u8>> = found.into_values().flatten().collect();
        found.sort_by_key(|it| u32::from_le_bytes(*it.first_chunk().unwrap()));
        prop_assert!(found == all);
    }
}

#[test]
fn a_shard_that_is_named_twice_is_read_once() {
    let desk = Desk::new();
    let rows = desk.rows("in", 40, &[]);
    let link = desk.path("link");
    std::os::unix::fs::symlink(&rows, &link).unwrap();
    let shard = fs::read_dir(&link).unwrap().map(|it| it.unwrap().path());
    let shard = shard.into_iter().find(|path| path.to_str().unwrap().contains(".tfrecord-")).unwrap();
    let ran = desk.reshard(&[&rows, &link, &shard, &rows.join(".")], "out", &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(manifest(&desk.path("out")).splits.iter().map(|split| split.records).sum::<u64>(), 40);
}

#[test]
fn records_that_are_gone_without_a_trace_are_missed() {
    let desk = Desk::new();
    let rows = desk.rows("in", 200, &[]);
    let shards: Vec<_> = manifest(&rows).splits.iter().flat_map(|split| split.shards.clone()).collect();
    // A shard of `train` cut between two records, and one of `test` that is gone.
    let cut = rows.join(&shards[0].name);
    let whole = fs::read(&cut).unwrap();
    let first = records(&whole)[0].1.len() + 16;
    fs::write(&cut, &whole[..whole.len() - first]).unwrap();
    fs::remove_file(rows.join(&shards[shards.len() - 1].name)).unwrap();
    for (more, expected) in [
        (&[][..], "and 1 more"),
        (&["--only-split", "train"], "the metadata say that it has"),
        (&["--only-split", "test"], "the shard is missing"),
    ] {
        let ran = desk.reshard(&[&rows], "out", more);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains("records are missing") && ran.stderr.contains(expected), "{}", ran.stderr);
        assert!(!desk.path("out").exists());
    }
    let ran = desk.reshard(&[&rows], "out", &["--on-error", "skip"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert_eq!(manifest(&desk.path("out")).skipped, 2);
    let lost = shards[shards.len() - 1].records + 1;
    assert_eq!(manifest(&desk.path("out")).splits.iter().map(|split| split.records).sum::<u64>(), 200 - lost);
    // Files that are named by themselves lack no others.
    let named = rows.join(&shards[1].name);
    assert_eq!(desk.reshard(&[&named], "out2", &[]).code, Some(0));
}

#[test]
fn names_of_splits_lead_nowhere() {
    let desk = Desk::new();
    let rows = desk.rows("in", 40, &[]);
    let path = rows.join("shardify.json");
    let text = fs::read_to_string(&path).unwrap();
    let before = tree(desk.dir.path());
    for (name, expected) in [("../../evil", "part_______evil"), ("all", "part_all"), ("", "part_"), ("a/b", "part_a_b")]
    {
        fs::write(&path, text.replace("\"name\": \"test\"", &format!("\"name\": \"{name}\""))).unwrap();
        let ran = desk.reshard(&[&rows], "out", &[]);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
        assert_eq!(manifest(&desk.path("out")).splits[1].name, expected);
        fs::remove_dir_all(desk.path("out")).unwrap();
        fs::write(&path, &text).unwrap();
        assert_same_tree(&tree(desk.dir.path()), &before, name);
    }
}
