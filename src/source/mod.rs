//! Where records come from: lists of images, and arrays.

mod array_ref;
#[cfg(test)]
mod array_tests;
mod class_ids;
mod classes;
mod column;
mod csv_columns;
mod csv_list;
mod csv_rows;
mod cursor;
mod dtype;
mod filter;
mod folders;
mod inputs;
mod intern;
mod list;
mod listing;
mod literal;
mod member;
mod memory;
mod npy;
mod npz;
mod npz_layout;
mod shard_file;
mod splits;
mod spool;
mod text_labels;
mod transpose;
mod walk;
mod wording;

pub use array_ref::{ArrayKind, ArrayRef};
pub use class_ids::{LabelColumn, MAX_CLASSES, class_ids};
pub use classes::ClassNames;
pub use column::Column;
pub use list::InputList;
pub use listing::{Layout, LayoutKind, ListOptions, Listing, list_images};
pub use memory::{MemoryArray, MemoryArrays};
pub use npy::{NpyHeader, parse_npy_header};
pub use npz::{Npz, NpzMember};
pub use npz_layout::{NpzSplit, memory_layout, npz_layout};
pub use shard_file::{ShardFile, Unpacked};
pub use spool::{DEFAULT_SPOOL_MEMORY, Spool};
pub use walk::{Ignored, Watch};
