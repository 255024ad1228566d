//! Columns: arrays as rows, read in any order by any number of threads.

use std::path::{Path, PathBuf};

use super::{
    array_ref::{ArrayKind, ArrayRef},
    cursor::{Cursor, read_at},
    member::{members as told_by, summary},
    npy::{self, NpyData, NpyHeader, shape_text},
    npz,
    spool::Spool,
    transpose,
};
use crate::{
    error::{At, Error, ErrorKind, Fault, Place, Result},
    item::DType,
    storage::{ReadAt, Storage},
    units::Count,
};

/// One feature of the records: row `i` belongs to record `i`.
///
/// Made of one array, or of several that follow each other along the first axis. Holds open files, or borrows arrays in
/// memory, and no data.
#[derive(Debug)]
pub struct Column<'a> {
    name: String,
    dtype: DType,
    row_shape: Vec<u64>,
    row_bytes: u64,
    rows: u64,
    parts: Vec<Part<'a>>,
}

/// One array of a column: rows that follow each other in one file, in C order.
#[derive(Debug)]
struct Part<'a> {
    first_row: u64,
    rows: u64,
    file: Box<dyn ReadAt + 'a>,
    offset: u64,
    swap: bool,
    place: PathBuf,
}

impl<'a> Column<'a> {
    /// Opens the arrays, checks their sizes and that they fit together, and prepares what cannot be read in place:
    /// compressed members and arrays in Fortran order are written to scratch files, stored `.npz` members are read once
    /// to compare their checksum.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]; [`ErrorKind::Input`] with the array, its fault and the next step; [`ErrorKind::Inputs`] when
    /// the arrays differ in type or row shape, naming both. An array without rows is no error.
    pub fn open(storage: &dyn Storage, name: &str, arrays: &[ArrayRef<'a>], spool: &Spool) -> Result<Self> {
        let mut opened: Vec<(NpyHeader, Part<'a>)> = Vec::with_capacity(arrays.len());
        let mut rows = 0_u64;
        for array in arrays {
            let (header, mut part) = open_part(storage, name, array, spool)?;
            if let Some((first, before)) = opened.first() {
                check_alike((first, &before.place), (&header, &part.place))?;
            }
            part.first_row = rows;
            rows = rows
                .checked_add(part.rows)
                .ok_or_else(|| Error::inputs(format!("the arrays of `{name}` have more than 2^64 rows")))?;
            opened.push((header, part));
        }
        let Some((header, _)) = opened.first() else {
            return Err(Error::inputs(format!("no array is given for `{name}`")));
        };
        Ok(Self {
            name: name.to_owned(),
            dtype: header.dtype,
            row_shape: header.row_shape().to_vec(),
            row_bytes: header.row_bytes(),
            rows,
            parts: opened.into_iter().map(|(_, part)| part).collect(),
        })
    }

    /// The feature's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of one element.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Elements along each axis of one row; empty when a row is a single number. No axis is 0.
    #[must_use]
    pub fn row_shape(&self) -> &[u64] {
        &self.row_shape
    }

    /// Bytes of one row, at least 1.
    #[must_use]
    pub fn row_bytes(&self) -> u64 {
        self.row_bytes
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The arrays it is made of, each with how many rows it has: a path, followed by `:member` in an `.npz` file.
    pub fn parts(&self) -> impl Iterator<Item = (&Path, u64)> {
        self.parts.iter().map(|part| (part.place.as_path(), part.rows))
    }

    /// The array that holds a row, and the row's place in it.
    #[must_use]
    pub fn locate(&self, row: u64) -> Option<(&Path, u64)> {
        let part = self.part_of(row)?;
        Some((part.place.as_path(), row - part.first_row))
    }

    /// Appends `count` rows from `start` on to `out`: little-endian elements in C order, [`Column::row_bytes`] a row. A
    /// `bool` is 1 for every byte that is not 0, as NumPy takes it.
    ///
    /// One positioned read per array touched.
    ///
    /// # Errors
    /// Those of [`Column::read_rows_into`]; `out` is then as it was.
    pub fn read_rows(&self, start: u64, count: u64, out: &mut Vec<u8>) -> Result<()> {
        self.check_range(start, count)?;
        let before = out.len();
        let bytes = self
            .row_bytes
            .checked_mul(count)
            .and_then(|bytes| usize::try_from(bytes).ok())
            .filter(|bytes| out.try_reserve(*bytes).is_ok())
            .ok_or_else(|| {
                Error::input(Fault::TooLarge, format!("{count} rows of {} bytes do not fit in memory", self.row_bytes))
                    .at_place(Place::Row(start))
            })?;
        out.resize(before + bytes, 0);
        let result = self.read_rows_into(start, out.get_mut(before..).unwrap_or_default());
        if result.is_err() {
            out.truncate(before);
        }
        result
    }

    /// Fills `out`, whose length is a multiple of [`Column::row_bytes`], with rows from `start` on. The same bytes as
    /// [`Column::read_rows`], for callers that reuse a buffer.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], or [`ErrorKind::Input`] with `Truncated` when the file has become shorter, both with the array
    /// and the row in it; [`ErrorKind::Inputs`] when there are no such rows.
    pub fn read_rows_into(&self, start: u64, out: &mut [u8]) -> Result<()> {
        let count = out.len() as u64 / self.row_bytes;
        if count * self.row_bytes != out.len() as u64 {
            return Err(Error::inputs(format!(
                "a buffer of {} bytes does not hold whole rows of {} bytes",
                out.len(),
                self.row_bytes
            )));
        }
        self.check_range(start, count)?;
        let (mut row, mut rest) = (start, out);
        while !rest.is_empty() {
            let Some(part) = self.part_of(row) else { break };
            let local = row - part.first_row;
            let rows = (rest.len() as u64 / self.row_bytes).min(part.rows - local);
            // No larger than `rest`, whose length is a usize.
            let bytes = usize::try_from(rows * self.row_bytes).unwrap_or(rest.len());
            let chunk = rest.split_off_mut(..bytes).unwrap_or_default();
            read_at(&*part.file, chunk, part.offset + local * self.row_bytes)
                .map_err(|error| error.at_place(Place::Row(local)))
                .at(&part.place)?;
            if part.swap {
                swap_bytes(chunk, self.dtype.size());
            }
            if self.dtype == DType::Bool {
                chunk.iter_mut().for_each(|byte| *byte = u8::from(*byte != 0));
            }
            row += rows;
        }
        Ok(())
    }

    fn check_range(&self, start: u64, count: u64) -> Result<()> {
        if start.checked_add(count).is_some_and(|end| end <= self.rows) {
            return Ok(());
        }
        Err(Error::inputs(format!(
            "`{}` has {} rows, but {count} from row {start} on were asked for",
            self.name,
            Count(self.rows)
        )))
    }

    fn part_of(&self, row: u64) -> Option<&Part<'a>> {
        let after = self.parts.partition_point(|part| part.first_row <= row);
        self.parts.get(after.checked_sub(1)?).filter(|part| row - part.first_row < part.rows)
    }
}

/// Opens one array and makes its rows readable in C order.
fn open_part<'a>(
    storage: &dyn Storage,
    name: &str,
    array: &ArrayRef<'a>,
    spool: &Spool,
) -> Result<(NpyHeader, Part<'a>)> {
    let file = array.open(storage).map_err(many_files)?;
    let mut array = array.clone();
    let data = match (ArrayKind::of_file(&*file).at(&array.path)?, &array.member) {
        (Some(ArrayKind::Npz), wanted) => {
            let members = npz::read_members(&*file).at(&array.path)?;
            let member = pick_member(&members, wanted.as_deref()).at(&array.path)?;
            array.member = Some(member.name.clone());
            member.open_data(file, spool).at(array.place())?
        }
        (_, None) => open_npy(file).at(&array.path)?,
        (_, Some(member)) => {
            let message = format!("it is no .npz file, so it has no member `{}`", member.escape_debug());
            return Err(Error::input(Fault::WrongType, message)).at(&array.path);
        }
    };
    let place = array.place();
    let data = if data.header.is_scattered() { in_c_order(data, name, spool).at(&place)? } else { data };
    let NpyData { header, file, offset, .. } = data;
    let part = Part { first_row: 0, rows: header.rows(), file, offset, swap: header.big_endian, place };
    Ok((header, part))
}

fn open_npy(file: Box<dyn ReadAt + '_>) -> Result<NpyData<'_>> {
    let header = npy::resolve(&npy::read_raw(&mut Cursor::new(&*file), file.len())?)?;
    header.check_data(file.len().saturating_sub(header.data_offset))?;
    let offset = header.data_offset;
    Ok(NpyData { header, file, offset, scratch: None })
}

/// Writes the data to a scratch file in C order, and removes the scratch file that it came from.
fn in_c_order<'a>(data: NpyData<'a>, name: &str, spool: &Spool) -> Result<NpyData<'a>> {
    let NpyData { header, file, offset, scratch } = data;
    let out = spool.create(name, header.data_bytes())?;
    transpose::to_c_order(&*file, offset, &header.shape, header.dtype.size(), spool, &out)?;
    if let Some(path) = scratch {
        spool.remove(&path);
    }
    let (file, path) = out.finish()?;
    Ok(NpyData { header, file, offset: 0, scratch: Some(path) })
}

