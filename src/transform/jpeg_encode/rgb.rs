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
    let small = if halved { (width.div_ceil(2), height.div_ceil(2)) } else { (width, height) };
    for (plane, (width, height)) in planes.iter_mut().zip([(width, height), small, small]) {
        plane.samples.resize(width * height, 0);
        (plane.width, plane.height) = (width, height);
    }
    let [y, cb, cr] = planes;
    let width = width.max(1);
    if !halved {
        let mut colours = Colours::new(width);
        let chroma = cb.samples.chunks_exact_mut(width).zip(cr.samples.chunks_exact_mut(width));
        let rows = pixels.chunks_exact(3 * width).zip(y.samples.chunks_exact_mut(width)).zip(chroma);
        for ((pixels, y), (cb, cr)) in rows {
            colours.fill(pixels);
            colours.luma(y);
            colours.blueness(cb);
            colours.redness(cr);
        }
        return;
    }
    let mut colours = Colours::new(2 * width);
    let mut whole = vec![0; 2 * width];
    let rows = pixels.chunks(6 * width).zip(y.samples.chunks_mut(2 * width));
    let chroma = cb.samples.chunks_exact_mut(small.0.max(1)).zip(cr.samples.chunks_exact_mut(small.0.max(1)));
    for ((pixels, y), (cb, cr)) in rows.zip(chroma) {
        let whole = whole.get_mut(..y.len()).unwrap_or_default();
        colours.fill(pixels);
        colours.luma(y);
        colours.blueness(whole);
        halve(whole, width, cb);
        colours.redness(whole);
        halve(whole, width, cr);
    }
}

/// The channels of a few rows, apart from each other, so that many pixels can be worked on at once.
struct Colours {
    red: Vec<u8>,
    green: Vec<u8>,
    blue: Vec<u8>,
}

/// One half of the last bit that is kept.
const HALF: i32 = 1 << 15;
/// The weights of chroma are to be positive, so that products fit the widths that processors multiply best: what they
/// should take away is what they add for the complement. This centres the sum on 128, rounded so that it stays in range.
const CHROMA: i32 = (128 << 16) + HALF - 1 - 255 * 32_768;

impl Colours {
    fn new(pixels: usize) -> Self {
        Self { red: vec![0; pixels], green: vec![0; pixels], blue: vec![0; pixels] }
    }

    #[inline(never)]
    fn fill(&mut self, pixels: &[u8]) {
        let channels = self.red.iter_mut().zip(&mut self.green).zip(&mut self.blue);
        for (((red, green), blue), pixel) in channels.zip(pixels.as_chunks::<3>().0) {
            [*red, *green, *blue] = *pixel;
        }
    }

    #[inline(never)]
    fn luma(&self, to: &mut [u8]) {
        self.weigh(to, |r, g, b| 19_595 * r + 38_470 * g + 7_471 * b + HALF);
    }

    #[inline(never)]
    fn blueness(&self, to: &mut [u8]) {
        self.weigh(to, |r, g, b| 11_059 * (255 - r) + 21_709 * (255 - g) + 32_768 * b + CHROMA);
    }

    #[inline(never)]
    fn redness(&self, to: &mut [u8]) {
        self.weigh(to, |r, g, b| 32_768 * r + 27_439 * (255 - g) + 5_329 * (255 - b) + CHROMA);
    }

    /// The weights are in 16.16.
    #[inline(always)]
    fn weigh(&self, to: &mut [u8], weights: impl Fn(i32, i32, i32) -> i32) {
        for (((to, red), green), blue) in to.iter_mut().zip(&self.red).zip(&self.green).zip(&self.blue) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the weights keep it in range")]
            let value = (weights(i32::from(*red), i32::from(*green), i32::from(*blue)) >> 16) as u8;
            *to = value;
        }
    }
}

/// Averages two rows, or one where there is no second, into one of half the width.
#[inline(never)]
fn halve(rows: &[u8], width: usize, to: &mut [u8]) {
    let (above, below) = rows.split_at_checked(width).unwrap_or((rows, &[]));
    let below = if below.is_empty() { above } else { below };
    let (above, above_last) = above.as_chunks::<2>();
    let (below, below_last) = below.as_chunks::<2>();
    for (((to, above), below), bias) in to.iter_mut().zip(above).zip(below).zip([1, 2].into_iter().cycle()) {
        *to = mean(*above, *below, bias);
    }
    if let ([above], [below], Some(to)) = (above_last, below_last, to.last_mut()) {
        *to = mean([*above; 2], [*below; 2], if width & 2 == 0 { 1 } else { 2 });
    }
}

/// The mean of four samples. Means between two numbers are rounded to the one above or below by the column they are in.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "a mean is no larger than what it is made of")]
fn mean([a, b]: [u8; 2], [c, d]: [u8; 2], bias: u16) -> u8 {
    let sum = u16::from(a) + u16::from(b) + u16::from(c) + u16::from(d);
    ((sum + bias) >> 2) as u8
}
