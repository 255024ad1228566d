//! The one integration test binary: behaviours at their boundary, the command line and the public API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod arch;
#[cfg(feature = "cli")]
mod case;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
mod console;
#[cfg(feature = "cli")]
mod crash;
#[cfg(feature = "cli")]
mod determinism;
#[cfg(feature = "cli")]
mod errors;
#[cfg(feature = "cli")]
mod export;
#[cfg(all(feature = "cli", target_os = "linux", target_arch = "x86_64"))]
mod faults;
#[cfg(all(feature = "cli", target_os = "linux"))]
mod hostile;
mod in_memory;
#[cfg(feature = "cli")]
mod index;
#[cfg(feature = "cli")]
mod inspect;
mod laws;
#[cfg(feature = "cli")]
mod memory;
mod open;
#[cfg(feature = "cli")]
mod promises;
mod proto;
#[cfg(feature = "cli")]
mod publish;
#[cfg(feature = "cli")]
mod random_kills;
mod read_foreign;
#[cfg(feature = "cli")]
mod repair;
#[cfg(feature = "cli")]
mod report;
#[cfg(feature = "cli")]
mod reshard;
mod supply;
mod support;
#[cfg(feature = "cli")]
mod validate;
#[cfg(feature = "cli")]
mod validate_beside;
#[cfg(feature = "cli")]
mod validate_laws;
#[cfg(feature = "cli")]
mod validate_records;
