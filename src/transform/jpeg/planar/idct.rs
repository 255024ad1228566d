//! The inverse discrete cosine transform of one block, at full size and at a half, a quarter and an eighth of it.
//!
//! At full size the factorisation of Arai, Agui and Nakajima in single precision: within one step of the exact result and,
//! because no two operations are ever fused, the same on every processor. The smaller ones take the N by N lowest
//! frequencies as a block of N by N samples, as libjpeg does from version 7 on.

use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};

use wide::{f32x4, f32x8, i16x8, i32x4, i32x8, u8x16};

/// Coefficients as they are stored, **columns first**: the place of row `v` and column `u` is `8 * u + v`.
pub(super) type Block = [i16; 64];

/// What coefficients are multiplied by, in the places of a [`Block`].
pub(super) type Factors = [f32; 64];

/// For each coefficient in zigzag order, its place in a [`Block`].
pub(super) const PLACES: [u8; 64] = places();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn places() -> [u8; 64] {
    let mut places = [0; 64];
    let (mut k, mut diagonal) = (0, 0_u8);
    while diagonal < 15 {
        let mut i = 0;
        while i <= diagonal {
            // Even diagonals go up to the right, odd ones down to the left.
            let (u, v) = if diagonal.is_multiple_of(2) { (i, diagonal - i) } else { (diagonal - i, i) };
            if u < 8 && v < 8 {
                places[k] = 8 * u + v;
                k += 1;
            }
            i += 1;
        }
        diagonal += 1;
    }
    places
}

/// Factors for [`full`], from a quantization table in zigzag order.
pub(super) fn full_factors(table: &[u16; 64]) -> Factors {
    // The scale factors of the factorisation: cos(k * pi / 16) * sqrt(2), and 1 for k = 0.
    const SCALE: [f64; 8] =
        [1.0, 1.387_039_845, 1.306_562_965, 1.175_875_602, 1.0, 0.785_694_958, 0.541_196_100, 0.275_899_379];
    factors(table, |k| SCALE.get(k).copied().unwrap_or(0.0) / 8.0_f64.sqrt())
}

/// Factors for [`half`], [`quarter`] and [`eighth`].
pub(super) fn reduced_factors(table: &[u16; 64]) -> Factors {
    factors(table, |k| if k == 0 { std::f64::consts::FRAC_1_SQRT_2 / 2.0 } else { 0.5 })
}

fn factors(table: &[u16; 64], scale: impl Fn(usize) -> f64) -> Factors {
    let mut factors = [0.0; 64];
    for (step, place) in table.iter().zip(PLACES) {
        let (u, v) = (usize::from(place) / 8, usize::from(place) % 8);
        if let Some(factor) = factors.get_mut(usize::from(place)) {
            #[expect(clippy::cast_possible_truncation, reason = "single precision is what is calculated in")]
            let product = (f64::from(*step) * scale(u) * scale(v)) as f32;
            *factor = product;
        }
    }
    factors
}

/// One dimension, for four columns at once.
#[inline(always)]
fn transform([i0, i1, i2, i3, i4, i5, i6, i7]: [f32x4; 8]) -> [f32x4; 8] {
    let (sum, difference) = (i0 + i4, i0 - i4);
    let outer = i2 + i6;
    let inner = (i2 - i6) * SQRT_2 - outer;
    let (e0, e3) = (sum + outer, sum - outer);
    let (e1, e2) = (difference + inner, difference - inner);

    let (z13, z10) = (i5 + i3, i5 - i3);
    let (z11, z12) = (i1 + i7, i1 - i7);
    let o0 = z11 + z13;
    let z5 = (z10 + z12) * 1.847_759_1;
    let o1 = z5 - z10 * 2.613_126 - o0;
    let o2 = (z11 - z13) * SQRT_2 - o1;
    let o3 = z5 - z12 * 1.082_392_2 - o2;
    [e0 + o0, e1 + o1, e2 + o2, e3 + o3, e3 - o3, e2 - o2, e1 - o1, e0 - o0]
}

/// Eight samples of numbers that have their means at 0, rounded.
#[inline(always)]
fn samples(first: f32x4, last: f32x4) -> u8x16 {
    // Numbers beyond those of any real image stay numbers of 32 bits; the rest of the limits is kept by saturation.
    const MOST: f32x4 = f32x4::new([65_535.0; 4]);
    let (first, last) = ((first + 128.0).fast_min(MOST), (last + 128.0).fast_min(MOST));
    let [a, b] = [first.fast_round_int().to_array(), last.fast_round_int().to_array()];
    let whole = i32x8::new([a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]]);
    let whole = i16x8::from_i32x8_saturate(whole);
    u8x16::narrow_i16x8(whole, whole)
}

