//! From what the records hold to what it means. Whatever comes out can be loaded by TFDS: features that are not in every
//! record, or not always of one length, are lists of an open length.

use std::collections::BTreeMap;

use super::Description;
use crate::{
    example::{Encoding, Field, Kind, Role, Schema},
    item::{DType, ImageFormat},
    ops::dataset::LabelNames,
    pipeline::{BytesFacts, FeatureStats, FieldStats, ImagesSeen, Range},
    source::ClassNames,
    transform::SourceFormat,
};

/// Keys that are labels, whatever their numbers.
pub(super) const LABELS: [&str; 2] = [LABEL, SLIM_LABEL];

const LABEL: &str = "label";

/// Labels that count from 1: 0 is background.
const SLIM_LABEL: &str = "image/class/label";

/// Labels from there on are no classes but numbers of another kind.
pub(super) const MAX_CLASSES: u64 = 100_000;

/// Keys that only repeat for parsers what is elsewhere, if there is an image under one of the usual keys.
const BESIDE_IMAGES: [&str; 6] =
    ["image/channels", "image/class/text", "image/colorspace", "image/format", "image/height", "image/width"];

/// The usual keys of images.
const IMAGES: [&str; 2] = ["image", "image/encoded"];

pub(super) fn infer(stats: &FieldStats, labels: &[LabelNames]) -> Description {
    let records = stats.records();
    let (mut fields, mut mixed, mut images) = (Vec::new(), Vec::new(), Vec::new());
    for (key, feature) in stats.features.iter() {
        let Some(kind) = feature.kind() else {
            if feature.lists() > 0 {
                mixed.push(key.to_owned());
            }
            continue;
        };
        let count = feature.fixed_count(records);
        if kind == Kind::Bytes && count == Some(1) && is_image(&feature.single_bytes) {
            images.push(key.to_owned());
        }
        let role = role(key, kind, count, feature, labels);
        fields.push(Field { key: key.to_owned(), kind, role, auxiliary: false });
    }
    let has_usual_image = images.iter().any(|key| IMAGES.contains(&key.as_str()));
    for field in &mut fields {
        let repeats = BESIDE_IMAGES.contains(&field.key.as_str());
        let is_single =
            matches!(&field.role, Role::Text) || matches!(&field.role, Role::Tensor { shape, .. } if shape.is_empty());
        field.auxiliary = has_usual_image && repeats && is_single;
    }
    let mut description = Description { schema: Schema::new(fields), mixed, ..Description::default() }.with_keys();
    // Pictures that TensorFlow cannot decode are text to it, and pictures to us.
    if description.image_key.is_none() && images.len() == 1 {
        description.image_key = images.pop();
    }
    if let Some(key) = description.label_key.clone() {
        name_classes(&mut description, &key, stats, labels);
        let input = description
            .image_key
            .as_ref()
            .filter(|key| description.schema.get(key).is_some_and(|field| matches!(field.role, Role::Image { .. })));
        description.supervised_keys = input.map(|input| (input.clone(), key));
    }
    description
}

/// What a feature means that is in `count` values in every record, or in a number that differs.
fn role(key: &str, kind: Kind, count: Option<u64>, feature: &FeatureStats, labels: &[LabelNames]) -> Role {
    // TFDS takes lists of no values for lists of one.
    let shape = match count {
        None | Some(0) => vec![None],
        Some(1) => Vec::new(),
        Some(count) => vec![Some(count)],
    };
    match kind {
        Kind::Bytes if !shape.is_empty() => Role::Strings { shape },
        Kind::Bytes => image(&feature.single_bytes).unwrap_or(Role::Text),
        Kind::Int64 => match classes(key, feature).filter(|_| shape.is_empty()) {
            Some(classes) => {
                let named = labels.iter().find(|labels| labels.key == key);
                let named = named.map_or(0, |labels| labels.names.len() as u64 + u64::from(labels.offset));
                Role::ClassLabel { classes: classes.max(named), dtype: None }
            }
            None => Role::Tensor { dtype: DType::Int64, shape, encoding: Encoding::List },
        },
        Kind::Float => Role::Tensor { dtype: DType::Float32, shape, encoding: Encoding::List },
    }
}

