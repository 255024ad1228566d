//! Inputs that change or vanish while they are read: what was made of them is as if nothing had happened, or nothing is
//! published and the message names the file.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{
    call::{Call, Kind},
    cases::{Start, starts},
    tracer::{Do, trace},
};
use crate::support::{Tree, assert_same_tree, plant, shardify, tree};

/// What happens to a file.
type Change = (&'static str, fn(&Path));

const CHANGES: &[Change] = &[
    ("vanishes", |path| fs::remove_file(path).unwrap()),
    ("is cut", |path| cut(path, 2)),
    ("is emptied", |path| cut(path, u64::MAX)),
    ("becomes a folder", |path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    }),
    ("is written to", |path| {
        let file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
        let at = file.metadata().unwrap().len() / 2;
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[!byte[0]], at).unwrap();
    }),
];

fn cut(path: &Path, by: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() / by).unwrap();
}

/// The input of a run that is changed, and the folder of all that it reads.
fn input(start: &Start) -> Option<(PathBuf, PathBuf)> {
    let root = fs::canonicalize(start.case.dir.path()).unwrap();
    let (dir, name) = match start.name {
        "convert arrays" => (root.clone(), "x.npy"),
        "convert images" => (root.join("in"), "flower/leaf.jpg"),
        "reshard" | "repair" => (root.join("whole"), "x-train.tfrecord-00001-of-00005"),
        "repair compressed shards" => (root.join("whole"), "x-train.tfrecord-00001-of-00005.gz"),
        _ => return None,
    };
    Some((dir.join(name), dir))
}

#[test]
fn inputs_that_change_are_noticed() {
    let mut tried = 0;
    for start in starts() {
        let Some((file, dir)) = input(&start) else { continue };
        let before = tree(&dir);
        let Some(calls) = calls(&start, &file) else { return };
        assert!(calls > 1, "{}: {} is not read", start.name, file.display());
        for (change, apply) in CHANGES {
            // Kept images are what they are when they are read.
            if start.name == "convert images" && *change == "is written to" {
                continue;
            }
            for at in [0, 1, calls / 2, calls - 1] {
                let what = format!("{}: the input {change} before call {at} of {calls}", start.name);
                let out = start.case.dir.path().join("changed");
                start.prepare(&out);
                check(&start, &out, &file, (at, *apply), &what);
                tried += 1;
                restore(&dir, &file, &before);
            }
        }
    }
    println!("{tried} changes");
}

fn is_read(call: &Call, file: &Path) -> bool {
    call.path == file && matches!(call.kind, Kind::Open | Kind::Read)
}

/// How often a file is opened or read.
fn calls(start: &Start, file: &Path) -> Option<usize> {
    let (root, out) = (fs::canonicalize(start.case.dir.path()).unwrap(), start.case.out("counted"));
    let mut calls = 0;
    let count = &mut |call: &Call| {
        calls += usize::from(is_read(call, file));
        Do::Nothing
    };
    trace(&start.args(&out), &root, count)?;
    fs::remove_dir_all(out).unwrap();
    Some(calls)
}

fn check(start: &Start, out: &Path, file: &Path, (at, apply): (usize, fn(&Path)), what: &str) {
    let root = fs::canonicalize(start.case.dir.path()).unwrap();
    let mut seen = 0;
    let watch = &mut |call: &Call| {
        if is_read(call, file) {
            if seen == at {
                apply(file);
            }
            seen += 1;
        }
        Do::Nothing
    };
    let Some(ran) = trace(&start.args(out), &root, watch) else { return };
    assert!(!ran.stderr.contains("panicked"), "{what}: {}", ran.stderr);
    // Of damaged inputs, a repair says what is lost, and that is what the others refuse.
    let repairs = start.name.starts_with("repair");
    match ran.code {
        Some(2) => {
            start.check_visible(out, what);
            let named = ran.stderr.contains(file.file_name().unwrap().to_str().unwrap());
            assert!(named, "{what}: {}", ran.stderr);
        }
        code if repairs => {
            assert_eq!(code, Some(1), "{what}: {}", ran.stderr);
            let valid = shardify(["validate".as_ref(), out.as_os_str(), "-q".as_ref()]);
            assert_eq!(valid.code, Some(0), "{what}: {}", valid.stdout);
        }
        code => {
            assert_eq!(code, Some(start.case.code), "{what}: {}", ran.stderr);
            assert_same_tree(&tree(out), &start.case.whole, what);
        }
    }
}

fn restore(dir: &Path, file: &Path, before: &Tree) {
    if file.is_dir() {
        fs::remove_dir(file).unwrap();
    }
    let name = file.strip_prefix(dir).unwrap();
    plant(&Tree::from([(name.to_path_buf(), before[name].clone())]), dir);
}
