//! Text on a terminal of any width: tables that become lists, lines that break between words. What goes into a pipe is left alone.

use std::ops::Range;

use console::measure_text_width;

/// The least room for the last column: below, it hangs under the first.
const LEAST: usize = 20;

/// Spaces before code that is to be pasted: those lines do not break.
const CODE: &str = "    ";

/// Breaks lines that are wider than the terminal, between words. What follows hangs under the last column, or a little to the
/// right of the start.
pub(super) fn fit(text: &str, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| *width >= LEAST) else { return text.to_owned() };
    let mut fitted = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if measure_text_width(line.trim_end_matches('\n')) <= width || line.starts_with(CODE) {
            fitted.push_str(line);
        } else {
            wrap(line, width, &mut fitted);
        }
    }
    fitted
}

fn wrap(line: &str, width: usize, to: &mut String) {
    let start = line.len() - line.trim_start_matches(' ').len();
    let column = last_column(line).map(|at| measure_text_width(line.get(..at).unwrap_or_default()));
    let hang = column.filter(|column| column + LEAST <= width).unwrap_or((start + 2).min(4));
    let mut used = 0;
    for (at, word) in words(line).enumerate() {
        let gap = line.get(word.start.saturating_sub(spaces_before(line, word.start))..word.start).unwrap_or_default();
        let text = line.get(word.clone()).unwrap_or_default();
        let wide = measure_text_width(text);
        if at > 0 && used + gap.len() + wide > width && used > hang {
            to.push('\n');
            to.push_str(&" ".repeat(hang));
            used = hang;
        } else {
            to.push_str(gap);
            used += gap.len();
        }
        to.push_str(text);
        used += wide;
    }
    to.push('\n');
}

/// Where each word is.
fn words(line: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = line.get(at..)?.trim_end_matches('\n');
        let start = at + rest.find(|c| c != ' ')?;
        let end = line.get(start..)?.find([' ', '\n']).map_or(line.len(), |length| start + length);
        at = end;
        Some(start..end)
    })
}

fn spaces_before(line: &str, at: usize) -> usize {
    line.get(..at).map_or(0, |before| before.len() - before.trim_end_matches(' ').len())
}

/// Where the last column starts: behind the last gap of two spaces or more, but those at the start.
fn last_column(line: &str) -> Option<usize> {
    let body = line.trim_end();
    let start = body.len() - body.trim_start().len();
    let gap = body.get(start..)?.rfind("  ")? + start;
    Some(gap + 2)
}

/// Lines up columns: the first to the left, the others to the right. Where the terminal is too narrow, each row becomes a list
/// with the words of the first row.
pub(super) fn table(rows: &[Vec<String>], width: Option<usize>) -> String {
    let widths = widths(rows);
    let whole: usize = widths.iter().map(|width| width + 2).sum();
    if width.is_some_and(|width| whole > width) {
        return list(rows);
    }
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let blank = " ".repeat(width.saturating_sub(measure_text_width(cell)));
            if column == 0 { format!("  {cell}{blank}") } else { format!("{blank}{cell}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// The rows below the first, each as a list.
fn list(rows: &[Vec<String>]) -> String {
    let Some((head, rows)) = rows.split_first() else { return String::new() };
    let wide = head.iter().skip(1).map(|name| measure_text_width(name)).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        text.push_str(&format!("  {}\n", row.first().map_or("", String::as_str)));
        for (name, cell) in head.iter().zip(row).skip(1) {
            text.push_str(&format!("    {name:<wide$}  {cell}\n"));
        }
    }
    text
}

/// Columns to the left.
pub(super) fn columns(rows: &[[String; 4]]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.to_vec()).collect();
    let widths = widths(&rows);
    let mut text = String::new();
    for row in &rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(measure_text_width(cell)))));
        text.push_str(&format!("  {}\n", cells.collect::<Vec<_>>().join("  ").trim_end()));
    }
    text
}

/// The widest cell of each column, in places on the screen.
fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| measure_text_width(cell)).max();
    (0..columns).map(|column| width(column).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn lines_break_between_words_and_hang() {
        for (text, width, expected) in [
            ("one two three four five six\n", 20, "one two three four\n  five six\n"),
            // Under the last column, if there is room.
            (
                "  key  text  one two three four five six seven\n",
                34,
                "  key  text  one two three four\n             five six seven\n",
            ),
            ("  a-long-key  a-long-kind  one two three\n", 30, "  a-long-key  a-long-kind  one\n    two three\n"),
            // Code is not broken, and neither is a word.
            ("    code that is very long indeed\n", 20, "    code that is very long indeed\n"),
            ("a_word_that_is_longer_than_a_line is it\n", 20, "a_word_that_is_longer_than_a_line\n  is it\n"),
            ("\x1b[31merror\x1b[0m  one two three four\n", 25, "\x1b[31merror\x1b[0m  one two three four\n"),
            ("猫猫猫猫猫 猫猫猫猫猫 猫猫\n", 22, "猫猫猫猫猫 猫猫猫猫猫\n  猫猫\n"),
        ] {
            assert_eq!(fit(text, Some(width)), expected, "{width}");
            assert_eq!(fit(text, None), text);
        }
        let text = "warning: skipped imgs/a.jpg: byte 900: the file ends in the image data\nnext\n\n  x\n";
        for width in 20..100 {
            let fitted = fit(text, Some(width));
            assert!(fitted.lines().all(|line| measure_text_width(line) <= width), "{width}: {fitted}");
            let plain = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(plain(&fitted), plain(text));
        }
    }

    #[test]
    fn tables_line_up_by_what_is_seen() {
        let rows = rows(&[&["split", "records"], &["train", "12,345"], &["猫", "7"]]);
        assert_eq!(table(&rows, None), "  split  records\n  train   12,345\n  猫           7\n");
        assert_eq!(table(&rows, Some(18)), table(&rows, None));
        assert_eq!(table(&rows, Some(15)), "  train\n    records  12,345\n  猫\n    records  7\n");
        assert_eq!(table(&[], Some(10)), "");
    }
}
