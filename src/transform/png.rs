//! PNG: a walk over the chunks with every checksum verified, without inflating the pixels.

use std::ops::Range;

use super::{
    ImageHead,
    fault::{check_pixels, corrupt, truncated},
};
use crate::error::Result;

const SIGNATURE: usize = 8;

/// What the walk found.
#[derive(Debug)]
pub(super) struct Png {
    pub(super) width: u32,
    pub(super) height: u32,
    /// The bits of a channel as stored: 1 to 16.
    depth: u8,
    kind: Kind,
    has_transparency: bool,
    pub(super) animated: bool,
    /// The TIFF structure of the eXIf chunk.
    pub(super) exif: Option<Range<usize>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gray,
    Rgb,
    Palette,
    GrayAlpha,
    Rgba,
}

impl Png {
    /// The channels that TensorFlow returns: a palette is looked up, and its transparency kept; a transparent colour of
    /// a grey or RGB image is not made an alpha channel.
    pub(super) fn channels(&self) -> u8 {
        match self.kind {
            Kind::Gray => 1,
            Kind::GrayAlpha => 2,
            Kind::Rgb => 3,
            Kind::Palette if !self.has_transparency => 3,
            Kind::Palette | Kind::Rgba => 4,
        }
    }

    /// The bits of a decoded channel.
    pub(super) fn bits(&self) -> u8 {
        if self.depth == 16 { 16 } else { 8 }
    }
}

/// Checks the structure of a whole PNG file.
///
/// # Errors
/// `Truncated` where bytes are missing, `Corrupt` for a wrong checksum, an illegal header or a missing chunk,
/// `TooManyPixels`.
pub(super) fn walk(bytes: &[u8], max_pixels: u64) -> Result<Png> {
    let mut at = SIGNATURE;
    let mut png: Option<Png> = None;
    let (mut has_palette, mut has_data) = (false, false);
    loop {
        let (kind, body) = chunk(bytes, at)?;
        let payload = bytes.get(body.clone()).unwrap_or_default();
        let next = body.end + 4;
        let Some(png) = &mut png else {
            if &kind != b"IHDR" {
                return Err(corrupt(at, format!("the first chunk is {}, expected IHDR", kind.escape_ascii())));
            }
            png = Some(header(payload, at, max_pixels)?);
            at = next;
            continue;
        };
        match &kind {
            b"IHDR" => return Err(corrupt(at, "a second IHDR chunk")),
            b"PLTE" => {
                if payload.is_empty() || payload.len() % 3 != 0 || payload.len() > 768 {
                    return Err(corrupt(at, format!("a palette of {} bytes", payload.len())));
                }
                has_palette = true;
            }
            b"tRNS" => png.has_transparency = true,
            b"acTL" => png.animated = true,
            b"eXIf" => png.exif = Some(body),
            b"IDAT" => {
                if png.kind == Kind::Palette && !has_palette {
                    return Err(corrupt(at, "pixels before the palette that they refer to"));
                }
                has_data |= !payload.is_empty();
            }
            b"IEND" if has_data => return png_of(png),
            b"IEND" => return Err(corrupt(at, "no pixels (IDAT) before the end of the image")),
            _ => {}
        }
        at = next;
    }
}

fn png_of(png: &mut Png) -> Result<Png> {
    Ok(Png { exif: png.exif.take(), ..*png })
}

/// What the chunks before the pixels say.
pub(super) fn head(bytes: &[u8]) -> Option<ImageHead> {
    let (kind, body) = chunk(bytes, SIGNATURE).ok()?;
    let mut png = header(bytes.get(body.clone()).filter(|_| &kind == b"IHDR")?, SIGNATURE, u64::MAX).ok()?;
    let mut at = body.end + 4;
    // Only of a palette it matters what comes next.
    while png.kind == Kind::Palette
        && let Ok((kind, body)) = chunk(bytes, at)
        && !matches!(&kind, b"IDAT" | b"IEND")
    {
        png.has_transparency |= &kind == b"tRNS";
        at = body.end + 4;
    }
    Some(ImageHead { height: png.height, width: png.width, channels: png.channels(), bits: png.bits() })
}

/// The type and payload of the chunk at an offset, its checksum verified.
fn chunk(bytes: &[u8], at: usize) -> Result<([u8; 4], Range<usize>)> {
    let end_of_file = || truncated(bytes.len(), "the file ends where a chunk is expected: IEND is missing");
    let rest = bytes.get(at..).ok_or_else(end_of_file)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(end_of_file)?;
    let (kind, _) = rest.split_first_chunk::<4>().ok_or_else(end_of_file)?;
    let length = u32::from_be_bytes(*length);
    if !kind.iter().all(u8::is_ascii_alphabetic) || length > i32::MAX.unsigned_abs() {
        return Err(corrupt(at, format!("a chunk of type `{}` and {length} bytes", kind.escape_ascii())));
    }
    let body = at + 8..(at + 8).saturating_add(length as usize);
    let Some(stored) = bytes.get(body.end..).and_then(<[u8]>::first_chunk::<4>) else {
        return Err(truncated(
            bytes.len(),
            format!("the file ends in chunk {}, which goes on to byte {}", kind.escape_ascii(), body.end as u64 + 4),
        ));
    };
    let stored = u32::from_be_bytes(*stored);
    let computed = crc32fast::hash(bytes.get(at + 4..body.end).unwrap_or_default());
    if stored != computed {
        return Err(corrupt(
            at,
            format!("the checksum of chunk {} is {stored:#010x}, expected {computed:#010x}", kind.escape_ascii()),
        ));
    }
    Ok((*kind, body))
}

