//! Follows the Huffman codes of every scan without decoding a pixel, to see that each scan holds exactly its blocks.
//!
//! A decoder fills what is missing with grey and says nothing: a file that was cut and got an end-of-image marker again
//! decodes without an error. Following the codes finds that, and damage that leaves a code too few or too many. What only
//! changes a coefficient stays unseen, here as in every decoder: JPEG has no checksum. Used wherever pixels are decoded,
//! and for kept images under `--verify decode`.

use std::ops::Range;

use super::{
    Jpeg, Member, Part, Scan,
    bits::{BAD_CODE, BitReader, Damage, OVERFLOW, Table, Tables},
};
use crate::{
    error::Result,
    transform::fault::{corrupt, truncated},
};

/// Checks every scan.
///
/// `history` is room for one word a block, reused from image to image.
///
/// # Errors
/// [`Fault::Truncated`](crate::error::Fault::Truncated) when a scan ends before its last block, `Corrupt` when a code is
/// invalid, a block overflows or data are left over.
pub(in crate::transform) fn check(bytes: &[u8], jpeg: &Jpeg, history: &mut Vec<u64>) -> Result<()> {
    let mut tables = Tables::default();
    let mut interval = 0;
    let layout = Layout::of(jpeg);
    history.clear();
    if jpeg.progressive {
        history.resize(layout.blocks, 0);
    }
    for part in &jpeg.parts {
        match part {
            Part::Huffman(range) => tables.define(bytes.get(range.clone()).unwrap_or_default(), range.start)?,
            Part::Quantization(_) => {}
            Part::RestartInterval(mcus) => interval = u32::from(*mcus),
            Part::Scan(scan) => {
                ScanCheck { bytes, jpeg, layout: &layout, tables: &tables, scan, interval }.run(history)?;
            }
        }
    }
    Ok(())
}

/// Where the blocks of each component are in the history.
struct Layout {
    planes: Vec<Plane>,
    mcus: (u32, u32),
    blocks: usize,
}

struct Plane {
    h: u32,
    v: u32,
    /// Blocks that cover the image, which is what a scan of this component alone holds.
    own: (u32, u32),
    start: usize,
    stride: usize,
}

impl Layout {
    fn of(jpeg: &Jpeg) -> Self {
        let (h_max, v_max) = jpeg.max_sampling();
        let mcus = (jpeg.width.div_ceil(8 * h_max), jpeg.height.div_ceil(8 * v_max));
        let mut blocks = 0;
        let planes = jpeg
            .components
            .iter()
            .map(|c| {
                let own = |side: u32, factor: u32, max: u32| (side * factor).div_ceil(max).div_ceil(8);
                let (stride, start) = ((mcus.0 * c.h) as usize, blocks);
                blocks += stride * (mcus.1 * c.v) as usize;
                Plane {
                    h: c.h,
                    v: c.v,
                    own: (own(jpeg.width, c.h, h_max), own(jpeg.height, c.v, v_max)),
                    start,
                    stride,
                }
            })
            .collect();
        Self { planes, mcus, blocks }
    }
}

struct ScanCheck<'a> {
    bytes: &'a [u8],
    jpeg: &'a Jpeg,
    layout: &'a Layout,
    tables: &'a Tables,
    scan: &'a Scan,
    interval: u32,
}

/// A component of the scan with its tables looked up.
struct Lane<'a> {
    plane: &'a Plane,
    dc: Option<&'a Table>,
    ac: Option<&'a Table>,
}

