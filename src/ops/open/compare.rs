//! What should be there, against what is there.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    error::{At, Error, Printable, Result},
    index::MANIFEST_NAME,
    ops::dataset::DataSet,
    shard::ParsedName,
    units::Count,
};

/// What to do about a shard that is not as it should be.
const COPY: &str = "copy or download the shard again; shardify validate tells all that is wrong, and shardify repair saves the \
                    intact records";

/// What metadata say of the shards.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Bytes, by file name.
    bytes: BTreeMap<String, u64>,
    /// Records, by file name.
    records: BTreeMap<String, u64>,
    /// Where the number of records comes from.
    source: &'static str,
}

impl Expected {
    /// What the metadata of a data set say.
    ///
    /// # Errors
    /// A manifest that names a shard twice: its records would be missing where it is named first.
    pub(super) fn new(set: &DataSet) -> Result<Self> {
        let shards =
            set.manifest.get().into_iter().flat_map(|manifest| &manifest.splits).flat_map(|split| &split.shards);
        let mut bytes = BTreeMap::new();
        for shard in shards {
            if bytes.insert(shard.name.clone(), shard.bytes).is_some() {
                let message = format!("it names the shard `{}` twice", Printable(shard.name.as_ref()));
                return Err(Error::damaged(message).with_hint("shardify validate tells more"))
                    .at(set.dir.join(MANIFEST_NAME));
            }
        }
        Ok(Self {
            bytes,
            records: set.expected_records(),
            source: if set.manifest.get().is_some() { "the manifest" } else { "dataset_info.json" },
        })
    }

    /// Compares the bytes of a shard.
    pub(super) fn bytes(&self, path: &Path, found: u64) -> Result<()> {
        match name(path).and_then(|name| self.bytes.get(name)) {
            Some(bytes) if *bytes != found => {
                let what = if found < *bytes { "was cut off" } else { "has become longer" };
                let message =
                    format!("the shard {what}: it has {} bytes, and the manifest says {}", Count(found), Count(*bytes));
                Err(Error::damaged(message).with_hint(COPY)).at(path)
            }
            _ => Ok(()),
        }
    }

    /// Compares the number of its records.
    pub(super) fn records(&self, path: &Path, found: u64) -> Result<()> {
        match name(path).and_then(|name| self.records.get(name)) {
            Some(records) if *records != found => {
                let (found, source, records) = (Count(found), self.source, Count(*records));
                let message = format!("the shard has {found} records, and {source} says {records}");
                Err(Error::damaged(message).with_hint(COPY)).at(path)
            }
            _ => Ok(()),
        }
    }
}

fn name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// Refuses a data set some of whose shards are not there.
pub(super) fn missing(set: &DataSet, chosen: &[String]) -> Result<()> {
    let gone = set.missing_shards(|split| chosen.iter().any(|name| name == split));
    let is_described = set.manifest.get().is_some() || set.info.get().is_some();
    let is_wanted = |path: &Path| {
        let of = |path: &Path| Some(ParsedName::parse(path.file_name()?).set()?.0.to_owned());
        let mut shards = set.splits.iter().filter(|split| chosen.contains(&split.name)).flat_map(|split| &split.shards);
        is_described || shards.any(|shard| of(shard) == of(path))
    };
    let Some((path, count)) = gone.into_iter().find(|(path, _)| is_wanted(path)) else { return Ok(()) };
    let others = match count - 1 {
        0 => String::new(),
        1 => ", and so is 1 other".to_owned(),
        others => format!(", and so are {} others", Count(others)),
    };
    Err(Error::damaged(format!("the shard is missing{others}")).with_hint(
        "copy or download it again; if it was removed on purpose, shardify index --manifest --overwrite describes what is left",
    ))
    .at(path)
}

/// Refuses shards in the folder of a data set that its manifest does not name: what is in them is of no known split.
pub(super) fn extra(set: &DataSet, expected: &Expected, shards: &[PathBuf]) -> Result<()> {
    if !set.is_whole || set.manifest.get().is_none() {
        return Ok(());
    }
    let is_extra = |path: &&PathBuf| name(path).is_none_or(|name| !expected.bytes.contains_key(name));
    match shards.iter().find(is_extra) {
        None => Ok(()),
        Some(path) => Err(Error::damaged("the manifest does not list this shard").with_hint(
            "move it to a folder of its own, or describe the folder as it is now with shardify index --manifest --overwrite",
        ))
        .at(path),
    }
}
