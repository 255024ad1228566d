//! The header of a `.npy` file: what the array is, and where its bytes are.
//!
//! ```text
//! 0x93 N U M P Y  major minor  length (u16 in version 1, u32 in 2 and 3)  dictionary, spaces, newline  data
//! ```
//!
//! As NumPy Enhancement Proposal 1 and the documentation of `numpy.lib.format` say. Everything in a header is a claim:
//! lengths are compared with the file before anything is allocated, and no product of dimensions can wrap.

use std::{io::Read, path::PathBuf};

use super::{
    dtype,
    literal::{self, Value},
};
use crate::{
    error::{During, Error, Fault, Result},
    item::DType,
    storage::ReadAt,
    units::{ByteOffset, ByteSize},
};

/// The first bytes of every `.npy` file.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// Longer than any header of an array that can be read here (NumPy itself stops at 10,000 bytes).
const MAX_HEADER: u64 = 1 << 20;

/// The most dimensions that NumPy can hold.
const MAX_DIMS: usize = 64;

/// What the header of a `.npy` file says. Its sizes are consistent: no product of them overflows 64 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpyHeader {
    /// The type of one element.
    pub dtype: DType,
    /// Whether the bytes of an element are stored most significant first.
    pub big_endian: bool,
    /// Whether the *first* index varies fastest in the data.
    pub fortran: bool,
    /// Elements along each axis. The first axis counts rows; it may be 0, no other axis is.
    pub shape: Vec<u64>,
    /// Bytes from the start of the file to the first element.
    pub data_offset: u64,
    row_bytes: u64,
    data_bytes: u64,
}

impl NpyHeader {
    /// How many rows there are: the length of the first axis.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.shape.first().copied().unwrap_or_default()
    }

    /// The shape of one row: all axes but the first. Empty when a row is a single number.
    #[must_use]
    pub fn row_shape(&self) -> &[u64] {
        self.shape.get(1..).unwrap_or_default()
    }

    /// Bytes of one row, at least 1.
    #[must_use]
    pub fn row_bytes(&self) -> u64 {
        self.row_bytes
    }

    /// Bytes of all rows.
    #[must_use]
    pub fn data_bytes(&self) -> u64 {
        self.data_bytes
    }

    /// Whether a row is scattered over the data: Fortran order, and a shape where that differs from C order.
    pub(super) fn is_scattered(&self) -> bool {
        self.fortran && self.rows() > 0 && self.shape.iter().filter(|&&dim| dim > 1).count() > 1
    }

    /// Compares the data that there is with the data that the header promises.
    pub(super) fn check_data(&self, found: u64) -> Result<()> {
        let expected = self.data_bytes;
        let what = format!("shape {} of {} needs {expected} bytes of data", shape_text(&self.shape), self.dtype);
        if found < expected {
            let message = format!("{what}, but only {found} bytes follow the header");
            return Err(Error::input(Fault::Truncated, message)
                .with_hint("was it copied while it was being written? Copy or save it again"));
        }
        if found > expected {
            let message = format!("{what}, but {found} bytes follow the header");
            return Err(Error::input(Fault::Corrupt, message)
                .with_hint("if several arrays were saved into one file, save each into its own, or use np.savez"));
        }
        Ok(())
    }
}

/// An array whose data can be read.
#[derive(Debug)]
pub(super) struct NpyData<'a> {
    pub(super) header: NpyHeader,
    pub(super) file: Box<dyn ReadAt + 'a>,
    /// Where in `file` the first element is, in bytes.
    pub(super) offset: u64,
    /// The scratch file that `file` is, if it is one.
    pub(super) scratch: Option<PathBuf>,
}

/// What the dictionary of a header says, before it is known whether such an array can be read.
#[derive(Debug)]
pub(super) struct RawHeader {
    pub(super) descr: Value,
    pub(super) fortran: bool,
    pub(super) shape: Vec<u64>,
    pub(super) data_offset: u64,
}

/// Parses the header at the start of `bytes`, which may go on after it. Needs no file and allocates no more than `bytes`
/// has.
///
/// # Errors
/// [`ErrorKind::Input`](crate::ErrorKind::Input): `Empty`, `WrongType` without the magic, `Truncated` when `bytes` ends
/// inside the header, `Corrupt` when it is not what NumPy writes or its sizes overflow, `Unsupported` with a next step
/// for dtypes that are not plain numbers, for arrays without rows (0-d) and for rows without elements.
pub fn parse_npy_header(bytes: &[u8]) -> Result<NpyHeader> {
    resolve(&parse_raw(bytes)?)
}

/// [`parse_npy_header`] without the judgement on dtype and shape.
pub(super) fn parse_raw(bytes: &[u8]) -> Result<RawHeader> {
    let Preamble { dict_start, header_len } = parse_preamble(bytes)?;
    let dict = usize::try_from(dict_start)
        .ok()
        .zip(usize::try_from(header_len).ok())
        .and_then(|(start, end)| bytes.get(start..end))
        .ok_or_else(|| header_cut_off(header_len, bytes.len() as u64))?;
    let entries = literal::parse_dict(dict).map_err(|bad| {
        corrupt(format!("its header is not what NumPy writes: expected {}", bad.expected))
            .at_place(ByteOffset(dict_start.saturating_add(bad.at as u64)).into())
    })?;
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    for (key, value) in entries {
        let slot = match key.as_str() {
            "descr" => &mut descr,
            "fortran_order" => &mut fortran,
            "shape" => &mut shape,
            _ => return Err(corrupt(format!("its header has an unknown key `{}`", key.escape_debug()))),
        };
        if slot.replace(value).is_some() {
            return Err(corrupt(format!("its header has the key `{key}` twice")));
        }
    }
    let missing = |key: &str| corrupt(format!("its header has no `{key}`"));
    let Value::Bool(fortran) = fortran.ok_or_else(|| missing("fortran_order"))? else {
        return Err(corrupt("`fortran_order` in its header is neither True nor False"));
    };
    Ok(RawHeader {
        descr: descr.ok_or_else(|| missing("descr"))?,
        fortran,
        shape: parse_shape(&shape.ok_or_else(|| missing("shape"))?)?,
        data_offset: header_len,
    })
}

