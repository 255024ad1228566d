//! Image folders: `DIR/class/**`, `DIR/split/class/**` or flat, told apart by their names.

use super::{
    classes::{ClassNames, class_name},
    inputs::Input,
    intern::{Intern, MAX_CLASSES, MAX_SPLITS},
    list::{NO_LABEL, NO_SPLIT},
    listing::{Draft, Layout, LayoutKind, ListOptions, Listing, no_images},
    splits::{check_split_name, check_synonyms, is_split_name, is_train},
    text_labels::sorted,
    walk::{Folder, Walker, Watch},
    wording::{count, show, show_path, some_names},
};
use crate::{
    error::{At, Error, Result},
    storage::Storage,
};

/// Lists folders, with labels from the folders.
pub(super) fn list(
    draft: Draft,
    storage: &dyn Storage,
    inputs: &[Input],
    options: &ListOptions,
    watch: Watch<'_>,
) -> Result<Listing> {
    let mut lister = Lister::new(draft, storage, options.known_files(storage), watch);
    let layout = lister.inputs(inputs, options.layout, true)?;
    let draft = lister.finish(inputs)?;
    let mut with_images = vec![false; draft.classes.len()];
    for (label, _) in draft.list.raw() {
        if let Some(seen) = usize::try_from(label).ok().and_then(|label| with_images.get_mut(label)) {
            *seen = true;
        }
    }
    let (names, labels) = number(&draft.classes, &with_images, options.class_names.as_ref())?;
    draft.finish(layout, names, &labels)
}

/// Labels of the classes found. A folder that is empty and unknown to given names is no class.
fn number(found: &Intern, with_images: &[bool], given: Option<&ClassNames>) -> Result<(Vec<String>, Vec<u32>)> {
    let texts: Vec<&str> = found.texts().collect();
    let Some(given) = given else { return Ok(sorted(&texts)) };
    let used: Vec<&str> = texts.iter().zip(with_images).filter(|(_, seen)| **seen).map(|(name, _)| *name).collect();
    let mut labels = given.labels_of(&used)?.into_iter();
    let label = |seen: &bool| if *seen { labels.next().unwrap_or(NO_LABEL) } else { NO_LABEL };
    Ok((given.names().to_vec(), with_images.iter().map(label).collect()))
}

/// Goes through the input folders.
pub(super) struct Lister<'a> {
    draft: Draft,
    walker: Walker<'a>,
    root: u16,
}

impl<'a> Lister<'a> {
    /// `known` are the real paths of lists that the user named.
    pub(super) fn new(
        draft: Draft,
        storage: &'a dyn Storage,
        known: Vec<std::path::PathBuf>,
        watch: Watch<'a>,
    ) -> Self {
        Self { draft, walker: Walker::new(storage, known, watch), root: 0 }
    }

    /// Lists all inputs, which must be of one layout. Without `labelled`, folders give splits but no labels.
    pub(super) fn inputs(&mut self, inputs: &[Input], layout: Layout, labelled: bool) -> Result<LayoutKind> {
        // `convert train/ val/ OUT` means what `convert .. OUT` would: to mix the two would spoil the evaluation.
        let name = |input: &Input| input.prefix.strip_suffix(b"/").is_some_and(is_split_name);
        let are_splits = matches!(layout, Layout::Auto | Layout::Split) && inputs.iter().all(name);
        let mut first: Option<(&Input, LayoutKind)> = None;
        for input in inputs {
            self.root = self.draft.list.add_root(&input.dir, input.prefix.len())?;
            let folder = Folder::root(&input.dir, &input.real, &input.prefix);
            let kind = if are_splits {
                self.splits(vec![folder], layout, labelled)?;
                LayoutKind::Split
            } else {
                self.input(&folder, layout, labelled)?
            };
            match first {
                Some((other, found)) if found != kind => {
                    let (a, b) = (show_path(&other.path), show_path(&input.path));
                    let (a_is, b_is) = (describe(found), describe(kind));
                    return Err(Error::inputs(format!("the inputs differ: {a} {a_is}, {b} {b_is}"))
                        .with_hint("convert them one by one, or choose with --layout class|split|flat"));
                }
                _ => first = Some((input, kind)),
            }
        }
        Ok(first.map_or(LayoutKind::Flat, |(_, kind)| kind))
    }

