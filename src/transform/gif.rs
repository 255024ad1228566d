//! GIF: a walk over the blocks, to find truncation, which decoders forgive, and whether there is a second frame.

use super::fault::{corrupt, truncated};
use crate::error::Result;

/// Checks that the first frame is complete; returns whether another follows.
pub(super) fn check(bytes: &[u8]) -> Result<bool> {
    let mut at = 13 + colour_table(byte(bytes, 10)?);
    let mut frames = 0;
    loop {
        match byte(bytes, at) {
            // Many writers forget the trailer; the first frame is all that is needed.
            Ok(0x3B) | Err(_) if frames > 0 => return Ok(false),
            Ok(0x3B) => return Err(corrupt(at, "the GIF ends before its first frame")),
            Ok(0x2C) if frames > 0 => return Ok(true),
            Ok(0x2C) => {
                frames += 1;
                // Position, size and flags, the frame's own colours, then one byte of code size.
                at = data(bytes, at + 10 + colour_table(byte(bytes, at + 9)?) + 1)?;
            }
            Ok(0x21) => at = data(bytes, at + 2)?,
            Ok(other) => return Err(corrupt(at, format!("a GIF block of type {other:#04x}"))),
            Err(error) => return Err(error),
        }
    }
}

/// The bytes of the colour table that the flags announce.
fn colour_table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// The end of a chain of sub-blocks.
fn data(bytes: &[u8], mut at: usize) -> Result<usize> {
    loop {
        let length = usize::from(byte(bytes, at)?);
        at += 1 + length;
        if length == 0 {
            return Ok(at);
        }
    }
}

fn byte(bytes: &[u8], at: usize) -> Result<u8> {
    bytes.get(at).copied().ok_or_else(|| truncated(bytes.len(), "the file ends in the middle of this GIF"))
}
