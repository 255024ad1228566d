//! From header to header to the end of a file: where its records are, without a look at what is in them.

use std::ops::Range;

use super::{
    damage::{Damage, DamageKind},
    frame::{FRAME_LEN, Frame, HEADER_LEN, Verify, parse_frame},
    resync::find_header,
    spans::Spans,
};
use crate::{
    error::{ErrorKind, Result},
    units::{ByteOffset, ByteSize, RecordIndex},
};

/// Bytes read at once where records are short, and where a header is searched for. Still in the nearest caches when it is
/// walked through.
const WINDOW: usize = 64 << 10;

/// Records of more bytes than this are stepped over with a read for each header: cheaper than to read all of them.
const LONG: u64 = 6 << 10;

/// A header is searched for in so many bytes. Where records are longer there are few of them, and no hurry.
const SEARCHED: u64 = 4 << 20;

/// What stands in a stretch of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walked {
    /// Where the first record starts, if one was found.
    pub first: Option<u64>,
    /// The bytes of the records that start in the stretch, framing included. Each follows the one before.
    pub lens: Vec<u32>,
    /// Where the next record has to start.
    pub end: u64,
    /// Why the walk could not go on there.
    pub stuck: Option<DamageKind>,
}

impl Walked {
    /// The damage at which the walk ended, if it did: of a file of `len` bytes in which `before` records stand before.
    #[must_use]
    pub fn damage(&self, before: u64, len: u64) -> Option<Damage> {
        let (record, offset) = (RecordIndex(before + self.lens.len() as u64), ByteOffset(self.end));
        self.stuck.map(|kind| Damage { record, offset, bytes: len - self.end, kind })
    }
}

/// Walks over the records of `len` uncompressed bytes, which `read` fills a buffer with from any offset on. Returns where the
/// records are, and what stands where the walk could not go on. Payloads are not looked at, but the last one is known to be
/// there to its end.
///
/// # Errors
/// Those of `read`. Damage is no error.
pub fn walk(
    len: u64,
    limit: ByteSize,
    read: impl FnMut(&mut [u8], u64) -> Result<()>,
) -> Result<(Spans, Option<Damage>)> {
    let walked = walk_stretch(len, 0..len, limit, &mut Vec::new(), read)?;
    let mut spans = Spans::default();
    spans.extend(0, &walked.lens);
    Ok((spans, walked.damage(0, len)))
}

/// Walks over the records of a stretch, the first of which starts with it. All else is as for [`walk`]; `buffer` is kept from
/// stretch to stretch, whatever is in it.
///
/// # Errors
/// Those of `read`. Damage is no error.
pub fn walk_stretch(
    len: u64,
    range: Range<u64>,
    limit: ByteSize,
    buffer: &mut Vec<u8>,
    mut read: impl FnMut(&mut [u8], u64) -> Result<()>,
) -> Result<Walked> {
    let limit = kept_in_32_bits(limit);
    buffer.resize(WINDOW, 0);
    // The part of the file that is in the buffer, and how long records have been of late.
    let (mut held, mut usual) = (0..0_u64, None);
    let mut walked = Walked { first: Some(range.start), ..Walked::default() };
    let mut at = range.start;
    while at < range.end && walked.stuck.is_none() {
        let left = len.saturating_sub(at);
        if at < held.start || held.end.saturating_sub(at) < left.min(HEADER_LEN as u64) {
            let is_short = usual.is_some_and(|usual| usual <= LONG);
            let wanted = if is_short { WINDOW } else { HEADER_LEN } as u64;
            held = at..at + wanted.min(left);
            read(buffer.get_mut(..usize::try_from(held.end - at).unwrap_or(0)).unwrap_or_default(), at)?;
        }
        let from = usize::try_from(at - held.start).unwrap_or(usize::MAX);
        let until = usize::try_from(held.end - held.start).unwrap_or(usize::MAX).min(from.saturating_add(HEADER_LEN));
        walked.stuck = match parse_frame(buffer.get(from..until).unwrap_or_default(), limit, Verify::Length) {
            Frame::NeedMore { .. } if left < HEADER_LEN as u64 => Some(DamageKind::TruncatedHeader),
            Frame::NeedMore { total } if total <= left => {
                walked.lens.push(u32::try_from(total).unwrap_or(u32::MAX));
                at += total;
                usual = Some(usual.map_or(total, |usual| (7 * usual + total) / 8));
                None
            }
            Frame::NeedMore { total } => Some(DamageKind::TruncatedRecord { needed: total }),
            Frame::Bad(ErrorKind::LengthCrc { stored, computed }) => Some(DamageKind::LengthCrc { stored, computed }),
            Frame::Bad(ErrorKind::RecordTooLarge { claimed, .. }) => Some(DamageKind::TooLarge { claimed }),
            // A header alone is never a whole record.
            Frame::Bad(_) | Frame::Record { .. } => Some(DamageKind::TruncatedHeader),
        };
    }
    walked.end = at;
    Ok(walked)
}

