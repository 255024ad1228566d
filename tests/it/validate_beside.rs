//! `validate` against what stands beside the shards: a data set that `convert` wrote, with one thing changed.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    console::Desk,
    support::fixture,
    validate::{bytes, example, floats, found, frame, gzip, ints},
};

/// A change to the folder `out`.
type Change = fn(&Path);

/// `out` has three shards of four rows each with labels of three classes, and everything beside them.
fn converted(options: &str) -> Desk {
    let desk = Desk::new();
    let rows: Vec<u8> = (0..12_u8).flat_map(|row| [row; 40]).collect();
    desk.npy("x.npy", "|u1", "(12, 40)", &rows);
    desk.npy("y.npy", "|u1", "(12,)", &[0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
    desk.write("names.txt", "cat\ndog\nowl\n");
    desk.run(&format!(
        "convert x.npy out --labels y.npy --class-names names.txt --name rows --shards 3 --no-shuffle {options}"
    ))
    .expect(0);
    desk
}

const FIRST: &str = "rows-train.tfrecord-00000-of-00003";
const SECOND: &str = "rows-train.tfrecord-00001-of-00003";
const LAST: &str = "rows-train.tfrecord-00002-of-00003";

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "{}", path.display());
    fs::write(path, changed).unwrap();
}

fn edit_json(path: &Path, change: impl FnOnce(&mut Value)) {
    edit(path, |text| {
        let mut value: Value = serde_json::from_str(&text).unwrap();
        change(&mut value);
        value.to_string()
    });
}

/// Drops the last record of a shard, to the byte.
fn cut_a_record(path: &Path) {
    let whole = fs::read(path).unwrap();
    let records = crate::support::records(&whole);
    fs::write(path, &whole[..records.last().unwrap().0 as usize]).unwrap();
}

/// Another payload of the same length, with checksums that hold.
fn rewrite_a_record(path: &Path) {
    let whole = fs::read(path).unwrap();
    let mut records = crate::support::records(&whole);
    let payload = &mut records[1].1;
    let at = payload.windows(40).position(|window| window.iter().all(|byte| *byte == window[0])).unwrap();
    payload[at] ^= 0x40;
    fs::write(path, records.iter().flat_map(|(_, payload)| frame(payload)).collect::<Vec<_>>()).unwrap();
}

fn remove(path: &Path, names: &[&str]) {
    for name in names {
        fs::remove_file(path.join(name)).unwrap();
    }
}

/// `(kind, file that it is about, part of the message)`
type Expected = &'static [(&'static str, &'static str, &'static str)];

#[track_caller]
fn check(desk: &Desk, what: &str, expected: Expected) {
    let report = desk.run(&format!("validate {what} --json")).json();
    let findings = report["findings"].as_array().unwrap();
    let got: Vec<_> = findings
        .iter()
        .map(|it| (it["kind"].as_str().unwrap(), it["shard"].as_str().unwrap(), it["message"].as_str().unwrap()))
        .collect();
    assert_eq!(got.len(), expected.len(), "{got:#?}");
    for (got, expected) in got.iter().zip(expected) {
        assert!(
            got.0 == expected.0 && got.1.ends_with(expected.1) && got.2.contains(expected.2),
            "{got:?}, expected {expected:?}"
        );
    }
}

