//! Decoded pixels: rows without padding, channels interleaved, 8 bits or 16 in the order of this machine.

use image::metadata::Orientation;

use super::planes::Plane;

/// The shape of a pixel buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) width: u32,
    pub(super) height: u32,
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    pub(super) channels: u8,
    /// 8 or 16.
    pub(super) bits: u8,
}

impl Shape {
    pub(super) fn pixel_bytes(self) -> usize {
        usize::from(self.channels) * usize::from(self.bits / 8)
    }

    pub(super) fn bytes(self) -> usize {
        self.width as usize * self.height as usize * self.pixel_bytes()
    }
}

/// How an image must be turned to be upright: flips in the upright image, then a swap of rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    flip_x: bool,
    flip_y: bool,
    pub(super) transpose: bool,
}

impl Turn {
    /// `None` when the image is upright already.
    pub(super) fn from_orientation(orientation: Orientation) -> Option<Self> {
        let (flip_x, flip_y, transpose) = match orientation {
            Orientation::NoTransforms => return None,
            Orientation::FlipHorizontal => (true, false, false),
            Orientation::Rotate180 => (true, true, false),
            Orientation::FlipVertical => (false, true, false),
            Orientation::Rotate90FlipH => (false, false, true),
            Orientation::Rotate90 => (true, false, true),
            Orientation::Rotate270FlipH => (true, true, true),
            Orientation::Rotate270 => (false, true, true),
        };
        Some(Self { flip_x, flip_y, transpose })
    }

    /// The size of the upright image.
    pub(super) fn upright(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.transpose { (height, width) } else { (width, height) }
    }

    /// Where a box (left, top, width, height) of the upright image, whose size is given, lies in the stored one.
    pub(super) fn to_stored(self, [left, top, width, height]: [f64; 4], size: (u32, u32)) -> [f64; 4] {
        let left = if self.flip_x { f64::from(size.0) - left - width } else { left };
        let top = if self.flip_y { f64::from(size.1) - top - height } else { top };
        if self.transpose { [top, left, height, width] } else { [left, top, width, height] }
    }

    /// Writes the upright pixels of `from` into `to` and returns their shape.
    pub(super) fn apply(self, from: &[u8], shape: Shape, to: &mut Vec<u8>) -> Shape {
        let size = shape.pixel_bytes();
        let (width, height) = self.upright((shape.width, shape.height));
        let upright = Shape { width, height, ..shape };
        to.resize(upright.bytes(), 0);
        match size {
            1 => self.copy::<1>(from, shape, to, upright),
            2 => self.copy::<2>(from, shape, to, upright),
            3 => self.copy::<3>(from, shape, to, upright),
            4 => self.copy::<4>(from, shape, to, upright),
            6 => self.copy::<6>(from, shape, to, upright),
            _ => self.copy::<8>(from, shape, to, upright),
        }
        upright
    }

    /// Turns a component, by way of `spare`.
    pub(super) fn apply_plane(self, plane: &mut Plane, spare: &mut Vec<u8>) {
        let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        let shape = Shape { width: side(plane.width), height: side(plane.height), channels: 1, bits: 8 };
        self.apply(&plane.samples, shape, spare);
        std::mem::swap(&mut plane.samples, spare);
        (plane.width, plane.height) =
            if self.transpose { (plane.height, plane.width) } else { (plane.width, plane.height) };
    }

    /// Copies pixels of `N` bytes to their upright places.
    fn copy<const N: usize>(self, from: &[u8], shape: Shape, to: &mut [u8], upright: Shape) {
        let (from, to) = (from.as_chunks::<N>().0, to.as_chunks_mut::<N>().0);
        let columns = shape.width as usize;
        let (width, height) = (upright.width as usize, upright.height as usize);
        // Where rows become columns, several rows are written at once, so that each line of the cache is read once.
        let rows = if self.transpose { 16 } else { 1 };
        for (band, lines) in to.chunks_mut(width.max(1) * rows).enumerate() {
            for x in 0..width {
                let u = if self.flip_x { width - 1 - x } else { x };
                for (line, row) in lines.chunks_exact_mut(width).enumerate() {
                    let y = band * rows + line;
                    let v = if self.flip_y { height - 1 - y } else { y };
                    let at = if self.transpose { u * columns + v } else { v * columns + u };
                    if let (Some(source), Some(pixel)) = (from.get(at), row.get_mut(x)) {
                        *pixel = *source;
                    }
                }
            }
        }
    }
}

