//! A run that is disturbed: a command with what it makes when it is left alone, and what must hold before it is done.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Child,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::support::{
    Ran, Tree, assert_same_tree, command, manifest, shardify, signal, tree, write_npy, write_numbered_rows,
};

/// A command, its input, and what it makes when nothing disturbs it.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) dir: TempDir,
    pub(crate) args: Vec<String>,
    pub(crate) code: i32,
    pub(crate) whole: Tree,
}

impl Case {
    #[track_caller]
    pub(crate) fn new(dir: TempDir, args: &[&str], code: i32) -> Self {
        Self::of("convert", dir, args, code)
    }

    #[track_caller]
    pub(crate) fn of(verb: &str, dir: TempDir, args: &[&str], code: i32) -> Self {
        let args: Vec<String> = [verb].iter().chain(args).map(|arg| (*arg).to_owned()).collect();
        let out = dir.path().join("whole");
        let ran = shardify(args.iter().map(AsRef::as_ref).chain([out.as_os_str()]));
        assert_eq!(ran.code, Some(code), "{args:?}: {}", ran.stderr);
        let whole = tree(&out);
        Self { dir, args, code, whole }
    }

    /// 64 rows of 128 KiB, three to a shard and four to a batch.
    pub(crate) fn large_rows(more: &[&str]) -> Self {
        let dir = tempdir().unwrap();
        let x = dir.path().join("x.npy");
        write_numbered_rows(&x, 64, 128 << 10);
        Self::new(dir, &[&[x.to_str().unwrap(), "--max-shard", "400kB"], more].concat(), 0)
    }

    /// Five hundred rows in a hundred small shards.
    pub(crate) fn small_rows(more: &[&str]) -> Self {
        Self::small_rows_capped("1kB", more)
    }

    pub(crate) fn small_rows_capped(cap: &str, more: &[&str]) -> Self {
        Self::small_rows_in(tempdir().unwrap(), cap, more)
    }

    pub(crate) fn small_rows_in(dir: TempDir, cap: &str, more: &[&str]) -> Self {
        let (x, y) = (dir.path().join("x.npy"), dir.path().join("y.npy"));
        write_numbered_rows(&x, 500, 150);
        write_npy(&y, "|u1", &[500], &(0..500).map(|i| (i % 7) as u8).collect::<Vec<_>>());
        let args = [x.to_str().unwrap(), "--labels", y.to_str().unwrap(), "--max-shard", cap];
        Self::new(dir, &[&args[..], more].concat(), 0)
    }

    /// 1200 rows of 3 kB in shards that were made with options of their own, written anew.
    pub(crate) fn reshard(made: &[&str], more: &[&str]) -> Self {
        let dir = tempdir().unwrap();
        let (x, source) = (dir.path().join("x.npy"), dir.path().join("source"));
        write_numbered_rows(&x, 1200, 3000);
        let source = source.to_str().unwrap().to_owned();
        let ran = shardify([&["convert", x.to_str().unwrap(), &source, "--max-shard", "1MB"], made].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        Self::of("reshard", dir, &[&[source.as_str()], more].concat(), 0)
    }

    /// Small shards, every ninth of which is damaged.
    pub(crate) fn repair(compression: &str) -> Self {
        let case = Self::small_rows(&["--compression", compression]);
        let input = case.out("whole");
        damage_shards(&input, 9);
        let dir = tempdir().unwrap();
        let case = Self { dir: case.dir, ..Self::of("repair", dir, &[input.to_str().unwrap()], 1) };
        assert!(case.whole.keys().any(|name| name.ends_with("lost.jsonl")));
        case
    }

    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn command_line(&self, out: &Path, more: &[&str]) -> Vec<String> {
        let mut args = self.args.clone();
        args.extend([vec![out.to_str().unwrap()], more.to_vec()].concat().into_iter().map(str::to_owned));
        args
    }

    pub(crate) fn start(&self, out: &Path, more: &[&str]) -> Child {
        command(self.command_line(out, more)).spawn().unwrap()
    }

    pub(crate) fn run(&self, out: &Path, more: &[&str]) -> Ran {
        shardify(self.command_line(out, more))
    }

    /// Carries on, and compares what there is in the end with what there should be.
    #[track_caller]
    pub(crate) fn finish(&self, out: &Path, what: &str) -> Ran {
        let ran = self.run(out, &["--resume"]);
        assert_eq!(ran.code, Some(self.code), "{what}: {}", ran.stderr);
        assert_same_tree(&tree(out), &self.whole, what);
        ran
    }

    /// Stops a fresh run, so that it does not end, once it has finished so many shards.
    pub(crate) fn start_and_stop(&self, out: &Path, shards: usize, more: &[&str]) -> Child {
        let mut child = self.start(out, more);
        assert!(wait_until(&mut child, || finished_shards(out) >= shards), "the run was over too soon");
        signal(&child, "STOP");
        wait_until_still(&child);
        assert!(child.try_wait().unwrap().is_none() && finished_shards(out) > 0, "it ended too soon");
        child
    }

    pub(crate) fn kill_after(&self, out: &Path, shards: usize, more: &[&str]) {
        let mut child = self.start_and_stop(out, shards, more);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Damages a record in the middle of one in so many shards of a data set.
pub(crate) fn damage_shards(set: &Path, step: usize) {
    for shard in manifest(set).splits.into_iter().flat_map(|split| split.shards).step_by(step) {
        let path = set.join(shard.name);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
}

/// A thread that waits for the disk stops only when it is back.
fn wait_until_still(child: &Child) {
    let start = Instant::now();
    let is_still = |stat: String| stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T'));
    loop {
        let Ok(threads) = fs::read_dir(format!("/proc/{}/task", child.id())) else {
            return sleep(Duration::from_millis(300));
        };
        let mut stats = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("stat")));
        if stats.all(|stat| stat.is_ok_and(is_still)) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "it does not stop");
        sleep(Duration::from_millis(1));
    }
}

/// Waits for something to happen while a process runs. Whether it did.
pub(crate) fn wait_until(child: &mut Child, mut happened: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !happened() {
        if child.try_wait().unwrap().is_some() {
            return happened();
        }
        assert!(start.elapsed() < Duration::from_secs(60), "nothing happens");
        sleep(Duration::from_micros(200));
    }
    true
}

/// Whether a file in the work folder is the journal entry of a shard, as in `train-00003.json`.
fn is_entry(name: &str) -> bool {
    let number = name.strip_suffix(".json").and_then(|stem| Some(stem.rsplit_once('-')?.1));
    number.is_some_and(|number| number.len() == 5 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Journal entries that an unfinished run has written.
pub(crate) fn finished_shards(out: &Path) -> usize {
    let Ok(entries) = fs::read_dir(out.join(".shardify")) else { return 0 };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| is_entry(name)).count()
}

/// What must be true of a folder at any moment before the work in it is published.
#[track_caller]
pub(crate) fn check_unpublished(out: &Path) {
    let work = out.join(".shardify");
    if work.join("commit.json").exists() || !out.exists() {
        return;
    }
    for entry in fs::read_dir(out).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(name == ".shardify", "{} is there before it is complete", name.display());
    }
    let Ok(entries) = fs::read_dir(&work) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !is_entry(name) {
            continue;
        }
        let entry: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let shard = fs::read(path.with_extension("tfrecord")).unwrap();
        assert_eq!(entry["summary"]["bytes"], shard.len(), "{name}");
        assert_eq!(entry["summary"]["crc32"], crc32fast::hash(&shard), "{name}");
        assert!(path.with_extension("idx").exists(), "{name}");
    }
}
