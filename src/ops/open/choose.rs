//! Which splits are opened.

use std::path::PathBuf;

use crate::{
    error::{At, Error, Result},
    ops::dataset::DataSet,
};

/// The splits that metadata name, or else those that shards are of; then all others.
pub(super) fn names(set: &DataSet) -> Vec<String> {
    let of_manifest = set.manifest.get().map(|manifest| manifest.splits.iter().map(|split| &split.name));
    let of_info = set.info.get().map(|info| info.splits.iter().map(|split| &split.name));
    let said: Vec<&String> = of_manifest.map_or_else(|| of_info.into_iter().flatten().collect(), Iterator::collect);
    let mut names: Vec<String> = Vec::new();
    for name in said.into_iter().chain(set.splits.iter().map(|split| &split.name)) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// What is opened of the `known` splits.
pub(super) fn chosen(set: &DataSet, known: &[String], asked: &[String]) -> Result<Vec<String>> {
    let listed = || known.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    if let Some(unknown) = asked.iter().find(|name| !known.contains(name)) {
        return Err(
            Error::options(format!("there is no split {unknown:?}")).with_hint(format!("the splits are {}", listed()))
        )
        .at(&set.dir);
    }
    if let Some(twice) = asked.iter().enumerate().find(|(at, name)| asked.iter().take(*at).any(|it| it == *name)) {
        return Err(Error::options(format!("the split {:?} is named twice", twice.1))).at(&set.dir);
    }
    match (asked, known) {
        ([], [only]) => Ok(vec![only.clone()]),
        ([], _) => Err(Error::options(format!("there are several splits: {}", listed()))
            .with_hint("choose one, as in split=\"train\", or several, as a list"))
        .at(&set.dir),
        _ => Ok(asked.to_vec()),
    }
}

/// The shards of splits, in order.
pub(super) fn shards(set: &DataSet, chosen: &[String]) -> Vec<PathBuf> {
    let splits = chosen.iter().flat_map(|name| set.splits.iter().filter(move |split| split.name == *name));
    splits.flat_map(|split| split.shards.iter().cloned()).collect()
}
