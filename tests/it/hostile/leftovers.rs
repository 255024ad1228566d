//! What an interrupted run leaves in the work folder, made by somebody else: nothing outside of the output is touched, nothing that
//! is not ours is removed, and no claim takes memory.

use std::{fs, path::Path};

use super::run::bounded;
use crate::{
    console::Desk,
    support::{Tree, plant, tree},
};

#[test]
fn work_folders_of_others() {
    let huge = format!("[{}0]", "0,".repeat(2 << 20));
    let deep = "[".repeat(1 << 20);
    let entry = |shard: &str, next: &str| {
        format!(
            r#"{{"shard":{shard},"first":0,"next":{next},"summary":{{"records":{next},"bytes":{next},"crc32":0}},"payload_bytes":{next},"images":{{}},"class_counts":{{}},"failures":[]}}"#
        )
    };
    let files: &[(&str, String)] = &[
        ("owned.json", r#"["../precious", "/etc/passwd", "notes.txt", ".git/config", "precious/inner", "", "..", "."]"#.to_owned()),
        ("owned.json", huge.clone()),
        ("owned.json", deep.clone()),
        ("plan.json", huge),
        ("plan.json", deep),
        ("plan.json", r#"{"tool":"shardify 0.1.0","options":{},"inputs":18446744073709551615,"inputs_sha256":"","newest":0,"batch_len":18446744073709551615}"#.to_owned()),
        ("train-00000.json", entry("0", "18446744073709551615")),
        ("train-00000.json", entry("4294967295", "1")),
        ("train-00000.json", entry("0", "1").replace("\"shard\":0", "\"shard\":1")),
        ("commit.json", r#"{"removes":["../precious"],"moves":[]}"#.to_owned()),
        ("commit.json", r#"{"removes":[],"moves":[{"from":"../../precious","to":"x-train.tfrecord-00000-of-00001"}]}"#.to_owned()),
        ("manifest.json", "{}".to_owned()),
        ("spool-0-x.bin", "a scratch file".to_owned()),
        ("train-00000.tfrecord", "half a shard".to_owned()),
    ];
    let desk = Desk::new();
    desk.npy("x.npy", "|u1", "(4, 3)", b"abcdefghijkl");
    for (name, content) in files {
        for (line, more) in [
            ("convert x.npy out", ""),
            ("convert x.npy out", "--resume"),
            ("convert x.npy out", "--overwrite"),
            ("validate out", ""),
        ] {
            let kept = Tree::from([
                ("precious".into(), Some(b"precious".to_vec())),
                ("out/notes.txt".into(), Some(b"precious".to_vec())),
                ("out/.git/config".into(), Some(b"precious".to_vec())),
            ]);
            plant(&kept, desk.dir());
            desk.write(&format!("out/.shardify/{name}"), content);
            let words: Vec<_> = line.split(' ').chain(Some(more).filter(|more| !more.is_empty())).collect();
            let run = bounded(desk.dir(), &words, 320 << 20);
            let what = format!("{name}: {line} {more}: {}", run.ran.stderr);
            assert!(matches!(run.ran.code, Some(0..=2)), "{:?}: {what}", run.ran.code);
            assert!(run.peak < 128 << 20, "{what}: {} bytes", run.peak);
            let there = tree(desk.dir());
            for path in kept.keys() {
                assert_eq!(there.get(path), kept.get(path), "{what}: {}", path.display());
            }
            assert!(
                there
                    .keys()
                    .all(|path| { ["precious", "x.npy", "imgs", "out"].iter().any(|known| path.starts_with(known)) }),
                "{what}"
            );
            if run.ran.code == Some(0) && line.starts_with("convert") {
                assert_eq!(desk.run("validate out").code, Some(0), "{what}");
                assert!(!Path::new(&desk.path("out/.shardify")).exists(), "{what}");
            }
            fs::remove_dir_all(desk.path("out")).unwrap();
        }
    }
}

/// Lists and indexes that go on and on.
#[test]
fn lists_and_indexes_without_an_end() {
    let desk = Desk::new();
    desk.run("convert imgs good -q").expect(0);
    let index = "good/index/imgs-train.tfrecord-00000-of-00001.idx";
    let many = |text: &str, bytes: usize| text.repeat(bytes / text.len());
    for (file, text, line, code) in [
        ("list.csv", format!("file,label\n{}", many("x", 64 << 20)), "convert list.csv out", 2),
        ("list.csv", format!("file,label\n\"{}", many("x\n", 64 << 20)), "convert list.csv out", 2),
        ("list.csv", format!("{}\n", many("file,", 32 << 20)), "convert list.csv out", 2),
        ("list.csv", format!("file\n{}", many(",", 32 << 20)), "convert list.csv out", 2),
        (index, many("7", 64 << 20), "validate good", 1),
        (index, many("0 1\n", 16 << 20), "validate good", 1),
        (index, format!("0 {}\n{} 9\n", u64::MAX, u64::MAX), "validate good", 1),
        (index, format!("{} {}\n", u64::MAX, u64::MAX), "validate good", 1),
    ] {
        desk.write(file, text);
        let words: Vec<_> = line.split(' ').collect();
        let run = bounded(desk.dir(), &words, 320 << 20);
        println!("{line}: {} MB: {}", run.peak / 1_000_000, run.ran.stderr.chars().take(120).collect::<String>());
        assert_eq!(run.ran.code, Some(code), "{line}: {}", run.ran.stderr.chars().take(500).collect::<String>());
        assert!(run.ran.stderr.len() < 4000, "{line}: a message of {} bytes", run.ran.stderr.len());
        assert!(run.peak < 64 << 20, "{line}: {} bytes", run.peak);
        assert!(!desk.path("out").exists());
    }
}
