//! Features as columns of arrays: which can be, their element type and shape, and the bytes of one row.

use crate::{
    example::{Encoding, FeatureView, Kind, Role, Schema, push_element},
    item::DType,
    pipeline::{FeatureStats, FieldStats, Range},
    units::Count,
};

/// A feature that becomes an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) key: String,
    pub(super) dtype: DType,
    /// The shape of one row.
    pub(super) shape: Vec<u64>,
    /// The bytes of one row in the array.
    pub(super) row_bytes: u64,
    kind: Kind,
    /// What was added to class numbers when they were stored.
    offset: i64,
}

/// A feature that cannot become an array, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unfit {
    pub(super) key: String,
    pub(super) why: String,
    /// Text belongs to no array: leaving it out loses no array that was put in.
    pub(super) is_text: bool,
}

/// The columns of a data set, by their keys, and what else there is.
pub(super) fn columns(stats: &FieldStats, schema: Option<&Schema>, offset: u32) -> (Vec<Column>, Vec<Unfit>) {
    let (mut columns, mut unfit) = (Vec::new(), Vec::new());
    for (key, facts) in stats.features.iter() {
        let field = schema.and_then(|schema| schema.get(key));
        if field.is_some_and(|field| field.auxiliary) {
            continue;
        }
        let role = field.map(|field| &field.role);
        let is_text = match role {
            Some(role) => matches!(role, Role::Text | Role::Strings { .. }),
            None => is_text(facts),
        };
        let column =
            if is_text { Err("it holds text".to_owned()) } else { column(key, facts, stats.records(), role, offset) };
        match column {
            Ok(column) => columns.push(column),
            Err(why) => unfit.push(Unfit { key: key.to_owned(), why, is_text }),
        }
    }
    // Images of raw pixels that differ in size are stored under other keys than their own.
    let fields = schema.into_iter().flat_map(|schema| &schema.fields);
    for field in fields.filter(|field| !field.auxiliary && stats.features.get(&field.key).is_none()) {
        let why = "no record holds it under this key".to_owned();
        unfit.push(Unfit { key: field.key.clone(), why, is_text: false });
    }
    (columns, unfit)
}

fn column(key: &str, facts: &FeatureStats, records: u64, role: Option<&Role>, offset: u32) -> Result<Column, String> {
    let Some(kind) = facts.kind() else {
        let is_mixed = facts.lists() > 0;
        return Err(if is_mixed {
            "it holds different kinds of values in different records"
        } else {
            "it holds no values"
        }
        .to_owned());
    };
    if facts.lists() < records {
        return Err(format!("{} of {} records lack it", Count(records - facts.lists()), Count(records)));
    }
    let values = facts.count.ok_or("it holds no values")?;
    let elements = one_length(values, "values")?;
    let (dtype, shape, offset) = match role {
        Some(Role::Tensor { dtype, shape, encoding }) => {
            if (*encoding == Encoding::Bytes) != (kind == Kind::Bytes) {
                return Err(format!(
                    "the metadata say that it is stored otherwise, and it is a list of {}",
                    name(kind)
                ));
            }
            let elements = if kind == Kind::Bytes { in_bytes(facts, *dtype, elements)? } else { elements };
            (*dtype, closed(shape, elements)?, 0)
        }
        Some(Role::ClassLabel { dtype, .. }) if kind == Kind::Int64 && elements == 1 => {
            (dtype.unwrap_or(DType::Int64), Vec::new(), i64::from(offset))
        }
        _ => {
            let of_list = if elements == 1 { Vec::new() } else { vec![elements] };
            match kind {
                Kind::Float => (DType::Float32, of_list, 0),
                Kind::Int64 => (DType::Int64, of_list, 0),
                Kind::Bytes => (DType::Uint8, vec![in_bytes(facts, DType::Uint8, elements)?], 0),
            }
        }
    };
    // Half floats in a list of floats are whole floats there.
    let dtype = if kind == Kind::Float && dtype == DType::Float16 { DType::Float32 } else { dtype };
    if kind == Kind::Float && dtype.is_integer() || kind == Kind::Int64 && !dtype.is_integer() {
        return Err(format!("the metadata say {dtype}, and it is a list of {}", name(kind)));
    }
    let row_bytes = shape.iter().try_fold(dtype.size() as u64, |bytes, dim| bytes.checked_mul(*dim));
    let row_bytes = row_bytes.filter(|bytes| bytes.checked_mul(records).is_some()).ok_or("its shape is too large")?;
    Ok(Column { key: key.to_owned(), dtype, shape, row_bytes, kind, offset })
}

