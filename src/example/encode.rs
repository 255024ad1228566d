//! Serializing an Example around a payload that is already where it will be written from.
//!
//! Keys are written in byte order and lists are packed, so that the same features always give the same bytes, equal to
//! `SerializeToString(deterministic=True)`. One value may be a gap: the caller holds its bytes and places head and tail
//! around them, so that an image is never copied.

/// The largest serialized Example that protocol buffers allow, in bytes.
pub const MAX_EXAMPLE: u64 = (1 << 31) - 1;

/// The most bytes that a number takes in a list.
const MAX_VARINT: usize = 10;

/// The value of one feature, borrowed.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// A `bytes_list` of one value.
    Bytes(&'a [u8]),
    /// A `bytes_list` of one value of this many bytes, which the caller places between head and tail.
    Gap(u64),
    /// A `float_list` of this many bytes, a multiple of four, which the caller places likewise.
    FloatGap(u64),
    /// An `int64_list`.
    Int64(&'a [i64]),
    /// A `float_list`, given as little-endian bytes; the length is a multiple of four.
    Float32(&'a [u8]),
}

/// The bytes before and after the gap. Without a gap, all are in `head`.
#[derive(Debug, Default, Clone)]
pub struct Around {
    /// From the start of the Example to the gap.
    pub head: Vec<u8>,
    /// From the gap to the end.
    pub tail: Vec<u8>,
    /// How many bytes each value takes by itself: asked for at every level around it, and numbers have to be counted.
    contents: Vec<u64>,
}

impl Around {
    /// Serializes the features, which are sorted by key on the way; a key may stand only once. Returns the length of the
    /// whole Example, gap included. At most one value may be a gap.
    pub fn encode(&mut self, features: &mut [(&str, Value<'_>)]) -> u64 {
        features.sort_unstable_by_key(|(key, _)| *key);
        debug_assert!(features.is_sorted_by(|a, b| a.0 < b.0), "each key once");
        self.head.clear();
        self.tail.clear();
        self.contents.clear();
        self.contents.extend(features.iter().map(|(_, value)| value.content_len()));
        let entries = features.iter().zip(&self.contents);
        let features_len: u64 =
            entries.map(|((key, value), content)| field_len(entry_len(key, value.list_len(*content)))).sum();
        let mut out = &mut self.head;
        tag_len(out, 1, features_len);
        for ((key, value), content) in features.iter().zip(&self.contents) {
            let list = value.list_len(*content);
            tag_len(out, 1, entry_len(key, list));
            tag_len(out, 1, key.len() as u64);
            out.extend_from_slice(key.as_bytes());
            tag_len(out, 2, field_len(list));
            tag_len(out, value.list_field(), list);
            match value {
                Value::Int64([]) | Value::Float32([]) | Value::FloatGap(0) => {}
                Value::Bytes(bytes) | Value::Float32(bytes) => {
                    tag_len(out, 1, *content);
                    out.extend_from_slice(bytes);
                }
                Value::Gap(_) | Value::FloatGap(_) => {
                    tag_len(out, 1, *content);
                    out = &mut self.tail;
                }
                Value::Int64(values) => {
                    tag_len(out, 1, *content);
                    pack(out, values, *content);
                }
            }
        }
        field_len(features_len)
    }
}

impl Value<'_> {
    /// The field of `Feature` that holds the list.
    const fn list_field(&self) -> u8 {
        match self {
            Self::Bytes(_) | Self::Gap(_) => 1,
            Self::Float32(_) | Self::FloatGap(_) => 2,
            Self::Int64(_) => 3,
        }
    }

    /// The bytes that the value takes by itself.
    fn content_len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) | Self::Float32(bytes) => bytes.len() as u64,
            Self::Gap(len) | Self::FloatGap(len) => *len,
            Self::Int64(values) => values.iter().map(|value| varint_len(value.cast_unsigned())).sum(),
        }
    }

    /// The length of the serialized `BytesList`, `FloatList` or `Int64List` around so many bytes.
    const fn list_len(&self, content: u64) -> u64 {
        match self {
            Self::Int64([]) | Self::Float32([]) | Self::FloatGap(0) => 0,
            _ => field_len(content),
        }
    }
}

/// The length of an entry of the map of features, whose list takes `list` bytes.
const fn entry_len(key: &str, list: u64) -> u64 {
    field_len(key.len() as u64) + field_len(field_len(list))
}

/// The length of a length-delimited field: tag, length, content.
const fn field_len(content: u64) -> u64 {
    1 + varint_len(content) + content
}

const fn varint_len(value: u64) -> u64 {
    // Seven bits a byte, and at least one byte.
    ((64 - (value | 1).leading_zeros() as u64) * 9 + 64) / 64
}

/// The tag of length-delimited field `field`, then `len`.
fn tag_len(out: &mut Vec<u8>, field: u8, len: u64) {
    out.push(field << 3 | 2);
    varint(out, len);
}

