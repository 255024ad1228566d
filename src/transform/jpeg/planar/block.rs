//! One block: its codes, and what becomes of them.

use super::{
    Scale,
    bits::Bits,
    idct::{self, Block, Factors, PLACES},
    leaps::{Leap, Opening, Openings, SKIP_LOOK, START_LAST, Start},
    tables::{Entry, LOOK, Table, extend},
};

/// Codes of at most this many bits: a difference of mean values in 8-bit images.
const MAX_DC_BITS: u32 = 11;

/// Decodes the blocks of one component.
pub(super) struct Coder<'a> {
    dc: &'a Table,
    ac: &'a Table,
    leaps: Option<&'a [Leap; 1 << SKIP_LOOK]>,
    starts: Option<&'a [Start; 1 << LOOK]>,
    openings: Option<&'a [Opening; 1 << SKIP_LOOK]>,
    factors: Factors,
    /// The mean of the block before.
    mean: i32,
    block: Block,
}

impl<'a> Coder<'a> {
    /// `quantization` is in zigzag order. `full`: whether blocks are decoded at full size.
    pub(super) fn new(
        dc: &'a Table,
        ac: &'a Table,
        openings: &'a Openings,
        quantization: &[u16; 64],
        full: bool,
    ) -> Self {
        let factors = if full { idct::full_factors(quantization) } else { idct::reduced_factors(quantization) };
        Self {
            dc,
            ac,
            leaps: ac.leaps(),
            starts: ac.starts(),
            openings: openings.entries(),
            factors,
            mean: 0,
            block: [0; 64],
        }
    }

    /// Forgets the block before, as a restart marker demands.
    pub(super) fn restart(&mut self) {
        self.mean = 0;
    }

    /// Decodes a block into rows of `out` that are `stride` samples apart.
    #[inline(always)]
    pub(super) fn block(&mut self, scale: Scale, bits: &mut Bits<'_>, out: &mut [u8], stride: usize) -> Option<()> {
        match scale {
            Scale::Full => {
                if self.coefficients::<63>(bits)? {
                    idct::full(&self.block, &self.factors, out, stride);
                    self.block = [0; 64];
                } else {
                    idct::flat::<8>(self.block[0], &self.factors, out, stride);
                }
            }
            Scale::Half => {
                if self.coefficients::<24>(bits)? {
                    idct::half(&self.block, &self.factors, out, stride);
                    self.block = [0; 64];
                } else {
                    idct::flat::<4>(self.block[0], &self.factors, out, stride);
                }
            }
            Scale::Quarter => {
                self.corner(bits)?;
                idct::quarter(&self.block, &self.factors, out, stride);
            }
            Scale::Eighth => {
                self.pass(bits)?;
                self.block[0] = i16::try_from(self.mean).ok()?;
                idct::flat::<1>(self.block[0], &self.factors, out, stride);
            }
        }
        Some(())
    }

    /// Follows the codes of a block; only the mean is kept, for the block behind.
    #[inline(always)]
    pub(super) fn pass(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        if let Some(openings) = self.openings {
            bits.top_up();
            #[expect(clippy::indexing_slicing, reason = "twelve bits are below the length")]
            let opening = openings[bits.peek::<SKIP_LOOK>() & ((1 << SKIP_LOOK) - 1)];
            if opening.bits > 0 {
                bits.skip(opening.bits.into());
                self.add_to_mean(opening.number.into());
                return if opening.next == 64 { Some(()) } else { self.leap(bits, opening.next.into()) };
            }
        }
        self.mean(bits)?;
        self.leap(bits, 1)
    }

    /// The mean of the next block.
    #[inline(always)]
    fn mean(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        bits.refill();
        let mut entry = self.dc.entry(bits.peek::<LOOK>());
        if entry == Entry::default() {
            entry = self.dc.long(bits.peek::<16>())?;
        }
        if entry.run() != 0 || entry.size() > MAX_DC_BITS {
            return None;
        }
        self.add_to_mean(number(entry, bits));
        Some(())
    }

