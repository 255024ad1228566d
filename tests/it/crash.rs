//! A run that is killed, interrupted or stopped at any moment, and carried on, ends with the bytes of one that was not.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::tempdir;

use crate::{
    case::{Case, check_unpublished, finished_shards, wait_until},
    determinism::with_broken,
    support::{
        Noise, Ran, Tree, assert_same_tree, command, count_ending, fixture, manifest, plant, shardify, signal, tree,
        write_npy, write_numbered_rows, write_sparse,
    },
};

/// Kills a run and its successors, each a few shards later, until one gets through; that several times if the machine is
/// so fast that few are caught.
#[track_caller]
fn kill_again_and_again(case: &Case, step: usize) {
    let mut killed = 0;
    for round in 0..20 {
        let out = case.out(&format!("killed-{round}"));
        killed += kill_until_done(case, step, &out);
        case.finish(&out, &format!("killed {killed} times: {:?}", case.args));
        if killed >= 3 {
            return;
        }
    }
    panic!("killed only {killed} times");
}

#[track_caller]
fn kill_until_done(case: &Case, step: usize, out: &Path) -> usize {
    let (mut target, mut killed) = (1, 0);
    let mut resume = &[][..];
    loop {
        let mut child = case.start(out, resume);
        let reached = wait_until(&mut child, || finished_shards(out) >= target);
        if !reached || child.try_wait().unwrap().is_some() {
            let ran = Ran::from(child.wait_with_output().unwrap());
            assert_eq!(ran.code, Some(case.code), "{}", ran.stderr);
            return killed;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        if out.join("shardify.json").exists() {
            return killed;
        }
        check_unpublished(out);
        target = finished_shards(out) + step;
        resume = &["--resume"];
    }
}

#[test]
fn killed_runs_of_arrays_end_with_the_same_bytes() {
    kill_again_and_again(&Case::small_rows(&["--split", "train=0.7,test=0.3"]), 20);
    kill_again_and_again(&Case::large_rows(&["--threads", "1"]), 5);
}

#[test]
fn killed_runs_with_compression_end_with_the_same_bytes() {
    kill_again_and_again(&Case::small_rows(&["--compression", "gzip", "--stratify", "--split", "a=0.6,b=0.4"]), 12);
    // Several records to a member, several members to a batch, several batches to a shard: a run that is carried on
    // starts amid a batch.
    let dir = tempdir().unwrap();
    let x = dir.path().join("x.npy");
    write_numbered_rows(&x, 1200, 3000);
    let args = [x.to_str().unwrap(), "--max-shard", "300kB", "--compression", "gzip"];
    kill_again_and_again(&Case::new(dir, &args, 0), 2);
}

#[test]
fn killed_runs_of_images_end_with_the_same_bytes() {
    let dir = tempdir().unwrap();
    let images = fixture("images");
    kill_again_and_again(&Case::new(dir, &[images.to_str().unwrap(), "--shards", "20"], 0), 4);
    let dir = tempdir().unwrap();
    let input = dir.path().join("in");
    with_broken(&input);
    let args =
        [input.to_str().unwrap(), "--on-error", "skip", "--max-shard", "30kB", "--size", "60x60", "--format", "png"];
    let case = Case::new(dir, &args, 1);
    kill_again_and_again(&case, 3);
}

/// Shards that are shuffled into others, from plain and from compressed ones.
#[test]
fn killed_runs_of_reshard_end_with_the_same_bytes() {
    kill_again_and_again(&Case::reshard(&[], &["--shuffle", "--max-shard", "300kB"]), 2);
    let more = ["--split", "a=0.6,b=0.4", "--compression", "gzip", "--max-shard", "300kB"];
    kill_again_and_again(&Case::reshard(&["--compression", "gzip"], &more), 2);
}

#[test]
fn killed_repairs_end_with_the_same_bytes() {
    // Plain shards in one go, and compressed ones that are unpacked one by one; both with damage in the middle.
    for compression in ["none", "gzip"] {
        let case = Case::repair(compression);
        kill_again_and_again(&case, 12);
        let out = case.out("interrupted");
        let child = case.start_and_stop(&out, 2, &[]);
        signal(&child, "INT");
        signal(&child, "CONT");
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(130), "{}", ran.stderr);
        assert!(ran.stderr.contains("--resume"), "{}", ran.stderr);
        case.finish(&out, "interrupted");
    }
}

