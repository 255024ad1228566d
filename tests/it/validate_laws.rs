//! Laws of `validate`: no flipped bit and no cut goes unseen, but for what cannot be seen.

use std::{fs, path::Path};

use shardify::{Cancel, Silent, ValidateOptions, ValidateReport, validate};

use crate::{
    console::Desk,
    validate::{bytes, example, frame, ints},
};

fn look(path: &Path) -> ValidateReport {
    let mut options = ValidateOptions::new(vec![path.to_path_buf()]);
    options.threads = Some(1);
    validate(&options, &Cancel::default(), &Silent).unwrap()
}

/// Three records, the second of which holds a record, and where each ends.
fn shard() -> (Vec<u8>, Vec<usize>) {
    let stored = frame(&example([("y", ints(&[5]))]));
    let payloads = [
        example([("x", bytes(b"one")), ("n", ints(&[1]))]),
        example([("x", bytes(&stored)), ("n", ints(&[2]))]),
        example([("x", bytes(b"")), ("n", ints(&[3]))]),
    ];
    let (mut file, mut ends) = (Vec::new(), vec![0]);
    for payload in payloads {
        file.extend(frame(&payload));
        ends.push(file.len());
    }
    (file, ends)
}

#[test]
fn every_flipped_bit_is_found_without_any_metadata() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.tfrecord");
    let (whole, _) = shard();
    fs::write(&path, &whole).unwrap();
    assert!(look(&path).is_clean());
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &flipped).unwrap();
        let report = look(&path);
        assert!(report.errors > 0, "bit {bit}: {report:?}");
        assert!(report.records <= 3 && report.records >= 2, "bit {bit} costs one record: {report:?}");
    }
}

#[test]
fn every_cut_is_found_but_one_between_records() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.tfrecord");
    let (whole, ends) = shard();
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let report = look(&path);
        assert_eq!(report.is_clean(), ends.contains(&cut) && cut > 0, "cut at {cut}: {report:?}");
        assert_eq!(report.records as usize, ends.iter().filter(|end| **end <= cut).count() - 1, "cut at {cut}");
    }
}

/// What `convert` writes, gzip too: bits that no checksum of the stream covers are in the manifest's.
#[test]
fn nothing_goes_unseen_with_something_to_hold_against() {
    for (options, kept) in [
        ("", &["shardify.json"][..]),
        ("", &["index"]),
        ("", &["dataset_info.json"]),
        ("--compression gzip", &["shardify.json"]),
    ] {
        let desk = Desk::new();
        desk.npy("x.npy", "|u1", "(3, 4)", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        desk.run(&format!("convert x.npy out {options}")).expect(0);
        let out = desk.path("out");
        let mut shard = None;
        for entry in fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
            if name.contains(".tfrecord-") {
                shard = Some(entry);
            } else if !kept.contains(&name.as_str()) {
                if entry.is_dir() { fs::remove_dir_all(entry).unwrap() } else { fs::remove_file(entry).unwrap() }
            }
        }
        let path = shard.unwrap();
        let whole = fs::read(&path).unwrap();
        assert_eq!(look(&out).errors, 0);
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            assert!(look(&out).errors > 0, "{kept:?}: cut at {cut}");
        }
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &flipped).unwrap();
            assert!(look(&out).errors > 0, "{kept:?}: bit {bit}");
        }
    }
}
