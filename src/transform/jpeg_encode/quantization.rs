//! The quantization steps of a quality: the tables of Annex K of the standard, scaled as libjpeg scales them.

/// Steps in the natural order: rows of rising horizontal frequency.
pub(super) type Steps = [u8; 64];

/// Where the coefficients stand in the natural order, one after the other as they are sent.
pub(super) const ZIGZAG: [u8; 64] = zigzag();

#[rustfmt::skip]
const LUMA: Steps = [
    16, 11, 10, 16,  24,  40,  51,  61,
    12, 12, 14, 19,  26,  58,  60,  55,
    14, 13, 16, 24,  40,  57,  69,  56,
    14, 17, 22, 29,  51,  87,  80,  62,
    18, 22, 37, 56,  68, 109, 103,  77,
    24, 35, 55, 64,  81, 104, 113,  92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103,  99,
];

#[rustfmt::skip]
const CHROMA: Steps = [
    17, 18, 24, 47, 99, 99, 99, 99,
    18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
];

pub(super) fn luma(quality: u8) -> Steps {
    scaled(LUMA, quality)
}

pub(super) fn chroma(quality: u8) -> Steps {
    scaled(CHROMA, quality)
}

fn scaled(steps: Steps, quality: u8) -> Steps {
    let quality = u32::from(quality.clamp(1, 100));
    let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    steps.map(|step| u8::try_from(((u32::from(step) * percent + 50) / 100).max(1)).unwrap_or(u8::MAX))
}

/// Along the antidiagonals, downwards and upwards in turns.
#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "evaluated when compiling, below 64")]
const fn zigzag() -> [u8; 64] {
    let mut order = [0; 64];
    let mut at = 0;
    let mut diagonal = 0;
    while diagonal < 15 {
        let mut place: usize = 0;
        while place <= diagonal {
            let (x, y) = if diagonal % 2 == 0 { (place, diagonal - place) } else { (diagonal - place, place) };
            if x < 8 && y < 8 {
                order[at] = (y * 8 + x) as u8;
                at += 1;
            }
            place += 1;
        }
        diagonal += 1;
    }
    order
}
