//! JPEG: a walk over the marker segments and through the entropy-coded data of every scan, without decoding it.
//!
//! The walk is all that a kept image gets by default, so it must find every truncation. It costs one `memchr` over the
//! file. It also collects what the decoders need to be routed safely (see [`decode`]) and what the bit-exact check of
//! the scans needs (see [`entropy`]).

mod bits;
mod codes;
pub(super) mod decode;
pub(super) mod entropy;
mod frame;
pub(super) mod planar;
#[cfg(feature = "turbojpeg")]
pub(super) mod turbo;

use std::ops::Range;

use memchr::memchr;

pub(super) use frame::{Colour, Component, Member, Scan};

use super::{
    ImageHead,
    fault::{check_pixels, corrupt, truncated, unsupported},
};
use crate::error::Result;

/// More scans than any encoder writes: each one costs a pass over the image, so they are a way to waste hours.
const MAX_SCANS: usize = 256;

/// Every encoder's progression fits into so many, however large the image.
const USUAL_SCANS: usize = 32;

/// Pixels that all scans pass over together, where they are more than usual: some 15 seconds of decoding.
const MAX_PASSED: u64 = 1 << 32;

/// How many scans an image of so many pixels may have.
fn most_scans(pixels: u64) -> usize {
    usize::try_from(MAX_PASSED / pixels.max(1)).unwrap_or(usize::MAX).clamp(USUAL_SCANS, MAX_SCANS)
}

/// What the walk found.
#[derive(Debug)]
pub(super) struct Jpeg {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) progressive: bool,
    pub(super) components: Vec<Component>,
    pub(super) colour: Colour,
    /// The colour transform of the Adobe segment.
    pub(super) adobe: Option<u8>,
    /// The TIFF structure of the first EXIF segment.
    pub(super) exif: Option<Range<usize>>,
    /// Tables, restart intervals and scans, in order.
    pub(super) parts: Vec<Part>,
    /// Bytes between segments that belong to none; libjpeg skips them.
    pub(super) stray: bool,
}

/// What matters for decoding the scans, in the order of the file.
#[derive(Debug)]
pub(super) enum Part {
    /// The payload of a DHT segment.
    Huffman(Range<usize>),
    /// The payload of a DQT segment.
    Quantization(Range<usize>),
    /// MCUs between restart markers, 0 for none.
    RestartInterval(u16),
    Scan(Scan),
}

impl Jpeg {
    /// The channels that a decoder returns without conversion.
    pub(super) fn channels(&self) -> u8 {
        if self.colour == Colour::Gray { 1 } else { 3 }
    }

    pub(super) fn max_sampling(&self) -> (u32, u32) {
        let max = |of: fn(&Component) -> u32| self.components.iter().map(of).max().unwrap_or(1);
        (max(|c| c.h), max(|c| c.v))
    }

    pub(super) fn scans(&self) -> impl Iterator<Item = &Scan> {
        self.parts.iter().filter_map(|part| if let Part::Scan(scan) = part { Some(scan) } else { None })
    }
}

pub(super) fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|pair| u16::from_be_bytes(*pair))
}

/// Checks the structure of a whole JPEG file.
///
/// # Errors
/// [`Fault::Truncated`](crate::error::Fault::Truncated) where bytes are missing, `Corrupt` where they contradict the
/// format, `Unsupported` for the variants that TensorFlow or our decoders cannot read, `TooManyPixels`.
pub(super) fn walk(bytes: &[u8], max_pixels: u64) -> Result<Jpeg> {
    let mut walker = Walker::new(bytes);
    walker.parts.reserve(8);
    loop {
        let marker = walker.next_marker()?;
        match marker {
            0xD8 => return Err(corrupt(walker.at - 2, "a second start of image before the end of the first")),
            0xD9 => return walker.finish(),
            // TEM and restart markers have no payload; libjpeg skips them between segments.
            0x01 | 0xD0..=0xD7 => walker.stray = true,
            _ => {
                let body = walker.segment(marker)?;
                walker.read_segment(marker, body, max_pixels)?;
            }
        }
    }
}

/// What the frame header says, which stands before the first scan.
pub(super) fn head(bytes: &[u8]) -> Option<ImageHead> {
    let mut walker = Walker::new(bytes);
    loop {
        match walker.next_marker().ok()? {
            0xD8..=0xDA => return None,
            0x01 | 0xD0..=0xD7 => {}
            marker => {
                let body = walker.segment(marker).ok()?;
                if matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
                    let &[bits, h1, h0, w1, w0, components, ..] = bytes.get(body)? else { return None };
                    let (height, width) = (u16::from_be_bytes([h1, h0]).into(), u16::from_be_bytes([w1, w0]).into());
                    let channels = if components == 1 { 1 } else { 3 };
                    return Some(ImageHead { height, width, channels, bits });
                }
            }
        }
    }
}

struct Walker<'a> {
    bytes: &'a [u8],
    at: usize,
    frame: Option<frame::Frame>,
    colour: frame::ColourHints,
    tables: frame::Tables,
    exif: Option<Range<usize>>,
    parts: Vec<Part>,
    stray: bool,
}

