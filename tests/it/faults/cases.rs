//! Small runs of every verb that writes a data set, which between them do all that such a run can do to a disk.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::{TempDir, tempdir, tempdir_in};

use crate::{
    case::{Case, check_unpublished, damage_shards},
    determinism::with_broken,
    support::{Ran, Tree, assert_same_tree, fixture, plant, shardify, tree},
};

/// A run, and what it finds in its output folder.
pub(crate) struct Start {
    pub(crate) name: &'static str,
    pub(crate) case: Case,
    /// A data set that is to be replaced.
    pub(crate) old: Option<Tree>,
    /// The folder of inputs of which broken ones are left out.
    pub(crate) skips: Option<PathBuf>,
}

impl Start {
    fn new(name: &'static str, case: Case) -> Self {
        Self { name, case, old: None, skips: None }
    }

    pub(crate) fn args(&self, out: &Path) -> Vec<String> {
        self.case.command_line(out, if self.old.is_some() { &["--overwrite"] } else { &[] })
    }

    pub(crate) fn prepare(&self, out: &Path) {
        let _ = fs::remove_dir_all(out);
        if let Some(old) = &self.old {
            plant(old, out);
        }
    }

    /// What must be true of an output folder at any moment: each file that has its final name is whole, and where there is
    /// a manifest, so is what it speaks of.
    #[track_caller]
    pub(crate) fn check_visible(&self, out: &Path, what: &str) {
        let mut there = if out.exists() { tree(out) } else { Tree::new() };
        there.retain(|name, _| !name.starts_with(".shardify"));
        let complete = there.contains_key(Path::new("shardify.json"));
        for (name, bytes) in &there {
            let made = self.case.whole.get(name) == Some(bytes);
            let left = self.old.as_ref().is_some_and(|old| old.get(name) == Some(bytes));
            assert!(made || left, "{what}: {} is there and not whole", name.display());
        }
        if complete {
            let is_old = self.old.as_ref().is_some_and(|old| *old == there);
            assert!(is_old || there == self.case.whole, "{what}: there is a manifest, but not all that it speaks of");
        } else if self.old.is_none() {
            check_unpublished(out);
        }
    }

    /// Carries on as a user would. What was started to replace a data set and had not planned anything yet is started again.
    #[track_caller]
    pub(crate) fn carry_on(&self, out: &Path, what: &str) -> Ran {
        let mut ran = self.case.run(out, &["--resume"]);
        if let Some(old) = &self.old
            && ran.code == Some(2)
            && ran.stderr.contains("--overwrite")
        {
            let mut there = tree(out);
            there.retain(|name, _| !name.starts_with(".shardify"));
            assert_same_tree(&there, old, what);
            ran = self.case.run(out, &["--overwrite"]);
        }
        assert_eq!(ran.code, Some(self.case.code), "{what}: {}", ran.stderr);
        assert_same_tree(&tree(out), &self.case.whole, what);
        ran
    }
}

pub(crate) fn starts() -> Vec<Start> {
    vec![
        Start::new("convert arrays", Case::small_rows_in(dir(), "20kB", &["--split", "a=0.7,b=0.3"])),
        replacing(),
        Start::new("convert a compressed archive", archive()),
        Start::new("convert images", images()),
        broken_images(),
        Start::new("reshard", reshard()),
        repairing("repair", "none"),
        repairing("repair compressed shards", "gzip"),
    ]
}

/// In memory where that is possible: thousands of runs need not wait for a disk.
fn dir() -> TempDir {
    tempdir_in("/dev/shm").or_else(|_| tempdir()).unwrap()
}

fn replacing() -> Start {
    let case = Case::small_rows_in(dir(), "30kB", &["--name", "x"]);
    let y = case.dir.path().join("x.npy");
    let old = Case::new(dir(), &[y.to_str().unwrap(), "--max-shard", "40kB", "--seed", "1"], 0).whole;
    Start { name: "convert in place of another data set", case, old: Some(old), skips: None }
}

/// Its rows are unpacked into a scratch file first.
fn archive() -> Case {
    let archive = fixture("npy").join("fortran-compressed.npz");
    Case::new(dir(), &[archive.to_str().unwrap(), "--max-shard", "200", "--compression", "gzip"], 0)
}

fn images() -> Case {
    let dir = dir();
    let input = fs::canonicalize(dir.path()).unwrap().join("in");
    plant(&tree(&fixture("images")), &input);
    Case::new(dir, &[input.to_str().unwrap(), "--max-shard", "60kB"], 0)
}

fn broken_images() -> Start {
    let dir = dir();
    let input = fs::canonicalize(dir.path()).unwrap().join("in");
    with_broken(&input);
    let args = [input.to_str().unwrap(), "--max-shard", "300kB", "--on-error", "skip"];
    let case = Case::new(dir, &args, 1);
    Start { skips: Some(input), ..Start::new("convert images with broken ones", case) }
}

fn reshard() -> Case {
    let source = Case::small_rows_in(dir(), "20kB", &[]);
    let input = source.out("whole");
    let args = [input.to_str().unwrap(), "--shuffle", "--split", "a=0.6,b=0.4", "--max-shard", "30kB"];
    Case { dir: source.dir, ..Case::of("reshard", dir(), &args, 0) }
}

/// Goes on without what it cannot read of its inputs, and lists that.
fn repairing(name: &'static str, compression: &str) -> Start {
    let case = repair(compression);
    let skips = fs::canonicalize(case.dir.path()).unwrap().join("whole");
    Start { skips: Some(skips), ..Start::new(name, case) }
}

fn repair(compression: &str) -> Case {
    let source = Case::small_rows_in(dir(), "20kB", &["--compression", compression]);
    let input = source.out("whole");
    damage_shards(&input, 2);
    let case = Case::of("repair", dir(), &[input.to_str().unwrap()], 1);
    assert!(case.whole.keys().any(|name| name.ends_with("lost.jsonl")));
    assert_eq!(shardify(["validate", input.to_str().unwrap(), "-q"]).code, Some(1));
    Case { dir: source.dir, ..case }
}
