//! What flows through the pipeline, as plain data: element types, image formats and facts about one image.

use std::fmt;

/// The element type of an array, as NumPy names it. Bytes are little-endian wherever shardify holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are NumPy's")]
pub enum DType {
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Float16,
    Float32,
    Float64,
}

impl DType {
    /// Bytes of one element.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Bool | Self::Int8 | Self::Uint8 => 1,
            Self::Int16 | Self::Uint16 | Self::Float16 => 2,
            Self::Int32 | Self::Uint32 | Self::Float32 => 4,
            Self::Int64 | Self::Uint64 | Self::Float64 => 8,
        }
    }

    /// NumPy's and TensorFlow's name, as in `float32`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Float16 => "float16",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
        }
    }

    /// Whether the type holds whole numbers (bool included).
    #[must_use]
    pub const fn is_integer(self) -> bool {
        !matches!(self, Self::Float16 | Self::Float32 | Self::Float64)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How the image bytes of a record are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    /// A JPEG file.
    Jpeg,
    /// A PNG file.
    Png,
    /// `height * width * channels` bytes, row by row, channels interleaved.
    Raw,
}

impl ImageFormat {
    /// The lower-case name, as in the `image/format` feature.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Raw => "raw",
        }
    }
}

/// What is known of one image as it is stored in its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageInfo {
    /// How the bytes are stored.
    pub format: ImageFormat,
    /// Rows of pixels.
    pub height: u32,
    /// Columns of pixels.
    pub width: u32,
    /// Channels as a decoder returns them without conversion: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA.
    pub channels: u8,
    /// Bits of one channel: 8 or 16.
    pub bits: u8,
}

/// Why a text cannot name a split, or `None` if it can: letters, digits, `_` and `-`, starting with a letter or digit.
#[must_use]
pub fn split_name_fault(text: &str) -> Option<&'static str> {
    let first = text.chars().next();
    if text.len() > 64 {
        Some("it is longer than 64 characters")
    } else if !first.is_some_and(|c| c.is_ascii_alphanumeric()) {
        Some("it must start with a letter or digit")
    } else if !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        Some("it may hold letters, digits, `_` and `-` only")
    } else if text == "all" {
        Some("`all` means every split to TFDS")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_names() {
        for good in ["train", "val", "test-2", "0", "part_1"] {
            assert_eq!(split_name_fault(good), None, "{good:?}");
        }
        for bad in ["", "-x", "a b", "a/b", "..", "é", "all"] {
            assert!(split_name_fault(bad).is_some(), "{bad:?}");
        }
    }
}