impl ScanCheck<'_> {
    fn run(&self, history: &mut [u64]) -> Result<()> {
        let lanes: Vec<Lane<'_>> = self.scan.members().iter().filter_map(|member| self.lane(member)).collect();
        let (columns, rows) = match lanes.as_slice() {
            [only] => only.plane.own,
            _ => self.layout.mcus,
        };
        let mut segments = Segments { bytes: self.bytes, rest: self.scan.data.clone() };
        let mut reader = BitReader::new(self.bytes, segments.next_range(None)?);
        let mut eob_run = 0;
        let mut until_restart = self.interval;
        for row in 0..rows {
            for column in 0..columns {
                if self.interval > 0 && until_restart == 0 {
                    reader.finish()?;
                    let number = (row * columns + column) / self.interval - 1;
                    reader = BitReader::new(self.bytes, segments.next_range(Some(number % 8))?);
                    eob_run = 0;
                    until_restart = self.interval;
                }
                until_restart = until_restart.wrapping_sub(1);
                let verdict = self.mcu(&lanes, (column, row), &mut reader, &mut eob_run, history);
                if reader.overran() || verdict.is_err() {
                    let done = u64::from(row) * u64::from(columns) + u64::from(column);
                    let all = u64::from(rows) * u64::from(columns);
                    return Err(reader.error(verdict.err().unwrap_or_default(), done, all));
                }
            }
        }
        reader.finish()?;
        segments.finish()
    }

    fn lane(&self, member: &Member) -> Option<Lane<'_>> {
        let plane = self.layout.planes.get(member.component)?;
        Some(Lane {
            plane,
            dc: self.tables.dc.get(member.dc).and_then(Option::as_deref),
            ac: self.tables.ac.get(member.ac).and_then(Option::as_deref),
        })
    }

    #[inline]
    fn mcu(
        &self,
        lanes: &[Lane<'_>],
        (column, row): (u32, u32),
        reader: &mut BitReader<'_>,
        eob_run: &mut u32,
        history: &mut [u64],
    ) -> Result<(), Damage> {
        let alone = lanes.len() == 1;
        for lane in lanes {
            let (h, v) = if alone { (1, 1) } else { (lane.plane.h, lane.plane.v) };
            for y in 0..v {
                for x in 0..h {
                    if !self.jpeg.progressive {
                        sequential(reader, lane)?;
                        continue;
                    }
                    let at = lane.plane.start + (row * v + y) as usize * lane.plane.stride + (column * h + x) as usize;
                    let Some(block) = history.get_mut(at) else { return Err(Damage("a block outside the image")) };
                    progressive(self.scan, reader, lane, eob_run, block)?;
                }
            }
        }
        Ok(())
    }
}

#[inline]
fn sequential(reader: &mut BitReader<'_>, lane: &Lane<'_>) -> Result<(), Damage> {
    let (Some(dc), Some(ac)) = (lane.dc, lane.ac) else { return Err(BAD_CODE) };
    dc_first(reader, dc)?;
    let mut k = 1;
    while k < 64 {
        let (run, size) = ac.next(reader)?;
        reader.skip(size);
        if size == 0 && run < 15 {
            return Ok(());
        }
        k += run + 1;
    }
    if k > 64 { Err(OVERFLOW) } else { Ok(()) }
}

#[inline]
fn dc_first(reader: &mut BitReader<'_>, table: &Table) -> Result<(), Damage> {
    let (high, size) = table.next(reader)?;
    if high != 0 || size > 11 {
        return Err(Damage("a DC difference of more than 11 bits"));
    }
    reader.skip(size);
    Ok(())
}

/// One block of a progressive scan. `block` has a bit for every coefficient that is known not to be zero: a refinement
/// scan sends one bit for each of them.
#[inline]
fn progressive(
    scan: &Scan,
    reader: &mut BitReader<'_>,
    lane: &Lane<'_>,
    eob_run: &mut u32,
    block: &mut u64,
) -> Result<(), Damage> {
    let (first, last) = (u32::from(scan.band.0), u32::from(scan.band.1));
    match (first, scan.bits.0) {
        (0, 0) => lane.dc.map_or(Err(BAD_CODE), |dc| dc_first(reader, dc)),
        (0, _) => {
            reader.refill();
            reader.skip(1);
            Ok(())
        }
        (_, 0) => lane.ac.map_or(Err(BAD_CODE), |ac| ac_first(reader, ac, first, last, eob_run, block)),
        _ => lane.ac.map_or(Err(BAD_CODE), |ac| ac_refine(reader, ac, first, last, eob_run, block)),
    }
}

