//! Finding the next header in bytes of which nothing is known.

use memchr::memmem;

use super::{crc::masked_crc32c, frame::HEADER_LEN};
use crate::units::ByteSize;

/// The first offset at or after `from` at which a whole header stands whose checksum holds and which claims at most `limit`
/// bytes. By chance that happens once in some 2^60 bytes of noise; in payloads that hold framing it is no accident.
///
/// Lengths below 2^32 have four zero bytes in their upper half, which is what is searched for; runs of zeros, in which no
/// header can stand, are passed over as a whole.
#[must_use]
pub fn find_header(bytes: &[u8], from: usize, limit: ByteSize) -> Option<usize> {
    let mut from = from;
    loop {
        let candidate = next_candidate(bytes, from, limit)?;
        let header = bytes.get(candidate..)?.first_chunk::<HEADER_LEN>()?;
        if header == &[0; HEADER_LEN] {
            // The checksum of a length of 0 is not 0: no header starts before the last eleven zeros of the run.
            let run = bytes.get(candidate..)?.iter().position(|byte| *byte != 0)?;
            from = candidate + run - (HEADER_LEN - 1);
            continue;
        }
        if holds(header, limit) {
            return Some(candidate);
        }
        from = candidate + 1;
    }
}

/// The next offset at which a length below 2^32 may stand; any offset if larger ones are allowed.
fn next_candidate(bytes: &[u8], from: usize, limit: ByteSize) -> Option<usize> {
    if limit.0 > u64::from(u32::MAX) {
        return Some(from);
    }
    let upper = bytes.get(from.checked_add(4)?..)?;
    // Where everything matches, asking the searcher each time would be the slow way.
    if upper.starts_with(&[0; 4]) {
        return Some(from);
    }
    memmem::find(upper, &[0; 4]).map(|at| from + at)
}

/// Whether a header's checksum holds and its claim is within the limit.
fn holds(header: &[u8; HEADER_LEN], limit: ByteSize) -> bool {
    let (Some(length), Some(stored)) = (header.first_chunk::<8>(), header.last_chunk::<4>()) else { return false };
    u64::from_le_bytes(*length) <= limit.0 && u32::from_le_bytes(*stored) == masked_crc32c(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tfrecord::header;

    const LIMIT: ByteSize = ByteSize((1 << 31) - 1);

    /// The plain way.
    fn slowly(bytes: &[u8], from: usize, limit: ByteSize) -> Option<usize> {
        (from..bytes.len()).find(|at| {
            let header = bytes[*at..].first_chunk::<HEADER_LEN>();
            header.is_some_and(|header| holds(header, limit))
        })
    }

    proptest! {
        #[test]
        fn finds_what_a_test_of_every_offset_finds(
            parts in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(0u8..3, 0..40),
                    (0usize..60).prop_map(|len| vec![0; len]),
                    prop_oneof![0u64..300, Just(0), Just(LIMIT.0), Just(LIMIT.0 + 1), any::<u64>()]
                        .prop_map(|length| header(length).to_vec()),
                ],
                0..12,
            ),
            from in 0usize..80,
            wide: bool,
        ) {
            let bytes = parts.concat();
            let limit = if wide { ByteSize(u64::MAX) } else { LIMIT };
            prop_assert_eq!(find_header(&bytes, from, limit), slowly(&bytes, from, limit));
        }
    }
}
