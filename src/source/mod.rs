//! Where records come from: the inputs of a run, listed before anything is read.

mod classes;
mod csv_columns;
mod csv_list;
mod csv_rows;
mod filter;
mod folders;
mod inputs;
mod intern;
mod list;
mod listing;
mod splits;
mod text_labels;
mod walk;
mod wording;

pub use classes::ClassNames;
pub use list::InputList;
pub use listing::{Layout, LayoutKind, ListOptions, Listing, list_images};
pub use walk::{Ignored, Watch};
