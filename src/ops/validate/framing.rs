//! What the bytes of one shard show: that it is something else, damaged framing, damaged or unannounced compression.

use std::{path::Path, sync::Arc};

use super::finding::{Finding, FindingKind};
use crate::{
    error::Result,
    ops::other_kind::{OtherKind, other_kind},
    pipeline::ScannedShard,
    shard::ParsedName,
    storage::Storage,
    tfrecord::{Compression, Damage, DamageKind},
    units::Count,
};

/// That a file is no TFRecord, if that is certain.
pub(super) fn not_tfrecord<P>(
    storage: &dyn Storage,
    path: &Arc<Path>,
    scanned: &ScannedShard<P>,
) -> Result<Option<Finding>> {
    let Some(OtherKind { what, hint }) = other_kind(storage, path, scanned)? else { return Ok(None) };
    let message = format!("this is {what}, not a TFRecord");
    let mut finding = Finding::of_file(FindingKind::NotTfrecord, Arc::clone(path), message);
    finding.remedy = hint.unwrap_or(finding.remedy);
    Ok(Some(finding))
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
        (Compression::None, said) => format!("the name says {}, and the file is not compressed", said.name()),
        (found, Compression::None) => {
            format!("the file is compressed ({}), and neither its name nor a manifest says so", found.name())
        }
        (found, said) => format!("the name says {}, and the file is compressed as {}", said.name(), found.name()),
    })
}

fn describe<P>(damage: &Damage, scanned: &ScannedShard<P>) -> (FindingKind, String) {
    let mut message = damage.to_string();
    let kind = match damage.kind {
        DamageKind::LengthCrc { .. } => FindingKind::LengthCrc,
        DamageKind::DataCrc { .. } => FindingKind::DataCrc,
        DamageKind::TruncatedHeader => FindingKind::TruncatedHeader,
        DamageKind::TruncatedRecord { .. } => FindingKind::TruncatedRecord,
        DamageKind::TooLarge { .. } => FindingKind::RecordTooLarge,
        DamageKind::ZeroTail => FindingKind::ZeroTail,
    };
    if kind == FindingKind::LengthCrc && scanned.intact.is_empty() && scanned.damage.len() == 1 {
        message.push_str("; no record was found in the whole file: it may be no TFRecord at all");
    }
    (kind, message)
}
