//! What is known of a feature of numbers: range, moments, histogram, what is no number, what is constant.

use super::{data::ArrayFacts, numbers::Gathered};
use crate::{
    example::{Encoding, FeatureView, Field, Role},
    item::DType,
};

/// A feature of numbers.
#[derive(Debug, Clone)]
pub(super) struct ArrayKey {
    pub(super) key: String,
    dtype: DType,
    encoding: Encoding,
    shape: Vec<Option<u64>>,
}

impl ArrayKey {
    /// Of a feature whose values are numbers.
    pub(super) fn of(field: &Field) -> Option<Self> {
        let Role::Tensor { dtype, shape, encoding } = &field.role else { return None };
        Some(Self { key: field.key.clone(), dtype: *dtype, encoding: *encoding, shape: shape.clone() })
    }

    /// Rows, columns and channels, if the numbers may be a picture that is worth looking at.
    pub(super) fn picture_shape(&self) -> Option<[Option<u32>; 3]> {
        /// Smaller ones show nothing.
        const LEAST: u64 = 8;
        if self.dtype != DType::Uint8 || self.encoding != Encoding::Bytes {
            return None;
        }
        let side = |side: Option<u64>| side.map(u32::try_from).transpose().ok();
        let (height, width, channels) = match *self.shape.as_slice() {
            [height, width] => (height, width, Some(1)),
            [height, width, channels @ (None | Some(1 | 3 | 4))] => (height, width, channels),
            _ => return None,
        };
        let is_large = |side: Option<u64>| side.is_none_or(|side| side >= LEAST);
        (is_large(height) && is_large(width)).then_some([side(height)?, side(width)?, side(channels)?])
    }

    /// What is known of its values.
    pub(super) fn facts(&self, seen: &ArrayPart) -> ArrayFacts {
        let mut values = seen.values.clone();
        let mut zeros = seen.zeros;
        if let Some(counts) = &seen.bytes {
            for (byte, times) in (0..=u8::MAX).zip(counts.iter()) {
                let value = if self.dtype == DType::Int8 { f64::from(byte.cast_signed()) } else { f64::from(byte) };
                values.add_times(value, *times);
            }
            zeros += counts.first().copied().unwrap_or(0);
        }
        ArrayFacts {
            key: self.key.clone(),
            dtype: self.dtype.name().to_owned(),
            shape: self.shape.clone(),
            records: seen.records,
            nan: seen.nan,
            positive_infinity: seen.positive_infinity,
            negative_infinity: seen.negative_infinity,
            zeros,
            records_not_finite: seen.not_finite,
            values: values.finish(),
            constant_records: seen.constant,
        }
    }

    /// What is gathered of it.
    pub(super) fn part(&self) -> ArrayPart {
        let values =
            if self.dtype.is_integer() || self.dtype == DType::Bool { Gathered::whole() } else { Gathered::real() };
        ArrayPart {
            records: 0,
            nan: 0,
            positive_infinity: 0,
            negative_infinity: 0,
            zeros: 0,
            not_finite: 0,
            constant: 0,
            values,
            bytes: None,
        }
    }

    /// Looks at the value of one record.
    pub(super) fn add(&self, feature: &FeatureView<'_>, part: &mut ArrayPart) {
        match (self.encoding, self.dtype) {
            (Encoding::Bytes, _) => {
                let mut values = feature.bytes();
                let (Some(bytes), None) = (values.next(), values.next()) else { return };
                self.add_bytes(bytes, part);
            }
            (Encoding::List, DType::Float32) => {
                let mut pieces = feature.float_bytes();
                let Some(mut all) = pieces.next() else { return };
                // Writers of today write one piece.
                for piece in pieces {
                    all.to_mut().extend_from_slice(&piece);
                }
                part.add(&all, |bytes| f64::from(f32::from_le_bytes(bytes)));
            }
            (Encoding::List, DType::Uint64) => {
                let numbers: Vec<f64> = feature.ints().map(|number| number.cast_unsigned() as f64).collect();
                part.add_numbers(numbers.iter().copied());
            }
            (Encoding::List, _) => {
                let numbers: Vec<f64> = feature.ints().map(|number| number as f64).collect();
                part.add_numbers(numbers.iter().copied());
            }
        }
    }