/// Appends values, which take `packed` bytes together. Each is written as eight bytes, of which the next one overwrites those
/// that it does not need: a loop over bytes would mostly wait for wrong guesses of where it ends.
fn pack(out: &mut Vec<u8>, values: &[i64], packed: u64) {
    let mut at = out.len();
    let end = at + usize::try_from(packed).unwrap_or(usize::MAX);
    out.resize(end + MAX_VARINT, 0);
    for value in values {
        let mut value = value.cast_unsigned();
        let Some(room) = out.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<MAX_VARINT>) else { break };
        let len = varint_len(value);
        if value < 1 << 56 {
            // Seven bits a byte: two halves of 28 bits, then four of 14, then eight of 7.
            value = value & 0x0fff_ffff | (value & 0x00ff_ffff_f000_0000) << 4;
            value = value & 0x0000_3fff_0000_3fff | (value & 0x0fff_c000_0fff_c000) << 2;
            value = value & 0x007f_007f_007f_007f | (value & 0x3f80_3f80_3f80_3f80) << 1;
            // Every byte but the last one says that another follows.
            value |= 0x8080_8080_8080_8080 & ((1 << (8 * (len - 1))) - 1);
            let [eight @ .., _, _] = room;
            *eight = value.to_le_bytes();
        } else {
            for byte in room {
                *byte = (value & 0x7f) as u8 | 0x80;
                value >>= 7;
                if value == 0 {
                    *byte &= 0x7f;
                    break;
                }
            }
        }
        at += usize::try_from(len).unwrap_or(MAX_VARINT);
    }
    out.truncate(end);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::example::proto;

    /// What `SerializeToString(deterministic=True)` of TensorFlow 2.21 gave.
    #[test]
    fn bytes_equal_tensorflows() {
        let expected: &[u8] = b"\x0a\x30\x0a\x0d\x0a\x01f\x12\x08\x12\x06\x0a\x04\x00\x00\xc0\x3f\
            \x0a\x0f\x0a\x05image\x12\x06\x0a\x04\x0a\x02AB\x0a\x0e\x0a\x05label\x12\x05\x1a\x03\x0a\x01\x03";
        let mut around = Around::default();
        let float = 1.5f32.to_le_bytes();
        let mut features =
            [("label", Value::Int64(&[3])), ("image", Value::Bytes(b"AB")), ("f", Value::Float32(&float))];
        assert_eq!(around.encode(&mut features), expected.len() as u64);
        assert_eq!((around.head.as_slice(), around.tail.len()), (expected, 0));

        let mut features = [("label", Value::Int64(&[3])), ("image", Value::Gap(2)), ("f", Value::Float32(&float))];
        assert_eq!(around.encode(&mut features), expected.len() as u64);
        assert_eq!([&around.head[..], b"AB", &around.tail].concat(), expected);
    }

    #[test]
    fn varint_lengths() {
        for bits in 0..64 {
            for value in [(1u64 << bits) - 1, 1 << bits, u64::MAX] {
                let mut out = Vec::new();
                varint(&mut out, value);
                assert_eq!(out.len() as u64, varint_len(value), "{value:#x}");
                let mut packed = Vec::new();
                pack(&mut packed, &[value.cast_signed()], varint_len(value));
                assert_eq!(packed, out, "{value:#x}");
            }
        }
    }

    proptest! {
        #[test]
        fn prost_reads_what_is_written(
            image in proptest::collection::vec(any::<u8>(), 0..300),
            ints in proptest::collection::vec((any::<i64>(), 0..64).prop_map(|(bits, by)| bits >> by), 0..40),
            floats in proptest::collection::vec(any::<u32>(), 0..40),
            key in "\\PC{1,200}",
        ) {
            prop_assume!(!["f", "i", "image"].contains(&key.as_str()));
            let float_bytes: Vec<u8> = floats.iter().flat_map(|bits| bits.to_le_bytes()).collect();
            let mut around = Around::default();
            let mut features = [
                (key.as_str(), Value::Bytes(b"name")),
                ("image", Value::Gap(image.len() as u64)),
                ("i", Value::Int64(&ints)),
                ("f", Value::Float32(&float_bytes)),
            ];
            let len = around.encode(&mut features);
            let bytes = [&around.head[..], &image, &around.tail].concat();
            features.sort_unstable_by_key(|(key, _)| *key);
            for (_, value) in &mut features {
                match value {
                    Value::Gap(_) => *value = Value::Bytes(&image),
                    Value::Float32(floats) => *value = Value::FloatGap(floats.len() as u64),
                    _ => {}
                }
            }
            let mut float_gap = Around::default();
            prop_assert_eq!(float_gap.encode(&mut features), len);
            prop_assert_eq!(&[&float_gap.head[..], &float_bytes, &float_gap.tail].concat(), &bytes);
            prop_assert_eq!(len, bytes.len() as u64);
            let example = proto::Example::decode(bytes.as_slice()).unwrap();
            prop_assert_eq!(&example.encode_to_vec(), &bytes);
            let features = example.features.unwrap().feature;
            prop_assert_eq!(features.len(), 4);
            let kind = |key: &str| features[key].kind.clone().unwrap();
            prop_assert_eq!(kind("image"), proto::feature::Kind::BytesList(proto::BytesList { value: vec![image] }));
            prop_assert_eq!(kind("i"), proto::feature::Kind::Int64List(proto::Int64List { value: ints }));
            let proto::feature::Kind::FloatList(list) = kind("f") else { panic!("a float list") };
            prop_assert_eq!(list.value.iter().map(|f| f.to_bits()).collect::<Vec<_>>(), floats);
        }
    }
}
