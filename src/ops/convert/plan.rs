//! From inputs to a plan: which splits there are, in which order their records come, and how that is recognised again.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

use super::{
    ConvertOptions,
    arrays::{Arrays, Table},
    inputs::Inputs,
};
use crate::{
    error::{Error, Result},
    pipeline::ImageRecords,
    shard::{Order, Permutation, ShardPolicy, SplitOrder, assign_ratios, assign_stratified},
    source::{ArrayRef, Listing},
    storage::Storage,
    units::Count,
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
pub(super) fn split_plans(options: &ConvertOptions, inputs: &Inputs) -> Result<Vec<SplitPlan>> {
    let orders: Vec<(usize, SplitOrder)> = match inputs {
        Inputs::Images(listing) => image_splits(options, listing)?.into_iter().map(|split| (0, split)).collect(),
        Inputs::Arrays(arrays) => array_splits(options, arrays)?,
    };
    let mut plans = Vec::new();
    for (table, SplitOrder { name, order }) in orders {
        let count = options.shards.as_ref().and_then(|shards| shards.of(&name));
        if let Some(count) = count
            && u64::from(count) > order.len()
        {
            return Err(Error::options(format!(
                "--shards asks for {count} shards of split `{name}`, which has only {} inputs: some would be empty",
                Count(order.len())
            ))
            .with_hint("ask for fewer, or for a number for each split, as in --shards train=64,test=8"));
        }
        let policy = ShardPolicy { max_bytes: options.cap(&name), count };
        plans.push(SplitPlan { name, order, table, policy });
    }
    if let Some(super::ShardCounts::Named(counts)) = &options.shards
        && let Some(unknown) = counts.keys().find(|name| plans.iter().all(|plan| plan.name != **name))
    {
        let names: Vec<_> = plans.iter().map(|plan| plan.name.as_str()).collect();
        return Err(Error::options(format!("--shards names split `{unknown}`; the splits are {}", names.join(", "))));
    }
    Ok(plans)
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

fn array_splits(options: &ConvertOptions, arrays: &Arrays) -> Result<Vec<(usize, SplitOrder)>> {
    let names: Vec<String> = arrays.tables.iter().filter_map(|table| table.split.clone()).collect();
    let Some(ratios) = &options.split else {
        let name = |table: &Table| table.split.clone().unwrap_or_else(|| ONLY_SPLIT.to_owned());
        let split = |table: &Table| SplitOrder { name: name(table), order: run(options, &name(table), 0, table.rows) };
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

/// What a run is recognised by when it is to be resumed. Stored in the work folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    /// The program and its version: another one may write other bytes.
    pub(super) tool: String,
    /// The options that the bytes depend on.
    pub(super) options: BTreeMap<String, Value>,
    /// How many inputs there are.
    pub(super) inputs: u64,
    /// The digest of the list of inputs.
    pub(super) inputs_sha256: String,
    /// The array files with the times of their last change: rows cannot be told apart by name.
    pub(super) stamp: Vec<String>,
    /// The latest of these times, in nanoseconds since 1970.
    pub(super) newest: u64,
    /// Images in a batch, judged by a few of them; not compared, but carried on.
    pub(super) batch_len: u64,
}

impl Fingerprint {
    pub(super) fn new(
        options: &ConvertOptions,
        name: &str,
        inputs: &Inputs,
        class_names: &[String],
        storage: &dyn Storage,
    ) -> Result<Self> {
        let batch_len = match inputs {
            Inputs::Images(listing) => ImageRecords::batch_len_for(storage, &listing.list),
            Inputs::Arrays(_) => 0,
        };
        let mut hash = Sha256::new();
        let mut put = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        for name in class_names {
            put(name.as_bytes());
        }
        let (mut stamp, mut newest) = (Vec::new(), 0);
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
                let more = options.labels.iter().chain(options.arrays.iter().map(|(_, path)| path));
                for typed in options.inputs.iter().chain(more) {
                    let path = ArrayRef::parse(storage, typed)?.path;
                    let modified = storage.modified(&path)?;
                    newest = newest.max(modified);
                    stamp.push(format!("{} {modified}", path.display()));
                }
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
        let inputs_sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            tool: super::TOOL.to_owned(),
            options: options.recorded(name),
            inputs: inputs.len(),
            inputs_sha256,
            stamp,
            newest,
            batch_len,
        })
    }

    /// What differs from another run, in words; `None` if nothing does.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        if self.tool != other.tool {
            return Some(format!("it was made by {}, and this is {}", other.tool, self.tool));
        }
        for (key, value) in &self.options {
            let before = other.options.get(key).unwrap_or(&Value::Null);
            if before != value {
                return Some(option_difference(key, before, value));
            }
        }
        if self.inputs != other.inputs {
            return Some(format!("there were {} inputs and now there are {}", Count(other.inputs), Count(self.inputs)));
        }
        if self.inputs_sha256 != other.inputs_sha256 {
            return Some("the list of inputs, their labels or the class names changed".to_owned());
        }
        if self.stamp != other.stamp {
            return Some("an array file changed in the meantime".to_owned());
        }
        None
    }
}

/// How the value of a recorded option changed, in the words of the command line.
fn option_difference(key: &str, before: &Value, now: &Value) -> String {
    if let (Value::Object(before), Value::Object(now)) = (before, now)
        && key == "transform"
        && let Some((key, now)) = now.iter().find(|(key, now)| before.get(*key) != Some(now))
    {
        let before = before.get(key).unwrap_or(&Value::Null);
        return option_difference(key, before, now);
    }
    let option = match key {
        "inputs" => return format!("the inputs were {} and are now {}", as_given(before), as_given(now)),
        // The option says the contrary.
        "shuffle" => {
            let (before, now) = (Value::from(before == false), Value::from(now == false));
            return format!("`--no-shuffle` was {} and is now {}", as_given(&before), as_given(&now));
        }
        "arrays" => "array".to_owned(),
        "short_side" => "resize".to_owned(),
        key => key.replace('_', "-"),
    };
    format!("`--{option}` was {} and is now {}", as_given(before), as_given(now))
}

/// The value of an option as a user would give it.
fn as_given(value: &Value) -> String {
    let joined =
        |parts: Vec<String>, with: &str| if parts.is_empty() { "not given".to_owned() } else { parts.join(with) };
    match value {
        Value::Null | Value::Bool(false) => "not given".to_owned(),
        Value::Bool(true) => "given".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        // Width and height; a split and its share; or a list.
        Value::Array(parts) => match parts.as_slice() {
            [Value::Number(width), Value::Number(height)] => format!("{width}x{height}"),
            [Value::String(name), share @ Value::Number(_)] => format!("{name}={share}"),
            parts => joined(parts.iter().map(as_given).collect(), ","),
        },
        Value::Object(map) => {
            joined(map.iter().map(|(name, value)| format!("{name}={}", as_given(value))).collect(), ",")
        }
    }
}
