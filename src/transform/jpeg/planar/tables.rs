//! Huffman tables that give a code together with the number behind it.

/// Bits that are looked at for a code and its number.
pub(super) const LOOK: u32 = 11;
/// Bits that are looked at for as many codes as fit.
pub(super) const SKIP_LOOK: u32 = 12;

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
    fn parts(self) -> (u32, u32) {
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

/// Several codes that stand behind the next [`SKIP_LOOK`] bits, for which only their lengths matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Leap(u16);

impl Leap {
    fn new(bits: u32, coefficients: u32, end: bool) -> Self {
        Self(u16::try_from(bits | coefficients << 5 | u32::from(end) << 15).unwrap_or(0))
    }

    /// Bits to skip; 0 when the next code is longer than the look.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        u32::from(self.0 & 0x1F)
    }

    /// Coefficients that they cover.
    #[inline(always)]
    pub(super) fn coefficients(self) -> u32 {
        u32::from(self.0 >> 5 & 0x3FF)
    }

    /// Whether the last code ends the block.
    #[inline(always)]
    pub(super) fn is_end(self) -> bool {
        self.0 >> 15 != 0
    }
}

/// The first codes of a block that stand behind the next [`LOOK`] bits, for which only three numbers matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// Bits to skip; 0 when the next code is longer than the look, or its number.
    pub(super) bits: u8,
    /// The coefficient, in zigzag order, that comes next.
    pub(super) next: u8,
    /// Whether the last code ends the block.
    pub(super) is_end: bool,
    /// The coefficients 1, 2 and 4.
    pub(super) numbers: [i8; 3],
}

/// The mean of a block and the codes that stand with it in the next [`SKIP_LOOK`] bits, for which only their lengths
/// matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Opening {
    /// The difference to the mean of the block before.
    pub(super) number: i16,
    /// Bits to skip; 0 when the mean is not in sight.
    pub(super) bits: u8,
    /// The coefficient, in zigzag order, that comes next; 64 when the last code ends the block.
    pub(super) next: u8,
}

/// The openings of the blocks that two tables are for, and what made them.
#[derive(Default)]
pub(super) struct Openings {
    made_of: Option<[Made; 2]>,
    entries: Vec<Opening>,
}

/// The segment that defines a table.
type Made = ([u8; 16], Vec<u8>);

impl Openings {
    /// Makes the openings for two tables, unless they are those at hand.
    pub(super) fn prepare(&mut self, dc: &Table, ac: &Table) {
        let same = |table: &Table, made: &Made| table.is(&made.0, &made.1);
        if self.made_of.as_ref().is_some_and(|[first, second]| same(dc, first) && same(ac, second)) {
            return;
        }
        self.made_of = Some([dc, ac].map(|table| (table.counts, table.symbols.clone())));
        self.entries.clear();
        self.entries.extend((0..1 << SKIP_LOOK).map(|look| opening(dc, ac, look)));
    }

    pub(super) fn clear(&mut self) {
        self.made_of = None;
        self.entries.clear();
    }

    pub(super) fn entries(&self) -> Option<&[Opening; 1 << SKIP_LOOK]> {
        self.entries.as_array()
    }
}

fn opening(dc: &Table, ac: &Table, look: usize) -> Opening {
    let entry = dc.entries.get(look >> (SKIP_LOOK - LOOK)).copied().unwrap_or_default();
    let (code, number) = entry.parts();
    // Numbers of no bits are no whole entries: such a code would end a block of the other kind of table.
    let is_known = code > 0 && entry.run() == 0 && (entry.is_whole() || number == 0);
    if !is_known {
        return Opening::default();
    }
    let used = code + number;
    let leap = ac.leap_behind(look, used);
    let (bits, coefficients) = (leap.bits(), leap.coefficients());
    let next = match (leap.is_end(), 1 + coefficients) {
        (true, ..64) => 64,
        (false, next @ ..64) => next,
        // The last of these codes may belong to the next block: only the mean, then.
        _ => 1,
    };
    let bits = if next == 1 { used } else { bits };
    Opening { number: entry.number(), bits: u8::try_from(bits).unwrap_or(0), next: u8::try_from(next).unwrap_or(1) }
}

