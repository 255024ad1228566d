//! Rows of arrays as records.

use std::{ffi::OsString, ops::Range};

use super::{
    batch::{Batch, FailedInput, ImageFacts, NO_CLASS},
    images::{ImageFeatures, ImageKeys},
    range::RecordSource,
    record::{Made, RecordBuilder},
};
use crate::{
    error::{At, Error, Place, Result},
    example::{Encoding, Kind, Value},
    item::DType,
    shard::Order,
    source::Column,
    transform::{PixelsRef, Scratch, Transformer},
    units::ByteSize,
};

/// How the elements of a column are stored so that every reader gets back the same bits.
///
/// 32-bit floats go into a `float_list`, whose wire format is their own. Whole numbers that stand alone, and those that
/// readers cannot take from bytes (`tf.io.decode_raw` knows no `uint32`) or that are mostly small (`int64`), go into an
/// `int64_list`. All else is stored as one bytes value, which is never larger than the array.
#[must_use]
pub fn array_encoding(dtype: DType, row_shape: &[u64]) -> (Kind, Encoding) {
    match dtype {
        DType::Float32 => (Kind::Float, Encoding::List),
        DType::Float16 | DType::Float64 => (Kind::Bytes, Encoding::Bytes),
        DType::Int64 | DType::Uint32 => (Kind::Int64, Encoding::List),
        _ if row_shape.is_empty() => (Kind::Int64, Encoding::List),
        _ => (Kind::Bytes, Encoding::Bytes),
    }
}

/// One feature of the records of an array data set.
#[derive(Debug)]
pub struct ArrayFeature<'a> {
    /// The key in the Example.
    pub key: String,
    /// The rows.
    pub column: Column<'a>,
    /// The list that holds the values.
    pub kind: Kind,
    /// All rows, where they are few bytes: a column of labels is read once instead of row by row.
    pub cached: Option<Vec<u8>>,
    /// For class numbers: what is added to them when they are stored.
    pub class_offset: Option<u32>,
}

impl<'a> ArrayFeature<'a> {
    /// Columns up to this many bytes are held in memory.
    const CACHE: u64 = 16 << 20;

    /// A feature that holds a column, which is read into memory if it is small.
    ///
    /// # Errors
    /// Those of [`Column::read_rows`].
    pub fn new(key: &str, column: Column<'a>) -> Result<Self> {
        let (kind, _) = array_encoding(column.dtype(), column.row_shape());
        let mut cached = None;
        if column.rows().saturating_mul(column.row_bytes()) <= Self::CACHE {
            column.read_rows(0, column.rows(), cached.insert(Vec::new()))?;
        }
        Ok(Self { key: key.to_owned(), column, kind, cached, class_offset: None })
    }

    /// Appends the rows from `first` on.
    fn read(&self, first: u64, count: u64, rows: &mut Vec<u8>) -> Result<()> {
        let Some(cached) = &self.cached else { return self.column.read_rows(first, count, rows) };
        let row = self.column.row_bytes();
        let range = usize::try_from(first * row).ok().zip(usize::try_from((first + count) * row).ok());
        let Some(found) = range.and_then(|(start, end)| cached.get(start..end)) else {
            return self.column.read_rows(first, count, rows);
        };
        rows.extend_from_slice(found);
        Ok(())
    }
}

/// The records of a set of columns.
#[derive(Debug)]
pub struct ArrayRecords<'a> {
    /// The features; the first is the main one.
    pub features: &'a [ArrayFeature<'a>],
    /// Which rows, in which order.
    pub order: &'a Order,
    /// Where the main feature is to become images: how.
    pub pixels: Option<&'a Pixels<'a>>,
    /// No record may be larger, framing included.
    pub cap: ByteSize,
}

/// How rows become images.
#[derive(Debug)]
pub struct Pixels<'a> {
    /// Resizes and encodes.
    pub transformer: &'a Transformer,
    /// Rows of pixels, columns of pixels, channels.
    pub shape: [u32; 3],
    /// Whether raw pixels of differing sizes need their shape beside them.
    pub shape_beside: bool,
}

