//! Where the picture of a record is: a file, or pixels whose shape is known or stands beside them.

use super::{arrays::ArrayKey, spot::Content};
use crate::{
    example::{ExampleView, FeatureView},
    ops::describe::Description,
};

/// The feature that is the picture.
#[derive(Debug, Clone)]
pub(super) struct PictureKey {
    pub(super) key: String,
    /// Of pixels without a header: rows, columns, channels, as far as they are the same in all records.
    raw: Option<[Option<u32>; 3]>,
}

/// The keys beside pixels of differing sizes: all three numbers, or one each.
const SHAPE: &str = "image/shape";
const SIDES: [&str; 3] = ["image/height", "image/width", "image/channels"];

impl PictureKey {
    /// The picture of a data set: a file, or else the first array that looks like one.
    pub(super) fn of(description: &Description) -> Option<Self> {
        if let Some(key) = &description.image_key {
            return Some(Self { key: key.clone(), raw: None });
        }
        let fields = description.schema.fields.iter().filter(|field| !field.auxiliary);
        let arrays = fields.filter_map(|field| Some((field, ArrayKey::of(field)?.picture_shape()?)));
        let first = description.supervised_keys.as_ref().map(|(input, _)| input);
        let (field, shape) = arrays.min_by_key(|(field, _)| Some(&field.key) != first)?;
        Some(Self { key: field.key.clone(), raw: Some(shape) })
    }

    /// The picture of a record, if there is one.
    pub(super) fn content<'a>(&self, view: &'a ExampleView<'_>) -> Option<Content<'a>> {
        let mut values = view.get(&self.key)?.bytes();
        let (bytes, None) = (values.next()?, values.next()) else { return None };
        let raw = self.raw.map(|shape| Self::shape(shape, view).unwrap_or_default());
        Some(Content { bytes, raw })
    }

    /// The shape of pixels; what the records do not say is none.
    fn shape(known: [Option<u32>; 3], view: &ExampleView<'_>) -> Option<[u32; 3]> {
        let number = |feature: Option<&FeatureView<'_>>, at: usize| feature?.ints().nth(at);
        let beside = view.get(SHAPE);
        let mut shape = [0; 3];
        for (at, ((side, known), key)) in shape.iter_mut().zip(known).zip(SIDES).enumerate() {
            *side = match known {
                Some(known) => known,
                None => u32::try_from(number(beside, at).or_else(|| number(view.get(key), 0))?).ok()?,
            };
        }
        Some(shape)
    }
}
