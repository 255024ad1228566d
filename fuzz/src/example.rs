//! Example and SequenceExample: the features that `prost` reads, and none where `prost` reads none.

use prost::Message;
use shardify::{
    example::{ExampleView, FeatureView, Kind, proto},
    pipeline::FieldStats,
};

use super::input::Input;

/// A payload, and counting one in two parts.
pub(super) fn run(data: &[u8]) {
    compare(data);
    let mut input = Input(data);
    let len = input.short() % (data.len() + 1);
    let (one, two) = (input.take(len), input.0);
    compare(&[one, two].concat());
    let mut both = FieldStats::default();
    both.add(one, 0, true);
    both.add(two, 1, true);
    let (mut first, mut second) = (FieldStats::default(), FieldStats::default());
    first.add(one, 0, true);
    second.add(two, 0, true);
    first.join(second, 1);
    assert_eq!(format!("{:?}", first.features), format!("{:?}", both.features), "counted in parts");
    assert_eq!(first.records() + first.malformed, 2 + both.malformed - both.malformed);
}

/// The feature as `prost` would have read it.
pub(super) fn as_message(feature: &FeatureView<'_>) -> proto::Feature {
    let kind = feature.kind().map(|kind| match kind {
        Kind::Bytes => {
            proto::feature::Kind::BytesList(proto::BytesList { value: feature.bytes().map(<[u8]>::to_vec).collect() })
        }
        Kind::Float => proto::feature::Kind::FloatList(proto::FloatList { value: feature.floats().collect() }),
        Kind::Int64 => proto::feature::Kind::Int64List(proto::Int64List { value: feature.ints().collect() }),
    });
    proto::Feature { kind }
}

fn compare(payload: &[u8]) {
    let view = ExampleView::parse(payload);
    let Ok(message) = proto::SequenceExample::decode(payload) else {
        assert!(view.is_err(), "prost refuses it");
        return;
    };
    let view = view.unwrap_or_else(|error| panic!("prost reads it: {error:?}"));
    // Bytes are compared: no number is equal to NaN.
    let features = view.features.iter().map(|(key, feature)| ((*key).to_owned(), as_message(feature)));
    let context = proto::Features { feature: features.collect() };
    assert_eq!(context.encode_to_vec(), message.context.unwrap_or_default().encode_to_vec());
    assert_eq!(view.lists.is_some(), message.feature_lists.is_some());
    let lists = view.lists.unwrap_or_default();
    let lists = lists
        .iter()
        .map(|(key, list)| ((*key).to_owned(), proto::FeatureList { feature: list.iter().map(as_message).collect() }));
    let lists = proto::FeatureLists { feature_list: lists.collect() };
    assert_eq!(lists.encode_to_vec(), message.feature_lists.unwrap_or_default().encode_to_vec());
    for (key, feature) in &view.features {
        let len = feature.bytes().count() + feature.ints().count() + feature.floats().count();
        assert_eq!((feature.len(), feature.is_empty()), (len, len == 0), "{key}");
    }
}
