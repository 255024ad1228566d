//! The entropy-coded data of a scan without their stuffing, and bits of them.

use std::ops::Range;

use memchr::memchr;

/// Zero bytes behind every piece, so that whole words can be read at its end.
const BEHIND: usize = 8;

/// The data between restart markers, one piece behind the other, stuffed zero bytes removed.
#[derive(Debug, Default)]
pub(super) struct Stream {
    bytes: Vec<u8>,
    pieces: Vec<Range<usize>>,
}

impl Stream {
    /// Takes over the data of a scan. `false` when they are not so many `pieces`, or hold anything but codes and restart
    /// markers in their order.
    pub(super) fn fill(&mut self, data: &[u8], pieces: usize) -> bool {
        self.bytes.clear();
        self.bytes.reserve(data.len() + BEHIND);
        self.pieces.clear();
        let (mut rest, mut start) = (data, 0);
        while let Some(at) = memchr(0xFF, rest) {
            let (Some(codes), Some(&mark)) = (rest.get(..at), rest.get(at + 1)) else { return false };
            self.bytes.extend_from_slice(codes);
            match mark {
                0 => self.bytes.push(0xFF),
                // A piece takes more memory than its marker takes bytes, so there must be no more than the image has.
                0xD0..=0xD7 if usize::from(mark & 7) == self.pieces.len() % 8 && self.pieces.len() + 1 < pieces => {
                    start = self.end_piece(start);
                }
                _ => return false,
            }
            rest = rest.get(at + 2..).unwrap_or_default();
        }
        self.bytes.extend_from_slice(rest);
        self.end_piece(start);
        self.pieces.len() == pieces
    }

    fn end_piece(&mut self, start: usize) -> usize {
        self.pieces.push(start..self.bytes.len());
        self.bytes.extend([0; BEHIND]);
        self.bytes.len()
    }

    /// The bits of one piece.
    pub(super) fn piece(&self, index: usize) -> Option<Bits<'_>> {
        let Range { start, end } = self.pieces.get(index)?.clone();
        let bytes = self.bytes.get(start..end + BEHIND)?;
        Some(Bits { bytes, len: end - start, at: 0, next: next(bytes, 0), word: 0, left: 0 })
    }

    /// Bytes that the buffers hold.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity() + self.pieces.capacity() * size_of::<Range<usize>>()
    }
}

/// Bits from the top of a word.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// Bytes that are data.
    len: usize,
    /// Bytes that went into the word.
    at: usize,
    /// The eight bytes from there.
    next: u64,
    word: u64,
    left: u32,
}

/// Eight bytes; zeros behind the end.
#[inline(always)]
fn next(bytes: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(bytes.get(at..).and_then(<[u8]>::first_chunk::<8>).copied().unwrap_or_default())
}

impl Bits<'_> {
    /// Makes at least 32 bits available. Behind the end they are zeros, see [`Bits::overran`].
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if self.left < 32 {
            self.top_up();
        }
    }

    /// Makes at least 56 bits available, without a branch: where little is done between two looks, guessing it wrongly
    /// costs more than it saves. The bytes for the next time are fetched now, so that nobody waits for them.
    #[inline(always)]
    pub(super) fn top_up(&mut self) {
        self.word |= self.next >> self.left;
        self.at += ((63 - self.left) >> 3) as usize;
        self.left |= 56;
        self.next = next(self.bytes, self.at);
    }

    /// The next `COUNT` bits, which stay where they are.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "at most 16 bits are left after the shift")]
    pub(super) fn peek<const COUNT: u32>(&self) -> usize {
        (self.word >> (64 - COUNT)) as usize
    }

    /// The next `count` bits, 1 to 16, which stay where they are.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "at most 16 bits are left after the shift")]
    pub(super) fn look(&self, count: u32) -> i32 {
        (self.word >> (64 - count)) as i32
    }

    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.word <<= count;
        self.left = self.left.wrapping_sub(count);
    }

    /// Whether bits were used that the piece does not have.
    #[inline]
    pub(super) fn overran(&self) -> bool {
        (self.at * 8).saturating_sub(self.left as usize) > self.len * 8
    }

    /// Whether the bits were used up, but for padding.
    pub(super) fn is_finished(&self) -> bool {
        let used = (self.at * 8).saturating_sub(self.left as usize);
        let behind = self.bytes.get(used.div_ceil(8)..self.len);
        used <= self.len * 8 && behind.is_some_and(|bytes| bytes.iter().all(|byte| matches!(byte, 0 | 0xFF)))
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests {
    use super::*;

    #[test]
    fn stuffing_goes_and_restart_markers_cut() {
        let mut stream = Stream::default();
        let data = [1, 0xFF, 0, 2, 0xFF, 0xD0, 0xFF, 0, 0xFF, 0, 0xFF, 0xD1];
        assert!(stream.fill(&data, 3));
        assert_eq!(stream.pieces, [0..3, 11..13, 21..21]);
        assert_eq!(stream.bytes[..3], [1, 0xFF, 2]);
        assert_eq!(stream.bytes[11..13], [0xFF, 0xFF]);
        assert!(!stream.fill(&data, 2) && !stream.fill(&data, 4));
        for bad in [&[1, 0xFF][..], &[0xFF, 0xD1], &[0xFF, 0xFF, 0], &[0xFF, 0xD0, 0xFF, 0xD0], &[0xFF, 0xD9]] {
            assert!((1..4).all(|pieces| !stream.fill(bad, pieces)), "{bad:?}");
        }
    }

    #[test]
    fn markers_take_no_memory_beyond_the_pieces_of_the_image() {
        let markers: Vec<u8> = (0..80_000_u32).flat_map(|i| [0xFF, 0xD0 | (i & 7) as u8]).collect();
        let mut stream = Stream::default();
        assert!(!stream.fill(&markers, 10));
        assert!(stream.capacity() < 2 * markers.len(), "{}", stream.capacity());
    }

    #[test]
    fn bits_end_where_the_data_end() {
        let mut stream = Stream::default();
        let data: Vec<u8> = (0..100_u8).map(|i| i.wrapping_mul(37) & 0x7F).collect();
        assert!(stream.fill(&data, 1));
        let mut bits = stream.piece(0).unwrap();
        let mut got = Vec::new();
        for _ in 0..200 {
            bits.refill();
            got.push(bits.peek::<4>() as u8);
            assert_eq!(bits.look(4), i32::from(*got.last().unwrap()));
            bits.skip(4);
            assert!(!bits.overran());
        }
        assert!(bits.is_finished());
        assert!(got.chunks(2).map(|pair| pair[0] << 4 | pair[1]).eq(data));
        for _ in 0..50 {
            bits.refill();
            assert_eq!(bits.peek::<16>(), 0);
            bits.skip(15);
            assert!(bits.overran() && !bits.is_finished());
        }
    }
}
