//! Records of tensors to `.npy` files: one for each feature, and row for record.
//!
//! The count of the records is known, so each row has its place from the start: workers write theirs where they belong, in
//! whatever order, and what comes out is the same at any number of threads.

use std::path::{Path, PathBuf};

use super::{
    Context, Shard,
    columns::{Column, Unfit, columns},
    folder::OutFolder,
    images::jobs,
    keys::no_feature,
    names::{Names, component},
    npy,
    order::{self, RowOrder},
    place::SplitFolders,
    read::{Known, records},
    report::ExportedArray,
    taken::Taken,
};
use crate::{
    error::{At, Error, Result},
    example::ExampleView,
    ops::{dataset::DataSet, describe::Description},
    pipeline::{Bounds, FieldStats, ordered},
    source::ShardFile,
    storage::StagedFile,
};

/// Records of a shard that a worker takes at once are about so many bytes.
const JOB_BYTES: u64 = 4 << 20;

/// Rows are gathered up to this many bytes.
const BUFFER: usize = 1 << 20;

/// Columns, and why other features are none.
pub(super) struct Plan {
    columns: Vec<Column>,
    pub(super) left_out: Vec<Unfit>,
}

impl Plan {
    /// Decides what becomes an array.
    pub(super) fn new(context: &Context<'_>, sets: &[DataSet], stats: &FieldStats) -> Result<Self> {
        let wanted = &context.options.features;
        if let Some(key) = wanted.iter().find(|key| stats.features.get(key).is_none()) {
            return Err(no_feature(key, stats));
        }
        let known: Vec<Description> =
            sets.iter().map(|set| Description::of_metadata(set).unwrap_or_default()).collect();
        let first = known.first();
        let is_like_first = |it: &Description| {
            first.is_some_and(|first| first.schema == it.schema && first.label_offset == it.label_offset)
        };
        if !known.iter().all(is_like_first) {
            return Err(Error::inputs("the data sets differ in what their metadata say of the features")
                .with_hint("export them one by one"));
        }
        let offset = first.map_or(0, |first| first.label_offset);
        let (mut columns, mut left_out) = columns(stats, first.map(|first| &first.schema), offset);
        if !wanted.is_empty() {
            if let Some(unfit) = left_out.iter().find(|unfit| wanted.contains(&unfit.key)) {
                let message = format!("the feature `{}` cannot become an array: {}", unfit.key, unfit.why);
                return Err(Error::inputs(message).with_hint("leave it out"));
            }
            columns.retain(|column| wanted.contains(&column.key));
            left_out.clear();
            if let Some(key) = wanted.iter().find(|key| columns.iter().all(|column| column.key != **key)) {
                let message =
                    format!("the feature `{key}` only helps to parse another one, and is no array of its own");
                return Err(Error::options(message).with_hint("leave it out"));
            }
        }
        if columns.is_empty() {
            let why: Vec<_> = left_out.iter().map(|unfit| format!("`{}`: {}", unfit.key, unfit.why)).collect();
            return Err(Error::inputs(format!("no feature can become an array: {}", why.join("; ")))
                .with_hint("name the feature that holds images, if one does, with --image-key"));
        }
        Ok(Self { columns, left_out })
    }
}

/// The arrays of one split, being written.
struct Split {
    order: RowOrder,
    rows: u64,
    arrays: Vec<Array>,
}

struct Array {
    file: StagedFile,
    /// Where the rows begin.
    data: u64,
}

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) arrays: Vec<ExportedArray>,
    pub(super) bytes: u64,
    pub(super) notes: Vec<String>,
}

