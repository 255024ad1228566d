//! Decodes the plain JPEGs, which are nearly all, to planes of one component each, at the size that is needed.
//!
//! Made for shrinking: a component that will end up at a fraction of its size is transformed at a half, a quarter or an
//! eighth of it; blocks outside of the part that is kept are only followed; colour stays as coarse as it is stored. The
//! codes are read once, with their numbers, and followed as closely as [`entropy::check`](super::entropy::check) does: what
//! this decoder accepts, that check accepts. Whatever is unusual or wrong is refused without a reason, and left to the
//! other decoders and to that check, which says what it is.

mod bits;
mod block;
mod definitions;
mod idct;
mod leaps;
mod tables;

use std::ops::Range;

use self::{
    bits::{Bits, Stream},
    block::Coder,
    definitions::Tables,
};
use super::{Colour, Jpeg, Part, decode};
use crate::transform::planes::Plane;

/// Samples of a side that eight stored samples become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::transform) enum Scale {
    Eighth = 1,
    Quarter = 2,
    Half = 4,
    Full = 8,
}

impl Scale {
    /// From the smallest.
    pub(in crate::transform) const ALL: [Self; 4] = [Self::Eighth, Self::Quarter, Self::Half, Self::Full];

    /// Samples that a block has on each side.
    pub(in crate::transform) const fn block(self) -> u32 {
        self as u32
    }
}

/// What is wanted of one component.
#[derive(Debug, Clone)]
pub(in crate::transform) struct Want {
    pub(in crate::transform) scale: Scale,
    /// The rows and columns that must be there, in samples of the component as it is stored.
    pub(in crate::transform) columns: Range<u32>,
    pub(in crate::transform) rows: Range<u32>,
}

/// A part of one component, at its scale.
#[derive(Debug, Default)]
pub(in crate::transform) struct Piece {
    /// The samples; on the right and at the bottom, some may be beyond the image.
    pub(in crate::transform) plane: Plane,
    /// Where the first sample is in the whole component at this scale.
    pub(in crate::transform) left: usize,
    pub(in crate::transform) top: usize,
    /// The samples that belong to the image.
    pub(in crate::transform) width: usize,
    pub(in crate::transform) height: usize,
}

/// What a worker keeps from image to image.
#[derive(Debug, Default)]
pub(in crate::transform) struct PlanarScratch {
    stream: Stream,
    tables: Tables,
    pub(in crate::transform) pieces: [Piece; 3],
}

impl PlanarScratch {
    /// Bytes that the buffers hold.
    pub(in crate::transform) fn capacity(&self) -> usize {
        self.stream.capacity() + self.pieces.iter().map(|piece| piece.plane.samples.capacity()).sum::<usize>()
    }
}

/// Whether [`decode`] can take this image: sequential, grey or YCbCr, one scan, and nothing that other decoders have been
/// seen to disagree about.
pub(in crate::transform) fn suits(jpeg: &Jpeg) -> bool {
    let mut scans = jpeg.scans();
    let one_scan = scans
        .next()
        .is_some_and(|scan| scan.members().iter().map(|member| member.component).eq(0..jpeg.components.len()))
        && scans.next().is_none();
    one_scan
        && !jpeg.progressive
        && decode::even_factors(jpeg)
        && decode::suits_fast(jpeg)
        && matches!(jpeg.colour, Colour::Gray | Colour::YCbCr)
}

/// One component while it is decoded.
struct Lane<'a> {
    /// Blocks in an MCU.
    h: usize,
    v: usize,
    coder: Coder<'a>,
    /// `None` when nothing is wanted of it.
    scale: Option<Scale>,
    /// Samples of an MCU in each row, and rows of samples.
    mcu: (usize, usize),
}

/// Decodes what is wanted of each component into the pieces of the scratch. `false` when the file is not as plain as it
/// must be; then the pieces are worth nothing.
pub(in crate::transform) fn decode(
    bytes: &[u8],
    jpeg: &Jpeg,
    wants: &[Option<Want>],
    scratch: &mut PlanarScratch,
) -> bool {
    planes(bytes, jpeg, wants, scratch).is_some()
}

