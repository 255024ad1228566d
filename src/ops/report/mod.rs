//! `report`: what is in a data set, as one page to look at.
//!
//! [`validate`] looks for what is wrong; one more look at every record ([`look`]) gathers labels, numbers and pictures; then a few
//! records are read again, for small copies and names ([`again`]). What comes of it is plain data ([`data`]), which [`page`] shows.

mod again;
mod arrays;
mod classes;
mod content;
pub mod data;
mod features;
mod health;
mod look;
mod numbers;
mod origin;
mod page;
mod pictures;
mod repeats;
mod spot;
mod text;
mod write;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub use self::page::Verdict;
use self::{
    again::{KnownShard, Shards},
    arrays::ArrayKey,
    content::PictureKey,
    data::{DataReport, Listed, ReaderCode, Repeats, ShardFill, SplitFacts},
    look::{Labels, Look, Part},
    spot::Again,
};
use super::{
    dataset::{DataSet, find},
    describe::Description,
    inspect::{self, InspectedSet},
    other_kind::{OtherKind, other_kind},
    publish::threads,
    snippet,
    validate::{ValidateOptions, validate},
};
use crate::{
    error::{At, Error, Printable, Result},
    pipeline::{Cancel, FieldStats, Fields, Progress, Scan, ScannedShard, Visit},
    source::Spool,
    storage::{LocalStorage, Storage},
    tfrecord::{Compression, Spans},
};

/// Pictures that are decoded at most, unless another number is asked for.
pub const DEFAULT_IMAGES: u64 = 100_000;

/// Shards whose fill is told, of each split.
const MAX_FILL: usize = 64;

/// What to report.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReportOptions {
    /// The data set: a folder of shards, a shard, or a pattern.
    pub path: PathBuf,
    /// About how many pictures are decoded at most, chosen at random; headers and bytes of all are looked at.
    pub images: u64,
    /// Worker threads; one for each core if not given. The report does not depend on it.
    pub threads: Option<usize>,
}

impl ReportOptions {
    /// A report of a data set.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path, images: DEFAULT_IMAGES, threads: None }
    }
}

/// Looks at everything in a data set. Damage is not an error: it is in the report.
///
/// Memory: 4 bytes a record, 24 more for one with a picture or a row of numbers, and 320 for each picture that is decoded.
///
/// # Errors
/// A path without shards, or with several data sets; [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted);
/// [`ErrorKind::Io`](crate::ErrorKind::Io).
pub fn report(options: &ReportOptions, cancel: &Cancel, progress: &dyn Progress) -> Result<DataReport> {
    let storage = &LocalStorage;
    let sets = find(storage, std::slice::from_ref(&options.path))?;
    let [set] = &*sets else {
        let dirs: Vec<String> = sets.iter().map(|set| Printable(&set.dir).to_string()).collect();
        return Err(Error::options(format!("{} holds {} data sets", Printable(&options.path), sets.len()))
            .with_hint(format!("a report is of one of them: {}", dirs.join(", "))));
    };
    let mut checks = ValidateOptions::new(vec![options.path.clone()]);
    checks.threads = options.threads;
    let checked = validate(&checks, cancel, progress)?;
    let spool = Spool::temporary().watch(|_| cancel.check());
    let run = Run { options, storage, set, spool: &spool, cancel, progress };
    let mut report = run.look(checked.records)?;
    report.health = health::health(&checked);
    report.path = options.path.to_string_lossy().into_owned();
    report.tool = concat!("shardify ", env!("CARGO_PKG_VERSION")).to_owned();
    Ok(report)
}

/// The page that shows a report, as one HTML file that loads nothing.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io) if the page cannot be put together.
pub fn report_page(report: &DataReport) -> Result<String> {
    page::page(report)
}

/// Whether a page may be written to a file: there is none, or it is an older report, or `overwrite` is set; and the folder lets it.
///
/// # Errors
/// [`ErrorKind::Output`](crate::ErrorKind::Output) with what is in the way; [`ErrorKind::Io`](crate::ErrorKind::Io).
pub fn check_report_file(out: &Path, overwrite: bool) -> Result<()> {
    write::check(out, overwrite)
}

/// Writes a page to a file, which has its name only when it is complete and synced.
///
/// # Errors
/// Those of [`check_report_file`]; [`ErrorKind::Io`](crate::ErrorKind::Io).
pub fn write_report(out: &Path, page: &str, overwrite: bool) -> Result<()> {
    write::write(out, page, overwrite)
}

