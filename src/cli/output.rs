//! What the verbs that write to a folder have in common on the command line.

use std::path::PathBuf;

use shardify::{Error, ErrorKind, Existing};

/// The inputs, and the output folder, which is the last path. `what` is what the inputs are, `usage` how it is meant.
pub(super) fn inputs_and_out<'a>(
    paths: &'a [PathBuf],
    what: &str,
    usage: &str,
) -> Result<(&'a [PathBuf], &'a PathBuf), Error> {
    match paths {
        [] => Err(Error::options("no path is given")),
        [_] => Err(Error::options(format!("only one path is given, and both {what} and an output folder are needed"))
            .with_hint(format!("the last argument is the output folder: shardify {usage}"))),
        [inputs @ .., out] => Ok((inputs, out)),
    }
}

/// What `--resume` and `--overwrite` ask for.
pub(super) const fn existing(resume: bool, overwrite: bool) -> Existing {
    match (resume, overwrite) {
        (true, _) => Existing::Resume,
        (_, true) => Existing::Overwrite,
        _ => Existing::Refuse,
    }
}

/// What to do next after an error: what it advises itself, `advice` unless that is said already, and whether there is
/// something to go on from in the output folder, which is the last path.
pub(super) fn next_step(
    error: &Error,
    paths: &[PathBuf],
    dry_run: bool,
    advice: Option<(&str, &str)>,
) -> Option<String> {
    let kept = !dry_run && paths.last().is_some_and(|out| out.join(".shardify/plan.json").exists());
    if matches!(error.kind(), ErrorKind::Interrupted) && !kept {
        return Some("nothing was finished yet, and nothing is left behind".to_owned());
    }
    let mut hints: Vec<String> = error.hint().map(str::to_owned).into_iter().collect();
    let goes_on = matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::Io { .. } | ErrorKind::Input { .. });
    let resume = ("--resume", "finished shards are kept: run the same command with --resume to go on");
    for (option, advice) in advice.into_iter().chain((kept && goes_on).then_some(resume)) {
        if hints.iter().all(|hint| !hint.contains(option)) {
            hints.push(advice.to_owned());
        }
    }
    (!hints.is_empty()).then(|| hints.join("; "))
}
