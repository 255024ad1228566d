//! What a conversion has to say for itself.

use std::{path::PathBuf, time::Duration};

use crate::{
    example::{Role, Schema},
    index::Manifest,
    pipeline::{Failure, ImageFacts},
    tfrecord::Compression,
};

/// How a conversion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConvertOutcome {
    /// All of it was done now.
    Done,
    /// An earlier run was carried on.
    Resumed,
    /// An earlier run of the same command had done it all.
    NothingToDo,
}

/// What a finished conversion made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConvertReport {
    /// How it ended.
    pub outcome: ConvertOutcome,
    /// The folder that was written to.
    pub out: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
    /// What is known of the images.
    pub images: ImageFacts,
    /// The inputs that were left out.
    pub failures: Vec<Failure>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Bytes of input that were read in this run.
    pub bytes_read: u64,
    /// How long this run took.
    pub elapsed: Duration,
    /// Shards that an earlier, interrupted run had finished.
    pub resumed_shards: u64,
}

impl ConvertReport {
    /// Python lines that read the result, ready to be pasted.
    #[must_use]
    pub fn snippet(&self) -> String {
        snippet(&self.manifest, &self.out.to_string_lossy())
    }
}

/// Lines that load a data set: TFDS where it can, plain `tf.data` for compressed shards.
fn snippet(manifest: &Manifest, out: &str) -> String {
    let out = python_string(out);
    let split = manifest.splits.first().map_or("train", |split| split.name.as_str());
    let variable = if split.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && split.starts_with(|c: char| c.is_ascii_alphabetic())
    {
        split
    } else {
        "ds"
    };
    if manifest.compression == Compression::None {
        let supervised =
            manifest.schema.fields.iter().any(|field| {
                !field.auxiliary && (matches!(field.role, Role::ClassLabel { .. }) || field.key == "label")
            });
        let supervised = if supervised { ", as_supervised=True" } else { "" };
        return format!(
            "import tensorflow_datasets as tfds\n\
             builder = tfds.builder_from_directory({out})\n\
             {variable} = builder.as_dataset(split=\"{split}\"{supervised})\n"
        );
    }
    let name = &manifest.name;
    format!(
        "import tensorflow as tf\n\
         files = sorted(tf.io.gfile.glob({out} + \"/{name}-{split}.tfrecord-*\"))\n\
         features = {{{}}}\n\
         {variable} = tf.data.TFRecordDataset(files, compression_type=\"GZIP\")\n\
         {variable} = {variable}.map(lambda record: tf.io.parse_single_example(record, features))\n",
        parse_features(&manifest.schema)
    )
}

/// What `tf.io.parse_single_example` is given for a schema.
fn parse_features(schema: &Schema) -> String {
    let fields = schema.fields.iter().filter(|field| !field.auxiliary).map(|field| {
        use crate::example::{Encoding, Kind};
        let dtype = match field.kind {
            Kind::Bytes => "tf.string",
            Kind::Int64 => "tf.int64",
            Kind::Float => "tf.float32",
        };
        let shape = match &field.role {
            Role::Tensor { shape, encoding: Encoding::List, .. } => {
                shape.iter().flatten().map(u64::to_string).collect()
            }
            _ => Vec::new(),
        };
        format!("\"{}\": tf.io.FixedLenFeature([{}], {dtype})", field.key, shape.join(", "))
    });
    fields.collect::<Vec<_>>().join(", ")
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