impl DataReport {
    /// Everything but the bytes of pictures, what is wrong, counted, and where the page is and of how many bytes; as `--json`
    /// prints it.
    #[must_use]
    pub fn to_json(&self, page: &Path, bytes: u64) -> Value {
        let mut json = serde_json::to_value(self).unwrap_or_default();
        if let (Some(object), Ok(verdict)) = (json.as_object_mut(), serde_json::to_value(self.verdict())) {
            object.insert("verdict".to_owned(), verdict);
            object.insert("page".to_owned(), json!({ "path": page.to_string_lossy(), "bytes": bytes }));
        }
        json
    }

    /// What is wrong, counted: of errors and of warnings.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict::of(self)
    }
}

/// What a report is made with.
struct Run<'a> {
    options: &'a ReportOptions,
    storage: &'a dyn Storage,
    set: &'a DataSet,
    spool: &'a Spool<'a>,
    cancel: &'a Cancel,
    progress: &'a dyn Progress,
}

impl Run<'_> {
    /// What the records mean: what metadata say, or what the records show, for which they are read once more.
    fn description(&self, paths: &[PathBuf]) -> Result<Description> {
        if let Some(description) = Description::of_metadata(self.set) {
            return Ok(description);
        }
        self.progress.step("learning what the records hold", None);
        let mut stats = FieldStats::default();
        self.scan(paths).run(&Fields { values: false }, |_, scanned| {
            if let Ok(scanned) = scanned {
                let before = stats.records() + stats.malformed;
                stats.join(scanned.part, before);
            }
            Ok(())
        })?;
        // Names that cannot be read are told by `validate`.
        let inferred = Description::infer_in(self.storage, self.set, &stats);
        Ok(inferred.unwrap_or_else(|_| Description::infer(&stats, &self.set.labels)))
    }

    fn scan<'s>(&'s self, paths: &'s [PathBuf]) -> Scan<'s> {
        let Self { storage, spool, cancel, progress, .. } = *self;
        Scan {
            shards: paths,
            storage,
            threads: threads(self.options.threads),
            file_crc: false,
            spool,
            cancel,
            progress,
        }
    }

    /// What to look for in the records.
    fn questions(&self, description: &Description, records: u64) -> Look {
        let picture = PictureKey::of(description);
        let is_number =
            |field: &&crate::example::Field| !field.auxiliary && Some(&field.key) != description.label_key.as_ref();
        let arrays: Vec<ArrayKey> =
            description.schema.fields.iter().filter(is_number).filter_map(ArrayKey::of).collect();
        let value = if picture.is_some() { None } else { self.value(description, &arrays) };
        let splits = (0..).zip(&self.set.splits);
        let name_hash = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            repeats::key(name.as_bytes())
        };
        let shards =
            splits.flat_map(|(at, split)| split.shards.iter().map(move |path| (at, name_hash(path)))).collect();
        let share = self.options.images as f64 / records.max(1) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of the numbers, saturating"
        )]
        let decode_up_to = if share >= 1.0 { u64::MAX } else { (share * u64::MAX as f64) as u64 };
        Look { label: description.label_key.clone(), picture, arrays, value, shards, decode_up_to, ..Look::default() }
    }

    /// The feature by which equal records are told: what a model is given, or the first array.
    fn value(&self, description: &Description, arrays: &[ArrayKey]) -> Option<String> {
        let input = description.supervised_keys.as_ref().map(|(input, _)| input);
        let is_input = |array: &&ArrayKey| Some(&array.key) == input;
        arrays.iter().find(is_input).or_else(|| arrays.first()).map(|array| array.key.clone())
    }

    fn look(&self, records: u64) -> Result<DataReport> {
        let Self { storage, set, spool, cancel, .. } = *self;
        let paths: Vec<PathBuf> = set.shards().cloned().collect();
        let description = self.description(&paths)?;
        let look = self.questions(&description, records);
        let mut gathered = Gathered::new(set);
        self.progress.step("looking at records", Some(records));
        self.scan(&paths).run(&look, |at, scanned| {
            let Some(path) = paths.get(at) else { return Ok(()) };
            let split = look.shards.get(at).map_or(0, |(split, _)| *split);
            let judged = scanned.and_then(|scanned| Ok((other_kind(storage, path, &scanned)?, scanned))).at(path);
            gathered.add(&look, split, path, judged);
            Ok(())
        })?;
        let Gathered { inspected, part, labels, fill, known } = gathered;
        let inspected = inspected.finish(storage, set)?;
        self.progress.step("choosing pictures", None);
        let name = |label: i64| classes::name_of(&description, label);
        let names: Vec<String> = set.splits.iter().map(|split| split.name.clone()).collect();
        let again = Shards {
            shards: &known,
            splits: &names,
            storage,
            threads: threads(self.options.threads),
            spool,
            cancel,
            picture: look.picture.as_ref(),
            label: look.label.as_deref(),
            name: &name,
        };
        let mut report = DataReport {
            name: inspected.name.clone(),
            records: inspected.splits.iter().map(|split| split.records).sum(),
            shards: paths.len() as u64,
            bytes: inspected.splits.iter().map(|split| split.bytes.0).sum(),
            splits: splits(&inspected, fill),
            cap: set.manifest.get().and_then(|manifest| manifest.options.get("max_shard")?.as_u64()),
            compression: inspected.compression.iter().map(|(kind, count)| (kind.name().to_owned(), *count)).collect(),
            origin: set.manifest.get().map(origin::origin),
            schema_source: inspected.source.name(),
            features: features::features(&inspected),
            classes: classes::classes(&description, &labels),
            arrays: look.arrays.iter().zip(&part.arrays).map(|(key, seen)| key.facts(seen)).collect(),
            label_problems: {
                let named: Vec<_> = set.splits.iter().map(|split| split.name.as_str()).zip(&labels).collect();
                classes::problems(&description, &named)
            },
            snippets: snippet::every(storage, set, &description).into_iter().map(reader_code).collect(),
            ..DataReport::default()
        };
        match &look.picture {
            Some(picture) => {
                let found = pictures::finish(part.pictures, &picture.key, name, &again, cancel)?;
                report.images = Some(found.images).filter(|images| images.total > 0);
                (report.exact, report.near) = (found.exact, found.near);
            }
            None if look.value.is_some() => report.exact = exact(part.values, &again)?,
            None => {}
        }
        Ok(report)
    }
}

