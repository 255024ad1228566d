//! The whole listing: from what the user gave to a sorted list with labels and splits.

use std::path::{Path, PathBuf};

use super::{
    classes::{ClassNames, warn_of_case},
    csv_list, folders,
    inputs::{self, Inputs},
    intern::Intern,
    list::{InputList, NO_LABEL, NO_SPLIT},
    splits,
    walk::{Ignored, Watch},
    wording::{count, show, some, some_names},
};
use crate::{
    error::{Error, Result},
    storage::Storage,
};

/// How folders are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// By what is there: splits where all folders are called like splits, classes otherwise, flat without folders.
    #[default]
    Auto,
    /// `DIR/class/**`
    Class,
    /// `DIR/split/class/**` or `DIR/split/*`
    Split,
    /// `DIR/**` without labels
    Flat,
}

impl Layout {
    /// Every value, in the order in which help shows them.
    pub const ALL: &[Self] = &[Self::Auto, Self::Class, Self::Split, Self::Flat];

    /// The name on the command line and in the manifest.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Class => "class",
            Self::Split => "split",
            Self::Flat => "flat",
        }
    }
}

/// How the inputs were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayoutKind {
    /// One folder for each class.
    Class,
    /// One folder for each split.
    Split,
    /// No labels from folders.
    Flat,
    /// A list of paths.
    List,
}

/// How to list images.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ListOptions {
    /// How folders are to be read.
    pub layout: Layout,
    /// The classes in the order of their labels; without it, the names that are found, sorted by their bytes.
    pub class_names: Option<ClassNames>,
    /// A list `file,label[,split]` for the images of the folders, in place of labels from folders.
    pub labels: Option<PathBuf>,
}

/// The inputs of a run.
#[derive(Debug)]
pub struct Listing {
    /// Every input once, in the order of the bytes of the names.
    pub list: InputList,
    /// The name of each label; empty if nothing is labelled.
    pub class_names: Vec<String>,
    /// The names of the splits: train, validation, test, then others by name; empty if the inputs have none.
    pub splits: Vec<String>,
    /// How the inputs were read.
    pub layout: LayoutKind,
    /// What looks wrong, in sentences.
    pub warnings: Vec<String>,
    /// What was left out.
    pub ignored: Ignored,
}

impl ListOptions {
    /// Real paths of the files that are named here. Among images they are no surprise.
    pub(super) fn known_files(&self, storage: &dyn Storage) -> Vec<PathBuf> {
        let names = self.class_names.as_ref().and_then(ClassNames::file);
        names.into_iter().chain(self.labels.as_deref()).filter_map(|path| storage.canonical(path).ok()).collect()
    }
}

/// A listing in the making: labels are numbers of texts in `classes`, splits of texts in `splits`.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) list: InputList,
    pub(super) classes: Intern,
    pub(super) splits: Intern,
    pub(super) warnings: Vec<String>,
    pub(super) ignored: Ignored,
}

/// Lists the images of folders or of `.csv` and `.tsv` lists. Reads names, and first bytes where a name is that of a text
/// file; no image is opened.
///
/// Costs 16 bytes of memory and the name for each image once it is done, and about twice that on the way.
///
/// # Errors
/// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) if the inputs do not fit together: no images, mixed layouts, unknown or
/// unusable class names, lists that do not match; [`ErrorKind::Options`](crate::ErrorKind::Options) for options that
/// contradict the inputs; [`ErrorKind::Io`](crate::ErrorKind::Io) for a folder or list that cannot be read;
/// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) if `watch` says so.
pub fn list_images(
    storage: &dyn Storage,
    inputs: &[PathBuf],
    options: &ListOptions,
    watch: Watch<'_>,
) -> Result<Listing> {
    let inputs = inputs::resolve(storage, inputs)?;
    match (&inputs, &options.labels, options.layout) {
        (Inputs::Lists(_), Some(_), _) => {
            return Err(Error::options("--labels is for folders, but the input is a list already")
                .with_hint("write the labels into the list as a column `label`"));
        }
        (Inputs::Lists(_), None, Layout::Class | Layout::Split | Layout::Flat) => {
            return Err(Error::options("--layout is for folders, but the input is a list")
                .with_hint("drop --layout: labels and splits come from the columns of the list"));
        }
        (Inputs::Folders(_), Some(_), Layout::Class) => {
            return Err(Error::options("--layout class takes labels from folders, --labels takes them from a list")
                .with_hint("drop one of the two"));
        }
        _ => {}
    }
    let draft = Draft::default();
    match inputs {
        Inputs::Lists(lists) => csv_list::list(draft, storage, &lists, options, watch),
        Inputs::Folders(folders) => match &options.labels {
            Some(labels) => csv_list::label(draft, storage, &folders, labels, options, watch),
            None => folders::list(draft, storage, &folders, options, watch),
        },
    }
}

