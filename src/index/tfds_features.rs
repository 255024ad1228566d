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
        let step = feature.pointer("/sequence/feature");
        let length = feature.pointer("/sequence/length").and_then(number).and_then(|length| u64::try_from(length).ok());
        let as_stored = |role| if step.is_some() { in_sequence(role, length) } else { Some(role) };
        if let Some(nested) = step.unwrap_or(feature).pointer("/featuresDict/features").and_then(Value::as_object) {
            let start = fields.len();
            add(nested, &key, fields, unsupported);
            for Field { key, kind, role, auxiliary } in fields.split_off(start) {
                match as_stored(role) {
                    Some(role) => fields.push(Field { key, kind, role, auxiliary }),
                    None => unsupported.push(Unsupported { key, class: class(feature) }),
                }
            }
            continue;
        }
        let found = field(step.unwrap_or(feature)).and_then(|(kind, role)| Some((kind, as_stored(role)?)));
        match found {
            Some((kind, role)) => fields.push(Field { key, kind, role, auxiliary: false }),
            None => unsupported.push(Unsupported { key, class: class(feature) }),
        }
    }
}

fn class(feature: &Value) -> String {
    let class = feature.get("pythonClassName").and_then(Value::as_str).unwrap_or_default();
    class.rsplit('.').next().unwrap_or_default().to_owned()
}

/// What `length` values of a role one after the other are, of an open number if that is `None`.
fn in_sequence(role: Role, length: Option<u64>) -> Option<Role> {
    let outer = |shape: Vec<Option<u64>>| {
        // Steps of differing shapes are stored with a key more.
        let is_fixed = shape.iter().all(Option::is_some);
        is_fixed.then(|| std::iter::once(length).chain(shape).collect::<Vec<_>>())
    };
    match role {
        Role::Image { .. } | Role::Text => Some(Role::Strings { shape: vec![length] }),
        Role::Strings { shape } => Some(Role::Strings { shape: outer(shape)? }),
        Role::ClassLabel { .. } => {
            Some(Role::Tensor { dtype: DType::Int64, shape: vec![length], encoding: Encoding::List })
        }
        Role::Tensor { dtype, shape, encoding: Encoding::List } => {
            Some(Role::Tensor { dtype, shape: outer(shape)?, encoding: Encoding::List })
        }
        Role::Tensor { shape, encoding: Encoding::Bytes, .. } => {
            shape.iter().all(Option::is_some).then(|| Role::Strings { shape: vec![length] })
        }
    }
}

fn field(feature: &Value) -> Option<(Kind, Role)> {
    // An image of labels, too, is stored as an image.
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
        let classes = label.get("numClasses").and_then(number).and_then(|classes| u64::try_from(classes).ok());
        return Some((Kind::Int64, Role::ClassLabel { classes: classes.unwrap_or(0), dtype: None }));
    }
    if feature.get("text").is_some() {
        return Some((Kind::Bytes, Role::Text));
    }
    if let Some(boxes) = feature.get("boundingBox") {
        let shape = vec![Some(4)];
        let dtype = dtype(boxes).unwrap_or(DType::Float32);
        return Some((Kind::Float, Role::Tensor { dtype, shape, encoding: Encoding::List }));
    }
    tensor(feature.get("tensor")?)
}

