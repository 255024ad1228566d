//! The endings of image files: what the bytes are, and what a name says that they are.

use super::names::numbered;
use crate::transform::{Detected, SourceFormat, detect};

/// The ending of a file with these bytes.
pub(super) fn ending(image: &[u8]) -> &'static str {
    match detect(image) {
        Detected::Image(SourceFormat::Jpeg) => "jpg",
        Detected::Image(SourceFormat::Png) => "png",
        Detected::Image(SourceFormat::Webp) => "webp",
        Detected::Image(SourceFormat::Gif) => "gif",
        Detected::Image(SourceFormat::Tiff) => "tif",
        Detected::Image(SourceFormat::Bmp) => "bmp",
        Detected::Image(SourceFormat::Pnm) => "pnm",
        Detected::Other(_) => "bin",
    }
}

/// Endings of image files, with those of the format that they stand for.
const ENDINGS: &[(&str, &[&str])] = &[
    ("jpg", &["jpg", "jpeg", "jpe", "jfif"]),
    ("png", &["png"]),
    ("webp", &["webp"]),
    ("gif", &["gif"]),
    ("tif", &["tif", "tiff"]),
    ("bmp", &["bmp", "dib"]),
    ("pnm", &["pnm", "ppm", "pgm", "pbm", "pam"]),
];

/// The format that a file name stands for.
fn named_format(name: &[u8]) -> Option<&'static str> {
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|dot| *dot > 0)?;
    let ending = name.get(dot + 1..)?.to_ascii_lowercase();
    ENDINGS.iter().find(|(_, all)| all.iter().any(|one| one.as_bytes() == ending)).map(|(format, _)| *format)
}

/// Whether a file that `convert` stored still is under the name that it had: it keeps JPEG and PNG as they are, whatever they
/// are called, and makes PNG of all else.
pub(super) fn is_kept(name: &[u8], ending: &str) -> bool {
    !matches!(named_format(name), Some(format) if format != ending && !matches!(format, "jpg" | "png"))
}

/// Adds an ending, unless the name has one that says the same.
pub(super) fn add_ending(path: &mut Vec<u8>, ending: &str) {
    let file = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if named_format(file) == Some(ending) || ending == "bin" && named_format(file).is_some() {
        return;
    }
    let above = path.len() - file.len();
    let file = [file, b".", ending.as_bytes()].concat();
    path.truncate(above);
    // Cut anew if it became too long.
    path.extend(if file.len() > 255 { numbered(&file, None) } else { file });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_say_what_the_bytes_are() {
        let added = |path: &str, ending| {
            let mut path = path.as_bytes().to_vec();
            add_ending(&mut path, ending);
            String::from_utf8(path).unwrap()
        };
        assert_eq!(added("a/000", "jpg"), "a/000.jpg");
        assert_eq!(added("a.b/x.JPEG", "jpg"), "a.b/x.JPEG");
        assert_eq!(added("v1.2", "png"), "v1.2.png");
        assert_eq!(added("x.jpg", "png"), "x.jpg.png");
        assert_eq!(added("x.jpg", "bin"), "x.jpg");
        // What convert kept, under whatever name, and what it made a PNG of.
        assert!(is_kept(b"x.jpg", "png") && is_kept(b"x", "jpg") && is_kept(b"x.dat", "png"));
        assert!(!is_kept(b"x.webp", "png"));
    }
}
