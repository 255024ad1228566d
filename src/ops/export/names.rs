//! Names that come out of records, made harmless: nobody vouches for them.
//!
//! What is left is relative, has no `..`, no hidden component and none of more than 255 bytes; unless all that this system can
//! hold is to be kept, it is also a name on Windows and macOS: UTF-8, no `<>:"\|?*`, no control character, no blank or dot
//! at an end, no device.

use std::borrow::Cow;

/// No file system here takes a longer component.
const MAX_COMPONENT: usize = 255;

/// Paths above this many bytes lose their inner folders: systems have a limit of about 4096 for the whole.
const MAX_PATH: usize = 2048;

/// An ending that is kept when a name is cut: its dot and a few letters.
const MAX_ENDING: usize = 16;

/// How much is kept of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// What every system can hold.
    Portable,
    /// What this system can hold.
    Kept,
}

/// The components of a path that go on in a path below a folder, as they stand there; whether any was left out.
pub(super) fn components(path: &[u8]) -> (Vec<&[u8]>, bool) {
    let all = path.split(|byte| *byte == b'/');
    let kept: Vec<&[u8]> = all.clone().filter(|part| !matches!(**part, [] | [b'.'] | [b'.', b'.'])).collect();
    let is_short = kept.len() < all.count();
    (kept, is_short)
}

/// A component as it may stand in a file system. The same always becomes the same.
pub(super) fn component(raw: &[u8], names: Names) -> Cow<'_, [u8]> {
    let text = match names {
        Names::Portable => Cow::Owned(portable(&String::from_utf8_lossy(raw)).into_bytes()),
        Names::Kept => Cow::Borrowed(raw),
    };
    let mut text = match &*text {
        kept if kept == raw => Cow::Borrowed(raw),
        _ => text,
    };
    if text.iter().any(|byte| matches!(byte, 0 | b'/')) {
        text.to_mut().iter_mut().filter(|byte| matches!(byte, 0 | b'/')).for_each(|byte| *byte = b'_');
    }
    // Hidden names mean something to programs: `.git`, `.bashrc`. A name that is empty is none.
    match text.first() {
        None => text.to_mut().push(b'_'),
        Some(b'.') => {
            if let Some(first) = text.to_mut().first_mut() {
                *first = b'_';
            }
        }
        Some(_) => {}
    }
    if text.len() > MAX_COMPONENT { Cow::Owned(numbered(&text, None)) } else { text }
}

/// A text in which everything is replaced that another system would trip over.
fn portable(text: &str) -> String {
    let replace = |c: char| c.is_control() || matches!(c, '<' | '>' | ':' | '"' | '\\' | '|' | '?' | '*' | '\u{fffd}');
    let mut name: String = text.chars().map(|c| if replace(c) { '_' } else { c }).collect();
    if name.ends_with(['.', ' ']) {
        let kept = name.trim_end_matches(['.', ' ']).len();
        let ending = "_".repeat(name.len() - kept);
        name.replace_range(kept.., &ending);
    }
    if name.starts_with(' ') {
        let blanks = name.len() - name.trim_start_matches(' ').len();
        name.replace_range(..blanks, &"_".repeat(blanks));
    }
    if is_device(&name) {
        name.insert(0, '_');
    }
    name
}

/// Whether Windows takes it for a device, whatever its ending.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_ascii_uppercase();
    match stem.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" => true,
        port => ["COM", "LPT"].iter().any(|kind| {
            port.strip_prefix(kind).is_some_and(|number| {
                let mut number = number.chars();
                matches!((number.next(), number.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
            })
        }),
    }
}

/// A component with a number before its ending, as in `name-2.jpg`, and cut so that it fits.
pub(super) fn numbered(name: &[u8], number: Option<u64>) -> Vec<u8> {
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|at| *at > 0 && name.len() - at <= MAX_ENDING);
    let (stem, ending) = name.split_at(dot.unwrap_or(name.len()));
    let number = number.map_or_else(String::new, |number| format!("-{number}"));
    let room = MAX_COMPONENT.saturating_sub(number.len() + ending.len());
    [cut(stem, room), number.as_bytes(), ending].concat()
}

