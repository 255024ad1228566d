//! What a file is, told by its first bytes and never by its name.

use crate::error::{Error, Fault};

/// The image formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the formats")]
pub enum SourceFormat {
    Jpeg,
    Png,
    Webp,
    Gif,
    Tiff,
    Bmp,
    Pnm,
}

impl SourceFormat {
    /// The name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Webp => "WebP",
            Self::Gif => "GIF",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Pnm => "PNM",
        }
    }
}

/// The verdict on the first bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detected {
    /// An image that can be read.
    Image(SourceFormat),
    /// Anything else.
    Other(Foreign),
}

/// A file that is no image, or an image that cannot be read: what it is and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// What the bytes look like, with its article: "an HTML page".
    pub what: &'static str,
    /// What to do next.
    pub hint: &'static str,
    /// How the fault is classed.
    pub fault: Fault,
}

/// What a file is called of which the first bytes tell nothing.
const UNKNOWN: &str = "a file of an unknown type";

impl Foreign {
    /// Whether the first bytes tell what the file is.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.what != UNKNOWN
    }

    /// The error that reports it.
    #[must_use]
    pub fn into_error(self) -> Error {
        let message = match self.fault {
            Fault::Empty => "the file is empty".to_owned(),
            Fault::Unsupported => format!("this is {}, which is not supported", self.what),
            _ => format!("this is {}, not an image", self.what),
        };
        Error::input(self.fault, message).with_hint(self.hint)
    }
}

/// How many bytes [`detect`] looks at, at most.
pub const DETECT_BYTES: usize = 512;

const CONVERT: &str = "convert it to JPEG or PNG first, for example with ImageMagick: magick FILE FILE.png";
const DOWNLOAD: &str = "the download of this file probably failed: fetch it again";
const UNPACK: &str = "unpack it and give the folder";
const REMOVE: &str = "remove it from the input, or go on without it: --on-error skip";

/// Tells a file by its first bytes; [`DETECT_BYTES`] of them are enough.
#[must_use]
pub fn detect(head: &[u8]) -> Detected {
    let head = head.get(..DETECT_BYTES).unwrap_or(head);
    image(head).map_or_else(|| Detected::Other(foreign(head)), Detected::Image)
}

/// The format of an image, if it is one that can be read.
pub(super) fn image(head: &[u8]) -> Option<SourceFormat> {
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"\xff\xd8\xff") || head == b"\xff\xd8" {
        Some(SourceFormat::Jpeg)
    } else if starts(b"\x89PNG\r\n\x1a\n") {
        Some(SourceFormat::Png)
    } else if starts(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Some(SourceFormat::Webp)
    } else if starts(b"GIF87a") || starts(b"GIF89a") {
        Some(SourceFormat::Gif)
    } else if (starts(b"II*\0") || starts(b"MM\0*")) && head.get(8..10) != Some(b"CR") {
        Some(SourceFormat::Tiff)
    } else if starts(b"BM") && matches!(head.get(14..18), Some([12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])) {
        Some(SourceFormat::Bmp)
    } else if matches!(head, [b'P', b'1'..=b'7', b' ' | b'\t' | b'\r' | b'\n' | b'#', ..]) {
        Some(SourceFormat::Pnm)
    } else {
        None
    }
}

