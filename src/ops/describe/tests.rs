use std::{fs, path::Path};

use prost::Message;

use super::*;
use crate::{
    example::{
        Encoding,
        proto::{self, feature::Kind},
    },
    storage::LocalStorage,
    tfrecord::{ReaderOptions, RecordReader},
};

/// What all records in a folder of fixtures hold.
fn stats_of(folder: &str) -> FieldStats {
    let dir = Path::new("fixtures").join(folder);
    let sets = crate::ops::dataset::find(&LocalStorage, &[dir]).unwrap();
    let mut stats = FieldStats::default();
    for path in sets.iter().flat_map(DataSet::shards) {
        let bytes = fs::read(path).unwrap();
        let mut reader = RecordReader::new(&bytes[..], ReaderOptions::default());
        while let Some(record) = reader.next_record().unwrap() {
            stats.add(record.payload, 0, true);
        }
    }
    stats
}

/// A schema in few words: `key: image jpeg 32x_x3`, `(key: text)` where it is auxiliary.
fn told(description: &Description) -> Vec<String> {
    let shape = |shape: &[Option<u64>]| {
        let dims: Vec<_> = shape.iter().map(|dim| dim.map_or("_".to_owned(), |dim| dim.to_string())).collect();
        format!("[{}]", dims.join(","))
    };
    let fields = description.schema.fields.iter().map(|field| {
        let role = match &field.role {
            Role::Image { format, shape: dims, dtype } => {
                let format = format.map_or("any", |format| format.name());
                format!("image {format} {dtype} {}", shape(&dims.map(|dim| dim.map(u64::from))))
            }
            Role::ClassLabel { classes, .. } => format!("{classes} classes"),
            Role::Text => "text".to_owned(),
            Role::Tensor { dtype, shape: dims, encoding } => {
                assert_eq!(*encoding, Encoding::List);
                format!("{dtype} {}", shape(dims))
            }
            Role::Strings { shape: dims } => format!("strings {}", shape(dims)),
        };
        let text = format!("{}: {role}", field.key);
        if field.auxiliary { format!("({text})") } else { text }
    });
    fields.collect()
}

#[test]
fn data_sets_that_other_programs_wrote() {
    let infer = |folder: &str| Description::infer(&stats_of(folder), &[]);
    let slim = infer("foreign/tensorflow/slim");
    assert_eq!(
        told(&slim),
        [
            "(image/channels: int64 [])",
            "image/class/label: 4 classes",
            "(image/class/text: text)",
            "(image/colorspace: text)",
            "image/encoded: image jpeg uint8 [_,_,3]",
            "image/filename: text",
            "(image/format: text)",
            "(image/height: int64 [])",
            "(image/width: int64 [])",
        ]
    );
    assert_eq!((slim.label_offset, slim.class_names.join(",")), (1, "flower,landscape,temple".to_owned()));
    assert_eq!(slim.supervised_keys, Some(("image/encoded".to_owned(), "image/class/label".to_owned())));
    assert_eq!((slim.class_of(1), slim.class_of(0), slim.class_of(4)), (Some(0), None, None));

    let tiny = infer("foreign/tfds/tiny_pictures/1.0.0");
    assert_eq!(
        told(&tiny),
        [
            "bbox: float32 [4]",
            "filename: text",
            "image: image png uint8 [_,_,3]",
            "label: 3 classes",
            "scores: float32 [3]",
            "tags: int64 [_]",
        ]
    );
    assert_eq!((tiny.label_offset, tiny.class_names.join(",")), (0, "0,1,2".to_owned()));
    assert_eq!(tiny.image_key.as_deref(), Some("image"));

    let names = LabelNames {
        key: "label".to_owned(),
        names: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        offset: 0,
        file: String::new(),
    };
    let named = Description::infer(&stats_of("foreign/tfds/tiny_pictures/1.0.0"), &[names]);
    assert_eq!((named.classes(), named.class_names.len()), (4, 4));

    let urls = infer("foreign/img2dataset/data");
    assert_eq!((urls.image_key.as_deref(), urls.label_key, urls.supervised_keys), (Some("jpg"), None, None));
}

#[test]
fn metadata_come_before_inference() {
    let set = |folder: &str| {
        let dir = Path::new("fixtures/foreign").join(folder);
        crate::ops::dataset::find(&LocalStorage, &[dir]).unwrap().remove(0)
    };
    let tiny = Description::of_metadata(&set("tfds/tiny_pictures/1.0.0")).unwrap();
    assert_eq!(tiny.class_names, ["flower", "sign", "temple"]);
    assert_eq!(tiny.supervised_keys, Some(("image".to_owned(), "label".to_owned())));
    assert_eq!((tiny.image_key.as_deref(), tiny.label_key.as_deref()), (Some("image"), Some("label")));
    assert_eq!(told(&tiny)[5], "tags: int64 [_]");
    assert_eq!(Description::of_metadata(&set("tensorflow/slim")), None);
}

