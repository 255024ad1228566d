//! Encoding of pixels as JPEG or PNG.

use image::{
    ExtendedColorType, ImageEncoder,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};

use super::{
    fault::{guarded, unsupported},
    jpeg_encode::{self, PlaneRef},
    pixels::Shape,
    planes::Plane,
};
use crate::error::{Error, Fault, Result};

/// How finely a JPEG stores colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chroma {
    /// As finely as brightness (4:4:4): for pictures that should have stayed as they are.
    Full,
    /// At half the width and height (4:2:0), as cameras and Pillow do.
    Halved,
}

/// Encodes grey or RGB of 8 bits as baseline JPEG into `out`. `planes` are room for the components, reused from image to
/// image.
///
/// # Errors
/// `Unsupported` for sides above 65,500 pixels.
pub(super) fn jpeg(
    pixels: &[u8],
    shape: Shape,
    quality: u8,
    chroma: Chroma,
    planes: &mut [Plane; 3],
    out: &mut Vec<u8>,
) -> Result<()> {
    let (width, height) = (shape.width as usize, shape.height as usize);
    match shape {
        Shape { channels: 1, bits: 8, .. } => {
            encode(&[PlaneRef::new(pixels, width, height)?], shape.width, shape.height, quality, out)
        }
        Shape { channels: 3, bits: 8, .. } => {
            #[cfg(feature = "turbojpeg")]
            {
                use turbojpeg::Subsamp;

                let subsamp = if chroma == Chroma::Halved { Subsamp::Sub2x2 } else { Subsamp::None };
                if jpeg_encode::turbo::encode_pixels(pixels, (width, height), subsamp, quality, out) {
                    return Ok(());
                }
            }
            jpeg_encode::rgb_to_planes(pixels, width, height, chroma == Chroma::Halved, planes);
            self::planes(planes, quality, out).map(drop)
        }
        _ => Err(unsupported(format!("{shape:?} as JPEG"))),
    }
}

/// The chosen encoder; what libjpeg-turbo refuses is left to ours, which says why.
fn encode(planes: &[PlaneRef<'_>], width: u32, height: u32, quality: u8, out: &mut Vec<u8>) -> Result<()> {
    #[cfg(feature = "turbojpeg")]
    if jpeg_encode::turbo::encode_planes(planes, quality, out) {
        return Ok(());
    }
    jpeg_encode::encode(planes, width, height, quality, out)
}

/// Encodes planes, one or three, as baseline JPEG into `out`. Returns the shape of the image.
///
/// # Errors
/// `Unsupported` for sides above 65,500 pixels.
pub(super) fn planes(planes: &[Plane], quality: u8, out: &mut Vec<u8>) -> Result<Shape> {
    let size = planes.first().map_or((0, 0), |luma| (luma.width, luma.height));
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let channels = if planes.len() == 1 { 1 } else { 3 };
    let shape = Shape { width: side(size.0), height: side(size.1), channels, bits: 8 };
    match planes {
        [y] => encode(&[PlaneRef::of(y)?], shape.width, shape.height, quality, out)?,
        [y, cb, cr] => {
            let planes = [PlaneRef::of(y)?, PlaneRef::of(cb)?, PlaneRef::of(cr)?];
            encode(&planes, shape.width, shape.height, quality, out)?;
        }
        _ => return Err(unsupported(format!("{} planes as JPEG", planes.len()))),
    }
    Ok(shape)
}

/// Encodes 1 to 4 channels of 8 or 16 bits as PNG into `out`.
///
/// # Errors
/// Only if the encoder fails.
pub(super) fn png(pixels: &[u8], shape: Shape, out: &mut Vec<u8>) -> Result<()> {
    let color = match (shape.channels, shape.bits) {
        (1, 8) => ExtendedColorType::L8,
        (2, 8) => ExtendedColorType::La8,
        (3, 8) => ExtendedColorType::Rgb8,
        (4, 8) => ExtendedColorType::Rgba8,
        (1, 16) => ExtendedColorType::L16,
        (2, 16) => ExtendedColorType::La16,
        (3, 16) => ExtendedColorType::Rgb16,
        (4, 16) => ExtendedColorType::Rgba16,
        _ => return Err(unsupported(format!("{shape:?} as PNG"))),
    };
    out.clear();
    guarded(|| {
        PngEncoder::new_with_quality(&mut *out, CompressionType::Fast, FilterType::Adaptive)
            .write_image(pixels, shape.width, shape.height, color)
            .map_err(|error| failed("PNG", &error))
    })
}

fn failed(what: &str, error: &dyn std::fmt::Display) -> Error {
    Error::input(Fault::Unsupported, format!("cannot encode this image as {what}: {error}"))
}
