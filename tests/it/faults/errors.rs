//! Calls that fail, one by one: the run ends with a message that says so, or does without; nothing is published half, and
//! what is finished is kept.

use std::{collections::BTreeMap, fs};

use nix::errno::Errno;

use super::{
    at_call::AtCall,
    call::{Call, Kind},
    cases::{Start, starts},
    each_of,
    tracer::{Do, trace},
};
use crate::support::{assert_same_tree, tree};

/// One way to fail.
struct Fault {
    errno: Errno,
    said: &'static str,
    /// Whether everything of the kind fails from then on.
    lasts: bool,
    matters: fn(&Call) -> bool,
}

const FAULTS: &[Fault] = &[
    Fault { errno: Errno::ENOSPC, said: "no space left on device", lasts: true, matters: takes_room },
    Fault { errno: Errno::EIO, said: "input/output error", lasts: false, matters: |call| call.kind != Kind::Lock },
    Fault { errno: Errno::EMFILE, said: "too many open files", lasts: false, matters: opens },
    Fault { errno: Errno::EROFS, said: "read-only file system", lasts: true, matters: |call| call.kind.changes() },
];

fn takes_room(call: &Call) -> bool {
    matches!(call.kind, Kind::Create | Kind::MakeDir | Kind::Write | Kind::Resize | Kind::Sync)
}

fn opens(call: &Call) -> bool {
    matches!(call.kind, Kind::Open | Kind::Create)
}

#[test]
fn any_call_may_fail() {
    for start in starts() {
        for fault in FAULTS {
            let Some(outcomes) = fail_at_each_call(&start, fault) else { return };
            println!("{}: {}: {outcomes:?}", start.name, fault.said);
            assert!(!outcomes.is_empty(), "{}: {}: nothing failed", start.name, fault.said);
        }
    }
}

fn fail_at_each_call(start: &Start, fault: &Fault) -> Option<BTreeMap<&'static str, usize>> {
    let root = fs::canonicalize(start.case.dir.path()).unwrap();
    let out = root.join("failed");
    let mut outcomes = BTreeMap::new();
    for at in each_of(23) {
        start.prepare(&out);
        // An input that is left out makes another data set.
        let is_left_out = |call: &Call| start.skips.as_ref().is_some_and(|input| call.path.starts_with(input));
        let mut fate = AtCall::new(at, Do::Fail(fault.errno), |call| (fault.matters)(call) && !is_left_out(call));
        fate.lasts = fault.lasts;
        let ran = trace(&start.args(&out), &root, &mut fate)?;
        let Some(call) = fate.hit else {
            assert_eq!(ran.code, Some(start.case.code), "{}: {}", start.name, ran.stderr);
            return Some(outcomes);
        };
        let what = format!("{}: {} at call {at}, {:?} {}", start.name, fault.said, call.kind, call.path.display());
        assert!(!ran.stderr.contains("panicked"), "{what}: {}", ran.stderr);
        start.check_visible(&out, &what);
        if ran.code == Some(start.case.code) {
            // It was not needed.
            *outcomes.entry("done all the same").or_default() += 1;
            assert_same_tree(&tree(&out), &start.case.whole, &what);
            continue;
        }
        *outcomes.entry("ended with a message").or_default() += 1;
        assert_eq!(ran.code, Some(2), "{what}: {}", ran.stderr);
        let message = ran.stderr.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
        // The standard library asks what is there when a folder cannot be made, and says only why it asked.
        let said = message.contains(fault.said) || call.kind == Kind::Stat;
        assert!(said && message.contains(root.to_str().unwrap()), "{what}: {}", ran.stderr);
        start.carry_on(&out, &what);
    }
    None
}