    /// What was found, unless that is nothing.
    pub(super) fn finish(self, inputs: &[Input]) -> Result<Draft> {
        let Self { mut draft, walker, .. } = self;
        draft.ignored = walker.ignored;
        draft.warnings.extend(walker.warnings);
        if draft.list.is_empty() {
            let places: Vec<_> = inputs.iter().map(|input| input.path.as_path()).collect();
            return Err(no_images(&places, &draft.ignored));
        }
        Ok(draft)
    }

    fn input(&mut self, folder: &Folder, layout: Layout, labelled: bool) -> Result<LayoutKind> {
        let start = self.draft.list.len();
        let below = self.level(folder, NO_SPLIT)?;
        let all_splits = !below.is_empty() && below.iter().all(|below| is_split_name(&below.name));
        let is_split = match layout {
            Layout::Flat | Layout::Class => false,
            Layout::Split => true,
            // With labels from a list, images beside the split folders are no contradiction.
            Layout::Auto => all_splits && (labelled || self.draft.list.len() == start),
        };
        if layout == Layout::Auto && !all_splits && labelled {
            refuse_half_splits(folder, &below)?;
        }
        if is_split {
            if below.is_empty() {
                let message = "there are no folders in it, expected one for each split, as `train` and `test`";
                return Err(Error::inputs(message).with_hint("drop --layout split")).at(folder.path());
            }
            let loose = self.loose_are_alone(folder, &below, start, layout)?;
            if loose {
                return Ok(LayoutKind::Flat);
            }
            self.splits(below, layout, labelled)?;
            return Ok(LayoutKind::Split);
        }
        if layout == Layout::Flat || !labelled {
            self.walk(below, NO_LABEL, NO_SPLIT)?;
            return Ok(LayoutKind::Flat);
        }
        self.classes(folder, below, start, layout, NO_SPLIT)
    }

    /// Folders that are splits, each with classes in it, or without.
    fn splits(&mut self, folders: Vec<Folder>, layout: Layout, labelled: bool) -> Result<()> {
        let names = folders.iter().map(|folder| check_split_name(&folder.name).at(folder.path()));
        let names: Vec<&str> = names.collect::<Result<_>>()?;
        check_synonyms(names.iter().copied())?;
        let ids = names.iter().map(|name| self.draft.splits.id(name, 0, MAX_SPLITS, "split"));
        let ids: Vec<u16> = ids.map(|id| id.map(|id| u16::try_from(id).unwrap_or(NO_SPLIT))).collect::<Result<_>>()?;
        for (folder, split) in folders.into_iter().zip(ids) {
            let start = self.draft.list.len();
            let below = self.level(&folder, split)?;
            if labelled && !below.is_empty() {
                self.classes(&folder, below, start, layout, split)?;
            } else {
                self.walk(below, NO_LABEL, split)?;
            }
        }
        Ok(())
    }

    /// Folders that are classes, unless there are images beside them: `start` is where those would be in the list.
    fn classes(
        &mut self,
        folder: &Folder,
        below: Vec<Folder>,
        start: usize,
        layout: Layout,
        split: u16,
    ) -> Result<LayoutKind> {
        if below.is_empty() && layout == Layout::Class {
            let found = count(self.draft.list.len().saturating_sub(start) as u64, "image");
            let message = format!("there are no class folders in it, only {found}");
            return Err(Error::inputs(message).with_hint("use --layout flat for images without labels"))
                .at(folder.path());
        }
        if below.is_empty() || self.loose_are_alone(folder, &below, start, layout)? {
            return Ok(LayoutKind::Flat);
        }
        let mut labels = Vec::with_capacity(below.len());
        for class in &below {
            let name = class_name(&class.name).map_err(|(message, hint)| Error::inputs(message).with_hint(hint));
            labels.push(self.draft.classes.id(name.at(class.path())?, 0, MAX_CLASSES, "class").at(folder.path())?);
        }
        for (class, label) in below.into_iter().zip(labels) {
            self.walk(vec![class], label, split)?;
        }
        Ok(LayoutKind::Class)
    }

