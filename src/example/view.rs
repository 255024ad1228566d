//! Reading an Example or SequenceExample in place: which features it has and what they hold, without copying a payload.
//!
//! What is accepted, and which of several values wins, is what protobuf's parsers do: features in several parts are joined,
//! of a key that stands twice the last one counts, lists may be packed or not, unknown fields are passed over.

use std::borrow::Cow;

use super::{
    schema::Kind,
    wire::{Fields, Malformed, Wire, varint},
};

/// The features of one record, borrowed from its payload.
#[derive(Debug, Default, Clone)]
pub struct ExampleView<'a> {
    /// The features of an Example, or the context of a SequenceExample; by key, each key once.
    pub features: Vec<(&'a str, FeatureView<'a>)>,
    /// The lists of a SequenceExample, by key; `None` for an Example.
    pub lists: Option<Vec<(&'a str, Vec<FeatureView<'a>>)>>,
}

/// One feature: a list of values of one kind, or nothing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct FeatureView<'a> {
    kind: Option<Kind>,
    /// The serialized list message, which was checked: reading it does not fail.
    list: Cow<'a, [u8]>,
}

impl<'a> ExampleView<'a> {
    /// Reads a payload. A message with `feature_lists` is a SequenceExample, any other one an Example: the two cannot be
    /// told apart otherwise.
    ///
    /// # Errors
    /// [`Malformed`] with the place in the payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut view = Self::default();
        let mut fields = Fields::new(payload, 0);
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                (1, Wire::Bytes(message)) => {
                    let at = fields.at() - message.len();
                    entries(message, at, &mut view.features, |part, at, slot| feature(part, at, slot))?;
                }
                (2, Wire::Bytes(message)) => {
                    let at = fields.at() - message.len();
                    entries(message, at, view.lists.get_or_insert_default(), feature_list)?;
                }
                (1 | 2, _) => return Err(Malformed { at: fields.at(), what: "a number where features should be" }),
                _ => {}
            }
        }
        last_of_each_key(&mut view.features);
        if let Some(lists) = &mut view.lists {
            last_of_each_key(lists);
        }
        Ok(view)
    }

    /// The feature with this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&FeatureView<'a>> {
        let at = self.features.binary_search_by(|(found, _)| (*found).cmp(key)).ok()?;
        self.features.get(at).map(|(_, feature)| feature)
    }
}

impl FeatureView<'_> {
    /// Which list it holds; `None` if it holds none.
    #[must_use]
    pub const fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// How many values it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.kind {
            None => 0,
            Some(Kind::Bytes) => self.bytes().count(),
            Some(Kind::Float) => self.float_bytes().map(|part| part.len() / 4).sum(),
            Some(Kind::Int64) => {
                let ends = |part: &[u8]| part.iter().filter(|byte| **byte < 0x80).count();
                self.parts().map(|part| if let Wire::Bytes(packed) = part { ends(packed) } else { 1 }).sum()
            }
        }
    }

    /// Whether it holds no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self.kind {
            Some(Kind::Bytes) => self.bytes().next().is_none(),
            _ => self.len() == 0,
        }
    }

    /// The values of a list of bytes; none for other kinds.
    pub fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        let of_kind = self.kind == Some(Kind::Bytes);
        self.parts()
            .filter_map(move |part| if let Wire::Bytes(bytes) = part { Some(bytes).filter(|_| of_kind) } else { None })
    }

    /// The values of a list of whole numbers; none for other kinds.
    pub fn ints(&self) -> impl Iterator<Item = i64> {
        let of_kind = self.kind == Some(Kind::Int64);
        self.parts().filter(move |_| of_kind).flat_map(|part| {
            let (one, mut packed) = match part {
                Wire::Varint(value) => (Some(value), &[][..]),
                Wire::Bytes(packed) => (None, packed),
                _ => (None, &[][..]),
            };
            let packed = std::iter::from_fn(move || {
                let (value, len) = varint(packed)?;
                packed = packed.get(len..).unwrap_or_default();
                Some(value)
            });
            one.into_iter().chain(packed).map(u64::cast_signed)
        })
    }

    /// The values of a list of floats; none for other kinds.
    pub fn floats(&self) -> impl Iterator<Item = f32> {
        self.float_bytes().flat_map(|part| {
            let values = part.as_chunks::<4>().0.to_vec();
            values.into_iter().map(f32::from_le_bytes)
        })
    }

    /// The values of a list of floats as little-endian bytes, in one piece for what writers write today.
    pub fn float_bytes(&self) -> impl Iterator<Item = Cow<'_, [u8]>> {
        let of_kind = self.kind == Some(Kind::Float);
        self.parts().filter(move |_| of_kind).filter_map(|part| match part {
            Wire::Bytes(packed) => Some(Cow::Borrowed(packed)),
            Wire::Fixed32(value) => Some(Cow::Owned(value.to_vec())),
            _ => None,
        })
    }

    /// The occurrences of the one field of the list message.
    fn parts(&self) -> impl Iterator<Item = Wire<'_>> {
        let mut fields = Fields::new(&self.list, 0);
        std::iter::from_fn(move || {
            loop {
                match fields.next() {
                    Ok(Some((1, value))) => return Some(value),
                    Ok(Some(_)) => {}
                    Ok(None) | Err(_) => return None,
                }
            }
        })
    }
}

