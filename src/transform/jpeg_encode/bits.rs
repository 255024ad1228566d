//! Bits into bytes, as the entropy-coded data of a JPEG want them.

use memchr::memchr;

/// How many bytes are collected before they are searched for those that need a zero behind them.
const COLLECTED: usize = 8192;

/// The most that may be put between two calls of [`BitWriter::make_room`]: a block of 64 codes of 27 bits, and a word.
const ROOM: usize = 256;

/// Collects bits. No branch depends on how many there are: one that did would be guessed wrong once a word.
pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    bytes: Box<[u8; COLLECTED]>,
    /// Whole bytes that wait.
    filled: usize,
    bits: Bits,
}

/// The bits that make no whole byte yet, from the top.
#[derive(Clone, Copy, Default)]
struct Bits {
    word: u64,
    count: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, bytes: Box::new([0; COLLECTED]), filled: 0, bits: Bits::default() }
    }

    /// Appends the lowest `count` bits; those above them must be zero. Between two calls of [`BitWriter::settle`], 56 bits
    /// may be added.
    #[inline(always)]
    pub(super) fn add(&mut self, bits: u32, count: u32) {
        self.bits.count += count;
        debug_assert!(self.bits.count < 64, "{} bits in a word", self.bits.count);
        self.bits.word |= u64::from(bits) << (64_u32.wrapping_sub(self.bits.count) & 63);
    }

    /// Makes whole bytes of what was added.
    #[inline(always)]
    pub(super) fn settle(&mut self) {
        let Bits { word, count } = self.bits;
        if let Some(to) = self.bytes.get_mut(self.filled..).and_then(<[u8]>::first_chunk_mut) {
            *to = word.to_be_bytes();
        }
        self.filled += count as usize / 8;
        self.bits = Bits { word: word << (count & 56), count: count % 8 };
    }

    /// Makes room for a block.
    #[inline(always)]
    pub(super) fn make_room(&mut self) {
        if self.filled > COLLECTED - ROOM {
            self.flush();
        }
    }

    /// Hands on the whole bytes, with a zero behind each that could be taken for the start of a marker.
    #[cold]
    fn flush(&mut self) {
        let mut rest = self.bytes.get(..self.filled).unwrap_or_default();
        while let Some((head, tail)) = memchr(0xFF, rest).and_then(|at| rest.split_at_checked(at + 1)) {
            self.out.extend_from_slice(head);
            self.out.push(0);
            rest = tail;
        }
        self.out.extend_from_slice(rest);
        self.filled = 0;
    }

    /// Fills up the last byte with ones and hands on what waits.
    pub(super) fn finish(&mut self) {
        self.add(0x7F, 7);
        self.settle();
        self.flush();
        self.bits = Bits::default();
    }
}
