//! The blocks of one component as Huffman codes.

use super::{
    bits::BitWriter,
    dct::Coefficients,
    huffman::{self, CHROMA_AC, CHROMA_DC, Codes, LUMA_AC, LUMA_DC},
};

/// The codes of one kind of component.
pub(super) struct Coding {
    dc: Codes,
    ac: Codes,
}

pub(super) static LUMA: Coding = Coding { dc: Codes::new(&LUMA_DC), ac: Codes::new(&LUMA_AC) };
pub(super) static CHROMA: Coding = Coding { dc: Codes::new(&CHROMA_DC), ac: Codes::new(&CHROMA_AC) };

/// Sixteen zeros.
const LONG_RUN: u32 = 0xF0;
const END_OF_BLOCK: u32 = 0x00;

/// Writes the blocks of one component.
pub(super) struct Coder {
    coding: &'static Coding,
    /// The first coefficient of the block before.
    previous: i16,
}

impl Coder {
    pub(super) fn new(coding: &'static Coding) -> Self {
        Self { coding, previous: 0 }
    }

    #[inline]
    pub(super) fn write(&mut self, block: &Coefficients, out: &mut BitWriter<'_>) {
        let Coding { dc, ac } = self.coding;
        out.make_room();
        put(dc, 0, i32::from(block.first()) - i32::from(self.previous), out);
        self.previous = block.first();

        // The bit of the first coefficient goes.
        let mut rest = Rest { present: block.present & !1, next: 1 };
        // Seven bits that make no byte yet, 22 for a first coefficient or 26 for another, and 26 for one more fit a word. Where
        // zeros take codes of their own, those are settled before the coefficient behind them.
        while rest.present != 0 {
            rest.put(ac, block, out);
            out.settle();
            if rest.present == 0 {
                break;
            }
            rest.put(ac, block, out);
        }
        if rest.next < 64 {
            put(ac, END_OF_BLOCK, 0, out);
        }
        out.settle();
    }
}

/// The coefficients of a block that are still to be written.
struct Rest {
    /// Those that are not zero.
    present: u64,
    /// The number of the first one.
    next: u32,
}

impl Rest {
    /// Writes the next one that is not zero, and the zeros before it.
    #[inline(always)]
    fn put(&mut self, codes: &Codes, block: &Coefficients, out: &mut BitWriter<'_>) {
        let at = self.present.trailing_zeros();
        self.present &= self.present - 1;
        let mut zeros = at - self.next;
        self.next = at + 1;
        while zeros > 15 {
            put(codes, LONG_RUN, 0, out);
            out.settle();
            zeros -= 16;
        }
        put(codes, zeros << 4, block.get(at).into(), out);
    }
}

/// Writes the code for a value, and the value.
#[inline(always)]
fn put(codes: &Codes, zeros: u32, value: i32, out: &mut BitWriter<'_>) {
    let (bits, size) = huffman::value(value);
    let code = codes.get(zeros | size);
    out.add(code.bits() | bits, code.count());
}