impl<'a> Walker<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 2,
            frame: None,
            colour: frame::ColourHints::default(),
            tables: frame::Tables::default(),
            exif: None,
            parts: Vec::new(),
            stray: false,
        }
    }

    /// Moves behind the next marker, over fill bytes and, as libjpeg does, over bytes that belong to no segment.
    fn next_marker(&mut self) -> Result<u8> {
        let start = self.at;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(skip) = memchr(0xFF, rest) else {
                let wanted = if self.parts.iter().any(|part| matches!(part, Part::Scan(_))) {
                    "the end-of-image marker or another scan"
                } else {
                    "a marker segment"
                };
                return Err(truncated(self.bytes.len(), format!("the file ends where {wanted} is expected")));
            };
            self.stray |= skip > 0;
            self.at += skip;
            while self.bytes.get(self.at) == Some(&0xFF) {
                self.at += 1;
            }
            match self.bytes.get(self.at) {
                Some(0) => self.stray = true,
                Some(&marker) => {
                    self.at += 1;
                    return Ok(marker);
                }
                None => {
                    return Err(truncated(self.bytes.len(), format!("the file ends in the marker at byte {start}")));
                }
            }
        }
    }

    /// The payload of the segment behind a marker; moves to its end.
    fn segment(&mut self, marker: u8) -> Result<Range<usize>> {
        let Some(length) = be16(self.bytes, self.at) else {
            return Err(truncated(self.bytes.len(), format!("the file ends in the header of {}", name(marker))));
        };
        if length < 2 {
            return Err(corrupt(self.at, format!("{} has length {length}, expected at least 2", name(marker))));
        }
        let end = self.at + usize::from(length);
        if end > self.bytes.len() {
            return Err(truncated(
                self.bytes.len(),
                format!("the file ends in {}, which goes on to byte {end}", name(marker)),
            ));
        }
        let body = self.at + 2..end;
        self.at = end;
        Ok(body)
    }

    fn read_segment(&mut self, marker: u8, body: Range<usize>, max_pixels: u64) -> Result<()> {
        let payload = self.bytes.get(body.clone()).unwrap_or_default();
        match marker {
            0xC4 => {
                self.tables.define_huffman(payload, body.start)?;
                self.parts.push(Part::Huffman(body));
            }
            0xDB => {
                self.tables.define_quantization(payload, body.start)?;
                self.parts.push(Part::Quantization(body));
            }
            0xDD => {
                let interval = be16(payload, 0).filter(|_| payload.len() == 2);
                let interval =
                    interval.ok_or_else(|| corrupt(body.start, "the restart interval segment must have two bytes"))?;
                self.parts.push(Part::RestartInterval(interval));
            }
            0xDA => self.read_scan(payload, body.start)?,
            0xC8 | 0xF7 => return Err(unsupported("a JPEG-LS or other JPEG extension is not supported")),
            0xCC => return Err(unsupported("arithmetic-coded JPEG is not supported")),
            0xDE | 0xDF => return Err(unsupported("hierarchical JPEG is not supported")),
            0xC0..=0xCF => {
                if self.frame.is_some() {
                    return Err(corrupt(body.start, "a second frame header: a JPEG has exactly one"));
                }
                let frame = frame::Frame::parse(marker, payload, body.start)?;
                check_pixels(frame.width, frame.height, max_pixels)?;
                self.frame = Some(frame);
            }
            0xE0 if payload.starts_with(b"JFIF\0") && payload.len() >= 12 => self.colour.jfif = true,
            0xE1 if payload.starts_with(b"Exif\0") && payload.len() > 6 && self.exif.is_none() => {
                self.exif = Some(body.start + 6..body.end);
            }
            0xEE if payload.starts_with(b"Adobe") && payload.len() >= 12 => {
                self.colour.adobe = payload.get(11).copied();
            }
            _ => {}
        }
        Ok(())
    }

    /// Checks a scan header and moves to the first marker behind its data.
    fn read_scan(&mut self, payload: &[u8], at: usize) -> Result<()> {
        let Some(frame) = &mut self.frame else {
            return Err(corrupt(at, "a scan before the frame header"));
        };
        let most = most_scans(u64::from(frame.width) * u64::from(frame.height));
        if self.parts.len() >= 4 * MAX_SCANS || frame.scans >= most {
            // Sound, perhaps, but no encoder writes so many: they are there to take time.
            return Err(unsupported(format!(
                "more than {most} scans, which is the most for {}x{} pixels",
                frame.width, frame.height
            )));
        }
        let start = self.at;
        let mut end = start;
        loop {
            let rest = self.bytes.get(end..).unwrap_or_default();
            let Some(skip) = memchr(0xFF, rest) else {
                return Err(truncated(
                    self.bytes.len(),
                    "the file ends in the image data: the end-of-image marker is missing",
                ));
            };
            end += skip;
            match self.bytes.get(end + 1) {
                Some(0 | 0xD0..=0xD7) => end += 2,
                Some(0xFF) => end += 1,
                Some(_) => break,
                None => {
                    return Err(truncated(
                        self.bytes.len(),
                        "the file ends in the image data: the end-of-image marker is missing",
                    ));
                }
            }
        }
        self.at = end;
        self.parts.push(Part::Scan(frame.read_scan(payload, at, start..end, &self.tables)?));
        Ok(())
    }

    fn finish(self) -> Result<Jpeg> {
        let end = self.at - 2;
        let Some(frame) = self.frame else {
            return Err(corrupt(end, "the image ends without a frame header"));
        };
        frame.check_complete(end)?;
        let colour = self.colour.colour(&frame.components)?;
        Ok(Jpeg {
            width: frame.width,
            height: frame.height,
            progressive: frame.progressive,
            components: frame.components,
            colour,
            adobe: self.colour.adobe,
            exif: self.exif,
            parts: self.parts,
            stray: self.stray,
        })
    }
}

/// The name of a segment, as in messages.
fn name(marker: u8) -> String {
    match marker {
        0xC4 => "the Huffman table segment (DHT)".into(),
        0xC0..=0xCF => "the frame header (SOF)".into(),
        0xDA => "the scan header (SOS)".into(),
        0xDB => "the quantization table segment (DQT)".into(),
        0xE0..=0xEF => format!("the application segment APP{}", marker - 0xE0),
        0xFE => "a comment segment".into(),
        _ => format!("the segment {marker:#04x}"),
    }
}
