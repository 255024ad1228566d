//! `validate` on what is in records and between them: schema, repeated records, images, many findings, many threads.

use std::{fs, path::Path};

use serde_json::json;
use shardify::tfrecord::footer;

use crate::{
    console::Desk,
    support::fixture,
    validate::{bytes, check, example, floats, frame, gzip, ints},
};

#[test]
fn one_schema_across_records() {
    let plain = |at: i64| example([("a", ints(&[at])), ("b", floats(&[at as f32]))]);
    let offset = |records: &[Vec<u8>], at: usize| records[..at].iter().map(|it| frame(it).len() as u64).sum::<u64>();
    let write = |records: &[Vec<u8>]| records.iter().flat_map(|it| frame(it)).collect::<Vec<u8>>();
    // Lists of any length, keys that only some records have, and empty features are fine.
    let varied: Vec<Vec<u8>> = (0..30)
        .map(|at| match at % 3 {
            0 => example([("a", ints(&vec![at; at as usize]))]),
            1 => example([("a", ints(&[at])), ("z", bytes(b"x"))]),
            _ => example([("a", ints(&[-at])), ("b", ints(&[]))]),
        })
        .collect();
    check("a.tfrecord", &write(&varied), "--no-duplicates", &[]);
    // Nine records are too few to say what all should have; ten are not.
    for (count, expected) in [(9, 0), (10, 1)] {
        let mut records: Vec<_> = (0..count).map(plain).collect();
        records.insert(4, example([("a", ints(&[77]))]));
        let all = [("missing-feature", Some(4), Some(offset(&records, 4)))];
        check("a.tfrecord", &write(&records), "", &all[..expected]);
    }
    // Several deviations, one after a malformed record, the last two in the same record.
    let mut records: Vec<_> = (0..40).map(plain).collect();
    records[7] = b"\xff\xff\xff".to_vec();
    records[8] = example([("a", floats(&[1.0])), ("b", floats(&[1.0]))]);
    records[21] = example([("b", floats(&[1.5]))]);
    records[39] = example([("a", bytes(b"x")), ("b", bytes(b"x"))]);
    let at = |record: usize| (Some(record as u64), Some(offset(&records, record)));
    let expected =
        [("bad-example", 7), ("feature-kind", 8), ("missing-feature", 21), ("feature-kind", 39), ("feature-kind", 39)];
    let expected = expected.map(|(kind, record)| (kind, at(record).0, at(record).1));
    check("a.tfrecord", &write(&records), "", &expected);
    // Numbers and offsets behind damage are those in the file.
    let mut damaged = write(&records);
    damaged[offset(&records, 3) as usize + 14] ^= 1;
    damaged[offset(&records, 12) as usize + 1] ^= 1;
    let damage = [("data-crc", at(3).0, at(3).1), ("length-crc", at(12).0, at(12).1)];
    let mut with_damage = [&damage[..], &expected[..]].concat();
    with_damage.sort_by_key(|it| it.1);
    check("a.tfrecord", &damaged, "", &with_damage);
    // Keys are untrusted.
    let mut records: Vec<_> = (0..10).map(|at| example([("\u{1b}[31m\n", ints(&[at]))])).collect();
    records.push(example([("\u{1b}[31m\n", bytes(b""))]));
    let report = check("a.tfrecord", &write(&records), "", &[("feature-kind", Some(10), Some(offset(&records, 10)))]);
    assert!(report["findings"][0]["message"].as_str().unwrap().contains(r"`\u{1b}[31m\n`"), "{report:#}");
}

#[test]
fn repeated_records_name_the_first() {
    let desk = Desk::new();
    let record = |at: i64| frame(&example([("x", ints(&[at, 300, 7]))]));
    let file = |all: &[i64]| all.iter().flat_map(|at| record(*at)).collect::<Vec<u8>>();
    desk.write("out/a-00000-of-00003.tfrecord", file(&[1, 2, 3]));
    desk.write("out/a-00001-of-00003.tfrecord.gz", gzip(&file(&[4, 2, 5, 5])));
    let mut damaged = file(&[6, 7, 1, 4]);
    damaged[13] ^= 1;
    desk.write("out/a-00002-of-00003.tfrecord", &damaged);
    let report = desk.run(
        "validate out/a-00000-of-00003.tfrecord out/a-00001-of-00003.tfrecord.gz out/a-00002-of-00003.tfrecord --json",
    );
    let report = report.expect(1).json();
    let findings = report["findings"].as_array().unwrap();
    let said: Vec<_> = findings
        .iter()
        .map(|it| (it["shard"].as_str().unwrap(), it["record"].as_u64().unwrap(), it["message"].as_str().unwrap()))
        .collect();
    assert_eq!(said.len(), 5, "{report:#}");
    assert_eq!(
        said[0],
        ("out/a-00001-of-00003.tfrecord.gz", 1, "the same payload as record 1 of a-00000-of-00003.tfrecord")
    );
    assert_eq!(said[1], ("out/a-00001-of-00003.tfrecord.gz", 3, "the same payload as record 2"));
    assert_eq!((said[2].0, said[2].1), ("out/a-00002-of-00003.tfrecord", 0));
    assert_eq!(
        said[3],
        ("out/a-00002-of-00003.tfrecord", 2, "the same payload as record 0 of a-00000-of-00003.tfrecord")
    );
    assert_eq!(
        said[4],
        ("out/a-00002-of-00003.tfrecord", 3, "the same payload as record 0 of a-00001-of-00003.tfrecord.gz")
    );
    let without =
        desk.run("validate out/a-00002-of-00003.tfrecord out/a-00000-of-00003.tfrecord --no-duplicates --json");
    assert_eq!(without.expect(1).json()["by_kind"], json!({ "data-crc": 1 }));
}

