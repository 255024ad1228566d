//! Records taken apart into what Python and NumPy hold.

use std::{
    borrow::Cow,
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use numpy::PyArray1;
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyString, PyTuple},
};
use shardify::{
    Content, Error, ErrorKind,
    error::Place,
    example::{ExampleView, Role},
    item::DType,
    tfrecord::HEADER_LEN,
    transform::{self, DEFAULT_MAX_PIXELS, DecodeSpec, Picture, Scratch},
};

use super::{
    order::Order,
    records::{index, part, record, records},
    set::{Payload, Set},
};
use crate::error::OrRaise;

/// The records of a data set, or of some of it, as dictionaries.
#[derive(Debug)]
#[pyclass(frozen, module = "shardify._shardify")]
pub(crate) struct Rows {
    pub(super) set: Arc<Set>,
    pub(super) order: Arc<Order>,
}

/// Goes through the records from the first to the last.
#[derive(Debug)]
#[pyclass(frozen, module = "shardify._shardify")]
pub(crate) struct RowsIter {
    set: Arc<Set>,
    order: Arc<Order>,
    next: AtomicI64,
}

/// What is called for every array.
#[derive(Debug)]
pub(super) struct Numpy {
    ndarray: Py<PyAny>,
    dtypes: Vec<(DType, Py<PyAny>)>,
}

/// A value of which nothing is left to do but to hand it on.
enum Ready<'a> {
    Content(Content<'a>),
    Picture(Picture),
}

const DTYPES: [(DType, &str); 12] = [
    (DType::Bool, "?"),
    (DType::Int8, "i1"),
    (DType::Int16, "<i2"),
    (DType::Int32, "<i4"),
    (DType::Int64, "<i8"),
    (DType::Uint8, "u1"),
    (DType::Uint16, "<u2"),
    (DType::Uint32, "<u4"),
    (DType::Uint64, "<u8"),
    (DType::Float16, "<f2"),
    (DType::Float32, "<f4"),
    (DType::Float64, "<f8"),
];

#[pymethods]
impl Rows {
    fn __len__(&self) -> usize {
        usize::try_from(self.order.len()).unwrap_or(usize::MAX)
    }

    fn row<'py>(&self, py: Python<'py>, position: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        row(py, &self.set, record(&self.order, index(position)?)?)
    }

    fn rows<'py>(&self, py: Python<'py>, positions: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let records = records(&self.order, positions)?;
        self.set.several(py, &records, |payloads| {
            let all: Vec<&Payload<'_>> = payloads.iter().collect();
            PyList::new(py, take_apart(py, &self.set, &all)?)
        })
    }

    /// Some of the records: those that a slice or a list of positions chooses.
    fn part(&self, which: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self { set: Arc::clone(&self.set), order: Arc::new(part(&self.order, which)?) })
    }

    /// The serialized records.
    fn records(&self) -> super::Records {
        super::Records { set: Arc::clone(&self.set), order: Arc::clone(&self.order) }
    }

    /// What another process needs to make the same of the same data set.
    fn order<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.order.to_python(py)
    }

    /// The records of the whole data set in an order that `order` returned.
    fn ordered(&self, order: &Bound<'_, PyAny>) -> PyResult<Self> {
        let order = Order::from_python(order, self.set.opened.len())?;
        Ok(Self { set: Arc::clone(&self.set), order: Arc::new(order) })
    }

    /// The positions of the records of this name.
    fn find(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> PyResult<Vec<u64>> {
        let name = super::keys::to_bytes(name)?;
        let names = self.set.names(py)?;
        Ok(names.find(&name).filter_map(|record| self.order.position(record)).collect())
    }

    /// The name of the record at a position.
    fn name<'py>(&self, py: Python<'py>, position: i64) -> PyResult<Bound<'py, PyAny>> {
        let record = record(&self.order, position)?;
        text(py, self.set.names(py)?.name(record).unwrap_or_default())
    }

    fn __iter__(&self) -> RowsIter {
        RowsIter { set: Arc::clone(&self.set), order: Arc::clone(&self.order), next: AtomicI64::new(0) }
    }
}

#[pymethods]
impl RowsIter {
    const fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let position = self.next.fetch_add(1, Ordering::Relaxed);
        self.order.at(position).map(|record| row(py, &self.set, record)).transpose()
    }
}

