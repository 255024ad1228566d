//! The blocks of one component as Huffman codes.

use super::{
    bits::BitWriter,
    blocks::PlaneRef,
    dct::{Coefficients, Quantizer},
    huffman::{CHROMA_AC, CHROMA_DC, Code, Codes, LUMA_AC, LUMA_DC, codes},
};

/// The codes of one kind of component.
pub(super) struct Coding {
    dc: Codes,
    ac: Codes,
}

impl Coding {
    pub(super) const LUMA: Self = Self { dc: codes(&LUMA_DC), ac: codes(&LUMA_AC) };
    pub(super) const CHROMA: Self = Self { dc: codes(&CHROMA_DC), ac: codes(&CHROMA_AC) };
}

/// Sixteen zeros.
const LONG_RUN: usize = 0xF0;
const END_OF_BLOCK: usize = 0x00;

/// Encodes the blocks of one component, unit by unit.
pub(super) struct Coder<'a> {
    plane: PlaneRef<'a>,
    /// Blocks in each direction that belong to one unit.
    side: usize,
    quantizer: &'a Quantizer,
    coding: &'a Coding,
    /// The first coefficient of the block before.
    previous: i32,
}

impl<'a> Coder<'a> {
    pub(super) fn new(plane: PlaneRef<'a>, side: usize, quantizer: &'a Quantizer, coding: &'a Coding) -> Self {
        Self { plane, side, quantizer, coding, previous: 0 }
    }

    /// How many units cover the plane, by columns and rows.
    pub(super) fn units(&self) -> (usize, usize) {
        let (columns, rows) = self.plane.blocks();
        (columns.div_ceil(self.side), rows.div_ceil(self.side))
    }

    /// Writes the blocks of one unit. Those that lie outside of the plane altogether, which nobody will see, continue the
    /// block before them at the least cost.
    #[inline]
    pub(super) fn unit(&mut self, column: usize, row: usize, out: &mut BitWriter<'_>) {
        let (columns, rows) = self.plane.blocks();
        for row in row * self.side..(row + 1) * self.side {
            for column in column * self.side..(column + 1) * self.side {
                if column < columns && row < rows {
                    let coefficients = self.quantizer.apply(&self.plane.block(column, row));
                    self.write(&coefficients, out);
                } else {
                    put(&self.coding.dc, 0, 0, out);
                    put(&self.coding.ac, END_OF_BLOCK, 0, out);
                }
            }
        }
    }

    #[inline]
    fn write(&mut self, coefficients: &Coefficients, out: &mut BitWriter<'_>) {
        let first = coefficients.get(0);
        put(&self.coding.dc, 0, first.wrapping_sub(self.previous), out);
        self.previous = first;

        // The bit of the first coefficient goes.
        let mut present = coefficients.present & !1;
        let mut next = 1;
        while present != 0 {
            let at = present.trailing_zeros();
            present &= present - 1;
            let mut zeros = at - next;
            next = at + 1;
            while zeros > 15 {
                put(&self.coding.ac, LONG_RUN, 0, out);
                zeros -= 16;
            }
            put(&self.coding.ac, (zeros << 4) as usize, coefficients.get(at), out);
        }
        if next < 64 {
            put(&self.coding.ac, END_OF_BLOCK, 0, out);
        }
    }
}

/// Writes the code of a symbol, whose low half is the size of the value, and the value: negative ones less one.
#[inline(always)]
fn put(codes: &Codes, zeros: usize, value: i32, out: &mut BitWriter<'_>) {
    let sign = value >> 31;
    let size = 32 - value.unsigned_abs().leading_zeros();
    let Code { bits, count } = codes.get((zeros | size as usize) & 255).copied().unwrap_or(Code { bits: 0, count: 0 });
    let value = value.wrapping_add(sign).cast_unsigned() & ((1 << size) - 1);
    out.put(bits | value, count);
}
