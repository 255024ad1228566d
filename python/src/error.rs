//! Errors of the library as exceptions of Python. The classes are Python's own (`shardify/_errors.py`), so that they can
//! be read, subclassed and pickled like any other.

use pyo3::{exceptions::PyKeyboardInterrupt, prelude::*, types::PyDict};
use shardify::{Error, ErrorKind, error::Place};

/// A result whose error is about to become an exception.
pub(crate) trait OrRaise<T> {
    /// The value, or the exception.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for Result<T, Error> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| to_exception(py, &error).unwrap_or_else(|failed| failed))
    }
}

/// The class of `shardify/_errors.py` for a kind of error.
fn class(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Io { .. } => "StorageError",
        ErrorKind::Input { .. } | ErrorKind::Inputs(_) | ErrorKind::TooManyFailures(_) => "InputError",
        ErrorKind::NotFound(_) => "NotFoundError",
        ErrorKind::Options(_) => "OptionsError",
        ErrorKind::Output(_) => "OutputError",
        ErrorKind::LengthCrc { .. }
        | ErrorKind::DataCrc { .. }
        | ErrorKind::TruncatedRecord { .. }
        | ErrorKind::RecordTooLarge { .. }
        | ErrorKind::BadExample(_)
        | ErrorKind::Damaged(_) => "DamageError",
        _ => "Error",
    }
}

/// Errors that are part of a report, as exceptions that nobody has raised.
pub(crate) fn exceptions<'py, 'e>(
    py: Python<'py>,
    errors: impl IntoIterator<Item = &'e Error>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    errors.into_iter().map(|error| Ok(to_exception(py, error)?.into_value(py).into_bound(py).into_any())).collect()
}

fn to_exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    if matches!(error.kind(), ErrorKind::Interrupted) {
        return Ok(PyKeyboardInterrupt::new_err("interrupted"));
    }
    let fields = PyDict::new(py);
    fields.set_item("path", error.path())?;
    if let Some(record) = error.record() {
        fields.set_item("record", record.0)?;
    }
    match error.place() {
        Some(Place::Byte(byte)) => fields.set_item("byte", byte.0)?,
        Some(Place::Line(line)) => fields.set_item("line", line)?,
        Some(Place::Row(row)) => fields.set_item("row", row)?,
        _ => {}
    }
    fields.set_item("hint", error.hint())?;
    fields.set_item("fault", error.fault().map(|fault| fault.code()))?;
    if let ErrorKind::Io { source, .. } = error.kind() {
        fields.set_item("errno", source.raw_os_error())?;
    }
    raise(py, class(error.kind()), &error.message(), &fields)
}

/// An exception of `shardify/_errors.py` with these fields.
pub(crate) fn raise(py: Python<'_>, class: &str, message: &str, fields: &Bound<'_, PyDict>) -> PyResult<PyErr> {
    let class = py.import("shardify._errors")?.getattr(class)?;
    Ok(PyErr::from_value(class.call((message,), Some(fields))?))
}

/// A value of an option that cannot be used.
pub(crate) fn bad_option(py: Python<'_>, message: &str) -> PyErr {
    raise(py, "OptionsError", message, &PyDict::new(py)).unwrap_or_else(|failed| failed)
}
