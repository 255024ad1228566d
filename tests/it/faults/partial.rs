//! Calls that do less than they were asked for, or are interrupted: nobody notices.

use std::fs;

use nix::errno::Errno;

use super::{
    call::{Call, Kind},
    cases::starts,
    tracer::{Do, trace},
};
use crate::support::{assert_same_tree, tree};

/// A way in which calls need not succeed at once.
type Hindrance = (&'static str, Do, fn(&Call) -> bool);

const HINDRANCES: &[Hindrance] = &[
    ("short", Do::Shorten, |call| call.sized),
    ("interrupted", Do::Fail(Errno::EINTR), |call| {
        // The standard library tries again, except for folders, which no disk is slow to open.
        matches!(call.kind, Kind::Open | Kind::Create | Kind::Read | Kind::Write | Kind::Resize | Kind::Sync)
            && (call.kind != Kind::Open || !call.path.is_dir())
    }),
];

#[test]
fn short_and_interrupted_calls_are_made_again() {
    for start in starts() {
        let root = fs::canonicalize(start.case.dir.path()).unwrap();
        for (name, what, matters) in HINDRANCES {
            let out = root.join(name);
            start.prepare(&out);
            let (mut seen, mut hindered) = (0, 0);
            // Every other call: one that is interrupted gets through at the second try.
            let ran = trace(&start.args(&out), &root, &mut |call: &Call| {
                seen += usize::from(matters(call));
                if !matters(call) || seen % 2 == 0 {
                    return Do::Nothing;
                }
                hindered += 1;
                *what
            });
            let Some(ran) = ran else { return };
            println!("{}: {hindered} calls were {name}", start.name);
            assert_eq!(ran.code, Some(start.case.code), "{}: {name}: {}", start.name, ran.stderr);
            assert_same_tree(&tree(&out), &start.case.whole, &format!("{}: {name}", start.name));
            assert!(hindered > 5, "{}: only {hindered} calls were {name}", start.name);
        }
    }
}
