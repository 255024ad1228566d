//! `shardify.index`.

use std::path::PathBuf;

use pyo3::prelude::*;
use shardify::IndexOptions;

use crate::{error::exceptions, options::threads, run::run};

/// What `shardify/_index.py` asks for.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    paths: Vec<PathBuf>,
    check: bool,
    tfindex: bool,
    manifest: bool,
    tfds: bool,
    overwrite: bool,
    threads: Option<i64>,
}

/// Returns the report as JSON, and why shards have no index and files were not written.
#[pyfunction]
pub(crate) fn index<'py>(
    py: Python<'py>,
    options: Options,
    watcher: Option<&Bound<'py, PyAny>>,
) -> PyResult<(String, Vec<Bound<'py, PyAny>>)> {
    let mut index = IndexOptions::new(options.paths);
    index.check = options.check;
    index.tfindex = options.tfindex;
    index.manifest = options.manifest;
    index.tfds = options.tfds;
    index.overwrite = options.overwrite;
    index.threads = threads(py, options.threads)?;
    let report = run(py, watcher, |cancel, progress| shardify::make_index(&index, cancel, progress))?;
    Ok((report.to_json().to_string(), exceptions(py, &report.failures)?))
}
