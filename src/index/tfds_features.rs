//! The features that TFDS writes into `features.json`, as a schema of the Examples that they are stored in.

use serde_json::{Map, Value};

use crate::{
    example::{Encoding, Field, Kind, Role, Schema},
    item::{DType, ImageFormat},
};

/// A feature that cannot be said as a field of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// Its key.
    pub key: String,
    /// The class that TFDS stores it with.
    pub class: String,
}

/// The fields of a features dictionary, nested ones with their path as the key.
pub(super) fn schema_of(features: &Map<String, Value>) -> (Schema, Vec<Unsupported>) {
    let (mut fields, mut unsupported) = (Vec::new(), Vec::new());
    add(features, "", &mut fields, &mut unsupported);
    (Schema::new(fields), unsupported)
}

fn add(features: &Map<String, Value>, prefix: &str, fields: &mut Vec<Field>, unsupported: &mut Vec<Unsupported>) {
    for (name, feature) in features {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        if let Some(nested) = feature.pointer("/featuresDict/features").and_then(Value::as_object) {
            add(nested, &key, fields, unsupported);
            continue;
        }
        match field(feature) {
            Some((kind, role)) => fields.push(Field { key, kind, role, auxiliary: false }),
            None => {
                let class = feature.get("pythonClassName").and_then(Value::as_str).unwrap_or_default();
                let class = class.rsplit('.').next().unwrap_or_default().to_owned();
                unsupported.push(Unsupported { key, class });
            }
        }
    }
}

fn field(feature: &Value) -> Option<(Kind, Role)> {
    if let Some(image) = feature.get("image") {
        let shape: Vec<Option<u32>> =
            dimensions(image)?.iter().map(|dim| dim.and_then(|dim| u32::try_from(dim).ok())).collect();
        let format = match image.get("encodingFormat").and_then(Value::as_str) {
            Some("jpeg") => Some(ImageFormat::Jpeg),
            Some("png") => Some(ImageFormat::Png),
            _ => None,
        };
        let dtype = dtype(image)?;
        return Some((Kind::Bytes, Role::Image { format, shape: *shape.first_chunk()?, dtype }));
    }
    if let Some(label) = feature.get("classLabel") {
        let classes = label.get("numClasses").and_then(|n| n.as_u64().or_else(|| n.as_str()?.parse().ok()));
        return Some((Kind::Int64, Role::ClassLabel { classes: classes.unwrap_or(0) }));
    }
    if feature.get("text").is_some() {
        return Some((Kind::Bytes, Role::Text));
    }
    if let Some(tensor) = feature.get("tensor") {
        let (dtype, shape) = (dtype(tensor)?, dimensions(tensor)?);
        // More than one open dimension changes the keys; that is left to TFDS.
        if shape.iter().filter(|dim| dim.is_none()).count() > 1 {
            return None;
        }
        let encoding = match tensor.get("encoding").and_then(Value::as_str) {
            None | Some("" | "none") => Encoding::List,
            Some("bytes") => Encoding::Bytes,
            Some(_) => return None,
        };
        let kind = match (encoding, dtype) {
            (Encoding::Bytes, _) => Kind::Bytes,
            (Encoding::List, DType::Float16 | DType::Float32 | DType::Float64) => Kind::Float,
            (Encoding::List, _) => Kind::Int64,
        };
        return Some((kind, Role::Tensor { dtype, shape, encoding }));
    }
    None
}

/// The shape; none in JSON is that of a scalar. `-1` is an open dimension.
fn dimensions(holder: &Value) -> Option<Vec<Option<u64>>> {
    let Some(dims) = holder.pointer("/shape/dimensions").and_then(Value::as_array) else { return Some(Vec::new()) };
    let one = |dim: &Value| {
        let dim = dim.as_i64().or_else(|| dim.as_str()?.parse().ok())?;
        Some(u64::try_from(dim).ok())
    };
    dims.iter().map(one).collect()
}

fn dtype(holder: &Value) -> Option<DType> {
    serde_json::from_value(holder.get("dtype")?.clone()).ok()
}
