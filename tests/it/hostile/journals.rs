//! What a killed run left, edited by somebody else: the plan is right, so `--resume` believes it and reads the rest.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    case::Case,
    support::{Ran, Tree, assert_same_tree, fixture, plant, shardify, tree},
};

const MOST: u64 = u64::MAX;

type Edit = fn(&mut Value);

/// What the next run makes of an edited file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It contradicts itself or what is asked for: the shard is made again.
    MadeAgain,
    /// It is believed where no record contradicts it, and the data set is sound.
    Sound,
    /// It is refused.
    Refused,
}
use Then::{MadeAgain, Refused, Sound};

/// What is done to the plan or to the first journal entry.
const EDITS: &[(&str, &str, Then, Edit)] = &[
    ("train-00000.json", "records and failures beyond 64 bits", MadeAgain, |it| {
        it["summary"]["records"] = json!(MOST);
        it["failures"] = json!([{ "input": "../x", "split": "..", "fault": "", "reason": "" }]);
    }),
    ("train-00000.json", "records that end nowhere", MadeAgain, |it| {
        it["summary"]["records"] = json!(MOST);
        it["next"] = json!(MOST);
    }),
    ("train-00000.json", "no record", MadeAgain, |it| {
        it["next"] = json!(0);
        it["summary"]["records"] = json!(0);
        it["payload_bytes"] = it["summary"]["bytes"].clone();
    }),
    ("train-00000.json", "a first record elsewhere", MadeAgain, |it| it["first"] = it["next"].clone()),
    ("train-00000.json", "payloads beyond 64 bits", MadeAgain, |it| it["payload_bytes"] = json!(MOST)),
    ("train-00000.json", "classes beyond 64 bits", MadeAgain, |it| {
        it["class_counts"] = json!({ "0": MOST, "4294967295": MOST });
    }),
    ("train-00000.json", "more classes than records", MadeAgain, |it| it["class_counts"] = json!({ "0": 1000 })),
    ("train-00000.json", "images beyond 64 bits", MadeAgain, |it| {
        it["images"]["formats"] = json!([MOST, MOST, MOST]);
        it["images"]["channels"] = json!([MOST, MOST, MOST, MOST]);
        it["images"]["deep"] = json!(MOST);
    }),
    ("train-00000.json", "a shard that is another", MadeAgain, |it| it["shard"] = json!(u32::MAX)),
    ("plan.json", "no batches", Sound, |it| it["batch_len"] = json!(0)),
    ("plan.json", "one batch of all", Sound, |it| it["batch_len"] = json!(MOST)),
    ("plan.json", "inputs beyond 64 bits", Refused, |it| it["inputs"] = json!(MOST)),
    ("plan.json", "a tool with a long name", Refused, |it| it["tool"] = json!("x".repeat(1_000_000))),
];

fn edited(left: &Tree, file: &str, edit: Edit) -> Tree {
    let mut left = left.clone();
    let bytes = left.get_mut(&Path::new(".shardify").join(file)).and_then(Option::as_mut).unwrap();
    let mut value: Value = serde_json::from_slice(bytes).unwrap();
    edit(&mut value);
    *bytes = serde_json::to_vec(&value).unwrap();
    left
}

/// Stops a run that is about to take all memory, or waits without end.
fn bounded(line: Vec<String>) -> Ran {
    let script = "ulimit -v 600000; exec timeout -k 1 60 \"$0\" \"$@\"";
    Command::new("sh").args(["-c", script, env!("CARGO_BIN_EXE_shardify")]).args(line).output().unwrap().into()
}