/// Magic bytes at an offset, and what they mean.
const KNOWN: &[(usize, &[u8], &str, &str, Fault)] = &[
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 image", CONVERT, Fault::Unsupported),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 image", CONVERT, Fault::Unsupported),
    (0, b"\xff\x0a", "a JPEG XL image", CONVERT, Fault::Unsupported),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL image", CONVERT, Fault::Unsupported),
    (4, b"ftypavif", "an AVIF image", CONVERT, Fault::Unsupported),
    (4, b"ftypavis", "an AVIF image", CONVERT, Fault::Unsupported),
    (4, b"ftyphei", "a HEIC image", CONVERT, Fault::Unsupported),
    (4, b"ftyphev", "a HEIC image", CONVERT, Fault::Unsupported),
    (4, b"ftypmif1", "a HEIF image", CONVERT, Fault::Unsupported),
    (4, b"ftypcrx", "a camera RAW image", CONVERT, Fault::Unsupported),
    (4, b"ftyp", "a video", "extract its frames first: ffmpeg -i FILE frames/%05d.jpg", Fault::WrongType),
    (0, b"II+\0", "a BigTIFF image", CONVERT, Fault::Unsupported),
    (0, b"MM\0+", "a BigTIFF image", CONVERT, Fault::Unsupported),
    (8, b"CR", "a camera RAW image", CONVERT, Fault::Unsupported),
    (0, b"FUJIFILMCCD-RAW", "a camera RAW image", CONVERT, Fault::Unsupported),
    (0, b"8BPS", "a Photoshop document", CONVERT, Fault::Unsupported),
    (0, b"\0\0\x01\0", "a Windows icon", CONVERT, Fault::Unsupported),
    (0, b"DDS ", "a DDS texture", CONVERT, Fault::Unsupported),
    (0, b"qoif", "a QOI image", CONVERT, Fault::Unsupported),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR image", CONVERT, Fault::Unsupported),
    (0, b"#?RADIANCE", "a Radiance HDR image", CONVERT, Fault::Unsupported),
    (128, b"DICM", "a DICOM image", CONVERT, Fault::Unsupported),
    (0, b"\x8aMNG", "an MNG animation", CONVERT, Fault::Unsupported),
    (0, b"%PDF", "a PDF document", "render its pages first: pdftoppm -png FILE page", Fault::WrongType),
    (0, b"PK\x03\x04", "a zip archive", UNPACK, Fault::WrongType),
    (0, b"PK\x05\x06", "an empty zip archive", UNPACK, Fault::WrongType),
    (0, b"\x1f\x8b", "a gzip file", "unpack it first: gunzip FILE", Fault::WrongType),
    (0, b"BZh", "a bzip2 file", UNPACK, Fault::WrongType),
    (0, b"\xfd7zXZ\0", "an xz file", UNPACK, Fault::WrongType),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK, Fault::WrongType),
    (0, b"\x28\xb5\x2f\xfd", "a zstd file", UNPACK, Fault::WrongType),
    (0, b"Rar!", "a RAR archive", UNPACK, Fault::WrongType),
    (257, b"ustar", "a tar archive", UNPACK, Fault::WrongType),
    (0, b"\x93NUMPY", "a NumPy array", "give .npy files as inputs of their own", Fault::WrongType),
    (0, b"\x89HDF", "an HDF5 file", REMOVE, Fault::WrongType),
    (0, b"\0\x05\x16\x07", "a macOS resource file (._NAME)", REMOVE, Fault::WrongType),
    (0, b"\0\0\0\x01Bud1", "a macOS .DS_Store", REMOVE, Fault::WrongType),
    (0, b"RIFF", "a RIFF file (audio or video)", REMOVE, Fault::WrongType),
    (0, b"version https://git-lfs", "a Git LFS pointer", "fetch the real files first: git lfs pull", Fault::WrongType),
];

fn foreign(head: &[u8]) -> Foreign {
    if head.is_empty() {
        return Foreign { what: "an empty file", hint: DOWNLOAD, fault: Fault::Empty };
    }
    for (at, magic, what, hint, fault) in KNOWN {
        if head.get(*at..).is_some_and(|rest| rest.starts_with(magic)) {
            return Foreign { what, hint, fault: *fault };
        }
    }
    text(head).unwrap_or(if head.iter().all(|&byte| byte == 0) {
        Foreign { what: "a file of zero bytes", hint: DOWNLOAD, fault: Fault::WrongType }
    } else {
        Foreign { what: UNKNOWN, hint: REMOVE, fault: Fault::WrongType }
    })
}

