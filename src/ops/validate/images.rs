//! `--deep`: whether the images in records decode.

use crate::{
    error::{Fault, Place, Result},
    transform::{Detected, ExifMode, Scratch, SourceFormat, TransformSpec, Transformer, Verify, detect},
};

/// Decodes everything and changes nothing.
pub(super) fn transformer() -> Result<Transformer> {
    Transformer::new(TransformSpec { verify: Verify::Decode, exif: ExifMode::Keep, ..TransformSpec::default() })
}

/// Why a value cannot be used as an image; `None` if it can, or is none. `is_image` is what metadata say, if they do: without
/// them only bytes count as an image that can hardly be anything else.
pub(super) fn fault(
    transformer: &Transformer,
    value: &[u8],
    is_image: Option<bool>,
    scratch: &mut Scratch,
) -> Option<String> {
    match (is_image, detect(value)) {
        (Some(false), _) => None,
        // Text may start like that.
        (None, Detected::Image(SourceFormat::Pnm)) => None,
        (_, Detected::Image(format @ (SourceFormat::Tiff | SourceFormat::Pnm))) => {
            Some(format!("it is a {}, which TensorFlow cannot decode", format.name()))
        }
        (_, Detected::Image(_)) => {
            let error = transformer.image(value, scratch).err()?;
            Some(match error.place() {
                Some(Place::Byte(at)) => format!("byte {at} of the image: {}", error.message()),
                _ => error.message(),
            })
        }
        (Some(true), Detected::Other(other)) => Some(match other.fault {
            Fault::Empty => "there are no bytes where an image should be".to_owned(),
            Fault::Unsupported => format!("it is {}, which TensorFlow cannot decode", other.what),
            _ => format!("it is {}, no image", other.what),
        }),
        (None, Detected::Other(other)) if other.fault == Fault::Unsupported && has_long_magic(value) => {
            Some(format!("it is {}, which TensorFlow cannot decode", other.what))
        }
        (None, Detected::Other(_)) => None,
    }
}

/// AVIF, HEIC and JPEG 2000 announce themselves with eight bytes and more; for others two bytes would decide.
fn has_long_magic(value: &[u8]) -> bool {
    value.get(4..8).is_some_and(|name| name == b"ftyp" || name == b"jP  " || name == b"JXL ")
}
