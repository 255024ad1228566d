//! From what was found to a plan: which splits there are, which record stands where, and how that is recognised again.

use std::path::PathBuf;

use super::{ReshardOptions, gather::Gathered, inputs::Inputs, merge::Labels};
use crate::{
    error::{At, Error, Result},
    ops::publish::{Digest, Fingerprint, TOOL, policies},
    pipeline::{NO_CLASS, ShardInput, ShardRecords},
    shard::{Cut, Order, Permutation, ShardFill, ShardPolicy, SplitOrder, assign_ratios, assign_stratified},
    storage::Storage,
    units::Count,
};

/// One split as it will be written.
#[derive(Debug)]
pub(super) struct SplitPlan {
    /// Its name.
    pub(super) name: String,
    /// Which item stands at which position.
    pub(super) order: Order,
    /// Where its shards end.
    pub(super) policy: ShardPolicy,
}

/// Divides the records into splits and puts each in order. Splits that nothing is left of are named in `warnings`.
///
/// # Errors
/// No record is left; a split by ratio would be empty; `--stratify` without labels; more shards than records.
pub(super) fn splits(
    options: &ReshardOptions,
    inputs: &Inputs,
    gathered: &Gathered,
    labels: &Labels,
    warnings: &mut Vec<String>,
) -> Result<Vec<SplitPlan>> {
    let left = gathered.kept.as_ref().map_or(gathered.items, |kept| kept.len() as u64);
    if left == 0 {
        let error = Error::inputs(match gathered.items {
            0 => "there is no record in any of the shards".to_owned(),
            items => format!("none of the {} records is to be kept", Count(items)),
        });
        return Err(error.with_hint("check the inputs and the options that say which records are kept"));
    }
    let orders = match &options.split {
        Some(_) => by_ratio(options, gathered, labels, left)?,
        None => of_inputs(options, inputs, gathered, warnings),
    };
    let lens: Vec<(&str, u64)> = orders.iter().map(|split| (split.name.as_str(), split.order.len())).collect();
    let policies = policies(&lens, options.max_shard, options.shards.as_ref())?;
    let plan = |(SplitOrder { name, order }, policy)| SplitPlan { name, order, policy };
    Ok(orders.into_iter().zip(policies).map(plan).collect())
}

/// All records together, divided anew.
fn by_ratio(options: &ReshardOptions, gathered: &Gathered, labels: &Labels, left: u64) -> Result<Vec<SplitOrder>> {
    let Some(ratios) = &options.split else { return Ok(Vec::new()) };
    let mut splits = if options.stratify {
        let class = |class: &u32| Some(*class).filter(|class| *class != NO_CLASS);
        let classes: Vec<Option<u32>> = match &gathered.kept {
            None => gathered.classes.iter().map(class).collect(),
            Some(kept) => kept.iter().map(|item| gathered.classes.get(*item as usize).and_then(class)).collect(),
        };
        if classes.iter().all(Option::is_none) {
            return Err(Error::options(format!(
                "--stratify goes by labels, and no record has one under `{}`",
                labels.key
            ))
            .with_hint("name the key of the label with --label, or leave out --stratify"));
        }
        assign_stratified(&classes, ratios, options.seed, options.shuffle)?
    } else {
        assign_ratios(left, ratios, options.seed, options.shuffle)?
    };
    if let Some(kept) = &gathered.kept {
        // Positions among the kept records become those among all.
        for split in &mut splits {
            let positions = (0..split.order.len()).map(|position| split.order.item(position));
            let items = positions.filter_map(|at| kept.get(usize::try_from(at).ok()?).copied()).collect();
            split.order = Order::List(items);
        }
    }
    Ok(splits)
}

/// The splits that the inputs have.
fn of_inputs(
    options: &ReshardOptions,
    inputs: &Inputs,
    gathered: &Gathered,
    warnings: &mut Vec<String>,
) -> Vec<SplitOrder> {
    let mut splits = Vec::new();
    for (number, name) in inputs.splits.iter().enumerate() {
        let border = |split: usize| {
            let shard = inputs.split_of.partition_point(|of| *of < split);
            gathered.firsts.get(shard).copied().unwrap_or(gathered.items)
        };
        let (start, end) = (border(number), border(number + 1));
        let permutation = |len: u64| Permutation::new(len, options.seed, name);
        let order = match &gathered.kept {
            None if options.shuffle => Order::ShuffledRun(start, permutation(end - start)),
            None => Order::Run(start..end),
            Some(kept) => {
                let at = |item: u64| kept.partition_point(|kept| u64::from(*kept) < item);
                let items = kept.get(at(start)..at(end)).unwrap_or_default().to_vec();
                match options.shuffle {
                    true => Order::ShuffledList(items.clone(), permutation(items.len() as u64)),
                    false => Order::List(items),
                }
            }
        };
        if order.is_empty() {
            warnings.push(format!("no record of split `{name}` is left: it is not written"));
        } else {
            splits.push(SplitOrder { name: name.clone(), order });
        }
    }
    splits
}

