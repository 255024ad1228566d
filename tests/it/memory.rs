//! Memory does not grow with the data: the peak of a run over an array is far below the size of the array.

#![cfg(target_os = "linux")]

use std::{
    fs::{self, OpenOptions},
    path::Path,
    thread::sleep,
    time::Duration,
};

use tempfile::tempdir;

use crate::support::{Ran, command, npy_header};

/// The most memory that a run of the command took, in bytes, as the kernel counted it.
fn peak(args: &[&str]) -> u64 {
    let mut child = command(args).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let kib = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = kib.map_or(peak, |kib: u64| kib << 10);
        sleep(Duration::from_millis(2));
    }
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.stderr);
    assert!(peak > 0, "the kernel does not say");
    peak
}

/// An array of zeros that takes no room on the disk.
fn sparse(path: &Path, fortran: bool, shape: &[usize]) {
    let mut header = npy_header("|u1", shape);
    if fortran {
        let text = String::from_utf8_lossy(&header).find("False").unwrap();
        // The magic is one byte that is no text, shown as three.
        header[text - 2..text + 3].copy_from_slice(b"True ");
    }
    fs::write(path, &header).unwrap();
    let len = (header.len() + shape.iter().product::<usize>()) as u64;
    OpenOptions::new().write(true).open(path).unwrap().set_len(len).unwrap();
}

#[track_caller]
fn check(shape: &[usize], fortran: bool, more: &[&str], bound: u64) {
    let dir = tempdir().unwrap();
    let (x, out) = (dir.path().join("x.npy"), dir.path().join("out"));
    sparse(&x, fortran, shape);
    let args = [&["convert", x.to_str().unwrap(), out.to_str().unwrap(), "--threads", "2"], more].concat();
    let peak = peak(&args);
    let array: usize = shape.iter().product();
    println!("{array} bytes in {shape:?}: a peak of {peak}");
    assert!(peak < bound && bound * 2 < array as u64, "{shape:?}: a peak of {peak} bytes, {bound} are allowed");
}

#[test]
fn rows_are_streamed() {
    check(&[300, 1_000_000], false, &["--max-shard", "100MB"], 100_000_000);
    check(&[300_000, 1000], false, &["--compression", "gzip"], 100_000_000);
}

#[test]
fn fortran_order_is_turned_in_parts() {
    check(&[300, 1_000_000], true, &["--compression", "gzip"], 149_000_000);
}