/// The entries of a map from text to messages, which `read` adds to the value of their key.
fn entries<'a, T: Default>(
    message: &'a [u8],
    at: usize,
    into: &mut Vec<(&'a str, T)>,
    read: impl Fn(&'a [u8], usize, &mut T) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut map = Fields::new(message, at);
    while let Some((number, value)) = map.next()? {
        let (1, Wire::Bytes(entry)) = (number, value) else {
            if number == 1 {
                return Err(Malformed { at: map.at(), what: "a number where a feature should be" });
            }
            continue;
        };
        let mut fields = Fields::new(entry, map.at() - entry.len());
        let (mut key, mut value) = ("", T::default());
        while let Some((number, part)) = fields.next()? {
            match (number, part) {
                (1, Wire::Bytes(text)) => {
                    let start = fields.at() - text.len();
                    key = std::str::from_utf8(text)
                        .map_err(|_| Malformed { at: start, what: "a feature name that is not UTF-8" })?;
                }
                (2, Wire::Bytes(message)) => read(message, fields.at() - message.len(), &mut value)?,
                (1 | 2, _) => return Err(Malformed { at: fields.at(), what: "a number in a feature's place" }),
                _ => {}
            }
        }
        into.push((key, value));
    }
    Ok(())
}

/// Reads a `Feature` into a slot: of several kinds the last one counts, parts of one kind are joined.
fn feature<'a>(message: &'a [u8], at: usize, slot: &mut FeatureView<'a>) -> Result<(), Malformed> {
    let mut fields = Fields::new(message, at);
    while let Some((number, value)) = fields.next()? {
        let kind = match number {
            1 => Kind::Bytes,
            2 => Kind::Float,
            3 => Kind::Int64,
            _ => continue,
        };
        let Wire::Bytes(list) = value else {
            return Err(Malformed { at: fields.at(), what: "a number where a list should be" });
        };
        check_list(kind, list, fields.at() - list.len())?;
        if slot.kind == Some(kind) {
            slot.list.to_mut().extend_from_slice(list);
        } else {
            *slot = FeatureView { kind: Some(kind), list: Cow::Borrowed(list) };
        }
    }
    Ok(())
}

fn feature_list<'a>(message: &'a [u8], at: usize, slot: &mut Vec<FeatureView<'a>>) -> Result<(), Malformed> {
    let mut fields = Fields::new(message, at);
    while let Some((number, value)) = fields.next()? {
        if let (1, Wire::Bytes(message)) = (number, value) {
            let mut one = FeatureView::default();
            feature(message, fields.at() - message.len(), &mut one)?;
            slot.push(one);
        } else if number == 1 {
            return Err(Malformed { at: fields.at(), what: "a number where a feature should be" });
        }
    }
    Ok(())
}

/// Whether a list message can be read to its end.
fn check_list(kind: Kind, list: &[u8], at: usize) -> Result<(), Malformed> {
    let mut fields = Fields::new(list, at);
    while let Some((number, value)) = fields.next()? {
        if number != 1 {
            continue;
        }
        let fault = match (kind, value) {
            (Kind::Bytes, Wire::Bytes(_)) | (Kind::Float, Wire::Fixed32(_)) | (Kind::Int64, Wire::Varint(_)) => None,
            (Kind::Float, Wire::Bytes(packed)) if packed.len() % 4 == 0 => None,
            (Kind::Float, Wire::Bytes(_)) => Some("a list of floats that is no multiple of four bytes"),
            (Kind::Int64, Wire::Bytes(packed)) if is_varints(packed) => None,
            (Kind::Int64, Wire::Bytes(_)) => Some("a list of numbers of which one does not end"),
            _ => Some("a value of another kind than its list"),
        };
        if let Some(what) = fault {
            return Err(Malformed { at: fields.at(), what });
        }
    }
    Ok(())
}

