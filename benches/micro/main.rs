//! How fast the parts are that every record goes through, one by one, in memory.
//!
//!     cargo bench --bench micro                  all of them
//!     cargo bench --bench micro -- example       those with this in their name
//!
//! They guide work on a part; what users feel is measured as whole processes, by the scripts beside this folder.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

mod example;
mod framing;
mod jpeg_encode;
mod pictures;
mod rows;
mod scan;
mod transform;

fn main() {
    divan::main();
}

/// Bytes that look like those of a compressed image: neither zeros nor in any order.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_le_bytes()[6]
    };
    std::iter::repeat_with(&mut next).take(len).collect()
}