/// Keeps the high byte of every sample, as libpng's `strip_16` does, which is what TensorFlow reads 16-bit PNG with.
pub(super) fn reduce_to_8_bits(from: &[u8], shape: Shape, to: &mut Vec<u8>) -> Shape {
    to.clear();
    to.extend(from.as_chunks::<2>().0.iter().map(|sample| u16::from_ne_bytes(*sample).to_be_bytes()[0]));
    Shape { bits: 8, ..shape }
}

/// Spreads samples of 8 bits over 16, so that the largest stays the largest.
pub(super) fn widen_to_16_bits(from: &[u8], shape: Shape, to: &mut Vec<u8>) -> Shape {
    to.clear();
    // The two bytes of 257 times the sample are both the sample.
    to.extend(from.iter().flat_map(|sample| [*sample; 2]));
    Shape { bits: 16, ..shape }
}

/// Changes the number of channels: grey is repeated, colour weighted, alpha dropped.
pub(super) fn convert(from: &[u8], shape: Shape, channels: u8, to: &mut Vec<u8>) -> Shape {
    match (shape.bits, shape.channels, channels) {
        (8, 1, 3) => map(from, to, |[v]: [u8; 1]| [v; 3]),
        (8, 2, 3) => map(from, to, |[v, _]: [u8; 2]| [v; 3]),
        (8, 2, 1) => map(from, to, |[v, _]: [u8; 2]| [v]),
        (8, 3, 1) => map(from, to, |[r, g, b]: [u8; 3]| [gray(r, g, b)]),
        (8, 4, 1) => map(from, to, |[r, g, b, _]: [u8; 4]| [gray(r, g, b)]),
        (8, 4, 3) => map(from, to, |[r, g, b, _]: [u8; 4]| [r, g, b]),
        // Sixteen bits, in the byte order of this machine.
        (16, 1, 3) => map(from, to, |[a, b]: [u8; 2]| [a, b, a, b, a, b]),
        (16, 2, 3) => map(from, to, |[a, b, _, _]: [u8; 4]| [a, b, a, b, a, b]),
        (16, 2, 1) => map(from, to, |[a, b, _, _]: [u8; 4]| [a, b]),
        (16, 3, 1) => map(from, to, gray_16::<6>),
        (16, 4, 1) => map(from, to, gray_16::<8>),
        (16, 4, 3) => map(from, to, |[a, b, c, d, e, f, _, _]: [u8; 8]| [a, b, c, d, e, f]),
        // Alpha is never asked for where there is none.
        _ => {
            to.clear();
            to.extend_from_slice(from);
            return shape;
        }
    }
    Shape { channels, ..shape }
}

/// Applies a function to every pixel of `A` bytes, which makes `B` bytes of it.
fn map<const A: usize, const B: usize>(from: &[u8], to: &mut Vec<u8>, pixel: impl Fn([u8; A]) -> [u8; B]) {
    let pixels = from.as_chunks::<A>().0;
    to.resize(pixels.len() * B, 0);
    for (source, target) in pixels.iter().zip(to.as_chunks_mut::<B>().0) {
        *target = pixel(*source);
    }
}

/// Pillow's weights, in 16.16.
fn weigh(r: impl Into<u64>, g: impl Into<u64>, b: impl Into<u64>) -> u64 {
    (19_595 * r.into() + 38_470 * g.into() + 7_471 * b.into() + 0x8000) >> 16
}

#[expect(clippy::cast_possible_truncation, reason = "the weights add up to one")]
fn gray(r: u8, g: u8, b: u8) -> u8 {
    weigh(r, g, b) as u8
}

