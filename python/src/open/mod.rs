//! `shardify.open`: the native half of a data set that is read in any order.

mod keys;
mod maps;
mod order;
mod records;
mod row;
mod set;

use std::sync::Arc;

use pyo3::prelude::*;

use self::{
    order::Order,
    set::{Options, Set},
};
pub(crate) use self::{
    records::{Records, RecordsIter},
    row::{Rows, RowsIter},
};

/// Opens a data set: what is known of it as JSON, its records, and its records taken apart.
#[pyfunction]
pub(crate) fn open(py: Python<'_>, options: &Bound<'_, PyAny>) -> PyResult<(String, Records, Rows)> {
    let read: Options = options.extract()?;
    let set = Arc::new(Set::open(py, read, options)?);
    let order = Arc::new(Order::all(set.opened.len()));
    let records = Records { set: Arc::clone(&set), order: Arc::clone(&order) };
    Ok((set.opened.to_json(&set.wanted).to_string(), records, Rows { set, order }))
}