fn planes(bytes: &[u8], jpeg: &Jpeg, wants: &[Option<Want>], scratch: &mut PlanarScratch) -> Option<()> {
    let PlanarScratch { stream, tables, pieces } = scratch;
    let mut interval = 0;
    let mut scan = None;
    for part in &jpeg.parts {
        match part {
            Part::Huffman(range) if scan.is_none() => tables.define(bytes.get(range.clone())?)?,
            Part::Quantization(range) if scan.is_none() => tables.quantize(bytes.get(range.clone())?)?,
            Part::RestartInterval(mcus) if scan.is_none() => interval = usize::from(*mcus),
            Part::Scan(only) => scan = Some(only),
            // Behind the only scan, codes change nothing, but the check refuses bad ones wherever they are.
            Part::Huffman(_) => return None,
            Part::Quantization(_) | Part::RestartInterval(_) => {}
        }
    }
    let scan = scan?;
    let alone = jpeg.components.len() == 1;
    let (h_max, v_max) = jpeg.max_sampling();
    // The scan of a lone component has blocks in their own order, whatever its factors.
    let factors = |index: usize| {
        let component = jpeg.components.get(index)?;
        Some(if alone { (1, 1) } else { (component.h as usize, component.v as usize) })
    };
    let (h_mcu, v_mcu) = if alone { (1, 1) } else { (h_max as usize, v_max as usize) };
    let mcus = ((jpeg.width as usize).div_ceil(8 * h_mcu), (jpeg.height as usize).div_ceil(8 * v_mcu));
    let interval = if interval == 0 { mcus.0 * mcus.1 } else { interval };
    if !stream.fill(bytes.get(scan.data.clone())?, (mcus.0 * mcus.1).div_ceil(interval)) {
        return None;
    }

    // The MCUs that anything is wanted of.
    let nothing = Range { start: usize::MAX, end: 0 };
    let (mut columns, mut rows) = (nothing.clone(), nothing);
    for (index, want) in wants.iter().enumerate() {
        let Some(want) = want else { continue };
        let (h, v) = factors(index)?;
        include(&mut columns, &want.columns, 8 * h, mcus.0);
        include(&mut rows, &want.rows, 8 * v, mcus.1);
    }
    let passed = mcus.0 * mcus.1 - columns.len() * rows.len();
    tables.prepare(scan, wants, passed, mcus.0 * mcus.1)?;
    let mut lanes = Vec::with_capacity(3);
    for (index, member) in scan.members().iter().enumerate() {
        let (h, v) = factors(index)?;
        let scale = wants.get(index)?.as_ref().map(|want| want.scale);
        let side = scale.map_or(0, |scale| scale.block() as usize);
        let (dc, ac) = (tables.dc.get(member.dc)?.as_ref()?, tables.ac.get(member.ac)?.as_ref()?);
        let component = jpeg.components.get(index)?;
        let steps = tables.steps.get(usize::from(component.quantization))?.as_ref()?;
        let coder = Coder::new(dc, ac, tables.openings.get(index)?, steps, scale == Some(Scale::Full));
        lanes.push(Lane { h, v, coder, scale, mcu: (h * side, v * side) });
        if scale.is_some() {
            let stored = |whole: u32, factor: u32, max: u32| (whole * factor).div_ceil(max) as usize;
            let size = (stored(jpeg.width, component.h, h_max), stored(jpeg.height, component.v, v_max));
            pieces.get_mut(index)?.lay_out(size, side, (columns.clone(), rows.clone()), (h * side, v * side));
        }
    }
    Mcus { stream, lanes: &mut lanes, pieces, mcus, columns, rows, interval }.run()
}

/// Widens a range of MCUs to hold the samples.
fn include(mcus: &mut Range<usize>, samples: &Range<u32>, mcu: usize, count: usize) {
    let first = (samples.start as usize / mcu).min(count);
    let last = (samples.end as usize).div_ceil(mcu).min(count);
    *mcus = first.min(mcus.start)..last.max(mcus.end);
}

