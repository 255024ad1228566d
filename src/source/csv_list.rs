//! Lists of images: as the input itself, or as the labels of the images in folders.

use std::{
    borrow::Cow,
    convert::Infallible,
    os::unix::ffi::OsStrExt,
    path::{self, Path},
};

use super::{
    csv_rows::{Rows, advice_on_missing},
    folders::Lister,
    inputs::Input,
    intern::{Intern, MAX_CLASSES, MAX_SPLITS},
    list::{InputList, NO_LABEL, NO_SPLIT},
    listing::{Draft, Layout, LayoutKind, ListOptions, Listing},
    splits::check_split_name,
    text_labels::{Labels, resolve},
    walk::Watch,
    wording::{SHOWN, count, show, show_path, some, some_names},
};
use crate::{
    error::{At, Error, ErrorKind, Result},
    storage::Storage,
};

/// Rows whose files are looked for before anything is read: if none is there, none of the others will be.
const PROBES: usize = 10;

/// The place of a text is the number of its list above this bit, and the byte in that list below.
const LIST_SHIFT: u32 = 48;

const WATCH_EVERY: u64 = 1000;

/// Takes lists as the input.
pub(super) fn list(
    mut draft: Draft,
    storage: &dyn Storage,
    inputs: &[Input],
    options: &ListOptions,
    watch: Watch<'_>,
) -> Result<Listing> {
    let mut reader = Reader { classes: &mut draft.classes, splits: &mut draft.splits, watch, seen: 0 };
    let mut first: Option<(&Input, [bool; 2])> = None;
    for (number, input) in (0..).zip(inputs) {
        let mut rows = Rows::open(storage, &input.path)?;
        let columns = [rows.columns.label.is_some(), rows.columns.split.is_some()];
        if let Some((other, expected)) = first.replace((input, columns))
            && expected != columns
        {
            let (a, b) = (show_path(&other.path), show_path(&input.path));
            return Err(Error::inputs(format!("the lists {a} and {b} differ: only one of them has labels, or splits"))
                .with_hint("give all lists the same columns"));
        }
        warn_of_columns(&rows, &mut draft.warnings);
        let relative = draft.list.add_root(&input.dir, input.prefix.len())?;
        let absolute = draft.list.add_root(Path::new(""), 0)?;
        let (start, list, names) = (draft.list.len(), &mut draft.list, Naming::of_list(input));
        reader.read(&mut rows, number, &names, &mut |name, label, split, _| {
            let root = if name.starts_with(b"/") { absolute } else { relative };
            list.push(root, b"", name, label, split)
        })?;
        if list.len() == start {
            let hint = "write one row for each image below the header";
            return Err(Error::inputs("the list has a header and no rows").with_hint(hint)).at(&input.path);
        }
        probe(storage, list, start).at(&input.path)?;
    }
    let labels = labels(storage, &draft.classes, &paths(inputs), options)?;
    draft.warnings.extend(labels.warnings);
    let listing = draft.finish(LayoutKind::List, labels.names, &labels.of_text)?;
    let Some(name) = listing.list.first_duplicate() else { return Ok(listing) };
    let lists: Vec<(&Path, Naming)> =
        inputs.iter().map(|input| (input.path.as_path(), Naming::of_list(input))).collect();
    Err(doubled(storage, &lists, name))
}

/// Takes images from folders, and their labels from a list that must have each image exactly once.
pub(super) fn label(
    draft: Draft,
    storage: &dyn Storage,
    inputs: &[Input],
    list: &Path,
    options: &ListOptions,
    watch: Watch<'_>,
) -> Result<Listing> {
    let mut rows = Rows::open(storage, list)?;
    if rows.columns.label.is_none() {
        let hint = "add a column of class names or ids, as in `file,label`";
        return Err(Error::inputs("the list has no column of labels").with_hint(hint)).at(list);
    }
    let known = options.known_files(storage);
    let mut lister = Lister::new(draft, storage, known, watch);
    // Splits of the list are preferred to those of folders, which are then names like any other.
    let layout = if rows.columns.split.is_some() { Layout::Flat } else { options.layout };
    lister.inputs(inputs, layout, false)?;
    let mut draft = lister.finish(inputs)?;
    draft.list.sort();
    warn_of_columns(&rows, &mut draft.warnings);

    let names = Naming::of_folders(inputs);
    let images = &mut draft.list;
    let mut labelled = vec![false; images.len()];
    let (mut next, mut strangers, mut strange) = (0, 0_u64, Vec::new());
    let mut twice: Option<Vec<u8>> = None;
    let mut reader = Reader { classes: &mut draft.classes, splits: &mut draft.splits, watch, seen: 0 };
    reader.read(&mut rows, 0, &names, &mut |name, label, split, at| {
        let Some(index) = images.find(name, next) else {
            strangers += 1;
            if strange.len() < SHOWN {
                strange.push((at, name.to_vec()));
            }
            return Ok(());
        };
        next = index + 1;
        images.set(index, label, split);
        if labelled.get_mut(index).is_some_and(|labelled| std::mem::replace(labelled, true)) {
            twice.get_or_insert_with(|| name.to_vec());
        }
        Ok(())
    })?;
    if let Some(name) = twice {
        return Err(doubled(storage, &[(list, names)], &name));
    }
    let missing = || labelled.iter().enumerate().filter(|(_, labelled)| !**labelled).map(|(index, _)| index);
    refuse_mismatch(&rows, &draft.list, missing, strangers, &strange).at(list)?;
    let labels = labels(storage, &draft.classes, &[list], options)?;
    draft.warnings.extend(labels.warnings);
    draft.finish(LayoutKind::List, labels.names, &labels.of_text)
}

