//! The forward cosine transform of a block, and its quantization.
//!
//! The transform is the one of Arai, Agui and Nakajima, which leaves most multiplications to the quantization. Single
//! precision rounds all but ties to what exact arithmetic would round to.

use super::{
    blocks::Block,
    quantization::{Steps, ZIGZAG},
};

/// The quantized coefficients of a block.
#[derive(Clone)]
pub(super) struct Coefficients {
    /// Columns of rising vertical frequency: the natural order transposed.
    values: [i16; 64],
    /// A bit for each that is not zero, in the order in which they are sent.
    pub(super) present: u64,
}

impl Coefficients {
    /// A block of one value.
    pub(super) fn flat(first: i16) -> Self {
        let mut values = [0; 64];
        values[0] = first;
        Self { values, present: u64::from(first != 0) }
    }

    pub(super) fn first(&self) -> i16 {
        self.values[0]
    }

    /// The coefficient that is sent as number `at`.
    #[inline(always)]
    pub(super) fn get(&self, at: u32) -> i16 {
        let place = ORDER.get(at as usize & 63).copied().unwrap_or(0);
        self.values.get(usize::from(place & 63)).copied().unwrap_or(0)
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

/// Eight by eight values, eight of which are worked on at once.
type Lanes = [[f32; 8]; 8];

/// Transforms and quantizes the blocks of one component.
pub(super) struct Transform {
    /// What to multiply with, transposed.
    factors: Lanes,
    /// Between the two passes, and behind them. Kept from block to block, so that they need not be cleared.
    rows: Lanes,
    columns: Lanes,
}

impl Transform {
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
        Self { factors, rows: [[0.0; 8]; 8], columns: [[0.0; 8]; 8] }
    }

    #[inline(always)]
    pub(super) fn apply(&mut self, block: &Block, to: &mut Coefficients) {
        transform_columns(block, &mut self.rows);
        transform_rows(&self.rows, &mut self.columns);
        // Samples are meant to be signed: 64 times 128 goes off the first coefficient, and off no other.
        self.columns[0][0] -= 8192.0;
        quantize(&self.columns, &self.factors, &mut to.values);
        to.present = present(&to.values);
    }
}

/// Multiplies and rounds.
#[inline(never)]
fn quantize(columns: &Lanes, factors: &Lanes, values: &mut [i16; 64]) {
    let lanes = columns.as_flattened().iter().zip(factors.as_flattened());
    for (value, (lane, factor)) in values.iter_mut().zip(lanes) {
        let rounded = (lane * factor + ROUND).to_bits().cast_signed().wrapping_sub(ROUND.to_bits().cast_signed());
        #[expect(clippy::cast_possible_truncation, reason = "clamped")]
        let narrow = rounded.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        *value = narrow;
    }
}

/// A bit for each coefficient that is not zero, in the order in which they are sent.
#[inline(never)]
fn present(values: &[i16; 64]) -> u64 {
    let mut flags = [0; 64];
    for (flag, value) in flags.iter_mut().zip(values) {
        *flag = u8::from(*value != 0);
    }
    let mut present = 0;
    for (flags, sent) in flags.as_chunks().0.iter().zip(&SENT) {
        // Moves the lowest bit of each byte to the top.
        let set = u64::from_le_bytes(*flags).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        present |= sent.get(set as usize).copied().unwrap_or(0);
    }
    present
}

/// Transforms the columns of a block: one column a lane.
#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "all indices are below 8, the number of rows and lanes")]
fn transform_columns(block: &Block, to: &mut Lanes) {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = block;
    for lane in 0..8 {
        let samples = [s0, s1, s2, s3, s4, s5, s6, s7].map(|row| f32::from(row[lane]));
        for (row, value) in to.iter_mut().zip(transform(samples)) {
            row[lane] = value;
        }
    }
}

/// Transforms rows into columns.
#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "all indices are below 8, the number of rows and lanes")]
fn transform_rows(from: &Lanes, to: &mut Lanes) {
    for lane in 0..8 {
        for (column, value) in to.iter_mut().zip(transform(from[lane])) {
            column[lane] = value;
        }
    }
}

/// The transform of eight samples.
#[inline(always)]
fn transform([s0, s1, s2, s3, s4, s5, s6, s7]: [f32; 8]) -> [f32; 8] {
    let (sum07, difference07) = (s0 + s7, s0 - s7);
    let (sum16, difference16) = (s1 + s6, s1 - s6);
    let (sum25, difference25) = (s2 + s5, s2 - s5);
    let (sum34, difference34) = (s3 + s4, s3 - s4);

    let (even0, even3) = (sum07 + sum34, sum07 - sum34);
    let (even1, even2) = (sum16 + sum25, sum16 - sum25);
    let turned = (even2 + even3) * 0.707_106_77;

    let odd0 = difference34 + difference25;
    let odd1 = difference25 + difference16;
    let odd2 = difference16 + difference07;
    let shared = (odd0 - odd2) * 0.382_683_43;
    let low = 0.541_196_1 * odd0 + shared;
    let high = 1.306_563 * odd2 + shared;
    let middle = odd1 * 0.707_106_77;
    let (outer, inner) = (difference07 + middle, difference07 - middle);

    [even0 + even1, outer + high, even3 + turned, inner - low, even0 - even1, inner + low, even3 - turned, outer - high]
}
