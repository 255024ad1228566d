//! What is damaged in the inputs: refused, or left out and listed.

use super::{ReshardOptions, gather::Gathered, inputs::Inputs};
use crate::{
    error::{Error, Fault, Printable, Result},
    ops::dataset::DataSet,
    pipeline::Failure,
    units::Count,
};

/// Damages that a message names.
const NAMED: usize = 3;

/// Everything that is damaged, in the order of the shards.
///
/// # Errors
/// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) if there is damage and it is not to be left out.
pub(super) fn check(options: &ReshardOptions, inputs: &Inputs, gathered: &Gathered) -> Result<Vec<Failure>> {
    let damaged = list(inputs, gathered);
    let lacking = lacking(inputs, gathered);
    if options.skip_damaged {
        return Ok(damaged.into_iter().chain(lacking).collect());
    }
    if let (Some(first), true) = (lacking.first(), damaged.is_empty()) {
        let more = match lacking.len() - 1 {
            0 => String::new(),
            more => format!("; and {} more", Count(more as u64)),
        };
        return Err(Error::inputs(format!(
            "records are missing: {}: {}{more}",
            Printable(first.input.as_ref()),
            first.reason
        ))
        .with_hint("look for another copy; --on-error skip goes on without them and lists what is missing"));
    }
    let failures = damaged;
    if failures.is_empty() {
        return Ok(failures);
    }
    let shards = gathered.shards.iter().filter(|shard| !shard.damage.is_empty() || !shard.faults.is_empty()).count();
    let named = failures.iter().take(NAMED).map(|it| format!("{}: {}", Printable(it.input.as_ref()), it.reason));
    let mut named = named.collect::<Vec<_>>().join("; ");
    if failures.len() > NAMED {
        named.push_str(&format!("; and {} more", Count((failures.len() - NAMED) as u64)));
    }
    let shards = if shards == 1 { "a shard is damaged".to_owned() } else { format!("{shards} shards are damaged") };
    Err(Error::inputs(format!("{shards}: {named}")).with_hint(
        "`shardify validate` lists all of it, `shardify repair` saves what is intact; --on-error skip leaves the damaged records out",
    ))
}

fn list(inputs: &Inputs, gathered: &Gathered) -> Vec<Failure> {
    let mut failures = Vec::new();
    for ((path, split), shard) in inputs.shards.iter().zip(&inputs.split_of).zip(&gathered.shards) {
        let path = path.to_string_lossy();
        let failure = |input: String, fault: Fault, reason: String| Failure {
            input,
            split: inputs.splits.get(*split).cloned().unwrap_or_default(),
            label: None,
            fault: fault.code().to_owned(),
            reason,
        };
        for damage in &shard.damage {
            let reason = format!("byte {}: {damage}", damage.offset);
            failures.push(failure(format!("{path} record {}", damage.record), damage.kind.fault(), reason));
        }
        for fault in &shard.faults {
            let reason = format!("byte {} of the compressed file: {}", fault.offset, fault.what);
            failures.push(failure(path.clone().into_owned(), Fault::Corrupt, reason));
        }
    }
    failures
}

/// What is not there and leaves no trace in the shards: other shards, and records behind a cut between two of them.
fn lacking(inputs: &Inputs, gathered: &Gathered) -> Vec<Failure> {
    let expected: Vec<_> = inputs.sets.iter().map(DataSet::expected_records).collect();
    let mut failures = Vec::new();
    let shards = inputs.shards.iter().zip(&gathered.shards).zip(inputs.split_of.iter().zip(&inputs.set_of));
    for ((path, shard), (split, set)) in shards {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let expected = expected.get(*set).and_then(|expected| expected.get(name.as_ref())).copied().unwrap_or(0);
        // Of what is damaged it is said already.
        if shard.damage.is_empty() && shard.faults.is_empty() && shard.intact.len() < expected {
            failures.push(Failure {
                input: path.to_string_lossy().into_owned(),
                split: inputs.splits.get(*split).cloned().unwrap_or_default(),
                label: None,
                fault: Fault::Truncated.code().to_owned(),
                reason: format!(
                    "the metadata say that it has {} records, and it has {}",
                    Count(expected),
                    Count(shard.intact.len())
                ),
            });
        }
    }
    failures.extend(inputs.missing.iter().map(|(first, shards)| Failure {
        input: first.to_string_lossy().into_owned(),
        split: String::new(),
        label: None,
        fault: Fault::Unreadable.code().to_owned(),
        reason: match shards {
            1 => "the shard is missing".to_owned(),
            more => format!("{} shards are missing; this is the first of them", Count(*more)),
        },
    }));
    failures
}