fn ints(values: &[i64]) -> Option<Kind> {
    Some(Kind::Int64List(proto::Int64List { value: values.to_vec() }))
}

fn floats(values: &[f32]) -> Option<Kind> {
    Some(Kind::FloatList(proto::FloatList { value: values.to_vec() }))
}

fn bytes(values: &[&[u8]]) -> Option<Kind> {
    Some(Kind::BytesList(proto::BytesList { value: values.iter().map(|it| it.to_vec()).collect() }))
}

/// What is inferred of a feature with these values in one record each; `None` where a record lacks it.
#[track_caller]
fn check(key: &str, records: &[Option<Option<Kind>>], expected: &str) {
    let mut stats = FieldStats::default();
    for value in records {
        let feature = value.iter().map(|kind| (key.to_owned(), proto::Feature { kind: kind.clone() })).collect();
        let example = proto::Example { features: Some(proto::Features { feature }) };
        stats.add(&example.encode_to_vec(), 0, false);
    }
    let description = Description::infer(&stats, &[]);
    let mut found = told(&description);
    found.extend(description.mixed.iter().map(|key| format!("{key}: mixed")));
    assert_eq!(found.join(" "), expected);
}

#[test]
fn what_features_mean() {
    let one = |value: i64| Some(ints(&[value]));
    check("x", &[one(5), one(7)], "x: int64 []");
    check("x", &[one(5), None], "x: int64 [_]");
    check("x", &[one(5), Some(None)], "x: int64 [_]");
    check("x", &[Some(ints(&[1, 2])), Some(ints(&[3, 4]))], "x: int64 [2]");
    check("x", &[Some(ints(&[1, 2])), one(1)], "x: int64 [_]");
    check("x", &[Some(ints(&[]))], "x: int64 [_]");
    check("x", &[Some(floats(&[1.0]))], "x: float32 []");
    check("x", &[Some(floats(&[1.0, 2.0, 3.0]))], "x: float32 [3]");
    check("x", &[Some(bytes(&[b"a"])), Some(bytes(&[b"\xff"]))], "x: text");
    check("x", &[Some(bytes(&[b"a"])), None], "x: strings [_]");
    check("x", &[Some(bytes(&[b"a", b"b"]))], "x: strings [2]");
    check("x", &[one(1), Some(floats(&[1.0]))], "x: mixed");
    check("x", &[Some(None)], "");
    let jpeg = b"\xff\xd8\xff\xc0\0\x0b\x08\0\x02\0\x03\x01\x01\x11\0";
    check("x", &[Some(bytes(&[jpeg])), Some(bytes(&[jpeg]))], "x: image jpeg uint8 [2,3,1]");
    check("x", &[Some(bytes(&[jpeg])), Some(bytes(&[b"\xff\xd8\xff"]))], "x: image jpeg uint8 [_,_,1]");
    check("x", &[Some(bytes(&[jpeg])), Some(bytes(&[b"no image"]))], "x: text");
    check("x", &[Some(bytes(&[b"GIF89a\x01\0\x01\0"]))], "x: text");
    check("x", &[Some(bytes(&[jpeg])), None], "x: strings [_]");
}

#[test]
fn labels_are_told_by_key_and_numbers() {
    let one = |value: i64| Some(ints(&[value]));
    check("label", &[one(0), one(9)], "label: 10 classes");
    check("label", &[one(-1), one(2)], "label: 3 classes");
    check("label", &[one(-1)], "label: int64 []");
    check("label", &[one(-2), one(2)], "label: int64 []");
    check("label", &[one(0), one(1 << 40)], "label: int64 []");
    check("label", &[one(i64::MAX)], "label: int64 []");
    check("label", &[one(1), None], "label: int64 [_]");
    check("label", &[Some(ints(&[1, 2]))], "label: int64 [2]");
    check("image/class/label", &[one(1), one(3)], "image/class/label: 4 classes");
    check("fine_label", &[one(0), one(1), one(3)], "fine_label: 4 classes");
    check("superclass", &[one(1), one(2)], "superclass: 3 classes");
    check("fine_label", &[one(0), one(9)], "fine_label: int64 []");
    check("year_class", &[one(1990), one(1991)], "year_class: int64 []");
    check("labels", &[one(0), one(1)], "labels: int64 []");
}
