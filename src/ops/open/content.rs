//! What a record holds under one key, as the features say that it is to be read.

use std::borrow::Cow;

use crate::{
    error::{Error, ErrorKind, Result},
    example::{Encoding, ExampleView, FeatureView, Field, Kind, Role, push_element},
    item::DType,
    units::Count,
};

/// One value of a record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Content<'a> {
    /// There is none.
    Nothing,
    /// The file of a picture.
    Image(&'a [u8]),
    /// A whole number, as the stored number of a class.
    Int(i64),
    /// A text, or the bytes of a file name.
    Text(&'a [u8]),
    /// Bytes of which nothing is known.
    Bytes(&'a [u8]),
    /// Texts or bytes.
    List(Vec<&'a [u8]>),
    /// The steps of a list of a SequenceExample.
    Steps(Vec<Content<'a>>),
    /// An array.
    Tensor {
        /// The element type.
        dtype: DType,
        /// The shape; empty for one number.
        shape: Vec<u64>,
        /// The elements in C order, little-endian.
        elements: Cow<'a, [u8]>,
    },
}

/// A feature to be read from records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its key.
    pub key: String,
    /// What is known of it.
    pub field: Option<Field>,
    /// Whether that was said by metadata: a record that differs is damaged then. What was seen in other records is only likely.
    pub is_said: bool,
}

impl Wanted {
    /// Reads the value of a record.
    ///
    /// # Errors
    /// [`ErrorKind::BadExample`] if it is not what metadata say.
    pub fn read<'a>(&self, example: &'a ExampleView<'_>) -> Result<Content<'a>> {
        let feature = example.get(&self.key);
        let steps = || {
            if feature.is_some() || self.field.is_some() {
                return None;
            }
            let lists = example.lists.as_ref()?;
            let at = lists.binary_search_by(|(key, _)| (*key).cmp(&self.key)).ok()?;
            Some(Content::Steps(lists.get(at)?.1.iter().map(as_it_stands).collect()))
        };
        let steps = steps();
        let read = match (&self.field, feature) {
            (Some(field), feature) => by_role(field, example, feature),
            (None, Some(feature)) => Ok(as_it_stands(feature)),
            (None, None) if steps.is_some() => Ok(steps.unwrap_or(Content::Nothing)),
            (None, None) if self.is_said => Err("the record has no such feature".to_owned()),
            (None, None) => Ok(Content::Nothing),
        };
        match (read, feature) {
            (Err(_), feature) if !self.is_said => Ok(feature.map_or(Content::Nothing, as_it_stands)),
            (read, _) => {
                read.map_err(|what| Error::new(ErrorKind::BadExample(format!("feature `{}`: {what}", self.key))))
            }
        }
    }
}

/// A value by what it holds.
fn as_it_stands<'a>(feature: &'a FeatureView<'_>) -> Content<'a> {
    let Some(kind) = feature.kind() else { return Content::Nothing };
    let shape = |count: usize| if count == 1 { Vec::new() } else { vec![count as u64] };
    match kind {
        Kind::Bytes => match single(feature.bytes()) {
            Ok(bytes) => Content::Bytes(bytes),
            Err(_) => Content::List(feature.bytes().collect()),
        },
        Kind::Int64 => match single(feature.ints()) {
            Ok(value) => Content::Int(value),
            Err(_) => {
                let elements: Vec<u8> = feature.ints().flat_map(i64::to_le_bytes).collect();
                Content::Tensor { dtype: DType::Int64, shape: shape(elements.len() / 8), elements: elements.into() }
            }
        },
        Kind::Float => {
            let elements = floats(feature);
            Content::Tensor { dtype: DType::Float32, shape: shape(elements.len() / 4), elements }
        }
    }
}

fn by_role<'a>(
    field: &Field,
    example: &'a ExampleView<'_>,
    feature: Option<&'a FeatureView<'_>>,
) -> Result<Content<'a>, String> {
    let there = || feature.ok_or_else(|| "the record does not have it".to_owned());
    let of = |kind: Kind| {
        let feature = there()?;
        match feature.kind() {
            Some(found) if found != kind => Err(format!("it is a list of {}, expected {}", name(found), name(kind))),
            _ => Ok(feature),
        }
    };
    match &field.role {
        Role::Image { .. } => single(of(Kind::Bytes)?.bytes()).map(Content::Image),
        Role::Text => single(of(Kind::Bytes)?.bytes()).map(Content::Text),
        Role::ClassLabel { .. } => single(of(Kind::Int64)?.ints()).map(Content::Int),
        Role::Strings { shape } => {
            let values: Vec<&[u8]> =
                if feature.is_none() && is_open(shape) { Vec::new() } else { of(Kind::Bytes)?.bytes().collect() };
            closed(shape, values.len() as u64)?;
            Ok(Content::List(values))
        }
        Role::Tensor { dtype, shape, encoding: Encoding::Bytes } => {
            let open = shape.iter().filter(|dim| dim.is_none()).count();
            if open > 1 && feature.is_none() {
                return with_shape(field, *dtype, shape, example);
            }
            let elements = single(of(Kind::Bytes)?.bytes())?;
            tensor(*dtype, shape, elements.into())
        }
        Role::Tensor { dtype, shape, encoding: Encoding::List } => {
            if feature.is_none_or(|feature| feature.kind().is_none()) && is_open(shape) {
                return tensor(*dtype, shape, Cow::Borrowed(&[]));
            }
            if dtype.is_integer() {
                tensor(*dtype, shape, whole(of(Kind::Int64)?, *dtype)?.into())
            } else {
                let elements = floats(of(Kind::Float)?);
                // Halves and doubles in a list of floats are floats there.
                tensor(DType::Float32, shape, elements)
            }
        }
    }
}

/// An array of several open dimensions, which TFDS stores under two keys.
fn with_shape<'a>(
    field: &Field,
    dtype: DType,
    shape: &[Option<u64>],
    example: &'a ExampleView<'_>,
) -> Result<Content<'a>, String> {
    let beside = |name: &str| {
        let key = format!("{}/{name}", field.key);
        example.get(&key).ok_or_else(|| format!("the record has neither it nor `{key}`"))
    };
    let (value, dims) = (beside("value")?, beside("shape")?);
    let dims: Vec<Option<u64>> = dims.ints().map(|dim| u64::try_from(dim).ok()).collect();
    let fits = |(dim, said): (&Option<u64>, &Option<u64>)| dim.is_some() && (said.is_none() || said == dim);
    if dims.len() != shape.len() || !dims.iter().zip(shape).all(fits) {
        return Err("the shape beside it is not one that the features allow".to_owned());
    }
    tensor(dtype, &dims, single(value.bytes())?.into())
}

