//! Arrays in memory: what `.npy` files hold, without the files. Paths name them, as in `x_train (in memory)`.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::{
    dtype,
    npy::{self, shape_text},
};
use crate::{
    error::{At, Error, Fault, Result},
    storage::ReadAt,
};

/// Bytes of a checksum between two questions whether to go on.
const CHUNK: usize = 64 << 20;

/// An array in memory. It is read as the `.npy` file would be that NumPy writes of it: a header, then the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct MemoryArray<'a> {
    name: String,
    path: PathBuf,
    header: Vec<u8>,
    pub(super) dtype: String,
    pub(super) shape: Vec<u64>,
    /// What keeps it from becoming a column.
    pub(super) fault: Option<String>,
    fortran: bool,
    descr: String,
    bytes: &'a [u8],
}

impl<'a> MemoryArray<'a> {
    /// An array of this `numpy.dtype.str`, as in `<f4`, and this shape. In Fortran order, the *first* index varies fastest
    /// in `bytes`; otherwise the last.
    ///
    /// # Errors
    /// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) without a name. What cannot become a column is told when it is opened
    /// as one.
    pub fn new(
        name: impl Into<String>,
        descr: impl Into<String>,
        fortran: bool,
        shape: Vec<u64>,
        bytes: &'a [u8],
    ) -> Result<Self> {
        let (name, descr) = (name.into(), descr.into());
        if name.trim().is_empty() {
            return Err(Error::inputs("an array in memory has no name"));
        }
        let path = PathBuf::from(format!("{name} (in memory)"));
        let header = header(&descr, fortran, &shape);
        let raw = npy::parse_raw(&header).at(&path)?;
        let fault = npy::resolve(&raw).err().map(|error| error.message());
        let dtype = dtype::describe(&raw.descr);
        Ok(Self { name, path, header, dtype, shape, fault, fortran, descr, bytes })
    }

    /// Its name, as in `x_train`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path that stands for it: in options, and in messages, as in `x_train (in memory)`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this path stands for it. Paths are equal that spell one file in two ways, as `a/b` and `a//b`; names are not.
    #[must_use]
    pub fn is_at(&self, path: &Path) -> bool {
        self.path.as_os_str() == path.as_os_str()
    }

    /// What it is recognised by when a run is resumed: type, shape, order and the CRC-32C of its bytes. `go_on` is asked
    /// now and then; its error ends the reading.
    ///
    /// # Errors
    /// That of `go_on`.
    pub fn identity(&self, go_on: &dyn Fn() -> Result<()>) -> Result<String> {
        let mut crc = 0;
        for chunk in self.bytes.chunks(CHUNK) {
            go_on()?;
            crc = crc32c::crc32c_append(crc, chunk);
        }
        let order = if self.fortran { " in Fortran order" } else { "" };
        Ok(format!("{} {}{order}, CRC-32C {crc:08x}", self.descr, shape_text(&self.shape)))
    }
}

/// Without the bytes.
impl fmt::Debug for MemoryArray<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryArray({}: {} {})", self.name, self.dtype, shape_text(&self.shape))
    }
}

impl ReadAt for MemoryArray<'_> {
    fn len(&self) -> u64 {
        (self.header.len() + self.bytes.len()) as u64
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        let Ok(offset) = usize::try_from(offset) else { return Err(self.ends_early()) };
        let of_header = self.header.get(offset..).unwrap_or_default();
        let (head, rest) = buf.split_at_mut(of_header.len().min(buf.len()));
        head.iter_mut().zip(of_header).for_each(|(to, from)| *to = *from);
        let start = offset.saturating_sub(self.header.len());
        let found = start.checked_add(rest.len()).and_then(|end| self.bytes.get(start..end));
        rest.copy_from_slice(found.ok_or_else(|| self.ends_early())?);
        Ok(())
    }
}

impl MemoryArray<'_> {
    fn ends_early(&self) -> Error {
        let what = format!("{} bytes are there, fewer than its type and shape need", self.bytes.len());
        Error::input(Fault::Truncated, what)
    }
}

