//! An opened data set, and its records by their numbers.

use std::{borrow::Cow, path::PathBuf, sync::OnceLock};

use numpy::PyReadonlyArray1;
use pyo3::{exceptions::PyIndexError, prelude::*};
use shardify::{Error, Located, OpenOptions, Opened, RecordNames, Wanted, source::ShardFile, tfrecord::Verify};

use super::{
    maps::{Map, Shards, Source},
    row::Numpy,
};
use crate::{error::OrRaise, run::run};

/// What `shardify/_dataset.py` asks for.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Options {
    paths: Vec<PathBuf>,
    splits: Vec<String>,
    features: Option<Vec<String>>,
    decode: bool,
    verify: bool,
    memory_map: bool,
    writable: bool,
    threads: Option<usize>,
}

/// An opened data set, and how its records are to be read.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) opened: Opened,
    pub(super) wanted: Vec<Wanted>,
    pub(super) decode: bool,
    pub(super) writable: bool,
    pub(super) verify: Verify,
    pub(super) shards: Shards,
    pub(super) names: OnceLock<RecordNames>,
    pub(super) numpy: Numpy,
    /// The options as Python gave them, from which another process opens the same.
    pub(super) recipe: Py<PyAny>,
}

/// The checked payload of a record.
#[derive(Debug)]
pub(super) struct Payload<'s> {
    pub(super) located: Located,
    pub(super) bytes: Cow<'s, [u8]>,
    /// The map that the bytes are in.
    pub(super) map: Option<&'s Map>,
}

/// Where a record is to be read from.
enum From<'s> {
    Map(&'s [u8]),
    File(&'s ShardFile),
    Closed,
}

impl Set {
    pub(super) fn open(py: Python<'_>, options: Options, recipe: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut open = OpenOptions::new(options.paths);
        open.splits = options.splits;
        open.threads = options.threads;
        let opened = run(py, None, |cancel, progress| shardify::open(&open, cancel, progress))?;
        let wanted = opened.features.wanted(options.features.as_deref()).or_raise(py)?;
        Ok(Self {
            wanted,
            decode: options.decode,
            writable: options.writable,
            verify: if options.verify { Verify::All } else { Verify::Length },
            shards: Shards::new(py, opened.shards.len(), options.memory_map)?,
            names: OnceLock::new(),
            numpy: Numpy::new(py)?,
            recipe: recipe.clone().unbind(),
            opened,
        })
    }

    pub(super) fn locate(&self, record: u64) -> PyResult<Located> {
        self.opened.locate(record).ok_or_else(|| PyIndexError::new_err(format!("there is no record {record}")))
    }

    /// Reads and checks one record, and gives its payload to `then`. The interpreter's lock is released while bytes are waited
    /// for.
    pub(super) fn one<R>(
        &self,
        py: Python<'_>,
        record: u64,
        then: impl FnOnce(&Payload<'_>) -> PyResult<R>,
    ) -> PyResult<R> {
        let located = self.locate(record)?;
        let source = self.shards.source(py, &self.opened, located.shard)?;
        let bytes;
        let (from, map) = match &source {
            Source::Map(map) => {
                bytes = map.bytes(py);
                (From::Map(bytes.as_slice()?), Some(*map))
            }
            Source::File(file) => (From::File(file), None),
            Source::Closed => (From::Closed, None),
        };
        let bytes = py.detach(|| self.read(&located, &from)).or_raise(py)?;
        then(&Payload { located, bytes, map })
    }

    /// Reads and checks records, and gives their payloads to `then`, in the same order.
    pub(super) fn several<R>(
        &self,
        py: Python<'_>,
        records: &[u64],
        then: impl FnOnce(&[Payload<'_>]) -> PyResult<R>,
    ) -> PyResult<R> {
        let located = records.iter().map(|record| self.locate(*record)).collect::<PyResult<Vec<_>>>()?;
        let mut shards: Vec<usize> = located.iter().map(|located| located.shard).collect();
        shards.sort_unstable();
        shards.dedup();
        let sources =
            shards.iter().map(|shard| self.shards.source(py, &self.opened, *shard)).collect::<PyResult<Vec<_>>>()?;
        let bytes: Vec<Option<PyReadonlyArray1<'_, u8>>> = sources
            .iter()
            .map(|source| if let Source::Map(map) = source { Some(map.bytes(py)) } else { None })
            .collect();
        let mut open = Vec::with_capacity(sources.len());
        for (source, bytes) in sources.iter().zip(&bytes) {
            open.push(match (source, bytes) {
                (Source::Map(map), Some(bytes)) => (From::Map(bytes.as_slice()?), Some(*map)),
                (Source::File(file), _) => (From::File(file), None),
                (Source::Map(_) | Source::Closed, _) => (From::Closed, None),
            });
        }
        let of = |located: &Located| shards.binary_search(&located.shard).ok().and_then(|at| open.get(at));
        // Maps hold what belongs to Python: the payloads go without them through what runs without its lock.
        let sources: Vec<&From<'_>> =
            located.iter().map(|located| of(located).map_or(&From::Closed, |(from, _)| from)).collect();
        let bytes = py
            .detach(|| {
                let read = located.iter().zip(&sources).map(|(located, from)| self.read(located, from));
                read.collect::<Result<Vec<_>, _>>()
            })
            .or_raise(py)?;
        let payload = |(located, bytes)| {
            let map = of(&located).and_then(|(_, map)| *map);
            Payload { located, bytes, map }
        };
        let payloads: Vec<Payload<'_>> = located.into_iter().zip(bytes).map(payload).collect();
        then(&payloads)
    }

    fn read<'s>(&self, located: &Located, from: &From<'s>) -> Result<Cow<'s, [u8]>, Error> {
        match from {
            From::Map(bytes) => self.opened.view(located, bytes, self.verify).map(Cow::Borrowed),
            From::File(file) => self.read_file(located, file).map(Cow::Owned),
            From::Closed => {
                let file = self.opened.open_shard(located.shard)?;
                self.read_file(located, &file).map(Cow::Owned)
            }
        }
    }

    fn read_file(&self, located: &Located, file: &ShardFile) -> Result<Vec<u8>, Error> {
        let mut payload = vec![0; located.payload_len()];
        self.opened.read(located, file, &mut payload, self.verify)?;
        Ok(payload)
    }
}
