//! `validate` at the command line: exactly the true findings, with exact places, whoever wrote the shards.

use std::{collections::BTreeMap, fs, os::unix::fs::symlink, process::Command};

use prost::Message;
use serde_json::{Value, json};
use shardify::{
    example::proto::{BytesList, Example, Feature, Features, FloatList, Int64List, feature::Kind},
    tfrecord::{footer, header},
};

use crate::{
    console::{Desk, Ran, fixtures, shardify},
    support::fixture,
};

/// A record around a payload.
pub(crate) fn frame(payload: &[u8]) -> Vec<u8> {
    [&header(payload.len() as u64)[..], payload, &footer(payload)].concat()
}

pub(crate) fn example<'a>(features: impl IntoIterator<Item = (&'a str, Kind)>) -> Vec<u8> {
    let feature = features
        .into_iter()
        .map(|(key, kind)| (key.to_owned(), Feature { kind: Some(kind) }))
        .collect::<BTreeMap<_, _>>();
    Example { features: Some(Features { feature }) }.encode_to_vec()
}

pub(crate) fn ints(values: &[i64]) -> Kind {
    Kind::Int64List(Int64List { value: values.to_vec() })
}

pub(crate) fn floats(values: &[f32]) -> Kind {
    Kind::FloatList(FloatList { value: values.to_vec() })
}

pub(crate) fn bytes(value: &[u8]) -> Kind {
    Kind::BytesList(BytesList { value: vec![value.to_vec()] })
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    shardify::tfrecord::gzip_member(bytes)
}

/// The findings as `(kind, record, offset)`.
pub(crate) fn found(report: &Value) -> Vec<(String, Option<u64>, Option<u64>)> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|it| (it["kind"].as_str().unwrap().to_owned(), it["record"].as_u64(), it["offset"].as_u64())).collect()
}

/// What is found in a file with these bytes.
#[track_caller]
pub(crate) fn check(name: &str, content: &[u8], options: &str, expected: &[(&str, Option<u64>, Option<u64>)]) -> Value {
    let desk = Desk::new();
    desk.write(name, content);
    let report = desk.run(&format!("validate {name} --json {options}"));
    let report = report.json();
    let expected: Vec<_> = expected.iter().map(|(kind, record, at)| ((*kind).to_owned(), *record, *at)).collect();
    assert_eq!(found(&report), expected, "{report:#}");
    report
}

