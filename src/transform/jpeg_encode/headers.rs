//! The segments in front of the image data, as libjpeg writes them.

use super::{
    Sampling,
    huffman::{CHROMA_AC, CHROMA_DC, LUMA_AC, LUMA_DC, Spec},
    quantization::{Steps, ZIGZAG},
};

/// The end-of-image marker.
pub(super) const END: [u8; 2] = [0xFF, 0xD9];

const START: [u8; 2] = [0xFF, 0xD8];
const APP0: u8 = 0xE0;
const QUANTIZATION: u8 = 0xDB;
const BASELINE: u8 = 0xC0;
const HUFFMAN: u8 = 0xC4;
const SCAN: u8 = 0xDA;

/// Version 1.1, an aspect ratio of one without a unit, no thumbnail.
const JFIF: &[u8] = b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0";

/// Identifier, sampling factors and quantization table of each component; those of luma are for 4:4:4.
const COMPONENTS: [[u8; 3]; 3] = [[1, 0x11, 0], [2, 0x11, 1], [3, 0x11, 1]];
/// Identifier and Huffman tables of each component.
const SCANNED: [[u8; 2]; 3] = [[1, 0x00], [2, 0x11], [3, 0x11]];
/// Class and number of each Huffman table.
const TABLES: [(u8, Spec); 4] = [(0x00, LUMA_DC), (0x10, LUMA_AC), (0x01, CHROMA_DC), (0x11, CHROMA_AC)];

/// Writes everything up to the image data.
pub(super) fn write(out: &mut Vec<u8>, (width, height): (u16, u16), sampling: Sampling, steps: &[Steps; 2]) {
    let (count, kinds) = if sampling == Sampling::Gray { (1_u8, 1) } else { (3, 2) };
    let components = usize::from(count);
    out.extend(START);
    segment(out, APP0, &[JFIF]);
    for (number, steps) in (0..).zip(steps).take(kinds) {
        let sent = ZIGZAG.map(|place| steps.get(usize::from(place)).copied().unwrap_or(1));
        segment(out, QUANTIZATION, &[&[number], &sent]);
    }
    let mut frame = COMPONENTS;
    if sampling == Sampling::Halved {
        frame[0][1] = 0x22;
    }
    let frame = frame.as_flattened().get(..components * 3).unwrap_or_default();
    segment(out, BASELINE, &[&[8], &height.to_be_bytes(), &width.to_be_bytes(), &[count], frame]);
    for (place, spec) in TABLES.iter().take(2 * kinds) {
        segment(out, HUFFMAN, &[&[*place], &spec.counts, spec.symbols]);
    }
    let scanned = SCANNED.as_flattened().get(..components * 2).unwrap_or_default();
    segment(out, SCAN, &[&[count], scanned, &[0, 63, 0]]);
}

/// Writes a marker, the length of its segment and the segment.
fn segment(out: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let length = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
    out.extend([0xFF, marker]);
    out.extend(u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
}
