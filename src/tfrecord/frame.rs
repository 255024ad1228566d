//! Framing without input or output: bytes in, verdict out.

use super::crc::masked_crc32c;
use crate::{error::ErrorKind, units::ByteSize};

/// Bytes before a payload: its length and the checksum of that.
pub const HEADER_LEN: usize = 12;
/// Bytes after a payload: its checksum.
pub const FOOTER_LEN: usize = 4;
/// Bytes that framing adds to a payload.
pub const FRAME_LEN: usize = HEADER_LEN + FOOTER_LEN;

/// Which checksums are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// Of the length and of the payload.
    #[default]
    All,
    /// Of the length only; a changed payload goes unnoticed.
    Length,
}

/// What the bytes at the start of a slice are.
#[derive(Debug)]
pub enum Frame<'a> {
    /// A whole record.
    Record {
        /// What the record holds.
        payload: &'a [u8],
        /// Where the next record starts in the slice.
        end: usize,
    },
    /// More bytes are needed before anything can be said.
    NeedMore {
        /// How many bytes the slice must have, as far as is known.
        total: u64,
    },
    /// Damage.
    Bad(ErrorKind),
}

/// The twelve bytes before a payload of `length` bytes.
#[must_use]
pub fn header(length: u64) -> [u8; HEADER_LEN] {
    let length = length.to_le_bytes();
    let crc = masked_crc32c(&length).to_le_bytes();
    let mut header = [0; HEADER_LEN];
    for (to, from) in header.iter_mut().zip(length.iter().chain(&crc)) {
        *to = *from;
    }
    header
}

/// The four bytes after a payload.
#[must_use]
pub fn footer(payload: &[u8]) -> [u8; FOOTER_LEN] {
    masked_crc32c(payload).to_le_bytes()
}

/// Reads the record at the start of `bytes`. Nothing is allocated, whatever the header claims.
#[must_use]
pub fn parse_frame(bytes: &[u8], limit: ByteSize, verify: Verify) -> Frame<'_> {
    let Some((length_bytes, rest)) = bytes.split_first_chunk::<8>() else {
        return Frame::NeedMore { total: HEADER_LEN as u64 };
    };
    let Some((crc_bytes, rest)) = rest.split_first_chunk::<4>() else {
        return Frame::NeedMore { total: HEADER_LEN as u64 };
    };
    let (stored, computed) = (u32::from_le_bytes(*crc_bytes), masked_crc32c(length_bytes));
    if stored != computed {
        return Frame::Bad(ErrorKind::LengthCrc { stored, computed });
    }
    let claimed = u64::from_le_bytes(*length_bytes);
    if claimed > limit.0 {
        return Frame::Bad(ErrorKind::RecordTooLarge { claimed, limit });
    }
    let need_more = Frame::NeedMore { total: claimed.saturating_add(FRAME_LEN as u64) };
    let Some((payload, rest)) = usize::try_from(claimed).ok().and_then(|length| rest.split_at_checked(length)) else {
        return need_more;
    };
    let Some((crc_bytes, _)) = rest.split_first_chunk::<4>() else {
        return need_more;
    };
    if verify == Verify::All {
        let (stored, computed) = (u32::from_le_bytes(*crc_bytes), masked_crc32c(payload));
        if stored != computed {
            return Frame::Bad(ErrorKind::DataCrc { stored, computed });
        }
    }
    Frame::Record { payload, end: payload.len() + FRAME_LEN }
}

/// Checks a record that stands in three places: what is before its payload, the payload, and what is behind. The length of the
/// payload must be the one that the header has.
///
/// # Errors
/// [`ErrorKind::LengthCrc`] or [`ErrorKind::DataCrc`]; [`ErrorKind::Damaged`] for a record of another length.
pub fn check_frame(
    header: &[u8; HEADER_LEN],
    payload: &[u8],
    footer: [u8; FOOTER_LEN],
    verify: Verify,
) -> Result<(), ErrorKind> {
    let [length @ .., c0, c1, c2, c3] = header;
    let (stored, computed) = (u32::from_le_bytes([*c0, *c1, *c2, *c3]), masked_crc32c(length));
    if stored != computed {
        return Err(ErrorKind::LengthCrc { stored, computed });
    }
    let claimed = u64::from_le_bytes(*length);
    if claimed != payload.len() as u64 {
        return Err(ErrorKind::Damaged(format!(
            "the record is of {claimed} bytes, and its place is one for {} bytes",
            payload.len()
        )));
    }
    if verify == Verify::All {
        let (stored, computed) = (u32::from_le_bytes(footer), masked_crc32c(payload));
        if stored != computed {
            return Err(ErrorKind::DataCrc { stored, computed });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: &[u8]) -> Vec<u8> {
        [&header(payload.len() as u64)[..], payload, &footer(payload)].concat()
    }

    /// Bytes that TensorFlow 2.21 wrote.
    #[test]
    fn frames_equal_tensorflows() {
        let cases: [(&[u8], &[u8]); 3] = [
            (b"", b"\0\0\0\0\0\0\0\0\x29\x03\x98\x07\xd8\xea\x82\xa2"),
            (b"hello", b"\x05\0\0\0\0\0\0\0\xea\xb2\x04\x3ehello\xbb\x1f\x1c\x19"),
            (
                &[0; 32],
                b"\x20\0\0\0\0\0\0\0\x29\xed\xa9\x50\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xfa\xff\xd7\x0f",
            ),
        ];
        for (payload, expected) in cases {
            assert_eq!(frame(payload), expected, "{payload:?}");
        }
    }

    #[test]
    fn every_cut_needs_more_and_every_flip_is_found() {
        let bytes = frame(b"hello");
        for cut in 0..bytes.len() {
            let verdict = parse_frame(&bytes[..cut], ByteSize(100), Verify::All);
            assert!(matches!(verdict, Frame::NeedMore { .. }), "cut at {cut}: {verdict:?}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let verdict = parse_frame(&flipped, ByteSize(100), Verify::All);
            assert!(matches!(verdict, Frame::Bad(_)), "bit {bit}: {verdict:?}");
        }
    }

    #[test]
    fn parts_are_checked_as_the_whole_is() {
        let bytes = frame(b"hello");
        let check = |bytes: &[u8], end: usize| {
            let footer = *bytes[end..].first_chunk().unwrap();
            check_frame(bytes.first_chunk().unwrap(), &bytes[HEADER_LEN..end], footer, Verify::All)
        };
        check(&bytes, 17).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            check(&flipped, 17).unwrap_err();
        }
        // A length that is not that of the record, although it may fit other bytes.
        for end in HEADER_LEN..17 {
            assert!(matches!(check(&bytes, end).unwrap_err(), ErrorKind::Damaged(_)));
        }
    }

    #[test]
    fn a_huge_claim_is_refused_by_its_number() {
        let bytes = header(1 << 60);
        let verdict = parse_frame(&bytes, ByteSize(1 << 31), Verify::All);
        assert!(matches!(verdict, Frame::Bad(ErrorKind::RecordTooLarge { claimed, .. }) if claimed == 1 << 60));
        let bytes = header(u64::MAX);
        let verdict = parse_frame(&bytes, ByteSize(u64::MAX), Verify::All);
        assert!(matches!(verdict, Frame::NeedMore { total: u64::MAX }));
    }
}
