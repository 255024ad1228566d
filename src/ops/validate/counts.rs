//! Records, sizes and checksums of shards against what metadata say.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    finding::{Finding, FindingKind},
    looked::Shards,
    names::tfds_shards,
    report::Gathered,
};
use crate::{
    index::{MANIFEST_NAME, ManifestShard},
    ops::dataset::DataSet,
    units::Count,
};

/// Compares every shard with what the manifest and TFDS's metadata say of it.
pub(super) fn findings(set: &DataSet, shards: &Shards, gathered: &mut Gathered<'_>) {
    let of_manifest = set.manifest.get().into_iter().flat_map(|manifest| &manifest.splits);
    let listed: BTreeMap<&str, &ManifestShard> =
        of_manifest.flat_map(|split| &split.shards).map(|shard| (shard.name.as_str(), shard)).collect();
    compression(set, shards, &listed, gathered);
    let tfds: BTreeMap<String, u64> = tfds_shards(set.info.get()).collect();
    for (at, shard) in shards.list.iter().enumerate() {
        let Some(scanned) = &shard.scanned else { continue };
        let mut add = |kind, message| gathered.add(Some(at), Finding::of_file(kind, Arc::clone(&shard.path), message));
        let listed = listed.get(shard.name());
        if let Some(listed) = listed {
            if listed.bytes != scanned.bytes {
                let (found, said) = (Count(scanned.bytes), Count(listed.bytes));
                add(
                    FindingKind::FileSize,
                    format!("the file has {found} bytes, expected {said} as {MANIFEST_NAME} says"),
                );
            } else if let Some(found) = scanned.crc32.map(|crc| format!("{crc:08x}"))
                && !found.eq_ignore_ascii_case(&listed.crc32)
            {
                let said = &listed.crc32;
                add(
                    FindingKind::FileCrc,
                    format!("the CRC-32 of the file is {found}, expected {said} as {MANIFEST_NAME} says"),
                );
            }
        }
        // A damaged stretch may have been a record, or none.
        let intact = scanned.intact.len();
        let most = intact + scanned.damage.len() as u64;
        let is_wrong = |said: &u64| !(intact..=most).contains(said);
        let by_manifest = listed.map(|listed| listed.records).filter(is_wrong);
        let by_tfds = tfds.get(shard.name()).copied().filter(is_wrong);
        let found = match most - intact {
            0 => format!("the shard has {} records", Count(intact)),
            damaged => format!("the shard has {} intact records and {} damaged places", Count(intact), Count(damaged)),
        };
        let mut wrong = |said: u64, file: &str, verb: &str| {
            add(FindingKind::RecordCount, format!("{found}, expected {} as {file} {verb}", Count(said)));
        };
        match (by_manifest, by_tfds) {
            (Some(said), Some(same)) if said == same => {
                wrong(said, &format!("{MANIFEST_NAME} and dataset_info.json"), "say");
            }
            (by_manifest, by_tfds) => {
                by_manifest.into_iter().for_each(|said| wrong(said, MANIFEST_NAME, "says"));
                by_tfds.into_iter().for_each(|said| wrong(said, "dataset_info.json (shardLengths)", "says"));
            }
        }
    }
}

/// One finding for all shards that are compressed otherwise than the manifest says: readers go by what it says.
fn compression(set: &DataSet, shards: &Shards, listed: &BTreeMap<&str, &ManifestShard>, gathered: &mut Gathered<'_>) {
    let Some(said) = set.manifest.get().map(|manifest| manifest.compression) else { return };
    let scanned = shards.list.iter().filter(|shard| listed.contains_key(shard.name()));
    let other = scanned.filter_map(|shard| {
        let found = shard.scanned.as_ref().filter(|scanned| scanned.bytes > 0)?.compression;
        (found != said).then_some((shard.name(), found))
    });
    let mut other = other.peekable();
    if let Some(&(first, found)) = other.peek() {
        let message = format!(
            "its compression is `{}`, and that of {} listed shards is another: `{}` in {first}",
            said.name(),
            Count(other.count() as u64),
            found.name()
        );
        gathered.add(None, Finding::of_file(FindingKind::Metadata, set.dir.join(MANIFEST_NAME).into(), message));
    }
}