#[test]
fn a_data_set_is_held_against_its_metadata() {
    let cases: &[(Change, Expected)] = &[
        (|_| {}, &[]),
        (
            |out| cut_a_record(&out.join(SECOND)),
            &[
                ("record-count", SECOND, "3 records, expected 4 as shardify.json and dataset_info.json say"),
                ("file-size", SECOND, "bytes, expected"),
                ("index-mismatch", SECOND, "line 4 is `"),
            ],
        ),
        // The index is right, and so are the counts: a record was there.
        (
            |out| {
                let mut whole = fs::read(out.join(SECOND)).unwrap();
                let second = crate::support::records(&whole)[1].0 as usize;
                whole[second + 20] ^= 1;
                fs::write(out.join(SECOND), whole).unwrap();
            },
            &[("file-crc", SECOND, ""), ("data-crc", SECOND, "")],
        ),
        (|out| rewrite_a_record(&out.join(LAST)), &[("file-crc", LAST, "as shardify.json says")]),
        (
            |out| edit_json(&out.join("dataset_info.json"), |info| info["splits"][0]["shardLengths"][1] = "5".into()),
            &[("record-count", SECOND, "4 records, expected 5 as dataset_info.json")],
        ),
        (
            |out| edit_json(&out.join("shardify.json"), |it| it["splits"][0]["shards"][0]["records"] = 3.into()),
            &[("record-count", FIRST, "4 records, expected 3 as shardify.json says")],
        ),
        (|out| remove(out, &[LAST]), &[("missing-shard", LAST, "names it")]),
        (
            |out| assert!(fs::copy(out.join(LAST), out.join("rows-train.tfrecord-00003-of-00003")).is_ok()),
            &[("extra-shard", "rows-train.tfrecord-00003-of-00003", "beyond the count")],
        ),
        (
            |out| {
                fs::write(out.join("old.tfrecord"), frame(&example([("x", bytes(&[9; 40])), ("label", ints(&[1]))])))
                    .unwrap()
            },
            &[("extra-shard", "old.tfrecord", "shardify.json does not name it")],
        ),
        (
            |out| remove(&out.join("index"), &["rows-train.tfrecord-00001-of-00003.idx"]),
            &[("index-missing", SECOND, ".idx")],
        ),
        (
            |out| edit(&out.join("index").join(format!("{FIRST}.idx")), |text| text.replacen(' ', " 1", 1)),
            &[("index-mismatch", FIRST, "line 1 is `0 1")],
        ),
        (
            |out| edit(&out.join("index").join(format!("{FIRST}.idx")), |text| text + "offset length\n"),
            &[("index-mismatch", FIRST, "line 5: `offset length` is not")],
        ),
        (
            |out| {
                edit(&out.join("index").join(format!("{FIRST}.idx")), |text| {
                    text.lines().take(3).map(|line| format!("{line}\n")).collect()
                })
            },
            &[("index-mismatch", FIRST, "it lists 3 records, and 4 are there")],
        ),
        // A shuffle, which NVIDIA's reader allows.
        (
            |out| {
                edit(&out.join("index").join(format!("{FIRST}.idx")), |text| {
                    text.lines().rev().map(|line| format!("{line}\n")).collect()
                })
            },
            &[],
        ),
        (
            |out| edit(&out.join("label.labels.txt"), |text| text.replace("dog", " ")),
            &[
                ("class-names", "label.labels.txt", "line 2 is blank"),
                ("class-names", "label.labels.txt", "2 class names, expected 3"),
            ],
        ),
        (
            |out| edit(&out.join("label.labels.txt"), |text| text.replace("dog", "cat")),
            &[("class-names", "label.labels.txt", "line 2 is `cat`, as line 1")],
        ),
        (
            |out| edit_json(&out.join("shardify.json"), |it| it["label_offset"] = u32::MAX.into()),
            &[(
                "class-names",
                "shardify.json",
                "label_offset is 4,294,967,295, and the schema has labels of 3 classes",
            )],
        ),
        (
            |out| edit_json(&out.join("shardify.json"), |it| it["compression"] = "gzip".into()),
            &[(
                "metadata",
                "shardify.json",
                "its compression is `gzip`, and that of 3 listed shards is another: `none` in rows-train",
            )],
        ),
        (
            |out| {
                edit_json(&out.join("shardify.json"), |it| {
                    it["class_names"] = serde_json::json!(["cat", "dog", "owl", "elk"])
                })
            },
            &[("class-names", "shardify.json", "4 class names, expected 3")],
        ),
        (
            |out| {
                edit_json(&out.join("shardify.json"), |it| {
                    it["class_names"] = serde_json::json!(["cat", "dog"]);
                    for field in it["schema"].as_array_mut().unwrap().iter_mut().filter(|it| it["key"] == "label") {
                        field["classes"] = 2.into();
                    }
                });
                fs::write(out.join("label.labels.txt"), "cat\ndog\n").unwrap();
            },
            &[
                ("label-range", FIRST, "`label` is 2, and shardify.json has classes 0 to 1"),
                ("label-range", SECOND, "is 2"),
                ("label-range", LAST, "is 2"),
                ("label-range", LAST, "is 2"),
            ],
        ),
        (
            |out| edit(&out.join("shardify.json"), |text| text[..100].to_owned()),
            &[("metadata", "shardify.json", "not a manifest")],
        ),
        (
            |out| edit_json(&out.join("shardify.json"), |it| it["format_version"] = 99.into()),
            &[("metadata", "shardify.json", "format version 99")],
        ),
        (
            |out| edit(&out.join("features.json"), |text| text.replace("featuresDict", "x")),
            &[("metadata", "features.json", "no featuresDict")],
        ),
        (
            |out| {
                fs::create_dir(out.join(".shardify")).unwrap();
                fs::write(out.join(".x.partial"), "").unwrap();
            },
            &[("leftover", ".shardify", "interrupted"), ("leftover", ".x.partial", "interrupted")],
        ),
        // What cannot be read beside the shards stops nothing, and is not passed over.
        (
            |out| {
                let index = format!("index/{FIRST}.idx");
                remove(out, &["label.labels.txt", &index]);
                for name in ["label.labels.txt", &index] {
                    std::os::unix::fs::symlink(out.join(name), out.join(name)).unwrap();
                }
                cut_a_record(&out.join(SECOND));
            },
            &[
                ("unreadable", "label.labels.txt", "cannot read"),
                ("unreadable", ".idx", "cannot open"),
                ("record-count", SECOND, ""),
                ("file-size", SECOND, ""),
                ("index-mismatch", SECOND, ""),
            ],
        ),
        (
            |out| {
                remove(out, &["shardify.json", "label.labels.txt"]);
                std::os::unix::fs::symlink("label.labels.txt", out.join("label.labels.txt")).unwrap();
            },
            &[("metadata", "label.labels.txt", "cannot read")],
        ),
        // Labels of classes that nobody counted or named have no range.
        (
            |out| {
                remove(out, &["shardify.json"]);
                edit(&out.join("features.json"), |text| text.replace("\"numClasses\": \"3\"", "\"numClasses\": \"0\""));
                fs::write(out.join("label.labels.txt"), "").unwrap();
            },
            &[],
        ),
        // A shard is what the manifest names, whatever it is called, and nothing outside of the folder.
        (
            |out| {
                edit(&out.join("shardify.json"), |text| text.replace(FIRST, "first.tar").replace(LAST, "../out/x"));
                fs::rename(out.join(FIRST), out.join("first.tar")).unwrap();
                fs::rename(out.join("index").join(format!("{FIRST}.idx")), out.join("first.tar.idx")).unwrap();
                remove(out, &["dataset_info.json"]);
                fs::rename(out.join(LAST), out.join("x")).unwrap();
            },
            &[("missing-shard", "../out/x", "shardify.json names it")],
        ),
        // Without the manifest TFDS's metadata speak.
        (
            |out| {
                remove(out, &["shardify.json"]);
                cut_a_record(&out.join(FIRST));
                fs::remove_dir_all(out.join("index")).unwrap();
            },
            &[("record-count", FIRST, "3 records, expected 4 as dataset_info.json (shardLengths) says")],
        ),
        (
            |out| {
                remove(out, &["shardify.json"]);
                edit(&out.join("features.json"), |text| text.replace("\"40\"", "\"41\""));
                fs::write(out.join(LAST), "").unwrap();
                remove(out, &["dataset_info.json", SECOND]);
                fs::remove_dir_all(out.join("index")).unwrap();
            },
            &[
                ("missing-shard", SECOND, "2 of 3 shards"),
                ("feature-shape", FIRST, "`x` has 40 bytes, expected one value of 41 bytes as features.json says"),
                ("feature-shape", FIRST, ""),
                ("feature-shape", FIRST, ""),
                ("feature-shape", FIRST, ""),
                ("empty-shard", LAST, "no bytes"),
            ],
        ),
    ];
    for (number, (change, expected)) in cases.iter().enumerate() {
        let desk = converted("");
        change(&desk.path("out"));
        println!("case {number}");
        check(&desk, "out", expected);
    }
}

