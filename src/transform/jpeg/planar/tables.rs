//! Huffman tables that give a code together with the number behind it.

use super::{
    super::codes::Codes,
    leaps::{Leap, SKIP_LOOK, Start},
};

/// Bits that are looked at for a code and its number.
pub(super) const LOOK: u32 = 11;

/// What stands behind the next [`LOOK`] bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Entry(u32);

impl Entry {
    const WHOLE: u32 = 1 << 13;
    const END: u32 = 1 << 14;

    /// The code alone: `length` bits, then a number of `size` bits. A size of 0 and a run below 15 end the block.
    fn code(length: u32, symbol: u8) -> Self {
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let end = if size == 0 && run < 15 { Self::END } else { 0 };
        Self(length | size << 5 | run << 9 | end)
    }

    /// The code with its number, where both are in the bits that were looked at.
    fn whole(self, number: i32) -> Self {
        let bits = self.length() + self.size();
        Self(self.0 & !0x1F | bits | Self::WHOLE | u32::from(i16::try_from(number).unwrap_or(0).cast_unsigned()) << 16)
    }

    /// Bits to skip: of the code, and of the number if the entry is whole.
    #[inline(always)]
    pub(super) fn length(self) -> u32 {
        self.0 & 0x1F
    }

    /// Bits of the code and of the number.
    pub(super) fn parts(self) -> (u32, u32) {
        let number = self.size();
        if self.is_whole() { (self.length() - number, number) } else { (self.length(), number) }
    }

    /// Bits of the number.
    #[inline(always)]
    pub(super) fn size(self) -> u32 {
        self.0 >> 5 & 15
    }

    /// Zeros before the number.
    #[inline(always)]
    pub(super) fn run(self) -> u32 {
        self.0 >> 9 & 15
    }

    #[inline(always)]
    pub(super) fn is_whole(self) -> bool {
        self.0 & Self::WHOLE != 0
    }

    #[inline(always)]
    pub(super) fn is_end(self) -> bool {
        self.0 & Self::END != 0
    }

    /// The number of a whole entry.
    #[inline(always)]
    pub(super) fn number(self) -> i16 {
        (self.0.cast_signed() >> 16) as i16
    }
}

/// The number that `size` bits mean.
#[inline(always)]
pub(super) fn extend(bits: i32, size: u32) -> i32 {
    // Without a branch: numbers whose first bit is 0 are negative.
    let negative = (bits >> (size - 1)) - 1;
    bits + (negative & (1 - (1 << size)))
}

/// One Huffman table.
pub(super) struct Table {
    /// The segment that defines it, by which it is recognised in the next image.
    pub(super) counts: [u8; 16],
    pub(super) symbols: Vec<u8>,
    /// Whether more than one image came with it, so that tables for it pay.
    pub(super) is_common: bool,
    pub(super) entries: Box<[Entry; 1 << LOOK]>,
    codes: Codes,
    /// See [`leaps`](super::leaps); made on demand.
    pub(super) leaps: Option<Box<[Leap; 1 << SKIP_LOOK]>>,
    pub(super) starts: Option<Box<[Start; 1 << LOOK]>>,
}

impl Table {
    /// `None` when there are more codes than bits can tell apart.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut entries = Box::new([Entry::default(); 1 << LOOK]);
        let codes = Codes::new(counts, symbols, |length, code, symbol| {
            if length <= LOOK {
                let free = LOOK - length;
                let first = (code << free) as usize;
                fill(entries.get_mut(first..first + (1 << free))?, Entry::code(length, symbol), free);
            }
            Some(())
        })?;
        let symbols = symbols.to_vec();
        Some(Self { counts: *counts, symbols, is_common: false, entries, codes, leaps: None, starts: None })
    }

    pub(super) fn is(&self, counts: &[u8; 16], symbols: &[u8]) -> bool {
        self.counts == *counts && self.symbols == symbols
    }

    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "eleven bits are below the length")]
    pub(super) fn entry(&self, look: usize) -> Entry {
        self.entries[look & ((1 << LOOK) - 1)]
    }

    /// The entry of a code that is longer than the look; `None` if there is no such code.
    #[cold]
    pub(super) fn long(&self, prefix: usize) -> Option<Entry> {
        let (length, index) = self.codes.find(u32::try_from(prefix).ok()?)?;
        self.symbols.get(index).map(|&symbol| Entry::code(length, symbol))
    }
}

/// The entries of one code, for all values of the `free` bits behind it.
fn fill(entries: &mut [Entry], code: Entry, free: u32) {
    let size = code.size();
    if size == 0 || size > free {
        // Without a number, the code is whole by itself, unless it ends the block.
        entries.fill(if size == 0 && !code.is_end() { code.whole(0) } else { code });
        return;
    }
    for (bits, same) in (0_i32..).zip(entries.chunks_exact_mut(1 << (free - size))) {
        same.fill(code.whole(extend(bits, size)));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn numbers_are_signed_as_the_standard_says() {
        for (size, numbers) in [(1, vec![-1, 1]), (2, vec![-3, -2, 2, 3]), (3, vec![-7, -6, -5, -4, 4, 5, 6, 7])] {
            for (bits, number) in (0..).zip(numbers) {
                assert_eq!(extend(bits, size), number, "{bits} of {size} bits");
            }
        }
        assert_eq!((extend(0, 15), extend(32767, 15)), (-32767, 32767));
    }

    /// Codes: 0 is the end, 10 a number of two bits, 110 sixteen zeros, 1110 five zeros and a number of 9 bits.
    pub(in super::super) fn table() -> Table {
        let mut counts = [0; 16];
        counts[..4].fill(1);
        Table::new(&counts, &[0x00, 0x02, 0xF0, 0x59]).unwrap()
    }

    #[expect(clippy::unusual_byte_groupings, reason = "a group for each code and number")]
    #[test]
    fn entries_hold_numbers_that_are_in_sight() {
        let table = table();
        let entry = table.entry(0b10_01_0000000);
        assert_eq!((entry.length(), entry.run(), entry.number(), entry.is_whole()), (4, 0, -2, true));
        let entry = table.entry(0b110_0000_0000);
        assert_eq!((entry.length(), entry.run(), entry.number(), entry.is_whole()), (3, 15, 0, true));
        let entry = table.entry(0b1110_0000_000);
        assert_eq!((entry.length(), entry.run(), entry.size(), entry.is_whole()), (4, 5, 9, false));
        let entry = table.entry(0b0_111_1111_111);
        assert!(entry.is_end() && !entry.is_whole() && entry.length() == 1);
        assert_eq!(table.entry(0b1111_1111_111), Entry::default());
        assert!(table.long(0xFFFF).is_none());
        assert!(table.is(&table.counts, &[0x00, 0x02, 0xF0, 0x59]) && !table.is(&table.counts, &[0, 2, 0xF0, 0x58]));
    }

    #[test]
    fn codes_longer_than_the_look_are_found() {
        let mut counts = [0; 16];
        (counts[0], counts[11], counts[15]) = (1, 1, 2);
        let table = Table::new(&counts, &[1, 2, 3, 0x44]).unwrap();
        assert_eq!(table.entry(0b100_0000_0000), Entry::default());
        assert_eq!(table.long(0b1000_0000_0000_0000), Some(Entry::code(12, 2)));
        assert_eq!(table.long(0b1000_0000_0001_0001), Some(Entry::code(16, 0x44)));
        assert_eq!(table.long(0b1000_0000_0001_0010), None);
        assert!(Table::new(&[3; 16], &[0; 48]).is_none());
    }
}
