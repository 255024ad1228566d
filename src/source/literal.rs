//! The Python literal in the header of a `.npy` file, read exactly: no evaluation, bounded depth, no panic.
//!
//! NumPy reads it with `ast.literal_eval`; what occurs in headers is strings, whole numbers (with the `L` of Python 2),
//! `True`, `False`, `None`, tuples and lists, inside one dictionary.

/// Nested deeper than any dtype that NumPy writes; a header that goes deeper is an attack on the stack.
const MAX_DEPTH: usize = 32;

/// A value in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A string. Escapes are kept as they are written: neither a key nor a plain dtype holds one.
    Text(String),
    Int(i128),
    Bool(bool),
    None,
    Tuple(Vec<Self>),
    List(Vec<Self>),
}

/// Why a literal cannot be read, and how many bytes into it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLiteral {
    pub(super) expected: &'static str,
    pub(super) at: usize,
}

/// Reads one dictionary with string keys, and nothing but white space after it.
pub(super) fn parse_dict(bytes: &[u8]) -> Result<Vec<(String, Value)>, BadLiteral> {
    let mut parser = Parser { bytes, at: 0 };
    parser.expect(b'{', "a dictionary")?;
    let mut entries = Vec::new();
    while !parser.eat(b'}') {
        let Value::Text(key) = parser.value(0)? else {
            return Err(parser.bad("a string as key"));
        };
        parser.expect(b':', "`:` after a key")?;
        entries.push((key, parser.value(0)?));
        if !parser.eat(b',') {
            parser.expect(b'}', "`,` or `}`")?;
            break;
        }
    }
    if parser.peek().is_some() {
        return Err(parser.bad("nothing but white space after the dictionary"));
    }
    Ok(entries)
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn bad(&self, expected: &'static str) -> BadLiteral {
        BadLiteral { expected, at: self.at }
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while self.byte().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
        self.byte()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), BadLiteral> {
        if self.eat(byte) { Ok(()) } else { Err(self.bad(what)) }
    }

    fn value(&mut self, depth: usize) -> Result<Value, BadLiteral> {
        if depth > MAX_DEPTH {
            return Err(self.bad("at most 32 nested brackets"));
        }
        match self.peek() {
            Some(b'\'' | b'"') => self.text(),
            Some(b'u' | b'b') if matches!(self.bytes.get(self.at + 1), Some(b'\'' | b'"')) => {
                self.at += 1;
                self.text()
            }
            Some(b'-' | b'0'..=b'9') => self.int(),
            Some(b'(') => {
                self.at += 1;
                let (mut items, comma) = self.items(b')', depth)?;
                match items.pop() {
                    Some(only) if items.is_empty() && !comma => Ok(only),
                    Some(last) => {
                        items.push(last);
                        Ok(Value::Tuple(items))
                    }
                    None => Ok(Value::Tuple(items)),
                }
            }
            Some(b'[') => {
                self.at += 1;
                Ok(Value::List(self.items(b']', depth)?.0))
            }
            _ => self.word(),
        }
    }

    /// The items up to `close`, and whether the last thing before it was a comma: `(3,)` is a tuple, `(3)` is 3.
    fn items(&mut self, close: u8, depth: usize) -> Result<(Vec<Value>, bool), BadLiteral> {
        let mut items = Vec::new();
        let mut comma = false;
        while !self.eat(close) {
            items.push(self.value(depth + 1)?);
            comma = self.eat(b',');
            if !comma {
                self.expect(close, "`,` or a closing bracket")?;
                break;
            }
        }
        Ok((items, comma))
    }

    fn text(&mut self) -> Result<Value, BadLiteral> {
        let quote = self.byte();
        self.at += 1;
        let start = self.at;
        while let Some(byte) = self.byte() {
            if Some(byte) == quote {
                let text = self.bytes.get(start..self.at).unwrap_or_default();
                self.at += 1;
                return Ok(Value::Text(String::from_utf8_lossy(text).into_owned()));
            }
            self.at += if byte == b'\\' { 2 } else { 1 };
        }
        Err(self.bad("a closing quote"))
    }

    fn int(&mut self) -> Result<Value, BadLiteral> {
        let negative = self.byte() == Some(b'-');
        self.at += usize::from(negative);
        let start = self.at;
        let mut value: i128 = 0;
        while let Some(digit) = self.byte().filter(u8::is_ascii_digit) {
            value = value
                .checked_mul(10)
                .and_then(|value| value.checked_add(i128::from(digit - b'0')))
                .ok_or_else(|| self.bad("a number that fits in 64 bits"))?;
            self.at += 1;
        }
        if self.at == start {
            return Err(self.bad("a digit"));
        }
        self.at += usize::from(matches!(self.byte(), Some(b'L' | b'l')));
        Ok(Value::Int(if negative { -value } else { value }))
    }

    fn word(&mut self) -> Result<Value, BadLiteral> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        for (word, value) in [("True", Value::Bool(true)), ("False", Value::Bool(false)), ("None", Value::None)] {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.bad("a string, a number, a tuple, a list, True, False or None"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[track_caller]
    fn check(literal: &str, expected: Value) {
        let got = parse_dict(format!("{{'k': {literal}}}").as_bytes());
        assert_eq!(got, Ok(vec![("k".to_owned(), expected)]), "{literal}");
    }

    #[track_caller]
    fn refuse(literal: &str, part: &str) {
        let error = parse_dict(literal.as_bytes()).unwrap_err();
        assert!(error.expected.contains(part), "{literal}: {error:?}");
    }

    #[test]
    fn values() {
        check("'<f4'", text("<f4"));
        check("\"it's\"", text("it's"));
        check("u'x'", text("x"));
        check(r"'a\'b'", text(r"a\'b"));
        check("(60000, 28, 28)", Value::Tuple(vec![Value::Int(60000), Value::Int(28), Value::Int(28)]));
        check("(3,)", Value::Tuple(vec![Value::Int(3)]));
        check("(3L, 4L)", Value::Tuple(vec![Value::Int(3), Value::Int(4)]));
        check("( 3 ,\n4 , )", Value::Tuple(vec![Value::Int(3), Value::Int(4)]));
        check("()", Value::Tuple(vec![]));
        check("(3)", Value::Int(3));
        check("-7", Value::Int(-7));
        check("18446744073709551616", Value::Int(1 << 64));
        check("False", Value::Bool(false));
        check("None", Value::None);
        check("[('a', '<i4')]", Value::List(vec![Value::Tuple(vec![text("a"), text("<i4")])]));
    }

    #[test]
    fn dictionaries() {
        for whole in ["{}", " { } \n", "{'a': 1}", "{'a':1,}", "{ 'a' : 1 , 'b' : 2 , }\n"] {
            assert!(parse_dict(whole.as_bytes()).is_ok(), "{whole}");
        }
        refuse("", "a dictionary");
        refuse("{", "a string");
        refuse("{'a'", "`:`");
        refuse("{'a': }", "True");
        refuse("{'a': 1", "`}`");
        refuse("{'a': 1} x", "white space");
        refuse("{1: 2}", "a string as key");
        refuse("{'a: 1}", "closing quote");
        refuse("{'a\\", "closing quote");
        refuse("{'a': (1 2)}", "closing bracket");
        refuse("{'a': -}", "digit");
        refuse(&format!("{{'a': {}}}", "9".repeat(60)), "64 bits");
        refuse(&format!("{{'a': {}", "(".repeat(100_000)), "nested");
        refuse(&format!("{{'a': {}", "[".repeat(100_000)), "nested");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_dict(&bytes);
        }

        #[test]
        fn anything_like_a_header_is_read_or_refused(text in r#"\{['" (),:\[\]\{\}a-fTL0-9-]{0,80}"#) {
            let _ = parse_dict(text.as_bytes());
        }
    }
}
