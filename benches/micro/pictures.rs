//! Photographs to measure with: fixtures, enlarged to the sizes that data sets have. Smoother than real ones.

use shardify::transform::{Fit, OutputFormat, Scratch, TransformSpec, Transformer};

const SMALL: &[u8] = include_bytes!("../../fixtures/formats/jpeg-420.jpg");

/// A JPEG of this width and height.
pub(crate) fn photo(size: (u32, u32)) -> Vec<u8> {
    encoded(size, OutputFormat::Jpeg)
}

/// The same in any format.
pub(crate) fn encoded(size: (u32, u32), format: OutputFormat) -> Vec<u8> {
    let spec = TransformSpec { size: Some(size), fit: Fit::Stretch, format, ..TransformSpec::default() };
    let mut scratch = Scratch::default();
    Transformer::new(spec).unwrap().image(SMALL, &mut scratch).unwrap().bytes().to_vec()
}
