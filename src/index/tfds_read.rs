//! Reading the files that TFDS keeps beside its shards, ours or anyone's.
//!
//! Source: tensorflow/datasets, `core/proto/dataset_info.proto`, `core/proto/feature.proto` and `core/naming.py`, as of 4.9.10.
//! Numbers stand there as numbers or as text.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::tfds_features::{Unsupported, schema_of};
use crate::{
    error::{Error, Result},
    example::Schema,
};

/// Where the shards of a split are, unless it says so itself.
pub(super) const DEFAULT_TEMPLATE: &str = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}";

/// No file name is longer on any system that we know.
const MAX_NAME: usize = 255;

/// More shards are none that anybody wrote; each takes some hundred bytes here, and two in the file.
const MAX_SHARDS: usize = 1 << 20;

/// What `dataset_info.json` says of the shards.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TfdsInfo {
    /// The name of the data set.
    #[serde(default)]
    pub name: String,
    /// The format of the shards.
    #[serde(default = "default_format")]
    pub file_format: String,
    /// The Python module of the builder, which TFDS itself notes.
    #[serde(default)]
    pub module_name: Option<String>,
    /// The splits, in their order.
    #[serde(default)]
    pub splits: Vec<TfdsSplit>,
    /// The keys of what a model is given and of what it is to say, where it is one of each.
    #[serde(default, deserialize_with = "pair")]
    pub supervised_keys: Option<(String, String)>,
}

/// One split of a [`TfdsInfo`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TfdsSplit {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// How many records each of its shards has.
    #[serde(default, deserialize_with = "numbers")]
    pub shard_lengths: Vec<u64>,
    /// How its files are called.
    #[serde(default)]
    pub filepath_template: Option<String>,
}

fn default_format() -> String {
    "tfrecord".to_owned()
}

/// Two keys; structures of several are none.
fn pair<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<(String, String)>, D::Error> {
    let keys = Value::deserialize(deserializer)?;
    let key = |at: usize| Some(keys.pointer(&format!("/tuple/items/{at}/featureKey"))?.as_str()?.to_owned());
    Ok(key(0).zip(key(1)).filter(|_| keys.pointer("/tuple/items/2").is_none()))
}

fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    let values = Vec::<Value>::deserialize(deserializer)?;
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let numbers: Option<Vec<u64>> = values.iter().map(number).collect();
    numbers.ok_or_else(|| serde::de::Error::custom("a shard length that is no whole number"))
}

impl TfdsInfo {
    /// Reads the text of `dataset_info.json`.
    ///
    /// # Errors
    /// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) if it is not what TFDS writes.
    pub fn parse(text: &[u8]) -> Result<Self> {
        // By way of a map: a list would do for a structure all of whose fields may be missing.
        let fail = |what: &str| Error::inputs(format!("not the dataset_info.json of a TFDS data set: {what}"));
        let info: Self = serde_json::from_slice::<Map<String, Value>>(text)
            .and_then(|map| serde_json::from_value(Value::Object(map)))
            .map_err(|error| fail(&error.to_string()))?;
        let shards: usize = info.splits.iter().map(|split| split.shard_lengths.len()).sum();
        if shards > MAX_SHARDS {
            return Err(fail(&format!("it has {shards} shards, and at most {MAX_SHARDS} are possible")));
        }
        match info.splits.iter().all(|split| info.names_fit(split)) {
            true => Ok(info),
            false => Err(fail(&format!("files of a split would have names of more than {MAX_NAME} bytes"))),
        }
    }

    /// Whether the names of the files of a split are as short as names of files are. A template that repeats long parts, or a
    /// long one for many shards, would take any amount of memory.
    fn names_fit(&self, split: &TfdsSplit) -> bool {
        let parts = [self.name.as_str(), &split.name, &self.file_format, template(split)];
        split.shard_lengths.is_empty()
            || parts.iter().all(|part| part.len() <= MAX_NAME) && self.file_name(split, 0).len() <= MAX_NAME
    }

