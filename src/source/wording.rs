//! Names and counts as they appear in messages: printable, short, and never a whole list of a million.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

use crate::{error::Printable, units::Count};

/// How many names a message shows before it only counts.
pub(super) const SHOWN: usize = 5;

/// Longest name shown in full: a broken list can hold a "name" of a megabyte.
const LONGEST: usize = 200;

/// A name in back quotes, safe on a terminal.
pub(super) fn show(name: &[u8]) -> String {
    format!("`{}`", printable(name))
}

/// The same without the quotes.
pub(super) fn printable(name: &[u8]) -> String {
    let text = Printable(Path::new(OsStr::from_bytes(name))).to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// A path in back quotes, safe on a terminal.
pub(super) fn show_path(path: &Path) -> String {
    show(path.as_os_str().as_bytes())
}

/// The first few of `total` items, joined, and how many more there are.
pub(super) fn some(items: impl IntoIterator<Item = String>, total: u64) -> String {
    first(SHOWN, items, total)
}

/// The same for that many of them.
pub(super) fn first(shown: usize, items: impl IntoIterator<Item = String>, total: u64) -> String {
    let shown: Vec<String> = items.into_iter().take(shown).collect();
    let rest = total.saturating_sub(shown.len() as u64);
    let text = shown.join(", ");
    if rest == 0 { text } else { format!("{text} and {} more", Count(rest)) }
}

/// The first few of some names, and how many more there are.
pub(super) fn some_names<N: AsRef<[u8]>>(names: &[N]) -> String {
    some(names.iter().map(|name| show(name.as_ref())), names.len() as u64)
}

/// A count with its noun, as in `1 image` or `1,234 images`.
pub(super) fn count(number: u64, noun: &str) -> String {
    let ending = match noun {
        _ if number == 1 => "",
        noun if noun.ends_with('s') => "es",
        noun if noun.ends_with("entry") => return format!("{} {}ies", Count(number), noun.trim_end_matches('y')),
        _ => "s",
    };
    format!("{} {noun}{ending}", Count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printable_and_short() {
        assert_eq!(show(b"a\x1b[31m/\xff.jpg"), "`a\\u{1b}[31m/\u{fffd}.jpg`");
        let long = show("é".repeat(5000).as_bytes());
        assert!(long.ends_with("é...`") && long.chars().count() < 210, "{long}");
    }

    #[test]
    fn only_the_first_names_are_shown() {
        let names: Vec<String> = (0..7).map(|i| i.to_string()).collect();
        assert_eq!(some_names(&names), "`0`, `1`, `2`, `3`, `4` and 2 more");
        assert_eq!(some_names(&names[..2]), "`0`, `1`");
    }

    #[test]
    fn counts_have_their_plural() {
        for (number, noun, text) in [
            (1, "image", "1 image"),
            (0, "image", "0 images"),
            (1234, "class", "1,234 classes"),
            (2, "entry", "2 entries"),
            (1, "entry", "1 entry"),
        ] {
            assert_eq!(count(number, noun), text);
        }
    }
}
