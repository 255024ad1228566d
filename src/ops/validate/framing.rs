//! What the bytes of one shard show: that it is something else, damaged framing, damaged or unannounced compression.

use std::{path::Path, sync::Arc};

use super::finding::{Finding, FindingKind};
use crate::{
    error::Result,
    pipeline::ScannedShard,
    shard::ParsedName,
    source::ShardFile,
    storage::Storage,
    tfrecord::{Compression, Damage, DamageKind},
    transform::{DETECT_BYTES, Detected, detect},
    units::Count,
};

/// Why a file is no TFRecord, and what to do about it, if that is certain.
pub(super) fn other_kind<P>(
    storage: &dyn Storage,
    path: &Arc<Path>,
    scanned: &ScannedShard<P>,
) -> Result<Option<Finding>> {
    // A first record that is whole, or has a header that holds, is proof enough.
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
    let finding = |what: &str| {
        let message = format!("this is {inside}{what}, not a TFRecord");
        Finding::of_file(FindingKind::NotTfrecord, Arc::clone(path), message)
    };
    if first.kind == DamageKind::ZeroTail
        || first.kind == DamageKind::TruncatedHeader && is_zero(&head) && head.len() > 8
    {
        let all = format!("nothing but zeros, {} bytes of them", Count(first.bytes));
        return Ok(Some(finding(&all)));
    }
    // The upper half of a length is zero in every record that can be read: such a file may be a damaged TFRecord.
    // That of gzip is zero too where it has no time.
    if head.get(4..8).is_none_or(is_zero) && !head.starts_with(b"\x1f\x8b\x08") {
        return Ok(None);
    }
    Ok(match detect(head.get(..DETECT_BYTES).unwrap_or(&head)) {
        Detected::Image(format) => Some(finding(&format!("an image ({})", format.name()))),
        Detected::Other(other) if other.what.ends_with("unknown type") => None,
        Detected::Other(other) => {
            let mut finding = finding(other.what);
            // Advice on inputs of a conversion does not fit.
            if !other.hint.contains("--on-error") && !other.hint.starts_with("convert") {
                finding.remedy = other.hint;
            }
            Some(finding)
        }
    })
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

/// What is wrong with a shard that is one. `announced` is what the manifest says of compression.
pub(super) fn findings<P>(
    path: &Arc<Path>,
    scanned: &ScannedShard<P>,
    announced: Option<Compression>,
    mut add: impl FnMut(Finding),
) {
    if scanned.intact.is_empty() && scanned.damage.is_empty() && scanned.faults.is_empty() {
        let message = match scanned.bytes {
            0 => "the file has no bytes and so no record".to_owned(),
            bytes => format!("there is no record in the {} bytes of this file", Count(bytes)),
        };
        add(Finding::of_file(FindingKind::EmptyShard, Arc::clone(path), message));
    }
    if let Some(message) = unannounced(path, scanned, announced) {
        add(Finding::of_file(FindingKind::UnannouncedCompression, Arc::clone(path), message));
    }
    for fault in &scanned.faults {
        let message = format!("byte {} of the compressed file: {}", Count(fault.offset.0), fault.what);
        add(Finding::of_file(FindingKind::BadCompression, Arc::clone(path), message));
    }
    for damage in &scanned.damage {
        let (kind, message) = describe(damage, scanned);
        let mut finding = Finding::of_file(kind, Arc::clone(path), message);
        finding.record = Some(damage.record);
        finding.offset = Some(damage.offset);
        finding.bytes = Some(damage.bytes);
        add(finding);
    }
}

fn unannounced<P>(path: &Path, scanned: &ScannedShard<P>, announced: Option<Compression>) -> Option<String> {
    let found = scanned.compression;
    let of_name = path.file_name().map_or(Compression::None, |name| ParsedName::parse(name).compression);
    if scanned.bytes == 0 || found == of_name || Some(found) == announced {
        return None;
    }
    Some(match (found, of_name) {
        (Compression::None, said) => format!("the name says {}, and the file is not compressed", name(said)),
        (found, Compression::None) => {
            format!("the file is compressed ({}), and neither its name nor a manifest says so", name(found))
        }
        (found, said) => format!("the name says {}, and the file is compressed as {}", name(said), name(found)),
    })
}

const fn name(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "none",
        Compression::Gzip => "gzip",
        Compression::Zlib => "zlib",
    }
}

fn describe<P>(damage: &Damage, scanned: &ScannedShard<P>) -> (FindingKind, String) {
    let bytes = match damage.bytes {
        1 => "1 byte".to_owned(),
        bytes => format!("{} bytes", Count(bytes)),
    };
    match damage.kind {
        DamageKind::LengthCrc { stored, computed } => {
            let mut message = format!(
                "the length's checksum is {stored:#010x}, expected {computed:#010x}; {bytes} up to where reading goes on are lost"
            );
            if scanned.intact.is_empty() && scanned.damage.len() == 1 {
                message.push_str("; no record was found in the whole file: it may be no TFRecord at all");
            }
            (FindingKind::LengthCrc, message)
        }
        DamageKind::DataCrc { stored, computed } => {
            let message = format!(
                "the data's checksum is {stored:#010x}, expected {computed:#010x}; {bytes} of the file are lost"
            );
            (FindingKind::DataCrc, message)
        }
        DamageKind::TruncatedHeader => (
            FindingKind::TruncatedHeader,
            format!(
                "the file ends with {bytes} that make no whole header: a record was cut off, or something was added"
            ),
        ),
        DamageKind::TruncatedRecord { needed } => (
            FindingKind::TruncatedRecord,
            format!("the file ends inside this record: {} bytes needed, {bytes} left", Count(needed)),
        ),
        DamageKind::TooLarge { claimed } => (
            FindingKind::RecordTooLarge,
            format!("the header holds and claims {} bytes, more than one Example may have", Count(claimed)),
        ),
        DamageKind::ZeroTail => {
            (FindingKind::ZeroTail, format!("nothing but zeros from here to the end of the file, {bytes}"))
        }
    }
}
