//! What a run promises in corners that a review found unguarded once.

use std::{fs, path::Path};

use tempfile::{TempDir, tempdir};

use crate::support::{features, manifest, png, records, shardify, write_npy, write_numbered_rows};

/// A folder with 40 rows `x.npy` and their labels `y.npy`, 0 to 3 and two without a class.
fn arrays() -> TempDir {
    let dir = tempdir().unwrap();
    write_numbered_rows(&dir.path().join("x.npy"), 40, 100);
    let labels: Vec<u8> = (0..40i64).map(|i| if i < 2 { -1 } else { i % 4 }).flat_map(i64::to_le_bytes).collect();
    write_npy(&dir.path().join("y.npy"), "<i8", &[40], &labels);
    dir
}

/// Runs `convert` with words in which `x`, `y` and `out` stand for paths in the folder.
fn convert(dir: &Path, words: &str) -> crate::support::Ran {
    let word = |word: &str| match word {
        "x" | "y" => dir.join(word).with_extension("npy").display().to_string(),
        "out" | "imgs" => dir.join(word).display().to_string(),
        other => other.to_owned(),
    };
    shardify(std::iter::once("convert".to_owned()).chain(words.split_whitespace().map(word)))
}

#[test]
fn shares_that_are_no_short_decimals_are_recognised_again() {
    let dir = arrays();
    let words = "x out --split a=0.09090909090909091,b=0.9090909090909091";
    assert_eq!(convert(dir.path(), words).code, Some(0));
    let again = convert(dir.path(), &format!("{words} --resume"));
    assert_eq!(again.code, Some(0), "{}", again.stderr);
}

#[test]
fn a_finished_data_set_whose_array_changed_is_not_up_to_date() {
    let dir = arrays();
    assert_eq!(convert(dir.path(), "x out").code, Some(0));
    std::thread::sleep(std::time::Duration::from_millis(20));
    write_npy(&dir.path().join("x.npy"), "|u1", &[40, 100], &[7; 4000]);
    let again = convert(dir.path(), "x out --resume");
    assert_eq!(again.code, Some(2), "{}", again.stdout);
    assert!(again.stderr.contains("was changed after this data set was made"), "{}", again.stderr);
}

#[test]
fn rows_without_a_class_stay_so_under_an_offset() {
    let dir = arrays();
    assert_eq!(convert(dir.path(), "x out --labels y --label-offset 1").code, Some(0));
    let out = dir.path().join("out");
    let mut counts = std::collections::BTreeMap::new();
    for shard in &manifest(&out).splits[0].shards {
        for (_, payload) in records(&fs::read(out.join(&shard.name)).unwrap()) {
            let Some(shardify::example::proto::feature::Kind::Int64List(label)) =
                features(&payload)["label"].kind.clone()
            else {
                panic!("no label")
            };
            *counts.entry(label.value[0]).or_insert(0) += 1;
        }
    }
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(-1, 2), (1, 9), (2, 9), (3, 10), (4, 10)]);
    assert_eq!(manifest(&out).splits[0].class_counts, [9, 9, 10, 10]);
}

#[test]
fn the_cap_of_a_split_without_a_fixed_number_stays() {
    let dir = arrays();
    let dry = convert(dir.path(), "x out --split a=0.5,b=0.5 --shards a=2 --dry-run --json");
    assert_eq!(dry.code, Some(0), "{}", dry.stderr);
    let mut options = shardify::ConvertOptions::new(Vec::new(), "out".into());
    options.shards = Some("a=2".parse().unwrap());
    assert_eq!(options.cap("a").0, (1 << 31) - 1);
    assert_eq!(options.cap("b"), shardify::shard::DEFAULT_MAX_SHARD);
}

#[test]
fn a_plan_that_cannot_be_read_is_not_started_over() {
    let dir = arrays();
    let work = dir.path().join("out/.shardify");
    fs::create_dir_all(&work).unwrap();
    fs::write(work.join("plan.json"), r#"{"tool": "shardify 99.0.0"}"#).unwrap();
    fs::write(work.join("train-00000.json"), "{}").unwrap();
    let ran = convert(dir.path(), "x out --resume");
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("another version of shardify"), "{}", ran.stderr);
    assert!(work.join("train-00000.json").exists(), "what the other version had finished is gone");
}

#[test]
fn a_refused_overwrite_destroys_nothing() {
    let dir = arrays();
    let out = dir.path().join("out");
    let work = out.join(".shardify");
    fs::create_dir_all(&work).unwrap();
    for name in ["plan.json", "train-00000.json", "train-00000.tfrecord"] {
        fs::write(work.join(name), "{}").unwrap();
    }
    fs::write(out.join("dataset_info.json"), "somebody's").unwrap();
    let ran = convert(dir.path(), "x out --overwrite");
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("`dataset_info.json` is there already"), "{}", ran.stderr);
    assert!(work.join("train-00000.tfrecord").exists(), "the shards of the interrupted run are gone");
}

#[test]
fn fewer_shards_than_asked_for_are_reported() {
    let dir = tempdir().unwrap();
    let imgs = dir.path().join("imgs");
    fs::create_dir(&imgs).unwrap();
    for i in 0..40 {
        let bytes = if i < 12 { b"no image".to_vec() } else { png(i) };
        fs::write(imgs.join(format!("{i:02}.png")), bytes).unwrap();
    }
    let ran = convert(dir.path(), "imgs out --no-shuffle --shards 4 --on-error skip");
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("split `train` has 3 shards, not 4"), "{}", ran.stderr);
    assert_eq!(manifest(&dir.path().join("out")).splits[0].shards.len(), 3);
}

/// One slow image holds up the small results of many large files: those must not pile up as large buffers.
#[test]
#[cfg(target_os = "linux")]
fn results_that_wait_weigh_what_they_hold() {
    let dir = tempdir().unwrap();
    let imgs = dir.path().join("imgs");
    fs::create_dir(&imgs).unwrap();
    // 3000 x 2000 pixels are slow to decode beside bitmaps of 1.5 MB each.
    let bmp = |name: &str, width: u32, height: u32| {
        let data = width.next_multiple_of(4) * height * 3;
        let mut bytes = b"BM".to_vec();
        bytes.extend((54 + data).to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(54u32.to_le_bytes());
        bytes.extend(40u32.to_le_bytes());
        bytes.extend(width.to_le_bytes());
        bytes.extend(height.to_le_bytes());
        bytes.extend([1, 0, 24, 0]);
        bytes.resize(54 + data as usize, 0);
        fs::write(imgs.join(name), bytes).unwrap();
    };
    bmp("0.bmp", 3000, 2000);
    for i in 0..60 {
        bmp(&format!("{}.bmp", 100 + i), 700, 700);
    }
    let words = "--size 8x8 --format png --no-shuffle --threads 4 -q";
    let (imgs, out) = (imgs.to_str().unwrap(), dir.path().join("out"));
    let args: Vec<&str> = ["convert", imgs, out.to_str().unwrap()].into_iter().chain(words.split(' ')).collect();
    let peak = crate::support::peak(&args);
    // 18 MB for the large one, a few times while it is worked on, and some for each worker.
    assert!(peak < 88_000 << 10, "{peak} bytes at the peak");
}
