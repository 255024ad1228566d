//! Record indexes (`.idx`, `.tfindex`) against the shards that they describe.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    finding::{Finding, FindingKind},
    looked::{Looked, Shards},
    report::Gathered,
    visit::Part,
};
use crate::{
    error::{ErrorKind, Place, Result},
    index::{IndexLine, IndexReader},
    ops::{dataset::DataSet, publish::INDEX_NAME},
    pipeline::ScannedShard,
    storage::{EntryKind, Storage},
    tfrecord::{Compression, Damage, DamageKind},
    units::Count,
};

/// Checks every index that stands beside the shards.
pub(super) fn findings(storage: &dyn Storage, set: &DataSet, shards: &Shards, gathered: &mut Gathered<'_>) {
    // One name of an index for several shards says nothing about any of them.
    let mut sharing: BTreeMap<PathBuf, u32> = BTreeMap::new();
    for shard in &shards.list {
        *sharing.entry(shard.path.with_extension("tfindex")).or_default() += 1;
    }
    let manifest = set.manifest.get().filter(|manifest| manifest.compression == Compression::None);
    let of_manifest = manifest.into_iter().flat_map(|manifest| &manifest.splits).flat_map(|split| &split.shards);
    let with_index: BTreeSet<&str> = of_manifest.map(|shard| shard.name.as_str()).collect();
    for (at, shard) in shards.list.iter().enumerate() {
        let Some(scanned) = shard.scanned.as_ref().filter(|it| it.compression == Compression::None) else { continue };
        let (own, mut found) = (candidates(set, shard), 0);
        let shared = shard.path.with_extension("tfindex");
        let tfindex = Some(&shared).filter(|path| sharing.get(*path) == Some(&1) && !own.contains(path));
        for path in own.iter().chain(tfindex) {
            if matches!(storage.stat(path), Ok(None | Some(EntryKind::Dir))) {
                continue;
            }
            found += u32::from(path.extension().is_some_and(|ending| ending == "idx"));
            let fault = compare(storage, path, scanned).unwrap_or_else(|error| {
                let path = Arc::from(path.as_path());
                gathered.add(Some(at), Finding::of_file(FindingKind::Unreadable, path, error.message()));
                None
            });
            if let Some(fault) = fault {
                let name = path.strip_prefix(&set.dir).unwrap_or(path);
                let message = format!("{} does not describe this shard: {fault}", crate::error::Printable(name));
                gathered.add(Some(at), Finding::of_file(FindingKind::IndexMismatch, Arc::clone(&shard.path), message));
            }
        }
        if found == 0 && with_index.contains(shard.name()) {
            let message = format!(
                "there is no {INDEX_NAME}/{}.idx, which every shard of this data set should have",
                shard.name()
            );
            gathered.add(Some(at), Finding::of_file(FindingKind::IndexMissing, Arc::clone(&shard.path), message));
        }
    }
}

/// Where the index of a shard may be.
fn candidates(set: &DataSet, shard: &Looked) -> Vec<PathBuf> {
    let Some(name) = shard.path.file_name() else { return Vec::new() };
    let with = |ending: &str| {
        let mut name = name.to_owned();
        name.push(ending);
        name
    };
    vec![set.dir.join(INDEX_NAME).join(with(".idx")), set.dir.join(with(".idx")), set.dir.join(with(".tfindex"))]
}

/// Why an index does not describe a shard.
fn compare(storage: &dyn Storage, path: &Path, scanned: &ScannedShard<Part>) -> Result<Option<String>> {
    let mut reader = IndexReader::open(storage, path)?;
    let mut expected = Described::new(scanned);
    let mut lines = 0;
    loop {
        let line = match reader.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) if matches!(error.kind(), ErrorKind::Io { .. }) => return Err(error),
            Err(error) => {
                let line = match error.place() {
                    Some(Place::Line(line)) => format!("line {}: ", Count(line)),
                    _ => String::new(),
                };
                return Ok(Some(format!("{line}{}", error.message())));
            }
        };
        lines += 1;
        if !expected.take(&line) {
            return Ok(in_any_order(storage, path, scanned)?.map(|()| {
                let IndexLine { offset, len, line } = line;
                format!("line {} is `{offset} {}`, and no record of that length starts there", Count(line), len.0)
            }));
        }
    }
    let left = expected.left();
    Ok((left > 0).then(|| {
        let all = Count(scanned.intact.len());
        format!("it lists {} records, and {all} are there", Count(lines))
    }))
}

/// The records of a shard in their order. A damaged stretch may be listed or not: it was a record when the index was made.
struct Described<'a> {
    intact: Box<dyn Iterator<Item = (u64, u64)> + 'a>,
    damaged: Box<dyn Iterator<Item = (u64, u64)> + 'a>,
    next: Option<(u64, u64)>,
    hurt: Option<(u64, u64)>,
}

impl<'a> Described<'a> {
    fn new(scanned: &'a ScannedShard<Part>) -> Self {
        let mut intact = scanned.intact.iter().map(|span| (span.offset.0, u64::from(span.len)));
        let was_record =
            |damage: &&Damage| matches!(damage.kind, DamageKind::LengthCrc { .. } | DamageKind::DataCrc { .. });
        let mut damaged = scanned.damage.iter().filter(was_record).map(|damage| (damage.offset.0, damage.bytes));
        let (next, hurt) = (intact.next(), damaged.next());
        Self { intact: Box::new(intact), damaged: Box::new(damaged), next, hurt }
    }

    /// Whether a line describes what comes next.
    fn take(&mut self, line: &IndexLine) -> bool {
        let line = (line.offset.0, line.len.0);
        while self.hurt.is_some_and(|hurt| hurt.0 < line.0) {
            self.hurt = self.damaged.next();
        }
        if self.next == Some(line) {
            self.next = self.intact.next();
            return true;
        }
        self.hurt == Some(line)
    }

    fn left(self) -> u64 {
        self.next.map_or(0, |_| 1 + self.intact.count() as u64)
    }
}

/// Whether an index that does not follow the order of the shard is wrong: one that lists every record once, in any order,
/// is a shuffle, as NVIDIA's reader allows.
fn in_any_order(storage: &dyn Storage, path: &Path, scanned: &ScannedShard<Part>) -> Result<Option<()>> {
    let wrong = Ok(Some(()));
    let records = scanned.intact.len();
    let offsets: Vec<(u64, u32)> = scanned.intact.iter().map(|span| (span.offset.0, span.len)).collect();
    let mut seen = vec![false; offsets.len()];
    let mut reader = IndexReader::open(storage, path)?;
    let mut lines = 0;
    loop {
        let Ok(line) = reader.next_line() else { return wrong };
        let Some(line) = line else { break };
        lines += 1;
        let at = offsets.binary_search_by_key(&line.offset.0, |record| record.0);
        let is_record = |at: &usize| offsets.get(*at).is_some_and(|record| u64::from(record.1) == line.len.0);
        match at.ok().filter(is_record).and_then(|at| seen.get_mut(at)) {
            Some(seen) if !*seen => *seen = true,
            _ => return wrong,
        }
    }
    Ok((lines != records).then_some(()))
}