fn row<'py>(py: Python<'py>, set: &Set, record: u64) -> PyResult<Bound<'py, PyDict>> {
    set.one(py, record, |payload| {
        let mut rows = take_apart(py, set, &[payload])?;
        rows.pop().ok_or_else(|| PyTypeError::new_err("no row"))
    })
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// Builds a dictionary of each record. Parsing and decoding are done without the interpreter's lock.
fn take_apart<'py>(py: Python<'py>, set: &Set, payloads: &[&Payload<'_>]) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let at: Vec<_> = payloads.iter().map(|payload| (payload.located, &*payload.bytes)).collect();
    let views = py
        .detach(|| {
            let parsed = at.iter().map(|(located, bytes)| {
                ExampleView::parse(bytes).map_err(|fault| {
                    let what = format!("{} at byte {} of the record", fault.what, fault.at);
                    set.opened.explain(located, Error::new(ErrorKind::BadExample(what)))
                })
            });
            parsed.collect::<Result<Vec<_>, _>>()
        })
        .or_raise(py)?;
    let ready = py
        .detach(|| {
            let values = views
                .iter()
                .zip(&at)
                .map(|(view, (located, _))| values(set, view).map_err(|error| set.opened.explain(located, error)));
            values.collect::<Result<Vec<_>, _>>()
        })
        .or_raise(py)?;
    let build = |(values, payload): (Vec<Ready<'_>>, &&Payload<'_>)| {
        let row = PyDict::new(py);
        for (wanted, value) in set.wanted.iter().zip(values) {
            let dtype = wanted.field.as_ref().and_then(|field| match field.role {
                Role::Tensor { dtype, .. } => Some(dtype),
                _ => None,
            });
            row.set_item(&wanted.key, to_python(py, set, value, payload, dtype)?)?;
        }
        Ok(row)
    };
    ready.into_iter().zip(payloads).map(build).collect()
}

/// What is wanted of one record.
fn values<'a>(set: &Set, view: &'a ExampleView<'_>) -> Result<Vec<Ready<'a>>, Error> {
    let value = |wanted: &shardify::Wanted| {
        let content = wanted.read(view)?;
        let picture =
            |bytes, channels, bits| picture(bytes, channels, bits).map_err(|error| of_picture(&error, &wanted.key));
        let role = wanted.field.as_ref().map(|field| &field.role);
        let is_picture = set.opened.features.image_key.as_ref() == Some(&wanted.key);
        match (&content, role) {
            (Content::Image(bytes), Some(Role::Image { shape, dtype, .. })) if set.decode => {
                if *dtype == DType::Float32 {
                    // TFDS stores the four bytes of each float as those of one pixel of a PNG.
                    let bytes = picture(bytes, Some(4), Some(8))?;
                    return Ok(Ready::Picture(Picture { channels: 1, bits: 32, ..bytes }));
                }
                let channels = shape[2].and_then(|channels| u8::try_from(channels).ok());
                // That some pictures are grey does not make all others so.
                let channels = channels.filter(|channels| wanted.is_said || *channels == 3);
                let bits = if *dtype == DType::Uint16 { 16 } else { 8 };
                picture(bytes, channels, Some(bits)).map(Ready::Picture)
            }
            (Content::Bytes(bytes), _) if set.decode && is_picture => picture(bytes, None, Some(8)).map(Ready::Picture),
            _ => Ok(Ready::Content(content)),
        }
    };
    set.wanted.iter().map(value).collect()
}

/// What is wrong with a picture, in terms of the shard: a byte of the picture is none of the file that it is in.
fn of_picture(error: &Error, key: &str) -> Error {
    let byte = match error.place() {
        Some(Place::Byte(byte)) => format!(" at byte {byte} of the picture"),
        _ => String::new(),
    };
    let message = format!("feature `{key}`{byte}: {}", error.message());
    match error.fault() {
        Some(fault) => Error::input(fault, message),
        None => Error::inputs(message),
    }
    .with_hint(PICTURE)
}

const PICTURE: &str =
    "the record is as it was written, its picture is not whole; without decode=True its bytes can be had";

fn picture(bytes: &[u8], channels: Option<u8>, bits: Option<u8>) -> Result<Picture, Error> {
    let spec = DecodeSpec { channels, bits, max_pixels: DEFAULT_MAX_PIXELS };
    SCRATCH.with_borrow_mut(|scratch| transform::decode(bytes, spec, scratch))
}

