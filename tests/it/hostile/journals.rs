//! What a killed run left, edited by somebody else: the plan is right, so `--resume` believes it and reads the rest.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use serde_json::{Value, json};

use crate::{
    case::Case,
    support::{Ran, Tree, plant, shardify, tree},
};

const MOST: u64 = u64::MAX;

type Edit = fn(&mut Value);

/// What is done to the plan or to the first journal entry, and what the next run ends with: where an entry contradicts itself,
/// its shard is made again.
const EDITS: &[(&str, &str, Edit)] = &[
    ("train-00000.json", "records and failures beyond 64 bits", |it| {
        it["summary"]["records"] = json!(MOST);
        it["failures"] = json!([{ "input": "../x", "split": "..", "fault": "", "reason": "" }]);
    }),
    ("train-00000.json", "records that end nowhere", |it| {
        it["summary"]["records"] = json!(MOST);
        it["next"] = json!(MOST);
    }),
    ("train-00000.json", "payloads beyond 64 bits", |it| it["payload_bytes"] = json!(MOST)),
    ("train-00000.json", "classes beyond 64 bits", |it| it["class_counts"] = json!({ "0": MOST, "4294967295": MOST })),
    ("train-00000.json", "images beyond 64 bits", |it| {
        it["images"]["formats"] = json!([MOST, MOST, MOST]);
        it["images"]["channels"] = json!([MOST, MOST, MOST, MOST]);
        it["images"]["deep"] = json!(MOST);
    }),
    ("train-00000.json", "a shard that is another", |it| it["shard"] = json!(u32::MAX)),
    ("plan.json", "no batches", |it| it["batch_len"] = json!(0)),
    ("plan.json", "one batch of all", |it| it["batch_len"] = json!(MOST)),
    ("plan.json", "inputs beyond 64 bits", |it| it["inputs"] = json!(MOST)),
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
    let dir = tempfile::tempdir().unwrap();
    let reshard = Case::of("reshard", dir, &[set.to_str().unwrap(), "--max-shard", "7kB"], 0);
    for case in [&convert, &reshard] {
        let out = case.out("left");
        case.kill_after(&out, 2, &[]);
        let left = tree(&out);
        for (file, what, edit) in EDITS {
            fs::remove_dir_all(&out).unwrap();
            plant(&edited(&left, file, *edit), &out);
            let ran = bounded(case.command_line(&out, &["--resume"]));
            let what = format!("{file}: {what}: {}: {:?}: {}", case.args[0], ran.code, ran.stderr);
            match ran.code {
                Some(2) => {
                    assert!(ran.stderr.starts_with("error: "), "{what}");
                    assert!(!out.join("shardify.json").exists(), "{what}");
                }
                Some(0) if tree(&out) == case.whole => {}
                // Its counts were believed where no record contradicts them.
                Some(0) => assert_eq!(shardify(["validate".as_ref(), out.as_os_str()]).code, Some(0), "{what}"),
                _ => panic!("{what}"),
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
