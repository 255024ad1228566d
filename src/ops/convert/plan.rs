//! From inputs to a plan: which splits there are, in which order their records come, and how that is recognised again.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::{
    ConvertOptions, Source,
    arrays::{Arrays, Table},
    inputs::Inputs,
};
use crate::{
    error::{At, Error, Result},
    ops::publish::{Digest, Fingerprint, TOOL, policies},
    pipeline::{Cancel, ImageRecords},
    shard::{Order, Permutation, ShardPolicy, SplitOrder, assign_ratios, assign_stratified},
    source::{ArrayRef, Listing, MemoryArray},
};

/// One split as it will be written.
#[derive(Debug)]
pub(super) struct SplitPlan {
    /// Its name.
    pub(super) name: String,
    /// Which input stands at which position.
    pub(super) order: Order,
    /// The table that the inputs are rows of; 0 for images.
    pub(super) table: usize,
    /// Where its shards end.
    pub(super) policy: ShardPolicy,
}

/// The split of inputs that name none.
const ONLY_SPLIT: &str = "train";

/// Divides the inputs into splits and puts each in order.
pub(super) fn split_plans(options: &ConvertOptions, inputs: &Inputs<'_>) -> Result<Vec<SplitPlan>> {
    let orders: Vec<(usize, SplitOrder)> = match inputs {
        Inputs::Images(listing) => image_splits(options, listing)?.into_iter().map(|split| (0, split)).collect(),
        Inputs::Arrays(arrays) => array_splits(options, arrays)?,
    };
    let lens: Vec<(&str, u64)> = orders.iter().map(|(_, split)| (split.name.as_str(), split.order.len())).collect();
    let policies = policies(&lens, options.max_shard, options.shards.as_ref())?;
    let plan = |((table, SplitOrder { name, order }), policy)| SplitPlan { name, order, table, policy };
    Ok(orders.into_iter().zip(policies).map(plan).collect())
}

fn image_splits(options: &ConvertOptions, listing: &Listing) -> Result<Vec<SplitOrder>> {
    let list = &listing.list;
    let len = list.len() as u64;
    if let Some(ratios) = &options.split {
        refuse_two_splits(&listing.splits)?;
        if !options.stratify {
            return assign_ratios(len, ratios, options.seed, options.shuffle);
        }
        if listing.class_names.is_empty() {
            return Err(Error::options("--stratify needs classes, and the images have none"));
        }
        let labels: Vec<Option<u32>> = (0..list.len()).map(|item| list.label(item)).collect();
        return assign_stratified(&labels, ratios, options.seed, options.shuffle);
    }
    if listing.splits.is_empty() {
        return Ok(vec![SplitOrder { name: ONLY_SPLIT.to_owned(), order: run(options, ONLY_SPLIT, 0, len) }]);
    }
    let mut splits = Vec::new();
    for (number, name) in (0u16..).zip(&listing.splits) {
        let is_in = |item: &usize| list.split(*item) == Some(number);
        let count = (0..list.len()).filter(is_in).count() as u64;
        let Some(first) = (0..list.len()).find(is_in) else { continue };
        let last = (0..list.len()).rfind(is_in).unwrap_or(first);
        // Folders make runs of the list; the rows of a file may name splits in any order.
        let order = if (last - first) as u64 + 1 == count {
            run(options, name, first as u64, count)
        } else {
            let items = (0..list.len()).filter(is_in).map(|item| {
                u32::try_from(item)
                    .map_err(|_| Error::inputs("more than 4,294,967,295 inputs with splits of their own"))
            });
            let items = items.collect::<Result<Vec<u32>>>()?;
            if options.shuffle {
                Order::ShuffledList(items, Permutation::new(count, options.seed, name))
            } else {
                Order::List(items)
            }
        };
        splits.push(SplitOrder { name: name.clone(), order });
    }
    Ok(splits)
}

fn array_splits(options: &ConvertOptions, arrays: &Arrays<'_>) -> Result<Vec<(usize, SplitOrder)>> {
    let names: Vec<String> = arrays.tables.iter().filter_map(|table| table.split.clone()).collect();
    let Some(ratios) = &options.split else {
        let name = |table: &Table<'_>| table.split.clone().unwrap_or_else(|| ONLY_SPLIT.to_owned());
        let split =
            |table: &Table<'_>| SplitOrder { name: name(table), order: run(options, &name(table), 0, table.rows) };
        return Ok(arrays.tables.iter().map(split).enumerate().collect());
    };
    refuse_two_splits(&names)?;
    let Some(table) = arrays.tables.first() else { return Ok(Vec::new()) };
    let splits = match &table.classes {
        Some(classes) if options.stratify => {
            let labels: Vec<Option<u32>> = classes.iter().map(|class| u32::try_from(*class).ok()).collect();
            assign_stratified(&labels, ratios, options.seed, options.shuffle)?
        }
        _ => assign_ratios(table.rows, ratios, options.seed, options.shuffle)?,
    };
    Ok(splits.into_iter().map(|split| (0, split)).collect())
}

