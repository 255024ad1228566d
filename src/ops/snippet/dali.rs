//! Code for NVIDIA DALI. It needs no GPU as it is written.

use super::{
    Facts, facts,
    python::{self, dali_type, literal},
};
use crate::{
    example::{Encoding, Field, Kind, Role},
    item::DType,
};

pub(super) fn code(facts: &Facts) -> String {
    let wanted: Vec<&Field> = match facts.pair() {
        Some((x, y)) => vec![x, y],
        None => facts.fields().collect(),
    };
    let (mut features, mut values, mut left_out) = (String::new(), Vec::new(), Vec::new());
    for field in wanted {
        match read(facts, field) {
            Some((lines, value)) => {
                features.extend(lines.iter().map(|line| format!("            {line},\n")));
                values.push(value);
            }
            None => left_out.push(format!("# DALI cannot read {}, a list of texts.\n", literal(&field.key))),
        }
    }
    let image = facts.fields().filter_map(facts::pixels).any(|[height, width, _]| height.is_none() || width.is_none());
    let resize = if image { "    # fn.resize(image, size=[224, 224]) gives images one size.\n" } else { "" };
    format!(
        "{left_out}\
         from nvidia.dali import fn, pipeline_def, types\n\
         from nvidia.dali import tfrecord as tfrec\n\
         folder = {folder}\n\
         @pipeline_def(batch_size=32, num_threads=2, device_id=None)\n\
         def pipeline():\n    \
             record = fn.readers.tfrecord(\n        \
                 path={files},\n        \
                 index_path={indexes},\n        \
                 features={{\n{features}        }},\n        \
                 random_shuffle=True,\n        \
                 name=\"reader\",\n    \
             )\n\
         {resize}    return {values}\n\
         {variable} = pipeline()\n\
         {variable}.build()\n\
         batches = -(-{variable}.epoch_size(\"reader\") // 32)  # batches of an epoch; {variable}.run() gives one\n",
        left_out = left_out.concat(),
        folder = facts.folder(),
        files = facts.files(),
        indexes = python::paths("{folder}/index/", &facts.shards, ".idx"),
        values = values.join(", "),
        variable = facts.variable(),
    )
}

/// What the reader is told of a field, and the value that is made of what it reads.
fn read(facts: &Facts, field: &Field) -> Option<(Vec<String>, String)> {
    let key = literal(&field.key);
    let text = |key: &str| format!("{}: tfrec.FixedLenFeature([], tfrec.string, \"\")", literal(key));
    let record = format!("record[{key}]");
    if let (Some((value, shape)), Role::Tensor { dtype, shape: dims, .. }) = (facts.parts(field), &field.role) {
        let of_shape = format!("{}: tfrec.FixedLenFeature([{}], tfrec.int64, 0)", literal(&shape.key), dims.len());
        let in_shape = format!(
            "fn.reinterpret(record[{}], dtype=types.{}, shape=fn.cast(record[{}], dtype=types.INT32))",
            literal(&value.key),
            dali_type(*dtype),
            literal(&shape.key)
        );
        return Some((vec![text(&value.key), of_shape], in_shape));
    }
    let (line, value) = match &field.role {
        Role::Image { shape: [_, _, channels], .. } => {
            let kind = match channels {
                Some(1) => "GRAY",
                Some(4) => "ANY_DATA",
                _ => "RGB",
            };
            (text(&field.key), format!("fn.decoders.image({record}, device=\"cpu\", output_type=types.{kind})"))
        }
        Role::Tensor { dtype, encoding: Encoding::Bytes, shape } => {
            let shape = if shape.is_empty() { &[Some(1)] } else { shape.as_slice() };
            let dtype = dali_type(*dtype);
            let value = format!("fn.reinterpret({record}, dtype=types.{dtype}, shape={})", python::shape(shape));
            (text(&field.key), value)
        }
        Role::Tensor { dtype, encoding: Encoding::List, shape } => {
            let (kind, zero) = if field.kind == Kind::Float { ("float32", "0.0") } else { ("int64", "0") };
            let line = if shape.contains(&None) {
                format!("{key}: tfrec.VarLenFeature(tfrec.{kind}, {zero})")
            } else {
                let shape = if shape.is_empty() { &[Some(1)] } else { shape.as_slice() };
                format!("{key}: tfrec.FixedLenFeature({}, tfrec.{kind}, {zero})", python::shape(shape))
            };
            let dtype_name = dali_type(*dtype);
            let value = match (field.kind, dtype) {
                (Kind::Float, DType::Float32) | (_, DType::Int64) => record,
                // Its bits are in there, not its value.
                (_, DType::Uint64) => format!("fn.reinterpret({record}, dtype=types.UINT64)"),
                _ => format!("fn.cast({record}, dtype=types.{dtype_name})"),
            };
            (line, value)
        }
        Role::ClassLabel { .. } => (format!("{key}: tfrec.FixedLenFeature([1], tfrec.int64, -1)"), record),
        Role::Text => (text(&field.key), record),
        Role::Strings { .. } => return None,
    };
    Some((vec![line], value))
}
