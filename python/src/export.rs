//! `shardify.export`.

use std::path::PathBuf;

use pyo3::prelude::*;
use shardify::{ExportOptions, OnDamage};

use crate::{
    options::{skips, threads},
    run::run,
};

/// What `shardify/_export.py` asks for.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    paths: Vec<PathBuf>,
    out: PathBuf,
    split: Option<String>,
    image_key: Option<String>,
    label_key: Option<String>,
    name_key: Option<String>,
    feature: Vec<String>,
    keep_names: bool,
    on_error: String,
    overwrite: bool,
    threads: Option<i64>,
}

/// Returns the report as JSON.
#[pyfunction]
pub(crate) fn export(py: Python<'_>, options: Options, watcher: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let mut export = ExportOptions::new(options.paths, options.out);
    export.split = options.split;
    export.image_key = options.image_key;
    export.label_key = options.label_key;
    export.name_key = options.name_key;
    export.features = options.feature;
    export.keep_names = options.keep_names;
    export.on_damage = if skips(py, &options.on_error)? { OnDamage::Skip } else { OnDamage::Stop };
    export.overwrite = options.overwrite;
    export.threads = threads(py, options.threads)?;
    let report = run(py, watcher, |cancel, progress| shardify::export(&export, cancel, progress))?;
    Ok(report.to_json().to_string())
}