#[test]
fn signals_end_a_run_politely() {
    let case = Case::large_rows(&["--threads", "2"]);
    for name in ["INT", "TERM", "HUP"] {
        let out = case.out(name);
        let child = case.start_and_stop(&out, 2, &[]);
        signal(&child, name);
        signal(&child, "CONT");
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(130), "SIG{name}: {}", ran.stderr);
        assert!(ran.stderr.contains("--resume"), "SIG{name}: {}", ran.stderr);
        check_unpublished(&out);
        assert!((2..22).contains(&finished_shards(&out)), "SIG{name}: {} shards", finished_shards(&out));
        assert_eq!(count_ending(&out.join(".shardify"), ".partial"), 0);
        case.finish(&out, name);
    }
}

#[test]
fn an_interruption_before_the_first_shard_leaves_nothing_behind() {
    let dir = tempdir().unwrap();
    let (x, out) = (dir.path().join("x.npy"), dir.path().join("out"));
    write_sparse(&x, false, &[400, 1 << 17]);
    let mut child =
        command(["convert", x.to_str().unwrap(), out.to_str().unwrap(), "--max-shard", "1GB"]).spawn().unwrap();
    assert!(wait_until(&mut child, || count_ending(&out.join(".shardify"), ".partial") >= 2));
    signal(&child, "INT");
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing is left behind"), "{}", ran.stderr);
    assert!(!out.exists(), "{:?}", tree(&out).into_keys());
}

/// Turning an array into the order of its rows takes long before the first record is made.
#[test]
fn an_interruption_while_an_array_is_turned_is_heard() {
    let dir = tempdir().unwrap();
    let (x, out) = (dir.path().join("x.npy"), dir.path().join("out"));
    write_sparse(&x, true, &[8000, 200_000]);
    let mut child = command(["convert", x.to_str().unwrap(), out.to_str().unwrap()]).spawn().unwrap();
    assert!(wait_until(&mut child, || count_ending(&out.join(".shardify"), ".bin") == 1));
    let start = Instant::now();
    signal(&child, "INT");
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(start.elapsed() < Duration::from_secs(10), "it took {:?} to stop", start.elapsed());
    assert!(!out.exists(), "{:?}", tree(&out).into_keys());
}

#[test]
fn a_second_run_into_the_same_folder_is_turned_away() {
    let case = Case::large_rows(&[]);
    let out = case.out("shared");
    let child = case.start_and_stop(&out, 1, &[]);
    let before = tree(&out);
    for more in [&[][..], &["--resume"], &["--overwrite"]] {
        let second = case.run(&out, more);
        assert_eq!(second.code, Some(2), "{more:?}: {}", second.stderr);
        assert!(second.stderr.contains("another shardify is writing to this folder"), "{more:?}: {}", second.stderr);
        assert!(second.stderr.contains("help: wait until it is done"), "{more:?}: {}", second.stderr);
        assert_same_tree(&tree(&out), &before, "the second run touched something");
    }
    signal(&child, "CONT");
    let first = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert_same_tree(&tree(&out), &case.whole, "the first run");
}

#[test]
fn an_interrupted_run_is_not_started_over_by_accident() {
    let case = Case::large_rows(&[]);
    let out = case.out("left");
    case.kill_after(&out, 3, &[]);
    let before = tree(&out);
    let ran = case.run(&out, &[]);
    assert_eq!(ran.code, Some(2));
    for word in ["interrupted run", "shards finished", "--resume", "--overwrite"] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert_same_tree(&tree(&out), &before, "refused, and touched all the same");
    let ran = case.finish(&out, "resumed");
    assert!(ran.stdout.contains("shards were finished before"), "{}", ran.stdout);
}

