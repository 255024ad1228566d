//! Compression of a whole shard: a gzip stream around the framing, never per record.
//!
//! TensorFlow reads a multi-member gzip file as one stream, so members are compressed in parallel and appended. Streams
//! of ZLIB cannot be joined like that (readers stop after the first), so ZLIB is not written.

use std::io::Write;

use flate2::{Compression as Level, GzBuilder};

/// How a shard file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all: every reader can read it, and seek in it.
    #[default]
    None,
    /// Multi-member gzip: `tf.data` reads it with `compression_type="GZIP"`; TFDS, DALI and Grain cannot.
    Gzip,
    /// One zlib stream, which `tf.data` reads with `compression_type="ZLIB"`. Read, but never written.
    Zlib,
}

impl Compression {
    /// The name in JSON and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
        }
    }
}

/// One gzip member that holds `bytes`. The same bytes always give the same member: no name, no time.
#[must_use]
pub fn gzip_member(bytes: &[u8]) -> Vec<u8> {
    // Operating system 255 is "unknown", so that the header does not depend on where it was made.
    let out = Vec::with_capacity(bytes.len() / 2 + 64);
    let mut encoder = GzBuilder::new().operating_system(255).write(out, Level::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    // Writing to memory does not fail.
    written.unwrap_or_default()
}
