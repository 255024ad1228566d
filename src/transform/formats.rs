//! Decoding of everything but JPEG, through the `image` crate, with limits set before anything is allocated.

use std::io::Cursor;

use image::{
    ColorType, ImageDecoder, ImageError, ImageResult, Limits,
    codecs::{
        bmp::BmpDecoder, gif::GifDecoder, png::PngDecoder, pnm::PnmDecoder, tiff::TiffDecoder, webp::WebPDecoder,
    },
    error::LimitErrorKind,
    metadata::Orientation,
};

use super::{
    detect::SourceFormat,
    fault::{DAMAGED, check_pixels, guarded, unsupported},
    gif,
    pixels::{self, Shape},
    png, tiff,
};
use crate::error::{Error, Fault, Result};

/// What a decoder may take beside pixels: colour profiles, texts, tables.
const BESIDE: u64 = 32 << 20;

/// The parts of a decoded image that are not its pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoded {
    pub(super) shape: Shape,
    pub(super) orientation: Orientation,
    /// There are more frames or pages than the first, which was decoded.
    pub(super) has_more: bool,
    pub(super) cmyk: bool,
}

/// Decodes the first picture into `out`, which is resized to fit; `spare` may be used on the way.
///
/// # Errors
/// Any fault of the input, a panic of the decoder included.
pub(super) fn decode(
    bytes: &[u8],
    format: SourceFormat,
    max_pixels: u64,
    out: &mut Vec<u8>,
    spare: &mut Vec<u8>,
) -> Result<Decoded> {
    guarded(|| {
        let cursor = Cursor::new(bytes);
        let job = Job { format, max_pixels };
        match format {
            // Profiles and texts are inflated before the size can be asked for.
            SourceFormat::Png => {
                let (width, height) = png::head(bytes).map_or((0, 0), |head| (head.width, head.height));
                job.run(PngDecoder::with_limits(cursor, job.limits(width, height)), false, out)
            }
            SourceFormat::Gif => {
                let has_more = gif::check(bytes)?;
                job.run(GifDecoder::new(cursor), has_more, out)
            }
            SourceFormat::Webp => {
                let decoder = WebPDecoder::new(cursor);
                let has_more = decoder.as_ref().is_ok_and(WebPDecoder::has_animation);
                job.run(decoder, has_more, out)
            }
            SourceFormat::Tiff => {
                let page = tiff::check(bytes, max_pixels)?;
                let mut decoded = job.run(TiffDecoder::new(cursor), page.has_more, out)?;
                decoded.cmyk = page.cmyk;
                Ok(decoded)
            }
            SourceFormat::Bmp => job.run(BmpDecoder::new(cursor), false, out),
            SourceFormat::Pnm => job.run(PnmDecoder::new(cursor), false, out),
            SourceFormat::Jpeg => Err(unsupported("JPEG is decoded elsewhere")),
        }
        .map(|decoded| drop_needless_alpha(decoded, format, out, spare))
    })
}

#[derive(Clone, Copy)]
struct Job {
    format: SourceFormat,
    max_pixels: u64,
}

impl Job {
    /// Sixteen bytes a pixel cover a canvas, a frame and what a decoder holds besides: pixels that the picture has, not those
    /// that would be allowed, since a small one needs no more than its colour profile beside them.
    fn limits(self, width: u32, height: u32) -> Limits {
        let pixels = (u64::from(width) * u64::from(height)).min(self.max_pixels);
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(pixels.saturating_mul(16).saturating_add(BESIDE));
        limits
    }

    fn run<D: ImageDecoder>(self, decoder: ImageResult<D>, has_more: bool, out: &mut Vec<u8>) -> Result<Decoded> {
        let fail = |error| self.explain(&error);
        let mut decoder = decoder.map_err(fail)?;
        let (width, height) = decoder.dimensions();
        check_pixels(width, height, self.max_pixels)?;
        decoder.set_limits(self.limits(width, height)).map_err(fail)?;
        let color = decoder.color_type();
        let (channels, bits) = match color {
            ColorType::L8 => (1, 8),
            ColorType::La8 => (2, 8),
            ColorType::Rgb8 => (3, 8),
            ColorType::Rgba8 => (4, 8),
            ColorType::L16 => (1, 16),
            ColorType::La16 => (2, 16),
            ColorType::Rgb16 => (3, 16),
            ColorType::Rgba16 => (4, 16),
            _ => {
                return Err(unsupported(format!(
                    "{} with pixels of type {color:?} is not supported",
                    self.format.name()
                )));
            }
        };
        // Metadata that cannot be read is no reason to lose the picture.
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let shape = Shape { width, height, channels, bits };
        if decoder.total_bytes() != shape.bytes() as u64 {
            return Err(unsupported(format!("{} with padded pixels is not supported", self.format.name())));
        }
        out.resize(shape.bytes(), 0);
        decoder.read_image(out).map_err(fail)?;
        Ok(Decoded { shape, orientation, has_more, cmyk: false })
    }

    fn explain(self, error: &ImageError) -> Error {
        let name = self.format.name();
        match error {
            ImageError::Limits(limit) if limit.kind() != LimitErrorKind::DimensionError => Error::input(
                Fault::TooManyPixels,
                format!("decoding this {name} takes more memory than a picture of its size can need"),
            )
            .with_hint(DAMAGED),
            ImageError::Unsupported(_) => unsupported(format!("this kind of {name} is not supported: {error}")),
            ImageError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
                Error::input(Fault::Truncated, format!("the file ends in the middle of this {name}"))
                    .with_hint("copy or download the file again: its end is missing")
            }
            _ => Error::input(Fault::Corrupt, format!("cannot decode this {name}: {error}")).with_hint(DAMAGED),
        }
    }
}

/// GIF always comes with alpha; where nothing is transparent, it only makes the record larger.
fn drop_needless_alpha(decoded: Decoded, format: SourceFormat, out: &mut Vec<u8>, spare: &mut Vec<u8>) -> Decoded {
    let shape = decoded.shape;
    if format != SourceFormat::Gif || shape.channels != 4 || !pixels::is_opaque(out, shape) {
        return decoded;
    }
    let shape = pixels::convert(out, shape, 3, spare);
    std::mem::swap(out, spare);
    Decoded { shape, ..decoded }
}
