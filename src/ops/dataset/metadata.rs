//! What stands beside shards: manifest, TFDS metadata, class names.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;

use super::{DataSet, find::Folder, splits};
use crate::{
    error::{At, Error, ErrorKind, Printable, Result},
    example::Role,
    index::{
        FORMAT_VERSION, MANIFEST_NAME, MAX_LABELS, MAX_MANIFEST, MAX_TFDS, Manifest, TfdsFeatures, TfdsInfo,
        class_names, labels_file_name,
    },
    source::MAX_CLASSES,
    storage::{EntryKind, Storage},
    units::Count,
};

/// A file beside the shards.
#[derive(Debug)]
pub(crate) enum Metadata<T> {
    /// There is none.
    Absent,
    /// What it says.
    Is(T),
    /// It is there and cannot be used, for this reason.
    Broken(Error),
}

impl<T> Metadata<T> {
    /// What it says, if it can be used.
    pub(crate) fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Broken(_) => None,
        }
    }

    /// Why it cannot be used, if it is there.
    pub(crate) fn broken(&self) -> Option<&Error> {
        match self {
            Self::Broken(error) => Some(error),
            Self::Absent | Self::Is(_) => None,
        }
    }

    /// The error of the system that kept it from being read; then it counts as absent from here on.
    pub(super) fn check_read(&mut self) -> Result<()> {
        if !matches!(self.broken().map(Error::kind), Some(ErrorKind::Io { .. })) {
            return Ok(());
        }
        match std::mem::replace(self, Self::Absent) {
            Self::Broken(error) => Err(error),
            Self::Absent | Self::Is(_) => Ok(()),
        }
    }
}

/// The class names of one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelNames {
    /// The key of the label.
    pub(crate) key: String,
    /// The names; the index is the stored label less the offset.
    pub(crate) names: Vec<String>,
    /// What is added to a class index when it is stored.
    pub(crate) offset: u32,
    /// The file that they come from.
    pub(crate) file: String,
}

/// Reads what stands beside the shards of a folder and sorts them into splits.
pub(super) fn describe(storage: &dyn Storage, folder: Folder) -> Result<DataSet> {
    let Folder { dir, is_whole, mut shards, leftovers, .. } = folder;
    let manifest = read(storage, &dir.join(MANIFEST_NAME), MAX_MANIFEST, manifest)?;
    if is_whole {
        add_listed(storage, &dir, manifest.get(), &mut shards);
    }
    let info = read(storage, &dir.join("dataset_info.json"), MAX_TFDS, TfdsInfo::parse)?;
    let mut features = read(storage, &dir.join("features.json"), MAX_TFDS, TfdsFeatures::parse)?;
    let labels = labels(storage, &dir, manifest.get(), features.get()).unwrap_or_else(|error| {
        // Only those that the features speak of are read.
        features = Metadata::Broken(error);
        Vec::new()
    });
    let splits = splits::sort(&dir, shards, manifest.get(), info.get());
    Ok(DataSet { dir, is_whole, splits, manifest, info, features, labels, leftovers })
}

/// Adds the shards that the manifest names and whose names do not tell that they are shards.
fn add_listed(storage: &dyn Storage, dir: &Path, manifest: Option<&Manifest>, shards: &mut Vec<PathBuf>) {
    let known: BTreeSet<PathBuf> = shards.iter().cloned().collect();
    let listed = manifest.into_iter().flat_map(|manifest| &manifest.splits).flat_map(|split| &split.shards);
    // Anyone may have edited a manifest: what it names is in its own folder.
    let names = listed.map(|shard| Path::new(&shard.name)).filter(|name| name.file_name() == Some(name.as_os_str()));
    for path in names.map(|name| dir.join(name)).filter(|path| !known.contains(path)) {
        if matches!(storage.stat(&path), Ok(Some(EntryKind::File { .. }))) {
            shards.push(path);
        }
    }
}

