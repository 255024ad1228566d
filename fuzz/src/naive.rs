//! Reading records the slow and obvious way, to compare with: a checksum bit by bit, no search, no salvage.

/// The masked CRC-32C, a bit at a time.
#[must_use]
pub fn masked_crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    (!crc).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// A record as it is written.
#[must_use]
pub fn frame(payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u64).to_le_bytes();
    let mut out = length.to_vec();
    out.extend(masked_crc(&length).to_le_bytes());
    out.extend(payload);
    out.extend(masked_crc(payload).to_le_bytes());
    out
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// A record whose checksums hold, and where it ends.
    Whole(usize),
    /// A header that holds, and a payload that does not.
    BadPayload(usize),
    /// A header that holds, and claims more than is left.
    Cut,
    /// Nothing that begins a record.
    Nothing,
}

/// What stands at a place in a file.
#[must_use]
pub fn at(file: &[u8], place: usize) -> Stands {
    let rest = &file[place.min(file.len())..];
    let (Some(length), Some(stored)) = (rest.get(..8), rest.get(8..12)) else { return Stands::Nothing };
    if stored != masked_crc(length).to_le_bytes() {
        return Stands::Nothing;
    }
    let claimed = u64::from_le_bytes(length.try_into().unwrap_or_default());
    if claimed > shardify::tfrecord::DEFAULT_MAX_RECORD.0 {
        return Stands::Nothing;
    }
    let Some(end) = usize::try_from(claimed).ok().and_then(|len| len.checked_add(12)) else { return Stands::Cut };
    let (Some(payload), Some(stored)) = (rest.get(12..end), rest.get(end..end.saturating_add(4))) else {
        return Stands::Cut;
    };
    if stored == masked_crc(payload).to_le_bytes() {
        Stands::Whole(place + end + 4)
    } else {
        Stands::BadPayload(place + end + 4)
    }
}

/// Whether a whole record starts behind the header of one from `start` to `end`, and ends behind its payload: then that one has
/// lost bytes.
fn is_crossed(file: &[u8], start: usize, end: usize) -> bool {
    (start + 12..end).any(|place| match at(file, place) {
        Stands::Whole(behind) => behind > end - 4,
        Stands::BadPayload(behind) => behind > end - 4 && is_boundary(file, behind),
        _ => false,
    })
}

/// Whether a record may end here: at the end of the file, or before a header that holds.
#[must_use]
pub fn is_boundary(file: &[u8], place: usize) -> bool {
    place == file.len() || at(file, place) != Stands::Nothing
}

/// From record to record, over damaged payloads, as long as headers tell where to go: the intact records, and where the way
/// ends. What is read so can be in no doubt, whatever comes later.
#[must_use]
pub fn chain(file: &[u8]) -> (Vec<(usize, usize)>, usize) {
    let (mut records, mut place) = (Vec::new(), 0);
    while place < file.len() {
        match at(file, place) {
            Stands::Whole(end) => {
                records.push((place, end));
                place = end;
            }
            Stands::BadPayload(end) if is_boundary(file, end) && !is_crossed(file, place, end) => place = end,
            _ => break,
        }
    }
    (records, place)
}
