//! Compressing a batch into gzip members, in the worker that made it.

use super::batch::{Batch, FailedInput, ImageFacts, Piece};
use crate::{
    error::{Error, Fault},
    shard::ShardPolicy,
    tfrecord::gzip_member,
    units::{ByteSize, Count},
};

/// Records are packed into a member until it holds this many bytes: enough to compress well, small enough that the cap
/// can be met closely.
const MEMBER_BYTES: u64 = 256 << 10;

/// Replaces the records of a batch with gzip members.
///
/// Members start anew at every shard and every batch, and what is in one depends only on the records from its start on:
/// a run that is resumed at a shard boundary packs the same members.
pub(super) fn compress(batch: &mut Batch, policy: &ShardPolicy, positions: u64) {
    let target = MEMBER_BYTES.min(policy.max_bytes.0 / 4);
    let mut packed = Vec::with_capacity(batch.bytes.len() / 2);
    let mut members: Vec<Piece> = Vec::new();
    let mut images: Vec<ImageFacts> = Vec::new();
    let mut at = 0;
    let mut first = 0;
    let mut records = 0;
    while first < batch.pieces.len() {
        let (mut member, mut len, mut facts) = (Piece { position: 0, len: 0, records: 0, payload: 0 }, 0, None);
        let mut end = first;
        while let Some(piece) = batch.pieces.get(end) {
            let other_shard = policy.part(piece.position, positions) != policy.part(member.position, positions);
            if member.records > 0 && (len + piece.len > target || other_shard) {
                break;
            }
            if member.records == 0 {
                member.position = piece.position;
            }
            member.records += piece.records;
            member.payload += piece.payload;
            len += piece.len;
            if let Some(image) = batch.images.get(end) {
                facts.get_or_insert_with(ImageFacts::default).join(image);
            }
            end += 1;
        }
        let stop = at + usize::try_from(len).unwrap_or(usize::MAX);
        let bytes = gzip_member(batch.bytes.get(at..stop).unwrap_or_default());
        member.len = bytes.len() as u64;
        if member.len > policy.max_bytes.0 {
            // Only a record that fills a member alone can be too large.
            if !batch.classes.is_empty() {
                batch.classes.remove(records);
            }
            batch.failed.push(FailedInput {
                position: member.position,
                error: too_large(member.len, policy.max_bytes).with_hint("raise --max-shard (below 2 GiB)"),
            });
        } else {
            packed.extend_from_slice(&bytes);
            records += usize::try_from(member.records).unwrap_or(usize::MAX);
            members.push(member);
            images.extend(facts);
        }
        (at, first) = (stop, end);
    }
    batch.bytes = packed;
    batch.pieces = members;
    batch.images = images;
    batch.failed.sort_by_key(|failed| failed.position);
}

/// The error of a record that fits no shard.
pub(super) fn too_large(framed: u64, cap: ByteSize) -> Error {
    Error::input(
        Fault::TooLarge,
        format!(
            "its record takes {} bytes with framing, more than the shard cap of {} bytes",
            Count(framed),
            Count(cap.0)
        ),
    )
}
