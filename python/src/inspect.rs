//! `shardify.inspect`.

use std::path::PathBuf;

use pyo3::prelude::*;
use shardify::{InspectOptions, units::RecordIndex};

use crate::{
    error::exceptions,
    options::{Whole, threads},
    run::run,
};

/// What `shardify/_inspect.py` asks for.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    paths: Vec<PathBuf>,
    records: Whole,
    record: Option<Whole>,
    threads: Option<i64>,
}

/// Returns the report as JSON, and why shards could not be read.
#[pyfunction]
pub(crate) fn inspect<'py>(
    py: Python<'py>,
    options: Options,
    watcher: Option<&Bound<'py, PyAny>>,
) -> PyResult<(String, Vec<Bound<'py, PyAny>>)> {
    let mut inspect = InspectOptions::new(options.paths);
    inspect.records = options.records.read(py, "records")?;
    inspect.record = options.record.map(|record| record.read(py, "record")).transpose()?.map(RecordIndex);
    inspect.threads = threads(py, options.threads)?;
    let report = run(py, watcher, |cancel, progress| shardify::inspect(&inspect, cancel, progress))?;
    let unreadable = exceptions(py, report.sets.iter().flat_map(|set| &set.unreadable))?;
    Ok((report.to_json().to_string(), unreadable))
}
