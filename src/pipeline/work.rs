//! The work folder of a run: staged shards, and one journal entry for each that is finished.
//!
//! ```text
//! OUT/.shardify/train-00003.tfrecord   a finished shard (or, being written, `.train-00003.tfrecord.partial`)
//! OUT/.shardify/train-00003.idx        its record index
//! OUT/.shardify/train-00003.json       its journal entry: written last, so its presence means that both are whole
//! ```
//!
//! Every journal entry is a file of its own, staged, synced and renamed: a crash can never leave half of one.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::batch::ImageFacts;
use crate::{
    error::{At, Error, Fault, Result},
    index::MAX_MANIFEST,
    shard::{Cut, ShardPolicy, ShardSummary},
    storage::{EntryKind, NameKind, StagedFile, Storage},
    tfrecord::{Compression, FRAME_LEN},
};

/// The list of what is to be published names every shard four times, which its manifest names once.
const MAX_JSON: u64 = 4 * MAX_MANIFEST;

/// The most that deflate makes of a byte.
const MAX_DEFLATE: u128 = 1032;

/// An input that was left out, as `failures.jsonl` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The file, or the array and row.
    pub input: String,
    /// The bytes of the name, in base64, where `input` cannot have them because they are no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_base64: Option<String>,
    /// The split that it would have been in.
    pub split: String,
    /// Its class name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A stable name of the fault: see [`Fault::code`](crate::error::Fault::code).
    pub fault: String,
    /// What was found and expected.
    pub reason: String,
}

impl Failure {
    /// An input that was left out, whose name need not be UTF-8.
    pub(crate) fn new(input: &OsStr, split: String, fault: Fault, reason: String) -> Self {
        Self {
            input: input.to_string_lossy().into_owned(),
            input_base64: input.to_str().is_none().then(|| STANDARD.encode(input.as_bytes())),
            split,
            label: None,
            fault: fault.code().to_owned(),
            reason,
        }
    }
}

/// A finished, synced shard in the work folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardEntry {
    /// Its position among the shards of the split.
    pub shard: u32,
    /// The list position of its first record.
    pub first: u64,
    /// The list position where the next shard starts.
    pub next: u64,
    /// Records, bytes and CRC-32 of the file.
    pub summary: ShardSummary,
    /// Bytes of the serialized Examples.
    pub payload_bytes: u64,
    /// What is known of its images.
    #[serde(default)]
    pub images: ImageFacts,
    /// Records of each class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub class_counts: BTreeMap<u32, u64>,
    /// The inputs in this range that were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
}

/// Names and files in the work folder.
#[derive(Debug, Clone)]
pub struct WorkDir {
    dir: PathBuf,
}

impl WorkDir {
    /// The work folder at this path.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn file(&self, split: &str, shard: u32, ending: &str) -> PathBuf {
        self.dir.join(format!("{split}-{shard:05}.{ending}"))
    }

    /// Where a shard stands when it is finished.
    #[must_use]
    pub fn shard(&self, split: &str, shard: u32) -> PathBuf {
        self.file(split, shard, "tfrecord")
    }

    /// Where the index of a shard stands.
    #[must_use]
    pub fn index(&self, split: &str, shard: u32) -> PathBuf {
        self.file(split, shard, "idx")
    }

    pub(super) fn entry(&self, split: &str, shard: u32) -> PathBuf {
        self.file(split, shard, "json")
    }

    /// The finished shards of a split of so many list positions, in order, as far as there is no gap: each with an entry that can
    /// be read and contradicts neither itself nor what is asked for, and a file of the size that the entry says.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if the folder cannot be read.
    pub fn finished(
        &self,
        storage: &dyn Storage,
        split: &str,
        positions: u64,
        policy: &ShardPolicy,
        compression: Compression,
    ) -> Result<Vec<ShardEntry>> {
        let mut entries: Vec<ShardEntry> = Vec::new();
        for shard in 0.. {
            let files = [self.entry(split, shard), self.shard(split, shard), self.index(split, shard)];
            // A link or a pipe would be published as the shard.
            let are_files = files.iter().map(|path| Ok(storage.kind(path)? == Some(NameKind::File)));
            if !are_files.collect::<Result<Vec<_>>>()?.into_iter().all(|is_file| is_file) {
                break;
            }
            let Some(entry) = read_json::<ShardEntry>(storage, &self.entry(split, shard))? else { break };
            let start = entries.last().map_or(0, |before| before.next);
            let bytes = EntryKind::File { bytes: entry.summary.bytes };
            if entry.shard != shard
                || !entry.is_sound(start, positions, policy, compression)
                || storage.stat(&self.shard(split, shard))? != Some(bytes)
            {
                break;
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

impl ShardEntry {
    /// Whether it can be the entry of a shard that starts at a position. Anyone may have edited it.
    fn is_sound(&self, start: u64, positions: u64, policy: &ShardPolicy, compression: Compression) -> bool {
        let ShardSummary { records, bytes, .. } = self.summary;
        // Every position is accounted for: as a record, or as a failure.
        let accounted = records.checked_add(self.failures.len() as u64);
        let is_accounted = accounted.is_some() && self.next.checked_sub(start) == accounted && self.next <= positions;
        let frames = u128::from(records) * FRAME_LEN as u128;
        let payload = match compression {
            Compression::None => u128::from(bytes) == u128::from(self.payload_bytes) + frames,
            // Deflate makes nothing smaller than this.
            Compression::Gzip | Compression::Zlib => {
                u128::from(self.payload_bytes) + frames <= u128::from(bytes) * MAX_DEFLATE
            }
        };
        let counted = self.class_counts.values().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        let in_count = !matches!(policy.cut, Cut::Count(count) if self.shard >= count);
        is_accounted
            && (start..self.next).contains(&self.first)
            && records > 0
            && bytes <= policy.max_bytes.0
            && payload
            && counted.is_some_and(|counted| counted <= records)
            && in_count
            && self.images.can_be_of(records)
    }
}

/// Writes a JSON file that is complete whenever it is there.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
pub fn write_json(storage: &dyn Storage, path: &Path, value: &impl Serialize) -> Result<()> {
    stage_json(storage, path, value)?.commit()
}

/// A JSON file that is still to be committed.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
pub fn stage_json(storage: &dyn Storage, path: &Path, value: &impl Serialize) -> Result<StagedFile> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| Error::io("serialize", error.into())).at(path)?;
    text.push(b'\n');
    let mut file = storage.stage(path)?;
    file.append(&text)?;
    Ok(file)
}

/// Reads a JSON file; `None` if there is none, or if it is not what it should be.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io) if the file is there and cannot be read.
pub fn read_json<T: DeserializeOwned>(storage: &dyn Storage, path: &Path) -> Result<Option<T>> {
    // No file of ours is larger, not even the list of what is to be published; what is, is something else.
    read_json_up_to(storage, path, MAX_JSON)
}

/// The same of a file that has no more than `max` bytes, or is something else.
///
/// # Errors
/// Those of [`read_json`].
pub fn read_json_up_to<T: DeserializeOwned>(storage: &dyn Storage, path: &Path, max: u64) -> Result<Option<T>> {
    if !matches!(storage.stat(path)?, Some(EntryKind::File { bytes }) if bytes <= max) {
        return Ok(None);
    }
    let file = storage.open(path)?;
    let mut text = vec![0; usize::try_from(file.len()).unwrap_or(0)];
    file.read_exact_at(&mut text, 0).at(path)?;
    Ok(serde_json::from_slice(&text).ok())
}
