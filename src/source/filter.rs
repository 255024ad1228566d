//! Which files of a folder are inputs.
//!
//! Every file is one, whatever its name: kinds are told by the bytes, later. The exceptions are what nobody means when
//! they say "my images": hidden files, the litter of operating systems, and notes and tables beside the images. The last
//! are told by their extension *and* their first bytes, and everything left out is counted.

use std::path::Path;

use crate::storage::Storage;

/// What a name says about a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByName<'a> {
    /// Nothing against it.
    Candidate,
    /// It starts with a dot.
    Hidden,
    /// Written by an operating system or a NAS for itself.
    System,
    /// The extension, or the whole name, of a file that usually is no image: its first bytes decide.
    Sidecar(&'a str),
}

const SYSTEM: &[&str] = &[
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "__macosx",
    "@eadir",
    "$recycle.bin",
    "system volume information",
    "lost+found",
];

/// Kinds that are found beside images, by extension.
#[rustfmt::skip]
const SIDECARS: &[&str] = &[
    "7z", "arrow", "bib", "bz2", "cfg", "ckpt", "conf", "css", "csv", "db", "doc", "docx", "gz", "h5", "hdf5", "htm",
    "html", "ini", "ipynb", "js", "json", "jsonl", "log", "lst", "mat", "md", "md5", "names", "npy", "npz", "parquet",
    "pdf", "pickle", "pkl", "pt", "pth", "py", "rar", "rst", "rtf", "sh", "sha1", "sha256", "sqlite", "tar", "tex", "tgz",
    "toml", "tsv", "txt", "xls", "xlsx", "xml", "xz", "yaml", "yml", "zip", "zst",
];

/// The same for names without an extension.
const BARE: &[&str] = &[
    "authors",
    "changelog",
    "checksums",
    "citation",
    "copying",
    "license",
    "makefile",
    "md5sums",
    "readme",
    "sha256sums",
];

/// Judges a file or folder by its name.
pub(super) fn by_name(name: &[u8]) -> ByName<'static> {
    if name.starts_with(b".") {
        return ByName::Hidden;
    }
    let lower = name.to_ascii_lowercase();
    let known = |list: &'static [&'static str], what: &[u8]| list.iter().find(|known| known.as_bytes() == what);
    if known(SYSTEM, &lower).is_some() {
        return ByName::System;
    }
    let found = match lower.iter().rposition(|byte| *byte == b'.') {
        Some(dot) => known(SIDECARS, lower.get(dot + 1..).unwrap_or_default()),
        None => known(BARE, &lower),
    };
    found.map_or(ByName::Candidate, |kind| ByName::Sidecar(kind))
}

/// Whether the first bytes of a file are those of an image. What cannot be read is none.
pub(super) fn is_image(storage: &dyn Storage, path: &Path) -> bool {
    let mut head = [0; 32];
    let Ok(file) = storage.open(path) else { return false };
    let len = usize::try_from(file.len()).unwrap_or(usize::MAX).min(head.len());
    let Some(head) = head.get_mut(..len) else { return false };
    file.read_exact_at(head, 0).is_ok() && has_image_magic(head)
}

/// A small test, good enough to notice an image under the name of a text file; the full one belongs to decoding.
fn has_image_magic(head: &[u8]) -> bool {
    match head {
        [0xff, 0xd8, 0xff, ..] | [0x89, b'P', b'N', b'G', b'\r', b'\n', ..] | [b'G', b'I', b'F', b'8', ..] => true,
        [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => true,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => true,
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => {
            [&b"avif"[..], b"avis", b"heic", b"heix", b"mif1"].iter().any(|known| brand.starts_with(known))
        }
        // Two letters are little, so the reserved bytes and the size of the second header must fit as well.
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, _, _, _, _, 12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0, ..] => true,
        [b'P', b'1'..=b'6', rest @ ..] => starts_with_two_numbers(rest),
        _ => false,
    }
}

/// Whether this goes on like the header of a portable anymap, ` 640 480 ...`, and not like prose.
fn starts_with_two_numbers(rest: &[u8]) -> bool {
    let mut words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let is_number = |word: Option<&[u8]>| word.is_some_and(|word| word.iter().all(u8::is_ascii_digit));
    rest.first().is_some_and(u8::is_ascii_whitespace) && is_number(words.next()) && is_number(words.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged() {
        for (name, expected) in [
            (&b"a.jpg"[..], ByName::Candidate),
            (b"a", ByName::Candidate),
            (b"\xff\xfe", ByName::Candidate),
            (b"0a1b2c3d4e5f", ByName::Candidate),
            (b"a.txt.jpg", ByName::Candidate),
            (b"drawing.svg", ByName::Candidate),
            (b"Mac", ByName::Candidate),
            (b".DS_Store", ByName::Hidden),
            (b"._a.jpg", ByName::Hidden),
            (b"Thumbs.db", ByName::System),
            (b"DESKTOP.INI", ByName::System),
            (b"__MACOSX", ByName::System),
            (b"@eaDir", ByName::System),
            (b"notes.TXT", ByName::Sidecar("txt")),
            (b"a.jpg.json", ByName::Sidecar("json")),
            (b"README", ByName::Sidecar("readme")),
        ] {
            assert_eq!(by_name(name), expected, "{:?}", String::from_utf8_lossy(name));
        }
    }

    #[test]
    fn images_are_told_by_their_first_bytes() {
        for (head, expected) in [
            (&b"\xff\xd8\xff\xe0...."[..], true),
            (b"\x89PNG\r\n\x1a\n", true),
            (b"GIF89a", true),
            (b"RIFF\0\0\0\0WEBPVP8 ", true),
            (b"RIFF\0\0\0\0WAVEfmt ", false),
            (b"II*\0", true),
            (b"MM\0*", true),
            (b"\0\0\0\x1cftypavif", true),
            (b"\0\0\0\x1cftypisom", false),
            (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", true),
            (b"BMW makes cars, not images", false),
            (b"P6\n640 480\n255\n", true),
            (b"P1 is the first item of 2", false),
            (b"P5", false),
            (b"file,label\n", false),
            (b"", false),
        ] {
            assert_eq!(has_image_magic(head), expected, "{:?}", String::from_utf8_lossy(head));
        }
    }
}
