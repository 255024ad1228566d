//! Which records are kept: by their label, by the keys that they have, and by the values under these.

use std::str::FromStr;

use super::{ReshardOptions, merge::Labels};
use crate::{
    error::{Error, Result},
    example::{ExampleView, Kind},
};

/// A key and a value that a record may have under it, as in `split=train`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyValue {
    /// The key.
    pub key: String,
    /// The value: a whole number, or the bytes of a text.
    pub value: String,
}

/// Parses `KEY=VALUE`; the value is what follows the first `=`.
impl FromStr for KeyValue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
            _ => Err("expected KEY=VALUE, as in source=web".to_owned()),
        }
    }
}

/// The conditions that a record has to meet.
#[derive(Debug)]
pub(super) struct Filter {
    label_keys: Vec<String>,
    only_labels: Option<Vec<i64>>,
    drop_labels: Vec<i64>,
    has_keys: Vec<String>,
    /// Each key with the values of which one must be there.
    only: Vec<(String, Vec<String>)>,
}

impl Filter {
    /// What the options ask for; `None` if every record is kept.
    ///
    /// # Errors
    /// [`ErrorKind::Options`](crate::ErrorKind::Options) for a label that is neither a class name nor a number.
    pub(super) fn new(options: &ReshardOptions, labels: &Labels) -> Result<Option<Self>> {
        if !options.filters() {
            return Ok(None);
        }
        let stored = |names: &[String]| names.iter().map(|name| labels.stored(name)).collect::<Result<Vec<i64>>>();
        let mut only: Vec<(String, Vec<String>)> = Vec::new();
        for KeyValue { key, value } in &options.only {
            match only.iter_mut().find(|(known, _)| known == key) {
                Some((_, values)) => values.push(value.clone()),
                None => only.push((key.clone(), vec![value.clone()])),
            }
        }
        Ok(Some(Self {
            label_keys: labels.keys(),
            only_labels: Some(stored(&options.only_labels)?).filter(|only| !only.is_empty()),
            drop_labels: stored(&options.drop_labels)?,
            has_keys: options.has_keys.clone(),
            only,
        }))
    }

    /// Whether a record is kept. The key of a list of floats that would have to be compared is an error.
    pub(super) fn keeps(&self, view: &ExampleView<'_>) -> Result<bool, &str> {
        if self.only_labels.is_some() || !self.drop_labels.is_empty() {
            let label = label(view, &self.label_keys);
            let is_in = |labels: &[i64]| label.is_some_and(|label| labels.contains(&label));
            if self.only_labels.as_ref().is_some_and(|only| !is_in(only)) || is_in(&self.drop_labels) {
                return Ok(false);
            }
        }
        if !self.has_keys.iter().all(|key| view.get(key).is_some_and(|feature| !feature.is_empty())) {
            return Ok(false);
        }
        for (key, values) in &self.only {
            let Some(feature) = view.get(key) else { return Ok(false) };
            let is_there = match feature.kind() {
                None => false,
                Some(Kind::Float) => return Err(key),
                Some(Kind::Bytes) => {
                    feature.bytes().any(|found| values.iter().any(|wanted| wanted.as_bytes() == found))
                }
                Some(Kind::Int64) => {
                    feature.ints().any(|found| values.iter().any(|wanted| wanted.parse() == Ok(found)))
                }
            };
            if !is_there {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The label of a record: the first whole number under the first of these keys that is there.
pub(super) fn label(view: &ExampleView<'_>, keys: &[String]) -> Option<i64> {
    keys.iter().find_map(|key| view.get(key)).and_then(|feature| feature.ints().next())
}

/// The error of a list of floats that was to be compared.
pub(super) fn floats(key: &str) -> Error {
    Error::options(format!("--only compares whole numbers and texts, and `{key}` is a list of floats"))
        .with_hint("--has-key keeps the records that have a value there, whatever it is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values() {
        let parsed = "a/b=x=y".parse::<KeyValue>().unwrap();
        assert_eq!((parsed.key.as_str(), parsed.value.as_str()), ("a/b", "x=y"));
        assert_eq!("a=".parse::<KeyValue>().unwrap().value, "");
        for bad in ["", "a", "=x"] {
            assert!(bad.parse::<KeyValue>().is_err(), "{bad:?}");
        }
    }
}