/// Refuses images without a row and rows without an image, both in one message: often one explains the other.
fn refuse_mismatch<I: Iterator<Item = usize>>(
    rows: &Rows<'_>,
    images: &InputList,
    missing: impl Fn() -> I,
    strangers: u64,
    strange: &[(u64, Vec<u8>)],
) -> Result<()> {
    let mut faults = Vec::new();
    let unlabelled = missing().count() as u64;
    if unlabelled > 0 {
        let names = some(missing().map(|index| show(images.name(index))), unlabelled);
        faults.push(format!("{} in the folder without an entry: {names}", count(unlabelled, "image")));
    }
    if strangers > 0 {
        let line = |at: u64| rows.line_of(at).map_or_else(|_| String::new(), |line| format!(" (line {line})"));
        let names = some(strange.iter().map(|(at, name)| show(name) + &line(*at)), strangers);
        faults.push(format!("{} without a file: {names}", count(strangers, "entry")));
    }
    if faults.is_empty() {
        return Ok(());
    }
    let hint = match strange.first() {
        Some((_, name)) if name.contains(&b'\\') => advice_on_missing(name),
        Some(_) => "write paths as they are below the input folder, with subfolders and extension".to_owned(),
        None => "add the missing entries (label -1 for none), or give the list itself as the input to take only its \
                 images"
            .to_owned(),
    };
    Err(Error::inputs(faults.join("; ")).with_hint(hint))
}

/// How the cells of a list become the names of inputs.
struct Naming {
    /// What a relative path gets in front.
    prefix: Vec<u8>,
    /// Absolute folders with `/` at the end, and what stands for them in names: so that one file has one name however
    /// the list writes it.
    folders: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Naming {
    fn of_list(input: &Input) -> Self {
        Self { prefix: input.prefix.clone(), ..Self::of_folders(std::slice::from_ref(input)) }
    }

    fn of_folders(inputs: &[Input]) -> Self {
        let with_slash = |path: &Path| {
            let bytes = path.as_os_str().as_bytes();
            [bytes.strip_suffix(b"/").unwrap_or(bytes), b"/"].concat()
        };
        let both = |input: &Input| {
            let given = path::absolute(&input.dir).unwrap_or_else(|_| input.real.clone());
            [with_slash(&given), with_slash(&input.real)].map(|folder| (folder, input.prefix.clone()))
        };
        Self { prefix: Vec::new(), folders: inputs.iter().flat_map(both).collect() }
    }

    fn name<'a>(&self, cell: &'a [u8]) -> Cow<'a, [u8]> {
        let (prefix, rest) = if cell.starts_with(b"/") {
            // The folder itself is none of its files: it keeps its name, for whoever says that it is no image.
            let below = |(folder, prefix): &'_ (Vec<u8>, Vec<u8>)| {
                let rest = cell.strip_prefix(&**folder).filter(|rest| !rest.is_empty())?;
                Some((prefix.clone(), rest))
            };
            self.folders.iter().find_map(below).unwrap_or((Vec::new(), cell))
        } else {
            (self.prefix.clone(), cell)
        };
        if prefix.is_empty() { Cow::Borrowed(rest) } else { Cow::Owned([&prefix, rest].concat()) }
    }
}

/// Takes name, label, split and byte of a row.
type Take<'a> = &'a mut dyn FnMut(&[u8], u32, u16, u64) -> Result<()>;

/// Reads rows, with labels and splits as numbers of their texts.
struct Reader<'a> {
    classes: &'a mut Intern,
    splits: &'a mut Intern,
    watch: Watch<'a>,
    seen: u64,
}

