//! `validate`: everything that is wrong with shards, whoever wrote them. Nothing is written.
//!
//! All shards of a data set are read once ([`Scan`]); what that shows ([`framing`], [`records`]) is then held together with
//! what stands beside them, in one small file a group of checks. Findings are data with a place and a remedy; none of them
//! stops the run.

mod class_names;
mod counts;
mod declared;
mod duplicates;
mod finding;
mod framing;
mod images;
mod indexes;
mod json;
mod keys;
mod looked;
mod names;
mod options;
mod records;
mod report;
mod runs;
mod visit;

use std::{
    mem,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Instant,
};

pub use finding::{Finding, FindingKind, Severity};
pub use options::ValidateOptions;
pub use report::{MAX_FINDINGS, ValidateReport};

use self::{
    duplicates::Again,
    looked::{Looked, Shards},
    records::Records,
    report::Gathered,
    visit::{Look, Part},
};
use crate::{
    error::{At, Error, ErrorKind, Result},
    index::MANIFEST_NAME,
    ops::{
        dataset::{DataSet, Found, Metadata, find_all},
        publish::threads,
    },
    pipeline::{Cancel, Progress, Scan},
    source::Spool,
    storage::{LocalStorage, Storage},
};

/// Looks at all shards that the paths hold. Damage is not an error: it is in the report.
///
/// Memory: 4 bytes a record for its place, and with [`ValidateOptions::duplicates`] 12 more.
///
/// # Errors
/// A path that does not exist, or without any shard; [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted);
/// [`ErrorKind::Io`](crate::ErrorKind::Io) if a folder cannot be listed or there is no room to unpack a damaged compressed shard.
pub fn validate(options: &ValidateOptions, cancel: &Cancel, progress: &dyn Progress) -> Result<ValidateReport> {
    let started = Instant::now();
    let storage = &LocalStorage;
    progress.step("looking for shards", None);
    let Found { sets, unlisted } = find_all(storage, &options.paths)?;
    let holds_some = |set: &DataSet| set.shards().next().is_some() || !matches!(set.manifest, Metadata::Absent);
    if let Some(set) = sets.first().filter(|_| !sets.iter().any(holds_some)) {
        return Err(Error::inputs("there is no shard, only what an interrupted run left")
            .with_hint("carry that run on with --resume, or remove what is left of it"))
        .at(&set.dir);
    }
    let spool = Spool::temporary().watch(|_| cancel.check());
    let run = Run { options, storage, spool: &spool, cancel, progress };
    let mut report = ValidateReport::default();
    let mut gathered = Gathered::new(&mut report);
    for error in unlisted {
        let path = error.path().map_or_else(|| Arc::from(Path::new("")), Arc::from);
        gathered.add(None, Finding::of_file(FindingKind::Unreadable, path, error.message()));
    }
    gathered.finish();
    progress.step("validating", None);
    for set in &sets {
        let mut gathered = Gathered::new(&mut report);
        run.set(set, &mut gathered)?;
        gathered.finish();
    }
    report.elapsed = started.elapsed();
    Ok(report)
}

/// What every data set is looked at with.
struct Run<'a> {
    options: &'a ValidateOptions,
    storage: &'a dyn Storage,
    spool: &'a Spool<'a>,
    cancel: &'a Cancel,
    progress: &'a dyn Progress,
}

impl Run<'_> {
    fn set(&self, set: &DataSet, gathered: &mut Gathered<'_>) -> Result<()> {
        let Run { options, storage, spool, cancel, .. } = *self;
        beside(set, gathered);
        let (declared, file) = declared::declared(set);
        let look = Look {
            declared: &declared,
            duplicates: options.duplicates,
            images: if options.deep { Some(images::transformer()?) } else { None },
            scratch: Mutex::default(),
        };
        let (shards, part) = self.look(set, &look, gathered)?;
        gathered.looked_at(
            shards.list.len() as u64,
            shards.records(),
            shards.list.iter().map(|shard| shard.bytes).sum(),
        );
        Records { shards: &shards, part: &part, declared: &declared, file }.findings(gathered);
        if options.duplicates {
            let again = Again { storage, threads: threads(options.threads), spool, cancel };
            duplicates::findings(&again, &shards, &part.crcs, gathered)?;
        }
        class_names::findings(storage, set, gathered);
        counts::findings(set, &shards, gathered);
        indexes::findings(storage, set, &shards, gathered);
        if set.is_whole {
            names::findings(storage, set, &shards, gathered)?;
        }
        Ok(())
    }

    /// Reads every record. Returns the shards, and what is known of all records together.
    fn look(&self, set: &DataSet, look: &Look<'_>, gathered: &mut Gathered<'_>) -> Result<(Shards, Part)> {
        let Run { options, storage, spool, cancel, progress } = *self;
        let paths: Vec<PathBuf> = set.shards().cloned().collect();
        let manifest = set.manifest.get();
        let scan = Scan {
            shards: &paths,
            storage,
            threads: threads(options.threads),
            file_crc: manifest.is_some(),
            spool,
            cancel,
            progress,
        };
        let (mut shards, mut all) = (Shards::default(), Part::default());
        scan.run(look, |at, outcome| {
            let path: Arc<Path> = Arc::from(paths.get(at).map_or(Path::new(""), PathBuf::as_path));
            let announced = manifest.map(|manifest| manifest.compression);
            let first = shards.records();
            let mut looked = Looked { path: Arc::clone(&path), bytes: 0, scanned: None, first };
            let judged = outcome.and_then(|scanned| {
                looked.bytes = scanned.bytes;
                Ok((framing::not_tfrecord(storage, &path, &scanned)?, scanned))
            });
            match judged {
                Ok((Some(other), _)) => gathered.add(Some(at), other),
                Ok((None, mut scanned)) => {
                    framing::findings(&path, &scanned, announced, |finding| gathered.add(Some(at), finding));
                    all.join(mem::take(&mut scanned.part), first);
                    looked.scanned = Some(scanned);
                }
                Err(error) => gathered.add(Some(at), unreadable(path, error)?),
            }
            shards.list.push(looked);
            Ok(())
        })?;
        Ok((shards, all))
    }
}

/// A shard that cannot be read is a finding; that there is no room for scratch files is not.
fn unreadable(path: Arc<Path>, error: Error) -> Result<Finding> {
    let is_of_shard = error.path().is_none_or(|place| place == &*path);
    match error.kind() {
        ErrorKind::Io { .. } if is_of_shard => Ok(Finding::of_file(FindingKind::Unreadable, path, error.message())),
        _ => Err(error),
    }
}

/// What stands beside the shards: metadata that cannot be read, and what an interrupted run left.
fn beside(set: &DataSet, gathered: &mut Gathered<'_>) {
    let all = [
        (MANIFEST_NAME, set.manifest.broken()),
        ("dataset_info.json", set.info.broken()),
        ("features.json", set.features.broken()),
    ];
    for (name, error) in all {
        if let Some(error) = error {
            // It may be of a file that belongs to it.
            let path = error.path().map_or_else(|| set.dir.join(name), Path::to_path_buf);
            gathered.add(None, Finding::of_file(FindingKind::Metadata, path.into(), error.message()));
        }
    }
    for path in &set.leftovers {
        let message = "this is left of a run that was interrupted, or goes on";
        gathered.add(None, Finding::of_file(FindingKind::Leftover, path.as_path().into(), message));
    }
}
