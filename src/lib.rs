//! Turns image folders and raw `.npy` arrays into training-ready, size-capped TFRecord shards with an index.

pub mod error;
pub mod item;
pub mod source;
pub mod storage;
pub mod transform;
pub mod units;

pub use error::{Error, ErrorKind, Result};