fn gray_16<const N: usize>(pixel: [u8; N]) -> [u8; 2] {
    let mut samples = pixel.as_chunks::<2>().0.iter().map(|sample| u16::from_ne_bytes(*sample));
    let mut next = || samples.next().unwrap_or(0);
    u16::try_from(weigh(next(), next(), next())).unwrap_or(u16::MAX).to_ne_bytes()
}

/// Whether the last channel is full everywhere, so that it can go.
pub(super) fn is_opaque(pixels: &[u8], shape: Shape) -> bool {
    let size = shape.pixel_bytes().max(1);
    let alpha = usize::from(shape.bits / 8);
    pixels.chunks_exact(size).all(|pixel| pixel.iter().rev().take(alpha).all(|&byte| byte == 0xFF))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each EXIF orientation makes of the stored rows `abc` and `def`.
    #[test]
    fn every_orientation_turns_the_right_way() {
        for (number, rows) in [
            (2, "cba fed"),
            (3, "fed cba"),
            (4, "def abc"),
            (5, "ad be cf"),
            (6, "da eb fc"),
            (7, "fc eb da"),
            (8, "cf be ad"),
        ] {
            let turn = Turn::from_orientation(Orientation::from_exif(number).unwrap()).unwrap();
            let shape = Shape { width: 3, height: 2, channels: 1, bits: 8 };
            let mut out = Vec::new();
            let upright = turn.apply(b"abcdef", shape, &mut out);
            let got: Vec<_> = out.chunks(upright.width as usize).map(|row| String::from_utf8_lossy(row)).collect();
            assert_eq!(got.join(" "), rows, "orientation {number}");
            // The top left pixel of the upright image, as a box, comes from where the stored image has it.
            let [left, top, ..] = turn.to_stored([0.0, 0.0, 1.0, 1.0], (upright.width, upright.height));
            let corner =
                [(0.0, 0.0), (2.0, 0.0), (0.0, 1.0), (2.0, 1.0)].iter().position(|at| *at == (left, top)).unwrap();
            assert_eq!(b"acdf"[corner], out[0], "orientation {number}");
        }
        assert_eq!(Turn::from_orientation(Orientation::NoTransforms), None);
    }

    #[test]
    fn channels_convert_like_pillow() {
        let mut out = Vec::new();
        let rgba = Shape { width: 2, height: 1, channels: 4, bits: 8 };
        let pixels = [200, 100, 50, 7, 0, 255, 0, 255];
        assert_eq!(convert(&pixels, rgba, 3, &mut out).channels, 3);
        assert_eq!(out, [200, 100, 50, 0, 255, 0]);
        convert(&pixels, rgba, 1, &mut out);
        assert_eq!(out, [124, 150]);
        convert(&[9, 1], Shape { channels: 2, width: 1, ..rgba }, 3, &mut out);
        assert_eq!(out, [9, 9, 9]);
        assert!(!is_opaque(&pixels, rgba));
        assert!(is_opaque(&[1, 255, 2, 255], Shape { channels: 2, ..rgba }));
    }

    #[test]
    fn sixteen_bits_lose_their_low_byte() {
        let mut out = Vec::new();
        let samples: Vec<u8> = [0x1234_u16, 0xFFFF].iter().flat_map(|sample| sample.to_ne_bytes()).collect();
        let shape = Shape { width: 2, height: 1, channels: 1, bits: 16 };
        assert_eq!(reduce_to_8_bits(&samples, shape, &mut out).bits, 8);
        assert_eq!(out, [0x12, 0xFF]);
        convert(&samples, shape, 3, &mut out);
        assert_eq!(out, [&samples[..2], &samples[..2], &samples[..2], &[0xFF; 6]].concat());
        let rgb: Vec<u8> = [10_000_u16, 50_000, 3_000].iter().flat_map(|sample| sample.to_ne_bytes()).collect();
        convert(&rgb, Shape { width: 1, channels: 3, ..shape }, 1, &mut out);
        assert_eq!(u16::from_ne_bytes([out[0], out[1]]), 32_682);
    }
}
