//! What is damaged in the inputs: refused, or left out and listed.

use super::{ReshardOptions, gather::Gathered, inputs::Inputs};
use crate::{
    error::{Error, Fault, Printable, Result},
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
    let failures = list(inputs, gathered);
    if failures.is_empty() || options.skip_damaged {
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
