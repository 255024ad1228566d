//! Files under the name of a shard that never were TFRecords: failed downloads, pointers, archives, images.

use std::path::Path;

use crate::{
    error::Result,
    pipeline::ScannedShard,
    source::ShardFile,
    storage::Storage,
    tfrecord::{Compression, DamageKind},
    transform::{DETECT_BYTES, Detected, detect},
    units::Count,
};

/// What a file is in place of a TFRecord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtherKind {
    /// With its article, as in `an HTML page`.
    pub(crate) what: String,
    /// What to do about it, if there is more to say than that the real shard is needed.
    pub(crate) hint: Option<&'static str>,
}

/// Why a file is no TFRecord, if that is certain. A record that was found is proof enough that it is one, but not in an
/// archive: what is stored in there may be a TFRecord, and its records are not records of the archive.
pub(crate) fn other_kind<P>(
    storage: &dyn Storage,
    path: &Path,
    scanned: &ScannedShard<P>,
) -> Result<Option<OtherKind>> {
    let Some(first) = scanned.damage.first().filter(|damage| damage.offset.0 == 0) else { return Ok(None) };
    let is_no_header =
        matches!(first.kind, DamageKind::LengthCrc { .. } | DamageKind::ZeroTail | DamageKind::TruncatedHeader);
    if !is_no_header {
        return Ok(None);
    }
    let (inside, head) = match scanned.compression {
        Compression::None => ("", scanned.head.clone()),
        Compression::Gzip => ("a gzip file with ", unpacked_head(storage, path)?),
        Compression::Zlib => ("a zlib stream with ", unpacked_head(storage, path)?),
    };
    let other = |what: &str, hint| Ok(Some(OtherKind { what: format!("{inside}{what}"), hint }));
    let is_all_zero = first.kind == DamageKind::TruncatedHeader && is_zero(&head) && head.len() > 8;
    if first.kind == DamageKind::ZeroTail || is_all_zero {
        return other(&format!("nothing but zeros, {} bytes of them", Count(first.bytes)), None);
    }
    // The upper half of a length is zero in every record that can be read: such a file may be a damaged TFRecord.
    // That of gzip is zero too where it has no time.
    if head.get(4..8).is_none_or(is_zero) && !head.starts_with(b"\x1f\x8b\x08") {
        return Ok(None);
    }
    match detect(head.get(..DETECT_BYTES).unwrap_or(&head)) {
        Detected::Other(foreign) if !foreign.is_known() => Ok(None),
        Detected::Other(foreign) if foreign.what.contains("archive") || scanned.intact.is_empty() => {
            // Advice on inputs of a conversion does not fit.
            let fits = !foreign.hint.contains("--on-error") && !foreign.hint.starts_with("convert");
            other(foreign.what, fits.then_some(foreign.hint))
        }
        Detected::Image(format) if scanned.intact.is_empty() => other(&format!("an image ({})", format.name()), None),
        _ => Ok(None),
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

fn unpacked_head(storage: &dyn Storage, path: &Path) -> Result<Vec<u8>> {
    let file = ShardFile::open(storage, path)?;
    let mut head = vec![0; DETECT_BYTES];
    let made = file.inflate().fill(&mut head)?;
    head.truncate(made);
    Ok(head)
}