impl Draft {
    /// Gives labels and splits their final numbers and looks for what a user would want to know.
    pub(super) fn finish(mut self, layout: LayoutKind, class_names: Vec<String>, labels: &[u32]) -> Result<Listing> {
        let found: Vec<&str> = self.splits.texts().collect();
        splits::check_synonyms(found.iter().copied())?;
        let mut used = vec![false; found.len()];
        for (_, split) in self.list.raw() {
            if let Some(used) = used.get_mut(usize::from(split)) {
                *used = true;
            }
        }
        let of_split = |wanted: bool| found.iter().zip(&used).filter(move |(_, used)| **used == wanted);
        let empty: Vec<&str> = of_split(false).map(|(name, _)| *name).collect();
        if !empty.is_empty() {
            self.warnings.push(format!("splits without images are left out: {}", some_names(&empty)));
        }
        let mut names: Vec<String> = of_split(true).map(|(name, _)| (*name).to_owned()).collect();
        splits::order(&mut names);
        let number = |name: &&str| names.iter().position(|other| other == name).and_then(|i| u16::try_from(i).ok());
        let numbers: Vec<u16> = found.iter().map(|name| number(name).unwrap_or(NO_SPLIT)).collect();
        self.list.renumber(labels, &numbers);
        self.list.sort();
        let mut listing = Listing {
            list: self.list,
            class_names,
            splits: names,
            layout,
            warnings: self.warnings,
            ignored: self.ignored,
        };
        listing.look();
        Ok(listing)
    }
}

impl Listing {
    fn look(&mut self) {
        let mut warnings = std::mem::take(&mut self.warnings);
        if self.ignored.others() > 0 {
            let (number, kinds) = (count(self.ignored.others(), "file"), self.ignored.describe_kinds());
            warnings.push(format!("ignored {number} beside the images: {kinds}"));
        }
        self.look_at_classes(&mut warnings);
        self.look_at_splits(&mut warnings);
        let odd = |index: &usize| str::from_utf8(self.list.name(*index)).is_err();
        if let Some(first) = (0..self.list.len()).find(odd) {
            let number = (first..self.list.len()).filter(odd).count() as u64;
            let (number, first) = (count(number, "file name"), show(self.list.name(first)));
            warnings.push(format!("not UTF-8, as readers of the `filename` feature expect: {number}, first {first}"));
        }
        self.warnings = warnings;
    }

    fn look_at_classes(&self, warnings: &mut Vec<String>) {
        if self.class_names.is_empty() {
            return;
        }
        let mut images = vec![0_u64; self.class_names.len()];
        for (label, _) in self.list.raw() {
            if let Some(images) = usize::try_from(label).ok().and_then(|label| images.get_mut(label)) {
                *images += 1;
            }
        }
        let empty = || self.class_names.iter().zip(&images).filter(|(_, images)| **images == 0).map(|(name, _)| name);
        let number = empty().count() as u64;
        if number == images.len() as u64 {
            warnings.push("class names are known, but no image has a label".to_owned());
        } else if number > 0 {
            let (names, number) = (some(empty().map(|name| show(name.as_bytes())), number), count(number, "class"));
            warnings.push(format!("{number} without images, kept as labels: {names}"));
        }
        if let [only] = self.class_names.as_slice() {
            warnings.push(format!(
                "there is only one class, {}: if its folder is no label, use --layout flat; if the folders in it are \
                 the classes, give that folder as the input",
                show(only.as_bytes())
            ));
        }
        warn_of_case(&self.class_names, warnings);
    }

    /// A split without labels beside one with them, and classes that the training split lacks.
    fn look_at_splits(&self, warnings: &mut Vec<String>) {
        let (splits, classes) = (self.splits.len(), self.class_names.len());
        let mut labelled = vec![false; splits];
        // One bit for each pair would do; with a great many of both, this is not worth the memory.
        let pairs = if splits * classes <= 1 << 26 { splits * classes } else { 0 };
        let mut has = vec![false; pairs];
        for (label, split) in self.list.raw().filter(|(label, _)| *label != NO_LABEL) {
            if let Some(labelled) = labelled.get_mut(usize::from(split)) {
                *labelled = true;
            }
            let pair = usize::try_from(label).ok().map(|label| usize::from(split) * classes + label);
            if let Some(has) = pair.filter(|_| split != NO_SPLIT).and_then(|pair| has.get_mut(pair)) {
                *has = true;
            }
        }
        if labelled.contains(&true) {
            for (name, _) in self.splits.iter().zip(&labelled).filter(|(_, labelled)| !**labelled) {
                warnings.push(format!("the split {} has no labels, others have", show(name.as_bytes())));
            }
        }
        let Some(train) = self.splits.iter().position(|name| splits::is_train(name)).filter(|_| pairs > 0) else {
            return;
        };
        let rows: Vec<&[bool]> = has.chunks(classes).collect();
        let Some(known) = rows.get(train).filter(|row| row.contains(&true)) else { return };
        for (split, row) in self.splits.iter().zip(&rows) {
            let strange =
                row.iter().zip(known.iter()).zip(&self.class_names).filter(|((here, known), _)| **here && !**known);
            let names: Vec<&String> = strange.map(|(_, name)| name).collect();
            if !names.is_empty() {
                let (split, number) = (show(split.as_bytes()), count(names.len() as u64, "class"));
                warnings.push(format!("the split {split} has {number} that training lacks: {}", some_names(&names)));
            }
        }
    }
}

/// The error that there is nothing to do, with what was there instead.
pub(super) fn no_images(looked_in: &[&Path], ignored: &Ignored) -> Error {
    let places: Vec<&[u8]> =
        looked_in.iter().map(|path| std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())).collect();
    Error::inputs(format!("no images in {}; found instead: {}", some_names(&places), ignored.describe()))
        .with_hint("give the folder that holds the images, or the folders of their classes")
}

#[cfg(test)]
mod tests;
