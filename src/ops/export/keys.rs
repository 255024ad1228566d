//! Which features hold the image, its class and its file name.

use serde_json::Value;

use super::ExportOptions;
use crate::{
    error::{At, Error, Result},
    example::{ExampleView, Field, Kind, Role},
    index::Manifest,
    ops::{
        dataset::{DataSet, LabelNames},
        describe::{Description, FILE_NAMES},
    },
    pipeline::{FeatureStats, FieldStats},
};

/// Keys of images, the usual ones first.
const IMAGES: &[&str] = &["image/encoded", "image", "jpg", "jpeg", "png", "webp", "img", "image_raw"];

/// Keys of the text beside class numbers.
const LABEL_TEXTS: &[&str] = &["image/class/text"];

/// Where the parts of a data set of images are.
#[derive(Debug, Default)]
pub(super) struct ImageFields {
    pub(super) image: String,
    label: Option<String>,
    /// What the numbers of the label stand for.
    classes: Description,
    label_text: Option<String>,
    name: Option<String>,
    /// Whether `convert` stored the names of files that it kept as they are: these need no ending.
    pub(super) has_own_names: bool,
}

impl ImageFields {
    /// Finds the fields of a data set; `None` if it has no images.
    pub(super) fn find(set: &DataSet, stats: &FieldStats, options: &ExportOptions) -> Result<Option<Self>> {
        let said = Description::of_metadata(set);
        let is_said = said.is_some();
        let description = said.unwrap_or_else(|| Description::infer(stats, &set.labels));
        let Some(image) = image(set, (&description, is_said), stats, options)? else { return Ok(None) };
        let exists = |key: &&str| stats.features.get(key).is_some();
        let usual = |keys: &[&str]| keys.iter().copied().find(|key| exists(key)).map(str::to_owned);
        let given =
            |key: &Option<String>| key.as_deref().map(|key| asked(set, stats, key).map(str::to_owned)).transpose();
        let known = description.label_key.clone().filter(|key| exists(&key.as_str()));
        let label = given(&options.label_key)?.or_else(|| known.clone());
        let classes = if label == known {
            description
        } else {
            let names = set.labels.iter().find(|names| Some(&names.key) == label.as_ref());
            let classes = |names: &LabelNames| Description {
                class_names: names.names.clone(),
                label_offset: names.offset,
                ..Description::default()
            };
            names.map_or_else(Description::default, classes)
        };
        let is_bytes = |key: &String| stats.features.get(key).is_some_and(|stats| stats.kind() == Some(Kind::Bytes));
        let name = given(&options.name_key)?.or_else(|| usual(FILE_NAMES).filter(is_bytes));
        let label_text = usual(LABEL_TEXTS).filter(|_| options.label_key.is_none());
        let keeps = |manifest: &Manifest| {
            let format = manifest.options.get("transform").and_then(|transform| transform.get("format"));
            !manifest.adopted && format.and_then(Value::as_str) == Some("keep")
        };
        let has_own_names = options.name_key.is_none() && set.manifest.get().is_some_and(keeps);
        Ok(Some(Self { image, label, classes, label_text, name, has_own_names }))
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
        let name = self.classes.class_of(stored).and_then(|class| self.classes.class_names.get(class));
        Some(name.cloned().or_else(|| text(&self.label_text)).unwrap_or_else(|| stored.to_string()))
    }

    /// The file name of a record.
    pub(super) fn name<'a>(&self, example: &'a ExampleView<'_>) -> Option<&'a [u8]> {
        example.get(self.name.as_deref()?)?.bytes().next().filter(|name| !name.is_empty())
    }
}

fn image(
    set: &DataSet,
    (description, is_said): (&Description, bool),
    stats: &FieldStats,
    options: &ExportOptions,
) -> Result<Option<String>> {
    if let Some(key) = &options.image_key {
        let key = asked(set, stats, key)?;
        if stats.features.get(key).is_some_and(|stats| stats.kind() != Some(Kind::Bytes)) {
            let message = format!("the feature `{key}` holds numbers, and an image is one value of bytes");
            return Err(Error::options(message).with_hint("name another feature with --image-key")).at(&set.dir);
        }
        return Ok(Some(key.to_owned()));
    }
    let exists = |key: &String| stats.features.get(key).is_some();
    let fields = || description.schema.fields.iter().filter(|field| !field.auxiliary && exists(&field.key));
    let is_image = |field: &&Field| matches!(field.role, Role::Image { .. });
    let mut found: Vec<&str> = fields().filter(is_image).map(|field| field.key.as_str()).collect();
    // What a model is given is the image, if the metadata say so; what is inferred is a guess.
    let input = description.supervised_keys.as_ref().map(|keys| keys.0.as_str()).filter(|_| is_said);
    if let Some(input) = input.filter(|input| found.contains(input)) {
        found = vec![input];
    }
    if found.is_empty() {
        let is_tensor = |key: &str| fields().any(|field| field.key == key && matches!(field.role, Role::Tensor { .. }));
        let looks_like_one = |stats: &FeatureStats| {
            let is_single = stats.count.is_some_and(|count| count.max == 1);
            let images = stats.single_bytes.images.count();
            // One that is no image does not make the others none.
            stats.kind() == Some(Kind::Bytes) && is_single && images > 0 && images * 10 >= stats.records * 9
        };
        let all = stats.features.iter();
        found = all.filter(|(key, stats)| looks_like_one(stats) && !is_tensor(key)).map(|(key, _)| key).collect();
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
fn asked<'k>(set: &DataSet, stats: &FieldStats, key: &'k str) -> Result<&'k str> {
    if stats.features.get(key).is_some() { Ok(key) } else { Err(no_feature(key, stats)).at(&set.dir) }
}

/// There is no feature of this name.
pub(super) fn no_feature(key: &str, stats: &FieldStats) -> Error {
    const SHOWN: usize = 20;
    let mut list: Vec<&str> = stats.features.iter().map(|(key, _)| key).take(SHOWN + 1).collect();
    if list.len() > SHOWN {
        list.pop();
        list.push("...");
    }
    Error::options(format!("no record has a feature `{key}`"))
        .with_hint(format!("the features are {}", list.join(", ")))
}