/// The last coefficient that [`Start`] knows.
pub(super) const START_LAST: u32 = 4;

/// One Huffman table.
pub(super) struct Table {
    /// The segment that defines it, by which it is recognised in the next image.
    counts: [u8; 16],
    symbols: Vec<u8>,
    /// Whether more than one image came with it, so that tables for it pay.
    pub(super) is_common: bool,
    entries: Box<[Entry; 1 << LOOK]>,
    /// For each length, the first 16-bit prefix above its codes, and what to add to a code for its index in `symbols`.
    limit: [u32; 17],
    offset: [i32; 17],
    leaps: Option<Box<[Leap; 1 << SKIP_LOOK]>>,
    starts: Option<Box<[Start; 1 << LOOK]>>,
}

impl Table {
    /// `None` when there are more codes than bits can tell apart.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            counts: *counts,
            symbols: symbols.to_vec(),
            is_common: false,
            entries: Box::new([Entry::default(); 1 << LOOK]),
            limit: [0; 17],
            offset: [0; 17],
            leaps: None,
            starts: None,
        };
        let (mut code, mut index) = (0_u32, 0_u32);
        for (length, &count) in (1_u32..).zip(counts) {
            *table.offset.get_mut(length as usize)? = i32::try_from(index).ok()? - i32::try_from(code).ok()?;
            for _ in 0..count {
                let symbol = *symbols.get(index as usize)?;
                if code >> length != 0 {
                    return None;
                }
                if length <= LOOK {
                    let free = LOOK - length;
                    let first = (code << free) as usize;
                    fill(table.entries.get_mut(first..first + (1 << free))?, Entry::code(length, symbol), free);
                }
                code += 1;
                index += 1;
            }
            *table.limit.get_mut(length as usize)? = code << (16 - length);
            code <<= 1;
        }
        Some(table)
    }

    pub(super) fn is(&self, counts: &[u8; 16], symbols: &[u8]) -> bool {
        self.counts == *counts && self.symbols == symbols
    }

    /// Makes the table for leaps, which costs as much as decoding some thousand codes.
    pub(super) fn prepare_leaps(&mut self) {
        if self.leaps.is_some() {
            return;
        }
        let mut leaps = Box::new([Leap::default(); 1 << SKIP_LOOK]);
        for (look, leap) in (0_usize..).zip(leaps.iter_mut()) {
            *leap = self.leap_behind(look, 0);
        }
        self.leaps = Some(leaps);
    }

    /// Makes the table for the first codes of blocks.
    pub(super) fn prepare_starts(&mut self) {
        if self.starts.is_some() {
            return;
        }
        let mut starts = Box::new([Start::default(); 1 << LOOK]);
        for (look, start) in (0_usize..).zip(starts.iter_mut()) {
            *start = self.start(look);
        }
        self.starts = Some(starts);
    }

    fn start(&self, look: usize) -> Start {
        let mut start = Start { next: 1, ..Start::default() };
        let mut used = 0;
        while used < LOOK {
            let known = LOOK - used;
            let entry = self.entries.get(look << used & ((1 << LOOK) - 1)).copied().unwrap_or_default();
            let (code, number) = entry.parts();
            let at = u32::from(start.next) + entry.run();
            if code == 0 || code > known || at > 62 {
                break;
            }
            if at <= START_LAST && !entry.is_end() {
                let value = i8::try_from(entry.number()).ok().filter(|_| entry.is_whole() && code + number <= known);
                let Some(value) = value else { break };
                match (at, &mut start.numbers) {
                    (1, [first, _, _]) => *first = value,
                    (2, [_, second, _]) => *second = value,
                    (4, [_, _, fourth]) => *fourth = value,
                    _ => {}
                }
            }
            used += code + number;
            start.is_end = entry.is_end();
            if start.is_end {
                break;
            }
            start.next = u8::try_from(at + 1).unwrap_or(u8::MAX);
        }
        start.bits = u8::try_from(used).unwrap_or(0);
        start
    }

    /// The table for the first codes, if it was prepared.
    pub(super) fn starts(&self) -> Option<&[Start; 1 << LOOK]> {
        self.starts.as_deref()
    }

    /// The codes in sight behind the first `used` bits, which count.
    fn leap_behind(&self, look: usize, mut used: u32) -> Leap {
        let mut coefficients = 0;
        if used >= SKIP_LOOK {
            return Leap::new(used, 0, false);
        }
        loop {
            // The bits behind the look are unknown: zeros here, and a code counts only if it does not reach them. Its number
            // may: nobody asks what it is.
            let known = SKIP_LOOK - used;
            let next = (look << used & ((1 << SKIP_LOOK) - 1)) >> (SKIP_LOOK - LOOK);
            let entry = self.entries.get(next).copied().unwrap_or_default();
            let (code, number) = entry.parts();
            if code == 0 || code > known {
                return Leap::new(used, coefficients, false);
            }
            used += code + number;
            if entry.is_end() {
                return Leap::new(used, coefficients, true);
            }
            coefficients += entry.run() + 1;
            if used >= SKIP_LOOK {
                return Leap::new(used, coefficients, false);
            }
        }
    }

    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "eleven bits are below the length")]
    pub(super) fn entry(&self, look: usize) -> Entry {
        self.entries[look & ((1 << LOOK) - 1)]
    }

    /// The table for leaps, if it was prepared.
    pub(super) fn leaps(&self) -> Option<&[Leap; 1 << SKIP_LOOK]> {
        self.leaps.as_deref()
    }

    /// The entry of a code that is longer than the look; `None` if there is no such code.
    #[cold]
    pub(super) fn long(&self, prefix: usize) -> Option<Entry> {
        let prefix = u32::try_from(prefix).ok()?;
        let lengths = (0_u32..).zip(self.limit.iter().zip(&self.offset)).skip(1);
        let (length, (_, offset)) = lengths.into_iter().find(|(_, (limit, _))| prefix < **limit)?;
        let index = i32::try_from(prefix >> (16 - length)).ok()? + offset;
        self.symbols.get(usize::try_from(index).ok()?).map(|&symbol| Entry::code(length, symbol))
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
mod tests {
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
    fn table() -> Table {
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

    #[expect(clippy::unusual_byte_groupings, reason = "a group for each code and number")]
    #[test]
    fn leaps_cover_what_is_in_sight() {
        let mut table = table();
        table.prepare_leaps();
        let leaps = table.leaps().unwrap();
        for (look, expected) in [
            (0b10_01_10_11_0_000, (9, 2, true)),
            (0b10_01_10_11_110_1, (11, 18, false)),
            (0b10_01_10_11_0111, (9, 2, true)),
            (0b10_01_10_11_1110, (21, 8, false)),
            (0b1110_0000_0000, (13, 6, false)),
            (0b1111_0000_0000, (0, 0, false)),
            (0b110_110_110_110, (12, 64, false)),
        ] {
            let leap = leaps[look];
            assert_eq!((leap.bits(), leap.coefficients(), leap.is_end()), expected, "{look:b}");
        }
    }

    #[expect(clippy::unusual_byte_groupings, reason = "a group for each code and number")]
    #[test]
    fn the_start_of_a_block_gives_its_first_numbers() {
        let mut table = table();
        table.prepare_starts();
        let starts = table.starts().unwrap();
        for (look, expected) in [
            (0b10_01_0_000000, (5, 2, true, [-2, 0, 0])),
            (0b10_01_10_10_0_00, (9, 3, true, [-2, 2, 0])),
            (0b10_10_10_11_110, (11, 19, false, [2, 3, 0])),
            // A number that is wanted must be in sight, one that is not need not.
            (0b10_01_10_11_111, (8, 3, false, [-2, 3, 0])),
            (0b1110_0000_000, (13, 7, false, [0, 0, 0])),
            (0b110_110_110_11, (9, 49, false, [0, 0, 0])),
            (0b0_111_1111_111, (1, 1, true, [0, 0, 0])),
            (0b1111_0000_000, (0, 1, false, [0, 0, 0])),
        ] {
            let Start { bits, next, is_end, numbers } = starts[look];
            assert_eq!((bits, next, is_end, numbers), expected, "{look:b}");
        }
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
