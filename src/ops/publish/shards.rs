//! How many shards a user wants and how large: checked, and turned into the policy of each split.

use std::{collections::BTreeMap, str::FromStr};

use crate::{
    error::{Error, Result},
    shard::{Cut, DEFAULT_MAX_SHARD, MAX_MAX_SHARD, MAX_SHARDS, ShardPolicy},
    tfrecord::Compression,
    units::{ByteSize, Count},
};

/// A fixed number of shards: for every split, or for each by name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum ShardCounts {
    /// Every split gets this many.
    Each(u32),
    /// The named splits get these, the others follow the cap.
    Named(BTreeMap<String, u32>),
}

impl ShardCounts {
    /// The number for a split, if it is fixed.
    #[must_use]
    pub fn of(&self, split: &str) -> Option<u32> {
        match self {
            Self::Each(count) => Some(*count),
            Self::Named(counts) => counts.get(split).copied(),
        }
    }
}

/// Parses `16` or `train=64,test=8`.
impl FromStr for ShardCounts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let count = |digits: &str| match digits.trim().parse::<u32>() {
            Ok(0) => Err("0 shards hold nothing: give at least 1".to_owned()),
            Ok(count) => Ok(count),
            Err(_) => Err(format!(
                "`{text}` is neither a number of shards, as in 16, nor one for each split, as in train=64,test=8"
            )),
        };
        if !text.contains('=') {
            return count(text).map(Self::Each);
        }
        let mut counts = BTreeMap::new();
        for part in text.split(',') {
            let (name, digits) = part.split_once('=').unwrap_or((part, ""));
            if counts.insert(name.trim().to_owned(), count(digits)?).is_some() {
                return Err(format!("`{text}` names split `{}` twice", name.trim()));
            }
        }
        Ok(Self::Named(counts))
    }
}

/// Refuses a cap that cannot be honoured.
pub(crate) fn check_cap(max_shard: Option<ByteSize>) -> Result<()> {
    if let Some(cap) = max_shard {
        if cap > MAX_MAX_SHARD {
            return Err(Error::options(format!(
                "--max-shard {} bytes is too large: every shard stays below 2 GiB, so at most {} bytes can be asked for",
                Count(cap.0),
                Count(MAX_MAX_SHARD.0)
            ))
            .with_hint("give a smaller cap; 100MB to 1GB suits most readers"));
        }
        if cap.0 == 0 {
            return Err(Error::options("--max-shard 0 leaves no room for any record")
                .with_hint("give a cap that holds the largest record, as in --max-shard 256MB"));
        }
    }
    Ok(())
}

/// Refuses a compression that shards are not written with.
pub(crate) fn check_written(compression: Compression) -> Result<()> {
    if compression == Compression::Zlib {
        return Err(Error::options("zlib is for reading only: readers stop after the first stream of a zlib file")
            .with_hint("write gzip in its place, or do not compress"));
    }
    Ok(())
}

/// The cap of a shard of a split. With a fixed number of shards and no cap given, only the limit of 2 GiB holds.
pub(crate) fn cap(max_shard: Option<ByteSize>, shards: Option<&ShardCounts>, split: &str) -> ByteSize {
    let fixed = shards.is_some_and(|shards| shards.of(split).is_some());
    max_shard.unwrap_or(if fixed { MAX_MAX_SHARD } else { DEFAULT_MAX_SHARD })
}

/// Where the shards of each split end. `splits` are their names and how many inputs each has.
///
/// # Errors
/// [`ErrorKind::Options`](crate::ErrorKind::Options) if `shards` asks for empty shards, or names a split that is none.
pub(crate) fn policies(
    splits: &[(&str, u64)],
    max_shard: Option<ByteSize>,
    shards: Option<&ShardCounts>,
) -> Result<Vec<ShardPolicy>> {
    let mut policies = Vec::new();
    for (name, inputs) in splits {
        let count = shards.and_then(|shards| shards.of(name));
        if let Some(count) = count.filter(|count| *count > MAX_SHARDS) {
            let (count, most) = (Count(count.into()), Count(MAX_SHARDS.into()));
            return Err(Error::options(format!("--shards asks for {count} shards, and at most {most} are possible"))
                .with_hint("ask for fewer: shards of 100 MB to 1 GB suit most readers"));
        }
        if let Some(count) = count
            && u64::from(count) > *inputs
        {
            return Err(Error::options(format!(
                "--shards asks for {count} shards of split `{name}`, which has only {} inputs: some would be empty",
                Count(*inputs)
            ))
            .with_hint("ask for fewer, or for a number for each split, as in --shards train=64,test=8"));
        }
        policies
            .push(ShardPolicy { max_bytes: cap(max_shard, shards, name), cut: count.map_or(Cut::Fill, Cut::Count) });
    }
    if let Some(ShardCounts::Named(counts)) = shards
        && let Some(unknown) = counts.keys().find(|name| splits.iter().all(|(split, _)| split != name))
    {
        let names: Vec<_> = splits.iter().map(|(name, _)| *name).collect();
        return Err(Error::options(format!("--shards names split `{unknown}`; the splits are {}", names.join(", "))));
    }
    Ok(policies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shard_counts() {
        assert_eq!("16".parse(), Ok(ShardCounts::Each(16)));
        let named = "train=64, test=8".parse::<ShardCounts>().unwrap();
        assert_eq!((named.of("train"), named.of("test"), named.of("x")), (Some(64), Some(8), None));
        for (bad, part) in [("0", "at least 1"), ("x", "neither"), ("a=1,a=2", "twice")] {
            let error = bad.parse::<ShardCounts>().unwrap_err();
            assert!(error.contains(part), "{bad:?}: {error}");
        }
    }

    #[test]
    fn zlib_is_not_written() {
        for (compression, fine) in [(Compression::None, true), (Compression::Gzip, true), (Compression::Zlib, false)] {
            assert_eq!(check_written(compression).is_ok(), fine, "{compression:?}");
        }
    }
}
