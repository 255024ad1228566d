//! Where records come from: lists of images, and arrays.

mod array_ref;
#[cfg(test)]
mod array_tests;
mod class_ids;
mod column;
mod cursor;
mod dtype;
mod literal;
mod npy;
mod npz;
mod npz_layout;
mod spool;
mod transpose;

pub use array_ref::{ArrayKind, ArrayRef};
pub use class_ids::{LabelColumn, MAX_CLASSES, class_ids};
pub use column::Column;
pub use npy::{NpyHeader, parse_npy_header};
pub use npz::{Npz, NpzMember};
pub use npz_layout::{NpzSplit, npz_layout};
pub use spool::{DEFAULT_SPOOL_MEMORY, Spool};
