//! What is published is on the disk before it has its name, and the manifest comes last: the system calls say so.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::tempdir;

use crate::support::{manifest, write_numbered_rows};

#[derive(Debug, PartialEq, Eq)]
enum Call {
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    Unlink(PathBuf),
    Write(PathBuf),
}

/// The path of an open file, as strace shows it: `fsync(5</tmp/x>)`.
fn open_path(arguments: &str) -> Option<PathBuf> {
    let (_, rest) = arguments.split_once('<')?;
    Some(rest.split_once('>')?.0.into())
}

fn quoted(arguments: &str) -> Vec<PathBuf> {
    arguments.split('"').skip(1).step_by(2).map(PathBuf::from).collect()
}

/// A call counts when it returns; what it was called with stands where it began.
fn calls(log: &str) -> Vec<Call> {
    let mut begun = std::collections::HashMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let Some((thread, text)) = line.split_once(' ') else { continue };
        let text = text.trim_start();
        if let Some(start) = text.strip_suffix("<unfinished ...>") {
            begun.insert(thread.to_owned(), start.to_owned());
            continue;
        }
        let whole = match text.strip_prefix("<... ") {
            Some(rest) => begun.remove(thread).unwrap_or_default() + rest,
            None => text.to_owned(),
        };
        let Some((name, arguments)) = whole.split_once('(') else { continue };
        if !whole.contains(" = ") || whole.contains(" = -1") {
            continue;
        }
        let paths = quoted(arguments);
        match name {
            "fsync" | "fdatasync" => calls.extend(open_path(arguments).map(Call::Sync)),
            "write" | "pwrite64" | "writev" => calls.extend(open_path(arguments).map(Call::Write)),
            name if name.starts_with("rename") => {
                calls.push(Call::Rename(paths[0].clone(), paths[1].clone()));
            }
            "unlink" => calls.push(Call::Unlink(paths[0].clone())),
            _ => {}
        }
    }
    calls
}

#[test]
fn names_are_given_to_what_is_on_the_disk() {
    if Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: strace is not installed");
        return;
    }
    let dir = tempdir().unwrap();
    let root = fs::canonicalize(dir.path()).unwrap();
    let (x, out, log) = (root.join("x.npy"), root.join("out"), root.join("log"));
    write_numbered_rows(&x, 100, 500);
    for more in [&["-q"][..], &["-q", "--overwrite", "--seed", "1"]] {
        trace(&x, &out, &log, more);
    }
}

fn trace(x: &Path, out: &Path, log: &Path, more: &[&str]) {
    let traced = "trace=fsync,fdatasync,rename,renameat,renameat2,unlink,write,pwrite64,writev";
    let status = Command::new("strace")
        .args(["-f", "-y", "-s", "8", "-e", traced, "-o"])
        .arg(log)
        .arg(env!("CARGO_BIN_EXE_shardify"))
        .arg("convert")
        .args([x, out])
        .args(["--max-shard", "10kB"])
        .args(more)
        .status()
        .unwrap();
    if !out.exists() {
        println!("skipped: strace may not trace here ({status})");
        return;
    }
    assert!(status.success());
    check(&calls(&fs::read_to_string(log).unwrap()), out, more.contains(&"--overwrite"));
}

fn check(calls: &[Call], out: &Path, mut was_complete: bool) {
    let work = out.join(".shardify");
    // Files whose bytes are on the disk, and folders whose names are.
    let mut synced: HashSet<&Path> = HashSet::new();
    let mut published = Vec::new();
    for call in calls {
        match call {
            Call::Write(path) => {
                assert!(path.parent() != Some(out), "{} is written under its final name", path.display());
                synced.remove(path.as_path());
            }
            Call::Sync(path) => drop(synced.insert(path)),
            Call::Unlink(path) => {
                synced.remove(path.parent().unwrap());
                was_complete &= *path != out.join("shardify.json");
            }
            Call::Rename(from, to) => {
                assert!(synced.contains(from.as_path()), "{} is renamed before it is synced", from.display());
                let staged = to.parent() == Some(&work);
                if staged && to.ends_with("commit.json") {
                    assert!(synced.contains(work.as_path()), "what the list speaks of may not be there after a crash");
                }
                if !staged {
                    assert!(synced.contains(work.as_path()), "{}: the list may not be there", to.display());
                    assert!(!was_complete, "{}: the manifest still speaks of the old files", to.display());
                    assert!(!published.is_empty() || synced.contains(out), "the manifest may come back after a crash");
                    published.push(to.strip_prefix(out).unwrap().to_path_buf());
                }
                if *to == out.join("shardify.json") {
                    for folder in [out.to_path_buf(), out.join("index")] {
                        assert!(synced.contains(folder.as_path()), "{} is not synced", folder.display());
                    }
                }
                // The new name is not durable until its folder is synced; the bytes are as they were.
                synced.remove(to.parent().unwrap());
                synced.insert(to);
            }
        }
    }
    assert_eq!(published.last().unwrap(), Path::new("shardify.json"), "the manifest is last");
    assert!(synced.contains(out), "the folder is synced at the end");
    let manifest = manifest(out);
    let shards = &manifest.splits[0].shards;
    assert!(shards.len() >= 5);
    assert_eq!(published.len(), 2 * shards.len() + manifest.files.len() + 1);
    for shard in shards {
        assert!(published.contains(&shard.name.clone().into()), "{}", shard.name);
    }
}