#[test]
fn entries_of_others_are_made_again_or_refused() {
    let convert = Case::small_rows_capped("5kB", &[]);
    let set = convert.out("whole");
    let reshard = Case::of("reshard", tempdir().unwrap(), &[set.to_str().unwrap(), "--max-shard", "7kB"], 0);
    // Here batches are more than a number that nobody reads.
    let images = fixture("images");
    let images = [images.to_str().unwrap(), "--max-shard", "30kB", "--compression", "gzip"];
    let images = Case::new(tempdir().unwrap(), &images, 0);
    for case in [&convert, &reshard, &images] {
        let out = case.out("left");
        case.kill_after(&out, 2, &[]);
        let left = tree(&out);
        for (file, what, then, edit) in EDITS {
            fs::remove_dir_all(&out).unwrap();
            plant(&edited(&left, file, *edit), &out);
            let ran = bounded(case.command_line(&out, &["--resume"]));
            let what = format!("{file}: {what}: {}: {:?}: {}", case.args[0], ran.code, ran.stderr);
            assert_eq!(ran.code, Some(if *then == Refused { 2 } else { 0 }), "{what}");
            match then {
                MadeAgain => assert_same_tree(&tree(&out), &case.whole, &what),
                Sound => assert_eq!(shardify(["validate".as_ref(), out.as_os_str()]).code, Some(0), "{what}"),
                Refused => {
                    assert!(ran.stderr.starts_with("error: ") && ran.stderr.len() < 1000, "{what}");
                    assert!(!out.join("shardify.json").exists(), "{what}");
                }
            }
        }
    }
}

/// The plan and the entries are right, and what they speak of is no file.
#[test]
fn what_is_no_file_is_not_published() {
    let case = Case::small_rows_capped("5kB", &[]);
    let (out, elsewhere) = (case.out("left"), case.out("elsewhere"));
    case.kill_after(&out, 2, &[]);
    let left = tree(&out);
    for name in ["train-00000.json", "train-00000.tfrecord", "train-00000.idx"] {
        for odd in ["link", "pipe", "folder"] {
            let _ = fs::remove_dir_all(&out);
            plant(&left, &out);
            let path = out.join(".shardify").join(name);
            fs::rename(&path, &elsewhere).unwrap();
            match odd {
                "link" => symlink(&elsewhere, &path).unwrap(),
                "pipe" => assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
                _ => fs::create_dir(&path).unwrap(),
            }
            let before = fs::read(&elsewhere).unwrap();
            let ran = bounded(case.command_line(&out, &["--resume"]));
            let what = format!("{name}: {odd}: {}", ran.stderr);
            assert!(fs::read(&elsewhere).unwrap() == before, "{what}");
            if odd == "folder" && ran.code == Some(2) {
                assert!(ran.stderr.contains(name), "{what}");
                continue;
            }
            assert_eq!(ran.code, Some(0), "{what}");
            assert_same_tree(&tree(&out), &case.whole, &what);
            for (file, _) in case.whole.iter().filter(|(_, bytes)| bytes.is_some()) {
                assert!(out.join(file).symlink_metadata().unwrap().is_file(), "{what}: {}", file.display());
            }
        }
    }
}

/// The work folder, or what is in it, leads to files of others.
#[test]
fn nothing_is_read_written_or_removed_through_links() {
    let case = Case::small_rows_capped("20kB", &[]);
    let (out, outside) = (case.out("out"), case.out("outside"));
    let precious: Tree = [
        "plan.json",
        "owned.json",
        "commit.json",
        "manifest.json",
        "lock",
        "train-00000.json",
        "train-00000.tfrecord",
        ".train-00000.tfrecord.partial",
        "spool-0-x.bin",
        "x.partial",
    ]
    .into_iter()
    .map(|name| (name.into(), Some(b"precious".to_vec())))
    .collect();
    plant(&precious, &outside);
    let names: Vec<_> = precious.keys().cloned().collect();
    for linked in [None].into_iter().chain(names.iter().map(Some)) {
        for more in ["", "--resume", "--overwrite"] {
            fs::create_dir(&out).unwrap();
            match linked {
                None => symlink(&outside, out.join(".shardify")).unwrap(),
                Some(name) => {
                    fs::create_dir(out.join(".shardify")).unwrap();
                    symlink(outside.join(name), out.join(".shardify").join(name)).unwrap();
                }
            }
            let more: Vec<&str> = Some(more).into_iter().filter(|more| !more.is_empty()).collect();
            let ran = bounded(case.command_line(&out, &more));
            let what = format!("{linked:?} {more:?}: {:?}: {}", ran.code, ran.stderr);
            assert!(matches!(ran.code, Some(0 | 2)), "{what}");
            assert!(tree(&outside) == precious, "{what}");
            assert!(ran.code != Some(0) || tree(&out) == case.whole, "{what}");
            fs::remove_dir_all(&out).unwrap();
        }
    }
}