fn ac_first(
    reader: &mut BitReader<'_>,
    table: &Table,
    first: u32,
    last: u32,
    eob_run: &mut u32,
    block: &mut u64,
) -> Result<(), Damage> {
    if *eob_run > 0 {
        *eob_run -= 1;
        return Ok(());
    }
    let mut k = first;
    while k <= last {
        let (run, size) = table.next(reader)?;
        if size == 0 && run < 15 {
            *eob_run = (1 << run) - 1 + reader.take(run);
            return Ok(());
        }
        reader.skip(size);
        k += run;
        if k > last {
            return Err(OVERFLOW);
        }
        *block |= u64::from(size > 0) << k;
        k += 1;
    }
    Ok(())
}

fn ac_refine(
    reader: &mut BitReader<'_>,
    table: &Table,
    first: u32,
    last: u32,
    eob_run: &mut u32,
    block: &mut u64,
) -> Result<(), Damage> {
    let mut k = first;
    if *eob_run == 0 {
        while k <= last {
            let (mut run, size) = table.next(reader)?;
            if size > 1 {
                return Err(Damage("a refinement of more than one bit"));
            }
            if size == 0 && run < 15 {
                *eob_run = (1 << run) + reader.take(run);
                break;
            }
            reader.skip(size);
            // Passes `run` coefficients that are zero so far; those that are not have a bit each.
            while k <= last {
                if *block >> k & 1 == 1 {
                    reader.refill();
                    reader.skip(1);
                } else if run == 0 {
                    break;
                } else {
                    run -= 1;
                }
                k += 1;
            }
            if k > last && (size > 0 || run > 0) {
                return Err(OVERFLOW);
            }
            if size > 0 {
                *block |= 1 << k;
            }
            k += 1;
        }
    }
    if *eob_run > 0 {
        *eob_run -= 1;
        if k <= last {
            let band = (u64::MAX >> (63 - last)) & (u64::MAX << k);
            let mut refined = (*block & band).count_ones();
            while refined > 0 {
                reader.refill();
                let now = refined.min(32);
                reader.skip(now);
                refined -= now;
            }
        }
    }
    Ok(())
}

/// The data of a scan, cut at its restart markers.
struct Segments<'a> {
    bytes: &'a [u8],
    rest: Range<usize>,
}

impl Segments<'_> {
    /// The next piece. `restart` is the number of the marker that must precede it, if it is not the first.
    fn next_range(&mut self, restart: Option<u32>) -> Result<Range<usize>> {
        let at = self.rest.start;
        if let Some(number) = restart {
            match self.bytes.get(at..self.rest.end) {
                Some([0xFF, marker @ 0xD0..=0xD7, ..]) if u32::from(*marker & 7) == number => self.rest.start += 2,
                Some([0xFF, marker @ 0xD0..=0xD7, ..]) => {
                    return Err(corrupt(at, format!("restart marker {}, expected {number}", marker & 7)));
                }
                _ => {
                    return Err(truncated(at, format!("the image data end where restart marker {number} is expected")));
                }
            }
        }
        let start = self.rest.start;
        let mut end = start;
        while let Some(data) = self.bytes.get(end..self.rest.end) {
            let Some(skip) = memchr::memchr(0xFF, data) else {
                end = self.rest.end;
                break;
            };
            end += skip;
            match self.bytes.get(end + 1) {
                Some(0xD0..=0xD7) if end + 1 < self.rest.end => break,
                _ => end = (end + 1).min(self.rest.end),
            }
        }
        self.rest.start = end;
        Ok(start..end)
    }

    fn finish(&self) -> Result<()> {
        // Some encoders end a scan with a restart marker; nothing may follow it.
        let behind = self.bytes.get(self.rest.clone()).unwrap_or_default();
        let behind = if let [0xFF, 0xD0..=0xD7, behind @ ..] = behind { behind } else { behind };
        if behind.iter().any(|&byte| byte != 0xFF) {
            return Err(corrupt(self.rest.start, "image data are left over behind the last block of a scan"));
        }
        Ok(())
    }
}
