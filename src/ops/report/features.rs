//! The table of features.

use super::{data::FeatureFacts, text};
use crate::{
    example::{Kind, Role},
    ops::inspect::InspectedSet,
    pipeline::{FeatureStats, Range},
    units::Count,
};

/// Features in the table: records with more are data in the place of keys.
const MAX_FEATURES: usize = 1000;

pub(super) fn features(set: &InspectedSet) -> Vec<FeatureFacts> {
    let of = |(key, stats): (&str, &FeatureStats)| FeatureFacts {
        key: text::name(key),
        kind: stats.kind_name().to_owned(),
        meaning: set.schema.get(key).map(|field| meaning(&field.role)).unwrap_or_default(),
        records: stats.records,
        range: range(stats),
    };
    set.stats.features.iter().take(MAX_FEATURES).map(of).collect()
}

fn meaning(role: &Role) -> String {
    let shape = |shape: &[Option<u64>]| {
        let sides: Vec<String> =
            shape.iter().map(|side| side.map_or_else(|| "?".to_owned(), |side| side.to_string())).collect();
        format!("[{}]", sides.join(", "))
    };
    match role {
        Role::Image { shape: sides, dtype, .. } => {
            format!("image {} {}", dtype.name(), shape(&sides.map(|side| side.map(u64::from))))
        }
        Role::ClassLabel { classes: 0, .. } => "label".to_owned(),
        Role::ClassLabel { classes, .. } => format!("label, {} classes", Count(*classes)),
        Role::Text => "text".to_owned(),
        Role::Tensor { dtype, shape: sides, .. } if sides.is_empty() => dtype.name().to_owned(),
        Role::Tensor { dtype, shape: sides, .. } => format!("tensor {} {}", dtype.name(), shape(sides)),
        Role::Strings { shape: sides } => format!("texts {}", shape(sides)),
    }
}

fn range(stats: &FeatureStats) -> String {
    fn ends<T: Copy + std::fmt::Display + PartialEq>(range: Option<Range<T>>) -> Option<String> {
        let Range { min, max } = range?;
        Some(if min == max { min.to_string() } else { format!("{min} to {max}") })
    }
    let text = match stats.kind() {
        Some(Kind::Bytes) => ends(stats.length).map(|range| format!("{range} bytes")),
        Some(Kind::Int64) => ends(stats.ints),
        Some(Kind::Float) => ends(stats.floats),
        None => None,
    };
    text.unwrap_or_default()
}
