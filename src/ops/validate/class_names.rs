//! Class names: blank, twice, too few or too many.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    finding::{Finding, FindingKind},
    records::shown,
    report::Gathered,
};
use crate::{
    error::{At, Result},
    example::Role,
    index::{MANIFEST_NAME, labels_file_name},
    ops::dataset::DataSet,
    storage::{EntryKind, Storage},
    units::Count,
};

/// Names that are compared one by one; a list of more is something else.
const MAX: u64 = 1 << 28;

/// Looks at the names in the manifest and at the files that TFDS reads.
pub(super) fn findings(storage: &dyn Storage, set: &DataSet, gathered: &mut Gathered<'_>) {
    let of_manifest = set.manifest.get().map(|manifest| &manifest.schema);
    let schema = of_manifest.or_else(|| set.features.get().map(|features| &features.schema));
    let labels = schema.into_iter().flat_map(|schema| &schema.fields).filter_map(|field| match field.role {
        Role::ClassLabel { classes, .. } if !field.auxiliary => Some((&field.key, classes)),
        _ => None,
    });
    for (key, classes) in labels {
        if let Some(manifest) = set.manifest.get() {
            let offset = u64::from(manifest.label_offset);
            if classes > 0 && offset > classes {
                let (offset, classes) = (Count(offset), Count(classes));
                let message = format!("label_offset is {offset}, and the schema has labels of {classes} classes");
                let path = set.dir.join(MANIFEST_NAME);
                gathered.add(None, Finding::of_file(FindingKind::ClassNames, path.into(), message));
            }
            let names = || manifest.class_names.iter().map(String::as_str);
            // Labels without names are allowed there.
            if !manifest.class_names.is_empty() {
                let expected = classes.saturating_sub(offset);
                check(&set.dir.join(MANIFEST_NAME), names(), "class", 0, expected, gathered);
            }
        }
        let path = set.dir.join(labels_file_name(key));
        match content(storage, &path) {
            Ok(Some(text)) => {
                let text = String::from_utf8_lossy(&text);
                check(&path, text.lines().map(str::trim), "line", 1, classes, gathered);
            }
            Ok(None) => {}
            Err(error) => {
                gathered.add(None, Finding::of_file(FindingKind::Unreadable, path.into(), error.message()));
            }
        }
    }
}

/// What stands in a file, if it is there and of a sensible size.
fn content(storage: &dyn Storage, path: &Path) -> Result<Option<Vec<u8>>> {
    if !matches!(storage.stat(path)?, Some(EntryKind::File { bytes }) if bytes <= MAX) {
        return Ok(None);
    }
    let file = storage.open(path)?;
    let mut text = vec![0; usize::try_from(file.len()).unwrap_or(0)];
    file.read_exact_at(&mut text, 0).at(path)?;
    Ok(Some(text))
}

fn check<'a>(
    path: &Path,
    names: impl Iterator<Item = &'a str> + Clone,
    unit: &str,
    first: u64,
    expected: u64,
    gathered: &mut Gathered<'_>,
) {
    let path: Arc<Path> = Arc::from(path);
    let mut add = |message| gathered.add(None, Finding::of_file(FindingKind::ClassNames, Arc::clone(&path), message));
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    let mut count = 0;
    for (at, name) in (first..).zip(names) {
        if name.trim().is_empty() {
            add(format!("{unit} {at} is blank: TFDS drops it, and every later name moves to another label"));
            continue;
        }
        count += 1;
        if let Some(before) = seen.get(name) {
            add(format!("{unit} {at} is `{}`, as {unit} {before} is: names must differ", shown(name)));
        } else {
            seen.insert(name, at);
        }
    }
    if expected > 0 && count != expected {
        let (count, expected) = (Count(count), Count(expected));
        add(format!("there are {count} class names, expected {expected} as the schema says"));
    }
}