#[test]
fn what_the_schema_declares_every_record_must_have() {
    let desk = converted("");
    let out = desk.path("out");
    let row = |at: u8| bytes(&[at; 40]);
    let records = [
        example([("x", row(1)), ("label", ints(&[-1]))]),
        example([("x", row(2)), ("label", floats(&[1.0]))]),
        example([("x", row(3))]),
        example([("x", row(4)), ("label", ints(&[0, 1]))]),
        example([("x", row(5)), ("label", ints(&[3]))]),
        example([("x", bytes(&[6; 39])), ("label", ints(&[-2]))]),
        example([("x", row(7)), ("label", ints(&[2])), ("more", ints(&[1]))]),
    ];
    for name in [FIRST, SECOND, LAST] {
        fs::remove_file(out.join(name)).unwrap();
    }
    fs::write(out.join(FIRST), records.iter().flat_map(|it| frame(it)).collect::<Vec<_>>()).unwrap();
    let report = desk.run(&format!("validate out/{FIRST} --json")).expect(1).json();
    let kinds: Vec<_> = found(&report).into_iter().filter_map(|it| Some((it.0, it.1?))).collect();
    let kinds: Vec<_> = kinds.iter().map(|it| (it.0.as_str(), it.1)).collect();
    assert_eq!(
        kinds,
        [
            ("feature-kind", 1),
            ("missing-feature", 2),
            ("feature-shape", 3),
            ("label-range", 4),
            ("feature-shape", 5),
            ("label-range", 5)
        ],
        "{report:#}"
    );
    let missing = report["findings"].as_array().unwrap().iter().find(|it| it["kind"] == "missing-feature").unwrap();
    assert_eq!(missing["severity"], "error", "the manifest says that all have it");
}