/// What a worker keeps between batches.
#[derive(Debug)]
pub struct ArrayScratch {
    builder: RecordBuilder,
    transform: Scratch,
    /// The rows of the batch, of each feature.
    rows: Vec<Vec<u8>>,
    /// The whole numbers of the current record, of each feature.
    ints: Vec<Vec<i64>>,
}

impl ArrayRecords<'_> {
    /// Reads the rows of all features at these positions; neighbouring rows in one go.
    fn read(&self, positions: Range<u64>, scratch: &mut ArrayScratch) -> Result<u64> {
        let items: Vec<u64> = positions.map(|position| self.order.item(position)).collect();
        let mut read = 0;
        for (feature, rows) in self.features.iter().zip(&mut scratch.rows) {
            rows.clear();
            for run in items.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
                let first = run.first().copied().unwrap_or(0);
                feature.read(first, run.len() as u64, rows)?;
            }
            read += rows.len() as u64;
        }
        Ok(read)
    }

    fn add(&self, at: usize, position: u64, scratch: &mut ArrayScratch, batch: &mut Batch) {
        let ArrayScratch { builder, transform, rows, ints } = scratch;
        let row = |feature: usize| {
            let len = self.features.get(feature).map_or(0, |f| usize::try_from(f.column.row_bytes()).unwrap_or(0));
            rows.get(feature).and_then(|rows| rows.get(at * len..(at + 1) * len)).unwrap_or_default()
        };
        for ((number, feature), ints) in self.features.iter().enumerate().zip(ints.iter_mut()) {
            ints.clear();
            if feature.kind == Kind::Int64 {
                whole_numbers(row(number), feature.column.dtype(), ints);
                if let Some(offset) = feature.class_offset {
                    // -1 means "no class" to readers, whatever the offset.
                    ints.iter_mut().filter(|class| **class >= 0).for_each(|class| *class += i64::from(offset));
                }
            }
        }
        let class = self.features.iter().zip(&*ints).find_map(|(feature, ints)| {
            let stored = *ints.first()?;
            Some(u32::try_from(stored - i64::from(feature.class_offset?)).unwrap_or(NO_CLASS))
        });
        let value = |number: usize, feature: &ArrayFeature<'_>| match feature.kind {
            Kind::Bytes => Value::Bytes(row(number)),
            Kind::Float => Value::Float32(row(number)),
            Kind::Int64 => Value::Int64(ints.get(number).map_or(&[], Vec::as_slice)),
        };
        let mut features: Vec<(&str, Value<'_>)> = Vec::with_capacity(self.features.len());
        for (number, feature) in self.features.iter().enumerate().skip(1) {
            features.push((&feature.key, value(number, feature)));
        }
        let Some(main) = self.features.first() else { return };
        builder.begin(batch, 0);
        if let Some(pixels) = self.pixels {
            let [height, width, channels] = pixels.shape;
            let view = PixelsRef { height, width, channels: u8::try_from(channels).unwrap_or(0), data: row(0) };
            let prepared = match pixels.transformer.pixels(view, transform) {
                Ok(prepared) => prepared,
                Err(error) => {
                    builder.fail(batch, position, error);
                    return;
                }
            };
            batch.bytes.extend_from_slice(prepared.bytes());
            let info = prepared.info;
            let keys = ImageKeys::Tfds;
            let image = ImageFeatures { keys, shape_beside: pixels.shape_beside, info, filename: None, label: None };
            if image.finish(builder, batch, position, &features) {
                batch.images.push(ImageFacts::of(&info, prepared.notes));
                batch.classes.extend(class);
            }
            return;
        }
        let main_value = match main.kind {
            Kind::Int64 => value(0, main),
            Kind::Bytes => Value::Gap(row(0).len() as u64),
            Kind::Float => Value::FloatGap(row(0).len() as u64),
        };
        if main.kind != Kind::Int64 {
            batch.bytes.extend_from_slice(row(0));
        }
        features.push((&main.key, main_value));
        if builder.finish(batch, position, &mut features, 0) {
            batch.classes.extend(class);
        }
    }

    /// The array and row at a position.
    fn place(&self, position: u64) -> Option<(&std::path::Path, u64)> {
        self.features.first().and_then(|main| main.column.locate(self.order.item(position)))
    }
}

