//! The bytes of shards: through memory maps that Python makes, or by reads at a place. Neither keeps a place in a file, so
//! processes and threads may share them.

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::{
    prelude::*,
    types::{PyDict, PyMemoryView},
};
use shardify::{
    Error, Opened,
    error::{At, During},
    source::ShardFile,
};

use crate::error::OrRaise;

/// How many shards of all data sets are kept open.
static KEPT: AtomicUsize = AtomicUsize::new(0);

/// What is kept open of each shard, up to a number of files: shards beyond that are opened for each read.
#[derive(Debug)]
pub(super) struct Shards {
    shards: Vec<Shard>,
    /// How many may be kept open, of all data sets.
    limit: usize,
    /// How many are kept open of this one.
    kept: AtomicUsize,
    map: bool,
}

impl Drop for Shards {
    fn drop(&mut self) {
        KEPT.fetch_sub(*self.kept.get_mut(), Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
struct Shard {
    map: OnceLock<Map>,
    file: OnceLock<ShardFile>,
}

/// A shard in memory.
#[derive(Debug)]
pub(super) struct Map {
    /// The `mmap` itself.
    pub(super) buffer: Py<PyAny>,
    /// A view of it, of which parts are views.
    pub(super) view: Py<PyMemoryView>,
    bytes: Py<PyArray1<u8>>,
}

/// Where the bytes of a shard are to be had.
#[derive(Debug)]
pub(super) enum Source<'s> {
    Map(&'s Map),
    File(&'s ShardFile),
    /// Too many are open already.
    Closed,
}

impl Shards {
    pub(super) fn new(py: Python<'_>, count: usize, map: bool) -> PyResult<Self> {
        let mut shards = Vec::new();
        shards.resize_with(count, Shard::default);
        Ok(Self { shards, limit: files(py)?, kept: AtomicUsize::new(0), map })
    }

    /// Opens a shard, unless it is open.
    pub(super) fn source(&self, py: Python<'_>, opened: &Opened, shard: usize) -> PyResult<Source<'_>> {
        let Some(slot) = self.shards.get(shard) else { return Ok(Source::Closed) };
        if let Some(map) = slot.map.get() {
            return Ok(Source::Map(map));
        }
        if let Some(file) = slot.file.get() {
            return Ok(Source::File(file));
        }
        // Two threads may open the same shard at once, or one too many: what is counted is what is kept in the end.
        if KEPT.load(Ordering::Relaxed) >= self.limit {
            return Ok(Source::Closed);
        }
        let mut is_new = false;
        let source = if self.map {
            let map = map(py, opened, shard)?;
            Source::Map(slot.map.get_or_init(|| {
                is_new = true;
                map
            }))
        } else {
            let file = py.detach(|| opened.open_shard(shard)).or_raise(py)?;
            Source::File(slot.file.get_or_init(|| {
                is_new = true;
                file
            }))
        };
        let new = usize::from(is_new);
        self.kept.fetch_add(new, Ordering::Relaxed);
        KEPT.fetch_add(new, Ordering::Relaxed);
        Ok(source)
    }
}

impl Map {
    /// Its bytes, for as long as the returned value lives.
    pub(super) fn bytes<'py>(&self, py: Python<'py>) -> PyReadonlyArray1<'py, u8> {
        self.bytes.bind(py).readonly()
    }
}

/// How many files may be kept open: half of what the process may have. Since Python 3.13 a map needs no open file.
fn files(py: Python<'_>) -> PyResult<usize> {
    const MAPS: usize = 30_000;
    let resource = py.import("resource")?;
    let limits = resource.call_method1("getrlimit", (resource.getattr("RLIMIT_NOFILE")?,))?;
    let soft: i64 = limits.get_item(0)?.extract()?;
    Ok(usize::try_from(soft).map_or(MAPS, |soft| (soft / 2).clamp(1, MAPS)))
}

fn map(py: Python<'_>, opened: &Opened, shard: usize) -> PyResult<Map> {
    let Some(known) = opened.shards.get(shard) else { return Err(pyo3::exceptions::PyIndexError::new_err(shard)) };
    let opening = || -> Result<File, Error> {
        let file = File::open(&known.path).during("open").at(&known.path)?;
        let found = file.metadata().during("read").at(&known.path)?.len();
        opened.still_has(shard, found)?;
        Ok(file)
    };
    let file = py.detach(opening).or_raise(py)?;
    let module = py.import("mmap")?;
    let options = PyDict::new(py);
    options.set_item("access", module.getattr("ACCESS_READ")?)?;
    if py.version_info() >= (3, 13) {
        options.set_item("trackfd", false)?;
    }
    let buffer = module.getattr("mmap")?.call((file.as_raw_fd(), known.bytes), Some(&options));
    let buffer = buffer.or_else(|error| cannot_map(py, &known.path, error))?;
    let bytes = py.import("numpy")?.call_method1("frombuffer", (&buffer, "u1"))?;
    let bytes = bytes.cast_into::<PyArray1<u8>>().map_err(PyErr::from)?.unbind();
    let view = PyMemoryView::from(&buffer)?.unbind();
    Ok(Map { buffer: buffer.unbind(), view, bytes })
}

/// Why a shard cannot be mapped: some file systems allow it for no file.
fn cannot_map<T>(py: Python<'_>, path: &Path, error: PyErr) -> PyResult<T> {
    let source = match error.value(py).getattr("errno").and_then(|errno| errno.extract::<i32>()) {
        Ok(errno) => io::Error::from_raw_os_error(errno),
        Err(_) => io::Error::other(error.to_string()),
    };
    let error = Error::io("map into memory", source);
    Err(error.with_hint("open the data set with memory_map=False").of(path)).or_raise(py)
}
