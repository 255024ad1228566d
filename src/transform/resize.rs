//! Which part of an image becomes which size, and the resampling itself.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{CroppedImage, Image, ImageRef},
};

use super::{
    jpeg::planar::Piece,
    pixels::Shape,
    planes::Plane,
    spec::{Filter, Fit, TransformSpec},
};
use crate::error::{Error, Fault, Result};

/// What to do to the size of one upright image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plan {
    /// The part that is resampled: left, top, width, height.
    pub(super) from: [f64; 4],
    /// The size that it becomes.
    pub(super) to: (u32, u32),
    /// The size that black bars fill up to.
    pub(super) canvas: Option<(u32, u32)>,
}

impl Plan {
    /// The plan for an upright image of this size; `None` when it stays as it is.
    pub(super) fn new(spec: &TransformSpec, (width, height): (u32, u32)) -> Option<Self> {
        let whole = [0.0, 0.0, f64::from(width), f64::from(height)];
        let plan = match (spec.short_side, spec.size) {
            (None, None) => return None,
            (Some(short), None) => {
                if spec.only_shrink && width.min(height) <= short {
                    return None;
                }
                Self { from: whole, to: scaled(width, height, short), canvas: None }
            }
            (Some(short), Some(size)) => {
                let to = scaled(width, height, short);
                // What torchvision's CenterCrop would cut out of the resized image, found in the source.
                let part = |side: u32, resized: u32, wanted: u32| {
                    let scale = f64::from(side) / f64::from(resized);
                    (f64::from(half_even(resized - wanted.min(resized))) * scale, f64::from(wanted) * scale)
                };
                let (left, part_width) = part(width, to.0, size.0);
                let (top, part_height) = part(height, to.1, size.1);
                Self { from: [left, top, part_width, part_height], to: size, canvas: None }
            }
            (None, Some(size)) => match spec.fit {
                Fit::Stretch => Self { from: whole, to: size, canvas: None },
                Fit::Crop => Self { from: cover(width, height, size), to: size, canvas: None },
                Fit::Pad => Self { from: whole, to: contain(width, height, size), canvas: Some(size) },
            },
        };
        let same = plan.to == (width, height) && plan.from == whole && plan.canvas.is_none_or(|size| size == plan.to);
        (!same).then_some(plan)
    }

    /// The size of the result.
    pub(super) fn size(&self) -> (u32, u32) {
        self.canvas.unwrap_or(self.to)
    }
}

/// torchvision's rule: the longer side is rounded down.
fn scaled(width: u32, height: u32, short: u32) -> (u32, u32) {
    let long = |long: u32, side: u32| {
        u32::try_from(u64::from(short) * u64::from(long) / u64::from(side.max(1))).unwrap_or(u32::MAX)
    };
    if width <= height { (short, long(height, width)) } else { (long(width, height), short) }
}

/// Half of a number, rounded to even as Python's `round` does.
fn half_even(number: u32) -> u32 {
    let half = number / 2;
    half + u32::from(number % 2 == 1 && half % 2 == 1)
}

/// The largest centred part with the aspect ratio of `size`, as `PIL.ImageOps.fit` has it.
fn cover(width: u32, height: u32, size: (u32, u32)) -> [f64; 4] {
    let (live_width, live_height) = (f64::from(width), f64::from(height));
    // Compared in whole numbers, so that equal ratios are equal.
    let live = u64::from(width) * u64::from(size.1);
    let wanted = u64::from(height) * u64::from(size.0);
    let (part_width, part_height) = if live == wanted {
        (live_width, live_height)
    } else if live > wanted {
        (live_height * f64::from(size.0) / f64::from(size.1), live_height)
    } else {
        (live_width, live_width * f64::from(size.1) / f64::from(size.0))
    };
    [(live_width - part_width) * 0.5, (live_height - part_height) * 0.5, part_width, part_height]
}

