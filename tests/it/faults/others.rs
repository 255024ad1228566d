//! Verbs that write something else than a data set: killed, or without power, before each call that changes something. What has
//! its name is whole, and the same command again makes the rest.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::{TempDir, tempdir, tempdir_in};

use super::{
    at_call::AtCall,
    each_of,
    power::Disk,
    tracer::{Do, trace},
};
use crate::{
    case::Case,
    support::{Tree, assert_same_tree, fixture, plant, shardify, tree},
};

struct Other {
    dir: TempDir,
    verb: &'static str,
    /// What is read, if it is not what is written to.
    input: Option<PathBuf>,
    /// What stands in the output folder before.
    before: Tree,
    more: &'static [&'static str],
    /// What carries on.
    again: &'static [&'static str],
    whole: Tree,
}

impl Other {
    fn new(
        verb: &'static str,
        input: Option<Tree>,
        before: Tree,
        more: &'static [&'static str],
        again: &'static [&'static str],
    ) -> Self {
        let dir = tempdir_in("/dev/shm").or_else(|_| tempdir()).unwrap();
        // Paths are seen as the system knows them.
        let input = input.map(|tree| {
            let input = fs::canonicalize(dir.path()).unwrap().join("in");
            plant(&tree, &input);
            input
        });
        let mut other = Self { dir, verb, input, before, more, again, whole: Tree::new() };
        let out = other.dir.path().join("whole");
        other.prepare(&out);
        other.run(&out, &[], "undisturbed");
        other.whole = tree(&out);
        assert!(other.whole.len() > other.before.len());
        other
    }

    fn args(&self, out: &Path, more: &[&str]) -> Vec<String> {
        let mut args = vec![self.verb.to_owned()];
        args.extend(self.input.iter().map(|input| input.to_str().unwrap().to_owned()));
        match self.verb {
            "report" => args.extend(["-o".to_owned(), out.join("report.html").to_str().unwrap().to_owned()]),
            _ => args.push(out.to_str().unwrap().to_owned()),
        }
        args.extend(self.more.iter().chain(more).map(|arg| (*arg).to_owned()));
        args
    }

    fn prepare(&self, out: &Path) {
        let _ = fs::remove_dir_all(out);
        if !self.before.is_empty() || self.verb == "report" {
            plant(&self.before, out);
        }
    }

    #[track_caller]
    fn run(&self, out: &Path, more: &[&str], what: &str) {
        let ran = shardify(self.args(out, more));
        assert_eq!(ran.code, Some(0), "{what}: {}", ran.stderr);
    }

    /// What is there and not hidden is what it will be, or what it was; the next run makes the rest of it.
    #[track_caller]
    fn check(&self, out: &Path, what: &str) {
        let there = if out.exists() { tree(out) } else { Tree::new() };
        let is_hidden = |name: &Path| name.iter().any(|part| part.as_encoded_bytes().starts_with(b"."));
        for (name, bytes) in there.iter().filter(|(name, _)| !is_hidden(name)) {
            let is_whole = [&self.whole, &self.before].iter().any(|tree| tree.get(name) == Some(bytes));
            assert!(is_whole, "{what}: {} is there and not whole", name.display());
        }
        if self.verb == "report" {
            fs::create_dir_all(out).unwrap();
        }
        self.run(out, self.again, what);
        assert_same_tree(&tree(out), &self.whole, what);
    }
}

fn others() -> Vec<Other> {
    let rows = Case::small_rows_capped("20kB", &[]).whole;
    let mut shards = rows.clone();
    shards.retain(|name, _| name.to_string_lossy().contains("tfrecord-") && !name.starts_with("index"));
    let images = Case::new(tempdir().unwrap(), &[fixture("images").to_str().unwrap()], 0).whole;
    vec![
        Other::new("index", None, shards, &["--tfds", "--manifest"], &["--overwrite"]),
        Other::new("export", Some(images.clone()), Tree::new(), &[], &["--overwrite"]),
        Other::new("export", Some(rows), Tree::new(), &[], &["--overwrite"]),
        Other::new("report", Some(images), Tree::new(), &[], &[]),
    ]
}

#[test]
fn killed_before_any_change() {
    for other in others() {
        let root = fs::canonicalize(other.dir.path()).unwrap();
        let out = root.join("killed");
        let mut kills = 0;
        for at in each_of(20) {
            other.prepare(&out);
            let mut fate = AtCall::new(at, Do::Kill, |call| call.kind.changes());
            let Some(ran) = trace(&other.args(&out, &[]), &root, &mut fate) else { return };
            let Some(call) = fate.hit else {
                assert_eq!(ran.code, Some(0), "{}: {}", other.verb, ran.stderr);
                break;
            };
            kills += 1;
            other.check(
                &out,
                &format!("{}: killed at change {at}, {:?} {}", other.verb, call.kind, call.path.display()),
            );
        }
        println!("{}: killed {kills} times", other.verb);
    }
}

#[test]
fn the_power_fails_before_any_change() {
    for other in others() {
        let root = fs::canonicalize(other.dir.path()).unwrap();
        let out = root.join("powered");
        other.prepare(&out);
        let mut disk = Disk::new(&root, &out);
        let Some(ran) = trace(&other.args(&out, &[]), &root, &mut disk) else { return };
        assert_eq!(ran.code, Some(0), "{}: {}", other.verb, ran.stderr);
        let least = disk.least().unwrap_or_default();
        assert_same_tree(&least, &other.whole, &format!("{}: it said that it was done", other.verb));
        let outcomes: Vec<_> = disk.outcomes.into_iter().collect();
        let mut tried = 0;
        for (tree, moment) in each_of(16).map_while(|at| outcomes.get(at)) {
            tried += 1;
            let after = root.join("after");
            let _ = fs::remove_dir_all(&after);
            if let Some(tree) = tree {
                plant(tree, &after);
            }
            other.check(&after, &format!("{}: the power failed {moment}", other.verb));
        }
        println!("{}: {} different outcomes, {tried} of them tried", other.verb, outcomes.len());
    }
}
