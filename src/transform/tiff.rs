//! TIFF: a look at the first directory, to refuse what the decoder would get wrong.

use super::fault::{check_pixels, corrupt, truncated, unsupported};
use crate::error::Result;

const NEW_SUBFILE_TYPE: u16 = 254;
const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const DNG_VERSION: u16 = 50706;

/// What the first directory says beyond the picture.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Page {
    pub(super) has_more: bool,
    pub(super) cmyk: bool,
}

/// Checks the first directory.
///
/// # Errors
/// `Unsupported` for JPEG inside TIFF (its decoder returns wrong pixels for some JPEG and says nothing) and for camera
/// RAW, whose first picture is a thumbnail; `Truncated`; `TooManyPixels`.
pub(super) fn check(bytes: &[u8], max_pixels: u64) -> Result<Page> {
    let reader = Reader { bytes, little: bytes.first() == Some(&b'I') };
    let start = reader.u32(4)? as usize;
    let count = usize::from(reader.u16(start)?);
    let (mut page, mut size) = (Page::default(), (1, 1));
    for at in (0..count).map(|entry| start.saturating_add(2 + 12 * entry)) {
        let value = || if reader.u16(at + 2)? == 3 { reader.u16(at + 8).map(u32::from) } else { reader.u32(at + 8) };
        match reader.u16(at)? {
            WIDTH => size.0 = value()?,
            HEIGHT => size.1 = value()?,
            NEW_SUBFILE_TYPE if value()? & 1 == 1 => {
                return Err(unsupported("a TIFF that starts with a thumbnail (a camera RAW image?) is not supported"));
            }
            COMPRESSION if matches!(value()?, 6 | 7 | 34_892) => {
                return Err(unsupported("JPEG-compressed TIFF is not supported"));
            }
            PHOTOMETRIC => page.cmyk = value()? == 5,
            DNG_VERSION => return Err(unsupported("a camera RAW image (DNG) is not supported")),
            _ => {}
        }
    }
    check_pixels(size.0, size.1, max_pixels)?;
    // A missing link to the next directory is the end of the list to every reader.
    page.has_more = reader.u32(start.saturating_add(2 + 12 * count)).is_ok_and(|next| next != 0);
    if count == 0 {
        return Err(corrupt(start, "a TIFF directory without entries"));
    }
    Ok(page)
}

struct Reader<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl Reader<'_> {
    fn get<const N: usize>(&self, at: usize) -> Result<[u8; N]> {
        self.bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk().copied())
            .ok_or_else(|| truncated(self.bytes.len(), "the file ends before the directory of this TIFF"))
    }

    fn u16(&self, at: usize) -> Result<u16> {
        self.get(at).map(if self.little { u16::from_le_bytes } else { u16::from_be_bytes })
    }

    fn u32(&self, at: usize) -> Result<u32> {
        self.get(at).map(if self.little { u32::from_le_bytes } else { u32::from_be_bytes })
    }
}
