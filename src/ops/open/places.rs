//! Where the records are: as the index beside a shard says, or else as its headers do.

use std::path::{Path, PathBuf};

use super::{OpenedShard, compare::Expected};
use crate::{
    error::{At, Error, Place, Printable, Result},
    index::IndexReader,
    ops::{
        dataset::DataSet,
        publish::{INDEX_NAME, threads},
    },
    pipeline::{Bounds, Cancel, Walk, ordered},
    source::ShardFile,
    storage::{EntryKind, Storage},
    tfrecord::{Compression, FRAME_LEN, Spans},
    units::Count,
};

/// Places of records may take this many bytes while they wait for those of the shards before.
const WAITING: u64 = 256 << 20;

/// After so many lines of an index it is looked whether to stop.
const LINES: u64 = 1 << 14;

const STALE: &str =
    "shardify validate tells which of the two is wrong; shardify index --overwrite makes the index anew";

/// Finds the records of all shards.
pub(super) fn find(
    storage: &dyn Storage,
    set: &DataSet,
    expected: &Expected,
    paths: Vec<PathBuf>,
    asked: Option<usize>,
    cancel: &Cancel,
) -> Result<Vec<OpenedShard>> {
    let mut shards: Vec<OpenedShard> = Vec::with_capacity(paths.len());
    let mut without: Vec<usize> = Vec::new();
    ordered(
        paths.len() as u64,
        Bounds { threads: threads(asked), budget: WAITING },
        cancel,
        || (),
        |at, (), done: &mut Option<Result<(u64, Option<Spans>)>>| {
            let path = usize::try_from(at).ok().and_then(|at| paths.get(at));
            *done = path.map(|path| by_index(storage, set, expected, path, cancel));
        },
        |done| if let Some(Ok((_, Some(spans)))) = done { spans.weight() } else { 0 },
        |done| {
            if let (Some(done), Some(path)) = (done, paths.get(shards.len())) {
                let (bytes, spans) = done?;
                if spans.is_none() {
                    without.push(shards.len());
                }
                shards.push(OpenedShard { path: path.clone(), bytes, spans: spans.unwrap_or_default() });
            }
            Ok(None)
        },
    )?;
    let to_walk: Vec<PathBuf> =
        without.iter().filter_map(|at| shards.get(*at)).map(|shard| shard.path.clone()).collect();
    Walk { shards: &to_walk, storage, threads: asked, cancel }.run(
        refuse,
        |_, walked| Ok(walked),
        |at, walked| {
            let walked = walked?;
            if let Some(shard) = without.get(at).and_then(|at| shards.get_mut(*at)) {
                (shard.bytes, shard.spans) = (walked.bytes, walked.spans);
            }
            Ok(())
        },
    )?;
    for shard in &shards {
        expected.bytes(&shard.path, shard.bytes)?;
        expected.records(&shard.path, shard.spans.len())?;
    }
    Ok(shards)
}

/// Why a compressed shard cannot be opened.
fn refuse(path: &Path, compression: Compression) -> Error {
    let name = if compression == Compression::Zlib { "ZLIB" } else { "gzip" };
    Error::inputs(format!(
        "the shard is compressed with {name}: a record in it can only be reached through all before it"
    ))
    .with_hint("write the data set anew with shardify reshard --compression none")
    .of(path)
}

/// The bytes of a shard, and its records if it has an index.
fn by_index(
    storage: &dyn Storage,
    set: &DataSet,
    expected: &Expected,
    path: &Path,
    cancel: &Cancel,
) -> Result<(u64, Option<Spans>)> {
    let shard = ShardFile::open(storage, path)?;
    let bytes = shard.len();
    expected.bytes(path, bytes)?;
    if shard.compression() != Compression::None {
        return Err(refuse(path, shard.compression()));
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".idx");
    let index = set.dir.join(INDEX_NAME).join(name);
    if !matches!(storage.stat(&index)?, Some(EntryKind::File { .. })) {
        return Ok((bytes, None));
    }
    Ok((bytes, Some(read_index(storage, &index, bytes, cancel).at(path)?)))
}

/// Reads an index of a shard of `bytes`: record after record from its first byte to its last, or it is none.
fn read_index(storage: &dyn Storage, path: &Path, bytes: u64, cancel: &Cancel) -> Result<Spans> {
    let lies = |message: String| {
        let name = Path::new(INDEX_NAME).join(path.file_name().unwrap_or_default());
        Err(Error::damaged(format!("{} does not describe this shard: {message}", Printable(&name))).with_hint(STALE))
    };
    let mut reader = IndexReader::open(storage, path)?;
    let mut spans = Spans::default();
    loop {
        let line = match reader.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) => {
                return match error.place() {
                    Some(Place::Line(line)) => lies(format!("line {}: {}", Count(line), error.message())),
                    _ => Err(error).at(path),
                };
            }
        };
        if spans.len().is_multiple_of(LINES) {
            cancel.check()?;
        }
        let end = spans.end().0;
        if line.offset.0 != end {
            let (number, offset) = (Count(line.line), Count(line.offset.0));
            return lies(format!(
                "line {number} has a record at byte {offset}, and the one before ends at {}",
                Count(end)
            ));
        }
        let fits = line.len.0 >= FRAME_LEN as u64 && line.len.0 <= bytes - end;
        match u32::try_from(line.len.0).ok().filter(|_| fits) {
            Some(len) => spans.push(end, len),
            None => {
                let (number, len, left) = (Count(line.line), Count(line.len.0), Count(bytes - end));
                return lies(format!("line {number} has a record of {len} bytes where {left} are left"));
            }
        }
    }
    if spans.end().0 == bytes {
        Ok(spans)
    } else {
        let (end, bytes) = (Count(spans.end().0), Count(bytes));
        lies(format!("its last record ends at byte {end}, and the shard has {bytes} bytes"))
    }
}
