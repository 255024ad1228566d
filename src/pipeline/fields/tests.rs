use prost::Message;

use super::{by_key::MAX_KEYS, *};
use crate::{
    example::{
        Kind,
        proto::{self, feature},
    },
    transform::SourceFormat,
};

fn ints(values: &[i64]) -> Option<feature::Kind> {
    Some(feature::Kind::Int64List(proto::Int64List { value: values.to_vec() }))
}

fn floats(values: &[f32]) -> Option<feature::Kind> {
    Some(feature::Kind::FloatList(proto::FloatList { value: values.to_vec() }))
}

fn bytes(values: &[&[u8]]) -> Option<feature::Kind> {
    Some(feature::Kind::BytesList(proto::BytesList { value: values.iter().map(|it| it.to_vec()).collect() }))
}

fn example(features: &[(&str, Option<feature::Kind>)]) -> Vec<u8> {
    let feature = features.iter().map(|(key, kind)| ((*key).to_owned(), proto::Feature { kind: kind.clone() }));
    proto::Example { features: Some(proto::Features { feature: feature.collect() }) }.encode_to_vec()
}

/// The statistics of these records, in one part or in as many parts as there are records.
fn stats(records: &[Vec<u8>], values: bool) -> FieldStats {
    let mut whole = FieldStats::default();
    let mut joined = FieldStats::default();
    for (number, record) in (0..).zip(records) {
        whole.add(record, number, values);
        let mut part = FieldStats::default();
        part.add(record, 0, values);
        joined.join(part, number);
    }
    assert_eq!(format!("{whole:?}"), format!("{joined:?}"));
    whole
}

#[test]
fn kinds_counts_and_ranges() {
    let records = [
        example(&[("f", floats(&[1.5, f32::NAN])), ("i", ints(&[3])), ("n", None)]),
        example(&[("b", bytes(&[b"abc", b""])), ("f", floats(&[f32::INFINITY, -2.0])), ("i", ints(&[-1]))]),
        example(&[("i", ints(&[7, 8]))]),
        b"\xff".to_vec(),
    ];
    let all = stats(&records, true);
    assert_eq!((all.examples, all.sequences, all.malformed, all.records()), (3, 0, 1, 3));
    assert_eq!(all.first_malformed.unwrap().0, 3);
    let keys: Vec<&str> = all.features.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["b", "f", "i", "n"]);
    let f = all.features.get("f").unwrap();
    assert_eq!((f.floats, f.nans, f.infinities), (Some(Range { min: -2.0, max: 1.5 }), 1, 1));
    assert_eq!((f.kind(), f.records, f.fixed_count(2), f.fixed_count(3)), (Some(Kind::Float), 2, Some(2), None));
    let i = all.features.get("i").unwrap();
    assert_eq!((i.ints, i.count), (Some(Range { min: -1, max: 8 }), Some(Range { min: 1, max: 2 })));
    assert_eq!(i.histogram.counts().unwrap().iter().collect::<Vec<_>>(), [(&-1, &1), (&3, &1)]);
    assert_eq!(all.features.get("b").unwrap().length, Some(Range { min: 0, max: 3 }));
    let n = all.features.get("n").unwrap();
    assert_eq!((n.kind(), n.records, n.lists()), (None, 1, 0));
    let quick = stats(&records, false);
    assert_eq!(quick.features.get("i").unwrap().ints, Some(Range { min: -1, max: 3 }), "only those that stand alone");
    assert_eq!(quick.features.get("f").unwrap().floats, None);
}

#[test]
fn bytes_are_told_by_what_is_in_them() {
    let png = include_bytes!("../../../fixtures/broken/images/png-no-end.png");
    let values: [&[u8]; 7] =
        [png, b"\xff\xd8\xff\xe0", b"a caption\n", "caf\u{e9}".as_bytes(), b"", b"\0\x01", b"GIF89a"];
    let records: Vec<_> = values.iter().map(|value| example(&[("x", bytes(&[value]))])).collect();
    let seen = stats(&records, false).features.get("x").unwrap().single_bytes;
    assert_eq!((seen.text, seen.raw, seen.empty, seen.images.count(), seen.count()), (2, 1, 1, 3, 7));
    let found: Vec<_> = seen.images.found().collect();
    assert_eq!(found, [(SourceFormat::Jpeg, 1), (SourceFormat::Png, 1), (SourceFormat::Gif, 1)]);
    assert_eq!(seen.images.unreadable, 2);
    assert!(seen.images.height.is_some_and(|height| height.same().is_some()));
}

#[test]
fn lists_of_sequences_and_texts_of_labels() {
    let step = |kind| proto::Feature { kind };
    let sequence = |frames: &[i64]| {
        let list = proto::FeatureList { feature: frames.iter().map(|frame| step(ints(&[*frame]))).collect() };
        proto::SequenceExample {
            context: None,
            feature_lists: Some(proto::FeatureLists { feature_list: [("frames".to_owned(), list)].into() }),
        }
        .encode_to_vec()
    };
    let seen = stats(&[sequence(&[1, 2]), sequence(&[])], true);
    assert_eq!((seen.sequences, seen.examples), (2, 0));
    let list = seen.lists.get("frames").unwrap();
    assert_eq!((list.steps, list.step.ints), (Some(Range { min: 0, max: 2 }), Some(Range { min: 1, max: 2 })));

    let slim =
        |label, text: &[u8]| example(&[("image/class/label", ints(&[label])), ("image/class/text", bytes(&[text]))]);
    let texts = stats(&[slim(2, b"dog"), slim(1, b"cat"), slim(2, b"dog")], false).texts;
    let named: Vec<_> = texts.of_label().unwrap().iter().map(|(label, text)| (*label, &**text)).collect();
    assert_eq!(named, [(1, "cat"), (2, "dog")]);
    assert_eq!(stats(&[slim(2, b"dog"), slim(2, b"cat")], false).texts.of_label(), None);
    assert_eq!(stats(&[slim(2, b"\xff")], false).texts.of_label(), None);
}

#[test]
fn memory_is_bounded_whatever_the_keys_and_numbers() {
    let mut all = FieldStats::default();
    for number in 0..MAX_KEYS as u64 + 10 {
        all.add(&example(&[("id", ints(&[number.cast_signed()])), (&format!("k{number}"), ints(&[1]))]), number, true);
    }
    assert_eq!(all.features.len(), MAX_KEYS);
    assert!(all.has_more_keys());
    assert_eq!(all.features.get("id").unwrap().histogram.distinct(), MAX_KEYS + 10);
    for number in 0..100_001 {
        all.add(&example(&[("id", ints(&[number]))]), 0, true);
    }
    assert_eq!(all.features.get("id").unwrap().histogram, Histogram::TooMany);
    let mut joined = FieldStats::default();
    joined.add(&example(&[("id", ints(&[1]))]), 0, true);
    joined.join(all, 1);
    assert_eq!(joined.features.get("id").unwrap().histogram, Histogram::TooMany, "counts of a part are no counts");
}