/// Rounds to a sample. Adding 2^23 leaves the whole number in the low bits, halves rounded to even.
#[inline(always)]
fn sample(value: f32) -> u8 {
    const SHIFT: f32 = 8_388_608.0;
    let clamped = (value + 128.0).clamp(0.0, 255.0);
    (clamped + SHIFT).to_bits().to_le_bytes()[0]
}

/// All 64 samples, into eight rows of `out` that are `stride` apart.
#[inline(always)]
pub(super) fn full(block: &Block, factors: &Factors, out: &mut [u8], stride: usize) {
    let columns = block.as_chunks::<8>().0;
    let factors = factors.as_chunks::<4>().0;
    // The upper and the lower half of all columns, and then of all rows.
    let mut upper = [f32x4::ZERO; 8];
    let mut lower = [f32x4::ZERO; 8];
    for ((upper, lower), (column, factors)) in
        upper.iter_mut().zip(&mut lower).zip(columns.iter().zip(factors.as_chunks::<2>().0))
    {
        let numbers = f32x8::from_i32x8(i32x8::from_i16x8(i16x8::new(*column))).to_array();
        let [a, b, c, d, e, f, g, h] = numbers;
        *upper = f32x4::new([a, b, c, d]) * f32x4::new(factors[0]);
        *lower = f32x4::new([e, f, g, h]) * f32x4::new(factors[1]);
    }
    let [a0, a1, a2, a3, b0, b1, b2, b3] = transform(upper);
    let [c0, c1, c2, c3, d0, d1, d2, d3] = transform(lower);
    let a = f32x4::transpose([a0, a1, a2, a3]);
    let b = f32x4::transpose([b0, b1, b2, b3]);
    let c = f32x4::transpose([c0, c1, c2, c3]);
    let d = f32x4::transpose([d0, d1, d2, d3]);
    let left = transform([a[0], a[1], a[2], a[3], c[0], c[1], c[2], c[3]]);
    let right = transform([b[0], b[1], b[2], b[3], d[0], d[1], d[2], d[3]]);
    for ((left, right), line) in left.into_iter().zip(right).zip(out.chunks_mut(stride)) {
        if let Some(line) = line.first_chunk_mut::<8>() {
            let row = samples(left, right).to_array();
            line.copy_from_slice(row.first_chunk::<8>().unwrap_or(&[0; 8]));
        }
    }
}

/// A block of `size` by `size` samples of the mean alone.
#[inline(always)]
pub(super) fn flat<const SIZE: usize>(dc: i16, factors: &Factors, out: &mut [u8], stride: usize) {
    let value = sample(f32::from(dc) * factors[0]);
    for line in out.chunks_mut(stride).take(SIZE) {
        if let Some(line) = line.first_chunk_mut::<SIZE>() {
            *line = [value; SIZE];
        }
    }
}

/// Four by four samples.
#[inline(always)]
pub(super) fn half(block: &Block, factors: &Factors, out: &mut [u8], stride: usize) {
    let columns = block.as_chunks::<8>().0.iter().zip(factors.as_chunks::<8>().0);
    let mut rows = [f32x4::ZERO; 4];
    for (row, ([a, b, c, d, ..], [fa, fb, fc, fd, ..])) in rows.iter_mut().zip(columns) {
        let numbers = i32x4::new([i32::from(*a), i32::from(*b), i32::from(*c), i32::from(*d)]);
        *row = f32x4::from_i32x4(numbers) * f32x4::new([*fa, *fb, *fc, *fd]);
    }
    let [first, second, third, fourth] = four(f32x4::transpose(four(rows)));
    let upper = samples(first, second).to_array();
    let lower = samples(third, fourth).to_array();
    let rows = upper.as_chunks::<4>().0.iter().take(2).chain(lower.as_chunks::<4>().0);
    for (row, line) in rows.take(4).zip(out.chunks_mut(stride)) {
        if let Some(line) = line.first_chunk_mut::<4>() {
            *line = *row;
        }
    }
}