#[test]
fn labels_are_stored_with_their_offset() {
    let images = Desk::new();
    images.run("convert F/images out --keys slim --label-offset 1").expect(0);
    check(&images, "out --deep", &[]);
    edit_json(&images.path("out/shardify.json"), |it| {
        let names = it["class_names"].as_array_mut().unwrap();
        names.pop();
    });
    check(&images, "out", &[("class-names", "shardify.json", "3 class names, expected 4")]);
}

#[test]
fn sets_that_only_names_tell_of() {
    let desk = Desk::new();
    let mut at = 0;
    let mut shard = |name: &str| {
        at += 1;
        desk.write(name, frame(&example([("x", ints(&[at]))])));
    };
    for name in ["a/train-00000-of-00003", "a/train-00002-of-00003", "a/val-00000-of-00001", "a/val-00001-of-00001"] {
        shard(name);
    }
    check(
        &desk,
        "a",
        &[
            ("missing-shard", "a/train-00001-of-00003", "2 of 3"),
            ("extra-shard", "a/val-00001-of-00001", "whose last shard is 0"),
        ],
    );
    // Only what was named is looked at.
    check(&desk, "a/train-00000-of-00003", &[]);
    // An older set beside a newer one.
    for name in ["b/x-00000-of-00002.tfrecord", "b/x-00001-of-00002.tfrecord", "b/x-00002-of-00003.tfrecord"] {
        shard(name);
    }
    check(&desk, "b", &[("extra-shard", "b/x-00002-of-00003.tfrecord", "a set of 3, beside one of 2")]);
    // The one that is whole is meant, though the other has more.
    for name in ["d/x-00000-of-00002", "d/x-00001-of-00002"] {
        shard(name);
    }
    for name in ["d/x-00000-of-00004", "d/x-00001-of-00004", "d/x-00002-of-00004"] {
        shard(name);
    }
    const EXTRA: &str = "a set of 4, beside one of 2";
    check(
        &desk,
        "d",
        &[
            ("extra-shard", "d/x-00000-of-00004", EXTRA),
            ("extra-shard", "d/x-00001-of-00004", EXTRA),
            ("extra-shard", "d/x-00002-of-00004", EXTRA),
        ],
    );
    // A count that is not to be believed.
    shard("c/x-00000-of-4000000000");
    let report = desk.run("validate c --json").expect(1).json();
    assert_eq!(report["by_kind"]["missing-shard"], 3_999_999_999_u64);
    assert_eq!(report["findings"].as_array().unwrap().len(), 100_000);
}

