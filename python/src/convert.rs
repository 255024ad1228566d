//! `shardify.convert` and `shardify.dry_run`, from files and from arrays in memory.
//!
//! The arrays stay where they are: the workers read the slices that NumPy's arrays lend, which need no interpreter lock. A
//! lock for each row would wait for whatever else Python does.

use std::path::PathBuf;

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use shardify::{
    ClassNamesFrom, ConvertOptions, Error, ErrorPolicy, ImageKeys, Layout,
    source::{ClassNames, MemoryArray, MemoryArrays},
    storage::LocalStorage,
    transform::{Color, ExifMode, Filter, Fit, OutputFormat, TransformSpec, Verify},
};

use crate::{
    error::{OrRaise, bad_option},
    options::{Size, Whole, choose, compression, existing, parse_some, size, skips, threads, within},
    run::run,
};

/// What `shardify/_convert.py` asks for.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options<'py> {
    inputs: Vec<PathBuf>,
    out: PathBuf,
    memory: Vec<InMemory<'py>>,
    labels: Option<PathBuf>,
    class_names: Option<Names>,
    layout: String,
    arrays: Vec<(String, PathBuf)>,
    resize: Option<i64>,
    size: Option<(i64, i64)>,
    fit: String,
    only_shrink: bool,
    filter: String,
    format: String,
    quality: i64,
    color: String,
    exif: String,
    verify: String,
    max_pixels: Whole,
    name: Option<String>,
    max_shard: Option<Size>,
    shards: Option<String>,
    compression: String,
    keys: String,
    label_offset: Option<i64>,
    feature: Option<String>,
    seed: Whole,
    shuffle: bool,
    split: Option<String>,
    stratify: bool,
    on_error: String,
    max_errors: Option<String>,
    existing: String,
    threads: Option<i64>,
}

/// An array: name, `dtype.str`, whether it is in Fortran order, shape, and its bytes.
type InMemory<'py> = (String, String, bool, Vec<u64>, PyReadonlyArray1<'py, u8>);

#[derive(Debug, FromPyObject)]
enum Names {
    These(Vec<String>),
    File(PathBuf),
}

impl<'py> Options<'py> {
    /// The options of the library, and the arrays.
    fn read(self, py: Python<'_>) -> PyResult<(ConvertOptions, Vec<InMemory<'py>>)> {
        let mut options = ConvertOptions::new(self.inputs, self.out);
        options.transform = TransformSpec {
            short_side: self.resize.map(|side| within(py, "resize", side, 1, SIDE)).transpose()?,
            size: match self.size {
                Some((width, height)) => {
                    Some((within(py, "size", width, 1, SIDE)?, within(py, "size", height, 1, SIDE)?))
                }
                None => None,
            },
            fit: choose(py, "fit", &self.fit, Fit::ALL, Fit::name)?,
            only_shrink: self.only_shrink,
            filter: choose(py, "filter", &self.filter, Filter::ALL, Filter::name)?,
            format: choose(py, "format", &self.format, OutputFormat::ALL, OutputFormat::name)?,
            quality: within(py, "quality", self.quality, 1, 100)?,
            color: choose(py, "color", &self.color, Color::ALL, Color::name)?,
            exif: choose(py, "exif", &self.exif, ExifMode::ALL, ExifMode::name)?,
            verify: choose(py, "verify", &self.verify, Verify::ALL, Verify::name)?,
            max_pixels: self.max_pixels.read(py, "max_pixels")?,
        };
        options.name = self.name;
        options.labels = self.labels;
        options.class_names = self.class_names.map(|names| match names {
            Names::These(names) => ClassNamesFrom::Names(names),
            Names::File(path) => ClassNamesFrom::File(path),
        });
        options.layout = choose(py, "layout", &self.layout, Layout::ALL, Layout::name)?;
        options.arrays = self.arrays;
        options.feature = self.feature;
        options.keys = choose(py, "keys", &self.keys, &[ImageKeys::Tfds, ImageKeys::Slim], |keys| match keys {
            ImageKeys::Tfds => "tfds",
            ImageKeys::Slim => "slim",
        })?;
        options.label_offset = self.label_offset.map(|by| within(py, "label_offset", by, 0, 1000)).transpose()?;
        options.max_shard = size(py, "max_shard", self.max_shard)?;
        options.shards = parse_some(py, "shards", self.shards)?;
        options.compression = compression(py, &self.compression)?;
        options.seed = self.seed.read(py, "seed")?;
        options.shuffle = self.shuffle;
        options.split = parse_some(py, "split", self.split)?;
        options.stratify = self.stratify;
        options.on_error = match (skips(py, &self.on_error)?, parse_some(py, "max_errors", self.max_errors)?) {
            (true, limit) => ErrorPolicy::Skip(limit),
            (false, None) => ErrorPolicy::Stop,
            (false, Some(_)) => return Err(bad_option(py, "max_errors limits what --on-error skip leaves out")),
        };
        options.existing = existing(py, &self.existing)?;
        options.threads = threads(py, self.threads)?;
        Ok((options, self.memory))
    }
}

/// The most pixels of a side.
const SIDE: i64 = u32::MAX as i64;

/// The arrays, where NumPy has them.
fn in_place<'a>(memory: &'a [InMemory<'_>]) -> Result<MemoryArrays<'a>, Error> {
    let arrays = memory.iter().map(|(name, dtype, fortran, shape, bytes)| {
        let bytes = bytes.as_slice().map_err(|_| Error::inputs(format!("the bytes of `{name}` are scattered")))?;
        MemoryArray::new(name, dtype, *fortran, shape.clone(), bytes)
    });
    MemoryArrays::new(arrays.collect::<Result<_, _>>()?)
}

/// Returns the report as JSON.
#[pyfunction]
pub(crate) fn convert(py: Python<'_>, options: Options<'_>, watcher: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let (convert, memory) = options.read(py)?;
    let memory = in_place(&memory).or_raise(py)?;
    let report = run(py, watcher, |cancel, progress| shardify::convert_from(&convert, &memory, cancel, progress))?;
    Ok(report.to_json().to_string())
}

/// Returns what would be done as JSON.
#[pyfunction]
pub(crate) fn dry_run(py: Python<'_>, options: Options<'_>, watcher: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let (convert, memory) = options.read(py)?;
    let memory = in_place(&memory).or_raise(py)?;
    let plan = run(py, watcher, |cancel, progress| shardify::dry_run_from(&convert, &memory, cancel, progress))?;
    Ok(plan.to_json().to_string())
}

/// The names of the classes in a file of them, read as `convert` reads it.
#[pyfunction]
pub(crate) fn class_names(py: Python<'_>, path: PathBuf) -> PyResult<Vec<String>> {
    py.detach(|| ClassNames::read(&LocalStorage, &path)).or_raise(py).map(|names| names.names().to_vec())
}
