use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, path::Path};

use super::*;
use crate::storage::LocalStorage;

fn plant(dir: &Path, files: &[&str]) {
    for file in files {
        let path = dir.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
}

/// Each data set as `folder: split=names`.
fn told(dir: &Path, paths: &[&str]) -> Vec<String> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| dir.join(path)).collect();
    let sets = find(&LocalStorage, &paths).unwrap();
    let short = |path: &Path| path.strip_prefix(dir).unwrap_or(path).to_string_lossy().into_owned();
    let describe = |set: &DataSet| {
        let splits = set.splits.iter().map(|split| {
            let names: Vec<_> = split.shards.iter().map(|path| path.file_name().unwrap().to_string_lossy()).collect();
            format!("{}={}", split.name, names.join(","))
        });
        format!("{}: {}", short(&set.dir), splits.collect::<Vec<_>>().join(" "))
    };
    sets.iter().map(describe).collect()
}

#[test]
fn shards_are_found_in_folders_and_sorted_into_splits() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    plant(
        dir,
        &[
            "a/x-test.tfrecord-00000-of-00001",
            "a/x-train.tfrecord-00001-of-00002",
            "a/x-train.tfrecord-00000-of-00002",
            "a/index/x-train.tfrecord-00000-of-00002.idx",
            "a/notes.txt",
            "a/.hidden.tfrecord",
            "b/train/0.tfrecord",
            "b/train/10.tfrecord",
            "b/train/2.tfrecord",
            "b/validation/0.tfrecord",
            "c/readme.txt",
        ],
    );
    let a =
        "a: train=x-train.tfrecord-00000-of-00002,x-train.tfrecord-00001-of-00002 test=x-test.tfrecord-00000-of-00001";
    let b = ["b/train: train=0.tfrecord,2.tfrecord,10.tfrecord", "b/validation: validation=0.tfrecord"];
    assert_eq!(told(dir, &["a"]), [a]);
    assert_eq!(told(dir, &["b"]), b);
    assert_eq!(told(dir, &["b", "a", "a"]), [b[0], b[1], a]);
    assert_eq!(told(dir, &["a/x-t*"]), [a]);
    assert!(told(dir, &["?/*"]).contains(&a.to_owned()));
    assert_eq!(told(dir, &["b/train/2.tfrecord"]), ["b/train: train=2.tfrecord"]);
    assert_eq!(told(dir, &["c/readme.txt"]), ["c: train=readme.txt"], "what is named is meant");
    fs::create_dir(dir.join("d")).unwrap();
    fs::write(dir.join("d").join(OsStr::from_bytes(b"\xff.tfrecord")), "").unwrap();
    assert_eq!(told(dir, &["d"]), ["d: train=\u{fffd}.tfrecord"]);
    for (path, part) in
        [("c", "name of a shard"), ("nope", "no such file"), ("z*", "no file matches"), ("c/*", "name of a shard")]
    {
        let error = find(&LocalStorage, &[dir.join(path)]).unwrap_err().to_string();
        assert!(error.contains(part), "{path}: {error}");
    }
}

#[test]
fn metadata_decide_what_names_leave_open() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    plant(dir, &["00000.tfrecord", "00001.tfrecord", "more.tfrecord", ".more.tfrecord.partial", ".shardify/lock"]);
    let info = r#"{"name": "my", "version": "1.0.0", "splits": [
        {"name": "late", "shardLengths": ["1", "1"], "filepathTemplate": "{SHARD_INDEX}.tfrecord"}]}"#;
    fs::write(dir.join("dataset_info.json"), info).unwrap();
    fs::write(dir.join("shardify.json"), r#"{"format_version": 99}"#).unwrap();
    assert_eq!(told(dir, &["."]), [": late=00000.tfrecord,00001.tfrecord train=more.tfrecord"]);
    let set = find(&LocalStorage, &[dir.to_path_buf()]).unwrap().remove(0);
    assert!(set.is_whole && set.features.get().is_none());
    assert_eq!(set.name(&LocalStorage), "my");
    assert_eq!(set.leftovers.len(), 2);
    let Metadata::Broken(error) = &set.manifest else { panic!("{:?}", set.manifest) };
    assert!(error.to_string().contains("format version 99"), "{error}");
}

#[test]
fn a_folder_counts_once_however_it_is_reached() {
    use std::os::unix::fs::symlink;

    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    plant(dir, &["a/v2/x.tfrecord", "a/v2/y.tfrecord", "b/z.tfrecord"]);
    // Two links that run in circles make as many paths as there are numbers of 32 bits.
    for link in ["a/again", "a/once-more"] {
        symlink(dir.join("a"), dir.join(link)).unwrap();
    }
    symlink("v2", dir.join("a/latest")).unwrap();
    symlink("../b", dir.join("a/elsewhere")).unwrap();
    let v2 = "a/v2: train=x.tfrecord,y.tfrecord";
    assert_eq!(told(dir, &["a"]), ["a/elsewhere: train=z.tfrecord", v2]);
    assert_eq!(told(dir, &["a/v2", "a/latest", "b/../a/v2", "a/v2/x.tfrecord", "a/latest/y.tfrecord"]), [v2]);
    assert_eq!(told(dir, &["a/latest/x.tfrecord", "a/v2/x.tfrecord"]), ["a/latest: train=x.tfrecord"]);
    let error = find(&LocalStorage, &[dir.join("a/**/x.tfrecord")]).unwrap_err();
    assert!(error.to_string().contains("`**` is not understood"), "{error}");
}