/// Whether every value is a text, as far as can be told.
fn is_text(facts: &FeatureStats) -> bool {
    let bytes = &facts.single_bytes;
    bytes.text > 0 && bytes.text + bytes.empty == bytes.count()
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Bytes => "bytes",
        Kind::Int64 => "whole numbers",
        Kind::Float => "floats",
    }
}

fn one_length(range: Range<u64>, what: &str) -> Result<u64, String> {
    range
        .same()
        .ok_or_else(|| format!("its rows differ in length, from {} to {} {what}", Count(range.min), Count(range.max)))
}

/// The elements in one value of bytes.
fn in_bytes(facts: &FeatureStats, dtype: DType, values: u64) -> Result<u64, String> {
    let bytes = facts.length.filter(|_| values == 1).ok_or("it is a list of several values of bytes")?;
    let bytes = one_length(bytes, "bytes")?;
    let size = dtype.size() as u64;
    if bytes.is_multiple_of(size) {
        Ok(bytes / size)
    } else {
        Err(format!("its {bytes} bytes are no whole number of {dtype}"))
    }
}

/// A shape whose one open dimension is what is left for it.
fn closed(shape: &[Option<u64>], elements: u64) -> Result<Vec<u64>, String> {
    let known = shape.iter().flatten().try_fold(1_u64, |product, dim| product.checked_mul(*dim)).unwrap_or(u64::MAX);
    let open = match shape.iter().filter(|dim| dim.is_none()).count() {
        0 => 1,
        1 if known > 0 && elements.is_multiple_of(known) => elements / known,
        _ => return Err("its shape differs from record to record".to_owned()),
    };
    if known.checked_mul(open) != Some(elements) {
        return Err(format!("the metadata say {known} elements, and its rows have {}", Count(elements)));
    }
    Ok(shape.iter().map(|dim| dim.unwrap_or(open)).collect())
}

impl Column {
    /// Appends the bytes of one row; nothing but a row of this column is taken.
    ///
    /// # Errors
    /// What does not fit.
    pub(super) fn row(&self, feature: Option<&FeatureView<'_>>, out: &mut Vec<u8>) -> Result<(), String> {
        let feature = feature.filter(|feature| feature.kind() == Some(self.kind)).ok_or("the feature is missing")?;
        let before = out.len();
        match self.kind {
            Kind::Bytes => feature.bytes().for_each(|bytes| out.extend_from_slice(bytes)),
            Kind::Float if self.dtype == DType::Float64 => {
                feature.floats().for_each(|value| out.extend(f64::from(value).to_le_bytes()));
            }
            Kind::Float => feature.float_bytes().for_each(|bytes| out.extend_from_slice(&bytes)),
            Kind::Int64 => {
                for value in feature.ints() {
                    // -1 means "no class", whatever the offset.
                    let value = if value >= 0 { value - self.offset } else { value };
                    if !push_element(value, self.dtype, out) {
                        return Err(format!("the value {value} does not fit {}", self.dtype));
                    }
                }
            }
        }
        let made = (out.len() - before) as u64;
        if made == self.row_bytes { Ok(()) } else { Err(format!("a row of {made} bytes, expected {}", self.row_bytes)) }
    }
}