/// Two payloads of one length and checksum: only the bytes tell that they differ.
#[test]
fn equal_checksums_are_no_proof() {
    // A CRC is linear: any difference that is a multiple of the polynomial goes unseen.
    let polynomial: u64 = 0x1_1edc_6f41;
    let mut difference = [0_u8; 5];
    for bit in (0..33).filter(|bit| polynomial >> bit & 1 == 1) {
        // Bytes are taken from their lowest bit on, the highest power first.
        let at = 32 - bit;
        difference[at / 8] |= 1 << (at % 8);
    }
    let one = example([("x", bytes(b"0123456789"))]);
    let mut other = one.clone();
    let at = other.len() - 8;
    for (byte, change) in other[at..].iter_mut().zip(difference) {
        *byte ^= change;
    }
    assert_eq!(footer(&one), footer(&other));
    check("a.tfrecord", &[frame(&one), frame(&other)].concat(), "", &[]);
    let again = [frame(&one), frame(&other), frame(&other), frame(&one)].concat();
    let len = frame(&one).len() as u64;
    let expected = [("duplicate-record", Some(2), Some(2 * len)), ("duplicate-record", Some(3), Some(3 * len))];
    for (name, content) in [("a.tfrecord", again.clone()), ("a.tfrecord.gz", gzip(&again))] {
        let report = check(name, &content, "", &expected);
        let said = |at: usize| report["findings"][at]["message"].as_str().unwrap().to_owned();
        assert_eq!(
            (said(0).as_str(), said(1).as_str()),
            ("the same payload as record 1", "the same payload as record 0")
        );
    }
}

#[test]
fn thousands_of_findings_are_summed_up() {
    let desk = Desk::new();
    let payload = example([("x", ints(&[1]))]);
    let count = 150_000;
    desk.write("a.tfrecord", frame(&payload).repeat(count));
    let ran = desk.run("validate a.tfrecord").expect(1);
    assert_eq!(ran.stdout.matches("duplicate-record  a.tfrecord: record ").count(), 10, "{}", ran.stdout);
    assert!(ran.stdout.contains("\nand 149,989 more of duplicate-record\n"), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("--no-duplicates").count(), 1, "the remedy comes once");
    assert!(ran.stdout.ends_with(": 149,999 warnings\n"), "{}", ran.stdout);
    let report = desk.run("validate a.tfrecord --json").expect(1).json();
    assert_eq!(report["by_kind"]["duplicate-record"], count - 1);
    assert_eq!(report["findings"].as_array().unwrap().len(), 100_000);
    let last = &report["findings"][99_999];
    assert_eq!((&last["record"], &last["offset"]), (&json!(100_000), &json!(100_000 * frame(&payload).len())));
    // Malformed records too, of which more are met than are kept.
    desk.write("b.tfrecord", frame(b"\xff").repeat(count));
    let report = desk.run("validate b.tfrecord --json --no-duplicates --threads 2").expect(1).json();
    assert_eq!((&report["errors"], &report["by_kind"]), (&json!(count), &json!({ "bad-example": count })));
    assert_eq!(report["findings"].as_array().unwrap().len(), 100_000);
    // Every second record is of the other kind.
    let two = [frame(&payload), frame(&example([("x", floats(&[1.0]))]))].concat();
    desk.write("c.tfrecord", two.repeat(count));
    let report = desk.run("validate c.tfrecord --json --no-duplicates --threads 2").expect(1).json();
    assert_eq!(report["by_kind"], json!({ "feature-kind": count }));
    assert_eq!(report["findings"].as_array().unwrap().len(), 100_000);
    assert_eq!(report["findings"][70_000]["record"], 140_001);
}

