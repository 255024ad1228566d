//! `shardify.snippet`.

use std::path::PathBuf;

use pyo3::prelude::*;
use shardify::{Framework, SnippetOptions};

use crate::{options::choose, run::run};

/// What `shardify/_snippet.py` asks for.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    path: PathBuf,
    split: Option<String>,
    #[pyo3(item("for_"))]
    framework: String,
    threads: Option<usize>,
}

/// Returns the code and the split as JSON.
#[pyfunction]
pub(crate) fn snippet(py: Python<'_>, options: Options, watcher: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let framework = choose(py, "for_", &options.framework, &Framework::ALL, Framework::name)?;
    let mut snippet = SnippetOptions::new(options.path, framework);
    snippet.split = options.split;
    snippet.threads = options.threads;
    let made = run(py, watcher, |cancel, progress| shardify::snippet(&snippet, cancel, progress))?;
    Ok(made.to_json().to_string())
}