impl RecordSource for ArrayRecords<'_> {
    type Scratch = ArrayScratch;

    fn scratch(&self) -> Self::Scratch {
        ArrayScratch {
            builder: RecordBuilder::new(self.cap, if self.pixels.is_some() { Made::OfImages } else { Made::OfRows }),
            transform: Scratch::default(),
            rows: vec![Vec::new(); self.features.len()],
            ints: vec![Vec::new(); self.features.len()],
        }
    }

    fn batch_len(&self) -> u64 {
        let row: u64 = self.features.iter().map(|feature| feature.column.row_bytes()).sum();
        ((512 << 10) / row.max(1)).clamp(1, 4096)
    }

    fn fill(&self, positions: Range<u64>, scratch: &mut Self::Scratch, batch: &mut Batch) {
        let start = positions.start;
        let outcome = self.read(positions.clone(), scratch).map(|read| {
            batch.read += read;
            for (at, position) in positions.enumerate() {
                self.add(at, position, scratch, batch);
            }
        });
        // Failures of single rows name their row; an array that cannot be read ends the run.
        for failed in &mut batch.failed {
            let error = std::mem::replace(&mut failed.error, Error::inputs(""));
            let Some((path, row)) = self.place(failed.position) else {
                failed.error = error;
                continue;
            };
            if let Err(error) = Err::<(), _>(error.at_place(Place::Row(row))).at(path) {
                failed.error = error;
            }
        }
        if let Err(error) = outcome {
            batch.failed.push(FailedInput { position: start, error: error.into_fatal() });
            batch.failed.sort_by_key(|failed| failed.position);
        }
    }

    fn describe(&self, position: u64) -> (OsString, Option<String>) {
        match self.place(position) {
            Some((path, row)) => {
                let mut text = path.as_os_str().to_owned();
                text.push(format!("[{row}]"));
                (text, None)
            }
            None => (format!("row {}", self.order.item(position)).into(), None),
        }
    }
}

/// Little-endian elements of an integer type as an `int64_list` holds them: `uint64` keeps its bits.
fn whole_numbers(bytes: &[u8], dtype: DType, out: &mut Vec<i64>) {
    /// The elements, each widened by its own type.
    fn each<const N: usize>(bytes: &[u8], out: &mut Vec<i64>, wide: impl Fn([u8; N]) -> i64) {
        out.extend(bytes.as_chunks().0.iter().map(|element| wide(*element)));
    }
    match dtype {
        DType::Int8 => each(bytes, out, |element| i8::from_le_bytes(element).into()),
        DType::Int16 => each(bytes, out, |element| i16::from_le_bytes(element).into()),
        DType::Int32 => each(bytes, out, |element| i32::from_le_bytes(element).into()),
        DType::Bool | DType::Uint8 => each(bytes, out, |element| u8::from_le_bytes(element).into()),
        DType::Uint16 => each(bytes, out, |element| u16::from_le_bytes(element).into()),
        DType::Uint32 => each(bytes, out, |element| u32::from_le_bytes(element).into()),
        DType::Int64 | DType::Uint64 => each(bytes, out, i64::from_le_bytes),
        // Never stored as whole numbers.
        DType::Float16 | DType::Float32 | DType::Float64 => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_keep_their_values() {
        let check = |bytes: &[u8], dtype, expected: &[i64]| {
            let mut out = Vec::new();
            whole_numbers(bytes, dtype, &mut out);
            assert_eq!(out, expected, "{dtype}");
        };
        check(&[0, 1], DType::Bool, &[0, 1]);
        check(&[0xff, 0x80, 0x7f], DType::Int8, &[-1, -128, 127]);
        check(&[0xff], DType::Uint8, &[255]);
        check(&[0, 0x80], DType::Int16, &[-32768]);
        check(&[0, 0x80], DType::Uint16, &[32768]);
        check(&u32::MAX.to_le_bytes(), DType::Uint32, &[4_294_967_295]);
        check(&i32::MIN.to_le_bytes(), DType::Int32, &[i64::from(i32::MIN)]);
        check(&i64::MIN.to_le_bytes(), DType::Int64, &[i64::MIN]);
        check(&u64::MAX.to_le_bytes(), DType::Uint64, &[-1]);
    }
}