/// The header of a `.npy` file.
fn header(descr: &str, fortran: bool, shape: &[u64]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let shape: String = shape.iter().map(|dim| format!("{dim}, ")).collect();
    let dict = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': ({shape})}}\n");
    // A header that does not fit, which no dtype of NumPy needs, is found to be cut off.
    let len = u16::try_from(dict.len()).unwrap_or(u16::MAX);
    [npy::MAGIC, &[1, 0], &len.to_le_bytes(), dict.as_bytes()].concat()
}

/// Arrays in memory, each with a name of its own.
#[derive(Debug, Clone, Default)]
pub struct MemoryArrays<'a>(Vec<MemoryArray<'a>>);

impl<'a> MemoryArrays<'a> {
    /// These arrays.
    ///
    /// # Errors
    /// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) if two have one name.
    pub fn new(arrays: Vec<MemoryArray<'a>>) -> Result<Self> {
        for (number, array) in arrays.iter().enumerate() {
            if arrays.iter().take(number).any(|before| before.name == array.name) {
                return Err(Error::inputs(format!("two arrays in memory are called `{}`", array.name)));
            }
        }
        Ok(Self(arrays))
    }

    /// The array that a path stands for.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<&MemoryArray<'a>> {
        self.0.iter().find(|array| array.is_at(path))
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &MemoryArray<'a>> {
        self.0.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_like_the_file_that_numpy_writes() {
        let array = MemoryArray::new("x", "<i2", false, vec![2, 3], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]).unwrap();
        let header = npy::parse_npy_header(&array.header).unwrap();
        assert_eq!((header.rows(), header.row_shape(), header.row_bytes()), (2, &[3][..], 6));
        let all = usize::try_from(array.len()).unwrap();
        let mut whole = vec![0; all];
        array.read_exact_at(&mut whole, 0).unwrap();
        assert_eq!(whole, [array.header.as_slice(), array.bytes].concat());
        for start in 0..=all {
            for end in start..=all {
                let mut part = vec![0xee; end - start];
                array.read_exact_at(&mut part, start as u64).unwrap();
                assert_eq!(part, whole[start..end]);
            }
            let mut long = vec![0; all - start + 1];
            assert!(array.read_exact_at(&mut long, start as u64).is_err());
        }
        assert!(array.read_exact_at(&mut [0], u64::MAX).is_err());
    }

    #[test]
    fn two_arrays_of_one_name_are_refused() {
        let array = |name: &str| MemoryArray::new(name, "|u1", false, vec![1], &[1]).unwrap();
        assert!(MemoryArrays::new(vec![array("x"), array("y")]).is_ok());
        let error = MemoryArrays::new(vec![array("x"), array("y"), array("x")]).unwrap_err();
        assert!(error.to_string().contains("called `x`"), "{error}");
        assert!(MemoryArray::new(" ", "|u1", false, vec![1], &[1]).is_err());
    }

    #[test]
    fn names_are_no_paths() {
        let names = ["a/b", "a//b", "a/./b", "./a/b"];
        let array = |name| MemoryArray::new(name, "|u1", false, vec![1], &[1]).unwrap();
        let all = MemoryArrays::new(names.map(array).to_vec()).unwrap();
        for name in names {
            assert_eq!(all.get(array(name).path()).map(MemoryArray::name), Some(name));
        }
    }

    #[test]
    fn what_it_is_recognised_by() {
        let bytes = *b"123456789";
        let identity = |fortran| {
            let array = MemoryArray::new("x", "|u1", fortran, vec![3, 3], &bytes).unwrap();
            array.identity(&|| Ok(())).unwrap()
        };
        // The check value of CRC-32C.
        assert_eq!(identity(false), "|u1 [3, 3], CRC-32C e3069283");
        assert_eq!(identity(true), "|u1 [3, 3] in Fortran order, CRC-32C e3069283");
    }
}
