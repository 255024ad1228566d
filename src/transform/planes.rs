//! Images as one plane a component, which is how JPEG stores them.

/// One component of an image: rows of `width` samples of 8 bits, without padding between them.
#[derive(Debug, Default)]
pub(super) struct Plane {
    pub(super) samples: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}