    /// The names of the files of a split, in order.
    #[must_use]
    pub fn file_names(&self, split: &TfdsSplit) -> Vec<String> {
        (0..split.shard_lengths.len()).map(|index| self.file_name(split, index)).collect()
    }

    fn file_name(&self, split: &TfdsSplit, index: usize) -> String {
        let of = split.shard_lengths.len();
        let width = of.max(1).ilog10().max(4) as usize + 1;
        template(split)
            .replace("{DATASET}", &self.name)
            .replace("{SPLIT}", &split.name)
            .replace("{FILEFORMAT}", &self.file_format)
            .replace("{SHARD_X_OF_Y}", &format!("{index:0width$}-of-{of:0width$}"))
            .replace("{SHARD_INDEX}", &format!("{index:0width$}"))
            .replace("{NUM_SHARDS}", &format!("{of:0width$}"))
    }
}

/// What the files of a split are called in. Templates may start with the folder of the data set.
fn template(split: &TfdsSplit) -> &str {
    let template = split.filepath_template.as_deref().unwrap_or(DEFAULT_TEMPLATE);
    template.rsplit('/').next().unwrap_or(template)
}

/// What `features.json` says of every record, as far as it can be said as a [`Schema`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TfdsFeatures {
    /// The features that are understood.
    pub schema: Schema,
    /// Features of other kinds: their keys, and what they are.
    pub unsupported: Vec<Unsupported>,
}

impl TfdsFeatures {
    /// Reads the text of `features.json`.
    ///
    /// # Errors
    /// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) if it is not what TFDS writes.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let fail = |what: &str| Error::inputs(format!("not the features.json of a TFDS data set: {what}"));
        let value: Value = serde_json::from_slice(text).map_err(|error| fail(&error.to_string()))?;
        let features = value.pointer("/featuresDict/features").and_then(Value::as_object);
        let features = features.ok_or_else(|| fail("it has no featuresDict"))?;
        let (schema, unsupported) = schema_of(features);
        Ok(Self { schema, unsupported })
    }
}

/// The class names in the text of a `.labels.txt` file, as TFDS reads them: stripped, blank lines dropped.
#[must_use]
pub fn class_names(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_follow_the_template() {
        let info = TfdsInfo::parse(
            br#"{"name": "imgs", "version": "1.0.0",
            "supervisedKeys": {"tuple": {"items": [{"featureKey": "image"}, {"featureKey": "label"}]}}, "splits": [
                {"name": "train", "shardLengths": ["2", 1], "numBytes": "9"},
                {"name": "test", "shardLengths": ["4"], "filepathTemplate": "{SPLIT}-{SHARD_INDEX}.{FILEFORMAT}"}
            ]}"#,
        )
        .unwrap();
        assert_eq!(info.splits[0].shard_lengths, [2, 1]);
        assert_eq!(info.supervised_keys, Some(("image".to_owned(), "label".to_owned())));
        let names: Vec<_> = info.splits.iter().flat_map(|split| info.file_names(split)).collect();
        assert_eq!(
            names,
            ["imgs-train.tfrecord-00000-of-00002", "imgs-train.tfrecord-00001-of-00002", "test-00000.tfrecord"]
        );
    }

    #[test]
    fn texts_of_other_kinds_are_refused() {
        for text in ["", "[]", "{\"splits\": 3}", "{\"splits\": [{\"shardLengths\": [\"x\"]}]}"] {
            assert!(TfdsInfo::parse(text.as_bytes()).is_err(), "{text}");
        }
        for text in ["", "{}", "{\"featuresDict\": []}"] {
            assert!(TfdsFeatures::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn class_names_are_read_as_tfds_reads_them() {
        assert_eq!(class_names("cat\n\n dog \n"), ["cat", "dog"]);
    }
}