/// A run of the inputs as a whole split.
fn run(options: &ConvertOptions, split: &str, start: u64, len: u64) -> Order {
    if options.shuffle {
        Order::ShuffledRun(start, Permutation::new(len, options.seed, split))
    } else {
        Order::Run(start..start + len)
    }
}

fn refuse_two_splits(named: &[String]) -> Result<()> {
    if named.is_empty() {
        return Ok(());
    }
    Err(Error::options(format!("the inputs have splits of their own ({}), and --split gives others", named.join(", ")))
        .with_hint("leave out --split, or give only the folder of one split as INPUT"))
}

/// The files of arrays, and when each was last changed, in nanoseconds since 1970.
pub(super) fn times(source: Source<'_>) -> Result<Vec<(PathBuf, u64)>> {
    let Source { options, memory, storage } = source;
    let more = options.labels.iter().chain(options.arrays.iter().map(|(_, path)| path));
    let files = options.inputs.iter().chain(more).filter(|typed| memory.get(typed).is_none());
    let time = |typed: &PathBuf| {
        let path = ArrayRef::parse(storage, typed)?.path;
        let modified = storage.modified(&path)?;
        Ok((path, modified))
    };
    files.map(time).collect()
}

/// Refuses arrays that changed since these times: among their rows may be some of either version.
///
/// # Errors
/// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) with the file.
pub(super) fn check_unchanged(source: Source<'_>, before: &[(PathBuf, u64)]) -> Result<()> {
    let hint = "wait until nobody writes to it, then start again with --overwrite";
    for (path, modified) in before {
        if source.storage.modified(path).map_err(|error| error.with_hint(hint))? != *modified {
            return Err(Error::inputs("it changed while it was read").with_hint(hint)).at(path);
        }
    }
    Ok(())
}

/// What a conversion is recognised by; `times` are those of the files of arrays.
pub(super) fn fingerprint(
    source: Source<'_>,
    name: &str,
    inputs: &Inputs<'_>,
    times: &[(PathBuf, u64)],
    cancel: &Cancel,
) -> Result<Fingerprint> {
    let Source { options, memory, storage } = source;
    let mut recorded = options.recorded(name);
    if !memory.is_empty() {
        // What a file's time tells of it, in the manifest too: a finished data set has no stamp.
        let identity =
            |array: &MemoryArray<'_>| Ok((array.name().to_owned(), array.identity(&|| cancel.check())?.into()));
        let arrays = memory.iter().map(identity).collect::<Result<Map<String, Value>>>()?;
        recorded.insert("memory".to_owned(), arrays.into());
    }
    let batch_len = match inputs {
        Inputs::Images(listing) => ImageRecords::batch_len_for(storage, &listing.list),
        Inputs::Arrays(_) => 0,
    };
    let mut digest = Digest::default();
    let mut put = |bytes: &[u8]| digest.put(bytes);
    for name in inputs.class_names() {
        put(name.as_bytes());
    }
    match inputs {
        Inputs::Images(listing) => {
            for split in &listing.splits {
                put(split.as_bytes());
            }
            for item in 0..listing.list.len() {
                put(listing.list.name(item));
                let label = listing.list.label(item).map_or(u64::MAX, u64::from);
                let split = listing.list.split(item).map_or(u64::MAX, u64::from);
                put(&label.to_le_bytes());
                put(&split.to_le_bytes());
            }
        }
        Inputs::Arrays(arrays) => {
            for table in &arrays.tables {
                put(table.split.as_deref().unwrap_or_default().as_bytes());
                for feature in &table.features {
                    let column = &feature.column;
                    put(feature.key.as_bytes());
                    put(format!("{} {:?} {}", column.dtype(), column.row_shape(), column.rows()).as_bytes());
                }
            }
        }
    }
    Ok(Fingerprint {
        tool: TOOL.to_owned(),
        options: recorded,
        inputs: inputs.len(),
        inputs_sha256: digest.finish(),
        stamp: times.iter().map(|(path, modified)| format!("{} {modified}", path.display())).collect(),
        newest: times.iter().map(|(_, modified)| *modified).max().unwrap_or(0),
        batch_len,
    })
}
