//! Planes as blocks of 8 by 8 samples.

use super::super::{fault::unsupported, planes::Plane};
use crate::error::Result;

/// The samples of one block, by rows.
pub(super) type Block = [[u8; 8]; 8];

/// One component of an image that is to be encoded: rows of `width` samples without padding.
#[derive(Debug, Clone, Copy)]
pub(in crate::transform) struct PlaneRef<'a> {
    samples: &'a [u8],
    width: usize,
    height: usize,
}

impl<'a> PlaneRef<'a> {
    /// # Errors
    /// `Unsupported` when there are not `width * height` samples, or none.
    pub(in crate::transform) fn new(samples: &'a [u8], width: usize, height: usize) -> Result<Self> {
        if samples.is_empty() || width.checked_mul(height) != Some(samples.len()) {
            return Err(unsupported(format!("{} samples as a plane of {width}x{height}", samples.len())));
        }
        Ok(Self { samples, width, height })
    }

    /// # Errors
    /// As [`PlaneRef::new`].
    pub(in crate::transform) fn of(plane: &'a Plane) -> Result<Self> {
        Self::new(&plane.samples, plane.width, plane.height)
    }

    #[cfg(feature = "turbojpeg")]
    pub(super) fn samples(&self) -> &'a [u8] {
        self.samples
    }

    /// Width and height.
    pub(in crate::transform) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// How many blocks cover the plane, by columns and rows.
    pub(super) fn blocks(&self) -> (usize, usize) {
        (self.width.div_ceil(8), self.height.div_ceil(8))
    }

    /// A block by its column and row. What lies outside of the plane repeats its last column and row.
    #[inline]
    pub(super) fn block(&self, column: usize, row: usize) -> Block {
        let (x, y) = (column * 8, row * 8);
        let mut block = [[0; 8]; 8];
        if x + 8 > self.width || y + 8 > self.height {
            self.fill_at_edge(x, y, &mut block);
            return block;
        }
        let start = y * self.width + x;
        for (number, line) in block.iter_mut().enumerate() {
            let row = self.samples.get(start + number * self.width..);
            *line = row.and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        }
        block
    }

    #[cold]
    fn fill_at_edge(&self, x: usize, y: usize, block: &mut Block) {
        let mut rows = self.samples.chunks_exact(self.width).skip(y);
        let mut last: [u8; 8] = [0; 8];
        for line in block {
            if let Some(samples) = rows.next().and_then(|row| row.get(x..)) {
                let edge = samples.last().copied().unwrap_or(0);
                last = [edge; 8];
                last.iter_mut().zip(samples).for_each(|(to, from)| *to = *from);
            }
            *line = last;
        }
    }
}
