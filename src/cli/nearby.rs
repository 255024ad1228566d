//! What a path that does not exist may have been meant to be.

use std::path::{Path, PathBuf};

use shardify::error::Printable;

/// Names that are less alike than this, from 0 to 1, are not suggested.
const ALIKE: f64 = 0.78;

/// Names in a folder that are looked at: a hint is not worth more.
const MANY: usize = 10_000;

/// The name in the same folder that is most like this one, as a question.
pub(super) fn question(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Where the folder is not there either, it is the one that is misspelt.
    if let Some(folder) = folder.filter(|folder| !folder.exists()) {
        return question(folder);
    }
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names = entries.take(MANY).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let likeness = |other: &str| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
    let mut alike: Vec<(f64, String)> =
        names.map(|other| (likeness(&other), other)).filter(|(likeness, _)| *likeness >= ALIKE).collect();
    alike.sort_by(|(a, name_a), (b, name_b)| b.total_cmp(a).then_with(|| name_a.cmp(name_b)));
    let (_, best) = alike.first()?;
    let best = folder.map_or_else(|| PathBuf::from(best), |folder| folder.join(best));
    Some(format!("did you mean {}?", Printable(&best)))
}