fn tensor(tensor: &Value) -> Option<(Kind, Role)> {
    let shape = dimensions(tensor)?;
    // More than one open dimension changes the keys; that is left to TFDS.
    if shape.iter().filter(|dim| dim.is_none()).count() > 1 {
        return None;
    }
    let encoding = match tensor.get("encoding").and_then(Value::as_str) {
        None | Some("" | "none") => Encoding::List,
        Some("bytes") => Encoding::Bytes,
        Some(_) => return None,
    };
    let is_text = matches!(tensor.get("dtype").and_then(Value::as_str), Some("string" | "object"));
    if is_text && encoding == Encoding::List {
        let role = if shape.is_empty() { Role::Text } else { Role::Strings { shape } };
        return Some((Kind::Bytes, role));
    }
    let dtype = dtype(tensor)?;
    let kind = match (encoding, dtype) {
        (Encoding::Bytes, _) => Kind::Bytes,
        (Encoding::List, DType::Float16 | DType::Float32 | DType::Float64) => Kind::Float,
        (Encoding::List, _) => Kind::Int64,
    };
    Some((kind, Role::Tensor { dtype, shape, encoding }))
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// The shape; none in JSON is that of a scalar. `-1` is an open dimension.
fn dimensions(holder: &Value) -> Option<Vec<Option<u64>>> {
    let Some(dims) = holder.pointer("/shape/dimensions").and_then(Value::as_array) else { return Some(Vec::new()) };
    dims.iter().map(|dim| Some(u64::try_from(number(dim)?).ok())).collect()
}

fn dtype(holder: &Value) -> Option<DType> {
    serde_json::from_value(holder.get("dtype")?.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        index::{FORMAT_VERSION, Manifest, TfdsFeatures, tfds_files},
        tfrecord::Compression,
    };

    fn schema(fields: &[(&str, Kind, Role)]) -> Schema {
        let field = |(key, kind, role): &(&str, Kind, Role)| Field {
            key: (*key).to_owned(),
            kind: *kind,
            role: role.clone(),
            auxiliary: false,
        };
        Schema::new(fields.iter().map(field).collect())
    }

    fn tensor(dtype: DType, shape: &[Option<u64>], encoding: Encoding) -> Role {
        Role::Tensor { dtype, shape: shape.to_vec(), encoding }
    }

    #[test]
    fn what_is_written_for_tfds_is_read_back() {
        let image = |format, shape, dtype| Role::Image { format, shape, dtype };
        let schema = schema(&[
            ("image", Kind::Bytes, image(Some(ImageFormat::Jpeg), [None, None, Some(3)], DType::Uint8)),
            ("image/deep", Kind::Bytes, image(None, [Some(3), Some(4), Some(1)], DType::Uint16)),
            ("label", Kind::Int64, Role::ClassLabel { classes: 7, dtype: None }),
            ("filename", Kind::Bytes, Role::Text),
            ("tags", Kind::Bytes, Role::Strings { shape: vec![None] }),
            ("names", Kind::Bytes, Role::Strings { shape: vec![Some(2)] }),
            ("flag", Kind::Int64, tensor(DType::Bool, &[], Encoding::List)),
            ("ids", Kind::Int64, tensor(DType::Int64, &[None], Encoding::List)),
            ("x", Kind::Float, tensor(DType::Float32, &[Some(2), Some(3)], Encoding::List)),
            ("raw", Kind::Bytes, tensor(DType::Uint8, &[Some(8)], Encoding::Bytes)),
        ]);
        let manifest = Manifest {
            format_version: FORMAT_VERSION,
            tool: String::new(),
            name: "x".to_owned(),
            compression: Compression::None,
            adopted: false,
            seed: 0,
            inputs_sha256: String::new(),
            options: std::collections::BTreeMap::default(),
            class_names: Vec::new(),
            label_offset: 0,
            schema: schema.clone(),
            supervised_keys: None,
            splits: Vec::new(),
            files: Vec::new(),
            skipped: 0,
        };
        let files = tfds_files(&manifest, &[]);
        let (_, text) = files.iter().find(|(name, _)| name == "features.json").unwrap();
        assert_eq!(TfdsFeatures::parse(text).unwrap(), TfdsFeatures { schema, unsupported: Vec::new() });
    }

    /// As `FeaturesDict.to_json` of TFDS 4.9.10 gives them.
    #[test]
    fn features_that_tfds_alone_writes() {
        let read = |name: &str, feature: &str| {
            let text = format!(r#"{{"featuresDict": {{"features": {{"{name}": {feature}}}}}}}"#);
            let TfdsFeatures { schema, unsupported } = TfdsFeatures::parse(text.as_bytes()).unwrap();
            let fields = schema.fields.into_iter().map(|field| (field.key, field.kind, field.role)).collect::<Vec<_>>();
            (fields, unsupported.into_iter().map(|it| it.class).collect::<Vec<_>>())
        };
        let one = |feature: &str| {
            let (mut fields, unsupported) = read("k", feature);
            assert_eq!((fields.len(), unsupported.len()), (1, 0), "{feature}");
            let (_, kind, role) = fields.remove(0);
            (kind, role)
        };
        let scalar =
            |dtype: &str| format!(r#"{{"tensor": {{"shape": {{}}, "dtype": "{dtype}", "encoding": "none"}}}}"#);
        let sequence = |of: &str, length: &str| format!(r#"{{"sequence": {{"feature": {of}, "length": "{length}"}}}}"#);
        let boxes =
            r#"{"boundingBox": {"shape": {"dimensions": ["4"]}, "dtype": "float32", "bboxFormat": "REL_YXYX"}}"#;
        let pair = r#"{"tensor": {"shape": {"dimensions": ["2"]}, "dtype": "float32", "encoding": "none"}}"#;
        let image = r#"{"image": {"shape": {"dimensions": ["-1", "-1", "3"]}, "dtype": "uint8"}}"#;
        let list = |dtype, shape: &[Option<u64>]| tensor(dtype, shape, Encoding::List);
        assert_eq!(one(boxes), (Kind::Float, list(DType::Float32, &[Some(4)])));
        assert_eq!(one(&scalar("bool")), (Kind::Int64, list(DType::Bool, &[])));
        assert_eq!(one(&scalar("string")), (Kind::Bytes, Role::Text));
        assert_eq!(one(&sequence(&scalar("int64"), "-1")), (Kind::Int64, list(DType::Int64, &[None])));
        assert_eq!(one(&sequence(&scalar("int64"), "3")), (Kind::Int64, list(DType::Int64, &[Some(3)])));
        assert_eq!(one(&sequence(pair, "-1")), (Kind::Float, list(DType::Float32, &[None, Some(2)])));
        assert_eq!(one(&sequence(r#"{"text": {}}"#, "-1")), (Kind::Bytes, Role::Strings { shape: vec![None] }));
        assert_eq!(one(&sequence(image, "2")), (Kind::Bytes, Role::Strings { shape: vec![Some(2)] }));

        let nested = format!(r#"{{"featuresDict": {{"features": {{"bbox": {boxes}, "n": {}}}}}}}"#, scalar("int32"));
        let (fields, _) = read("objects", &sequence(&nested, "-1"));
        let expected = [
            ("objects/bbox".to_owned(), Kind::Float, list(DType::Float32, &[None, Some(4)])),
            ("objects/n".to_owned(), Kind::Int64, list(DType::Int32, &[None])),
        ];
        assert_eq!(fields, expected);
        let ragged = sequence(&sequence(&scalar("int64"), "-1"), "-1");
        let audio = r#"{"pythonClassName": "a.b.Audio", "audio": {"dtype": "int64"}}"#;
        assert_eq!(read("k", &ragged), (Vec::new(), vec![String::new()]));
        assert_eq!(read("k", audio), (Vec::new(), vec!["Audio".to_owned()]));
    }

    #[test]
    fn everything_of_a_data_set_that_tfds_wrote() {
        let text = include_bytes!("../../fixtures/foreign/tfds/tiny_pictures/1.0.0/features.json");
        let TfdsFeatures { schema, unsupported } = TfdsFeatures::parse(text).unwrap();
        assert_eq!(unsupported, []);
        let keys: Vec<&str> = schema.fields.iter().map(|field| field.key.as_str()).collect();
        assert_eq!(keys, ["bbox", "filename", "image", "label", "scores", "tags"]);
    }
}
