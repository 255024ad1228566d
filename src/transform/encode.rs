//! Encoding of pixels as JPEG or PNG.

use image::{
    ExtendedColorType, ImageEncoder,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use super::{
    fault::{guarded, unsupported},
    pixels::Shape,
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

/// libjpeg refuses longer sides, though the format has room for 65,535.
const MAX_JPEG_SIDE: u32 = 65_500;

/// Encodes grey or RGB of 8 bits as baseline JPEG into `out`.
///
/// # Errors
/// `Unsupported` for sides above 65,500 pixels.
pub(super) fn jpeg(pixels: &[u8], shape: Shape, quality: u8, chroma: Chroma, out: &mut Vec<u8>) -> Result<()> {
    let side = |side: u32| u16::try_from(side).ok().filter(|_| side <= MAX_JPEG_SIDE);
    let (Some(width), Some(height)) = (side(shape.width), side(shape.height)) else {
        return Err(Error::input(
            Fault::Unsupported,
            format!(
                "{}x{} does not fit a JPEG, whose sides are at most {MAX_JPEG_SIDE} pixels",
                shape.width, shape.height
            ),
        )
        .with_hint("make it smaller with --resize, or store it as PNG: --format png"));
    };
    let color = match shape {
        Shape { channels: 1, bits: 8, .. } => ColorType::Luma,
        Shape { channels: 3, bits: 8, .. } => ColorType::Rgb,
        _ => return Err(unsupported(format!("{shape:?} as JPEG"))),
    };
    out.clear();
    guarded(|| {
        let mut encoder = Encoder::new(&mut *out, quality);
        // Plain interleaved Huffman coding: with optimised tables this encoder writes a scan for each component, which
        // other decoders get wrong.
        encoder.set_sampling_factor(match chroma {
            Chroma::Full => SamplingFactor::F_1_1,
            Chroma::Halved => SamplingFactor::F_2_2,
        });
        encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
        encoder.encode(pixels, width, height, color).map_err(|error| failed("JPEG", &error))
    })
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
