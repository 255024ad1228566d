//! `shardify.reshard`.

use std::path::PathBuf;

use pyo3::prelude::*;
use shardify::{KeyValue, ReshardOptions};

use crate::{
    options::{Size, Whole, compression, existing, parse_some, size, skips, threads},
    run::run,
};

/// What `shardify/_reshard.py` asks for.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    paths: Vec<PathBuf>,
    out: PathBuf,
    only_split: Vec<String>,
    only_label: Vec<String>,
    drop_label: Vec<String>,
    label: Option<String>,
    has_key: Vec<String>,
    only: Vec<(String, String)>,
    name: Option<String>,
    max_shard: Option<Size>,
    shards: Option<String>,
    compression: String,
    shuffle: bool,
    seed: Option<Whole>,
    split: Option<String>,
    stratify: bool,
    on_error: String,
    existing: String,
    dry_run: bool,
    threads: Option<i64>,
}

/// Returns the report or the plan as JSON.
#[pyfunction]
pub(crate) fn reshard(py: Python<'_>, options: Options, watcher: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let seed = options.seed.map(|seed| seed.read(py, "seed")).transpose()?;
    let mut reshard = ReshardOptions::new(options.paths, options.out);
    reshard.only_splits = options.only_split;
    reshard.only_labels = options.only_label;
    reshard.drop_labels = options.drop_label;
    reshard.label = options.label;
    reshard.has_keys = options.has_key;
    reshard.only = options.only.into_iter().map(|(key, value)| KeyValue { key, value }).collect();
    reshard.name = options.name;
    reshard.max_shard = size(py, "max_shard", options.max_shard)?;
    reshard.shards = parse_some(py, "shards", options.shards)?;
    reshard.compression = compression(py, &options.compression)?;
    reshard.shuffle = options.shuffle;
    reshard.seed = seed.unwrap_or(0);
    reshard.split = parse_some(py, "split", options.split)?;
    reshard.stratify = options.stratify;
    reshard.skip_damaged = skips(py, &options.on_error)?;
    reshard.existing = existing(py, &options.existing)?;
    reshard.threads = threads(py, options.threads)?;
    let idle = (seed.is_some() && !reshard.shuffle && reshard.split.is_none())
        .then(|| "seed changes nothing without shuffle or split".to_owned());
    if options.dry_run {
        let mut plan = run(py, watcher, |cancel, progress| shardify::plan_reshard(&reshard, cancel, progress))?;
        plan.warnings.extend(idle);
        return Ok(plan.to_json().to_string());
    }
    let mut report = run(py, watcher, |cancel, progress| shardify::reshard(&reshard, cancel, progress))?;
    report.warnings.extend(idle);
    Ok(report.to_json().to_string())
}
