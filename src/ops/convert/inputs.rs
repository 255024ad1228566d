//! What the inputs are: a list of image files, or tables of arrays.

use std::path::Path;

use super::{Source, arrays::Arrays};
use crate::{
    error::{At, Error, Printable, Result},
    pipeline::{Cancel, Progress},
    source::{ArrayKind, ArrayRef, Layout, ListOptions, Listing, Spool, list_images},
    storage::EntryKind,
};

/// The inputs of a conversion, opened and checked against each other.
#[derive(Debug)]
pub(super) enum Inputs<'a> {
    /// Image files.
    Images(Listing),
    /// Rows of arrays.
    Arrays(Arrays<'a>),
}

impl<'a> Inputs<'a> {
    /// Looks at all inputs.
    pub(super) fn open(source: Source<'a>, spool: &Spool, cancel: &Cancel, progress: &dyn Progress) -> Result<Self> {
        // Here a fault is never that of one input among many, which a run could go on without.
        Self::open_all(source, spool, cancel, progress).map_err(Error::into_fatal)
    }

    fn open_all(source: Source<'a>, spool: &Spool, cancel: &Cancel, progress: &dyn Progress) -> Result<Self> {
        let Source { options, storage, .. } = source;
        let class_names = options.class_names.as_ref().map(|from| from.read(storage)).transpose()?;
        let mut arrays = Vec::new();
        let mut lists = Vec::new();
        for input in &options.inputs {
            match kind(source, input)? {
                Some(array) => arrays.push(array),
                None => lists.push(input.clone()),
            }
        }
        if let (Some((array, _)), Some(list)) = (arrays.first(), lists.first()) {
            return Err(Error::inputs(format!("{array} is an array and {} is not", Printable(list)))
                .with_hint("convert images and arrays in separate runs, each into a folder of its own"));
        }
        if !arrays.is_empty() || options.inputs.is_empty() {
            if options.layout != Layout::Auto {
                return Err(Error::options("--layout is for image folders, and the inputs are arrays").with_hint(
                    "leave out --layout: splits of arrays come from --split, or from the names in an .npz",
                ));
            }
            progress.step("opening arrays", None);
            return Arrays::open(source, spool, arrays, class_names, cancel).map(Self::Arrays);
        }
        if let Some((name, file)) = options.arrays.first() {
            return Err(Error::options(format!(
                "--array {name}={} goes with arrays, and the inputs are images",
                Printable(file)
            ))
            .with_hint("give the main array as INPUT: shardify convert x.npy OUT --array NAME=FILE"));
        }
        if options.feature.is_some() {
            return Err(Error::options("--feature names the main array, and the inputs are images"));
        }
        progress.step("listing inputs", None);
        let watch = |listed: u64| {
            progress.advance(listed, 0, 0);
            !cancel.is_cancelled()
        };
        refuse_array_of_labels(source)?;
        let list_options = ListOptions { layout: options.layout, class_names, labels: options.labels.clone() };
        list_images(storage, &lists, &list_options, &watch).map(Self::Images)
    }

    /// How many records there can be at most.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Images(listing) => listing.list.len() as u64,
            Self::Arrays(arrays) => arrays.tables.iter().map(|table| table.rows).sum(),
        }
    }

    /// The class names; empty without labels.
    pub(super) fn class_names(&self) -> &[String] {
        match self {
            Self::Images(listing) => &listing.class_names,
            Self::Arrays(arrays) => &arrays.class_names,
        }
    }
}

/// Labels of images are a list of names, since nothing else says which image a label is of.
fn refuse_array_of_labels(source: Source<'_>) -> Result<()> {
    let Some(labels) = &source.options.labels else { return Ok(()) };
    if source.memory.get(labels).is_none() && ArrayKind::sniff(source.storage, labels)?.is_none() {
        return Ok(());
    }
    Err(Error::inputs("it is an array, and the inputs are images: row i does not say which image it labels")
        .with_hint("give a list with a row for each image: --labels LIST.csv, with `file,label` in its first row"))
    .at(labels)
}

/// What an input is: an array, or a folder or list of images.
fn kind<'a>(source: Source<'a>, input: &Path) -> Result<Option<(ArrayRef<'a>, ArrayKind)>> {
    let storage = source.storage;
    let array = source.array(input)?;
    if source.memory.get(input).is_some() {
        return Ok(Some((array, ArrayKind::Npy)));
    }
    match storage.stat(&array.path)? {
        None => Err(Error::not_found("there is no such file or folder")
            .with_hint("check the path; the last argument is the output folder, all before it are inputs"))
        .at(input),
        Some(EntryKind::Dir) => Ok(None),
        Some(EntryKind::Other) => Err(Error::inputs("it is a pipe, device or socket, not a file or folder")
            .with_hint("save what it gives as a file first"))
        .at(input),
        Some(EntryKind::File { bytes: 0 }) if !is_list(input) => Err(Error::inputs("the file is empty")
            .with_hint("was it copied while it was being written? Copy or save it again"))
        .at(input),
        Some(EntryKind::File { .. }) => match ArrayKind::sniff(storage, &array.path)? {
            Some(kind) => Ok(Some((array, kind))),
            None if is_list(input) => Ok(None),
            None => Err(Error::inputs(
                "it is neither a folder, nor a .npy or .npz array, nor a .csv or .tsv list of images",
            )
            .with_hint("put single images in a folder, or name them in a list: file,label"))
            .at(input),
        },
    }
}

/// Whether the name says that it is a list of images: text has no magic bytes to tell it by.
fn is_list(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ["csv", "tsv", "txt"].iter().any(|list| ending.eq_ignore_ascii_case(list)))
}

/// The name of a data set, unless the user gives one: that of the first input, or of the output folder where that input is an
/// array in memory.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io): a guess would be another name, and so other bytes.
pub(super) fn default_name(source: Source<'_>) -> Result<String> {
    let Source { options, memory, storage } = source;
    let first = options.inputs.first().filter(|input| memory.get(input).is_none()).unwrap_or(&options.out);
    let there = storage.stat(first)?;
    // `.` and `..` have no name of their own.
    let real = match first.file_name() {
        None if there.is_some() => Some(storage.canonical(first)?),
        _ => None,
    };
    let path = real.as_deref().unwrap_or(first);
    let name = if matches!(there, Some(EntryKind::File { .. })) { path.file_stem() } else { path.file_name() };
    Ok(crate::shard::dataset_name(&name.unwrap_or_default().to_string_lossy()))
}