fn text(head: &[u8]) -> Option<Foreign> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = head.trim_ascii_start();
    let lower = head.to_ascii_lowercase();
    let has = |part: &[u8]| lower.windows(part.len()).any(|window| window == part);
    let wrong = |what, hint| Some(Foreign { what, hint, fault: Fault::WrongType });
    if lower.starts_with(b"<svg") || (lower.starts_with(b"<?xml") && has(b"<svg")) {
        return Some(Foreign { what: "an SVG drawing", hint: CONVERT, fault: Fault::Unsupported });
    }
    if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") || has(b"<html") {
        return wrong("an HTML page", DOWNLOAD);
    }
    // A multi-byte character may be cut by the end of the head; control characters mean that it is no text.
    let plain = |c: &u8| !c.is_ascii_control() || c.is_ascii_whitespace();
    let is_text = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    } && head.iter().all(plain);
    match head.first() {
        _ if !is_text => None,
        Some(b'<') => wrong("an XML document", DOWNLOAD),
        Some(b'{' | b'[') => wrong("a JSON document", DOWNLOAD),
        _ => wrong("a text file", REMOVE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[u8], expected: &str) {
        let got = match detect(head) {
            Detected::Image(format) => format.name().to_owned(),
            Detected::Other(other) => format!("{}: {}", other.fault.code(), other.what),
        };
        assert_eq!(got, expected, "{:?}", String::from_utf8_lossy(head));
    }

    /// Whoever has the whole file in memory is told what a reader of its start is told.
    #[test]
    fn what_stands_behind_the_head_counts_for_nothing() {
        let zeros = [0; DETECT_BYTES + 1];
        for last in [1, b'a'] {
            let mut file = zeros;
            file[DETECT_BYTES] = last;
            assert_eq!(detect(&file), detect(&zeros[..DETECT_BYTES]));
        }
    }

    #[test]
    fn formats_are_told_by_their_bytes() {
        check(b"\xff\xd8\xff\xe0", "JPEG");
        check(b"\x89PNG\r\n\x1a\n....", "PNG");
        check(b"RIFF\x10\0\0\0WEBPVP8 ", "WebP");
        check(b"GIF89a..", "GIF");
        check(b"II*\0\x08\0\0\0\x0e\0", "TIFF");
        check(b"MM\0*\0\0\0\x08", "TIFF");
        check(b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "BMP");
        check(b"P6\n3 2\n255\n", "PNM");
        check(b"", "empty: an empty file");
        check(b"II*\0\x10\0\0\0CR\x02\0", "unsupported: a camera RAW image");
        check(b"\0\0\0\x20ftypavif", "unsupported: an AVIF image");
        check(b"\0\0\0\x18ftypheic", "unsupported: a HEIC image");
        check(b"\0\0\0\x18ftypisom", "wrong-type: a video");
        check(b"\xff\x0a\xfa\x7f", "unsupported: a JPEG XL image");
        check(b"\0\0\0\x0cjP  \r\n", "unsupported: a JPEG 2000 image");
        check(b"8BPS\0\x01", "unsupported: a Photoshop document");
        check(b"<?xml version=\"1.0\"?>\n<svg width=\"3\">", "unsupported: an SVG drawing");
        check(b"\n<!DOCTYPE html><title>404", "wrong-type: an HTML page");
        check(b"version https://git-lfs.github.com/spec/v1\noid", "wrong-type: a Git LFS pointer");
        check(b"{\"error\": 403}", "wrong-type: a JSON document");
        check(b"<Error><Code>AccessDenied", "wrong-type: an XML document");
        check("file,label\ncaf\u{e9}.jpg,1\n".as_bytes(), "wrong-type: a text file");
        check(b"BMW is a make of cars, not a bitmap", "wrong-type: a text file");
        check(b"PK\x03\x04", "wrong-type: a zip archive");
        check(b"\x1f\x8b\x08", "wrong-type: a gzip file");
        check(b"%PDF-1.7", "wrong-type: a PDF document");
        check(&[0; 64], "wrong-type: a file of zero bytes");
        check(b"\x01\x02\x03\xfe", "wrong-type: a file of an unknown type");
    }

    #[test]
    fn the_error_says_what_it_is_and_what_to_do() {
        let Detected::Other(other) = detect(b"<html>") else { panic!("an image?") };
        let error = other.into_error();
        assert_eq!(error.to_string(), "this is an HTML page, not an image");
        assert!(error.hint().unwrap().contains("fetch it again"));
    }
}