/// The largest size with the image's own aspect ratio inside `size`, as `PIL.ImageOps.contain` has it.
fn contain(width: u32, height: u32, size: (u32, u32)) -> (u32, u32) {
    let live = u64::from(width) * u64::from(size.1);
    let wanted = u64::from(height) * u64::from(size.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never above the side of `size`")]
    let side = |part: u32, whole: u32, of: u32| {
        ((f64::from(part) / f64::from(whole) * f64::from(of)).round_ties_even() as u32).clamp(1, u32::MAX)
    };
    match live.cmp(&wanted) {
        std::cmp::Ordering::Greater => (size.0, side(height, width, size.0)),
        std::cmp::Ordering::Less => (side(width, height, size.1), size.1),
        std::cmp::Ordering::Equal => size,
    }
}

/// Resamples the part `from` of the pixels into `to` at the size given.
///
/// # Errors
/// Only if the buffers do not fit the shapes.
pub(super) fn resample(
    resizer: &mut Resizer,
    filter: Filter,
    (pixels, shape): (&[u8], Shape),
    from: [f64; 4],
    size: (u32, u32),
    to: &mut Vec<u8>,
) -> Result<Shape> {
    let fail = |error: &dyn std::fmt::Display| {
        Error::input(Fault::Unsupported, format!("cannot resize {shape:?} to {size:?}: {error}"))
    };
    let kind = match (shape.channels, shape.bits) {
        (1, 8) => PixelType::U8,
        (2, 8) => PixelType::U8x2,
        (3, 8) => PixelType::U8x3,
        (4, 8) => PixelType::U8x4,
        (1, 16) => PixelType::U16,
        (2, 16) => PixelType::U16x2,
        (3, 16) => PixelType::U16x3,
        (4, 16) => PixelType::U16x4,
        _ => return Err(fail(&"an unknown pixel type")),
    };
    let result = Shape { width: size.0, height: size.1, ..shape };
    to.resize(result.bytes(), 0);
    let source = ImageRef::new(shape.width, shape.height, pixels, kind).map_err(|error| fail(&error))?;
    let mut target = Image::from_slice_u8(size.0, size.1, to, kind).map_err(|error| fail(&error))?;
    resizer
        .resize(&source, &mut target, &options(filter, from, (shape.width, shape.height)))
        .map_err(|error| fail(&error))?;
    Ok(result)
}

/// Resamples the part `from` of a piece of a component into `to` at the size given.
///
/// # Errors
/// Only if the buffers do not fit the shapes.
pub(super) fn resample_plane(
    resizer: &mut Resizer,
    filter: Filter,
    piece: &Piece,
    from: [f64; 4],
    size: (u32, u32),
    to: &mut Plane,
) -> Result<()> {
    let fail = |error: &dyn std::fmt::Display| {
        Error::input(Fault::Unsupported, format!("cannot resize {from:?} of a component to {size:?}: {error}"))
    };
    (to.width, to.height) = (size.0 as usize, size.1 as usize);
    to.samples.resize(to.width * to.height, 0);
    let side = |side: usize| u32::try_from(side).map_err(|error| fail(&error));
    let (whole, rows) = (side(piece.plane.width)?, side(piece.plane.height)?);
    let source = ImageRef::new(whole, rows, &piece.plane.samples, PixelType::U8).map_err(|error| fail(&error))?;
    let (width, height) = (side(piece.width)?, side(piece.height)?);
    // Beyond the image, a component has what its encoder filled the last blocks with.
    let source = CroppedImage::new(&source, 0, 0, width, height).map_err(|error| fail(&error))?;
    let mut target =
        Image::from_slice_u8(size.0, size.1, &mut to.samples, PixelType::U8).map_err(|error| fail(&error))?;
    resizer.resize(&source, &mut target, &options(filter, from, (width, height))).map_err(|error| fail(&error))
}

/// How a part of an image of this size is resampled.
fn options(filter: Filter, [left, top, width, height]: [f64; 4], size: (u32, u32)) -> ResizeOptions {
    let (left, top) = (left.max(0.0), top.max(0.0));
    ResizeOptions::new()
        .resize_alg(match filter {
            Filter::Nearest => ResizeAlg::Nearest,
            Filter::Box => ResizeAlg::Convolution(FilterType::Box),
            Filter::Bilinear => ResizeAlg::Convolution(FilterType::Bilinear),
            Filter::Bicubic => ResizeAlg::Convolution(bicubic()),
            Filter::Lanczos3 => ResizeAlg::Convolution(FilterType::Lanczos3),
        })
        // Sums of fractions may reach beyond the edge by their rounding.
        .crop(left, top, width.min(f64::from(size.0) - left), height.min(f64::from(size.1) - top))
        .use_alpha(true)
}

/// Catmull-Rom, without its zero at 1.
///
/// fast_image_resize 6.1 leaves out the zeros at both ends of the weights of a sample, and takes the first and the last
/// sample to reach farthest. When the first one lies at just that distance from a sample, which happens where an image is
/// enlarged, the second one reaches farther, and it reads outside of the image.
fn bicubic() -> FilterType {
    fn weight(x: f64) -> f64 {
        let x = x.abs();
        let value = if x < 1.0 {
            (1.5 * x - 2.5) * x * x + 1.0
        } else if x < 2.0 {
            ((2.5 - 0.5 * x) * x - 4.0) * x + 2.0
        } else {
            return 0.0;
        };
        if value == 0.0 { f64::MIN_POSITIVE } else { value }
    }
    fast_image_resize::Filter::new("bicubic", weight, 2.0).map_or(FilterType::CatmullRom, FilterType::Custom)
}

/// Centres the pixels on a black, opaque canvas, with the offsets of `PIL.ImageOps.pad`.
pub(super) fn pad(pixels: &[u8], shape: Shape, canvas: (u32, u32), to: &mut Vec<u8>) -> Shape {
    let result = Shape { width: canvas.0, height: canvas.1, ..shape };
    let pixel = shape.pixel_bytes();
    to.clear();
    to.resize(result.bytes(), 0);
    if matches!(shape.channels, 2 | 4) {
        let alpha = usize::from(shape.bits / 8);
        for pixel in to.chunks_exact_mut(pixel) {
            pixel.iter_mut().rev().take(alpha).for_each(|byte| *byte = 0xFF);
        }
    }
    let left = half_even(canvas.0.saturating_sub(shape.width)) as usize * pixel;
    let top = half_even(canvas.1.saturating_sub(shape.height)) as usize;
    let row = shape.width as usize * pixel;
    let rows = to.chunks_exact_mut((canvas.0 as usize * pixel).max(1)).skip(top);
    for (line, source) in rows.zip(pixels.chunks_exact(row.max(1))) {
        if let Some(place) = line.get_mut(left..left + row) {
            place.copy_from_slice(source);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part, its size, and the final size.
    type Planned = ([f64; 4], (u32, u32), (u32, u32));

    #[track_caller]
    fn check(edit: impl FnOnce(&mut TransformSpec), size: (u32, u32), expected: Option<Planned>) {
        let mut spec = TransformSpec::default();
        edit(&mut spec);
        spec.validate().unwrap();
        let got = Plan::new(&spec, size).map(|plan| (plan.from, plan.to, plan.size()));
        assert_eq!(got, expected, "{size:?}");
    }

    #[test]
    fn plans() {
        check(|_| {}, (500, 375), None);
        check(|s| s.short_side = Some(256), (500, 375), Some(([0.0, 0.0, 500.0, 375.0], (341, 256), (341, 256))));
        check(|s| s.short_side = Some(256), (256, 700), None);
        check(|s| (s.short_side, s.only_shrink) = (Some(256), true), (100, 90), None);
        check(|s| s.short_side = Some(256), (100, 50), Some(([0.0, 0.0, 100.0, 50.0], (512, 256), (512, 256))));
        check(|s| s.size = Some((224, 224)), (500, 375), Some(([62.5, 0.0, 375.0, 375.0], (224, 224), (224, 224))));
        check(|s| s.size = Some((10, 20)), (100, 200), Some(([0.0, 0.0, 100.0, 200.0], (10, 20), (10, 20))));
        check(|s| s.size = Some((224, 224)), (224, 224), None);
        check(
            |s| (s.size, s.fit) = (Some((224, 224)), Fit::Pad),
            (500, 375),
            Some(([0.0, 0.0, 500.0, 375.0], (224, 168), (224, 224))),
        );
        check(
            |s| (s.size, s.fit) = (Some((8, 8)), Fit::Pad),
            (1, 1000),
            Some(([0.0, 0.0, 1.0, 1000.0], (1, 8), (8, 8))),
        );
        check(
            |s| (s.size, s.fit) = (Some((224, 100)), Fit::Stretch),
            (500, 375),
            Some(([0.0, 0.0, 500.0, 375.0], (224, 100), (224, 100))),
        );
        // torchvision: 512x384 to 341x256, then 224x224 from column round(58.5) = 58 and row 16.
        let scale = 512.0 / 341.0;
        check(
            |s| (s.short_side, s.size) = (Some(256), Some((224, 224))),
            (512, 384),
            Some(([58.0 * scale, 24.0, 224.0 * scale, 336.0], (224, 224), (224, 224))),
        );
    }

    #[test]
    fn cropping_while_resizing_is_resizing_and_then_cropping() {
        let shape = Shape { width: 64, height: 48, channels: 1, bits: 8 };
        let pixels: Vec<u8> = (0..64 * 48_u32).map(|i| u8::try_from((i * 7919 + i / 64 * 31) % 251).unwrap()).collect();
        let (mut resizer, mut all, mut part) = (Resizer::new(), Vec::new(), Vec::new());
        let whole = [0.0, 0.0, 64.0, 48.0];
        resample(&mut resizer, Filter::Bicubic, (&pixels, shape), whole, (32, 24), &mut all).unwrap();
        resample(&mut resizer, Filter::Bicubic, (&pixels, shape), [16.0, 8.0, 32.0, 32.0], (16, 16), &mut part)
            .unwrap();
        for y in 0..16 {
            assert_eq!(part[y * 16..][..16], all[(y + 4) * 32 + 8..][..16], "row {y}");
        }
    }

    /// Samples of the result that lie on samples of the source, where one weight is zero.
    #[test]
    fn enlarging_from_a_whole_distance_reads_the_right_samples() {
        let shape = Shape { width: 64, height: 8, channels: 1, bits: 8 };
        let row = |x: u32| u8::try_from(x * 7919 % 251).unwrap();
        let pixels: Vec<u8> = (0..8 * 64).map(|place| row(place % 64)).collect();
        let weight = |x: f64| match x.abs() {
            x if x < 1.0 => 1.5 * x.powi(3) - 2.5 * x.powi(2) + 1.0,
            x if x < 2.0 => -0.5 * x.powi(3) + 2.5 * x.powi(2) - 4.0 * x + 2.0,
            _ => 0.0,
        };
        for left in [10.25, 10.75, 9.25] {
            let mut made = Vec::new();
            let from = [left, 2.0, 15.5, 4.0];
            resample(&mut Resizer::new(), Filter::Bicubic, (&pixels, shape), from, (31, 8), &mut made).unwrap();
            for (i, value) in made.iter().enumerate() {
                let centre = left + (f64::from(u32::try_from(i % 31).unwrap()) + 0.5) * 0.5 - 0.5;
                let wanted: f64 = (0..64).map(|x| f64::from(row(x)) * weight(f64::from(x) - centre)).sum();
                let wanted = wanted.clamp(0.0, 255.0);
                assert!((f64::from(*value) - wanted).abs() <= 2.0, "{left}, {i}: {value}, {wanted}");
            }
        }
    }

    #[test]
    fn padding_is_centred_and_opaque() {
        let mut out = Vec::new();
        pad(&[1, 2], Shape { width: 2, height: 1, channels: 1, bits: 8 }, (5, 3), &mut out);
        assert_eq!(out, [0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0]);
        pad(&[7, 9], Shape { width: 1, height: 1, channels: 2, bits: 8 }, (2, 1), &mut out);
        assert_eq!(out, [7, 9, 0, 255]);
    }
}
