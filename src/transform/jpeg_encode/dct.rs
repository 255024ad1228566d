//! The forward cosine transform of a block, and its quantization.
//!
//! The transform is the one of Arai, Agui and Nakajima, which leaves most multiplications to the quantization. Single
//! precision rounds all but ties to what exact arithmetic would round to.

use super::{
    blocks::Block,
    quantization::{Steps, ZIGZAG},
};

/// The quantized coefficients of a block.
pub(super) struct Coefficients {
    /// Columns of rising vertical frequency: the natural order transposed.
    values: [[i32; 8]; 8],
    /// A bit for each that is not zero, in the order in which they are sent.
    pub(super) present: u64,
}

impl Coefficients {
    /// The coefficient that is sent as number `at`.
    #[inline(always)]
    pub(super) fn get(&self, at: u32) -> i32 {
        let place = ORDER.get(at as usize & 63).copied().unwrap_or(0);
        self.values.as_flattened().get(usize::from(place & 63)).copied().unwrap_or(0)
    }
}

/// Where the coefficients that are sent one after the other stand among the transposed ones.
#[expect(clippy::indexing_slicing, reason = "evaluated when compiling")]
const ORDER: [u8; 64] = {
    let mut order = ZIGZAG;
    let mut at = 0;
    while at < 64 {
        order[at] = order[at] % 8 * 8 + order[at] / 8;
        at += 1;
    }
    order
};

/// For each column and each set of its coefficients, the bits of these coefficients in the order in which they are sent.
static SENT: [[u64; 256]; 8] = sent();

#[expect(clippy::indexing_slicing, reason = "evaluated when compiling")]
const fn sent() -> [[u64; 256]; 8] {
    let mut sent = [[0; 256]; 8];
    let mut at = 0;
    while at < 64 {
        let (column, row) = (ORDER[at] as usize / 8, ORDER[at] % 8);
        let mut set = 0;
        while set < 256 {
            if set >> row & 1 == 1 {
                sent[column][set] |= 1 << at;
            }
            set += 1;
        }
        at += 1;
    }
    sent
}

/// What the transform leaves each frequency too large by, per dimension: `cos(k * pi / 16) * sqrt(2)`, 1 for the first.
const SCALES: [f64; 8] = [
    1.0,
    1.387_039_845_322_148,
    1.306_562_964_876_377,
    1.175_875_602_419_359,
    1.0,
    0.785_694_958_387_102,
    0.541_196_100_146_197,
    0.275_899_379_282_943,
];

/// Added to a number of moderate size, it leaves the nearest integer in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// Transforms and quantizes the blocks of one component.
pub(super) struct Quantizer {
    /// What to multiply with, transposed.
    factors: [[f32; 8]; 8],
}

impl Quantizer {
    pub(super) fn new(steps: &Steps) -> Self {
        let mut factors = [[0.0; 8]; 8];
        let rows = steps.as_chunks::<8>().0;
        for ((column, factors), scale) in factors.iter_mut().enumerate().zip(SCALES) {
            for ((factor, row), other) in factors.iter_mut().zip(rows).zip(SCALES) {
                let step = f64::from(row.get(column).copied().unwrap_or(1));
                #[expect(clippy::cast_possible_truncation, reason = "it is rounded")]
                let value = (1.0 / (8.0 * scale * other * step)) as f32;
                *factor = value;
            }
        }
        Self { factors }
    }

    #[inline(always)]
    pub(super) fn apply(&self, block: &Block) -> Coefficients {
        let mut lanes = block.map(|row| row.map(f32::from));
        transform(&mut lanes);
        let mut lanes = transposed(&lanes);
        transform(&mut lanes);
        // Samples are meant to be signed: 64 times 128 goes off the first coefficient, and off no other.
        lanes[0][0] -= 8192.0;
        let mut values = [[0; 8]; 8];
        let mut present = 0;
        let columns = values.iter_mut().zip(&lanes).zip(&self.factors).zip(&SENT);
        for (((values, lanes), factors), sent) in columns {
            let mut set = [0; 8];
            for (((value, flag), lane), factor) in values.iter_mut().zip(&mut set).zip(lanes).zip(factors) {
                *value = (lane * factor + ROUND).to_bits().cast_signed().wrapping_sub(ROUND.to_bits().cast_signed());
                *flag = u8::from(*value != 0);
            }
            // Moves the lowest bit of each byte to the top.
            let set = u64::from_le_bytes(set).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            present |= sent.get(set as usize).copied().unwrap_or(0);
        }
        Coefficients { values, present }
    }
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "all indices are below 8, the number of rows and lanes")]
fn transposed(from: &[[f32; 8]; 8]) -> [[f32; 8]; 8] {
    let mut to = [[0.0; 8]; 8];
    for (y, row) in from.iter().enumerate() {
        for (x, value) in row.iter().enumerate() {
            to[x][y] = *value;
        }
    }
    to
}

/// The transform of eight samples, of eight sets at once: sample `n` of every set is in row `n`.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "all indices are below 8, the number of rows and lanes")]
fn transform(rows: &mut [[f32; 8]; 8]) {
    let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
    for lane in 0..8 {
        let (sum07, difference07) = (r0[lane] + r7[lane], r0[lane] - r7[lane]);
        let (sum16, difference16) = (r1[lane] + r6[lane], r1[lane] - r6[lane]);
        let (sum25, difference25) = (r2[lane] + r5[lane], r2[lane] - r5[lane]);
        let (sum34, difference34) = (r3[lane] + r4[lane], r3[lane] - r4[lane]);

        let (even0, even3) = (sum07 + sum34, sum07 - sum34);
        let (even1, even2) = (sum16 + sum25, sum16 - sum25);
        r0[lane] = even0 + even1;
        r4[lane] = even0 - even1;
        let turned = (even2 + even3) * 0.707_106_77;
        r2[lane] = even3 + turned;
        r6[lane] = even3 - turned;

        let odd0 = difference34 + difference25;
        let odd1 = difference25 + difference16;
        let odd2 = difference16 + difference07;
        let shared = (odd0 - odd2) * 0.382_683_43;
        let low = 0.541_196_1 * odd0 + shared;
        let high = 1.306_563 * odd2 + shared;
        let middle = odd1 * 0.707_106_77;
        let (outer, inner) = (difference07 + middle, difference07 - middle);
        r5[lane] = inner + low;
        r3[lane] = inner - low;
        r1[lane] = outer + high;
        r7[lane] = outer - high;
    }
}
