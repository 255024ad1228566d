//! The header of a `.npy` file, as NumPy writes it.

use crate::item::DType;

/// NumPy leaves room in which the first dimension may grow to this many digits.
const GROWTH: usize = 21;

/// The data start at a multiple of this.
const ALIGN: usize = 64;

/// The header of an array in C order, little-endian: byte for byte what `numpy.save` puts there (NumPy 1.24 and later).
pub(super) fn header(dtype: DType, shape: &[u64]) -> Vec<u8> {
    let dims = match shape {
        [one] => format!("({one},)"),
        dims => format!("({})", dims.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    };
    let mut text = format!("{{'descr': '{}', 'fortran_order': False, 'shape': {dims}, }}", descr(dtype));
    let digits = shape.first().map_or(GROWTH, |rows| rows.to_string().len());
    text.push_str(&" ".repeat(GROWTH.saturating_sub(digits)));
    // Version 1 has two bytes for the length; no shape of a feature needs more.
    let before = 10 + text.len() + 1;
    text.push_str(&" ".repeat(ALIGN - before % ALIGN));
    text.push('\n');
    match u16::try_from(text.len()) {
        Ok(len) => [b"\x93NUMPY\x01\0", &len.to_le_bytes()[..], text.as_bytes()].concat(),
        Err(_) => {
            let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
            [b"\x93NUMPY\x02\0", &len.to_le_bytes()[..], text.as_bytes()].concat()
        }
    }
}

const fn descr(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "|b1",
        DType::Int8 => "|i1",
        DType::Int16 => "<i2",
        DType::Int32 => "<i4",
        DType::Int64 => "<i8",
        DType::Uint8 => "|u1",
        DType::Uint16 => "<u2",
        DType::Uint32 => "<u4",
        DType::Uint64 => "<u8",
        DType::Float16 => "<f2",
        DType::Float32 => "<f4",
        DType::Float64 => "<f8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What NumPy 2 wrote for `np.save(file, np.zeros(shape, dtype))`.
    #[test]
    fn as_numpy_writes_it() {
        let start = b"\x93NUMPY\x01\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (3, 28, 28), }";
        let header = header(DType::Float32, &[3, 28, 28]);
        assert!(header.starts_with(start) && header.ends_with(b" \n"));
        assert_eq!(header.len(), 128);
    }
}
