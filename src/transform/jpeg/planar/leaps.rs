//! Tables by which several codes are passed at a look, where nobody asks for all of their numbers.

use super::tables::{LOOK, Table};

/// Bits that are looked at for as many codes as fit.
pub(super) const SKIP_LOOK: u32 = 12;

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

impl Table {
    /// Makes the table for leaps, which costs as much as decoding some thousand codes.
    pub(super) fn prepare_leaps(&mut self) {
        if self.leaps.is_none() {
            self.leaps = Some(Box::new(std::array::from_fn(|look| self.leap_behind(look, 0))));
        }
    }

    /// Makes the table for the first codes of blocks.
    pub(super) fn prepare_starts(&mut self) {
        if self.starts.is_none() {
            self.starts = Some(Box::new(std::array::from_fn(|look| self.start(look))));
        }
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

    /// The table for leaps, if it was prepared.
    pub(super) fn leaps(&self) -> Option<&[Leap; 1 << SKIP_LOOK]> {
        self.leaps.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tables::tests::table, *};

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
}
