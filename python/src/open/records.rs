//! Serialized records.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use pyo3::{
    IntoPyObjectExt,
    exceptions::{PyIndexError, PyOverflowError, PyTypeError},
    prelude::*,
    types::{PyBytes, PyList, PyMemoryView, PySlice, PyTuple},
};

use super::{order::Order, set::Set};

/// The serialized records of a data set, or of some of it.
#[derive(Debug)]
#[pyclass(frozen, module = "shardify._shardify")]
pub(crate) struct Records {
    pub(super) set: Arc<Set>,
    pub(super) order: Arc<Order>,
}

/// Goes through the records from the first to the last.
#[derive(Debug)]
#[pyclass(frozen, module = "shardify._shardify")]
pub(crate) struct RecordsIter {
    set: Arc<Set>,
    order: Arc<Order>,
    next: AtomicI64,
}

#[pymethods]
impl Records {
    fn __len__(&self) -> usize {
        usize::try_from(self.order.len()).unwrap_or(usize::MAX)
    }

    fn __getitem__<'py>(&self, py: Python<'py>, position: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match index(position) {
            Ok(position) => return bytes(py, &self.set, record(&self.order, position)?).map(Bound::into_any),
            Err(error) if error.is_instance_of::<PyIndexError>(py) => return Err(error),
            Err(_) => {}
        }
        let positions = py.import("shardify._dataset")?.getattr("_positions")?;
        let order = Arc::new(part(&self.order, &positions.call1((position, self.order.len()))?)?);
        Self { set: Arc::clone(&self.set), order }.into_bound_py_any(py)
    }

    fn __getitems__<'py>(&self, py: Python<'py>, positions: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let records = records(&self.order, positions)?;
        self.set.several(py, &records, |payloads| {
            PyList::new(py, payloads.iter().map(|payload| PyBytes::new(py, &payload.bytes)))
        })
    }

    /// A record as it stands in the map of its shard, without a copy; read-only.
    fn view<'py>(&self, py: Python<'py>, position: i64) -> PyResult<Bound<'py, PyAny>> {
        let record = record(&self.order, position)?;
        self.set.one(py, record, |payload| match payload.map {
            None => Ok(PyMemoryView::from(PyBytes::new(py, &payload.bytes).as_any())?.into_any()),
            Some(map) => {
                let start = payload.located.span.offset.0 + shardify::tfrecord::HEADER_LEN as u64;
                let (start, end) = (isize::try_from(start)?, isize::try_from(start + payload.bytes.len() as u64)?);
                map.view.bind(py).get_item(PySlice::new(py, start, end, 1))
            }
        })
    }

    fn __reversed__(&self) -> PyResult<RecordsIter> {
        let last = i64::try_from(self.order.len())? - 1;
        let order = self.order.slice(last, -1, self.order.len());
        let order = Arc::new(order.ok_or_else(|| PyIndexError::new_err("there are too many records"))?);
        Ok(RecordsIter { set: Arc::clone(&self.set), order, next: AtomicI64::new(0) })
    }

    fn __iter__(&self) -> RecordsIter {
        RecordsIter { set: Arc::clone(&self.set), order: Arc::clone(&self.order), next: AtomicI64::new(0) }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let rebuild = py.import("shardify._dataset")?.getattr("_records")?;
        let order = self.order.to_python(py)?;
        (rebuild, (self.set.recipe.bind(py), self.set.opened.len(), order)).into_pyobject(py)
    }

    fn __repr__(&self) -> String {
        let name = &self.set.opened.name;
        format!("<{} serialized records of {name}, {}>", self.order.len(), self.set.opened.chosen.join(" + "))
    }
}

#[pymethods]
impl RecordsIter {
    const fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let position = self.next.fetch_add(1, Ordering::Relaxed);
        self.order.at(position).map(|record| bytes(py, &self.set, record)).transpose()
    }
}

fn bytes<'py>(py: Python<'py>, set: &Set, record: u64) -> PyResult<Bound<'py, PyBytes>> {
    set.one(py, record, |payload| Ok(PyBytes::new(py, &payload.bytes)))
}

/// A position, which may be larger than that of any record.
pub(super) fn index(position: &Bound<'_, PyAny>) -> PyResult<i64> {
    position.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyOverflowError>(position.py()) {
            PyIndexError::new_err(format!("record {position} is out of range"))
        } else {
            error
        }
    })
}

/// The record at a position.
pub(super) fn record(order: &Order, position: i64) -> PyResult<u64> {
    order
        .at(position)
        .ok_or_else(|| PyIndexError::new_err(format!("record {position} is out of range: there are {}", order.len())))
}

/// The records at positions.
pub(super) fn records(order: &Order, positions: &Bound<'_, PyAny>) -> PyResult<Vec<u64>> {
    positions.try_iter()?.map(|position| record(order, index(&position?)?)).collect()
}

/// What a slice or a list of positions chooses.
pub(super) fn part(order: &Order, which: &Bound<'_, PyAny>) -> PyResult<Order> {
    let Ok(slice) = which.cast::<PySlice>() else {
        let wrong = |_| PyTypeError::new_err("records are chosen by whole numbers, by slices, or by lists of numbers");
        let positions: Vec<i64> = which.extract().map_err(wrong)?;
        let records = positions.into_iter().map(|position| record(order, position));
        return records.collect::<PyResult<_>>().map(Order::List);
    };
    let indices = slice.indices(isize::try_from(order.len())?)?;
    let part = order.slice(indices.start as i64, indices.step as i64, indices.slicelength as u64);
    part.ok_or_else(|| PyIndexError::new_err("the slice is out of range"))
}
