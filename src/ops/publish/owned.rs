//! Which files in an output folder are shardify's own.

use std::path::{Component, Path, PathBuf};

use super::{FAILURES_NAME, LOST_NAME};
use crate::{
    error::{At, Error, Result},
    index::{FORMAT_VERSION, MANIFEST_NAME, MAX_MANIFEST, Manifest},
    pipeline::read_json_up_to,
    storage::{NameKind, Storage},
};

/// The folder of the record indexes.
pub(crate) const INDEX_NAME: &str = "index";

/// The manifest of the data set in a folder, if there is one.
pub(super) fn read_manifest(storage: &dyn Storage, out: &Path) -> Result<Option<Manifest>> {
    let path = out.join(MANIFEST_NAME);
    let manifest: Option<Manifest> = read_json_up_to(storage, &path, MAX_MANIFEST)?;
    if manifest.is_none() && storage.stat(&path)?.is_some() {
        return Err(Error::output("it is not a manifest that this version of shardify can read")
            .with_hint("if the folder may be replaced, remove the file first"))
        .at(path);
    }
    if let Some(found) = manifest.as_ref().filter(|manifest| manifest.format_version > FORMAT_VERSION) {
        return Err(Error::output(format!(
            "the manifest has format version {}, and this shardify knows versions up to {FORMAT_VERSION}",
            found.format_version
        ))
        .with_hint("use the version of shardify that wrote it, or a newer one"))
        .at(path);
    }
    Ok(manifest)
}

/// The files that a finished run wrote, relative to its folder. Adopted shards are those of others: they are never ours
/// to replace or remove.
pub(super) fn owned_files(manifest: &Manifest) -> Vec<PathBuf> {
    let shards = manifest.splits.iter().flat_map(|split| &split.shards);
    let mut files: Vec<PathBuf> = vec![PathBuf::from(MANIFEST_NAME)];
    for shard in shards {
        files.push(index_file(&shard.name));
        if !manifest.adopted {
            files.push(PathBuf::from(&shard.name));
        }
    }
    files.extend(manifest.files.iter().map(PathBuf::from));
    files
}

/// Where the record index of a shard is, relative to the output folder.
pub(crate) fn index_file(shard: &str) -> PathBuf {
    Path::new(INDEX_NAME).join(format!("{shard}.idx"))
}

pub(super) fn in_index(path: &Path) -> bool {
    path.starts_with(INDEX_NAME)
}

/// Whether the folder of the indexes is one, or is still to be made: a link might lead anywhere.
pub(super) fn index_is_folder(storage: &dyn Storage, out: &Path) -> Result<bool> {
    let names = storage.list(out)?;
    Ok(names.iter().all(|(name, kind)| name != INDEX_NAME.as_bytes() || kind == NameKind::Dir))
}

/// Whether a path in the output folder can be that of a file of ours. Manifests and lists of things to do are files that
/// anyone may have edited: they may not lead out of the folder, nor to what shardify never writes.
pub(super) fn is_ours(path: &Path) -> bool {
    let mut names = path.components().map(|component| match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    match (names.next().flatten(), names.next(), names.next()) {
        (Some(name), None, None) => {
            [MANIFEST_NAME, "dataset_info.json", "features.json", FAILURES_NAME, LOST_NAME].contains(&name)
                || name.ends_with(".labels.txt")
                || name.contains(".tfrecord-")
        }
        (Some(INDEX_NAME), Some(Some(name)), None) => name.ends_with(".idx"),
        _ => false,
    }
}
