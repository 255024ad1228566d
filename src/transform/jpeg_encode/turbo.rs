//! Encodes with libjpeg-turbo, whose safe binding takes no planes but interleaved pixels.

use turbojpeg::{Compressor, Image, OutputBuf, PixelFormat, Subsamp};

use super::PlaneRef;
use crate::transform::planes;

/// Encodes grey or RGB into `out`. `false` when libjpeg-turbo refuses; then `out` is worth nothing.
pub(in crate::transform) fn encode_pixels(
    pixels: &[u8],
    (width, height): (usize, usize),
    subsamp: Subsamp,
    quality: u8,
    out: &mut Vec<u8>,
) -> bool {
    let format = if subsamp == Subsamp::Gray { PixelFormat::GRAY } else { PixelFormat::RGB };
    let pitch = width * format.size();
    if pixels.is_empty() || pixels.len() != pitch * height {
        return false;
    }
    let Ok(mut compressor) = Compressor::new() else { return false };
    compressor.set_quality(quality.into());
    compressor.set_subsamp(subsamp);
    // Most photographs fit; it grows by itself.
    let mut buffer = OutputBuf::allocate_owned(1024 + width * height / 4);
    if compressor.compress(Image { pixels, width, pitch, height, format }, &mut buffer).is_err() {
        return false;
    }
    out.clear();
    out.extend_from_slice(&buffer);
    true
}

/// Encodes one plane as grey, or three as YCbCr 4:4:4 or 4:2:0. `false` for all else.
pub(in crate::transform) fn encode_planes(planes: &[PlaneRef<'_>], quality: u8, out: &mut Vec<u8>) -> bool {
    match planes {
        [y] => encode_pixels(y.samples(), y.size(), Subsamp::Gray, quality, out),
        [y, cb, cr] if cb.size() == cr.size() => {
            let (width, height) = y.size();
            let mut pixels = Vec::new();
            let subsamp = if cb.size() == y.size() {
                planes::interleave([y.samples(), cb.samples(), cr.samples()], &mut pixels);
                Subsamp::None
            } else if cb.size() == (width.div_ceil(2), height.div_ceil(2)) {
                // Repeated samples, of which the encoder takes the mean again.
                planes::interleave([y.samples(), &doubled(cb, y.size()), &doubled(cr, y.size())], &mut pixels);
                Subsamp::Sub2x2
            } else {
                return false;
            };
            encode_pixels(&pixels, y.size(), subsamp, quality, out)
        }
        _ => false,
    }
}

/// The plane at twice its size, or at one less where that is odd.
fn doubled(plane: &PlaneRef<'_>, (width, height): (usize, usize)) -> Vec<u8> {
    let mut samples = vec![0; width * height];
    let rows = plane.samples().chunks_exact(plane.size().0);
    for (two, row) in samples.chunks_mut(2 * width).zip(rows) {
        let (first, second) = two.split_at_mut(width);
        for (pair, sample) in first.chunks_mut(2).zip(row) {
            pair.fill(*sample);
        }
        second.copy_from_slice(first.get(..second.len()).unwrap_or_default());
    }
    samples
}

#[cfg(test)]
mod tests {
    use zune_jpeg::{JpegDecoder, zune_core::bytestream::ZCursor};

    use super::{
        super::{encode, rgb_to_planes},
        *,
    };
    use crate::transform::{jpeg, planes::Plane};

    /// Pixels from another decoder, and the factors of the first component.
    fn read(bytes: &[u8]) -> (Vec<u8>, (u32, u32)) {
        let walked = jpeg::walk(bytes, u64::MAX).unwrap();
        jpeg::entropy::check(bytes, &walked, &mut Vec::new()).unwrap();
        (JpegDecoder::new(ZCursor::new(bytes)).decode().unwrap(), walked.max_sampling())
    }

    #[track_caller]
    fn check(what: &str, got: &[u8], wanted: &[u8], limit: u8) {
        assert_eq!(got.len(), wanted.len(), "{what}");
        let largest = got.iter().zip(wanted).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(largest <= limit, "{what}: {largest}");
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    fn every_size_decodes_to_what_was_encoded() {
        for (width, height) in (1..=33).flat_map(|width| [2, 7, 8, 9, 16, 17].map(|height| (width, height))) {
            let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            let rgb: Vec<u8> =
                places.flat_map(|(x, y)| [90 + 2 * x, 120 + 2 * y, 100 + x + y].map(|v| v as u8)).collect();
            let mut planes = <[Plane; 3]>::default();
            let (mut out, mut ours) = (vec![1, 2, 3], Vec::new());
            for (subsamp, factors) in [(Subsamp::None, (1, 1)), (Subsamp::Sub2x2, (2, 2))] {
                rgb_to_planes(&rgb, width, height, subsamp == Subsamp::Sub2x2, &mut planes);
                let views = planes.each_ref().map(|plane| PlaneRef::of(plane).unwrap());
                encode(&views, width as u32, height as u32, 95, &mut ours).unwrap();
                let wanted = read(&ours);
                assert_eq!(wanted.1, factors);
                assert!(encode_planes(&views, 95, &mut out));
                let got = read(&out);
                check(&format!("planes, {subsamp:?}, {width}x{height}"), &got.0, &wanted.0, 6);
                assert_eq!(got.1, factors);
                assert!(encode_pixels(&rgb, (width, height), subsamp, 95, &mut out));
                let got = read(&out);
                check(&format!("pixels, {subsamp:?}, {width}x{height}"), &got.0, &wanted.0, 6);
                assert_eq!(got.1, factors);
            }
            assert!(encode_planes(&[PlaneRef::of(&planes[0]).unwrap()], 95, &mut out));
            let got: Vec<u8> = read(&out).0.into_iter().step_by(3).collect();
            check(&format!("grey, {width}x{height}"), &got, &planes[0].samples, 6);
        }
    }

    #[test]
    fn a_lower_quality_takes_fewer_bytes() {
        let pixels: Vec<u8> =
            (0..64 * 64 * 3_u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let sizes = [100, 90, 50, 1].map(|quality| {
            let mut out = Vec::new();
            assert!(encode_pixels(&pixels, (64, 64), Subsamp::Sub2x2, quality, &mut out));
            out.len()
        });
        assert!(sizes.is_sorted_by(|a, b| a > b), "{sizes:?}");
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let mut out = Vec::new();
        assert!(!encode_pixels(&[], (0, 0), Subsamp::Gray, 90, &mut out));
        assert!(!encode_pixels(&[0; 5], (2, 3), Subsamp::Gray, 90, &mut out));
        assert!(!encode_pixels(&vec![0; 65_501], (65_501, 1), Subsamp::Gray, 90, &mut out));
        let samples = [0; 16];
        let plane = |width, height| PlaneRef::new(&samples[..width * height], width, height).unwrap();
        assert!(!encode_planes(&[plane(4, 4); 2], 90, &mut out));
        assert!(!encode_planes(&[plane(4, 4), plane(2, 4), plane(2, 4)], 90, &mut out));
        assert!(!encode_planes(&[plane(4, 4), plane(2, 2), plane(4, 4)], 90, &mut out));
    }
}