    /// A million blocks of the greatest difference leave 32 bits; what is wanted is held to 16 bits where it is used.
    #[inline(always)]
    fn add_to_mean(&mut self, difference: i32) {
        self.mean = self.mean.wrapping_add(difference);
    }

    /// Reads the coefficients up to the one numbered `LAST` in zigzag order, and follows the codes of the rest. Returns
    /// whether there is any beside the mean.
    #[inline(always)]
    fn coefficients<const LAST: u32>(&mut self, bits: &mut Bits<'_>) -> Option<bool> {
        self.mean(bits)?;
        self.block[0] = i16::try_from(self.mean).ok()?;
        self.coefficients_from::<LAST>(bits, 1)
    }

    /// Reads the four coefficients that make a block of two by two samples; no other place is looked at.
    #[inline(always)]
    fn corner(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        self.mean(bits)?;
        self.block[0] = i16::try_from(self.mean).ok()?;
        bits.refill();
        #[expect(clippy::indexing_slicing, reason = "eleven bits are below the length")]
        let start = self.starts?[bits.peek::<LOOK>() & ((1 << LOOK) - 1)];
        (self.block[8], self.block[1], self.block[9]) =
            (start.numbers[0].into(), start.numbers[1].into(), start.numbers[2].into());
        bits.skip(start.bits.into());
        if start.is_end {
            return Some(());
        }
        self.coefficients_from::<START_LAST>(bits, start.next.into()).map(drop)
    }

    /// Reads on from coefficient `k`.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "the places are below 64, and so is a masked number")]
    fn coefficients_from<const LAST: u32>(&mut self, bits: &mut Bits<'_>, mut k: u32) -> Option<bool> {
        while k <= LAST {
            bits.refill();
            let entry = self.ac.entry(bits.peek::<LOOK>());
            if entry.is_whole() {
                bits.skip(entry.length());
                k += entry.run();
                self.block[usize::from(PLACES[(k & 63) as usize]) & 63] = entry.number();
                k += 1;
                continue;
            }
            let entry = if entry == Entry::default() { self.ac.long(bits.peek::<16>())? } else { entry };
            if entry.is_end() {
                bits.skip(entry.length());
                return Some(k > 1);
            }
            k += entry.run();
            #[expect(clippy::cast_possible_truncation, reason = "at most 15 bits and a sign")]
            let value = number(entry, bits) as i16;
            self.block[usize::from(PLACES[(k & 63) as usize]) & 63] = value;
            k += 1;
        }
        if k < 64 {
            self.leap(bits, k)?;
        } else if k > 64 {
            return None;
        }
        Some(true)
    }

    /// Follows the codes from coefficient `k` to the end of the block.
    #[inline(always)]
    fn leap(&self, bits: &mut Bits<'_>, mut k: u32) -> Option<()> {
        if let Some(leaps) = self.leaps {
            while k < 64 {
                bits.top_up();
                #[expect(clippy::indexing_slicing, reason = "twelve bits are below the length")]
                let leap = leaps[bits.peek::<SKIP_LOOK>() & ((1 << SKIP_LOOK) - 1)];
                // The last of these codes may belong to the next block.
                if leap.bits() == 0 || k + leap.coefficients() >= 64 {
                    break;
                }
                bits.skip(leap.bits());
                k += leap.coefficients();
                if leap.is_end() {
                    return Some(());
                }
            }
        }
        while k < 64 {
            bits.top_up();
            let mut entry = self.ac.entry(bits.peek::<LOOK>());
            if entry == Entry::default() {
                entry = self.ac.long(bits.peek::<16>())?;
            }
            let size = if entry.is_whole() { 0 } else { entry.size() };
            bits.skip(entry.length() + size);
            if entry.is_end() {
                return Some(());
            }
            k += entry.run() + 1;
        }
        (k == 64).then_some(())
    }
}

/// Takes the number of an entry.
#[inline(always)]
fn number(entry: Entry, bits: &mut Bits<'_>) -> i32 {
    bits.skip(entry.length());
    if entry.is_whole() {
        return i32::from(entry.number());
    }
    let size = entry.size();
    if size == 0 {
        return 0;
    }
    let value = extend(bits.look(size), size);
    bits.skip(size);
    value
}
