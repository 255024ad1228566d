//! Whole numbers of lists as elements of arrays.

use crate::item::DType;

/// Appends a number of an `int64_list` as a little-endian element; `uint64` is stored as its bits. Nothing is appended, and
/// `false` returned, if the type cannot hold the number.
#[must_use]
pub fn push_element(value: i64, dtype: DType, out: &mut Vec<u8>) -> bool {
    let fits = match dtype {
        DType::Bool => matches!(value, 0 | 1),
        DType::Int8 => i8::try_from(value).is_ok(),
        DType::Int16 => i16::try_from(value).is_ok(),
        DType::Int32 => i32::try_from(value).is_ok(),
        DType::Uint8 => u8::try_from(value).is_ok(),
        DType::Uint16 => u16::try_from(value).is_ok(),
        DType::Uint32 => u32::try_from(value).is_ok(),
        DType::Int64 | DType::Uint64 | DType::Float16 | DType::Float32 | DType::Float64 => true,
    };
    if fits {
        out.extend_from_slice(value.to_le_bytes().get(..dtype.size()).unwrap_or_default());
    }
    fits
}
