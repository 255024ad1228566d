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

/// Bytes of the names of all shards: more than a million usual ones have.
const MAX_NAMES: usize = 64 << 20;

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
        let lengths: Option<Vec<usize>> =
            info.splits.iter().map(|split| Some(info.name_length(split)? * split.shard_lengths.len())).collect();
        match lengths.map(|lengths| lengths.iter().sum::<usize>()) {
            None => Err(fail(&format!("files of a split would have names of more than {MAX_NAME} bytes"))),
            Some(bytes) if bytes > MAX_NAMES => Err(fail(&format!(
                "the names of its {shards} shards have {bytes} bytes, and at most {MAX_NAMES} are read"
            ))),
            Some(_) => Ok(info),
        }
    }

    /// How long the names of the files of a split are; `None` if files cannot have such names. A template that repeats long parts,
    /// or a long one for many shards, would take any amount of memory.
    fn name_length(&self, split: &TfdsSplit) -> Option<usize> {
        let parts = [self.name.as_str(), &split.name, &self.file_format, template(split)];
        if split.shard_lengths.is_empty() {
            return Some(0);
        }
        let is_short = parts.iter().all(|part| part.len() <= MAX_NAME);
        is_short.then(|| self.file_name(split, 0).len()).filter(|length| *length <= MAX_NAME)
    }

    /// The names of the files of a split, in order.
    #[must_use]
    pub fn file_names(&self, split: &TfdsSplit) -> Vec<String> {
        (0..split.shard_lengths.len()).map(|index| self.file_name(split, index)).collect()
    }

    /// Only the template is looked through, as TFDS does it: what is put in stays as it is.
    fn file_name(&self, split: &TfdsSplit, index: usize) -> String {
        let of = split.shard_lengths.len();
        let width = of.max(1).ilog10().max(4) as usize + 1;
        let (mut name, mut rest) = (String::new(), template(split));
        while let Some((before, from)) = rest.find('{').and_then(|at| rest.split_at_checked(at)) {
            name.push_str(before);
            let put = |name: &mut String, word: &str| {
                match word {
                    "{DATASET}" => name.push_str(&self.name),
                    "{SPLIT}" => name.push_str(&split.name),
                    "{FILEFORMAT}" => name.push_str(&self.file_format),
                    "{SHARD_X_OF_Y}" => name.push_str(&format!("{index:0width$}-of-{of:0width$}")),
                    "{SHARD_INDEX}" => name.push_str(&format!("{index:0width$}")),
                    "{NUM_SHARDS}" => name.push_str(&format!("{of:0width$}")),
                    _ => return false,
                }
                true
            };
            let word = from.find('}').and_then(|end| from.split_at_checked(end + 1));
            rest = match word {
                Some((word, behind)) if put(&mut name, word) => behind,
                // A brace that means nothing.
                _ => {
                    name.push('{');
                    from.get(1..).unwrap_or_default()
                }
            };
        }
        name + rest
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

    /// What is put in may look like more to put in: a name of names would grow without an end.
    #[test]
    fn what_is_put_in_stays_as_it_is() {
        for (template, name, expected) in [
            ("{DATASET}-{SPLIT}", "{SPLIT}", "{SPLIT}-{FILEFORMAT}"),
            ("{{SPLIT}}{SHARD_X_OF_Y}{", "x", "{{FILEFORMAT}}00000-of-00001{"),
            ("{UNKNOWN}{NUM_SHARDS}é}", "x", "{UNKNOWN}00001é}"),
        ] {
            let text = format!(
                r#"{{"name": "{name}", "splits": [
                    {{"name": "{{FILEFORMAT}}", "shardLengths": [1], "filepathTemplate": "{template}"}}]}}"#
            );
            let info = TfdsInfo::parse(text.as_bytes()).unwrap();
            assert_eq!(info.file_names(&info.splits[0]), [expected], "{template}");
        }
    }

    #[test]
    fn names_of_all_shards_have_a_limit() {
        let info = |letters: usize| {
            let lengths = vec!["1"; 1 << 19].join(",");
            let name = "x".repeat(letters);
            let text = format!(r#"{{"name": "{name}", "splits": [{{"name": "s", "shardLengths": [{lengths}]}}]}}"#);
            TfdsInfo::parse(text.as_bytes())
        };
        info(80).unwrap();
        assert!(info(200).unwrap_err().to_string().contains("bytes, and at most 67108864 are read"));
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