/// Shards of several stretches, with everything that is told by comparing records far apart.
#[test]
fn the_report_is_the_same_at_any_thread_count() {
    let desk = Desk::new();
    let mut file = Vec::new();
    for at in 0..700_i64 {
        let image = vec![at as u8; 20_000 + at as usize];
        let record = match at {
            3 | 340 | 699 => example([("image", bytes(&image))]),
            200 | 600 => example([("image", bytes(&image)), ("label", floats(&[1.0]))]),
            400 => b"\xff".to_vec(),
            at => example([("image", bytes(&image)), ("label", ints(&[at.max(5)]))]),
        };
        file.extend(frame(&record));
    }
    desk.write("out/a-00000-of-00003.tfrecord", &file);
    let mut damaged = file.clone();
    damaged[9_000_000] ^= 4;
    desk.write("out/a-00001-of-00003.tfrecord", &damaged);
    desk.write("out/a-00002-of-00003.tfrecord.gz", gzip(&file[..5_000_000]));
    let mut reports = Vec::new();
    for threads in [1, 2, 8] {
        let mut report =
            desk.run(&format!("validate out F/broken/tfrecord --deep --json --threads {threads}")).expect(1).json();
        report.as_object_mut().unwrap().remove("seconds");
        reports.push(report);
    }
    assert!(reports[0] == reports[1] && reports[1] == reports[2]);
    let of_first: Vec<_> = reports[0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["shard"] == "out/a-00000-of-00003.tfrecord")
        .collect();
    let of_first: Vec<_> =
        of_first.iter().map(|it| (it["kind"].as_str().unwrap(), it["record"].as_u64().unwrap())).collect();
    assert_eq!(
        of_first,
        [
            ("missing-feature", 3),
            ("feature-kind", 200),
            ("missing-feature", 340),
            ("bad-example", 400),
            ("feature-kind", 600),
            ("missing-feature", 699)
        ]
    );
}

#[test]
fn deep_decodes_every_image() {
    let images = Path::new("broken/images");
    let read = |path: &Path| fs::read(fixture(path.to_str().unwrap())).unwrap();
    let good = read(Path::new("images/flower/leaf.jpg"));
    for (name, is_bad) in [
        ("decode-jpeg-bad-code.jpg", true),
        ("jpeg-cut-in-scan.jpg", true),
        ("decode-png-bad-zlib.png", true),
        ("gif-cut.gif", true),
        ("webp-cut.webp", true),
        ("avif.avif", true),
        ("tiff-cut.tiff", true),
        ("text.jpg", false),
        ("zeros.jpg", false),
    ] {
        let record = |image: &[u8], at| frame(&example([("image/encoded", bytes(image)), ("id", ints(&[at]))]));
        let first = record(&good, 0);
        let file = [first.clone(), record(&read(&images.join(name)), 1), record(&good, 2)].concat();
        check("a.tfrecord", &file, "", &[]);
        let expected = [("bad-image", Some(1), Some(first.len() as u64))];
        let report = check("a.tfrecord", &file, "--deep", &expected[..usize::from(is_bad)]);
        if is_bad {
            let message = report["findings"][0]["message"].as_str().unwrap();
            assert!(message.starts_with("the image in `image/encoded` cannot be decoded: "), "{name}: {message}");
        }
    }
    // Formats that TensorFlow reads are fine, and raw bytes that are declared to be none are left alone.
    for name in ["gif.gif", "bmp.bmp", "png-rgb-16-bit.png", "jpeg-cmyk-adobe.jpg", "jpeg-progressive-420.jpg"] {
        let file = frame(&example([("x", bytes(&read(&Path::new("formats").join(name))))]));
        check("a.tfrecord", &file, "--deep", &[]);
    }
    let file = frame(&example([("x", bytes(&read(Path::new("formats/tiff-gray.tiff"))))]));
    check("a.tfrecord", &file, "--deep", &[("bad-image", Some(0), Some(0))]);
}

#[test]
fn a_key_that_was_not_looked_at_is_not_missing() {
    let desk = Desk::new();
    let last = ("z", ints(&[1]));
    let few: Vec<u8> = (0..18).flat_map(|at| frame(&example([("a", ints(&[at])), last.clone()]))).collect();
    desk.write("set/0.tfrecord", few);
    let keys: Vec<String> = (0..10_050).map(|at| format!("b{at:05}")).collect();
    let many: Vec<_> = keys.iter().map(|key| (key.as_str(), ints(&[2]))).chain([last]).collect();
    desk.write("set/1.tfrecord", frame(&example(many.clone())));
    let report = desk.run("validate set --json").expect(0).json();
    assert_eq!(report["findings"], serde_json::json!([]));
}
