//! Values of options as Python gives them: sizes as numbers of bytes or text, choices by name.

use std::str::FromStr;

use pyo3::prelude::*;
use shardify::ByteSize;

use crate::error::bad_option;

/// A size: a number of bytes, or text as on the command line ("512MB", "256MiB").
#[derive(Debug, FromPyObject)]
pub(crate) enum Size {
    /// Bytes.
    Bytes(u64),
    /// A number with a unit.
    Text(String),
}

impl Size {
    pub(crate) fn read(self, py: Python<'_>, option: &str) -> PyResult<ByteSize> {
        match self {
            Self::Bytes(bytes) => Ok(ByteSize(bytes)),
            Self::Text(text) => parse(py, option, &text),
        }
    }
}

/// Reads text as the command line does.
pub(crate) fn parse<T: FromStr<Err: std::fmt::Display>>(py: Python<'_>, option: &str, text: &str) -> PyResult<T> {
    text.parse().map_err(|error| bad_option(py, &format!("{option}: {error}")))
}

/// One of the values that an option has.
pub(crate) fn choose<T: Copy>(
    py: Python<'_>,
    option: &str,
    text: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> PyResult<T> {
    all.iter().copied().find(|value| name(*value) == text).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|value| format!("{:?}", name(*value))).collect();
        bad_option(py, &format!("{option}: {text:?} is none of {}", names.join(", ")))
    })
}
