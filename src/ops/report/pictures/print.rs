//! What a picture looks like, in few bytes: a small grey copy, and a hash of its coarse structure.
//!
//! The copy is 16x16, each sample the mean of its area. The hash is of the kind that is known as pHash: the signs, beside their
//! median, of the 63 lowest frequencies of the copy but the mean. Encoding, size and brightness hardly change it.

use std::ops::Range;

use crate::transform::Picture;

/// Samples along a side of the copy.
pub(super) const SIDE: usize = 16;

/// Frequencies along a side that count.
const LOW: usize = 8;

/// A grey copy.
pub(super) type Tile = [u8; SIDE * SIDE];

/// What a picture looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    pub(super) tile: Tile,
    pub(super) hash: u64,
    /// The standard deviation of the brightness of all pixels, from 0 to 1.
    pub(super) deviation: f64,
}

/// Brightness of a pixel times 256, as ITU-R 601 weighs it.
fn brightness(pixel: &[u8], channels: usize) -> u32 {
    match (channels, pixel) {
        (3.., [red, green, blue, ..]) => 77 * u32::from(*red) + 150 * u32::from(*green) + 29 * u32::from(*blue),
        (_, [grey, ..]) => 256 * u32::from(*grey),
        _ => 0,
    }
}

/// The pixels along a side that a sample of the copy is the mean of: at least one, so that small pictures are enlarged.
fn area(sample: usize, side: usize) -> Range<usize> {
    let start = sample * side / SIDE;
    start..((sample + 1) * side / SIDE).max(start + 1)
}

impl Look {
    /// Of a picture of 8 bits; `None` if there is no pixel.
    pub(super) fn of(picture: &Picture) -> Option<Self> {
        let (width, height) = (usize::try_from(picture.width).ok()?, usize::try_from(picture.height).ok()?);
        let channels = usize::from(picture.channels);
        if width == 0 || height == 0 || channels == 0 {
            return None;
        }
        let columns: [Range<usize>; SIDE] = std::array::from_fn(|sample| area(sample, width));
        let rows: [Range<usize>; SIDE] = std::array::from_fn(|sample| area(sample, height));
        let mut sums = [[0_u64; SIDE]; SIDE];
        let (mut all, mut squares) = (0_u64, 0_u128);
        let mut line: Vec<u32> = Vec::with_capacity(width);
        for (y, row) in picture.pixels.chunks_exact(width * channels).enumerate() {
            line.clear();
            line.extend(row.chunks_exact(channels).map(|pixel| brightness(pixel, channels)));
            all += line.iter().copied().map(u64::from).sum::<u64>();
            squares += u128::from(line.iter().map(|value| u64::from(*value) * u64::from(*value)).sum::<u64>());
            let of_line = columns
                .clone()
                .map(|area| line.get(area).unwrap_or_default().iter().copied().map(u64::from).sum::<u64>());
            for (sums, _) in sums.iter_mut().zip(&rows).filter(|(_, rows)| rows.contains(&y)) {
                for (sum, more) in sums.iter_mut().zip(of_line) {
                    *sum += more;
                }
            }
        }
        let mut tile = [0; SIDE * SIDE];
        let cells = sums.iter().zip(&rows).flat_map(|(sums, rows)| {
            sums.iter().zip(&columns).map(|(sum, columns)| sum / (256 * rows.len() * columns.len()) as u64)
        });
        for (sample, value) in tile.iter_mut().zip(cells) {
            *sample = u8::try_from(value).unwrap_or(u8::MAX);
        }
        let pixels = (width * height) as f64;
        let mean = all as f64 / pixels;
        let deviation = (squares as f64 / pixels - mean * mean).max(0.0).sqrt() / (255.0 * 256.0);
        Some(Self { tile, hash: hash(&tile), deviation })
    }
}

/// The signs of the low frequencies beside their median. Sums are of whole numbers, so that it is the same everywhere.
fn hash(tile: &Tile) -> u64 {
    let waves = waves();
    // Along the rows, then along the columns.
    let mut along = [[0_i64; LOW]; SIDE];
    for (out, row) in along.iter_mut().zip(tile.chunks_exact(SIDE)) {
        for (out, wave) in out.iter_mut().zip(&waves) {
            *out = row.iter().zip(wave).map(|(sample, wave)| i64::from(*sample) * wave).sum();
        }
    }
    let mut frequencies = [0_i64; LOW * LOW];
    for (at, out) in frequencies.iter_mut().enumerate() {
        let (x, wave) = (at % LOW, waves.get(at / LOW));
        let Some(wave) = wave else { continue };
        *out = along.iter().zip(wave).map(|(row, wave)| row.get(x).unwrap_or(&0) * wave).sum();
    }
    // The first is the mean of all, which says nothing of the structure.
    let mut sorted = frequencies;
    let structure = sorted.get_mut(1..).unwrap_or_default();
    structure.sort_unstable();
    let median = structure.get(structure.len() / 2).copied().unwrap_or(0);
    let signs = frequencies.iter().skip(1).map(|frequency| u64::from(*frequency > median));
    signs.fold(0, |hash, sign| hash << 1 | sign)
}

/// Cosines of the lowest frequencies at the samples of a side, in 2^14ths.
fn waves() -> [[i64; SIDE]; LOW] {
    std::array::from_fn(|frequency| {
        std::array::from_fn(|sample| {
            let angle = std::f64::consts::PI * frequency as f64 * (2 * sample + 1) as f64 / (2 * SIDE) as f64;
            #[expect(clippy::cast_possible_truncation, reason = "no more than 2^14")]
            let wave = (angle.cos() * 16384.0).round() as i64;
            wave
        })
    })
}

/// How alike two copies are whatever their brightness and contrast: 1 for the same, 0 for nothing in common.
pub(super) fn likeness(a: &Tile, b: &Tile) -> f64 {
    let mean = |tile: &Tile| tile.iter().copied().map(f64::from).sum::<f64>() / tile.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f64::from(*a) - mean_a, f64::from(*b) - mean_b);
        both += a * b;
        of_a += a * a;
        of_b += b * b;
    }
    if of_a == 0.0 || of_b == 0.0 { 0.0 } else { both / (of_a * of_b).sqrt() }
}
