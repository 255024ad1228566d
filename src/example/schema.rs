//! What every record of a data set holds: the keys, how their values are stored, and what they mean.

use crate::item::{DType, ImageFormat};

/// Which list of `tf.train.Feature` holds the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `bytes_list`
    Bytes,
    /// `int64_list`
    Int64,
    /// `float_list`
    Float,
}

/// How the elements of a tensor become a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// One list entry an element, in C order.
    List,
    /// One bytes value: the elements in C order, little-endian.
    Bytes,
}

/// What the value means.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The bytes of an image file.
    Image {
        /// The format where all images have the same one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<ImageFormat>,
        /// Rows, columns and channels; `None` where the images differ.
        shape: [Option<u32>; 3],
        /// `uint8` or `uint16`.
        dtype: DType,
    },
    /// A class index; the names are in the manifest and in `label.labels.txt`.
    ClassLabel {
        /// How many classes there are, fillers of an offset included.
        classes: u64,
        /// The element type of the array that the labels came from; `None` if they did not stand alone in its rows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dtype: Option<DType>,
    },
    /// UTF-8 text, or the raw bytes of a file name.
    Text,
    /// Numbers of a fixed shape.
    Tensor {
        /// The element type.
        dtype: DType,
        /// The shape of one record's value; empty for a scalar, `None` where the records differ.
        shape: Vec<Option<u64>>,
        /// How the elements are stored.
        encoding: Encoding,
    },
    /// A list of texts or raw bytes.
    Strings {
        /// The shape of one record's value, `None` where the records differ.
        shape: Vec<Option<u64>>,
    },
}

/// One feature of every record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Field {
    /// The key in the Example.
    pub key: String,
    /// The list that holds the value.
    pub kind: Kind,
    /// What the value means.
    #[serde(flatten)]
    pub role: Role,
    /// Whether the field is only a convenience for parsers: present in every record, but not part of the TFDS features.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auxiliary: bool,
}

/// The features of every record, sorted by key.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Schema {
    /// The fields, sorted by key.
    pub fields: Vec<Field>,
}

impl Schema {
    /// A schema of these fields, in any order.
    #[must_use]
    pub fn new(mut fields: Vec<Field>) -> Self {
        fields.sort_by(|a, b| a.key.cmp(&b.key));
        Self { fields }
    }

    /// The field with this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }
}
