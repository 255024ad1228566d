//! A second run at the worst moments of the first: what is in the work folder belongs to who has the lock, and what was published
//! meanwhile is there.

use std::{
    fs::{self, File},
    path::Path,
};

use super::{
    call::{Call, Kind},
    cases::{Start, starts},
    tracer::{Do, trace},
};
use crate::support::{Ran, assert_same_tree, shardify, tree};

/// Does something when the run is about to make its work folder, or its lock; how the run ended.
fn disturb(start: &Start, out: &Path, moment: (Kind, &str), act: &mut dyn FnMut()) -> Option<Ran> {
    let root = fs::canonicalize(start.case.dir.path()).unwrap();
    start.prepare(out);
    let (kind, path) = (moment.0, out.join(moment.1));
    let mut seen = false;
    let watch = &mut |call: &Call| {
        if !seen && call.kind == kind && call.path == path {
            seen = true;
            act();
        }
        Do::Nothing
    };
    let ran = trace(&start.args(out), &root, watch)?;
    assert!(seen, "{}: no {moment:?}: {}", start.name, ran.stderr);
    Some(ran)
}

#[test]
fn a_run_that_is_turned_away_removes_nothing() {
    for start in starts() {
        let out = fs::canonicalize(start.case.dir.path()).unwrap().join("second");
        let work = out.join(".shardify");
        for moment in [(Kind::MakeDir, ".shardify"), (Kind::Create, ".shardify/lock")] {
            let mut held = None;
            let act = &mut || {
                fs::create_dir_all(&work).unwrap();
                let lock = File::create(work.join("lock")).unwrap();
                lock.lock().unwrap();
                held = Some(lock);
                fs::write(work.join("plan.json"), "of another").unwrap();
            };
            let Some(ran) = disturb(&start, &out, moment, act) else { return };
            assert_eq!(ran.code, Some(2), "{}: {moment:?}: {}", start.name, ran.stderr);
            assert!(ran.stderr.contains("another shardify is writing"), "{}: {moment:?}: {}", start.name, ran.stderr);
            assert!(held.is_some(), "{}: {moment:?}", start.name);
            for name in ["lock", "plan.json"] {
                assert!(work.join(name).exists(), "{}: {moment:?}: {name} was removed", start.name);
            }
        }
    }
}

#[test]
fn a_run_that_ended_meanwhile_is_not_replaced() {
    for start in starts().into_iter().filter(|start| start.old.is_none()) {
        let out = fs::canonicalize(start.case.dir.path()).unwrap().join("second");
        let args = start.args(&out);
        let act = &mut || assert_eq!(shardify(&args).code, Some(start.case.code));
        let Some(ran) = disturb(&start, &out, (Kind::MakeDir, ".shardify"), act) else { return };
        assert_eq!(ran.code, Some(2), "{}: {}", start.name, ran.stderr);
        assert!(ran.stderr.contains("finished data set already"), "{}: {}", start.name, ran.stderr);
        assert_same_tree(&tree(&out), &start.case.whole, start.name);
    }
}

/// The lock goes when nothing else is left, and whoever takes the folder then keeps what is his.
#[test]
fn a_run_that_begins_while_another_ends_keeps_its_files() {
    for start in starts() {
        let out = fs::canonicalize(start.case.dir.path()).unwrap().join("second");
        let work = out.join(".shardify");
        let act = &mut || {
            let names: Vec<_> = fs::read_dir(&work).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(names, ["lock"], "{}", start.name);
        };
        let Some(ran) = disturb(&start, &out, (Kind::Unlink, ".shardify/lock"), act) else { return };
        assert_eq!(ran.code, Some(start.case.code), "{}: {}", start.name, ran.stderr);
        let act = &mut || {
            fs::write(work.join("lock"), "").unwrap();
            fs::write(work.join("plan.json"), "of another").unwrap();
        };
        let Some(ran) = disturb(&start, &out, (Kind::RemoveDir, ".shardify"), act) else { return };
        assert_eq!(ran.code, Some(start.case.code), "{}: {}", start.name, ran.stderr);
        assert!(work.join("lock").exists() && work.join("plan.json").exists(), "{}: they were removed", start.name);
    }
}

/// Who is turned away removes a work folder in which nothing is yet, which another run has just made.
#[test]
fn a_work_folder_that_is_removed_at_once_is_made_again() {
    for start in starts() {
        let out = fs::canonicalize(start.case.dir.path()).unwrap().join("second");
        let act = &mut || fs::remove_dir(out.join(".shardify")).unwrap();
        let Some(ran) = disturb(&start, &out, (Kind::Create, ".shardify/lock"), act) else { return };
        assert_eq!(ran.code, Some(start.case.code), "{}: {}", start.name, ran.stderr);
        assert_same_tree(&tree(&out), &start.case.whole, start.name);
    }
}
