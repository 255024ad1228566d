//! Whether a column of labels holds class numbers, and those numbers in four bytes a row where they are wanted.

use super::column::Column;
use crate::{
    error::{Error, Fault, Result},
    item::DType,
    units::Count,
};

/// One more than the largest class number that is taken for one.
pub const MAX_CLASSES: u32 = 1 << 20;

/// Rows looked at in one go; a row is at most 8 bytes.
const CHUNK_ROWS: u64 = 128 << 10;

/// What a column of labels turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelColumn {
    /// One class number a row.
    Classes {
        /// The class of each row, -1 where it has none; empty unless the numbers were asked for.
        ids: Vec<i32>,
        /// One more than the largest class number.
        classes: u32,
        /// The smallest class number; `None` if no row has one.
        smallest: Option<u32>,
        /// How many rows have no class (-1).
        unlabelled: u64,
    },
    /// Something else, to be stored as it is.
    Other {
        /// What it is, as in `float32 values`.
        why: String,
    },
}

/// Reads a column of labels once, in bounded buffers, and tells whether it holds class numbers: whole numbers or bools,
/// one a row (row shape `[]` or `[1]`), from -1 (no class) to [`MAX_CLASSES`] - 1.
///
/// With `keep`, the numbers are returned too, which takes four bytes of memory a row; without, memory is bounded.
///
/// # Errors
/// Those of [`Column::read_rows`]; [`ErrorKind::Input`](crate::ErrorKind::Input) with `TooLarge` when the numbers do not
/// fit in memory.
pub fn class_ids(column: &Column<'_>, keep: bool) -> Result<LabelColumn> {
    let dtype = column.dtype();
    if !dtype.is_integer() {
        return Ok(LabelColumn::Other { why: format!("{dtype} values") });
    }
    if !matches!(column.row_shape(), [] | [1]) {
        return Ok(LabelColumn::Other { why: format!("rows of shape {}", super::npy::shape_text(column.row_shape())) });
    }
    let mut ids = Vec::new();
    let (mut largest, mut smallest, mut unlabelled) = (-1, None, 0);
    let mut rows = Vec::new();
    let mut row = 0;
    while row < column.rows() {
        let count = CHUNK_ROWS.min(column.rows() - row);
        rows.clear();
        column.read_rows(row, count, &mut rows)?;
        let len = usize::try_from(count).unwrap_or(usize::MAX);
        if keep && ids.try_reserve(len).is_err() {
            let message = format!("{} class numbers do not fit in memory", Count(column.rows()));
            return Err(Error::input(Fault::TooLarge, message));
        }
        for (at, bytes) in (row..).zip(rows.chunks_exact(dtype.size())) {
            let value = whole_number(bytes, dtype);
            let Some(id) = i32::try_from(value).ok().filter(|id| (-1..MAX_CLASSES.cast_signed()).contains(id)) else {
                let why = format!("whole numbers that are no class numbers (row {at} is {value})");
                return Ok(LabelColumn::Other { why });
            };
            largest = largest.max(id);
            match u32::try_from(id) {
                Ok(class) => smallest = Some(smallest.map_or(class, |smallest: u32| smallest.min(class))),
                Err(_) => unlabelled += 1,
            }
            if keep {
                ids.push(id);
            }
        }
        row += count;
    }
    Ok(LabelColumn::Classes { ids, classes: (largest + 1).cast_unsigned(), smallest, unlabelled })
}

/// One little-endian element of an integer type.
fn whole_number(bytes: &[u8], dtype: DType) -> i128 {
    let unsigned = bytes.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    match dtype {
        DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64 => {
            // Shifting up and back repeats the sign bit.
            let unused = 64_usize.saturating_sub(8 * bytes.len());
            i128::from((unsigned << unused).cast_signed() >> unused)
        }
        _ => i128::from(unsigned),
    }
}
