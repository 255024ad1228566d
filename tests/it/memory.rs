//! Memory does not grow with the data: the peak of a run over an array is far below the size of the array.

#![cfg(target_os = "linux")]

use std::fs;

use tempfile::tempdir;

use crate::support::{peak, shardify, write_sparse};

#[track_caller]
fn check(shape: &[usize], fortran: bool, more: &[&str], bound: u64) {
    let dir = tempdir().unwrap();
    let (x, out) = (dir.path().join("x.npy"), dir.path().join("out"));
    write_sparse(&x, fortran, shape);
    let args = [&["convert", x.to_str().unwrap(), out.to_str().unwrap(), "--threads", "2"], more].concat();
    let peak = peak(&args);
    let array = 8 * shape.iter().product::<usize>();
    println!("{array} bytes in {shape:?}: a peak of {peak}");
    assert!(peak < bound && bound * 2 < array as u64, "{shape:?}: a peak of {peak} bytes, {bound} are allowed");
}

#[test]
fn rows_are_streamed() {
    check(&[300, 125_000], false, &["--max-shard", "100MB"], 100_000_000);
    check(&[300_000, 125], false, &["--compression", "gzip"], 100_000_000);
}

#[test]
fn fortran_order_is_turned_in_parts() {
    check(&[300, 125_000], true, &["--compression", "gzip"], 149_000_000);
}

/// A shuffle of all records holds a few bytes of each, and a window of them.
#[test]
fn shards_are_shuffled_in_little_memory() {
    let dir = tempdir().unwrap();
    let (x, source, out) = (dir.path().join("x.npy"), dir.path().join("source"), dir.path().join("out"));
    let (x, source, out) = (x.to_str().unwrap(), source.to_str().unwrap(), out.to_str().unwrap());
    write_sparse(x.as_ref(), false, &[100_000, 400]);
    let ran = crate::support::shardify(["convert", x, source, "--no-shuffle", "--max-shard", "100MB", "-q"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let peak = peak(&["reshard", source, out, "--shuffle", "--threads", "2", "--max-shard", "50MB"]);
    println!("320,000,000 bytes in 100,000 records: a peak of {peak}");
    assert!(peak < 120_000_000, "a peak of {peak} bytes");
}

/// Shards of an array that is mostly holes come back in order, however they were shuffled.
#[test]
fn exported_arrays_are_not_held() {
    let dir = tempdir().unwrap();
    let (x, shards, out) = (dir.path().join("x.npy"), dir.path().join("shards"), dir.path().join("out"));
    write_sparse(&x, false, &[60_000, 500]);
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let ran = shardify(["convert", &path(&x), &path(&shards), "-q"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let peak = peak(&["export", &path(&shards), &path(&out), "--threads", "2"]);
    println!("240000000 bytes: a peak of {peak}");
    assert!(peak < 60_000_000, "a peak of {peak} bytes");
    assert_eq!(fs::metadata(out.join("x.npy")).unwrap().len(), fs::metadata(&x).unwrap().len());
}
