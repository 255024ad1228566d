//! One picture as pixels, for those who read records.

use super::{
    Detected, Scratch, SourceFormat, detect,
    fault::unsupported,
    formats, jpeg,
    pixels::{self, Shape},
    png,
};
use crate::error::Result;

/// What pixels are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeSpec {
    /// 1 grey, 3 RGB, 4 RGBA; `None` for what the picture has.
    pub channels: Option<u8>,
    /// 8 or 16 bits of each channel; `None` for what the picture has.
    pub bits: Option<u8>,
    /// Pictures of more pixels are refused.
    pub max_pixels: u64,
}

/// The pixels of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Row by row, channels interleaved; samples of 16 bits in the byte order of this machine.
    pub pixels: Vec<u8>,
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    pub channels: u8,
    /// Bits of each channel, 8 or 16.
    pub bits: u8,
}

/// Decodes the first picture in the bytes of a file of any format. It is not turned as EXIF may say, as TensorFlow does not turn
/// it either.
///
/// # Errors
/// [`ErrorKind::Input`](crate::ErrorKind::Input) with the fault of the picture, and the byte where it is known.
pub fn decode(bytes: &[u8], spec: DecodeSpec, scratch: &mut Scratch) -> Result<Picture> {
    scratch.trim();
    let Scratch { spare, history, .. } = scratch;
    let mut out = Vec::new();
    let mut shape = match detect(bytes) {
        Detected::Image(SourceFormat::Jpeg) => {
            let jpeg = jpeg::walk(bytes, spec.max_pixels)?;
            jpeg::entropy::check(bytes, &jpeg, history)?;
            jpeg::decode::decode(bytes, &jpeg, &mut out)?;
            Shape { width: jpeg.width, height: jpeg.height, channels: jpeg.channels(), bits: 8 }
        }
        Detected::Image(SourceFormat::Png) => {
            png::walk(bytes, spec.max_pixels)?;
            formats::decode(bytes, SourceFormat::Png, spec.max_pixels, &mut out, spare)?.shape
        }
        Detected::Image(format) => formats::decode(bytes, format, spec.max_pixels, &mut out, spare)?.shape,
        Detected::Other(foreign) => return Err(foreign.into_error()),
    };
    match (shape.bits, spec.bits) {
        (16, Some(8)) => {
            shape = pixels::reduce_to_8_bits(&out, shape, spare);
            std::mem::swap(&mut out, spare);
        }
        (8, Some(16)) => {
            shape = pixels::widen_to_16_bits(&out, shape, spare);
            std::mem::swap(&mut out, spare);
        }
        _ => {}
    }
    match spec.channels {
        Some(channels @ (1 | 3)) if channels != shape.channels => {
            shape = pixels::convert(&out, shape, channels, spare);
            std::mem::swap(&mut out, spare);
        }
        Some(channels) if channels != shape.channels => {
            return Err(unsupported(format!("the picture has {} channels, expected {channels}", shape.channels)));
        }
        _ => {}
    }
    let Shape { width, height, channels, bits } = shape;
    Ok(Picture { pixels: out, height, width, channels, bits })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: DecodeSpec = DecodeSpec { channels: None, bits: None, max_pixels: 1 << 20 };

    #[test]
    fn channels_and_bits_are_those_that_are_wanted() {
        let mut scratch = Scratch::default();
        let deep = include_bytes!("../../fixtures/formats/png-16-bit.png");
        let grey = include_bytes!("../../fixtures/formats/jpeg-gray.jpg");
        for (bytes, spec, expected) in [
            (&deep[..], ANY, (1, 16)),
            (deep, DecodeSpec { bits: Some(8), ..ANY }, (1, 8)),
            (deep, DecodeSpec { channels: Some(3), ..ANY }, (3, 16)),
            (grey, ANY, (1, 8)),
            (grey, DecodeSpec { channels: Some(3), bits: Some(16), ..ANY }, (3, 16)),
        ] {
            let picture = decode(bytes, spec, &mut scratch).unwrap();
            assert_eq!((picture.channels, picture.bits), expected);
            let bytes = picture.height * picture.width * u32::from(picture.channels) * u32::from(picture.bits / 8);
            assert_eq!(picture.pixels.len(), bytes as usize);
        }
        decode(grey, DecodeSpec { channels: Some(4), ..ANY }, &mut scratch).unwrap_err();
        decode(&grey[..grey.len() / 2], ANY, &mut scratch).unwrap_err();
        decode(b"text", ANY, &mut scratch).unwrap_err();
    }
}