fn pick_member<'a>(members: &'a [npz::NpzMember], wanted: Option<&str>) -> Result<&'a npz::NpzMember> {
    let all = summary(&told_by(members));
    match (wanted, members) {
        (None, [only]) => Ok(only),
        (None, _) => Err(Error::input(Fault::WrongType, format!("it holds {} arrays: {all}", members.len()))
            .with_hint("name one, as in FILE.npz:member")),
        (Some(wanted), _) => members.iter().find(|member| member.name == wanted).ok_or_else(|| {
            let message = format!("it has no array `{}`; it holds {all}", wanted.escape_debug());
            Error::input(Fault::WrongType, message).with_hint("name one of these, as in FILE.npz:member")
        }),
    }
}

fn check_alike((first, first_place): (&NpyHeader, &Path), (next, next_place): (&NpyHeader, &Path)) -> Result<()> {
    if first.dtype == next.dtype && first.row_shape() == next.row_shape() {
        return Ok(());
    }
    let show = |header: &NpyHeader| format!("{} rows of {}", shape_text(header.row_shape()), header.dtype);
    let message = format!(
        "it has {}, but {} has {}: arrays that follow each other must agree",
        show(next),
        ArrayRef::from(first_place),
        show(first)
    );
    Err(Error::inputs(message)
        .with_hint("convert them to one type and shape, or convert them one by one into folders of their own"))
    .at(next_place)
}

/// Every array of a column stays open; the limit of the system is the only one on how many.
fn many_files(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Io { source, .. } if matches!(source.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) => {
            error.with_hint("raise the limit of open files (ulimit -n), or join the arrays with np.concatenate")
        }
        _ => error,
    }
}

fn swap_bytes(bytes: &mut [u8], size: usize) {
    match size {
        2 => bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|element| element.reverse()),
        4 => bytes.as_chunks_mut::<4>().0.iter_mut().for_each(|element| element.reverse()),
        8 => bytes.as_chunks_mut::<8>().0.iter_mut().for_each(|element| element.reverse()),
        _ => {}
    }
}