    /// Whether there are images directly in a folder and none in those below. Where there are both, a chosen layout sets
    /// aside the former, and without one it is an error.
    fn loose_are_alone(&mut self, folder: &Folder, below: &[Folder], start: usize, layout: Layout) -> Result<bool> {
        let loose = self.draft.list.len() - start;
        if loose == 0 {
            return Ok(false);
        }
        let number = count(loose as u64, "image");
        let first = show(self.draft.list.name(start));
        if layout != Layout::Auto {
            self.draft.list.truncate(start);
            self.walker.ignored.outside += loose as u64;
            let place = show_path(folder.path());
            let warning = format!("left out {number} directly in {place}, as they are in no class or split: {first}");
            self.draft.warnings.push(warning);
            return Ok(false);
        }
        let end = self.draft.list.len();
        for below in below {
            self.walk(vec![below.clone()], NO_LABEL, NO_SPLIT)?;
            if self.draft.list.len() > end {
                let second = show(self.draft.list.name(end));
                let names: Vec<&[u8]> = below_names(std::slice::from_ref(below));
                return Err(Error::inputs(format!(
                    "{number} directly in it ({first}), and others in folders ({second} in {})",
                    some_names(&names)
                ))
                .with_hint(
                    "choose: --layout class or --layout split leaves out those directly in it, --layout flat takes all \
                     without labels",
                ))
                .at(folder.path());
            }
        }
        Ok(true)
    }

    fn level(&mut self, folder: &Folder, split: u16) -> Result<Vec<Folder>> {
        let (list, root) = (&mut self.draft.list, self.root);
        self.walker.level(folder, &mut |folder, name| list.push(root, &folder.prefix, name, NO_LABEL, split))
    }

    fn walk(&mut self, folders: Vec<Folder>, label: u32, split: u16) -> Result<()> {
        let (list, root) = (&mut self.draft.list, self.root);
        for folder in folders {
            self.walker.walk(folder, &mut |folder, name| list.push(root, &folder.prefix, name, label, split))?;
        }
        Ok(())
    }
}

fn below_names(folders: &[Folder]) -> Vec<&[u8]> {
    folders.iter().map(|folder| folder.name.as_slice()).collect()
}

/// Refuses `train`, `test` and `annotations` side by side: as classes, the splits would be mixed without a word.
fn refuse_half_splits(folder: &Folder, below: &[Folder]) -> Result<()> {
    let (splits, others): (Vec<&[u8]>, Vec<&[u8]>) =
        below_names(below).into_iter().partition(|name| is_split_name(name));
    let has_train = splits.iter().any(|name| str::from_utf8(name).is_ok_and(is_train));
    if splits.len() < 2 && !has_train {
        return Ok(());
    }
    let (splits, others) = (some_names(&splits), some_names(&others));
    Err(Error::inputs(format!("some folders in it are called like splits ({splits}), others are not ({others})"))
        .with_hint(
            "choose: --layout split takes every folder as a split (those without images are left out), --layout class \
             takes every folder as a class",
        ))
    .at(folder.path())
}

fn describe(kind: LayoutKind) -> &'static str {
    match kind {
        LayoutKind::Class => "has class folders",
        LayoutKind::Split => "has split folders",
        LayoutKind::Flat | LayoutKind::List => "has images without class folders",
    }
}