#[test]
fn every_damage_is_found_and_nothing_else() {
    let expected: Value = serde_json::from_slice(&fs::read(fixture("broken/tfrecord/expected.json")).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = expected["files"].as_object().unwrap();
    assert!(files.len() >= 60);
    for (name, file) in files {
        fs::copy(fixture("broken/tfrecord").join(name), folder.path().join(name)).unwrap();
        let ran: Ran = shardify(folder.path()).args(["validate", name, "--json"]).output().unwrap().into();
        let report = ran.json();
        let (got, wanted) = (report["findings"].as_array().unwrap(), file["findings"].as_array().unwrap());
        assert_eq!(got.len(), wanted.len(), "{name}: {report:#}");
        for (got, wanted) in got.iter().zip(wanted) {
            for (key, value) in wanted.as_object().unwrap() {
                match key.as_str() {
                    "word" => {
                        let message = got["message"].as_str().unwrap().to_lowercase();
                        assert!(message.contains(value.as_str().unwrap()), "{name}: {message}");
                    }
                    key => assert_eq!(got[key], *value, "{name}: {key} of {got:#}"),
                }
            }
            assert_eq!(got["shard"], name.as_str());
            assert!(!got["message"].as_str().unwrap().is_empty() && !got["remedy"].as_str().unwrap().is_empty());
            let is_record = got["record"].is_u64();
            assert_eq!((got["offset"].is_u64(), got["bytes"].is_u64()), (is_record, is_record), "{name}: {got:#}");
        }
        assert_eq!(report["records"], file["intact"].as_array().unwrap().len(), "{name}");
        assert_eq!(ran.code, Some(i32::from(!wanted.is_empty())), "{name}");
        let has_errors = wanted.iter().any(|it| it["severity"] == "error");
        let words = ["validate", name, "--allow-warnings", "-q"];
        let lenient: Ran = shardify(folder.path()).args(words).output().unwrap().into();
        assert_eq!(lenient.code, Some(i32::from(has_errors)), "{name}");
        assert_eq!((lenient.stdout.as_str(), lenient.stderr.as_str()), ("", ""));
    }
}

#[test]
fn what_other_programs_wrote_is_in_order() {
    let desk = Desk::new();
    let ray: String = (0..2)
        .map(|at| format!(" F/foreign/ray/data/0353wfdoGNWgXpuyER0V7y_43c2b4e318324ba5a543e0474d7ea263_00000{at}.tar"))
        .collect();
    for path in ["F/foreign/tfds", "F/foreign/tensorflow", "F/foreign/img2dataset", "F/foreign/tfrecord_package", &ray]
    {
        for options in ["", "--deep"] {
            let ran = desk.run(&format!("validate {path} {options}")).expect(0);
            assert!(ran.stdout.ends_with(": no problem found\n"), "{path}: {}", ran.stdout);
        }
    }
    for (name, expected) in [
        ("empty.tfrecord", &[("empty-shard", None, None)][..]),
        ("examples.tfrecord", &[]),
        ("examples.tfrecord.gz", &[]),
        ("examples.tfrecord.zlib", &[]),
        ("golden.tfrecord", &[("bad-example", Some(1), Some(16)), ("bad-example", Some(2), Some(37))]),
        ("kinds.tfrecord", &[]),
        (
            "members.tfrecord.gz",
            &[
                ("duplicate-record", Some(10), Some(825)),
                ("duplicate-record", Some(11), Some(903)),
                ("duplicate-record", Some(12), Some(982)),
            ],
        ),
        ("sequence.tfrecord", &[]),
        ("unusual.tfrecord", &[]),
    ] {
        check(name, &fs::read(fixture("tfrecord").join(name)).unwrap(), "", expected);
    }
}

/// Files that look like something else at one place, and are not.
#[test]
fn a_damaged_shard_is_not_taken_for_something_else() {
    let records: Vec<Vec<u8>> = (0..5).map(|at| frame(&example([("x", ints(&[at; 20]))]))).collect();
    let whole = records.concat();
    let second = records[0].len() as u64;
    // Cut inside the first header, however the bytes look.
    for cut in 1..12 {
        check("a.tfrecord", &whole[..cut], "", &[("truncated-header", Some(0), Some(0))]);
    }
    // A length whose bytes are the magic of JPEG XL, and of gzip, with a damaged checksum.
    for length in [0x0aff_u64, 0x8b1f] {
        let sized = |value: usize| example([("x", bytes(&vec![7; value]))]);
        let value = (0..30).map(|less| length as usize - less).find(|value| sized(*value).len() as u64 == length);
        let mut large = frame(&sized(value.unwrap()));
        assert_eq!(u64::from_le_bytes(*large.first_chunk().unwrap()), length);
        large[9] ^= 1;
        large.extend(&whole);
        check("a.tfrecord", &large, "", &[("length-crc", Some(0), Some(0))]);
    }
    // The highest bit of the first length.
    let mut bytes = whole.clone();
    bytes[7] ^= 0x80;
    check("a.tfrecord", &bytes, "", &[("length-crc", Some(0), Some(0))]);
    // Zeros over the first record.
    let mut bytes = whole.clone();
    bytes[..second as usize].fill(0);
    check("a.tfrecord", &bytes, "", &[("length-crc", Some(0), Some(0))]);
    // No record at all, and nothing that is known.
    let noise: Vec<u8> = (0..5000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8 | 0x80).collect();
    let report = check("a.tfrecord", &noise, "", &[("length-crc", Some(0), Some(0))]);
    assert!(report["findings"][0]["message"].as_str().unwrap().contains("no TFRecord at all"), "{report:#}");
    // Archives in gzip.
    let mut tar = vec![b'x'; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    let report = check("a.tfrecord.gz", &gzip(&tar), "", &[("not-tfrecord", None, None)]);
    assert!(report["findings"][0]["message"].as_str().unwrap().contains("gzip file with a tar archive"), "{report:#}");
    check("a.tfrecord.gz", &whole, "", &[("unannounced-compression", None, None)]);
    check("a.tfrecord.gz", &gzip(&[]), "", &[("empty-shard", None, None)]);
}

#[test]
fn what_cannot_be_looked_at() {
    let desk = Desk::new();
    for (arguments, words) in [
        ("validate", "PATH"),
        ("validate nowhere", "no such file"),
        ("validate nowhere*.tfrecord", "no file matches"),
        ("validate imgs", "no file in `imgs` has the name of a shard"),
    ] {
        let ran = desk.run(arguments).expect(2);
        assert!(ran.stderr.contains(words) && ran.stdout.is_empty(), "{arguments}: {}", ran.stderr);
    }
    desk.folder("left/.shardify");
    assert!(desk.run("validate left").expect(2).stderr.contains("left: there is no shard, only what"));
    let error = desk.run("validate nowhere --json").expect(2).json();
    assert!(error["error"]["message"].as_str().unwrap().contains("no such file"), "{error:#}");

    // What is there and cannot be read does not hide the rest.
    desk.write("out/a.tfrecord", frame(&example([("x", ints(&[1]))])));
    assert!(Command::new("mkfifo").arg(desk.path("out/pipe.tfrecord")).status().unwrap().success());
    symlink("gone", desk.path("out/link.tfrecord")).unwrap();
    desk.folder("out/folder.tfrecord");
    let report = desk.run("validate out out/pipe.tfrecord --json").expect(1).json();
    let shards: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["kind"].as_str().unwrap(), it["shard"].as_str().unwrap()))
        .collect();
    assert_eq!(shards, [("unreadable", "out/link.tfrecord"), ("unreadable", "out/pipe.tfrecord")], "{report:#}");
    assert_eq!((&report["shards"], &report["records"]), (&json!(3), &json!(1)));
}

#[test]
fn json_has_the_shape_that_was_promised() {
    let desk = Desk::new();
    let report = desk.run("validate F/broken/tfrecord/two-apart.tfrecord --json").expect(1).json();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&report), ["by_kind", "bytes", "errors", "findings", "records", "seconds", "shards", "warnings"]);
    let finding = &report["findings"][0];
    assert_eq!(keys(finding), ["bytes", "kind", "message", "offset", "record", "remedy", "severity", "shard"]);
    assert_eq!((&report["shards"], &report["records"], &report["errors"]), (&json!(1), &json!(28), &json!(2)));
    assert_eq!(report["by_kind"], json!({ "data-crc": 1, "length-crc": 1 }));
    let text = desk.run("validate F/broken/tfrecord/two-apart.tfrecord").expect(1).stdout;
    let place = format!("{}: record 5, byte 921: ", fixtures().join("broken/tfrecord/two-apart.tfrecord").display());
    assert!(text.starts_with(&format!("error    data-crc    {place}")), "{text}");
    assert!(text.contains("\nwhat to do:\n  length-crc  copy the shard again"), "{text}");
}
