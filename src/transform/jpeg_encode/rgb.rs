//! Interleaved RGB as the planes of a JPEG: JFIF's YCbCr, which is that of BT.601 with the full range.

use super::super::planes::Plane;

/// Fills `planes` with luma and chroma of interleaved RGB, rows without padding.
///
/// With `halved`, chroma has half the sides, rounded up: the means of two by two samples, rounded up and down in turns as
/// libjpeg does, with the last column and row repeated where one is missing.
pub(in crate::transform) fn rgb_to_planes(
    pixels: &[u8],
    width: usize,
    height: usize,
    halved: bool,
    planes: &mut [Plane; 3],
) {
    for plane in planes.iter_mut() {
        plane.samples.resize(width * height, 0);
        (plane.width, plane.height) = (width, height);
    }
    let [y, cb, cr] = planes;
    let chroma = cb.samples.iter_mut().zip(&mut cr.samples);
    for ((y, (cb, cr)), pixel) in y.samples.iter_mut().zip(chroma).zip(pixels.as_chunks::<3>().0) {
        let [r, g, b] = pixel.map(i32::from);
        *y = top(19_595 * r + 38_470 * g + 7_471 * b + HALF);
        *cb = top(CENTRE - 11_059 * r - 21_709 * g + 32_768 * b);
        *cr = top(CENTRE + 32_768 * r - 27_439 * g - 5_329 * b);
    }
    if halved {
        halve(cb);
        halve(cr);
    }
}

const HALF: i32 = 1 << 15;
/// Chroma is centred on 128 and rounded so that the largest value stays 255.
const CENTRE: i32 = (128 << 16) + HALF - 1;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the weights keep it within 8 bits")]
fn top(value: i32) -> u8 {
    (value >> 16) as u8
}

/// Halves the sides of a plane, in place.
fn halve(plane: &mut Plane) {
    let (width, height) = (plane.width.div_ceil(2), plane.height.div_ceil(2));
    let mut rows = Vec::with_capacity(width * height);
    for pair in plane.samples.chunks(2 * plane.width.max(1)) {
        let (above, below) = pair.split_at(plane.width);
        let below = if below.is_empty() { above } else { below };
        // The bias keeps means that lie between two numbers from all being rounded the same way.
        for ((above, below), bias) in above.chunks(2).zip(below.chunks(2)).zip([1, 2].into_iter().cycle()) {
            let sum = |pair: &[u8]| match *pair {
                [left, right] => u16::from(left) + u16::from(right),
                [single] => 2 * u16::from(single),
                _ => 0,
            };
            rows.push(u8::try_from((sum(above) + sum(below) + bias) >> 2).unwrap_or(u8::MAX));
        }
    }
    *plane = Plane { samples: rows, width, height };
}
