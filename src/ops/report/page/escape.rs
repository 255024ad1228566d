//! What every text goes through on its way into the page: nothing in it is markup, and nothing in it is hidden.

use std::fmt::{self, Write};

use askama::filters::Escaper;

/// Escapes what HTML has a meaning for, in text and in quoted attributes, and shows characters that would steer a screen: control
/// characters, and those that turn the direction of writing (by which a name can pretend to be another).
#[derive(Debug, Clone, Copy)]
pub(super) struct Visible;

impl Escaper for Visible {
    fn write_escaped_str<W: Write>(&self, mut to: W, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| write(&mut to, c))
    }
}

fn write(to: &mut impl Write, c: char) -> fmt::Result {
    match c {
        '<' => to.write_str("&lt;"),
        '>' => to.write_str("&gt;"),
        '&' => to.write_str("&amp;"),
        '"' => to.write_str("&quot;"),
        '\'' => to.write_str("&#39;"),
        '\n' | '\t' => to.write_char(c),
        // U+2400 to U+2421 are their pictures.
        '\0'..=' ' if c != ' ' => to.write_char(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
        '\u{7f}' => to.write_char('\u{2421}'),
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => write!(to, "[U+{:04X}]", u32::from(c)),
        _ => to.write_char(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup_and_nothing_is_hidden() {
        for (text, expected) in [
            ("<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"),
            ("a \"b\" & c", "a &quot;b&quot; &amp; c"),
            ("cat\u{202e}gpj.exe", "cat[U+202E]gpj.exe"),
            ("a\u{1b}[31mb\r", "a\u{241b}[31mb\u{240d}"),
            ("two\nlines", "two\nlines"),
            ("Käse 猫 🐈", "Käse 猫 🐈"),
        ] {
            let mut escaped = String::new();
            Visible.write_escaped_str(&mut escaped, text).unwrap();
            assert_eq!(escaped, expected);
        }
    }
}