/// One dimension of four, for four columns at once.
#[inline(always)]
fn four([i0, i1, i2, i3]: [f32x4; 4]) -> [f32x4; 4] {
    /// Cosines of an eighth and three eighths of pi.
    const C1: f32 = 0.923_879_5;
    const C3: f32 = 0.382_683_43;
    let (e0, e1) = (i0 + i2 * FRAC_1_SQRT_2, i0 - i2 * FRAC_1_SQRT_2);
    let (o0, o1) = (i1 * C1 + i3 * C3, i1 * C3 - i3 * C1);
    [e0 + o0, e1 + o1, e1 - o1, e0 - o0]
}

/// Two by two samples.
#[inline(always)]
pub(super) fn quarter(block: &Block, factors: &Factors, out: &mut [u8], stride: usize) {
    let of = |number: i16, factor: f32| f32x4::splat(f32::from(number) * factor);
    let down = of(block[1], factors[1]) * f32x4::new([FRAC_1_SQRT_2, FRAC_1_SQRT_2, -FRAC_1_SQRT_2, -FRAC_1_SQRT_2]);
    let across = of(block[8], factors[8]) * f32x4::new([FRAC_1_SQRT_2, -FRAC_1_SQRT_2, FRAC_1_SQRT_2, -FRAC_1_SQRT_2]);
    let both = of(block[9], factors[9]) * f32x4::new([0.5, -0.5, -0.5, 0.5]);
    let both = samples(of(block[0], factors[0]) + down + (across + both), f32x4::ZERO).to_array();
    for (row, line) in both.as_chunks::<2>().0.iter().take(2).zip(out.chunks_mut(stride)) {
        if let Some(line) = line.first_chunk_mut::<2>() {
            *line = *row;
        }
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// The definition, with `size` frequencies and samples in each direction.
    fn exact(block: &Block, table: &[u16; 64], size: usize) -> Vec<f64> {
        let mut steps = [0.0; 64];
        for (step, place) in table.iter().zip(PLACES) {
            steps[usize::from(place)] = f64::from(*step);
        }
        let scale = |k: usize| if k == 0 { 0.5_f64.sqrt() / 2.0 } else { 0.5 };
        let wave = |x: usize, k: usize| ((2 * x + 1) as f64 * k as f64 * PI / (2 * size) as f64).cos();
        let mut samples = Vec::new();
        for y in 0..size {
            for x in 0..size {
                let mut sum = 128.0;
                for u in 0..size {
                    for v in 0..size {
                        let at = 8 * u + v;
                        sum += f64::from(block[at]) * steps[at] * scale(u) * scale(v) * wave(x, u) * wave(y, v);
                    }
                }
                samples.push(sum.clamp(0.0, 255.0));
            }
        }
        samples
    }

    type Transform = fn(&Block, &Factors, &mut [u8], usize);

    #[test]
    fn every_size_is_within_half_a_step_of_the_definition() {
        assert_eq!(PLACES[..10], [0, 8, 1, 2, 9, 16, 24, 17, 10, 3]);
        assert_eq!(PLACES[60..], [61, 62, 55, 63]);
        let mut seed = 1_u64;
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let transforms: [(usize, Transform); 3] = [(8, full), (4, half), (2, quarter)];
        for round in 0..500 {
            let table: [u16; 64] = std::array::from_fn(|_| 1 + random(40) as u16);
            let mut block = [0; 64];
            block[0] = random(120) as i16 - 60;
            for _ in 0..round % 64 {
                block[random(64) as usize] = random(21) as i16 - 10;
            }
            for (size, transform) in transforms {
                let factors = if size == 8 { full_factors(&table) } else { reduced_factors(&table) };
                let mut out = [7; 100];
                transform(&block, &factors, &mut out, 12);
                for (at, exact) in exact(&block, &table, size).into_iter().enumerate() {
                    let got = f64::from(out[at / size * 12 + at % size]);
                    assert!((got - exact).abs() < 0.51, "size {size}, sample {at}: {got}, expected {exact}");
                }
                assert!(out[size..12].iter().all(|&beside| beside == 7));
            }
            let mut out = [0; 64];
            flat::<8>(block[0], &full_factors(&table), &mut out, 8);
            let mean = f64::from(block[0]) * f64::from(table[0]) / 8.0 + 128.0;
            assert!((f64::from(out[63]) - mean.clamp(0.0, 255.0)).abs() < 0.51);
        }
    }
}
