//! Bits and Huffman codes of the entropy-coded data of a JPEG.

use std::ops::Range;

use super::codes::Codes;
use crate::{
    error::{Error, Result},
    transform::fault::{corrupt, truncated},
};

/// Codes up to this long are found with one look.
const LOOK: u32 = 10;

/// What is wrong with a block.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Damage(pub(super) &'static str);

pub(super) const BAD_CODE: Damage = Damage("an invalid Huffman code");
pub(super) const OVERFLOW: Damage = Damage("a block with more than 64 coefficients");

/// Bits from the top of a word, stuffed zero bytes removed.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    start: usize,
    at: usize,
    end: usize,
    bits: u64,
    left: u32,
    /// Zero bits that were added behind the end.
    invented: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8], range: Range<usize>) -> Self {
        Self { bytes, start: range.start, at: range.start, end: range.end, bits: 0, left: 0, invented: 0 }
    }

    /// Makes at least 32 bits available.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if self.left < 32 {
            self.refill_slowly();
        }
    }

    #[inline]
    fn refill_slowly(&mut self) {
        if let Some(four) = self.bytes.get(self.at..self.end).and_then(<[u8]>::first_chunk::<4>) {
            let word = u32::from_be_bytes(*four);
            // No byte is 0xFF: none of the bytes of the complement is zero.
            if (!word).wrapping_sub(0x0101_0101) & word & 0x8080_8080 == 0 {
                self.bits |= u64::from(word) << (32 - self.left);
                self.left += 32;
                self.at += 4;
                return;
            }
        }
        while self.left <= 56 {
            let byte = match self.bytes.get(self.at..self.end) {
                Some([0xFF, 0, ..]) => {
                    self.at += 2;
                    0xFF
                }
                // A marker or a fill byte ends the data.
                Some([0xFF, ..] | []) | None => {
                    self.invented += 8;
                    0
                }
                Some([byte, ..]) => {
                    self.at += 1;
                    *byte
                }
            };
            self.bits |= u64::from(byte) << (56 - self.left);
            self.left += 8;
        }
    }

    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.bits <<= count;
        self.left = self.left.wrapping_sub(count);
    }

    /// The next `count` bits, at most 15.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        self.refill();
        #[expect(clippy::cast_possible_truncation, reason = "at most 15 bits are left after the shift")]
        let value = if count == 0 { 0 } else { (self.bits >> (64 - count)) as u32 };
        self.skip(count);
        value
    }

    /// Whether bits were used that the file does not have.
    #[inline]
    pub(super) fn overran(&self) -> bool {
        self.invented > self.left
    }

    pub(super) fn error(&self, damage: Damage, done: u64, all: u64) -> Error {
        if self.overran() || self.invented > 0 && damage.0 == BAD_CODE.0 {
            truncated(self.end, format!("the image data end after {done} of {all} blocks"))
        } else {
            // The bits in hand were read ahead.
            let at = self.at.saturating_sub(self.left as usize / 8).max(self.start);
            corrupt(at, format!("{} in block {done} of {all}", damage.0))
        }
    }

    /// Refuses data behind the last block, but for padding.
    pub(super) fn finish(&mut self) -> Result<()> {
        let unread = self.left.saturating_sub(self.invented);
        let padding = unread % 8;
        let whole = (self.bits << padding).checked_shr(64 - (unread - padding)).unwrap_or(0);
        let behind = self.bytes.get(self.at..self.end).unwrap_or_default();
        let pad = |byte: u8| byte == 0 || byte == 0xFF;
        if !whole.to_be_bytes().iter().all(|&byte| pad(byte)) || !behind.iter().all(|&byte| pad(byte)) {
            return Err(corrupt(
                self.at.saturating_sub(unread as usize / 8).max(self.start),
                format!(
                    "{} bytes of image data are left over behind the last block",
                    behind.len() + unread as usize / 8
                ),
            ));
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct Tables {
    pub(super) dc: [Option<Box<Table>>; 4],
    pub(super) ac: [Option<Box<Table>>; 4],
}

impl Tables {
    /// Reads a DHT payload, whose lengths the walk has checked.
    pub(super) fn define(&mut self, payload: &[u8], at: usize) -> Result<()> {
        let mut rest = payload;
        while let [head, tail @ ..] = rest {
            let Some((counts, tail)) = tail.split_first_chunk::<16>() else { break };
            let symbols = counts.iter().map(|&n| usize::from(n)).sum::<usize>();
            let Some((values, tail)) = tail.split_at_checked(symbols) else { break };
            let table = Table::new(counts, values).ok_or_else(|| corrupt(at, "a Huffman table with too many codes"))?;
            let class = if head >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            if let Some(slot) = class.get_mut(usize::from(head & 15)) {
                *slot = Some(Box::new(table));
            }
            rest = tail;
        }
        Ok(())
    }
}

pub(super) struct Table {
    /// For each of the next [`LOOK`] bits: code length times 256 plus symbol; 0 when the code is longer.
    look: [u16; 1 << LOOK],
    codes: Codes,
    values: [u8; 256],
}

impl Table {
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let (mut look, mut values) = ([0; 1 << LOOK], [0; 256]);
        values.get_mut(..symbols.len())?.copy_from_slice(symbols);
        let codes = Codes::new(counts, symbols, |length, code, symbol| {
            if length <= LOOK {
                let first = (code << (LOOK - length)) as usize;
                let entry = u16::try_from(length << 8).ok()? | u16::from(symbol);
                look.get_mut(first..first + (1 << (LOOK - length)))?.fill(entry);
            }
            Some(())
        })?;
        Some(Self { look, codes, values })
    }

    /// The next symbol, as its high and low half. At least 16 bits are available afterwards.
    #[inline(always)]
    pub(super) fn next(&self, reader: &mut BitReader<'_>) -> Result<(u32, u32), Damage> {
        reader.refill();
        let entry = self.look.get((reader.bits >> (64 - LOOK)) as usize).copied().unwrap_or(0);
        let (length, symbol) =
            if entry != 0 { (u32::from(entry >> 8), u32::from(entry & 255)) } else { self.long(reader)? };
        reader.skip(length);
        Ok((symbol >> 4, symbol & 15))
    }

    #[cold]
    fn long(&self, reader: &BitReader<'_>) -> Result<(u32, u32), Damage> {
        let found = self.codes.find(u32::try_from(reader.bits >> 48).unwrap_or(0));
        let symbol = found.and_then(|(length, index)| Some((length, u32::from(*self.values.get(index)?))));
        symbol.ok_or(BAD_CODE)
    }
}
