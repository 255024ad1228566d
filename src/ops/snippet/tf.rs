//! Code for plain `tf.data`.

use super::{
    Facts,
    python::{self, literal},
};
use crate::{
    example::{Encoding, Field, Kind, Role},
    item::DType,
    tfrecord::Compression,
};

pub(super) fn code(facts: &Facts) -> String {
    let (mut features, mut decoding) = (String::new(), String::new());
    for field in facts.fields() {
        let (parse, decode) = parse(facts, field);
        features.extend(parse.iter().map(|line| format!("    {line},\n")));
        if let Some(decode) = decode {
            decoding.push_str(&format!("    example[{}] = {decode}\n", literal(&field.key)));
        }
    }
    let given = facts.pair().map_or_else(
        || "example".to_owned(),
        |(x, y)| format!("example[{}], example[{}]", literal(&x.key), literal(&y.key)),
    );
    let reader = match facts.compression {
        Compression::None => "tf.data.TFRecordDataset".to_owned(),
        kind => format!("lambda file: tf.data.TFRecordDataset(file, \"{}\")", python::compression_type(kind)),
    };
    let count = facts.records.map(|count| {
        format!(
            "{variable} = {variable}.apply(tf.data.experimental.assert_cardinality({count}))\n",
            variable = facts.variable()
        )
    });
    let shorter = if facts.has_manifest {
        format!(
            "# With the package: shardify.tf.dataset({}, {}, batch_size=32), which checks the shards too.\n",
            facts.folder(),
            literal(&facts.split)
        )
    } else {
        String::new()
    };
    format!(
        "{shorter}\
         import tensorflow as tf\n\
         folder = {folder}\n\
         files = {files}\n\
         features = {{\n{features}}}\n\
         def parse(record):\n    \
             example = tf.io.parse_single_example(record, features)\n\
         {decoding}    return {given}\n\
         {variable} = tf.data.Dataset.from_tensor_slices(files)\n\
         {variable} = {variable}.interleave({reader}, num_parallel_calls=tf.data.AUTOTUNE)\n\
         {variable} = {variable}.map(parse, num_parallel_calls=tf.data.AUTOTUNE)\n\
         {count}",
        folder = facts.folder(),
        files = facts.files(),
        variable = facts.variable(),
        count = count.unwrap_or_default(),
    )
}

/// How a field is parsed, and how its value is made of what was parsed.
fn parse(facts: &Facts, field: &Field) -> (Vec<String>, Option<String>) {
    let key = literal(&field.key);
    let one = |parse: String, decode: Option<String>| (vec![parse], decode);
    if let (Some((value, shape)), Role::Tensor { dtype, shape: dims, .. }) = (facts.parts(field), &field.role) {
        let parse =
            vec![feature(&value.key, &[], "tf.string"), feature(&shape.key, &[Some(dims.len() as u64)], "tf.int64")];
        let raw = raw(&value.key, *dtype);
        return (parse, Some(format!("tf.reshape({raw}, example[{}])", literal(&shape.key))));
    }
    match &field.role {
        Role::Image { shape: [_, _, channels], dtype, .. } => {
            let channels = channels.unwrap_or(3);
            let decode = format!(
                "tf.io.decode_image(example[{key}], channels={channels}, dtype=tf.{dtype}, expand_animations=False)"
            );
            one(feature(&field.key, &[], "tf.string"), Some(decode))
        }
        Role::Tensor { dtype, encoding: Encoding::Bytes, shape } => {
            let decode = format!("tf.reshape({}, {})", raw(&field.key, *dtype), python::shape(shape));
            one(feature(&field.key, &[], "tf.string"), Some(decode))
        }
        Role::Tensor { dtype, encoding: Encoding::List, shape } => {
            let stored = if field.kind == Kind::Float { "tf.float32" } else { "tf.int64" };
            let value = in_shape(&key, shape);
            let decode = match (field.kind, dtype) {
                (Kind::Float, DType::Float32) | (_, DType::Int64) => (value != plain(&key)).then_some(value),
                // Its bits are in there, not its value.
                (_, DType::Uint64) => Some(format!("tf.bitcast({value}, tf.uint64)")),
                _ => Some(format!("tf.cast({value}, tf.{dtype})")),
            };
            one(feature(&field.key, shape, stored), decode)
        }
        Role::ClassLabel { .. } => one(feature(&field.key, &[], "tf.int64"), None),
        Role::Text => one(feature(&field.key, &[], "tf.string"), None),
        Role::Strings { shape } => {
            let value = in_shape(&key, shape);
            one(feature(&field.key, shape, "tf.string"), (value != plain(&key)).then_some(value))
        }
    }
}

fn plain(key: &str) -> String {
    format!("example[{key}]")
}

/// A list in its shape, which a parsed list of open length does not have if it has more than that dimension.
fn in_shape(key: &str, shape: &[Option<u64>]) -> String {
    if shape.len() > 1 && shape.contains(&None) {
        return format!("tf.reshape(example[{key}], {})", python::shape(shape));
    }
    plain(key)
}

fn feature(key: &str, shape: &[Option<u64>], dtype: &str) -> String {
    let key = literal(key);
    if shape.contains(&None) {
        return format!("{key}: tf.io.FixedLenSequenceFeature([], {dtype}, allow_missing=True)");
    }
    format!("{key}: tf.io.FixedLenFeature({}, {dtype})", python::shape(shape))
}

/// The elements of a bytes value. `decode_raw` does not know all types, but those of the same bits.
fn raw(key: &str, dtype: DType) -> String {
    let key = literal(key);
    let same_bits = match dtype {
        DType::Uint64 => DType::Int64,
        DType::Uint32 => DType::Int32,
        _ => return format!("tf.io.decode_raw(example[{key}], tf.{dtype})"),
    };
    format!("tf.bitcast(tf.io.decode_raw(example[{key}], tf.{same_bits}), tf.{dtype})")
}
