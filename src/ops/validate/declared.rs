//! What metadata say of every record: kinds, counts, labels.

use crate::{
    example::{Encoding, FeatureView, Field, Kind, Role},
    ops::dataset::{DataSet, LabelNames},
};

/// How many values a feature must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    Exactly(u64),
    /// One dimension is open.
    MultipleOf(u64),
    /// One value of so many bytes.
    Bytes(u64),
    BytesMultipleOf(u64),
}

/// A feature that every record must have.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) key: String,
    pub(super) kind: Kind,
    pub(super) values: Values,
    pub(super) is_image: bool,
    /// The first label that no class has, if it is a label.
    pub(super) labels_end: Option<i64>,
}

/// What a feature is like that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deviation {
    /// So many values.
    Values(u64),
    /// One value of so many bytes.
    Bytes(u64),
    /// A label that no class has.
    Label(i64),
}

/// The features that the manifest declares, or else TFDS's `features.json`, and which file that is; sorted by key.
pub(super) fn declared(set: &DataSet) -> (Vec<Declared>, &'static str) {
    let (schema, file) = match (set.manifest.get(), set.features.get()) {
        (Some(manifest), _) => (&manifest.schema, crate::index::MANIFEST_NAME),
        (None, Some(features)) => (&features.schema, "features.json"),
        (None, None) => return (Vec::new(), ""),
    };
    let mut declared: Vec<_> = schema.fields.iter().map(|field| of_field(field, &set.labels)).collect();
    declared.sort_by(|a, b| a.key.cmp(&b.key));
    (declared, file)
}

fn of_field(field: &Field, labels: &[LabelNames]) -> Declared {
    let names = labels.iter().find(|names| names.key == field.key);
    // Labels without names are allowed, and say nothing of their range.
    let names = names.filter(|names| !names.names.is_empty());
    let named = names.map(|names| names.names.len() as u64 + u64::from(names.offset));
    let labels_end = match field.role {
        Role::ClassLabel { classes, .. } => Some(classes).filter(|classes| *classes > 0).or(named),
        _ => None,
    };
    Declared {
        key: field.key.clone(),
        kind: field.kind,
        values: values(field),
        is_image: matches!(field.role, Role::Image { .. }),
        labels_end: labels_end.map(|end| i64::try_from(end).unwrap_or(i64::MAX)),
    }
}

fn values(field: &Field) -> Values {
    let Role::Tensor { dtype, shape, encoding } = &field.role else { return Values::Exactly(1) };
    let known = shape.iter().flatten().fold(1, |all: u64, dim| all.saturating_mul(*dim));
    let is_open = shape.iter().any(Option::is_none);
    let bytes = known.saturating_mul(dtype.size() as u64);
    match (encoding, is_open) {
        (Encoding::List, false) => Values::Exactly(known),
        (Encoding::List, true) => Values::MultipleOf(known),
        (Encoding::Bytes, false) => Values::Bytes(bytes),
        (Encoding::Bytes, true) => Values::BytesMultipleOf(bytes),
    }
}

impl Declared {
    /// Compares a feature of the declared kind.
    pub(super) fn check(&self, feature: &FeatureView<'_>) -> Option<Deviation> {
        let is_multiple = |of: u64, found: u64| if of == 0 { found == 0 } else { found.is_multiple_of(of) };
        match self.values {
            Values::Bytes(_) | Values::BytesMultipleOf(_) => {
                let mut all = feature.bytes();
                let (Some(value), None) = (all.next(), all.next()) else {
                    return Some(Deviation::Values(feature.len() as u64));
                };
                let bytes = value.len() as u64;
                let fits = match self.values {
                    Values::Bytes(expected) => bytes == expected,
                    Values::BytesMultipleOf(of) => is_multiple(of, bytes),
                    _ => true,
                };
                (!fits).then_some(Deviation::Bytes(bytes))
            }
            Values::Exactly(expected) => {
                let found = feature.len() as u64;
                if found != expected {
                    return Some(Deviation::Values(found));
                }
                let end = self.labels_end?;
                // -1 stands for "no label".
                feature.ints().find(|label| !(-1..end).contains(label)).map(Deviation::Label)
            }
            Values::MultipleOf(of) => {
                let found = feature.len() as u64;
                (!is_multiple(of, found)).then_some(Deviation::Values(found))
            }
        }
    }

    /// What is expected, in words.
    pub(super) fn expected(&self) -> String {
        let s = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        match self.values {
            Values::Exactly(count) => s(count, "value"),
            Values::MultipleOf(of) => format!("a multiple of {}", s(of, "value")),
            Values::Bytes(bytes) => format!("one value of {}", s(bytes, "byte")),
            Values::BytesMultipleOf(of) => format!("one value of a multiple of {}", s(of, "byte")),
        }
    }
}