/// Writes all columns of all splits. `shards` come split by split.
pub(super) fn write(
    context: &Context<'_>,
    sets: &[DataSet],
    shards: &[Shard],
    plan: &Plan,
    splits: SplitFolders,
    folder: &mut OutFolder<'_>,
) -> Result<Written> {
    let mut written = Written::default();
    let mut open: Vec<Split> = Vec::new();
    // One for all splits: the folders of two may have the same name once it is one that every system can hold.
    let mut taken = Taken::new(folder.folds_case()?);
    // The split of each shard, and the position of its first record in that.
    let mut places: Vec<(usize, u64)> = Vec::new();
    for of_split in shards.chunk_by(|a, b| a.split == b.split) {
        let Some(first) = of_split.first() else { continue };
        let mut rows = 0;
        for shard in of_split {
            places.push((open.len(), rows));
            rows += shard.good();
        }
        let list: Vec<&Shard> = of_split.iter().collect();
        let (order, note) = match sets {
            [set] => order::of_split(set, &first.split, &list, rows),
            _ => (RowOrder::AsStored, None),
        };
        written.notes.extend(note);
        let above = if splits == SplitFolders::Always { Some(first.split.as_str()) } else { None };
        let place = |path: &[u8]| {
            let path = taken.give(path);
            Ok((context.storage.stage(&folder.place(&path)?)?, path))
        };
        open.push(Split::open(plan, above, order, rows, place, &mut written)?);
    }
    let jobs = jobs(shards, JOB_BYTES, u64::MAX);
    ordered(
        jobs.len() as u64,
        Bounds { threads: context.threads, budget: u64::MAX },
        context.cancel,
        || vec![Vec::new(); plan.columns.len()],
        |at, buffers: &mut Vec<Vec<u8>>, done: &mut (u64, u64, Option<Error>)| {
            *done = (0, 0, None);
            let Some((shard, range)) = usize::try_from(at).ok().and_then(|at| jobs.get(at)) else { return };
            let (Some(of), Some((split, first))) = (shards.get(*shard), places.get(*shard)) else { return };
            let Some(split) = open.get(*split) else { return };
            let start = first + range.start - of.bad_before(range.start);
            let mut rows = Rows { split, plan, buffers, start, next: start };
            let outcome = rows.read(context, of, range.clone());
            let records = rows.next - start;
            *done = (records, of.intact.bytes() * (range.end - range.start) / of.intact.len().max(1), outcome.err());
        },
        |_| 0,
        |mut done| {
            if let Some(error) = done.2.take() {
                return Err(error);
            }
            context.progress.advance(done.0, done.1, 0);
            Ok(done)
        },
    )?;
    for array in open.into_iter().flat_map(|split| split.arrays) {
        array.file.commit()?;
    }
    Ok(written)
}

impl Split {
    fn open(
        plan: &Plan,
        above: Option<&str>,
        order: RowOrder,
        rows: u64,
        mut place: impl FnMut(&[u8]) -> Result<(StagedFile, Vec<u8>)>,
        written: &mut Written,
    ) -> Result<Self> {
        let mut arrays = Vec::with_capacity(plan.columns.len());
        for column in &plan.columns {
            let name = format!("{}.npy", column.key.replace('/', "."));
            let mut path = component(name.as_bytes(), Names::Portable).into_owned();
            if let Some(above) = above {
                path = [&component(above.as_bytes(), Names::Portable), &b"/"[..], &path].concat();
            }
            let (file, path) = place(&path)?;
            let shape: Vec<u64> = [rows].into_iter().chain(column.shape.iter().copied()).collect();
            let header = npy::header(column.dtype, &shape);
            file.write_at(&header, 0)?;
            let data = header.len() as u64;
            written.bytes += data + rows * column.row_bytes;
            let file_name = String::from_utf8_lossy(&path).into_owned();
            written.arrays.push(ExportedArray { file: file_name, dtype: column.dtype, shape });
            arrays.push(Array { file, data });
        }
        Ok(Self { order, rows, arrays })
    }
}

/// Rows on their way to their places.
struct Rows<'a> {
    split: &'a Split,
    plan: &'a Plan,
    buffers: &'a mut Vec<Vec<u8>>,
    /// The position of the first row in the buffers.
    start: u64,
    /// The position of the next row.
    next: u64,
}

impl Rows<'_> {
    fn read(&mut self, context: &Context<'_>, shard: &Shard, range: std::ops::Range<u64>) -> Result<()> {
        self.buffers.iter_mut().for_each(Vec::clear);
        let file = ShardFile::open(context.storage, &shard.path)?;
        let known = Known { intact: &shard.intact, is_whole: shard.is_whole };
        records(&file, &known, range, context.spool, context.cancel, |number, payload| {
            let Ok(example) = ExampleView::parse(payload) else { return Ok(()) };
            for (column, buffer) in self.plan.columns.iter().zip(self.buffers.iter_mut()) {
                column.row(example.get(&column.key), buffer).map_err(|why| {
                    let record = shard.number_of(number);
                    Error::inputs(format!("record {record}, feature `{}`: {why}", column.key))
                        .with_hint("shardify validate tells more of such records")
                })?;
            }
            self.next += 1;
            let is_full = self.buffers.iter().any(|buffer| buffer.len() >= BUFFER);
            if is_full || self.split.order != RowOrder::AsStored { self.flush() } else { Ok(()) }
        })?;
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        let row = self.split.order.row(self.start);
        if self.next > self.split.rows {
            return Err(Error::inputs("there are more records than before: the shards changed while they were read"));
        }
        for ((column, array), buffer) in self.plan.columns.iter().zip(&self.split.arrays).zip(self.buffers.iter_mut()) {
            array.file.write_at(buffer, array.data + row * column.row_bytes)?;
            buffer.clear();
        }
        self.start = self.next;
        Ok(())
    }
}

/// Names the folder in an error that has no path yet.
pub(super) fn in_folder<T>(outcome: Result<T>, sets: &[DataSet]) -> Result<T> {
    let dir: PathBuf = sets.first().map_or_else(PathBuf::new, |set| set.dir.clone());
    if dir.as_os_str().is_empty() { outcome } else { outcome.at(Path::new(&dir)) }
}