/// What the shards of a split will be, before compression.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Shards.
    pub(super) shards: u64,
    /// Bytes in all of them.
    pub(super) bytes: u64,
}

/// Goes through the records of a split as the writer will.
///
/// # Errors
/// A record that is larger than the cap, or too many bytes for a fixed number of shards.
pub(super) fn foresee(
    split: &SplitPlan,
    records: &ShardRecords<'_>,
    inputs: &[ShardInput],
    skips: bool,
) -> Result<Outcome> {
    let (mut outcome, mut fill, mut part) = (Outcome::default(), ShardFill { bytes: 0, records: 0 }, 0);
    let all = split.order.len();
    for position in 0..all {
        let Some(found) = records.locate(position) else { continue };
        let len = u64::from(found.span.len);
        if len > split.policy.max_bytes.0 {
            if skips {
                continue;
            }
            let path = inputs.get(found.shard).map(|input| input.path.clone()).unwrap_or_default();
            return Err(Error::inputs(format!(
                "record {} takes {} bytes with framing, more than the shard cap of {} bytes",
                found.number,
                Count(len),
                Count(split.policy.max_bytes.0)
            ))
            .at_place(found.span.offset.into())
            .with_hint("raise --max-shard (below 2 GiB), or leave such records out with --on-error skip"))
            .at(path);
        }
        let is_full = split.policy.is_full(fill, len);
        if is_full || outcome.shards == 0 || split.policy.part(position, all) != part {
            if is_full && matches!(split.policy.cut, Cut::Count(_)) && split.policy.part(position, all) == part {
                return Err(Error::options(format!(
                    "--shards is too small: shard {part} of split `{}` would be larger than the cap of {} bytes",
                    split.name,
                    Count(split.policy.max_bytes.0)
                ))
                .with_hint("ask for more shards, or give --max-shard alone and let the number follow from it"));
            }
            outcome.shards += 1;
            part = split.policy.part(position, all);
            fill = ShardFill { bytes: 0, records: 0 };
        }
        fill = ShardFill { bytes: fill.bytes + len, records: fill.records + 1 };
        outcome.bytes += len;
    }
    Ok(outcome)
}

/// What a resharding is recognised by: the bytes of the shards, not their times.
pub(super) fn fingerprint(
    options: &ReshardOptions,
    name: &str,
    inputs: &Inputs,
    gathered: &Gathered,
    labels: &Labels,
) -> Fingerprint {
    let (mut digest, mut stamp) = (Digest::default(), Vec::new());
    for class in &labels.names {
        digest.put(class.as_bytes());
    }
    for ((path, split), shard) in inputs.shards.iter().zip(&inputs.split_of).zip(&gathered.shards) {
        let name = path.file_name().unwrap_or_default();
        digest.put(inputs.splits.get(*split).map_or(&[], String::as_bytes));
        digest.put(name.as_encoded_bytes());
        digest.put(&shard.bytes.to_le_bytes());
        digest.put(&shard.crc32.to_le_bytes());
        stamp.push(format!("{} {} {:08x}", path.display(), shard.bytes, shard.crc32));
    }
    Fingerprint {
        tool: TOOL.to_owned(),
        options: options.recorded(name),
        inputs: gathered.items,
        inputs_sha256: digest.finish(),
        stamp,
        newest: 0,
        batch_len: 0,
    }
}

/// The name of the data set that is written.
pub(super) fn name(options: &ReshardOptions, inputs: &Inputs, storage: &dyn Storage) -> String {
    let given = options.name.clone();
    given.or_else(|| inputs.sets.first().map(|set| set.name(storage))).unwrap_or_default()
}

/// The shards as [`ShardRecords`] reads them; `files` are where their uncompressed bytes are.
pub(super) fn shard_inputs(inputs: &Inputs, gathered: &mut Gathered, files: Vec<PathBuf>) -> Vec<ShardInput> {
    let shards = inputs.shards.iter().zip(&mut gathered.shards).zip(files);
    let input = |((path, shard), file): ((&PathBuf, &mut super::gather::FoundShard), PathBuf)| ShardInput {
        path: path.clone(),
        file,
        records: std::mem::take(&mut shard.intact),
        damaged: shard.damage.iter().map(|damage| damage.record).collect(),
    };
    shards.map(input).collect()
}
