//! Which dtype of NumPy an array has, from the `descr` of its header; what is refused, with why and what to do.
//!
//! The strings are those of `numpy.dtype.str`: byte order (`<`, `>`, `|` none, `=` the writer's own), kind, bytes.

use super::literal::Value;
use crate::{
    error::{Error, Fault, Printable, Result},
    item::DType,
};

/// The element type, and whether its bytes are big-endian.
///
/// `=` or no byte order at all means that of the machine that wrote the file: little-endian, as all that NumPy is
/// released for today are, and NumPy itself always writes `<` or `>`.
pub(super) fn parse_descr(descr: &Value) -> Result<(DType, bool)> {
    let Value::Text(text) = descr else {
        return Err(structured());
    };
    let (order, code) = match text.as_bytes().first() {
        Some(order @ (b'<' | b'>' | b'=' | b'|')) => (*order, text.get(1..).unwrap_or_default()),
        _ => (b'|', text.as_str()),
    };
    let dtype = match code {
        "b1" | "?" => DType::Bool,
        "i1" => DType::Int8,
        "i2" => DType::Int16,
        "i4" => DType::Int32,
        "i8" => DType::Int64,
        "u1" => DType::Uint8,
        "u2" => DType::Uint16,
        "u4" => DType::Uint32,
        "u8" => DType::Uint64,
        "f2" => DType::Float16,
        "f4" => DType::Float32,
        "f8" => DType::Float64,
        _ => return Err(refusal(text, code)),
    };
    Ok((dtype, order == b'>' && dtype.size() > 1))
}

/// The dtype as a list of arrays shows it: `uint8`, or NumPy's own text for what is refused.
pub(super) fn describe(descr: &Value) -> String {
    match (parse_descr(descr), descr) {
        (Ok((dtype, _)), _) => dtype.name().to_owned(),
        (Err(_), Value::Text(text)) => shown(text),
        (Err(_), _) => "structured".to_owned(),
    }
}

/// The text of the file, short and safe on a terminal.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(20).collect();
    Printable(short.as_ref()).to_string()
}

fn structured() -> Error {
    Error::input(Fault::Unsupported, "it holds records of named fields (a structured dtype), not plain numbers")
        .with_hint("save each field as its own array: np.save(\"field.npy\", a[\"field\"])")
}

fn refusal(text: &str, code: &str) -> Error {
    let shown = shown(text);
    let (what, next) = match code.as_bytes().first() {
        Some(b'O') => (
            "pickled Python objects, and reading those would run code from the file",
            "if all rows have one shape, save numbers: np.save(\"x.npy\", np.array(list_of_equal_rows, \
             dtype=\"float32\"), allow_pickle=False)",
        ),
        Some(b'U' | b'S' | b'a') => (
            "text",
            "number the values: names, ids = np.unique(y, return_inverse=True), save ids with np.save, and give names, \
             one a line, as the class names",
        ),
        Some(b'M' | b'm') => {
            ("dates or durations", "save them as whole numbers: np.save(\"t.npy\", t.astype(\"int64\"))")
        }
        Some(b'c') => (
            "complex numbers",
            "save both parts on a new last axis: np.save(\"x.npy\", np.stack([x.real, x.imag], axis=-1))",
        ),
        Some(b'f' | b'g') => (
            "long doubles, whose bytes differ from machine to machine",
            "save it as float64: np.save(\"x.npy\", x.astype(\"float64\"))",
        ),
        Some(b'V') => (
            "raw bytes without a type (NumPy writes bfloat16 and float8 like this)",
            "save it as a plain type: np.save(\"x.npy\", x.astype(\"float32\"))",
        ),
        _ => (
            "elements of an unknown type",
            "save it as bool, int8 to int64, uint8 to uint64, float16, float32 or float64, with x.astype(...)",
        ),
    };
    Error::input(Fault::Unsupported, format!("its dtype is `{shown}`: it holds {what}")).with_hint(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(DType, bool), &str>) {
        let got = parse_descr(&Value::Text(text.to_owned()));
        match (got, expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected, "{text}"),
            (Err(got), Err(part)) => {
                assert!(got.to_string().contains(part), "{text}: {got}");
                assert!(got.hint().is_some(), "{text}: no next step");
                assert_eq!(got.fault(), Some(Fault::Unsupported));
            }
            (got, expected) => panic!("{text}: {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn plain_types() {
        check("|b1", Ok((DType::Bool, false)));
        check("|u1", Ok((DType::Uint8, false)));
        check(">u1", Ok((DType::Uint8, false)));
        check("<i2", Ok((DType::Int16, false)));
        check(">i2", Ok((DType::Int16, true)));
        check("=f4", Ok((DType::Float32, false)));
        check("f8", Ok((DType::Float64, false)));
        check(">f2", Ok((DType::Float16, true)));
    }

    #[test]
    fn refused_types_say_why() {
        check("|O", Err("pickled"));
        check("<U5", Err("text"));
        check("|S3", Err("text"));
        check("<M8[ns]", Err("dates"));
        check("<m8[s]", Err("durations"));
        check("<c8", Err("complex"));
        check("<f16", Err("long doubles"));
        check("<V2", Err("bfloat16"));
        check("", Err("unknown"));
        check("<", Err("unknown"));
        check("<i3", Err("unknown"));
        check("é", Err("unknown"));
        assert!(parse_descr(&Value::List(vec![])).unwrap_err().to_string().contains("structured"));
    }
}
