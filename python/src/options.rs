//! Values of options as Python gives them: sizes as numbers of bytes or text, choices by name.

use std::str::FromStr;

use pyo3::prelude::*;
use shardify::{ByteSize, Compression, Existing};

use crate::error::bad_option;

/// A size: a number of bytes, or text as on the command line ("512MB", "256MiB").
#[derive(Debug, FromPyObject)]
pub(crate) enum Size {
    /// Bytes.
    Bytes(u64),
    /// A negative number, which is none.
    #[expect(dead_code, reason = "what is wrong with it is all that matters")]
    Negative(i64),
    /// A number with a unit.
    Text(String),
}

impl Size {
    pub(crate) fn read(&self, py: Python<'_>, option: &str) -> PyResult<ByteSize> {
        match self {
            Self::Bytes(bytes) => Ok(ByteSize(*bytes)),
            Self::Negative(_) => Err(bad_option(py, &format!("{option}: expected a number of bytes from 0 up"))),
            Self::Text(text) => parse(py, option, text),
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

/// A number that is counted from 0.
#[derive(Debug, Clone, Copy, FromPyObject)]
pub(crate) enum Whole {
    /// One that fits.
    Fits(u64),
    /// A negative one.
    #[expect(dead_code, reason = "what is wrong with it is all that matters")]
    Negative(i64),
}

impl Whole {
    pub(crate) fn read(self, py: Python<'_>, option: &str) -> PyResult<u64> {
        match self {
            Self::Fits(number) => Ok(number),
            Self::Negative(_) => Err(bad_option(py, &format!("{option}: expected a whole number from 0 up"))),
        }
    }
}

/// How many worker threads, if that is said.
pub(crate) fn threads(py: Python<'_>, given: Option<i64>) -> PyResult<Option<usize>> {
    let fits = |given| usize::try_from(given).ok().filter(|threads| (1..=1024).contains(threads));
    let refused = || bad_option(py, "threads: expected a whole number from 1 to 1,024");
    given.map(|given| fits(given).ok_or_else(refused)).transpose()
}

/// A whole number from a range, both ends included.
pub(crate) fn within<T: TryFrom<i64>>(py: Python<'_>, option: &str, given: i64, least: i64, most: i64) -> PyResult<T> {
    let fits = T::try_from(given).ok().filter(|_| (least..=most).contains(&given));
    fits.ok_or_else(|| {
        bad_option(py, &format!("{option}: expected a whole number from {least} to {most}, not {given}"))
    })
}

/// What to do with an output folder that is not empty.
pub(crate) fn existing(py: Python<'_>, given: &str) -> PyResult<Existing> {
    choose(py, "existing", given, &[Existing::Refuse, Existing::Resume, Existing::Overwrite], |existing| match existing
    {
        Existing::Refuse => "refuse",
        Existing::Resume => "resume",
        Existing::Overwrite => "overwrite",
    })
}

/// How shards are written.
pub(crate) fn compression(py: Python<'_>, given: &str) -> PyResult<Compression> {
    choose(py, "compression", given, &[Compression::None, Compression::Gzip], Compression::name)
}

/// Whether what cannot be used is left out; otherwise it stops the run.
pub(crate) fn skips(py: Python<'_>, on_error: &str) -> PyResult<bool> {
    choose(py, "on_error", on_error, &[false, true], |skips| if skips { "skip" } else { "stop" })
}

/// Reads text as the command line does, if there is any.
pub(crate) fn parse_some<T: FromStr<Err: std::fmt::Display>>(
    py: Python<'_>,
    option: &str,
    text: Option<String>,
) -> PyResult<Option<T>> {
    text.map(|text| parse(py, option, &text)).transpose()
}

/// Reads a size, if there is one.
pub(crate) fn size(py: Python<'_>, option: &str, given: Option<Size>) -> PyResult<Option<ByteSize>> {
    given.map(|size| size.read(py, option)).transpose()
}
