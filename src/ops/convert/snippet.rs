//! Python lines that read a data set: TFDS where it can, plain `tf.data` for compressed shards.

use crate::{
    example::{Encoding, Field, Kind, Role},
    index::Manifest,
    item::DType,
    tfrecord::Compression,
};

/// The lines, for a data set in the folder `out`.
pub(super) fn lines(manifest: &Manifest, out: &str) -> String {
    let out = python_string(out);
    let split = manifest.splits.first().map_or("train", |split| split.name.as_str());
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_name = split.chars().all(word) && split.starts_with(|c: char| c.is_ascii_alphabetic());
    let variable = if is_name { split } else { "ds" };
    if manifest.compression == Compression::None {
        let supervised = if manifest.supervised_keys.is_some() { ", as_supervised=True" } else { "" };
        return format!(
            "import tensorflow_datasets as tfds\n\
             builder = tfds.builder_from_directory({out})\n\
             {variable} = builder.as_dataset(split=\"{split}\"{supervised})\n"
        );
    }
    let (mut features, mut decoding) = (String::new(), String::new());
    for field in manifest.schema.fields.iter().filter(|field| !field.auxiliary) {
        let (parse, decode) = parse(manifest, field);
        features.push_str(&format!("    {parse},\n"));
        if let Some(decode) = decode {
            decoding.push_str(&format!("    example[{}] = {decode}\n", python_string(&field.key)));
        }
    }
    let name = &manifest.name;
    let compression = match manifest.compression {
        Compression::None => "",
        Compression::Gzip => "GZIP",
        Compression::Zlib => "ZLIB",
    };
    format!(
        "import tensorflow as tf\n\
         files = sorted(tf.io.gfile.glob({out} + \"/{name}-{split}.tfrecord-*\"))\n\
         features = {{\n{features}}}\n\
         def parse(record):\n    \
             example = tf.io.parse_single_example(record, features)\n\
         {decoding}    return example\n\
         {variable} = tf.data.TFRecordDataset(files, compression_type=\"{compression}\").map(parse)\n"
    )
}

/// How a field is parsed, and how its value is made of what was parsed.
fn parse(manifest: &Manifest, field: &Field) -> (String, Option<String>) {
    let key = python_string(&field.key);
    let feature = |key: &str, shape: &[Option<u64>], dtype: &str| {
        let dims: Vec<String> = shape.iter().flatten().map(u64::to_string).collect();
        format!("{key}: tf.io.FixedLenFeature([{}], {dtype})", dims.join(", "))
    };
    match &field.role {
        Role::Image { shape: [_, _, channels], dtype, .. } => {
            let channels = channels.unwrap_or(3);
            let decode = format!(
                "tf.io.decode_image(example[{key}], channels={channels}, dtype=tf.{dtype}, expand_animations=False)"
            );
            (feature(&key, &[], "tf.string"), Some(decode))
        }
        Role::Tensor { dtype, encoding: Encoding::Bytes, shape } => {
            let (value_key, shape_key) = (format!("{}/value", field.key), format!("{}/shape", field.key));
            if manifest.schema.get(&shape_key).is_some() {
                let (value_key, shape_key) = (python_string(&value_key), python_string(&shape_key));
                let parse = format!(
                    "{},\n    {}",
                    feature(&value_key, &[], "tf.string"),
                    feature(&shape_key, &[Some(3)], "tf.int64")
                );
                let raw = format!("tf.io.decode_raw(example[{value_key}], tf.{dtype})");
                return (parse, Some(format!("tf.reshape({raw}, example[{shape_key}])")));
            }
            let dims: Vec<String> =
                shape.iter().map(|dim| dim.map_or("-1".to_owned(), |dim| dim.to_string())).collect();
            // `decode_raw` does not know the type, but one of the same bits.
            let raw = match dtype {
                DType::Uint64 => format!("tf.bitcast(tf.io.decode_raw(example[{key}], tf.int64), tf.uint64)"),
                _ => format!("tf.io.decode_raw(example[{key}], tf.{dtype})"),
            };
            (feature(&key, &[], "tf.string"), Some(format!("tf.reshape({raw}, [{}])", dims.join(", "))))
        }
        Role::Tensor { dtype, encoding: Encoding::List, shape } => {
            let decode = match (field.kind, dtype) {
                (Kind::Float, _) | (_, DType::Int64) => None,
                // Its bits are in there, not its value.
                (_, DType::Uint64) => Some(format!("tf.bitcast(example[{key}], tf.uint64)")),
                _ => Some(format!("tf.cast(example[{key}], tf.{dtype})")),
            };
            let dtype = if field.kind == Kind::Float { "tf.float32" } else { "tf.int64" };
            (feature(&key, shape, dtype), decode)
        }
        Role::ClassLabel { .. } => (feature(&key, &[], "tf.int64"), None),
        Role::Text => (feature(&key, &[], "tf.string"), None),
        Role::Strings { shape } => (feature(&key, shape, "tf.string"), None),
    }
}

/// A Python string literal.
fn python_string(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            c if c.is_control() => literal.push_str(&format!("\\U{:08x}", c as u32)),
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}