#[test]
fn other_options_do_not_carry_on_an_interrupted_run() {
    let case = Case::large_rows(&[]);
    let out = case.out("other");
    case.kill_after(&out, 2, &[]);
    let finished = || {
        let mut tree = tree(&out);
        tree.retain(|name, _| !name.to_string_lossy().ends_with(".partial"));
        tree
    };
    let before = finished();
    let args = case.command_line(&out, &[]);
    let with = |more: &[&str]| {
        // A later value of --max-shard would be a usage error.
        let mut args: Vec<_> = args.iter().map(String::as_str).collect();
        if more.contains(&"--max-shard") {
            args.retain(|arg| !["--max-shard", "400kB"].contains(arg));
        }
        shardify([&args[..], &["--resume"], more].concat())
    };
    let y = case.out("y.npy");
    write_npy(&y, "|u1", &[64], &[1; 64]);
    for (more, named) in [
        (&["--seed", "1"][..], "--seed"),
        (&["--max-shard", "600kB"], "--max-shard"),
        (&["--shards", "9"], "--shards"),
        (&["--no-shuffle"], "--no-shuffle"),
        (&["--compression", "gzip"], "--compression"),
        (&["--split", "train=0.5,test=0.5"], "--split"),
        (&["--name", "other"], "--name"),
        (&["--feature", "pixels"], "--feature"),
        (&["--labels", y.to_str().unwrap()], "--labels"),
        (&["--array", &format!("more={}", y.display())], "--array"),
        (&["--quality", "7"], "--quality"),
    ] {
        let ran = with(more);
        assert_eq!(ran.code, Some(2), "{more:?}: {}", ran.stderr);
        let message = ran.stderr.lines().find(|line| line.starts_with("error:")).unwrap();
        assert!(message.contains(&format!("`{named}`")), "{more:?}: {message}");
        assert!(message.len() < 400 && !message.contains("null"), "{more:?}: {message}");
        assert_same_tree(&finished(), &before, &format!("{more:?} touched something"));
    }
    // What does not change the bytes may change.
    let ran = with(&["--threads", "3", "-v"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_same_tree(&tree(&out), &case.whole, "with other threads");
}

#[test]
fn a_changed_input_does_not_carry_on_an_interrupted_run() {
    let case = Case::large_rows(&[]);
    let out = case.out("other");
    case.kill_after(&out, 2, &[]);
    write_numbered_rows(&case.out("x.npy"), 64, 128 << 10);
    let ran = case.run(&out, &["--resume"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("an array file changed") && ran.stderr.contains("--overwrite"), "{}", ran.stderr);
}

#[test]
fn resuming_a_complete_data_set_does_nothing() {
    let case = Case::small_rows(&[]);
    let out = case.out("whole");
    let times = || {
        let files = case.whole.keys().map(|name| out.join(name).metadata().unwrap().modified().unwrap());
        files.collect::<Vec<_>>()
    };
    let before = times();
    let ran = case.finish(&out, "complete");
    assert!(ran.stdout.contains("nothing to do"), "{}", ran.stdout);
    assert_eq!(times(), before);
    let ran = case.run(&out, &["--resume", "--seed", "1"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("`--seed`") && ran.stderr.contains("--overwrite"), "{}", ran.stderr);
    let ran = case.run(&out, &[]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("finished data set") && ran.stderr.contains("--overwrite"), "{}", ran.stderr);
    assert_eq!(times(), before);
    assert_same_tree(&tree(&out), &case.whole, "refused");
}

#[test]
fn resuming_nothing_starts() {
    let case = Case::small_rows(&[]);
    case.finish(&case.out("new"), "a folder that is not there");
    // Killed before anything was planned: only the lock is there.
    let out = case.out("locked");
    plant(&Tree::from([(".shardify/lock".into(), Some(Vec::new()))]), &out);
    case.finish(&out, "a folder with a lock");
    plant(&Tree::from([(".shardify/lock".into(), Some(Vec::new()))]), &case.out("again"));
    assert_eq!(case.run(&case.out("again"), &[]).code, Some(0));
}

#[test]
fn an_input_that_broke_is_left_out_on_resume() {
    let dir = tempdir().unwrap();
    let input = dir.path().join("in");
    for class in ["a", "b"] {
        fs::create_dir_all(input.join(class)).unwrap();
        for at in 0..60 {
            fs::write(input.join(class).join(format!("{at}.png")), crate::support::png(500 + at * 7)).unwrap();
        }
    }
    let args = [input.to_str().unwrap(), "--max-shard", "3kB", "--no-shuffle"];
    let broken = input.join("b/30.png");
    let good = fs::read(&broken).unwrap();
    fs::write(&broken, &good[..200]).unwrap();
    let mut case = Case::new(dir, &[&args[..], &["--on-error", "skip"]].concat(), 1);
    assert!(case.whole.contains_key(Path::new("failures.jsonl")));
    let skipping = case.args.clone();

    let out = case.out("stopped");
    case.args.truncate(case.args.len() - 2);
    let ran = case.run(&out, &[]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("b/30.png"), "{}", ran.stderr);
    assert!(finished_shards(&out) > 10, "the shards before it are kept");
    check_unpublished(&out);
    // Again the same: still broken, and no shard is lost by it.
    assert_eq!(case.run(&out, &["--resume"]).code, Some(2));
    case.args = skipping;
    case.finish(&out, "skipped after all");

    // The other way round: what was skipped cannot be undone silently.
    let out = case.out("skipped-first");
    case.kill_after(&out, 35, &[]);
    let journal = tree(&out);
    let skipped = journal.values().flatten().any(|bytes| String::from_utf8_lossy(bytes).contains("b/30.png"));
    case.args.truncate(case.args.len() - 2);
    let ran = case.run(&out, &["--resume"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("b/30.png"), "{}", ran.stderr);
    if skipped {
        assert!(ran.stderr.contains("left out"), "{}", ran.stderr);
    }
}

/// A finished data set, and the state of its folder right after the decision to replace it with another.
struct Publication {
    old: Case,
    new: Case,
    /// All shards are staged and the list of what is to be done is written; nothing of it is done yet.
    decided: Tree,
    /// What is to be done, in order.
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Remove(PathBuf),
    Move(PathBuf, PathBuf),
}

impl Publication {
    /// A folder stands where a file of the old data set was. That is found when all is ready, before anything is replaced.
    fn new() -> Self {
        let old = Case::small_rows_capped("3kB", &["--no-shuffle"]);
        let x = old.out("x.npy");
        let new_dir = tempdir().unwrap();
        let args = [x.to_str().unwrap(), "--max-shard", "20kB", "--split", "train=0.8,test=0.2", "--name", "x"];
        let new = Case::new(new_dir, &args, 0);
        let out = old.out("whole");
        let obstacle = out.join("features.json");
        fs::remove_file(&obstacle).unwrap();
        fs::create_dir_all(obstacle.join("obstacle")).unwrap();
        let ran = new.run(&out, &["--overwrite"]);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains("features.json: it is a folder"), "{}", ran.stderr);
        fs::remove_dir_all(&obstacle).unwrap();
        let kept = old.whole.iter().filter(|(name, _)| !name.ends_with("features.json"));
        assert!(kept.clone().count() > 60);
        let there = tree(&out);
        kept.for_each(|(name, bytes)| assert!(there.get(name) == Some(bytes), "{}", name.display()));

        let mut decided = tree(&out);
        let commit: Value =
            serde_json::from_slice(decided[Path::new(".shardify/commit.json")].as_ref().unwrap()).unwrap();
        let path = |value: &Value| PathBuf::from(value.as_str().unwrap());
        let mut steps = vec![Step::Remove("shardify.json".into())];
        steps.extend(commit["removes"].as_array().unwrap().iter().map(|it| Step::Remove(path(it))));
        let work = Path::new(".shardify");
        for it in commit["moves"].as_array().unwrap() {
            let (from, to) = (work.join(path(&it["from"])), path(&it["to"]));
            steps.push(Step::Move(from, to));
        }
        steps.push(Step::Move(work.join("manifest.json"), "shardify.json".into()));
        decided.extend(old.whole.clone());
        Self { old, new, decided, steps }
    }

    /// The folder after so many steps.
    fn after(&self, steps: usize) -> Tree {
        let mut tree = self.decided.clone();
        for step in &self.steps[..steps] {
            match step {
                Step::Remove(path) => drop(tree.remove(path)),
                Step::Move(from, to) => {
                    let bytes = tree.remove(from).unwrap();
                    tree.insert(to.clone(), bytes);
                }
            }
        }
        tree
    }

    fn plant(&self, name: &str, steps: usize) -> PathBuf {
        let out = self.old.out(name);
        let _ = fs::remove_dir_all(&out);
        plant(&self.after(steps), &out);
        out
    }
}

#[test]
fn a_publication_is_finished_from_any_step() {
    let publication = Publication::new();
    assert!(publication.steps.len() > 60, "{} steps", publication.steps.len());
    assert_ne!(publication.old.whole, publication.new.whole);
    for steps in 0..=publication.steps.len() {
        let out = publication.plant("out", steps);
        assert_eq!(out.join("shardify.json").exists(), steps == 0 || steps == publication.steps.len());
        let ran = publication.new.finish(&out, &format!("after {steps} steps"));
        assert!(!ran.stdout.contains(" read, "), "after {steps} steps inputs were read again: {}", ran.stdout);
    }
}

/// The files of both data sets belong to shardify, however far the change from one to the other got.
#[test]
fn a_publication_is_overwritten_from_any_step() {
    let publication = Publication::new();
    let other = Case::new(tempdir().unwrap(), &[publication.old.out("x.npy").to_str().unwrap(), "--shards", "2"], 0);
    for steps in (0..=publication.steps.len()).step_by(5).chain([1, 2, publication.steps.len()]) {
        let out = publication.plant("out", steps);
        let ran = other.run(&out, &["--overwrite"]);
        assert_eq!(ran.code, Some(0), "after {steps} steps: {}", ran.stderr);
        assert_same_tree(&tree(&out), &other.whole, &format!("after {steps} steps"));
    }
}

/// Who overwrites half a publication and is killed in turn must still know whose the files are.
#[test]
fn whose_the_files_are_survives_a_second_crash() {
    let publication = Publication::new();
    let third = Case::small_rows(&["--name", "x"]);
    for steps in [1, 20, 50, publication.steps.len() - 2] {
        let out = publication.plant("out", steps);
        third.kill_after(&out, 20, &["--overwrite"]);
        third.finish(&out, &format!("after {steps} steps and another crash"));
    }
}

#[test]
fn another_command_does_not_pass_for_the_one_that_was_publishing() {
    let publication = Publication::new();
    for steps in [0, 10, publication.steps.len() - 1, publication.steps.len()] {
        let out = publication.plant("out", steps);
        let ran = publication.new.run(&out, &["--resume", "--seed", "9"]);
        assert_eq!(ran.code, Some(2), "after {steps} steps: {}", ran.stdout);
        assert!(ran.stderr.contains("`--seed`"), "{}", ran.stderr);
        publication.new.finish(&out, &format!("after {steps} steps"));
        let out = publication.plant("out", steps);
        let ran = publication.new.run(&out, &[]);
        assert_eq!(ran.code, Some(2), "after {steps} steps: {}", ran.stdout);
        assert!(ran.stderr.contains("--overwrite"), "{}", ran.stderr);
    }
}

/// After the manifest has its name, only the work folder is left to be removed, in whatever order that happens.
#[test]
fn a_crash_while_tidying_up_costs_nothing() {
    let publication = Publication::new();
    let last = publication.after(publication.steps.len());
    let in_work = last.iter().filter(|(name, bytes)| name.starts_with(".shardify") && bytes.is_some());
    let in_work: Vec<_> = in_work.map(|(name, _)| name).collect();
    assert!(in_work.len() >= 6, "{in_work:?}");
    let mut noise = Noise(3);
    for round in 0..8 {
        let out = publication.plant("out", publication.steps.len());
        for name in in_work.iter().filter(|name| !name.ends_with("commit.json")) {
            if noise.next() % 8 < round {
                fs::remove_file(out.join(name)).unwrap();
            }
        }
        let ran = publication.new.finish(&out, &format!("round {round}"));
        assert!(!ran.stdout.contains(" read, "), "inputs were read again: {}", ran.stdout);
    }
}

#[test]
fn overwriting_removes_what_is_ours_and_nothing_else() {
    let case = Case::small_rows(&[]);
    let out = case.out("whole");
    let foreign = Tree::from([
        ("notes.txt".into(), Some(b"mine".to_vec())),
        ("x-train.tfrecord-backup".into(), Some(b"mine too".to_vec())),
        ("photos".into(), None),
        ("photos/a.jpg".into(), Some(b"and this".to_vec())),
        ("index/other.idx".into(), Some(b"0 1".to_vec())),
        (".hidden".into(), Some(Vec::new())),
    ]);
    plant(&foreign, &out);
    let fewer =
        Case::new(tempdir().unwrap(), &[case.out("x.npy").to_str().unwrap(), "--shards", "2", "--seed", "3"], 0);
    let ran = fewer.run(&out, &["--overwrite"]);
    // A foreign file that a reader would take for a shard of ours is refused before anything is done.
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("x-train.tfrecord-backup"), "{}", ran.stderr);
    let mut expected = case.whole.clone();
    expected.extend(foreign.clone());
    assert_same_tree(&tree(&out), &expected, "refused");

    fs::remove_file(out.join("x-train.tfrecord-backup")).unwrap();
    let ran = fewer.run(&out, &["--overwrite"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let mut expected = fewer.whole.clone();
    expected.extend(foreign.into_iter().filter(|(name, _)| !name.starts_with("x-train.tfrecord-backup")));
    assert_same_tree(&tree(&out), &expected, "overwritten");
}

/// Shards that another program wrote stay its own, even where a manifest of ours describes them.
#[test]
fn overwriting_leaves_adopted_shards_alone() {
    let case = Case::small_rows(&[]);
    let out = case.out("whole");
    let shard = |name: &str| (PathBuf::from(name), Some(b"of another program".to_vec()));
    for (name, clashes) in [("x-train.tfrecord-00000-of-00001", true), ("theirs-train.tfrecord-00000-of-00001", false)]
    {
        fs::remove_dir_all(&out).unwrap();
        let mut manifest: Value =
            serde_json::from_slice(case.whole[Path::new("shardify.json")].as_ref().unwrap()).unwrap();
        manifest["adopted"] = true.into();
        manifest["files"] = Value::Array(vec!["features.json".into()]);
        manifest["splits"][0]["shards"] =
            serde_json::json!([{ "name": name, "records": 1, "bytes": 18, "crc32": "00000000" }]);
        let index = format!("index/{name}.idx");
        let before = Tree::from([
            shard(name),
            ("shardify.json".into(), Some(serde_json::to_vec(&manifest).unwrap())),
            ("features.json".into(), Some(b"{}".to_vec())),
            ("index".into(), None),
            (PathBuf::from(&index), Some(b"0 18".to_vec())),
        ]);
        plant(&before, &out);
        let ran = case.run(&out, &["--overwrite"]);
        if clashes {
            assert_eq!(ran.code, Some(2), "{}", ran.stderr);
            assert!(ran.stderr.contains(name), "{}", ran.stderr);
            assert_same_tree(&tree(&out), &before, "refused");
        } else {
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            let mut expected = case.whole.clone();
            expected.extend([shard(name)]);
            // What described them is replaced.
            assert_same_tree(&tree(&out), &expected, "overwritten");
        }
    }
}

#[test]
fn until_the_new_data_set_is_complete_the_old_one_is() {
    let case = Case::small_rows(&[]);
    let out = case.out("whole");
    let other = Case::large_rows(&["--name", "x"]);
    let mut child = other.start(&out, &["--overwrite"]);
    assert!(wait_until(&mut child, || finished_shards(&out) >= 3));
    child.kill().unwrap();
    child.wait().unwrap();
    let mut left = tree(&out);
    left.retain(|name, _| !name.starts_with(".shardify"));
    assert_same_tree(&left, &case.whole, "while another one is made");
    other.finish(&out, "resumed");
}

/// A manifest or a list of things to do may come with a folder from anywhere.
#[test]
fn files_of_ours_cannot_be_made_to_destroy_others() {
    let case = Case::small_rows(&[]);
    let out = case.out("whole");
    let outside = case.out("outside");
    fs::create_dir_all(&outside).unwrap();
    let mut targets = Vec::new();
    for name in ["victim", "victim.tfrecord-00000-of-00001", "v.idx", "v.labels.txt"] {
        fs::write(outside.join(name), "precious").unwrap();
        targets.push(format!("../outside/{name}"));
        targets.push(outside.join(name).to_str().unwrap().to_owned());
        targets.push(format!("link/{name}"));
        targets.push(format!("index/../../outside/{name}"));
    }
    std::os::unix::fs::symlink(&outside, out.join("link")).unwrap();
    fs::write(out.join("notes.txt"), "precious").unwrap();
    fs::create_dir_all(out.join(".git")).unwrap();
    fs::write(out.join(".git/config"), "precious").unwrap();
    targets.extend(["notes.txt".to_owned(), ".git/config".to_owned()]);
    let safe = || {
        let whole = |path: PathBuf| fs::read(&path).is_ok_and(|bytes| bytes == b"precious");
        assert!(tree(&outside).keys().all(|name| whole(outside.join(name))) && tree(&outside).len() == 4);
        assert!(whole(out.join("notes.txt")) && whole(out.join(".git/config")));
    };

    let mut hostile = manifest(&out);
    hostile.files.extend(targets.clone());
    for (shard, target) in hostile.splits[0].shards.iter_mut().zip(&targets) {
        shard.name.clone_from(target);
    }
    fs::write(out.join("shardify.json"), serde_json::to_vec(&hostile).unwrap()).unwrap();
    let other = case.out("y.npy");
    write_numbered_rows(&other, 10, 10);
    let ran = shardify(["convert", other.to_str().unwrap(), out.to_str().unwrap(), "--overwrite", "--name", "other"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    safe();

    // The same through what an interrupted publication left to be done.
    for hostile in [
        serde_json::json!({ "removes": targets, "moves": [] }),
        serde_json::json!({ "removes": [], "moves": targets.iter().map(|to| serde_json::json!({ "from": "plan.json", "to": to })).collect::<Vec<_>>() }),
        serde_json::json!({ "removes": [], "moves": [{ "from": "../notes.txt", "to": "x.labels.txt" }] }),
    ] {
        for more in ["--resume", "--overwrite"] {
            let work = Tree::from([
                (".shardify/commit.json".into(), Some(serde_json::to_vec(&hostile).unwrap())),
                (".shardify/plan.json".into(), Some(b"{}".to_vec())),
                (".shardify/manifest.json".into(), Some(b"{}".to_vec())),
            ]);
            plant(&work, &out);
            let ran = shardify(["convert", other.to_str().unwrap(), out.to_str().unwrap(), more, "--name", "other"]);
            assert!(ran.code.is_some(), "{}", ran.stderr);
            safe();
        }
    }
}

/// Indexes stand in a folder of their own, and that name may be taken.
#[test]
fn a_foreign_file_where_the_indexes_go() {
    let case = Case::small_rows(&[]);
    let out = case.out("index-is-a-file");
    plant(&Tree::from([("index".into(), Some(b"mine".to_vec()))]), &out);
    let ran = case.run(&out, &["--overwrite"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("`index`"), "{}", ran.stderr);
    assert_eq!(tree(&out).into_keys().collect::<Vec<_>>(), [PathBuf::from("index")], "found before the work is done");
    // Compressed shards have no index, so nothing is in the way.
    let ran = case.run(&out, &["--overwrite", "--compression", "gzip"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(fs::read(out.join("index")).unwrap(), b"mine");

    // Nor may it lead somewhere else.
    let (out, elsewhere) = (case.out("index-is-a-link"), case.out("elsewhere"));
    fs::create_dir_all(&out).unwrap();
    fs::create_dir_all(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, out.join("index")).unwrap();
    assert_eq!(case.run(&out, &["--overwrite"]).code, Some(2));
    assert!(tree(&elsewhere).is_empty());
}
