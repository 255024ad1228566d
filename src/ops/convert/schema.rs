//! The schema of what was written: fixed where all records agree.

use super::{
    ConvertOptions,
    arrays::{Arrays, LABEL},
    inputs::Inputs,
};
use crate::{
    example::{Encoding, Field, Kind, Role, Schema},
    item::{DType, ImageFormat},
    pipeline::{ImageFacts, ImageKeys, array_encoding},
    transform::OutputFormat,
};

/// The schema, given what is known of the images that were written.
pub(super) fn schema(options: &ConvertOptions, inputs: &Inputs<'_>, facts: &ImageFacts) -> Schema {
    let mut fields = match inputs {
        Inputs::Images(listing) => {
            let mut fields = image_fields(options, facts);
            fields.push(field(options.keys.filename(), Kind::Bytes, Role::Text, false));
            if !listing.class_names.is_empty() {
                let classes = listing.class_names.len() as u64 + u64::from(options.offset());
                fields.push(field(options.keys.label(), Kind::Int64, Role::ClassLabel { classes, dtype: None }, false));
                if options.keys == ImageKeys::Slim {
                    fields.push(field("image/class/text", Kind::Bytes, Role::Text, true));
                }
            }
            if options.keys == ImageKeys::Slim {
                fields.push(field("image/colorspace", Kind::Bytes, Role::Text, true));
            }
            return Schema::new(fields);
        }
        Inputs::Arrays(arrays) if arrays.pixels.is_some() => image_fields(options, facts),
        Inputs::Arrays(_) => Vec::new(),
    };
    if let Inputs::Arrays(arrays) = inputs {
        fields.extend(array_fields(options, arrays));
    }
    Schema::new(fields)
}

fn field(key: &str, kind: Kind, role: Role, auxiliary: bool) -> Field {
    Field { key: key.to_owned(), kind, role, auxiliary }
}

/// The keys of what a model is given and of what it is to say, if there are labels.
pub(super) fn supervised_keys(options: &ConvertOptions, inputs: &Inputs<'_>) -> Option<(String, String)> {
    match inputs {
        Inputs::Images(listing) if listing.class_names.is_empty() => None,
        Inputs::Images(_) => {
            // TFDS knows raw pixels of differing sizes by the one key that it takes apart into value and shape.
            Some((options.keys.image(false).to_owned(), options.keys.label().to_owned()))
        }
        Inputs::Arrays(arrays) => {
            let features = &arrays.tables.first()?.features;
            let label = features.iter().find(|feature| feature.key == LABEL)?;
            Some((features.first()?.key.clone(), label.key.clone()))
        }
    }
}

/// Whether the shape of raw pixels has to stand beside them: images may differ in more than one dimension.
pub(super) fn shape_beside(options: &ConvertOptions) -> bool {
    options.transform.format == OutputFormat::Raw && options.transform.size.is_none()
}

fn image_fields(options: &ConvertOptions, facts: &ImageFacts) -> Vec<Field> {
    let keys = options.keys;
    let same = |spread: Option<crate::pipeline::Spread>| spread.and_then(|spread| spread.same());
    let (height, width, channels) = (same(facts.height), same(facts.width), channels(facts));
    let scalar = || Role::Tensor { dtype: DType::Int64, shape: Vec::new(), encoding: Encoding::List };
    let mut fields = vec![
        field("image/channels", Kind::Int64, scalar(), true),
        field("image/format", Kind::Bytes, Role::Text, true),
        field("image/height", Kind::Int64, scalar(), true),
        field("image/width", Kind::Int64, scalar(), true),
    ];
    if facts.format() == Some(ImageFormat::Raw) && facts.images() > 0 {
        let exact = facts.channels.iter().position(|count| *count == facts.images()).map(|at| at as u64 + 1);
        let dims = [height.map(u64::from), width.map(u64::from), exact];
        let tensor = |shape: Vec<Option<u64>>| Role::Tensor { dtype: DType::Uint8, shape, encoding: Encoding::Bytes };
        if shape_beside(options) {
            // Two dimensions stay open even if the images happen to agree: TFDS goes by that in choosing the keys.
            fields.push(field("image", Kind::Bytes, tensor(vec![None, None, exact]), false));
            fields.push(field("image/value", Kind::Bytes, tensor(vec![None, None, exact]), true));
            let shape = Role::Tensor { dtype: DType::Int64, shape: vec![Some(3)], encoding: Encoding::List };
            fields.push(field("image/shape", Kind::Int64, shape, true));
        } else {
            fields.push(field(keys.image(false), Kind::Bytes, tensor(dims.to_vec()), false));
        }
        return fields;
    }
    let deep = facts.deep > 0 && facts.deep == facts.images();
    let role = Role::Image {
        format: facts.format(),
        shape: [height, width, Some(channels)],
        dtype: if deep { DType::Uint16 } else { DType::Uint8 },
    };
    fields.push(field(keys.image(false), Kind::Bytes, role, false));
    fields
}

/// The channels that every image can be decoded to without losing colour: TensorFlow converts on decoding.
fn channels(facts: &ImageFacts) -> u32 {
    let [grey, grey_alpha, _, rgba] = facts.channels;
    let all = facts.images();
    if grey.saturating_add(grey_alpha) == all {
        1
    } else if rgba == all && facts.format() == Some(ImageFormat::Png) {
        4
    } else {
        3
    }
}

fn array_fields(options: &ConvertOptions, arrays: &Arrays<'_>) -> Vec<Field> {
    let Some(table) = arrays.tables.first() else { return Vec::new() };
    let skip = usize::from(arrays.pixels.is_some());
    let describe = |feature: &crate::pipeline::ArrayFeature<'_>| {
        if feature.class_offset.is_some() {
            let classes = arrays.class_names.len() as u64 + u64::from(options.offset());
            let column = &feature.column;
            let dtype = Some(column.dtype()).filter(|dtype| dtype.is_integer() && column.row_shape().is_empty());
            return field(&feature.key, Kind::Int64, Role::ClassLabel { classes, dtype }, false);
        }
        let (dtype, shape) = (feature.column.dtype(), feature.column.row_shape());
        let (kind, encoding) = array_encoding(dtype, shape);
        let shape = shape.iter().map(|dim| Some(*dim)).collect();
        field(&feature.key, kind, Role::Tensor { dtype, shape, encoding }, false)
    };
    table.features.iter().skip(skip).map(describe).collect()
}