fn manifest(text: &[u8]) -> Result<Manifest> {
    // The version first: a newer format may look different in every other respect.
    #[derive(serde::Deserialize)]
    struct Version {
        format_version: u32,
    }
    let Version { format_version } = json(text)?;
    if format_version > FORMAT_VERSION {
        return Err(Error::inputs(format!(
            "the manifest has format version {format_version}, and this shardify knows versions up to {FORMAT_VERSION}"
        ))
        .with_hint("use the version of shardify that wrote it, or a newer one"));
    }
    let manifest: Manifest = json(text)?;
    let classes = manifest.class_names.len() as u64;
    if classes > MAX_CLASSES.into() {
        let (found, most) = (Count(classes), Count(MAX_CLASSES.into()));
        return Err(Error::inputs(format!("the manifest has {found} class names, and at most {most} are possible")));
    }
    Ok(manifest)
}

fn json<T: DeserializeOwned>(text: &[u8]) -> Result<T> {
    serde_json::from_slice(text).map_err(|error| {
        // The message may repeat what stands there.
        let error = error.to_string();
        Error::inputs(format!("not a manifest of shardify: {}", Printable(error.as_ref())))
    })
}

/// Reads a file, if it is there.
fn read<T>(storage: &dyn Storage, path: &Path, max: u64, parse: impl Fn(&[u8]) -> Result<T>) -> Result<Metadata<T>> {
    let text = match storage.stat(path)? {
        None => return Ok(Metadata::Absent),
        Some(EntryKind::File { bytes }) if bytes <= max => content(storage, path),
        Some(EntryKind::File { bytes }) => {
            let message = format!("it has {} bytes, and no such file has more than {}", Count(bytes), Count(max));
            Err(Error::inputs(message).with_hint("it is something else: move it away")).at(path)
        }
        Some(_) => Err(Error::inputs("it is no file")).at(path),
    };
    Ok(match text.and_then(|text| parse(&text)).at(path) {
        Ok(value) => Metadata::Is(value),
        Err(error) => Metadata::Broken(error),
    })
}

fn content(storage: &dyn Storage, path: &Path) -> Result<Vec<u8>> {
    let file = storage.open(path)?;
    let mut text = vec![0; usize::try_from(file.len()).unwrap_or(0)];
    file.read_exact_at(&mut text, 0).at(path)?;
    Ok(text)
}

/// The class names that the manifest has, or else those in the files of TFDS.
fn labels(
    storage: &dyn Storage,
    dir: &Path,
    manifest: Option<&Manifest>,
    features: Option<&TfdsFeatures>,
) -> Result<Vec<LabelNames>> {
    let is_label = |role: &Role| matches!(role, Role::ClassLabel { .. });
    if let Some(manifest) = manifest {
        let fields = manifest.schema.fields.iter().filter(|field| is_label(&field.role) && !field.auxiliary);
        let names = |key: &String| LabelNames {
            key: key.clone(),
            names: manifest.class_names.clone(),
            offset: manifest.label_offset,
            file: MANIFEST_NAME.to_owned(),
        };
        return Ok(fields.map(|field| names(&field.key)).collect());
    }
    let mut found = Vec::new();
    for field in features.iter().flat_map(|features| &features.schema.fields).filter(|field| is_label(&field.role)) {
        found.extend(label_names(storage, dir, &field.key)?);
    }
    Ok(found)
}

/// The class names of a label in the file that TFDS would look for, if it is there.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io) if it cannot be read.
pub(crate) fn label_names(storage: &dyn Storage, dir: &Path, key: &str) -> Result<Option<LabelNames>> {
    let file = labels_file_name(key);
    let path = dir.join(&file);
    if !matches!(storage.stat(&path)?, Some(EntryKind::File { bytes }) if bytes <= MAX_LABELS) {
        return Ok(None);
    }
    let names = class_names(&String::from_utf8_lossy(&content(storage, &path)?));
    Ok(Some(LabelNames { key: key.to_owned(), names, offset: 0, file }))
}
