//! Pieces of Python.

use crate::{error::steers, item::DType, tfrecord::Compression};

/// A string literal.
pub(super) fn literal(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// What stands between the quotes of a literal.
fn escaped(text: &str) -> String {
    let mut literal = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            c if steers(c) => literal.push_str(&format!("\\U{:08x}", c as u32)),
            c => literal.push(c),
        }
    }
    literal
}

/// Whether a text can be the name of a variable. Python's own words are none, nor is what the code uses itself.
pub(super) fn is_name(text: &str) -> bool {
    const TAKEN: &str = "Image batches builder collate example features files fn folder grain image np parse pipeline \
                         record resized shardify source tf tfds tfrec torch types values";
    const PYTHONS: &str = "False None True and as assert async await break class continue def del elif else except \
                           finally for from global if import in is lambda nonlocal not or pass raise return try while \
                           with yield";
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(word)
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !TAKEN.split(' ').chain(PYTHONS.split(' ')).any(|taken| taken == text)
}

/// A shape as a list, open dimensions as -1.
pub(super) fn shape(dims: &[Option<u64>]) -> String {
    let dims: Vec<String> = dims.iter().map(|dim| dim.map_or("-1".to_owned(), |dim| dim.to_string())).collect();
    format!("[{}]", dims.join(", "))
}

/// The list of paths of files in the variable `folder`: by their number where the names differ in nothing else.
pub(super) fn paths(folder: &str, names: &[String], ending: &str) -> String {
    if let Some((before, width, after)) = numbered(names) {
        let (before, after) = (in_f_string(before), in_f_string(after));
        let number = if width > 1 { format!("{{i:0{width}}}") } else { "{i}".to_owned() };
        return format!("[f\"{folder}{before}{number}{after}{ending}\" for i in range({})]", names.len());
    }
    let listed: Vec<String> = names.iter().map(|name| format!("f\"{folder}{}{ending}\"", in_f_string(name))).collect();
    format!("[{}]", listed.join(", "))
}

fn in_f_string(text: &str) -> String {
    escaped(text).replace('{', "{{").replace('}', "}}")
}

/// What stands before and after the numbers of names that count from 0, and how many digits the numbers have.
fn numbered(names: &[String]) -> Option<(&str, usize, &str)> {
    let first = names.first()?;
    let zeros = |(at, _): (usize, &str)| {
        let digits = first.get(at..)?.bytes().take_while(u8::is_ascii_digit).count();
        let starts = !first.get(..at)?.ends_with(|c: char| c.is_ascii_digit());
        let number = first.get(at..at + digits)?;
        (starts && number.bytes().all(|digit| digit == b'0')).then_some((at, digits))
    };
    first.match_indices('0').filter_map(zeros).find_map(|(at, width)| {
        let (before, after) = (first.get(..at)?, first.get(at + width..)?);
        let fits = |(number, name): (usize, &String)| *name == format!("{before}{number:0width$}{after}");
        (0..).zip(names).all(fits).then_some((before, width, after))
    })
}

/// How TensorFlow calls a compression.
pub(super) const fn compression_type(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "",
        Compression::Gzip => "GZIP",
        Compression::Zlib => "ZLIB",
    }
}

/// How DALI calls an element type.
pub(super) const fn dali_type(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "BOOL",
        DType::Int8 => "INT8",
        DType::Int16 => "INT16",
        DType::Int32 => "INT32",
        DType::Int64 => "INT64",
        DType::Uint8 => "UINT8",
        DType::Uint16 => "UINT16",
        DType::Uint32 => "UINT32",
        DType::Uint64 => "UINT64",
        DType::Float16 => "FLOAT16",
        DType::Float32 => "FLOAT",
        DType::Float64 => "FLOAT64",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn files_are_numbered_where_they_can_be() {
        let of = |all: &[&str]| paths("{folder}/", &names(all), "");
        assert_eq!(
            of(&["a-00000-of-00002", "a-00001-of-00002"]),
            "[f\"{folder}/a-{i:05}-of-00002\" for i in range(2)]"
        );
        assert_eq!(of(&["a0b0-0", "a0b0-1"]), "[f\"{folder}/a0b0-{i}\" for i in range(2)]");
        assert_eq!(of(&["{0}", "{1}"]), "[f\"{folder}/{{{i}}}\" for i in range(2)]");
        assert_eq!(of(&["a-1", "a-2"]), "[f\"{folder}/a-1\", f\"{folder}/a-2\"]");
        assert_eq!(of(&["it\"s\n"]), "[f\"{folder}/it\\\"s\\U0000000a\"]");
        // The terminal would be given it in a form that Python does not read.
        assert_eq!(of(&["he\u{200f}b"]), "[f\"{folder}/he\\U0000200fb\"]");
        let ten: Vec<String> = (0..11).map(|number| format!("x{number}")).collect();
        assert_eq!(paths("", &ten, ".idx"), "[f\"x{i}.idx\" for i in range(11)]");
        assert_eq!(of(&[]), "[]");
    }

    #[test]
    fn names_of_variables() {
        for (text, fits) in [
            ("train", true),
            ("part_1", true),
            ("0", false),
            ("a-b", false),
            ("for", false),
            ("", false),
            ("while", false),
            ("image", false),
            ("torch", false),
            ("batches", false),
        ] {
            assert_eq!(is_name(text), fits, "{text:?}");
        }
    }
}
