//! Shards that TensorFlow wrote are read as TensorFlow reads them.

use std::{collections::BTreeMap, fs, io::Read};

use prost::Message;
use serde_json::Value;
use shardify::example::proto::{Example, SequenceExample, feature::Kind};

use crate::support::{features, fixture, records};

fn from_hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A feature as `expected.json` describes it.
fn described(kind: Option<&Kind>) -> Value {
    let hex = |bytes: &Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match kind {
        None => serde_json::json!({}),
        Some(Kind::BytesList(list)) => serde_json::json!({ "bytes": list.value.iter().map(hex).collect::<Vec<_>>() }),
        Some(Kind::FloatList(list)) => {
            serde_json::json!({ "float_bits": list.value.iter().map(|value| value.to_bits()).collect::<Vec<_>>() })
        }
        Some(Kind::Int64List(list)) => {
            serde_json::json!({ "int64": list.value.iter().map(i64::to_string).collect::<Vec<_>>() })
        }
    }
}

#[test]
fn every_shard_of_tensorflow_is_read_as_it_was_written() {
    let expected: Value = serde_json::from_slice(&fs::read(fixture("tfrecord/expected.json")).unwrap()).unwrap();
    let files = expected["files"].as_object().unwrap();
    let mut on_disk: Vec<_> = fs::read_dir(fixture("tfrecord"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".tfrecord"))
        .collect();
    on_disk.sort_unstable();
    assert!(on_disk.iter().eq(files.keys()), "{on_disk:?}");

    let mut examples = 0;
    for (name, file) in files {
        let stored = fs::read(fixture("tfrecord").join(name)).unwrap();
        let mut plain = Vec::new();
        match file["compression"].as_str().unwrap() {
            "" => plain = stored,
            "GZIP" => drop(flate2::read::MultiGzDecoder::new(&stored[..]).read_to_end(&mut plain).unwrap()),
            "ZLIB" => drop(flate2::read::ZlibDecoder::new(&stored[..]).read_to_end(&mut plain).unwrap()),
            other => panic!("{name}: {other}"),
        }
        let records = records(&plain);
        let truth = file["records"].as_array().unwrap();
        assert_eq!(records.len(), truth.len(), "{name}");
        for (at, ((_, payload), truth)) in records.iter().zip(truth).enumerate() {
            assert_eq!(*payload, from_hex(&truth["payload"]), "{name}, record {at}");
            match file["kind"].as_str() {
                Some("Example") => {
                    let features = features(payload);
                    let got: BTreeMap<_, _> =
                        features.iter().map(|(k, f)| (k.clone(), described(f.kind.as_ref()))).collect();
                    assert_eq!(serde_json::json!(got), truth["features"], "{name}, record {at}");
                    let canonical = from_hex(truth.get("canonical").unwrap_or(&truth["payload"]));
                    let canonical = Example::decode(&canonical[..]).unwrap().features.unwrap_or_default();
                    assert_eq!(features, canonical.feature, "{name}, record {at}");
                    examples += 1;
                }
                Some("SequenceExample") => {
                    let sequence = SequenceExample::decode(&payload[..]).unwrap();
                    assert_eq!(sequence.feature_lists.unwrap().feature_list["frames"].feature.len(), 2);
                }
                _ => {}
            }
        }
    }
    assert!(examples > 40, "{examples}");
}
