//! Decodes a JPEG with a decoder that is known to be right about its variant, or refuses.
//!
//! Two decoders, neither right about everything; measured against libjpeg-turbo over all sampling factors, scan scripts
//! and colour declarations (`fixtures/formats`), each of these returned wrong pixels without an error:
//! - `zune-jpeg` 0.5: sequential files with several scans; luma sampled more coarsely than chroma; component identifiers
//!   R, G, B where JFIF or Adobe say YCbCr. It is the fast one and takes the plain files, which are nearly all.
//! - `jpeg-decoder` 0.3: factors between 1 and the largest (4x1 with 2x1); Adobe RGB, unless it is told. It takes the rest.

use jpeg_decoder::ColorTransform;
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::{Colour, Jpeg};
use crate::{
    error::{Error, Fault, Result},
    transform::{
        fault::{DAMAGED, guarded, unsupported},
        planes::ycc_to_rgb,
    },
};

/// Decodes to grey or RGB, 8 bits, into `out`, which is resized to fit.
///
/// The caller has checked the scans with [`entropy::check`](super::entropy::check).
///
/// # Errors
/// `Unsupported` for sampling factors that no decoder here gets right; `Corrupt` when the decoder fails.
pub(in crate::transform) fn decode(bytes: &[u8], jpeg: &Jpeg, out: &mut Vec<u8>) -> Result<()> {
    if !even_factors(jpeg) {
        return Err(unsupported("JPEG with chroma sampled at several rates is not supported when pixels are decoded"));
    }
    let first = if suits_fast(jpeg) { guarded(|| zune(bytes, jpeg, out)) } else { Ok(false) };
    if let Ok(true) = first {
        return Ok(());
    }
    // The scans are sound, so a failure of the first is more likely its own: ask the second.
    match guarded(|| thorough(bytes, jpeg, out)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(corrupt("the decoder returned an image of another size")),
        Err(second) => Err(first.err().unwrap_or(second)),
    }
}

/// Every factor is 1 or the largest.
pub(super) fn even_factors(jpeg: &Jpeg) -> bool {
    let (h, v) = jpeg.max_sampling();
    jpeg.components.iter().all(|c| (c.h == 1 || c.h == h) && (c.v == 1 || c.v == v))
}

/// Whether the file is so plain that the fast decoders agree with libjpeg about it.
pub(super) fn suits_fast(jpeg: &Jpeg) -> bool {
    let (h, v) = jpeg.max_sampling();
    let luma_is_finest = jpeg.components.first().is_some_and(|luma| (luma.h, luma.v) == (h, v));
    let interleaved = jpeg.scans().next().is_some_and(|scan| scan.members().len() == jpeg.components.len());
    let named_rgb = jpeg.components.iter().map(|c| c.id).eq(*b"RGB");
    let clear_colour = match jpeg.colour {
        Colour::Gray => jpeg.adobe.is_none(),
        Colour::YCbCr => !named_rgb && jpeg.adobe.is_none_or(|transform| transform == 1),
        Colour::Rgb | Colour::Cmyk | Colour::Ycck => false,
    };
    luma_is_finest && h != 3 && v != 3 && (jpeg.progressive || interleaved) && clear_colour && !jpeg.stray
}

fn corrupt(what: impl std::fmt::Display) -> Error {
    Error::input(Fault::Corrupt, format!("cannot decode this JPEG: {what}")).with_hint(DAMAGED)
}

fn zune(bytes: &[u8], jpeg: &Jpeg, out: &mut Vec<u8>) -> Result<bool> {
    let space = if jpeg.colour == Colour::Gray { ColorSpace::Luma } else { ColorSpace::RGB };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(space);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| corrupt(format!("{error:?}")))?;
    let expected = pixel_bytes(jpeg);
    if decoder.output_buffer_size() != Some(expected)
        || decoder.dimensions() != Some((jpeg.width as usize, jpeg.height as usize))
    {
        return Ok(false);
    }
    out.resize(expected, 0);
    decoder.decode_into(out).map_err(|error| corrupt(format!("{error:?}")))?;
    Ok(true)
}

fn thorough(bytes: &[u8], jpeg: &Jpeg, out: &mut Vec<u8>) -> Result<bool> {
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    // As far as needed for four 8-bit channels; the pixels themselves are limited by the walk.
    decoder.set_max_decoding_buffer_size(jpeg.width as usize * jpeg.height as usize * 4);
    decoder.set_color_transform(match jpeg.colour {
        Colour::Gray => ColorTransform::Grayscale,
        Colour::YCbCr => ColorTransform::YCbCr,
        Colour::Rgb => ColorTransform::RGB,
        // Both as CMYK: all that does is invert, and is undone below.
        Colour::Cmyk | Colour::Ycck => ColorTransform::CMYK,
    });
    let pixels = decoder.decode().map_err(corrupt)?;
    let same_size =
        decoder.info().is_some_and(|info| (u32::from(info.width), u32::from(info.height)) == (jpeg.width, jpeg.height));
    let four = matches!(jpeg.colour, Colour::Cmyk | Colour::Ycck);
    if !same_size || pixels.len() != if four { pixel_bytes(jpeg) / 3 * 4 } else { pixel_bytes(jpeg) } {
        return Ok(false);
    }
    if four {
        cmyk_to_rgb(&pixels, jpeg.colour == Colour::Ycck, out);
    } else {
        *out = pixels;
    }
    Ok(true)
}

fn pixel_bytes(jpeg: &Jpeg) -> usize {
    jpeg.width as usize * jpeg.height as usize * usize::from(jpeg.channels())
}

/// As libjpeg and then Pillow and TensorFlow do it: the stored values are inverted inks, so that 0 is full ink.
fn cmyk_to_rgb(inverted: &[u8], is_ycck: bool, out: &mut Vec<u8>) {
    out.clear();
    out.reserve(inverted.len() / 4 * 3);
    for pixel in inverted.chunks_exact(4) {
        let &[a, b, c, k] = pixel else { continue };
        let stored = [255 - a, 255 - b, 255 - c];
        let paper = if is_ycck { ycc_to_rgb(stored).map(|light| 255 - light) } else { stored };
        out.extend(paper.map(|light| scale(light, 255 - k)));
    }
}

/// The product of two parts of 255, rounded.
fn scale(a: u8, b: u8) -> u8 {
    let product = u32::from(a) * u32::from(b) + 128;
    u8::try_from((product + (product >> 8)) >> 8).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inks_multiply() {
        let mut out = Vec::new();
        // Stored: no cyan, full magenta, half yellow, no black; then anything under full black.
        cmyk_to_rgb(&[0, 255, 128, 0, 9, 99, 200, 255], false, &mut out);
        assert_eq!(out, [255, 0, 127, 0, 0, 0]);
    }
}