/// Judges whether the array is one of rows of plain numbers.
pub(super) fn resolve(raw: &RawHeader) -> Result<NpyHeader> {
    let (dtype, big_endian) = dtype::parse_descr(&raw.descr)?;
    let Some((&rows, row_shape)) = raw.shape.split_first() else {
        return Err(Error::input(Fault::Unsupported, "it holds a single number (shape ()), which has no rows")
            .with_hint("row i of an array becomes record i: save an array with at least one axis"));
    };
    if row_shape.contains(&0) {
        let message = format!("shape {}: its rows have no elements", shape_text(&raw.shape));
        return Err(
            Error::input(Fault::Unsupported, message).with_hint("save an array whose only empty axis is the first")
        );
    }
    let row_bytes = row_shape.iter().try_fold(dtype.size() as u64, |bytes, &dim| bytes.checked_mul(dim));
    let sizes = row_bytes.and_then(|row| Some((row, row.checked_mul(rows)?)));
    let Some((row_bytes, data_bytes)) = sizes.filter(|(_, all)| raw.data_offset.checked_add(*all).is_some()) else {
        let message = format!("shape {} of {dtype} is more than 2^64 bytes", shape_text(&raw.shape));
        return Err(corrupt(message));
    };
    Ok(NpyHeader {
        dtype,
        big_endian,
        fortran: raw.fortran,
        shape: raw.shape.clone(),
        data_offset: raw.data_offset,
        row_bytes,
        data_bytes,
    })
}

/// Reads the header from a stream of `available` bytes, and no byte after it.
pub(super) fn read_raw(stream: &mut impl Read, available: u64) -> Result<RawHeader> {
    let mut bytes = Vec::new();
    fill(stream, &mut bytes, available.min(8))?;
    // Versions 2 and 3 have two more bytes of length; version 1 has at least that much dictionary.
    fill(stream, &mut bytes, available.min(12))?;
    let Preamble { header_len, .. } = parse_preamble(&bytes)?;
    fill(stream, &mut bytes, header_len)?;
    parse_raw(&bytes)
}

/// Reads until `bytes` has `len` bytes or the stream ends, which the parser then finds. Allocates for what comes, not for
/// what is claimed.
fn fill(stream: &mut impl Read, bytes: &mut Vec<u8>, len: u64) -> Result<()> {
    let more = len.saturating_sub(bytes.len() as u64);
    stream.take(more).read_to_end(bytes).during("read").map(drop)
}

struct Preamble {
    dict_start: u64,
    header_len: u64,
}

/// Reads magic, version and length from the first 12 bytes.
fn parse_preamble(bytes: &[u8]) -> Result<Preamble> {
    if bytes.is_empty() {
        return Err(Error::input(Fault::Empty, "the file is empty"));
    }
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        let message = "it does not start as a .npy file does (\\x93NUMPY)";
        return Err(Error::input(Fault::WrongType, message).with_hint("write it with np.save"));
    };
    let (dict_start, claimed) = match *rest {
        [1, 0, a, b, ..] => (10, u64::from(u16::from_le_bytes([a, b]))),
        [2 | 3, 0, a, b, c, d, ..] => (12, u64::from(u32::from_le_bytes([a, b, c, d]))),
        [1..=3, 0, ..] | [] | [_] => return Err(header_cut_off(12, bytes.len() as u64)),
        [major, minor, ..] => {
            let message = format!("it is a .npy file of version {major}.{minor}; versions 1.0, 2.0 and 3.0 are known");
            return Err(Error::input(Fault::Unsupported, message).with_hint("save it again with np.save"));
        }
    };
    if claimed > MAX_HEADER {
        return Err(corrupt(format!(
            "it claims a header of {claimed} bytes, more than the {} that any array needs",
            ByteSize(MAX_HEADER)
        )));
    }
    Ok(Preamble { dict_start, header_len: dict_start + claimed })
}

fn parse_shape(shape: &Value) -> Result<Vec<u64>> {
    let Value::Tuple(dims) = shape else {
        return Err(corrupt("`shape` in its header is not a tuple"));
    };
    if dims.len() > MAX_DIMS {
        return Err(corrupt(format!("its header claims {} dimensions, more than NumPy's {MAX_DIMS}", dims.len())));
    }
    dims.iter()
        .map(|dim| match dim {
            Value::Int(dim) => u64::try_from(*dim).map_err(|_| {
                corrupt(format!("its header claims a dimension of {dim}, which is negative or more than 64 bits"))
            }),
            _ => Err(corrupt("`shape` in its header holds something that is not a whole number")),
        })
        .collect()
}

fn corrupt(message: impl Into<String>) -> Error {
    Error::input(Fault::Corrupt, message)
}

fn header_cut_off(needed: u64, found: u64) -> Error {
    Error::input(Fault::Truncated, format!("it ends inside its header: {needed} bytes needed, {found} found"))
        .with_hint("was it copied while it was being written? Copy or save it again")
}

/// A shape as a user writes it: `[60000, 28, 28]`.
pub(super) fn shape_text(shape: &[u64]) -> String {
    let dims: Vec<String> = shape.iter().map(u64::to_string).collect();
    format!("[{}]", dims.join(", "))
}
