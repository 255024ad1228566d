//! `shardify.repair`.

use std::path::PathBuf;

use pyo3::prelude::*;
use shardify::{RepairOptions, plan_repair};

use crate::{
    options::{Size, compression, existing, size, threads},
    run::run,
};

/// What `shardify/_repair.py` asks for.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    paths: Vec<PathBuf>,
    out: PathBuf,
    name: Option<String>,
    max_shard: Option<Size>,
    compression: Option<String>,
    existing: String,
    dry_run: bool,
    threads: Option<i64>,
}

/// Returns the report or the plan as JSON.
#[pyfunction]
pub(crate) fn repair(py: Python<'_>, options: Options, watcher: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let mut repair = RepairOptions::new(options.paths, options.out);
    repair.name = options.name;
    repair.max_shard = size(py, "max_shard", options.max_shard)?;
    repair.compression = options.compression.map(|given| compression(py, &given)).transpose()?;
    repair.existing = existing(py, &options.existing)?;
    repair.threads = threads(py, options.threads)?;
    let result = run(py, watcher, |cancel, progress| {
        let plan = plan_repair(&repair, cancel, progress)?;
        if options.dry_run { Ok(plan.to_json()) } else { Ok(plan.apply(cancel, progress)?.to_json()) }
    })?;
    Ok(result.to_string())
}
