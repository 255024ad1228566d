//! The last guard before a terminal: whatever a file, a record or a manifest holds, what is printed does no more to the terminal than
//! end lines and change colours.
//!
//! Texts of files are made printable where they enter a message, too; this is for the one that was forgotten.

use std::{borrow::Cow, fmt::Write};

use shardify::error::steers;

use super::ui::{BLUE, GREEN, PLAIN, RED, YELLOW};

/// Text for people. Line breaks and tabs stay, and our own colours.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| steers(c) && c != '\n') {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let own = [RED, YELLOW, GREEN, BLUE, PLAIN].into_iter().find(|own| c == '\x1b' && rest.starts_with(own));
        let len = own.map_or(c.len_utf8(), str::len);
        match own {
            Some(own) => safe.push_str(own),
            None if steers(c) && c != '\n' && c != '\t' => safe.extend(c.escape_default()),
            None => safe.push(c),
        }
        rest = rest.get(len..).unwrap_or_default();
    }
    Cow::Owned(safe)
}

/// JSON that means the same. Outside of texts it has no such characters but line breaks.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| steers(c) && c != '\n') {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match steers(c) && c != '\n' {
            true => drop(write!(safe, "\\u{:04x}", u32::from(c))),
            false => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_shown() {
        assert_eq!(text("a\tb\n\x1b[31mc\u{9b}2J\u{202e}d\r\x7f"), "a\tb\n\\u{1b}[31mc\\u{9b}2J\\u{202e}d\\r\\u{7f}");
        assert_eq!(text("\x1b[1;31merror\x1b[0m: x"), "\x1b[1;31merror\x1b[0m: x");
        assert_eq!(json("{\n \"a\": \"\u{9b}\u{202e}é\"\n}"), "{\n \"a\": \"\\u009b\\u202eé\"\n}");
    }
}
