//! The files that make `tfds.builder_from_directory` load the shards: `dataset_info.json`, `features.json` and one file of
//! class names for each label.
//!
//! Source: tensorflow/datasets, `core/proto/dataset_info.proto`, `core/proto/feature.proto` and `core/features/*`, checked
//! by loading with version 4.9.10. Unknown fields make TFDS refuse the folder, so nothing of ours goes in there.

use serde_json::{Map, Value, json};

use super::{manifest::Manifest, tfds_read::DEFAULT_TEMPLATE};
use crate::{
    example::{Encoding, Field, Role},
    tfrecord::Compression,
};

/// The files that stand beside the shards for TFDS: name and content.
///
/// For a data set as its manifest describes it; `payload_bytes` are the bytes of the serialized Examples of each split.
/// Compressed shards get only the class names: TFDS cannot read these.
#[must_use]
pub fn tfds_files(manifest: &Manifest, payload_bytes: &[u64]) -> Vec<(String, Vec<u8>)> {
    let templates = vec![DEFAULT_TEMPLATE.to_owned(); manifest.splits.len()];
    tfds_files_for(manifest, payload_bytes, &templates)
}

/// The same for shards that are called in another way, as the template of each split says.
#[must_use]
pub fn tfds_files_for(manifest: &Manifest, payload_bytes: &[u64], templates: &[String]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    if manifest.compression == Compression::None {
        files.push(("dataset_info.json".to_owned(), pretty(&dataset_info(manifest, payload_bytes, templates))));
        files.push(("features.json".to_owned(), pretty(&features(manifest))));
    }
    for field in manifest.schema.fields.iter().filter(|field| !field.auxiliary) {
        if let Role::ClassLabel { classes, .. } = field.role {
            let names: String = (0..classes).map(|class| stored_name(manifest, class) + "\n").collect();
            files.push((labels_file_name(&field.key), names.into_bytes()));
        }
    }
    files
}

/// The name of a stored label: those below the offset stand for no class.
fn stored_name(manifest: &Manifest, stored: u64) -> String {
    let Some(index) = stored.checked_sub(u64::from(manifest.label_offset)) else {
        let mut name = if stored == 0 { "background".to_owned() } else { format!("unused_{stored}") };
        while manifest.class_names.contains(&name) {
            name.push('_');
        }
        return name;
    };
    usize::try_from(index).ok().and_then(|index| manifest.class_names.get(index)).cloned().unwrap_or_default()
}

/// The file of class names for a feature: TFDS replaces `/` in the key with `.`.
#[must_use]
pub fn labels_file_name(key: &str) -> String {
    format!("{}.labels.txt", key.replace('/', "."))
}

fn dataset_info(manifest: &Manifest, payload_bytes: &[u64], templates: &[String]) -> Value {
    let splits: Vec<Value> = manifest
        .splits
        .iter()
        .zip(payload_bytes)
        .zip(templates)
        .map(|((split, bytes), template)| {
            json!({
                "filepathTemplate": template,
                "name": split.name,
                "numBytes": bytes.to_string(),
                "shardLengths": split.shards.iter().map(|shard| shard.records.to_string()).collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut info = json!({
        "fileFormat": "tfrecord",
        "name": manifest.name,
        "splits": splits,
        "version": "1.0.0",
    });
    if let (Some(info), Some((input, label))) = (info.as_object_mut(), &manifest.supervised_keys) {
        let items = json!([{ "featureKey": input }, { "featureKey": label }]);
        info.insert("supervisedKeys".to_owned(), json!({ "tuple": { "items": items } }));
    }
    info
}

fn features(manifest: &Manifest) -> Value {
    let features: Map<String, Value> = manifest
        .schema
        .fields
        .iter()
        .filter(|field| !field.auxiliary)
        .map(|field| (field.key.clone(), feature(field)))
        .collect();
    json!({
        "pythonClassName": "tensorflow_datasets.core.features.features_dict.FeaturesDict",
        "featuresDict": { "features": features },
    })
}

fn feature(field: &Field) -> Value {
    let class = |name: &str| format!("tensorflow_datasets.core.features.{name}");
    match &field.role {
        Role::Image { format, shape, dtype } => {
            let shape: Vec<_> = shape.iter().map(|dim| dim.map(u64::from)).collect();
            let mut image = json!({ "shape": dimensions(&shape), "dtype": dtype.name() });
            if let (Some(image), Some(format)) = (image.as_object_mut(), format) {
                image.insert("encodingFormat".to_owned(), json!(format.name()));
            }
            json!({ "pythonClassName": class("image_feature.Image"), "image": image })
        }
        Role::ClassLabel { classes, .. } => json!({
            "pythonClassName": class("class_label_feature.ClassLabel"),
            "classLabel": { "numClasses": classes.to_string() },
        }),
        Role::Text => json!({ "pythonClassName": class("text_feature.Text"), "text": {} }),
        Role::Tensor { dtype, shape, encoding } => {
            let encoding = match encoding {
                Encoding::List => "none",
                Encoding::Bytes => "bytes",
            };
            json!({
                "pythonClassName": class("tensor_feature.Tensor"),
                "tensor": { "shape": dimensions(shape), "dtype": dtype.name(), "encoding": encoding },
            })
        }
        Role::Strings { shape } => json!({
            "pythonClassName": class("tensor_feature.Tensor"),
            "tensor": { "shape": dimensions(shape), "dtype": "string", "encoding": "none" },
        }),
    }
}

fn dimensions(shape: &[Option<u64>]) -> Value {
    if shape.is_empty() {
        return json!({});
    }
    let dims: Vec<String> =
        shape.iter().map(|dim| dim.map_or_else(|| "-1".to_owned(), |dim| dim.to_string())).collect();
    json!({ "dimensions": dims })
}

fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}