impl Reader<'_> {
    /// Gives name, label, split and byte of every row to `take`.
    fn read(&mut self, rows: &mut Rows<'_>, list: u64, names: &Naming, take: Take<'_>) -> Result<()> {
        loop {
            let Some(row) = rows.next()? else { return Ok(()) };
            let at = row.at;
            let label = row.label.map_or(Ok(NO_LABEL), |text| self.label(text, list << LIST_SHIFT | at));
            let split = row.split.map_or(Ok(NO_SPLIT), |text| self.split(text));
            let taken = label.and_then(|label| take(&names.name(&row.file), label, split?, at));
            taken.map_err(|error| rows.place(error, at))?;
            self.seen += 1;
            if self.seen.is_multiple_of(WATCH_EVERY) && !(self.watch)(self.seen) {
                return Err(Error::new(ErrorKind::Interrupted));
            }
        }
    }

    fn label(&mut self, text: &[u8], at: u64) -> Result<u32> {
        let text = str::from_utf8(text).map_err(|_| {
            Error::inputs(format!("the label {} is not UTF-8", show(text))).with_hint("save the list as UTF-8")
        })?;
        // Spaces of all scripts, as readers of label files strip them.
        self.classes.id(text.trim(), at, MAX_CLASSES, "class").map_err(|error| {
            error.with_hint("the column of labels seems to hold something else: give it another name in the header")
        })
    }

    fn split(&mut self, text: &[u8]) -> Result<u16> {
        if text.is_empty() {
            let hint = "fill it in, or remove the column";
            return Err(Error::inputs("the cell of the split is empty").with_hint(hint));
        }
        let id = self.splits.id(check_split_name(text)?, 0, MAX_SPLITS, "split")?;
        Ok(u16::try_from(id).unwrap_or(NO_SPLIT))
    }
}

fn paths(inputs: &[Input]) -> Vec<&Path> {
    inputs.iter().map(|input| input.path.as_path()).collect()
}

fn warn_of_columns(rows: &Rows<'_>, warnings: &mut Vec<String>) {
    if !rows.columns.extra.is_empty() {
        let columns = count(rows.columns.extra.len() as u64, "column");
        warnings.push(format!("ignored {columns} of {}: {}", show_path(rows.path()), some_names(&rows.columns.extra)));
    }
}

/// Labels of the texts; an error about one of them names the list and the line in which it stands first.
fn labels(storage: &dyn Storage, texts: &Intern, lists: &[&Path], options: &ListOptions) -> Result<Labels> {
    resolve(texts, options.class_names.as_ref()).map_err(|(error, at)| {
        let list = at.and_then(|at| lists.get(usize::try_from(at >> LIST_SHIFT).ok()?));
        match (list.map(|list| Rows::open(storage, list)), at) {
            (Some(Ok(rows)), Some(at)) => rows.place(error, at & ((1 << LIST_SHIFT) - 1)),
            _ => error,
        }
    })
}

/// Looks for the first few files. Looking for all would take minutes for millions, and they are met in time.
fn probe(storage: &dyn Storage, list: &InputList, start: usize) -> Result<()> {
    let probes = start..list.len().min(start + PROBES);
    let number = probes.len() as u64;
    for index in probes {
        // Anything but a clear "there is nothing" is for the reader to judge.
        if !matches!(storage.stat(&list.path(index)), Ok(None)) {
            return Ok(());
        }
    }
    let first = show_path(&list.path(start));
    let message = match number {
        1 => format!("the only file in the list does not exist: {first}"),
        _ => format!("none of the first {} in the list exists; the first is {first}", count(number, "file")),
    };
    Err(Error::inputs(message).with_hint(advice_on_missing(list.name(start))))
}

/// The error for a file that has more than one row. The lines are looked up only now.
fn doubled(storage: &dyn Storage, lists: &[(&Path, Naming)], name: &[u8]) -> Error {
    let mut places = Vec::new();
    for (path, names) in lists {
        let Ok(mut rows) = Rows::open(storage, path) else { continue };
        let mut found = Vec::new();
        while let Ok(Some(row)) = rows.next() {
            if *names.name(&row.file) == *name {
                found.push(row.at);
            }
        }
        for at in found {
            let line = rows.line_of(at).unwrap_or_default();
            places.push(if lists.len() > 1 { format!("{} line {line}", show_path(path)) } else { line.to_string() });
        }
    }
    let total = places.len() as u64;
    let lines = if lists.len() > 1 { "" } else { "lines " };
    let error = Error::inputs(format!("{} is listed {total} times: {lines}{}", show(name), some(places, total)))
        .with_hint("keep one row for each file; if its labels differ, one of them is wrong");
    match lists {
        [(path, _)] => {
            let Err(error) = Err::<Infallible, _>(error).at(path);
            error
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests;