impl Piece {
    /// Makes room for the samples of a range of MCUs, whose size is given in samples, of a component of `stored` samples.
    fn lay_out(
        &mut self,
        stored: (usize, usize),
        side: usize,
        (columns, rows): (Range<usize>, Range<usize>),
        mcu: (usize, usize),
    ) {
        (self.left, self.top) = (columns.start * mcu.0, rows.start * mcu.1);
        (self.plane.width, self.plane.height) = (columns.len() * mcu.0, rows.len() * mcu.1);
        self.plane.samples.resize(self.plane.width * self.plane.height, 0);
        let whole = |stored: usize| (stored * side).div_ceil(8);
        self.width = whole(stored.0).saturating_sub(self.left).min(self.plane.width);
        self.height = whole(stored.1).saturating_sub(self.top).min(self.plane.height);
    }
}

/// The loop over the MCUs of the scan.
struct Mcus<'a, 'l> {
    stream: &'a Stream,
    lanes: &'l mut [Lane<'a>],
    pieces: &'l mut [Piece; 3],
    mcus: (usize, usize),
    columns: Range<usize>,
    rows: Range<usize>,
    /// MCUs between restart markers.
    interval: usize,
}

impl Mcus<'_, '_> {
    fn run(self) -> Option<()> {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || self.run_here(),
        )
    }

    #[inline(always)]
    fn run_here(mut self) -> Option<()> {
        let (columns, rows) = self.mcus;
        let mut piece = 0;
        let mut bits = self.stream.piece(0)?;
        let mut until_restart = self.interval;
        for row in 0..rows {
            let mut column = 0;
            while column < columns {
                if until_restart == 0 {
                    if !bits.is_finished() {
                        return None;
                    }
                    piece += 1;
                    bits = self.stream.piece(piece)?;
                    self.lanes.iter_mut().for_each(|lane| lane.coder.restart());
                    until_restart = self.interval;
                }
                // As many as lie together, all wanted or all not.
                let wanted = self.rows.contains(&row) && self.columns.contains(&column);
                let end = match (wanted, self.rows.contains(&row) && column < self.columns.start) {
                    (true, _) => self.columns.end,
                    (_, true) => self.columns.start,
                    _ => columns,
                };
                let count = (end - column).min(until_restart);
                if wanted {
                    self.decode(&mut bits, row, column..column + count)?;
                } else {
                    self.pass(&mut bits, count)?;
                }
                column += count;
                until_restart -= count;
            }
            if bits.overran() {
                return None;
            }
        }
        bits.is_finished().then_some(())
    }

    #[inline(always)]
    fn decode(&mut self, place: &mut Bits<'_>, row: usize, columns: Range<usize>) -> Option<()> {
        // A copy, so that it can live in registers.
        let mut here = *place;
        let bits = &mut here;
        for column in columns {
            for (lane, piece) in self.lanes.iter_mut().zip(self.pieces.iter_mut()) {
                let Some(scale) = lane.scale else {
                    for _ in 0..lane.h * lane.v {
                        lane.coder.pass(bits)?;
                    }
                    continue;
                };
                let side = scale.block() as usize;
                let stride = piece.plane.width;
                let left = (column - self.columns.start) * lane.mcu.0;
                let top = (row - self.rows.start) * lane.mcu.1;
                for y in 0..lane.v {
                    let mut at = (top + y * side) * stride + left;
                    for _ in 0..lane.h {
                        let out = piece.plane.samples.get_mut(at..)?;
                        lane.coder.block(scale, bits, out, stride)?;
                        at += side;
                    }
                }
            }
        }
        *place = here;
        Some(())
    }

    /// Follows the codes of MCUs that nobody wants.
    #[inline(always)]
    fn pass(&mut self, place: &mut Bits<'_>, count: usize) -> Option<()> {
        let mut here = *place;
        let bits = &mut here;
        for _ in 0..count {
            for lane in self.lanes.iter_mut() {
                for _ in 0..lane.h * lane.v {
                    lane.coder.pass(bits)?;
                }
            }
        }
        *place = here;
        Some(())
    }
}

#[cfg(test)]
mod tests;