fn header(payload: &[u8], at: usize, max_pixels: u64) -> Result<Png> {
    let Ok(&[w3, w2, w1, w0, h3, h2, h1, h0, depth, colour, compression, filter, interlace]) =
        <&[u8; 13]>::try_from(payload)
    else {
        return Err(corrupt(at, format!("IHDR has {} bytes, expected 13", payload.len())));
    };
    let (width, height) = (u32::from_be_bytes([w3, w2, w1, w0]), u32::from_be_bytes([h3, h2, h1, h0]));
    let kind = match (colour, depth) {
        (0, 1 | 2 | 4 | 8 | 16) => Kind::Gray,
        (2, 8 | 16) => Kind::Rgb,
        (3, 1 | 2 | 4 | 8) => Kind::Palette,
        (4, 8 | 16) => Kind::GrayAlpha,
        (6, 8 | 16) => Kind::Rgba,
        _ => return Err(corrupt(at, format!("colour type {colour} with {depth} bits a channel"))),
    };
    if compression != 0 || filter != 0 || interlace > 1 {
        return Err(corrupt(at, format!("compression {compression}, filter {filter}, interlace {interlace}")));
    }
    check_pixels(width, height, max_pixels)?;
    Ok(Png { width, height, depth, kind, has_transparency: false, animated: false, exif: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;

    type Chunk<'a> = (&'a [u8; 4], &'a [u8]);

    fn write(chunks: &[Chunk<'_>]) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, payload) in chunks {
            png.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
            let start = png.len();
            png.extend(*kind);
            png.extend(*payload);
            png.extend(crc32fast::hash(&png[start..]).to_be_bytes());
        }
        png
    }

    const IHDR: Chunk<'_> = (b"IHDR", &[0, 0, 0, 2, 0, 0, 0, 3, 8, 2, 0, 0, 0]);

    #[track_caller]
    fn check(chunks: &[Chunk<'_>], expected: Result<u8, (Fault, &str)>) {
        match (walk(&write(chunks), 1000), expected) {
            (Ok(png), Ok(channels)) => assert_eq!(png.channels(), channels),
            (Err(error), Err((fault, part))) => {
                assert_eq!(error.fault(), Some(fault), "{error}");
                assert!(error.to_string().contains(part), "{error}");
            }
            (got, expected) => panic!("{got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn the_chunks_that_matter() {
        let (data, end): (Chunk<'_>, Chunk<'_>) = ((b"IDAT", b"x"), (b"IEND", b""));
        let palette: Chunk<'_> = (b"IHDR", &[0, 0, 0, 2, 0, 0, 0, 3, 4, 3, 0, 0, 0]);
        check(&[IHDR, data, end], Ok(3));
        check(&[IHDR, (b"tRNS", b"123456"), data, end], Ok(3));
        check(&[palette, (b"PLTE", b"rgb"), data, end], Ok(3));
        check(&[palette, (b"PLTE", b"rgb"), (b"tRNS", b"1"), data, end], Ok(4));
        check(&[palette, data, end], Err((Fault::Corrupt, "before the palette")));
        check(&[palette, (b"PLTE", b"rg"), data, end], Err((Fault::Corrupt, "a palette of 2 bytes")));
        check(&[data, end], Err((Fault::Corrupt, "expected IHDR")));
        check(&[IHDR, IHDR, data, end], Err((Fault::Corrupt, "a second IHDR")));
        check(&[IHDR, end], Err((Fault::Corrupt, "no pixels")));
        check(&[IHDR, data], Err((Fault::Truncated, "IEND is missing")));
        check(&[(b"IHDR", &[0; 12])], Err((Fault::Corrupt, "12 bytes, expected 13")));
        check(&[(b"IHDR", &[0, 0, 0, 2, 0, 0, 0, 3, 16, 3, 0, 0, 0])], Err((Fault::Corrupt, "colour type 3")));
        check(&[(b"IHDR", &[0, 0, 0, 0, 0, 0, 0, 3, 8, 2, 0, 0, 0])], Err((Fault::Corrupt, "0x3 pixels")));
        check(&[(b"IHDR", &[0, 0, 9, 0, 0, 0, 0, 3, 8, 2, 0, 0, 0])], Err((Fault::TooManyPixels, "limit of 1,000")));
    }
}
