//! Fuzz targets: each takes any bytes apart, hands them to the library, and panics where a law is broken.
#![expect(clippy::missing_panics_doc, reason = "it is what they are for")]

pub mod folder;
pub mod input;
pub mod naive;

mod csv;
mod encode;
mod example;
mod image;
mod index;
mod inflate;
mod manifest;
mod names;
mod npy;
mod npz;
mod records;
mod shard;
mod tensorflow;
mod tfds;
mod verbs;

use std::{env, panic, sync::OnceLock};

/// A target and its name.
pub type Target = (&'static str, fn(&[u8]));

/// All of them. `fuzz/run` takes their names from here.
pub const TARGETS: &[Target] = &[
    ("records", records::run),
    ("tensorflow", tensorflow::run),
    ("inflate", inflate::run),
    ("example", example::run),
    ("encode", encode::run),
    ("shard", shard::run),
    ("npy", npy::run),
    ("npz", npz::run),
    ("csv", csv::run),
    ("image", image::run),
    ("manifest", manifest::run),
    ("tfds", tfds::run),
    ("index", index::run),
    ("names", names::run),
    ("verbs", verbs::run),
];

/// Runs the target that `FUZZ_TARGET` names.
pub fn run_chosen(data: &[u8]) {
    static CHOSEN: OnceLock<fn(&[u8])> = OnceLock::new();
    let target = CHOSEN.get_or_init(|| {
        let name = env::var("FUZZ_TARGET").expect("FUZZ_TARGET names the target");
        // The fuzzer ends at any panic; those of image decoders are caught, and are faults of the image.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !shardify::transform::is_guarded() {
                hook(info);
            }
        }));
        TARGETS.iter().find(|(known, _)| *known == name).expect("a target").1
    });
    target(data);
}
