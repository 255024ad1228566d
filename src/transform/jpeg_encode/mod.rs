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

pub(super) use blocks::PlaneRef;
pub(super) use rgb::rgb_to_planes;

use bits::BitWriter;
use dct::Quantizer;
use entropy::{Coder, Coding};

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
    let quantizers = steps.map(|steps| Quantizer::new(&steps));
    scan(planes, sampling, &quantizers, &mut BitWriter::new(out));
    out.extend(headers::END);
    Ok(())
}

/// Writes the one scan, in which the blocks of all components take turns.
fn scan(planes: &[PlaneRef<'_>], sampling: Sampling, [luma, chroma]: &[Quantizer; 2], out: &mut BitWriter<'_>) {
    let mut coders: Vec<Coder<'_>> = Vec::with_capacity(3);
    for (number, plane) in planes.iter().enumerate() {
        coders.push(match number {
            0 => Coder::new(*plane, sampling.luma_blocks(), luma, &Coding::LUMA),
            _ => Coder::new(*plane, 1, chroma, &Coding::CHROMA),
        });
    }
    let Some((columns, rows)) = coders.first().map(Coder::units) else { return };
    for row in 0..rows {
        for column in 0..columns {
            for coder in &mut coders {
                coder.unit(column, row, out);
            }
        }
    }
    out.finish();
}
