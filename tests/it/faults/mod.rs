//! Runs that the system disturbs: at every call that changes something, the process is killed, the power fails or the call
//! does, and inputs change or vanish at the worst moments.
//!
//! `SHARDIFY_FAULTS=all` takes every call where otherwise only some are taken.

mod at_call;
mod call;
mod cases;
mod errors;
mod inputs;
mod kills;
mod others;
mod partial;
mod power;
mod second;
mod tracer;

/// Whether everything is to be tried, however long it takes.
fn all() -> bool {
    std::env::var("SHARDIFY_FAULTS").is_ok_and(|value| value == "all")
}

/// All numbers, or one in so many where not everything is tried: other ones for every process, so that all get their turn.
fn each_of(step: usize) -> impl Iterator<Item = usize> {
    let step = if all() { 1 } else { step };
    (std::process::id() as usize % step..).step_by(step)
}