/// Records with equal values.
fn exact(values: repeats::Keyed, again: &dyn Again) -> Result<Repeats> {
    let mut groups = values.groups();
    repeats::sort(&mut groups, again);
    repeats::tell(&groups, again)
}

/// What is gathered of all shards.
struct Gathered {
    inspected: inspect::Look,
    part: Part,
    labels: Vec<Labels>,
    fill: Vec<Vec<ShardFill>>,
    known: Vec<KnownShard>,
}

impl Gathered {
    fn new(set: &DataSet) -> Self {
        let splits = set.splits.len();
        Self {
            inspected: inspect::Look::new(set),
            part: Part::default(),
            labels: vec![Labels::default(); splits],
            fill: vec![Vec::new(); splits],
            known: Vec::new(),
        }
    }

    /// Adds a shard; one that is no TFRecord or cannot be read holds nothing.
    fn add(&mut self, look: &Look, split: usize, path: &Path, judged: Result<(Option<OtherKind>, ScannedShard<Part>)>) {
        let mut known =
            KnownShard { path: path.to_path_buf(), split, compression: Compression::None, intact: Spans::default() };
        let judged = judged.map(|(other, scanned)| {
            let ScannedShard { compression, head, bytes, crc32, intact, damage, faults, mut part } = scanned;
            let stats = std::mem::take(&mut part.stats);
            known.compression = compression;
            if other.is_none() {
                known.intact.clone_from(&intact);
                if let Some(labels) = self.labels.get_mut(split) {
                    labels.join(&part.labels);
                }
                look.join(&mut self.part, part, 0);
            }
            if let Some(fill) = self.fill.get_mut(split) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                fill.push(ShardFill { name, records: known.intact.len(), bytes });
            }
            (other, ScannedShard { compression, head, bytes, crc32, intact, damage, faults, part: stats })
        });
        self.inspected.add(split, path, judged);
        self.known.push(known);
    }
}

/// The splits, each with the fill of some of its shards.
fn splits(inspected: &InspectedSet, fill: Vec<Vec<ShardFill>>) -> Vec<SplitFacts> {
    let splits = inspected.splits.iter().zip(fill).map(|(split, all)| {
        let total = all.len();
        // Evenly chosen, the first and the last among them.
        let items = match total {
            0..=MAX_FILL => all,
            _ => (0..MAX_FILL).filter_map(|at| all.get(at * (total - 1) / (MAX_FILL - 1)).cloned()).collect(),
        };
        SplitFacts {
            name: split.name.clone(),
            records: split.records,
            shards: split.shards,
            bytes: split.bytes.0,
            fill: Listed { items, total: total as u64 },
        }
    });
    splits.collect()
}

/// Code for a reader, or why there is none.
fn reader_code((title, code): (&'static str, Result<String>)) -> ReaderCode {
    let title = title.to_owned();
    match code {
        Ok(code) => ReaderCode { title, code, refused: String::new() },
        Err(error) => {
            let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            ReaderCode { title, code: String::new(), refused: format!("{}{hint}", error.message()) }
        }
    }
}
