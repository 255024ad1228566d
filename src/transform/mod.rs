//! What becomes of one image: the bytes of a file, or the pixels of an array, to the bytes of a record.
//!
//! By default JPEG and PNG bytes pass through untouched, after a check of their structure that finds every truncation;
//! what TensorFlow cannot decode to three dimensions is encoded again without loss. Everything here works on one image
//! in memory: no files, no threads. A fault of the image is an [`ErrorKind::Input`](crate::ErrorKind::Input).
//!
//! ```
//! use shardify::transform::{Scratch, TransformSpec, Transformer};
//!
//! let transformer = Transformer::new(TransformSpec { size: Some((64, 64)), ..TransformSpec::default() })?;
//! let mut scratch = Scratch::default();
//! let gif = include_bytes!("../../fixtures/formats/gif.gif");
//! let prepared = transformer.image(gif, &mut scratch)?;
//! assert_eq!((prepared.info.width, prepared.info.height), (64, 64));
//! assert!(prepared.bytes().starts_with(b"\x89PNG"));
//! # Ok::<(), shardify::Error>(())
//! ```

mod decode;
mod detect;
mod encode;
mod fault;
mod formats;
mod gif;
mod jpeg;
mod jpeg_encode;
mod notes;
mod pixels;
mod planes;
mod png;
mod probe;
mod resize;
mod resize_planes;
mod spec;
mod tiff;
mod transformer;

use std::fmt;

pub use decode::{DecodeSpec, Picture, decode};
pub use detect::{DETECT_BYTES, Detected, Foreign, SourceFormat, detect};
pub use fault::is_guarded;
pub use notes::{Note, NoteCounts, Notes};
pub use probe::{ImageHead, probe};
pub use spec::{
    Color, DEFAULT_MAX_PIXELS, DEFAULT_QUALITY, ExifMode, Filter, Fit, OutputFormat, TransformSpec, Verify,
};
pub use transformer::Transformer;

use crate::item::ImageInfo;

/// The buffers of one worker, reused from image to image: a fresh buffer for a large image costs more in page faults
/// than resizing it.
#[derive(Default)]
pub struct Scratch {
    pixels: Vec<u8>,
    spare: Vec<u8>,
    planes: [planes::Plane; 3],
    out: Vec<u8>,
    history: Vec<u64>,
    resizer: fast_image_resize::Resizer,
    planar: jpeg::planar::PlanarScratch,
}

/// Above this, buffers that one huge image left behind are given back.
const KEEP_BYTES: usize = 128 << 20;

impl Scratch {
    fn trim(&mut self) {
        let planes = self.planes.iter_mut().map(|plane| &mut plane.samples);
        for buffer in [&mut self.pixels, &mut self.spare, &mut self.out].into_iter().chain(planes) {
            if buffer.capacity() > KEEP_BYTES {
                buffer.clear();
                buffer.shrink_to(KEEP_BYTES);
            }
        }
        if self.planar.capacity() > KEEP_BYTES {
            self.planar = jpeg::planar::PlanarScratch::default();
        }
        if self.history.capacity() > KEEP_BYTES / 8 {
            self.history = Vec::new();
        }
        if self.resizer.size_of_internal_buffers() > KEEP_BYTES {
            self.resizer.reset_internal_buffers();
        }
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").field("capacity", &self.pixels.capacity()).finish_non_exhaustive()
    }
}

/// Pixels of an array: rows without padding, channels interleaved, one byte each.
#[derive(Debug, Clone, Copy)]
pub struct PixelsRef<'a> {
    /// `height * width * channels` bytes.
    pub data: &'a [u8],
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
    /// 1 grey, 3 RGB, 4 RGBA.
    pub channels: u8,
}

/// One image ready to be stored.
#[derive(Debug, Clone, Copy)]
pub struct Prepared<'i, 's> {
    /// The bytes to store.
    pub stored: Stored<'i, 's>,
    /// What a decoder that ignores EXIF, as TensorFlow's does, makes of these bytes.
    pub info: ImageInfo,
    /// What was done on the way.
    pub notes: Notes,
}

impl Prepared<'_, '_> {
    /// The bytes to store, wherever they come from.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self.stored {
            Stored::Original(bytes) | Stored::Encoded(bytes) => bytes,
        }
    }
}

/// Where the bytes of a [`Prepared`] image come from.
#[derive(Debug, Clone, Copy)]
pub enum Stored<'i, 's> {
    /// The file as it was given.
    Original(&'i [u8]),
    /// Encoded anew, in the scratch.
    Encoded(&'s [u8]),
}

#[cfg(test)]
mod tests;
