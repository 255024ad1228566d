//! What stands in the header of an image file: its size, without a look at the pixels.

use std::io::Cursor;

use image::{
    ImageDecoder, ImageResult,
    codecs::{bmp::BmpDecoder, pnm::PnmDecoder, tiff::TiffDecoder, webp::WebPDecoder},
};

use super::{
    SourceFormat, detect,
    fault::{DAMAGED, guarded, unsupported},
    jpeg, png, tiff,
};
use crate::error::{Error, Fault, Result};

/// What an image file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageHead {
    /// Rows of pixels.
    pub height: u32,
    /// Columns of pixels.
    pub width: u32,
    /// Channels as TensorFlow decodes them: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA.
    pub channels: u8,
    /// Bits of one channel: 8 or more.
    pub bits: u8,
}

/// Tells an image by its first bytes, and its size by its header, which is `None` where it is damaged. What is told by a few
/// letters only (BMP, PNM) has to have a sound header to count as an image.
///
/// Nothing is decoded, and of JPEG and PNG files only what stands before the pixels is looked at.
#[must_use]
pub fn probe(bytes: &[u8]) -> Option<(SourceFormat, Option<ImageHead>)> {
    let format = detect::image(bytes)?;
    let head = match format {
        SourceFormat::Jpeg => jpeg::head(bytes),
        SourceFormat::Png => png::head(bytes),
        SourceFormat::Gif => gif(bytes),
        _ => guarded(|| other(bytes, format)).ok(),
    };
    let head = head.filter(|head| head.height > 0 && head.width > 0);
    let is_weak = matches!(format, SourceFormat::Bmp | SourceFormat::Pnm);
    (head.is_some() || !is_weak).then_some((format, head))
}

/// The size of the canvas. Decoders give colours, whatever the palette.
fn gif(bytes: &[u8]) -> Option<ImageHead> {
    let &[w0, w1, h0, h1] = bytes.get(6..)?.first_chunk()?;
    let (height, width) = (u16::from_le_bytes([h0, h1]).into(), u16::from_le_bytes([w0, w1]).into());
    Some(ImageHead { height, width, channels: 3, bits: 8 })
}

fn other(bytes: &[u8], format: SourceFormat) -> Result<ImageHead> {
    let cursor = Cursor::new(bytes);
    match format {
        SourceFormat::Webp => head_of(WebPDecoder::new(cursor)),
        SourceFormat::Tiff => {
            tiff::check(bytes, u64::MAX)?;
            head_of(TiffDecoder::new(cursor))
        }
        SourceFormat::Bmp => head_of(BmpDecoder::new(cursor)),
        SourceFormat::Pnm => head_of(PnmDecoder::new(cursor)),
        SourceFormat::Jpeg | SourceFormat::Png | SourceFormat::Gif => Err(unsupported("read elsewhere")),
    }
}

fn head_of<D: ImageDecoder>(decoder: ImageResult<D>) -> Result<ImageHead> {
    let decoder = decoder.map_err(|error| Error::input(Fault::Corrupt, error.to_string()).with_hint(DAMAGED))?;
    let ((width, height), color) = (decoder.dimensions(), decoder.color_type());
    let bits = color.bits_per_pixel() / u16::from(color.channel_count()).max(1);
    Ok(ImageHead { height, width, channels: color.channel_count(), bits: u8::try_from(bits).unwrap_or(u8::MAX) })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::transform::{Scratch, TransformSpec, Transformer};

    /// What is read of a header is what decoding gives.
    #[test]
    fn headers_of_every_format() {
        let transformer = Transformer::new(TransformSpec::default()).unwrap();
        let mut scratch = Scratch::default();
        let mut seen = 0;
        for entry in fs::read_dir("fixtures/formats").unwrap() {
            let path = entry.unwrap().path();
            let Ok(bytes) = fs::read(&path) else { continue };
            let Ok(prepared) = transformer.image(&bytes, &mut scratch) else { continue };
            let (format, head) = probe(&bytes).unwrap();
            let head = head.unwrap_or_else(|| panic!("{}", path.display()));
            let (sides, stored) = ((head.height, head.width), (prepared.info.height, prepared.info.width));
            assert!(sides == stored || sides == (stored.1, stored.0), "{}: {sides:?} {stored:?}", path.display());
            if matches!(format, SourceFormat::Jpeg | SourceFormat::Png) {
                let stored = (prepared.info.channels, prepared.info.bits);
                assert_eq!((head.channels, head.bits), stored, "{}", path.display());
            }
            seen += 1;
        }
        assert!(seen > 10);
    }

    #[test]
    fn damaged_headers_are_no_panic_and_few_letters_no_image() {
        assert_eq!(probe(b"P6 is a kind of pipe"), None);
        assert_eq!(probe(b"BMW"), None);
        assert_eq!(probe(b""), None);
        assert_eq!(probe(b"\xff\xd8\xff\xe0"), Some((SourceFormat::Jpeg, None)));
        assert_eq!(probe(b"\x89PNG\r\n\x1a\n\0\0"), Some((SourceFormat::Png, None)));
        for entry in fs::read_dir("fixtures/broken/images").unwrap() {
            let Ok(bytes) = fs::read(entry.unwrap().path()) else { continue };
            for len in (0..bytes.len().min(2000)).step_by(7).chain([bytes.len()]) {
                let _ = probe(&bytes[..len]);
            }
        }
    }
}
