//! `shardify.validate`.

use std::path::PathBuf;

use pyo3::prelude::*;
use shardify::ValidateOptions;

use crate::{options::threads, run::run};

/// What `shardify/_validate.py` asks for.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    paths: Vec<PathBuf>,
    deep: bool,
    duplicates: bool,
    threads: Option<i64>,
}

/// Returns the report as JSON.
#[pyfunction]
pub(crate) fn validate(py: Python<'_>, options: Options, watcher: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let mut validate = ValidateOptions::new(options.paths);
    validate.deep = options.deep;
    validate.duplicates = options.duplicates;
    validate.threads = threads(py, options.threads)?;
    let report = run(py, watcher, |cancel, progress| shardify::validate(&validate, cancel, progress))?;
    Ok(report.to_json().to_string())
}
