//! Which shards are missing, and which do not belong: of a set `-of-N`, of the manifest, of TFDS's metadata.

use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::ffi::OsStrExt,
    path::Path,
    sync::Arc,
};

use super::{
    finding::{Finding, FindingKind},
    looked::Shards,
    report::Gathered,
};
use crate::{
    error::Result,
    index::{MANIFEST_NAME, TfdsInfo},
    ops::dataset::DataSet,
    shard::ParsedName,
    storage::{NameKind, Storage},
    units::Count,
};

/// What all names of one set have in common but their number: `(what stands before it, after it)`.
type Stem<'a> = (&'a str, &'a str);

/// What is known of a set of shards whose names tell a count.
#[derive(Default)]
struct Numbered {
    /// The positions of its files in the data set, by number.
    members: BTreeMap<u32, usize>,
}

/// The shards that `dataset_info.json` names, if they are TFRecords.
pub(super) fn tfds_shards(info: Option<&TfdsInfo>) -> impl Iterator<Item = (String, u64)> {
    let info = info.filter(|info| info.file_format == "tfrecord");
    info.into_iter().flat_map(|info| {
        let lengths = |split| info.file_names(split);
        info.splits.iter().flat_map(move |split| lengths(split).into_iter().zip(split.shard_lengths.iter().copied()))
    })
}

/// Compares the names in a folder with what they should be. Only for a folder that was named as a whole.
pub(super) fn findings(
    storage: &dyn Storage,
    set: &DataSet,
    shards: &Shards,
    gathered: &mut Gathered<'_>,
) -> Result<()> {
    let here: BTreeSet<&str> = shards.list.iter().map(|shard| shard.name()).collect();
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    known.extend(tfds_shards(set.info.get()).map(|(name, _)| (name, "dataset_info.json")));
    let of_manifest =
        set.manifest.get().into_iter().flat_map(|manifest| &manifest.splits).flat_map(|split| &split.shards);
    known.extend(of_manifest.map(|shard| (shard.name.clone(), MANIFEST_NAME)));

    for (name, file) in known.iter().filter(|(name, _)| !here.contains(name.as_str())) {
        let message = format!("the shard is missing, and {file} names it");
        gathered.add(None, missing(&set.dir, name, message));
    }
    if !known.is_empty() {
        let files: BTreeSet<&str> = known.values().copied().collect();
        let files = files.into_iter().collect::<Vec<_>>().join(" and ");
        for (at, shard) in shards.list.iter().enumerate().filter(|(_, shard)| !known.contains_key(shard.name())) {
            let message = format!("the shard stands in the folder, and {files} does not name it");
            gathered.add(Some(at), Finding::of_file(FindingKind::ExtraShard, Arc::clone(&shard.path), message));
        }
    }
    let unknown: Vec<bool> = shards.list.iter().map(|shard| !known.contains_key(shard.name())).collect();
    numbered(set, shards, &unknown, !known.is_empty(), gathered);
    beyond_the_count(storage, set, shards, gathered)
}

fn missing(dir: &Path, name: &str, message: String) -> Finding {
    Finding::of_file(FindingKind::MissingShard, Arc::from(dir.join(name)), message)
}

/// Sets whose names tell a count: what is missing of them, and sets of another count beside them.
fn numbered(set: &DataSet, shards: &Shards, unknown: &[bool], has_list: bool, gathered: &mut Gathered<'_>) {
    let mut sets: BTreeMap<Stem<'_>, BTreeMap<u32, Numbered>> = BTreeMap::new();
    for (at, shard) in shards.list.iter().enumerate().filter(|(at, _)| unknown.get(*at) == Some(&true)) {
        let parsed = ParsedName::parse(shard.path.file_name().unwrap_or_default());
        if let (Some((head, of, ending)), Some(index)) = (parsed.set(), parsed.index) {
            let counts = sets.entry((head, ending)).or_default();
            counts.entry(of).or_default().members.insert(index, at);
        }
    }
    // A list of shards says what is missing and what is too many; that was reported.
    if has_list {
        return;
    }
    for counts in sets.values() {
        // The set that is meant is the one that is whole, or most nearly so.
        let nearest = |(of, set): &(&u32, &Numbered)| {
            let missing = u64::from(**of) - set.members.len() as u64;
            (missing == 0, set.members.len(), **of)
        };
        let Some((of, meant)) = counts.iter().max_by_key(nearest) else { continue };
        for (other, extra) in counts.iter().filter(|(other, _)| *other != of) {
            for at in extra.members.values() {
                let Some(shard) = shards.list.get(*at) else { continue };
                let message = format!("the shard is of a set of {other}, beside one of {of} with the same name");
                gathered.add(Some(*at), Finding::of_file(FindingKind::ExtraShard, Arc::clone(&shard.path), message));
            }
        }
        let member = meant.members.values().next().and_then(|at| shards.list.get(*at));
        let Some(name) = member.and_then(|shard| shard.path.file_name()) else { continue };
        let parsed = ParsedName::parse(name);
        let mut left = u64::from(*of) - meant.members.len() as u64;
        let absent = (0..*of).filter(|index| !meant.members.contains_key(index));
        let room = usize::try_from(gathered.room(FindingKind::MissingShard)).unwrap_or(usize::MAX);
        for name in absent.take(room).filter_map(|index| parsed.sibling(index)) {
            let has = Count(meant.members.len() as u64);
            let message = format!("the shard is missing: its set has {has} of {} shards", Count(u64::from(*of)));
            gathered.add(None, missing(&set.dir, &name, message));
            left -= 1;
        }
        gathered.count(FindingKind::MissingShard, FindingKind::MissingShard.severity(), left);
    }
}

/// Files that are named like a shard of a set, with a number that it cannot have: patterns find them all the same.
fn beyond_the_count(storage: &dyn Storage, set: &DataSet, shards: &Shards, gathered: &mut Gathered<'_>) -> Result<()> {
    let mut stems = BTreeSet::new();
    for shard in &shards.list {
        let parsed = ParsedName::parse(shard.path.file_name().unwrap_or_default());
        let (Some((head, of, ending)), Some(name)) = (parsed.set(), parsed.sibling(0)) else { continue };
        let Some(after) = name.strip_prefix(head).map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()))
        else {
            continue;
        };
        stems.insert((head, after.to_owned(), of, ending));
    }
    if stems.is_empty() {
        return Ok(());
    }
    for (name, kind) in storage.list(&set.dir)?.iter() {
        let Some(text) = str::from_utf8(name).ok().filter(|_| kind != NameKind::Dir) else { continue };
        for (head, after, of, _) in &stems {
            let number = text.strip_prefix(head).and_then(|rest| rest.strip_suffix(after.as_str()));
            let is_number = |digits: &&str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            let Some(number) = number.filter(is_number).and_then(|digits| digits.parse::<u64>().ok()) else { continue };
            if number >= u64::from(*of) {
                let path = Arc::from(set.dir.join(std::ffi::OsStr::from_bytes(name)));
                let message = format!("the number is beyond the count of its set, whose last shard is {}", of - 1);
                gathered.add(None, Finding::of_file(FindingKind::ExtraShard, path, message));
            }
        }
    }
    Ok(())
}