/// Walks over the records of a stretch from the first place on where one seems to start. That is a guess, which holds if the
/// stretch before ends there: what is stored in a record may look the same.
///
/// # Errors
/// Those of `read`. Damage is no error.
pub fn walk_guessed(
    len: u64,
    range: Range<u64>,
    limit: ByteSize,
    buffer: &mut Vec<u8>,
    mut read: impl FnMut(&mut [u8], u64) -> Result<()>,
) -> Result<Walked> {
    buffer.resize(WINDOW, 0);
    let mut from = range.start;
    while from < range.end.min(range.start.saturating_add(SEARCHED)) {
        let wanted = usize::try_from(len - from).unwrap_or(usize::MAX).min(buffer.len());
        let window = buffer.get_mut(..wanted).unwrap_or_default();
        read(window, from)?;
        if let Some(at) = find_header(window, 0, kept_in_32_bits(limit)) {
            return walk_stretch(len, from + at as u64..range.end, limit, buffer, read);
        }
        // A header may stand across the end of the window.
        from += (WINDOW - (HEADER_LEN - 1)) as u64;
    }
    Ok(Walked { end: range.start, ..Walked::default() })
}

/// Lengths are kept in 32 bits, and no Example may be longer.
fn kept_in_32_bits(limit: ByteSize) -> ByteSize {
    ByteSize(limit.0.min(u64::from(u32::MAX) - FRAME_LEN as u64))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;
    use crate::tfrecord::{DEFAULT_MAX_RECORD, footer, header, survey};

    fn file(lens: &[usize]) -> Vec<u8> {
        let record = |len: &usize| {
            let payload = vec![7; *len];
            [&header(*len as u64)[..], &payload, &footer(&payload)].concat()
        };
        lens.iter().flat_map(record).collect()
    }

    fn read(bytes: &[u8]) -> impl FnMut(&mut [u8], u64) -> Result<()> {
        |buffer, offset| {
            let offset = usize::try_from(offset).unwrap();
            buffer.copy_from_slice(&bytes[offset..offset + buffer.len()]);
            Ok(())
        }
    }

    proptest! {
        #[test]
        fn records_are_where_a_survey_finds_them(
            lens in proptest::collection::vec(prop_oneof![4 => 0usize..200, 1 => 4_000usize..9_000, 1 => 250_000usize..300_000], 0..30),
        ) {
            let bytes = file(&lens);
            let len = bytes.len() as u64;
            let (spans, damage) = walk(len, DEFAULT_MAX_RECORD, read(&bytes)).unwrap();
            prop_assert_eq!(damage, None);
            prop_assert_eq!(spans, survey(len, DEFAULT_MAX_RECORD, &[], read(&bytes)).unwrap().intact);
        }

        /// Wherever a file is cut, and whatever byte of a header is changed, what is walked over is true.
        #[test]
        fn no_cut_and_no_damaged_header_goes_unnoticed(
            lens in proptest::collection::vec(0usize..60, 1..8),
            at: prop::sample::Index,
            bit in 0u32..8,
        ) {
            let whole = file(&lens);
            let (all, _) = walk(whole.len() as u64, DEFAULT_MAX_RECORD, read(&whole)).unwrap();
            let at = at.index(whole.len());
            let (spans, damage) = walk(at as u64, DEFAULT_MAX_RECORD, read(&whole[..at])).unwrap();
            let kept = all.iter().take_while(|span| span.offset.0 + u64::from(span.len) <= at as u64).count() as u64;
            prop_assert_eq!(spans.len(), kept);
            prop_assert_eq!(damage.is_none(), spans.end().0 == at as u64);

            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            let (spans, damage) = walk(whole.len() as u64, DEFAULT_MAX_RECORD, read(&changed)).unwrap();
            let hit = all.iter().position(|span| (span.offset.0..span.offset.0 + 12).contains(&(at as u64)));
            prop_assert_eq!(damage.map(|damage| damage.record.0), hit.map(|record| record as u64));
            prop_assert_eq!(spans.len(), hit.map_or(all.len(), |record| record as u64));
        }
    }

    #[test]
    fn a_header_is_found_wherever_it_stands_in_what_is_read_at_once() {
        for before in (WINDOW - 2 * HEADER_LEN..WINDOW + 2).chain([0, 3 * WINDOW]) {
            let bytes = [vec![1; before], file(&[50, 60])].concat();
            let len = bytes.len() as u64;
            let walked = walk_guessed(len, 0..len, DEFAULT_MAX_RECORD, &mut vec![9; 3], read(&bytes)).unwrap();
            assert_eq!(walked.first, Some(before as u64));
            assert_eq!((walked.lens, walked.end, walked.stuck), (vec![66, 76], len, None));
        }
    }

    #[test]
    fn long_records_are_stepped_over() {
        let bytes = file(&[100_000; 100]);
        let total = Cell::new(0);
        let mut inner = read(&bytes);
        let (spans, _) = walk(bytes.len() as u64, DEFAULT_MAX_RECORD, |buffer: &mut [u8], offset| {
            total.set(total.get() + buffer.len());
            inner(buffer, offset)
        })
        .unwrap();
        assert_eq!(spans.len(), 100);
        assert_eq!(total.get(), 100 * HEADER_LEN);
    }
}
