//! The protocol buffer wire format, borrowed: fields of a message without copies.
//!
//! Source: protobuf.dev/programming-guides/encoding. Groups, which nobody has written since 2008, are skipped as parsers do.

/// Groups inside groups are followed this deep, as the parsers of protobuf do.
const MAX_DEPTH: u32 = 100;

/// Bytes that are no protocol buffer of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// Where in the payload, in bytes.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// The value of one field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Fixed64,
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
    Group,
}

/// The fields of one message, in the order in which they stand.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    /// Where `rest` starts in the payload.
    at: usize,
}

impl<'a> Fields<'a> {
    /// Of the message whose bytes start at `at` in the payload.
    pub(super) const fn new(message: &'a [u8], at: usize) -> Self {
        Self { rest: message, at }
    }

    /// Where the next field starts in the payload.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// The number and value of the next field; `None` at the end. A value of bytes ends where [`Fields::at`] is then.
    pub(super) fn next(&mut self) -> Result<Option<(u32, Wire<'a>)>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, kind) = self.tag()?;
        Ok(Some((number, self.value(number, kind, 0)?)))
    }

    fn fault<T>(&self, what: &'static str) -> Result<T, Malformed> {
        Err(Malformed { at: self.at, what })
    }

    fn tag(&mut self) -> Result<(u32, u8), Malformed> {
        let start = self.at;
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        match number {
            Some(number) => Ok((number, (tag & 7) as u8)),
            None => Err(Malformed { at: start, what: "a field number out of range" }),
        }
    }

    fn value(&mut self, number: u32, kind: u8, depth: u32) -> Result<Wire<'a>, Malformed> {
        match kind {
            0 => self.varint().map(Wire::Varint),
            1 => self.take(8).map(|_| Wire::Fixed64),
            2 => {
                let len = self.varint()?;
                self.take(len).map(Wire::Bytes)
            }
            3 if depth < MAX_DEPTH => loop {
                match self.tag()? {
                    (end, 4) if end == number => return Ok(Wire::Group),
                    (_, 4) => return self.fault("a group that ends as another one"),
                    (number, kind) => self.value(number, kind, depth + 1)?,
                };
            },
            3 => self.fault("groups nested too deeply"),
            5 => {
                let bytes = self.take(4)?;
                Ok(Wire::Fixed32(bytes.first_chunk().copied().unwrap_or_default()))
            }
            _ => self.fault("an unknown wire type"),
        }
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], Malformed> {
        match usize::try_from(len).ok().and_then(|len| self.rest.split_at_checked(len)) {
            Some((taken, rest)) => {
                self.rest = rest;
                self.at += taken.len();
                Ok(taken)
            }
            None => self.fault("a field that is longer than what holds it"),
        }
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        match varint(self.rest) {
            Some((value, len)) => {
                self.rest = self.rest.get(len..).unwrap_or_default();
                self.at += len;
                Ok(value)
            }
            None => self.fault("a number that does not end"),
        }
    }
}

/// The number at the start of some bytes, and how many of them it takes; `None` if it does not end or has over 64 bits.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).wrapping_shl(7 * u32::try_from(at).unwrap_or(0));
        if byte & 0x80 == 0 {
            // Nine bytes hold 63 bits: of the tenth only one is left to use.
            return (at < 9 || *byte < 2).then_some((value, at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(bytes: &[u8]) -> Result<usize, Malformed> {
        let mut fields = Fields::new(bytes, 0);
        let mut count = 0;
        while fields.next()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    #[test]
    fn fields_of_every_wire_type_are_passed_over() {
        assert_eq!(count(b"\x08\x96\x01\x11abcdefgh\x1a\x02ab\x25abcd"), Ok(4));
        assert_eq!(count(b"\x0b\x10\x01\x1b\x1c\x0c\x08\x01"), Ok(2), "a group in a group");
    }

    #[test]
    fn faults_have_their_place() {
        for (bytes, at) in [
            (&b"\x08"[..], 1),
            (b"\x0a\x05abc", 2),
            (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 1),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 1),
            (b"\x00\x01", 0),
            (b"\x0f", 1),
            (b"\x0b\x14", 2),
            (b"\x0c", 1),
        ] {
            assert_eq!(count(bytes).unwrap_err().at, at, "{bytes:?}");
        }
        assert!(count(&[0x0b; 5000]).is_err());
    }
}
