//! What is known of an opened data set as JSON.

use serde_json::{Value, json};

use super::{Opened, Wanted};

impl Opened {
    /// What is known of it, and of the features that are read from its records.
    #[must_use]
    pub fn to_json(&self, wanted: &[Wanted]) -> Value {
        let feature = |wanted: &Wanted| match &wanted.field {
            Some(field) => json!(field),
            None => json!({"key": wanted.key, "role": "unknown"}),
        };
        let features = &self.features;
        json!({
            "name": self.name,
            "path": self.dir.to_string_lossy(),
            "splits": self.splits,
            "split": self.chosen,
            "records": self.len(),
            "shards": self.shards.len(),
            "features": wanted.iter().map(feature).collect::<Vec<_>>(),
            "class_names": features.class_names,
            "label_offset": features.label_offset,
            "label_key": features.label_key,
            "image_key": features.image_key,
            "name_key": features.name_key,
        })
    }
}