fn to_python<'py>(
    py: Python<'py>,
    set: &Set,
    value: Ready<'_>,
    payload: &Payload<'_>,
    said: Option<DType>,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Ready::Content(Content::Nothing) => py.None().into_bound(py),
        Ready::Content(Content::Image(bytes) | Content::Bytes(bytes)) => PyBytes::new(py, bytes).into_any(),
        Ready::Content(Content::Int(value)) => value.into_pyobject(py)?.into_any(),
        Ready::Content(Content::Text(bytes)) => text(py, bytes)?,
        Ready::Content(Content::List(values)) => {
            let is_text = values.iter().all(|value| std::str::from_utf8(value).is_ok());
            let list = PyList::empty(py);
            for value in values {
                list.append(if is_text { text(py, value)? } else { PyBytes::new(py, value).into_any() })?;
            }
            list.into_any()
        }
        Ready::Content(Content::Steps(steps)) => {
            let list = PyList::empty(py);
            for step in steps {
                list.append(to_python(py, set, Ready::Content(step), payload, None)?)?;
            }
            list.into_any()
        }
        Ready::Content(Content::Tensor { dtype, shape, elements }) => {
            let array = tensor(py, set, payload, dtype, &shape, elements)?;
            let array = match said {
                // Halves and doubles stand in a list of floats.
                Some(said) if said != dtype => array.call_method1("astype", (set.numpy.dtype(py, said)?,))?,
                _ => array,
            };
            // A lone number, as NumPy gives it.
            if shape.is_empty() { array.get_item(PyTuple::empty(py))? } else { array }
        }
        Ready::Picture(Picture { pixels, height, width, channels, bits }) => {
            let dtype = match bits {
                32 => DType::Float32,
                16 => DType::Uint16,
                _ => DType::Uint8,
            };
            set.numpy.array(
                py,
                dtype,
                &[height.into(), width.into(), channels.into()],
                PyArray1::from_vec(py, pixels).as_any(),
                0,
            )?
        }
        Ready::Content(_) => return Err(PyTypeError::new_err("a value of an unknown kind")),
    })
}

/// An array: a view of the map that its record is in, or of memory of its own.
fn tensor<'py>(
    py: Python<'py>,
    set: &Set,
    payload: &Payload<'_>,
    dtype: DType,
    shape: &[u64],
    elements: Cow<'_, [u8]>,
) -> PyResult<Bound<'py, PyAny>> {
    let in_map = || {
        let map = payload.map.filter(|_| !set.writable)?;
        let Cow::Borrowed(elements) = &elements else { return None };
        let inside = (elements.as_ptr() as usize).checked_sub(payload.bytes.as_ptr() as usize)?;
        (inside + elements.len() <= payload.bytes.len())
            .then(|| (map, payload.located.span.offset.0 + (HEADER_LEN + inside) as u64))
    };
    if let Some((map, offset)) = in_map() {
        return set.numpy.array(py, dtype, shape, map.buffer.bind(py), offset);
    }
    set.numpy.array(py, dtype, shape, PyArray1::from_vec(py, elements.into_owned()).as_any(), 0)
}

impl Numpy {
    pub(super) fn new(py: Python<'_>) -> PyResult<Self> {
        let numpy = py.import("numpy")?;
        let dtype = |(dtype, name): (DType, &str)| Ok((dtype, numpy.call_method1("dtype", (name,))?.unbind()));
        let dtypes = DTYPES.into_iter().map(dtype).collect::<PyResult<_>>()?;
        Ok(Self { ndarray: numpy.getattr("ndarray")?.unbind(), dtypes })
    }

    fn dtype<'s, 'py>(&'s self, py: Python<'py>, dtype: DType) -> PyResult<&'s Bound<'py, PyAny>> {
        let found = self.dtypes.iter().find(|(other, _)| *other == dtype);
        found.map(|(_, dtype)| dtype.bind(py)).ok_or_else(|| PyTypeError::new_err("an element type without a name"))
    }

    /// An array over a buffer.
    fn array<'py>(
        &self,
        py: Python<'py>,
        dtype: DType,
        shape: &[u64],
        buffer: &Bound<'py, PyAny>,
        offset: u64,
    ) -> PyResult<Bound<'py, PyAny>> {
        let shape = PyTuple::new(py, shape)?;
        self.ndarray.bind(py).call1((shape, self.dtype(py, dtype)?, buffer, offset))
    }
}

/// Text; bytes that are none as Python holds those of file names.
pub(super) fn text<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(PyString::new(py, text).into_any()),
        Err(_) => PyBytes::new(py, bytes).call_method1("decode", ("utf-8", "surrogateescape")),
    }
}
