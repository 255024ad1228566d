//! A baseline JPEG encoder for planes: grey, YCbCr 4:4:4 and 4:2:0, with the standard tables of the format.
//!
//! One pass over the image: each block is transformed and quantized in floating point ([`dct`]), and its Huffman codes
//! are written at once ([`entropy`]). What is written depends on the samples and the quality alone, not on the processor:
//! the arithmetic is that of IEEE 754, in an order that is fixed.

mod bits;
mod blocks;
mod dct;
mod entropy;
mod headers;
mod huffman;
mod quantization;
mod rgb;
#[cfg(feature = "turbojpeg")]
pub(super) mod turbo;

pub(super) use blocks::PlaneRef;
pub(super) use rgb::rgb_to_planes;

use std::slice::{Iter, IterMut};

use bits::BitWriter;
use dct::{Coefficients, Transform};
use entropy::{Coder, Coding};
use quantization::Steps;

use super::fault::unsupported;
use crate::error::{Error, Fault, Result};

/// libjpeg refuses longer sides, though the format has room for 65,535.
const MAX_SIDE: u32 = 65_500;

/// How finely the planes of an image are sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sampling {
    Gray,
    /// Every plane has the size of the image (4:4:4).
    Full,
    /// Both chroma planes have half the sides, rounded up (4:2:0).
    Halved,
}

impl Sampling {
    fn of(planes: &[PlaneRef<'_>], width: usize, height: usize) -> Option<Self> {
        let halved = (width.div_ceil(2), height.div_ceil(2));
        let (luma, chroma) = planes.split_first()?;
        let same = |size| chroma.iter().all(|plane| plane.size() == size);
        match chroma {
            _ if luma.size() != (width, height) => None,
            [] => Some(Self::Gray),
            [_, _] if same((width, height)) => Some(Self::Full),
            [_, _] if same(halved) => Some(Self::Halved),
            _ => None,
        }
    }

    /// How many blocks of luma a unit has in each direction; chroma always has one.
    fn luma_blocks(self) -> usize {
        if self == Self::Halved { 2 } else { 1 }
    }
}

/// Encodes one plane as grey or three as YCbCr into `out`, which is emptied first.
///
/// Qualities are those of libjpeg, 1 to 100.
///
/// # Errors
/// `Unsupported` for sides above 65,500 pixels and for planes whose sizes are not those of grey, 4:4:4 or 4:2:0.
pub(super) fn encode(planes: &[PlaneRef<'_>], width: u32, height: u32, quality: u8, out: &mut Vec<u8>) -> Result<()> {
    let side = |side: u32| u16::try_from(side).ok().filter(|_| side <= MAX_SIDE);
    let (Some(columns), Some(rows)) = (side(width), side(height)) else {
        return Err(Error::input(
            Fault::Unsupported,
            format!("{width}x{height} does not fit a JPEG, whose sides are at most {MAX_SIDE} pixels"),
        )
        .with_hint("make it smaller with --resize, or store it as PNG: --format png"));
    };
    let sampling = Sampling::of(planes, columns.into(), rows.into()).filter(|_| columns > 0 && rows > 0);
    let Some(sampling) = sampling else {
        let sizes: Vec<_> = planes.iter().map(PlaneRef::size).collect();
        return Err(unsupported(format!("planes of the sizes {sizes:?} as a JPEG of {width}x{height}")));
    };
    out.clear();
    // A quarter of the samples is more than most photographs need.
    out.reserve(1024 + usize::from(columns) * usize::from(rows) / 4);
    let steps = [quantization::luma(quality), quantization::chroma(quality)];
    headers::write(out, (columns, rows), sampling, &steps);
    scan(planes, sampling, &steps, &mut BitWriter::new(out));
    out.extend(headers::END);
    Ok(())
}

/// How many units are transformed before they are written. The two steps wait for different things, and each goes faster
/// when it need not wait for the other; more than this would not stay in the nearest cache.
const BATCH: usize = 16;

/// Writes the one scan, in which the blocks of all components take turns.
fn scan(planes: &[PlaneRef<'_>], sampling: Sampling, [luma, chroma]: &[Steps; 2], out: &mut BitWriter<'_>) {
    let mut components = Vec::with_capacity(3);
    for (number, plane) in planes.iter().enumerate() {
        components.push(match number {
            0 => Component::new(*plane, sampling.luma_blocks(), luma, &entropy::LUMA),
            _ => Component::new(*plane, 1, chroma, &entropy::CHROMA),
        });
    }
    let Some((columns, rows)) = components.first().map(Component::units) else { return };
    let blocks: usize = components.iter().map(|component| component.side * component.side).sum();
    let mut batch = vec![Coefficients::flat(0); BATCH * blocks];
    for row in 0..rows {
        for start in (0..columns).step_by(BATCH) {
            let units = start..columns.min(start + BATCH);
            let mut places = batch.iter_mut();
            for column in units.clone() {
                components.iter_mut().for_each(|component| component.transform(column, row, &mut places));
            }
            let mut places = batch.iter();
            for _ in units {
                components.iter_mut().for_each(|component| component.write(&mut places, out));
            }
        }
    }
    out.finish();
}

/// One component on its way into the scan.
struct Component<'a> {
    plane: PlaneRef<'a>,
    /// Blocks in each direction that belong to one unit.
    side: usize,
    transform: Transform,
    /// The first coefficient of the block that was transformed last.
    last: i16,
    coder: Coder,
}

impl<'a> Component<'a> {
    fn new(plane: PlaneRef<'a>, side: usize, steps: &Steps, coding: &'static Coding) -> Self {
        Self { plane, side, transform: Transform::new(steps), last: 0, coder: Coder::new(coding) }
    }

    /// How many units cover the plane, by columns and rows.
    fn units(&self) -> (usize, usize) {
        let (columns, rows) = self.plane.blocks();
        (columns.div_ceil(self.side), rows.div_ceil(self.side))
    }

    /// Transforms the blocks of one unit.
    #[inline]
    fn transform(&mut self, column: usize, row: usize, to: &mut IterMut<'_, Coefficients>) {
        let (columns, rows) = self.plane.blocks();
        for row in row * self.side..(row + 1) * self.side {
            for column in column * self.side..(column + 1) * self.side {
                let Some(place) = to.next() else { return };
                if column < columns && row < rows {
                    self.transform.apply(&self.plane.block(column, row), place);
                    self.last = place.first();
                } else {
                    // What lies outside of the plane nobody will see: it is what costs least.
                    *place = Coefficients::flat(self.last);
                }
            }
        }
    }

    /// Writes the blocks of one unit.
    #[inline]
    fn write(&mut self, from: &mut Iter<'_, Coefficients>, out: &mut BitWriter<'_>) {
        from.take(self.side * self.side).for_each(|block| self.coder.write(block, out));
    }
}

#[cfg(test)]
mod tests;
