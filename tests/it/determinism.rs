//! The same input, options and seed give the same bytes in every output file, at any number of threads.

use std::{fs, path::Path};

use tempfile::tempdir;

use crate::support::{assert_same_tree, filenames, fixture, manifest, shardify, tree, write_npy, write_numbered_rows};

/// Runs one command with 1, 2 and 8 threads. `shards` is the least number that makes the case worth its name.
#[track_caller]
fn check(args: &[&str], code: i32, shards: usize) {
    let dir = tempdir().unwrap();
    let mut first = None;
    for threads in ["1", "2", "8"] {
        let out = dir.path().join(threads);
        let ran = shardify([&["convert"], args, &[out.to_str().unwrap(), "--threads", threads]].concat());
        assert_eq!(ran.code, Some(code), "{args:?}: {}", ran.stderr);
        let made: usize = manifest(&out).splits.iter().map(|split| split.shards.len()).sum();
        assert!(made >= shards, "{args:?}: only {made} shards");
        let tree = tree(&out);
        let first = first.get_or_insert_with(|| tree.clone());
        assert_same_tree(&tree, first, &format!("{args:?} with {threads} threads"));
    }
}

fn images() -> String {
    fixture("images").to_str().unwrap().to_owned()
}

#[test]
fn images_give_the_same_bytes() {
    let images = &images();
    check(&[images, "--max-shard", "30kB"], 0, 5);
    check(&[images, "--max-shard", "6kB", "--size", "64x64", "--format", "jpeg"], 0, 8);
    check(&[images, "--max-shard", "30kB", "--split", "train=0.5,validation=0.3,test=0.2"], 0, 5);
    check(&[images, "--shards", "7", "--split", "train=0.7,test=0.3", "--stratify"], 0, 14);
    check(&[images, "--max-shard", "30kB", "--compression", "gzip"], 0, 5);
    check(&[images, "--max-shard", "30kB", "--keys", "slim", "--no-shuffle"], 0, 5);
}

/// Many batches, so that workers really overtake one another: a batch holds half a megabyte of rows.
#[test]
fn arrays_give_the_same_bytes() {
    let dir = tempdir().unwrap();
    let x = dir.path().join("x.npy");
    write_numbered_rows(&x, 300, 20_000);
    let labels = dir.path().join("y.npy");
    write_npy(&labels, "|u1", &[300], &(0..300).map(|i| (i % 11) as u8).collect::<Vec<_>>());
    let (x, labels) = (x.to_str().unwrap(), labels.to_str().unwrap());
    check(&[x, "--labels", labels, "--max-shard", "300kB"], 0, 20);
    check(&[x, "--labels", labels, "--split", "train=0.8,test=0.2", "--stratify", "--shards", "5"], 0, 10);
    check(&[x, "--labels", labels, "--max-shard", "500kB", "--compression", "gzip"], 0, 10);
    check(&[x, "--shards", "9", "--compression", "gzip", "--no-shuffle"], 0, 9);
}

#[test]
fn archives_give_the_same_bytes() {
    let archive = |name: &str| fixture("npy").join(name).to_str().unwrap().to_owned();
    check(&[&archive("keras.npz"), "--max-shard", "120"], 0, 4);
    check(&[&archive("fortran-compressed.npz"), "--max-shard", "200"], 0, 2);
    check(&[&archive("fortran-4d.npy"), "--shards", "2"], 0, 2);
}

/// Good images and broken ones in the same classes.
pub(crate) fn with_broken(dir: &Path) {
    for (from, class) in [("images/flower", "a"), ("images/sign", "b"), ("broken/images", "a"), ("broken/images", "b")]
    {
        fs::create_dir_all(dir.join(class)).unwrap();
        for entry in fs::read_dir(fixture(from)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), dir.join(class).join(entry.file_name())).unwrap();
            }
        }
    }
}

#[test]
fn skipped_inputs_do_not_change_that() {
    let dir = tempdir().unwrap();
    with_broken(dir.path());
    let input = dir.path().to_str().unwrap();
    check(&[input, "--on-error", "skip", "--max-shard", "30kB"], 1, 2);
    check(&[input, "--on-error", "skip", "--split", "train=0.5,test=0.5", "--max-shard", "30kB"], 1, 2);
    check(&[input, "--on-error", "skip", "--compression", "gzip", "--max-shard", "30kB"], 1, 2);
}

#[test]
fn another_seed_gives_another_order_of_the_same_records() {
    let dir = tempdir().unwrap();
    let orders = ["0", "1"].map(|seed| {
        let out = dir.path().join(seed);
        let ran = shardify(["convert", &images(), out.to_str().unwrap(), "--seed", seed, "--max-shard", "30kB"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        filenames(&out)
    });
    assert_eq!(orders[0].len(), 30);
    assert_ne!(orders[0], orders[1]);
    let sorted = orders.map(|mut order| {
        order.sort_unstable();
        order
    });
    assert_eq!(sorted[0], sorted[1]);
    assert!(sorted[0].windows(2).all(|pair| pair[0] != pair[1]), "a record is there twice: {:?}", sorted[0]);
}