/// As much of a name as fits, no character cut in two.
fn cut(name: &[u8], room: usize) -> &[u8] {
    let mut end = name.len().min(room);
    let is_inside = |at: usize| name.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    if std::str::from_utf8(name).is_ok() {
        while end > 0 && is_inside(end) {
            end -= 1;
        }
    }
    name.get(..end).unwrap_or(name)
}

/// Joins components; of too many, those between the first two and the last are left out.
pub(super) fn join(parts: &[Cow<'_, [u8]>]) -> Vec<u8> {
    let len = parts.iter().map(|part| part.len() + 1).sum::<usize>();
    let mut parts: Vec<&[u8]> = parts.iter().map(AsRef::as_ref).collect();
    if len > MAX_PATH {
        let inner = 2.min(parts.len().saturating_sub(1))..parts.len().saturating_sub(1);
        parts.drain(inner);
    }
    parts.join(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portable_name(raw: &[u8]) -> String {
        String::from_utf8(component(raw, Names::Portable).into_owned()).unwrap()
    }

    #[test]
    fn what_no_system_trips_over() {
        for (raw, expected) in [
            (&b"cat 1.jpg"[..], "cat 1.jpg"),
            ("grün/…".trim_end_matches("/…").as_bytes(), "grün"),
            (b"a:b\\c.jpg", "a_b_c.jpg"),
            (b"a\nb\x7f", "a_b_"),
            (b"nul\0byte", "nul_byte"),
            (b"\xff\xfe.png", "__.png"),
            (b"CON", "_CON"),
            (b"con.jpg", "_con.jpg"),
            (b"console.jpg", "console.jpg"),
            (b"COM1.tar.gz", "_COM1.tar.gz"),
            ("lpt²".as_bytes(), "_lpt²"),
            (b"COM10", "COM10"),
            (b"NUL .txt", "_NUL .txt"),
            (b"end. .", "end___"),
            (b" begin", "_begin"),
            (b".bashrc", "_bashrc"),
            (b"..", "__"),
            (b"", "_"),
            (b"a/b", "a_b"),
        ] {
            assert_eq!(portable_name(raw), expected, "{raw:?}");
            assert_eq!(portable_name(expected.as_bytes()), expected, "the same again");
        }
    }

    #[test]
    fn kept_names_lose_only_what_is_dangerous_here() {
        for (raw, expected) in [
            (&b"a:b\\c.jpg "[..], &b"a:b\\c.jpg "[..]),
            (b"\xff.png", b"\xff.png"),
            (b"CON", b"CON"),
            (b"a/b\0", b"a_b_"),
            (b"..", b"_."),
            (b".git", b"_git"),
        ] {
            assert_eq!(&*component(raw, Names::Kept), expected);
        }
    }

    #[test]
    fn long_names_are_cut_before_their_ending() {
        let name = portable_name(format!("{}.jpeg", "x".repeat(300)).as_bytes());
        assert_eq!((name.len(), name.ends_with("xxx.jpeg")), (255, true));
        // Two bytes a letter: the last one must not be halved.
        let name = portable_name("é".repeat(200).as_bytes());
        assert_eq!(name, "é".repeat(127));
        assert_eq!(numbered(b"name.jpg", Some(2)), b"name-2.jpg");
        assert_eq!(numbered(b"name", Some(10)), b"name-10");
        assert_eq!(numbered("é".repeat(127).as_bytes(), Some(2)).len(), 254);
    }

    #[test]
    fn paths_lead_down_only() {
        let parts = |path: &'static [u8]| {
            let (parts, is_short) = components(path);
            (parts.join(&b'|'), is_short)
        };
        assert_eq!(parts(b"a/b.jpg"), (b"a|b.jpg".to_vec(), false));
        assert_eq!(parts(b"../../etc/passwd"), (b"etc|passwd".to_vec(), true));
        assert_eq!(parts(b"/abs//./x/"), (b"abs|x".to_vec(), true));
        assert_eq!(parts(b".."), (Vec::new(), true));
        let long = vec![Cow::Borrowed(&b"folder"[..]); 1000];
        assert_eq!(join(&long), b"folder/folder/folder");
    }
}
