//! The one integration test binary: behaviours at their boundary, the command line and the public API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

mod arch;
#[cfg(feature = "cli")]
mod determinism;
mod proto;
mod read_foreign;
mod support;
