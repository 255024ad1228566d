//! The native half of the Python package `shardify`: verbs and readers of the library behind functions that take plain
//! values. Signatures, types and documentation for users are in the Python half (`shardify/`); nothing here prints.

mod convert;
mod error;
mod export;
mod index;
mod inspect;
mod open;
mod options;
mod repair;
mod report;
mod reshard;
mod run;
mod snippet;
mod validate;

use pyo3::prelude::*;

#[pymodule]
mod _shardify {
    #[pymodule_export]
    use super::{
        convert::{class_names, convert, dry_run},
        export::export,
        index::index,
        inspect::inspect,
        open::{Records, RecordsIter, Rows, RowsIter, open},
        repair::repair,
        report::report,
        reshard::reshard,
        snippet::snippet,
        validate::validate,
    };
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
