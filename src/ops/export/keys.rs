//! Which features hold the image, its class and its file name.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ExportOptions, survey::FeatureFacts};
use crate::{
    error::{At, Error, Result},
    example::{ExampleView, Kind, Role, Schema},
    index::Manifest,
    ops::dataset::{DataSet, LabelNames},
};

/// Keys of images, the usual ones first.
const IMAGES: &[&str] = &["image/encoded", "image", "jpg", "jpeg", "png", "webp", "img", "image_raw"];

/// Keys of class numbers, and of the text beside them.
const LABELS: &[&str] = &["label", "image/class/label"];
const LABEL_TEXTS: &[&str] = &["image/class/text"];

/// Keys of file names: TFDS, `convert`, TF-Slim, img2dataset.
const NAMES: &[&str] = &["filename", "file_name", "image/filename", "image/file_name", "key", "__key__"];

/// Where the parts of a data set of images are.
#[derive(Debug, Default)]
pub(super) struct ImageFields {
    pub(super) image: String,
    label: Option<String>,
    names: Option<LabelNames>,
    label_text: Option<String>,
    name: Option<String>,
    /// Whether `convert` stored the names of files that it kept as they are: these need no ending.
    pub(super) has_own_names: bool,
}

/// What the metadata say of the features.
pub(super) fn schema(set: &DataSet) -> Option<&Schema> {
    set.manifest.get().map(|manifest| &manifest.schema).or(set.features.get().map(|features| &features.schema))
}

impl ImageFields {
    /// Finds the fields of a data set; `None` if it has no images.
    pub(super) fn find(
        set: &DataSet,
        facts: &BTreeMap<String, FeatureFacts>,
        options: &ExportOptions,
    ) -> Result<Option<Self>> {
        let Some(image) = image(set, facts, options)? else { return Ok(None) };
        let exists = |key: &&str| facts.contains_key(*key);
        let usual = |keys: &[&str]| keys.iter().copied().find(|key| exists(key)).map(str::to_owned);
        let given =
            |key: &Option<String>| key.as_deref().map(|key| asked(set, facts, key).map(str::to_owned)).transpose();
        let is_class = |role: &Role| matches!(role, Role::ClassLabel { .. });
        let of_schema = schema(set).and_then(|schema| schema.fields.iter().find(|field| is_class(&field.role)));
        let label = given(&options.label_key)?
            .or_else(|| of_schema.map(|field| field.key.clone()).filter(|key| facts.contains_key(key)))
            .or_else(|| usual(LABELS));
        let names = label.as_ref().and_then(|label| set.labels.iter().find(|names| names.key == *label)).cloned();
        let name = match given(&options.name_key)? {
            Some(name) => Some(name),
            None => usual(NAMES).filter(|key| facts.get(key).is_some_and(|facts| facts.kind == Some(Kind::Bytes))),
        };
        let label_text = usual(LABEL_TEXTS).filter(|_| options.label_key.is_none());
        let keeps = |manifest: &Manifest| {
            let format = manifest.options.get("transform").and_then(|transform| transform.get("format"));
            !manifest.adopted && format.and_then(Value::as_str) == Some("keep")
        };
        let has_own_names = options.name_key.is_none() && set.manifest.get().is_some_and(keeps);
        Ok(Some(Self { image, label, names, label_text, name, has_own_names }))
    }

    /// The class of a record, by its name if it has one, or else its number.
    pub(super) fn class(&self, example: &ExampleView<'_>) -> Option<String> {
        let text = |key: &Option<String>| {
            let value = example.get(key.as_deref()?)?.bytes().next()?;
            (!value.is_empty()).then(|| String::from_utf8_lossy(value).into_owned())
        };
        let Some(label) = self.label.as_deref().and_then(|key| example.get(key)) else { return text(&self.label_text) };
        if label.kind() == Some(Kind::Bytes) {
            return text(&self.label);
        }
        let stored = label.ints().next()?;
        if stored < 0 {
            return None;
        }
        let name = self.names.as_ref().and_then(|names| {
            let index = usize::try_from(stored - i64::from(names.offset)).ok()?;
            names.names.get(index).cloned()
        });
        Some(name.or_else(|| text(&self.label_text)).unwrap_or_else(|| stored.to_string()))
    }

    /// The file name of a record.
    pub(super) fn name<'a>(&self, example: &'a ExampleView<'_>) -> Option<&'a [u8]> {
        example.get(self.name.as_deref()?)?.bytes().next().filter(|name| !name.is_empty())
    }
}

fn image(set: &DataSet, facts: &BTreeMap<String, FeatureFacts>, options: &ExportOptions) -> Result<Option<String>> {
    if let Some(key) = &options.image_key {
        let key = asked(set, facts, key)?;
        if facts.get(key).is_some_and(|facts| facts.kind != Some(Kind::Bytes)) {
            let message = format!("the feature `{key}` holds numbers, and an image is one value of bytes");
            return Err(Error::options(message).with_hint("name another feature with --image-key")).at(&set.dir);
        }
        return Ok(Some(key.to_owned()));
    }
    let fields = || schema(set).into_iter().flat_map(|schema| &schema.fields);
    let mut found: Vec<&str> = fields()
        .filter(|field| matches!(field.role, Role::Image { .. }) && facts.contains_key(&field.key))
        .map(|field| field.key.as_str())
        .collect();
    if found.is_empty() {
        let is_tensor = |key: &str| fields().any(|field| field.key == key && matches!(field.role, Role::Tensor { .. }));
        let is_image = |facts: &FeatureFacts| {
            let is_single = facts.values.is_some_and(|values| values.most == 1);
            // One that is no image does not make the others none.
            facts.kind == Some(Kind::Bytes) && is_single && facts.images > 0 && facts.images * 10 >= facts.records * 9
        };
        found =
            facts.iter().filter(|(key, facts)| is_image(facts) && !is_tensor(key)).map(|it| it.0.as_str()).collect();
    }
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some((*one).to_owned())),
        several => match IMAGES.iter().find(|usual| several.contains(usual)) {
            Some(usual) => Ok(Some((*usual).to_owned())),
            None => {
                let list = several.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
                Err(Error::options(format!("several features hold images: {list}"))
                    .with_hint(format!("choose one, as in --image-key {}", several.first().unwrap_or(&""))))
                .at(&set.dir)
            }
        },
    }
}

/// A key that the user gave, if there is such a feature.
fn asked<'k>(set: &DataSet, facts: &BTreeMap<String, FeatureFacts>, key: &'k str) -> Result<&'k str> {
    if facts.contains_key(key) {
        return Ok(key);
    }
    Err(no_feature(key, facts)).at(&set.dir)
}

/// There is no feature of this name.
pub(super) fn no_feature(key: &str, facts: &BTreeMap<String, FeatureFacts>) -> Error {
    const SHOWN: usize = 20;
    let mut list: Vec<&str> = facts.keys().map(String::as_str).take(SHOWN).collect();
    if facts.len() > SHOWN {
        list.push("...");
    }
    Error::options(format!("no record has a feature `{key}`"))
        .with_hint(format!("the features are {}", list.join(", ")))
}