#[test]
fn compression_is_announced_by_the_manifest_too() {
    let desk = converted("--compression gzip");
    check(&desk, "out", &[]);
    let name = fs::read_dir(desk.path("out")).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
    let name = name.filter(|name| name.ends_with(".gz")).min().unwrap();
    let plain = name.trim_end_matches(".gz").to_owned();
    fs::rename(desk.path("out").join(&name), desk.path("out").join(&plain)).unwrap();
    edit(&desk.path("out/shardify.json"), |text| text.replace(&name, &plain));
    check(&desk, "out", &[]);
    desk.write(&format!("alone/{plain}"), fs::read(desk.path("out").join(&plain)).unwrap());
    check(&desk, &format!("alone/{plain}"), &[("unannounced-compression", FIRST, "gzip")]);
    desk.write("twice.tfrecord.gz", gzip(&gzip(&frame(b""))));
    check(&desk, "twice.tfrecord.gz", &[("not-tfrecord", "twice.tfrecord.gz", "a gzip file with a gzip file")]);
}

#[test]
fn an_index_of_the_tfrecord_package_is_compared_too() {
    let desk = Desk::new();
    for name in ["data.tfrecord", "data.tfindex"] {
        desk.write(&format!("set/{name}"), fs::read(fixture("foreign/tfrecord_package/data").join(name)).unwrap());
    }
    check(&desk, "set", &[]);
    edit(&desk.path("set/data.tfindex"), |text| text.replacen("0 ", "7 ", 1));
    check(&desk, "set", &[("index-mismatch", "set/data.tfrecord", "data.tfindex does not describe")]);
    // What is no index at all is not read to its end.
    fs::File::create(desk.path("set/data.tfindex")).unwrap().set_len(40 << 30).unwrap();
    check(&desk, "set", &[("index-mismatch", "set/data.tfrecord", "line 1: ")]);
    // An index of an index.
    let whole = fs::read(desk.path("set/data.tfrecord")).unwrap();
    desk.write("set/data.tfindex", "0 1000000\n");
    desk.write("set/data.tfrecord", &whole[..whole.len() - 3]);
    let report = desk.run("validate set --json").expect(1).json();
    assert_eq!(report["by_kind"], serde_json::json!({ "truncated-record": 1, "index-mismatch": 1 }));
}

#[test]
fn nothing_that_a_file_says_steers_the_terminal() {
    for (key, value) in [("crc32", "\u{1b}[31mred"), ("compression", "\u{1b}[31mred")] {
        let desk = converted("");
        edit_json(&desk.path("out/shardify.json"), |it| match key {
            "crc32" => it["splits"][0]["shards"][0][key] = value.into(),
            _ => it[key] = value.into(),
        });
        for verb in ["validate", "inspect"] {
            let run = desk.run(&format!("{verb} out"));
            let said = run.stdout + &run.stderr;
            assert!(!said.contains('\u{1b}'), "{verb}: {said}");
            assert!(verb == "inspect" && key == "crc32" || said.contains("[31mred"), "{verb}: {said}");
        }
    }
}