/// How many classes the numbers of a feature are the labels of, if they are labels.
fn classes(key: &str, feature: &FeatureStats) -> Option<u64> {
    let Range { min, max } = feature.ints?;
    let classes = u64::try_from(max).ok()? + 1;
    if min < -1 || classes > MAX_CLASSES {
        return None;
    }
    if LABELS.contains(&key) {
        return Some(classes);
    }
    let ends = |word: &str| key.to_ascii_lowercase().ends_with(word);
    // Of classes most occur; of years, sizes and other numbers most do not.
    let is_dense = feature.histogram.distinct() as u64 * 2 >= classes;
    ((ends("label") || ends("class")) && min <= 1 && is_dense).then_some(classes)
}

fn is_image(bytes: &BytesFacts) -> bool {
    bytes.images.count() > 0 && bytes.images.count() == bytes.count()
}

/// An image, if TensorFlow can decode every value to three dimensions.
fn image(bytes: &BytesFacts) -> Option<Role> {
    let images = &bytes.images;
    let decodes = |format| matches!(format, SourceFormat::Jpeg | SourceFormat::Png | SourceFormat::Bmp);
    if !is_image(bytes) || !images.found().all(|(format, _)| decodes(format)) {
        return None;
    }
    let mut found = images.found().map(|(format, _)| format);
    let format = match (found.next(), found.next()) {
        (Some(SourceFormat::Jpeg), None) => Some(ImageFormat::Jpeg),
        (Some(SourceFormat::Png), None) => Some(ImageFormat::Png),
        _ => None,
    };
    let same = |range: Option<Range<u32>>| range.and_then(Range::same).filter(|_| images.unreadable == 0);
    let deep = images.bits.and_then(Range::same) == Some(16) && format == Some(ImageFormat::Png);
    Some(Role::Image {
        format,
        shape: [same(images.height), same(images.width), Some(channels(images, format))],
        dtype: if deep { DType::Uint16 } else { DType::Uint8 },
    })
}

/// The channels that every image can be decoded to without losing colour, as when images are converted.
fn channels(images: &ImagesSeen, format: Option<ImageFormat>) -> u32 {
    match images.channels {
        Some(Range { max: 1 | 2, .. }) => 1,
        Some(Range { min: 4, max: 4 }) if format == Some(ImageFormat::Png) => 4,
        _ => 3,
    }
}

/// Names of the classes: those that stand beside the records or in them, else numbers.
fn name_classes(description: &mut Description, key: &str, stats: &FieldStats, labels: &[LabelNames]) {
    let classes = description.classes();
    if let Some(LabelNames { names, offset, .. }) = labels.iter().find(|labels| labels.key == key) {
        // Fewer names than classes are damage, which is for others to report.
        if names.len() as u64 + u64::from(*offset) == classes && ClassNames::new(names.clone()).is_ok() {
            (description.class_names, description.label_offset) = (names.clone(), *offset);
            return;
        }
    }
    let least = stats.features.get(key).and_then(|feature| feature.ints).map_or(0, |range| range.min);
    description.label_offset = u32::from(key == SLIM_LABEL && least >= 1);
    description.number_classes();
    if let Some(texts) = stats.texts.of_label().filter(|_| key == SLIM_LABEL)
        && let Some(names) = named(description, texts)
    {
        description.class_names = names;
    }
}

/// The texts that stand beside the labels as class names, if they can be; classes that do not occur keep their numbers.
fn named(description: &Description, texts: &BTreeMap<i64, Box<str>>) -> Option<Vec<String>> {
    let mut names = description.class_names.clone();
    for (label, text) in texts {
        let class = description.class_of(*label)?;
        names.get_mut(class)?.clone_from(&String::from(&**text));
    }
    ClassNames::new(names.clone()).is_ok().then_some(names)
}
