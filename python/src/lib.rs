//! The native half of the Python package `shardify`: verbs and readers of the library behind functions that take plain
//! values. Signatures, types and documentation for users are in the Python half (`shardify/`); nothing here prints.

mod error;
mod open;
mod options;
mod run;
mod validate;

use pyo3::prelude::*;

#[pymodule]
mod _shardify {
    #[pymodule_export]
    use super::open::{Records, RecordsIter, Rows, RowsIter, open};

    #[pymodule_export]
    use super::validate::validate;

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
