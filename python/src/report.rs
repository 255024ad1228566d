//! `shardify.report`.

use std::path::PathBuf;

use pyo3::prelude::*;
use shardify::ReportOptions;

use crate::{
    options::{Whole, threads},
    run::run,
};

/// What `shardify/_report.py` asks for.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    path: PathBuf,
    out: PathBuf,
    overwrite: bool,
    images: Whole,
    threads: Option<i64>,
}

/// Writes the page, and returns what it says as JSON.
#[pyfunction]
pub(crate) fn report(py: Python<'_>, options: Options, watcher: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let mut report = ReportOptions::new(options.path);
    report.images = options.images.read(py, "images")?;
    report.threads = threads(py, options.threads)?;
    let (out, overwrite) = (options.out, options.overwrite);
    let (made, bytes) = run(py, watcher, |cancel, progress| {
        shardify::check_report_file(&out, overwrite)?;
        let made = shardify::report(&report, cancel, progress)?;
        let page = shardify::report_page(&made)?;
        shardify::write_report(&out, &page, overwrite)?;
        Ok((made, page.len() as u64))
    })?;
    Ok(made.to_json(&out, bytes).to_string())
}