    fn add_bytes(&self, bytes: &[u8], part: &mut ArrayPart) {
        match self.dtype {
            DType::Bool | DType::Uint8 | DType::Int8 => part.add_single_bytes(bytes),
            DType::Int16 => part.add(bytes, |bytes| f64::from(i16::from_le_bytes(bytes))),
            DType::Int32 => part.add(bytes, |bytes| f64::from(i32::from_le_bytes(bytes))),
            DType::Int64 => part.add(bytes, |bytes| i64::from_le_bytes(bytes) as f64),
            DType::Uint16 => part.add(bytes, |bytes| f64::from(u16::from_le_bytes(bytes))),
            DType::Uint32 => part.add(bytes, |bytes| f64::from(u32::from_le_bytes(bytes))),
            DType::Uint64 => part.add(bytes, |bytes| u64::from_le_bytes(bytes) as f64),
            DType::Float16 => part.add(bytes, |bytes| half(u16::from_le_bytes(bytes))),
            DType::Float32 => part.add(bytes, |bytes| f64::from(f32::from_le_bytes(bytes))),
            DType::Float64 => part.add(bytes, f64::from_le_bytes),
        }
    }
}

/// What was gathered of a feature of numbers.
#[derive(Debug, Clone)]
pub(super) struct ArrayPart {
    records: u64,
    nan: u64,
    positive_infinity: u64,
    negative_infinity: u64,
    zeros: u64,
    /// Records with a number that is not finite.
    not_finite: u64,
    /// Records whose numbers are all equal, and more than one.
    constant: u64,
    values: Gathered,
    /// Of elements of one byte: how often each value occurs.
    bytes: Option<Box<[u64; 256]>>,
}

impl ArrayPart {
    fn add_single_bytes(&mut self, bytes: &[u8]) {
        self.records += 1;
        let counts = self.bytes.get_or_insert_with(|| Box::new([0; 256]));
        for byte in bytes {
            if let Some(count) = counts.get_mut(usize::from(*byte)) {
                *count += 1;
            }
        }
        self.constant += u64::from(bytes.len() > 1 && bytes.iter().all(|byte| Some(byte) == bytes.first()));
    }

    fn add<const N: usize>(&mut self, bytes: &[u8], number: impl Fn([u8; N]) -> f64 + Copy) {
        let (elements, _) = bytes.as_chunks::<N>();
        self.add_numbers(elements.iter().map(move |element| number(*element)));
    }

    fn add_numbers(&mut self, numbers: impl Iterator<Item = f64> + Clone) {
        self.records += 1;
        let (mut nan, mut positive, mut negative) = (0, 0, 0);
        let (mut count, mut is_constant, mut first) = (0_u64, true, None);
        for number in numbers.clone() {
            count += 1;
            nan += u64::from(number.is_nan());
            positive += u64::from(number == f64::INFINITY);
            negative += u64::from(number == f64::NEG_INFINITY);
            self.zeros += u64::from(number == 0.0);
            is_constant &= *first.get_or_insert(number) == number;
        }
        self.nan += nan;
        self.positive_infinity += positive;
        self.negative_infinity += negative;
        self.not_finite += u64::from(nan + positive + negative > 0);
        self.constant += u64::from(is_constant && count > 1);
        if nan + positive + negative == 0 {
            self.values.add_all(numbers);
        } else {
            self.values.add_all(numbers.filter(|number| number.is_finite()));
        }
    }

    /// Adds what is known of the records that follow.
    pub(super) fn join(&mut self, other: &Self) {
        self.records += other.records;
        self.nan += other.nan;
        self.positive_infinity += other.positive_infinity;
        self.negative_infinity += other.negative_infinity;
        self.zeros += other.zeros;
        self.not_finite += other.not_finite;
        self.constant += other.constant;
        self.values.join(&other.values);
        if let Some(more) = &other.bytes {
            let counts = self.bytes.get_or_insert_with(|| Box::new([0; 256]));
            for (count, more) in counts.iter_mut().zip(more.iter()) {
                *count += more;
            }
        }
    }
}

/// A float of 16 bits (IEEE 754 binary16).
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn halves() {
        // As numpy.float16 has them.
        for (bits, expected) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x3555, 0.333_251_953_125),
        ] {
            assert_eq!(half(bits), expected, "{bits:#06x}");
        }
        assert_eq!(half(0xfc00), f64::NEG_INFINITY);
        assert!(half(0x7e00).is_nan());
    }
}
