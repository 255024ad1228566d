//! Writing an Example: `prost` reads what was written, and would have written the same bytes.

use std::collections::BTreeMap;

use prost::Message;
use shardify::example::{Around, ExampleView, Value, proto};

use super::{example::as_message, input::Input};

enum Given {
    Bytes(Vec<u8>),
    Ints(Vec<i64>),
    Floats(Vec<u8>),
}

/// Some features; one of them may be a gap.
pub(super) fn run(data: &[u8]) {
    let mut input = Input(data);
    let gap = usize::from(input.byte());
    let given = features(&mut input);
    let mut hole = Vec::new();
    let mut values: Vec<_> = given
        .iter()
        .enumerate()
        .map(|(number, (key, given))| {
            let value = match given {
                Given::Bytes(bytes) if number == gap => {
                    hole.clone_from(bytes);
                    Value::Gap(bytes.len() as u64)
                }
                Given::Floats(floats) if number == gap => {
                    hole.clone_from(floats);
                    Value::FloatGap(floats.len() as u64)
                }
                Given::Bytes(bytes) => Value::Bytes(bytes),
                Given::Floats(floats) => Value::Float32(floats),
                Given::Ints(ints) => Value::Int64(ints),
            };
            (key.as_str(), value)
        })
        .collect();
    values.reverse();
    let mut around = Around::default();
    let len = around.encode(&mut values);
    let bytes = [&around.head[..], &hole, &around.tail].concat();
    assert_eq!(bytes.len() as u64, len);
    let example = proto::Example::decode(bytes.as_slice()).expect("prost reads it");
    // prost leaves an empty key out of its entry; C++ and Python do not.
    if !given.contains_key("") {
        assert_eq!(example.encode_to_vec(), bytes);
    }
    let found = example.features.unwrap_or_default().feature;
    assert!(found.keys().eq(given.keys()));
    let view = ExampleView::parse(&bytes).expect("we read it");
    for ((key, given), (found_key, feature)) in given.iter().zip(&view.features) {
        assert_eq!(key, found_key);
        assert_eq!(as_message(feature).encode_to_vec(), found[key].encode_to_vec());
        match given {
            Given::Bytes(bytes) => assert!(feature.bytes().eq([bytes.as_slice()])),
            Given::Ints(ints) => assert!(feature.ints().eq(ints.iter().copied())),
            Given::Floats(floats) => assert_eq!(&feature.float_bytes().collect::<Vec<_>>().concat(), floats),
        }
    }
}

fn features(input: &mut Input<'_>) -> BTreeMap<String, Given> {
    let mut features = BTreeMap::new();
    while !input.is_empty() && features.len() < 8 {
        let key = String::from_utf8_lossy(input.text()).into_owned();
        let given = match input.byte() % 3 {
            0 => Given::Bytes(input.text().to_vec()),
            1 => {
                // Of all sizes: a varint has one to ten bytes.
                let count = input.below(12);
                Given::Ints((0..count).map(|_| number(input)).collect())
            }
            _ => {
                let floats = input.text();
                Given::Floats(floats[..floats.len() / 4 * 4].to_vec())
            }
        };
        features.insert(key, given);
    }
    features
}

fn number(input: &mut Input<'_>) -> i64 {
    let len = input.byte();
    let mut bytes = [if len & 0x80 == 0 { 0 } else { 0xff }; 8];
    for byte in bytes.iter_mut().take((len % 9).into()) {
        *byte = input.byte();
    }
    i64::from_le_bytes(bytes)
}
