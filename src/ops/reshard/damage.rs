//! What is damaged in the inputs: refused, or left out and listed.

use super::{ReshardOptions, gather::Gathered, inputs::Inputs};
use crate::{
    error::{At, Error, Fault, Printable, Result},
    ops::dataset::DataSet,
    pipeline::Failure,
    tfrecord::{Damage, StreamFault},
    units::Count,
};

/// Damages that a message names.
const NAMED: usize = 3;

/// Everything that is damaged, in the order of the shards.
///
/// # Errors
/// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) if there is damage and it is not to be left out.
pub(super) fn check(options: &ReshardOptions, inputs: &Inputs, gathered: &Gathered) -> Result<Vec<Failure>> {
    let damaged = list(inputs, gathered);
    let lacking = lacking(inputs, gathered);
    if options.skip_damaged {
        return Ok(damaged.into_iter().chain(lacking).collect());
    }
    if let Some(error) = refused(inputs, gathered, &damaged) {
        return Err(error);
    }
    let Some(first) = lacking.first() else { return Ok(damaged) };
    Err(Error::damaged(format!("records are missing: {}{}", first.reason, more(lacking.len() - 1)))
        .with_hint("look for another copy; --on-error skip goes on without them and lists what is missing"))
    .at(&first.input)
}

/// What is said of damage: the place of the first, a few more by name, and how many there are.
fn refused(inputs: &Inputs, gathered: &Gathered, damaged: &[Failure]) -> Option<Error> {
    let mut shards = inputs.shards.iter().zip(&gathered.shards);
    let (path, record, place, what) = shards.find_map(|(path, shard)| {
        let of_file = |fault: &StreamFault| {
            (path, None, fault.offset, format!("the compressed stream is damaged: {}", fault.what))
        };
        let of_record = |it: &Damage| (path, Some(it.record), it.offset, format!("it is damaged: {it}"));
        shard.damage.first().map(of_record).or_else(|| shard.faults.first().map(of_file))
    })?;
    let named = damaged.iter().skip(1).take(NAMED - 1);
    let named: String = named.map(|it| format!("; also {}: {}", Printable(it.input.as_ref()), it.reason)).collect();
    let error = Error::damaged(format!("{what}{named}{}", more(damaged.len().saturating_sub(NAMED))))
        .at_place(place.into())
        .with_hint(
            "`shardify validate` lists all of it, `shardify repair` saves what is intact; --on-error skip leaves the damaged \
             records out",
        );
    Some(match record {
        Some(record) => error.at_record(record).of(path),
        None => error.of(path),
    })
}

fn more(count: usize) -> String {
    if count == 0 { String::new() } else { format!("; and {} more", Count(count as u64)) }
}

fn list(inputs: &Inputs, gathered: &Gathered) -> Vec<Failure> {
    let mut failures = Vec::new();
    for ((path, split), shard) in inputs.shards.iter().zip(&inputs.split_of).zip(&gathered.shards) {
        let failure = |more: &str, fault: Fault, reason: String| {
            let mut input = path.as_os_str().to_owned();
            input.push(more);
            Failure::new(&input, inputs.splits.get(*split).cloned().unwrap_or_default(), fault, reason)
        };
        for damage in &shard.damage {
            let reason = format!("byte {}: {damage}", damage.offset);
            failures.push(failure(&format!(" record {}", damage.record), damage.kind.fault(), reason));
        }
        for fault in &shard.faults {
            let reason = format!("byte {} of the compressed file: {}", fault.offset, fault.what);
            failures.push(failure("", Fault::Corrupt, reason));
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
            let reason = format!(
                "the metadata say that it has {} records, and it has {}",
                Count(expected),
                Count(shard.intact.len())
            );
            let split = inputs.splits.get(*split).cloned().unwrap_or_default();
            failures.push(Failure::new(path.as_os_str(), split, Fault::Truncated, reason));
        }
    }
    failures.extend(inputs.missing.iter().map(|(first, shards)| {
        let reason = match shards {
            1 => "the shard is missing".to_owned(),
            more => format!("{} shards are missing; this is the first of them", Count(*more)),
        };
        Failure::new(first.as_os_str(), String::new(), Fault::Unreadable, reason)
    }));
    failures
}