fn tensor<'a>(dtype: DType, shape: &[Option<u64>], elements: Cow<'a, [u8]>) -> Result<Content<'a>, String> {
    if !elements.len().is_multiple_of(dtype.size()) {
        return Err(format!("{} bytes are no whole number of {dtype}", elements.len()));
    }
    if dtype == DType::Bool && elements.iter().any(|element| *element > 1) {
        return Err("a truth value is neither 0 nor 1".to_owned());
    }
    let shape = closed(shape, (elements.len() / dtype.size()) as u64)?;
    Ok(Content::Tensor { dtype, shape, elements })
}

/// A shape whose one open dimension is what is left for it.
fn closed(shape: &[Option<u64>], elements: u64) -> Result<Vec<u64>, String> {
    let known = shape.iter().flatten().try_fold(1_u64, |product, dim| product.checked_mul(*dim)).unwrap_or(u64::MAX);
    let open = match shape.iter().filter(|dim| dim.is_none()).count() {
        0 => 1,
        // No length of it would change that there is none.
        _ if known == 0 => 0,
        1 if elements.is_multiple_of(known) => elements / known,
        _ => u64::MAX,
    };
    if known.checked_mul(open) == Some(elements) {
        return Ok(shape.iter().map(|dim| dim.unwrap_or(open)).collect());
    }
    let dims: Vec<String> = shape.iter().map(|dim| dim.map_or_else(|| "?".to_owned(), |dim| dim.to_string())).collect();
    Err(format!("it has {} elements, and its shape is ({})", Count(elements), dims.join(", ")))
}

/// Whether a list of no values may have this shape.
fn is_open(shape: &[Option<u64>]) -> bool {
    shape.iter().any(Option::is_none)
}

fn single<T>(mut values: impl Iterator<Item = T>) -> Result<T, String> {
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err("it holds no value, expected one".to_owned()),
        _ => Err(format!("it holds {} values, expected one", Count(2 + values.count() as u64))),
    }
}

fn floats<'a>(feature: &'a FeatureView<'_>) -> Cow<'a, [u8]> {
    let mut parts = feature.float_bytes();
    match (parts.next(), parts.next()) {
        (None, _) => Cow::Borrowed(&[]),
        (Some(part), None) => part,
        (Some(first), Some(second)) => {
            let mut all = first.into_owned();
            all.extend_from_slice(&second);
            parts.for_each(|part| all.extend_from_slice(&part));
            all.into()
        }
    }
}

fn whole(feature: &FeatureView<'_>, dtype: DType) -> Result<Vec<u8>, String> {
    let mut elements = Vec::new();
    match feature.ints().find(|value| !push_element(*value, dtype, &mut elements)) {
        None => Ok(elements),
        Some(value) => Err(format!("the value {value} does not fit {dtype}")),
    }
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Bytes => "bytes",
        Kind::Int64 => "whole numbers",
        Kind::Float => "floats",
    }
}
