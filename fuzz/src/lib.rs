//! Fuzz targets: each takes any bytes apart, hands them to the library, and panics where a law is broken.
//!
//! They are plain functions, so that the tests of the package replay what was found without a fuzzer.
#![expect(clippy::missing_panics_doc, reason = "it is what they are for")]

pub mod input;
pub mod naive;

mod records;

/// A target and its name.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[("records", records::run)];

/// Runs one target on one input.
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
    target(data);
}
