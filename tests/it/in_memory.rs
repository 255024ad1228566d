//! Arrays in memory become the same shards as the same arrays in files, and are recognised by what is in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use shardify::{
    Cancel, ConvertOptions, ConvertOutcome, Error, Existing, Silent, convert, convert_from, dry_run_from,
    source::{MemoryArray, MemoryArrays},
};
use tempfile::tempdir;

use crate::support::write_npy;

/// The shards of an output folder, in order.
fn shards(out: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_str().unwrap().contains(".tfrecord-"));
    files.sort();
    files.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn u8s(name: &str, shape: &[u64], bytes: &'static [u8]) -> MemoryArray<'static> {
    MemoryArray::new(name, "|u1", false, shape.to_vec(), bytes).unwrap()
}

fn from_memory(
    out: &Path,
    inputs: &[&str],
    more: impl FnOnce(&mut ConvertOptions),
    arrays: &[MemoryArray<'static>],
) -> Result<ConvertOutcome, Error> {
    let path = |name: &&str| PathBuf::from(format!("{name} (in memory)"));
    let mut options = ConvertOptions::new(inputs.iter().map(path).collect(), out.to_path_buf());
    options.name = Some("d".to_owned());
    more(&mut options);
    let memory = MemoryArrays::new(arrays.to_vec())?;
    convert_from(&options, &memory, &Cancel::default(), &Silent).map(|report| report.outcome)
}

#[test]
fn columns_of_files_and_of_memory_mix() {
    let dir = tempdir().unwrap();
    let (x, y) = (b"abcdefghij", b"\0\x01\0\x01\x02");
    let (x_file, y_file) = (dir.path().join("x.npy"), dir.path().join("y.npy"));
    write_npy(&x_file, "|u1", &[5, 2], x);
    write_npy(&y_file, "|u1", &[5], y);
    let (files, memory, mixed) = (dir.path().join("files"), dir.path().join("memory"), dir.path().join("mixed"));
    let mut options = ConvertOptions::new(vec![x_file.clone()], files.clone());
    options.name = Some("d".to_owned());
    options.labels = Some(y_file.clone());
    convert(&options, &Cancel::default(), &Silent).unwrap();
    let arrays = [u8s("x", &[5, 2], x), u8s("y", &[5], y)];
    from_memory(&memory, &["x"], |options| options.labels = Some("y (in memory)".into()), &arrays).unwrap();
    from_memory(&mixed, &["x"], |options| options.labels = Some(y_file), &arrays[..1]).unwrap();
    assert_eq!(shards(&memory), shards(&files));
    assert_eq!(shards(&mixed), shards(&files));
}

#[test]
fn without_inputs_arrays_are_told_by_their_names() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    let arrays = [
        u8s("x_test", &[2, 2], b"abcd"),
        u8s("x_train", &[3, 2], b"efghij"),
        u8s("y_train", &[3], b"\0\x01\x01"),
        u8s("y_test", &[2], b"\x01\0"),
    ];
    from_memory(&out, &[], |_| {}, &arrays).unwrap();
    let names: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    for split in ["train", "test"] {
        let shard = format!("d-{split}.tfrecord-00000-of-00001");
        assert!(names.iter().any(|name| *name == *shard), "{names:?}");
    }
    let error = from_memory(&dir.path().join("b"), &[], |_| {}, &arrays[..3]).unwrap_err().to_string();
    assert!(error.contains("do not have the same columns; there are x_test: uint8 [2, 2], x_train"), "{error}");
    let labels = |options: &mut ConvertOptions| options.labels = Some("y_test (in memory)".into());
    for arrays in [&[][..], &arrays[3..]] {
        let error = from_memory(&dir.path().join("c"), &[], labels, arrays).unwrap_err().to_string();
        assert!(error.contains("no input is given"), "{error}");
    }
}

#[test]
fn errors_name_the_array() {
    let dir = tempdir().unwrap();
    for (array, message) in [
        (u8s("x", &[4, 2], b"abcdef"), "x (in memory): shape [4, 2] of uint8 needs 8 bytes of data, but only 6"),
        (u8s("x", &[], b"a"), "x (in memory): it holds a single number"),
        (u8s("x", &[0, 2], b""), "x (in memory): the array has no rows"),
        (MemoryArray::new("x", "<c8", false, vec![1], b"12345678").unwrap(), "x (in memory): its dtype is `<c8`"),
    ] {
        let error = from_memory(&dir.path().join("out"), &["x"], |_| {}, &[array]).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    // A header that such a dtype would make is none.
    assert!(MemoryArray::new("x", "|u1', 'shape': (9,), '", false, vec![1], b"1").is_err());
    let error = from_memory(&dir.path().join("out"), &["z"], |_| {}, &[u8s("x", &[1], b"a")]).unwrap_err().to_string();
    assert!(error.contains("z (in memory): there is no such file"), "{error}");
}

#[test]
fn a_run_is_resumed_with_the_same_arrays_only() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    let resume = |options: &mut ConvertOptions| options.existing = Existing::Resume;
    assert_eq!(from_memory(&out, &["x"], |_| {}, &[u8s("x", &[2, 2], b"abcd")]).unwrap(), ConvertOutcome::Done);
    let same = from_memory(&out, &["x"], resume, &[u8s("x", &[2, 2], b"abcd")]).unwrap();
    assert_eq!(same, ConvertOutcome::NothingToDo);
    let error = from_memory(&out, &["x"], resume, &[u8s("x", &[2, 2], b"abce")]).unwrap_err().to_string();
    assert!(
        error.contains("`x` in memory was |u1 [2, 2], CRC-32C 92c80a31 and is now |u1 [2, 2], CRC-32C "),
        "{error}"
    );
    // Nothing in the manifest knows where the array was.
    let manifest = fs::read_to_string(out.join("shardify.json")).unwrap();
    assert!(manifest.contains(r#""x": "|u1 [2, 2], CRC-32C 92c80a31""#), "{manifest}");
}

#[test]
fn a_dry_run_says_what_would_be_written() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    let options = ConvertOptions::new(Vec::new(), out.clone());
    let memory = MemoryArrays::new(vec![u8s("x", &[2, 2], b"abcd")]).unwrap();
    let plan = dry_run_from(&options, &memory, &Cancel::default(), &Silent).unwrap();
    assert_eq!((plan.name.as_str(), plan.inputs, plan.problem_count), ("out", 2, 0));
    assert!(!out.exists());
}
