//! Killed before each call that changes something, and carried on: the bytes of a run that nobody disturbed.

use std::fs;

use super::{
    at_call::AtCall,
    cases::{Start, starts},
    each_of,
    tracer::{Do, trace},
};
use crate::support::{Tree, tree};

#[test]
fn killed_before_any_change() {
    for start in starts() {
        let Some(kills) = kill_at_each_call(&start) else { return };
        println!("{}: killed {kills} times", start.name);
        assert!(kills > 10, "{}: killed only {kills} times", start.name);
    }
}

fn kill_at_each_call(start: &Start) -> Option<usize> {
    let root = fs::canonicalize(start.case.dir.path()).unwrap();
    let out = root.join("killed");
    for (kills, at) in each_of(5).enumerate() {
        start.prepare(&out);
        let mut fate = AtCall::new(at, Do::Kill, |call| call.kind.changes());
        let ran = trace(&start.args(&out), &root, &mut fate)?;
        let Some(call) = fate.hit else {
            assert_eq!(ran.code, Some(start.case.code), "{}: {}", start.name, ran.stderr);
            // Killed runs leave temporary files, of which the next one that has any gets rid.
            assert_eq!(tree(&root.join("tmp")), Tree::new(), "{}", start.name);
            return Some(kills);
        };
        assert_eq!(ran.code, None, "{}: it went on after {call:?}", start.name);
        let what = format!("{}: killed at change {at}, {:?} {}", start.name, call.kind, call.path.display());
        start.check_visible(&out, &what);
        start.carry_on(&out, &what);
    }
    None
}