/// Whether bytes are a run of whole varints.
fn is_varints(packed: &[u8]) -> bool {
    // The common case first: all numbers below 128.
    if packed.iter().all(|byte| *byte < 0x80) {
        return true;
    }
    let mut rest = packed;
    while !rest.is_empty() {
        match varint(rest) {
            Some((_, len)) => rest = rest.get(len..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

/// Sorts by key and keeps the last entry of each.
fn last_of_each_key<T>(entries: &mut Vec<(&str, T)>) {
    if entries.is_sorted_by(|a, b| a.0 < b.0) {
        return;
    }
    // Stable, so that of equal keys the one that stood last comes last; `dedup_by` keeps the first, hence the reversals.
    entries.reverse();
    entries.sort_by(|a, b| a.0.cmp(b.0));
    entries.dedup_by(|later, earlier| later.0 == earlier.0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::example::proto;

    fn kind_of(feature: &FeatureView<'_>) -> Option<proto::feature::Kind> {
        Some(match feature.kind()? {
            Kind::Bytes => proto::feature::Kind::BytesList(proto::BytesList {
                value: feature.bytes().map(<[u8]>::to_vec).collect(),
            }),
            Kind::Float => proto::feature::Kind::FloatList(proto::FloatList { value: feature.floats().collect() }),
            Kind::Int64 => proto::feature::Kind::Int64List(proto::Int64List { value: feature.ints().collect() }),
        })
    }

    /// The same features as `prost` reads, or none where `prost` reads none.
    fn compare(payload: &[u8]) {
        let view = ExampleView::parse(payload);
        let Ok(message) = proto::SequenceExample::decode(payload) else {
            assert!(view.is_err(), "prost refuses {payload:?}");
            return;
        };
        let view = view.unwrap();
        let context = message.context.unwrap_or_default().feature;
        assert_eq!(view.features.len(), context.len());
        for ((key, feature), (expected_key, expected)) in view.features.iter().zip(&context) {
            assert_eq!(key, expected_key);
            let found = proto::Feature { kind: kind_of(feature) };
            assert_eq!(found.encode_to_vec(), expected.encode_to_vec());
            let len = match &expected.kind {
                None => 0,
                Some(proto::feature::Kind::BytesList(list)) => list.value.len(),
                Some(proto::feature::Kind::FloatList(list)) => list.value.len(),
                Some(proto::feature::Kind::Int64List(list)) => list.value.len(),
            };
            assert_eq!((feature.len(), feature.is_empty()), (len, len == 0));
        }
        assert_eq!(view.lists.is_some(), message.feature_lists.is_some());
        let lists = message.feature_lists.unwrap_or_default().feature_list;
        for ((key, found), (expected_key, expected)) in view.lists.unwrap_or_default().iter().zip(&lists) {
            assert_eq!(key, expected_key);
            let found: Vec<_> = found.iter().map(|one| proto::Feature { kind: kind_of(one) }.encode_to_vec()).collect();
            assert_eq!(found, expected.feature.iter().map(Message::encode_to_vec).collect::<Vec<_>>());
        }
    }

    fn any_feature() -> impl Strategy<Value = proto::Feature> {
        let bytes = proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..4)
            .prop_map(|value| proto::feature::Kind::BytesList(proto::BytesList { value }));
        let ints = proptest::collection::vec(any::<i64>(), 0..6)
            .prop_map(|value| proto::feature::Kind::Int64List(proto::Int64List { value }));
        let floats = proptest::collection::vec(-1e6f32..1e6, 0..6)
            .prop_map(|value| proto::feature::Kind::FloatList(proto::FloatList { value }));
        proptest::option::of(prop_oneof![bytes, ints, floats]).prop_map(|kind| proto::Feature { kind })
    }

    fn any_sequence() -> impl Strategy<Value = Vec<u8>> {
        let features = proptest::collection::btree_map("[a-c/]{0,3}", any_feature(), 0..5);
        let lists = proptest::collection::btree_map("[a-c]{0,2}", proptest::collection::vec(any_feature(), 0..3), 0..3);
        (proptest::option::of(features), proptest::option::of(lists)).prop_map(|(features, lists)| {
            let feature_list = |(key, feature)| (key, proto::FeatureList { feature });
            proto::SequenceExample {
                context: features.map(|feature| proto::Features { feature }),
                feature_lists: lists
                    .map(|lists| proto::FeatureLists { feature_list: lists.into_iter().map(feature_list).collect() }),
            }
            .encode_to_vec()
        })
    }

    proptest! {
        #[test]
        fn what_prost_reads(payload in any_sequence(), more in any_sequence()) {
            compare(&payload);
            // Two messages end to end are one message: parts are joined, of equal keys the last wins.
            compare(&[payload, more].concat());
        }

        #[test]
        fn damage_is_refused_where_prost_refuses_it(payload in any_sequence(), at: prop::sample::Index, to: u8) {
            let mut payload = payload;
            if !payload.is_empty() {
                let at = at.index(payload.len());
                payload[at] = to;
                compare(&payload);
                payload.truncate(at);
                compare(&payload);
            }
        }
    }

    #[test]
    fn records_of_tensorflow_in_unusual_forms() {
        let bytes = include_bytes!("../../fixtures/tfrecord/unusual.tfrecord");
        let mut rest = &bytes[..];
        let mut seen = 0;
        while rest.len() > 16 {
            let len = usize::try_from(u64::from_le_bytes(*rest.first_chunk().unwrap())).unwrap();
            compare(&rest[12..12 + len]);
            rest = &rest[len + 16..];
            seen += 1;
        }
        assert_eq!(seen, 8);
    }
}
