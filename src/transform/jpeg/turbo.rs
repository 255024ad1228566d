//! Decodes to planes with libjpeg-turbo, which reaches smaller sizes by smaller transforms as [`planar`](super::planar)
//! does, but of the whole image, and at one scale for all components.

use turbojpeg::{Colorspace, Decompressor, Subsamp, YuvImage, yuv_pixels_len};

use super::{
    Colour, Jpeg, decode, entropy,
    planar::{Piece, Scale},
};
use crate::transform::fault::guarded;

/// Whether [`decode`] can take this image: grey or YCbCr, of any number of scans, with the finest component first.
pub(in crate::transform) fn suits(jpeg: &Jpeg) -> bool {
    decode::suits_fast(jpeg) && matches!(jpeg.colour, Colour::Gray | Colour::YCbCr)
}

/// Decodes all components. `false` when the scans are damaged, or libjpeg-turbo warns of anything or takes the image for
/// another; then the pieces are worth nothing.
pub(in crate::transform) fn decode(bytes: &[u8], jpeg: &Jpeg, scale: Scale, pieces: &mut [Piece; 3]) -> bool {
    // It would fill what is missing with grey.
    entropy::check(bytes, jpeg, &mut Vec::new()).is_ok()
        && guarded(|| Ok(planes(bytes, jpeg, scale, pieces).is_some())).unwrap_or(false)
}

fn planes(bytes: &[u8], jpeg: &Jpeg, scale: Scale, pieces: &mut [Piece; 3]) -> Option<()> {
    let mut decompressor = Decompressor::new().ok()?;
    let header = decompressor.read_header(bytes).ok()?;
    let size = (jpeg.width as usize, jpeg.height as usize);
    // The binding trusts the caller with the size of the buffer, so both must have read the same from the header.
    if (header.width, header.height) != size || Some((header.colorspace, header.subsamp.size())) != expected(jpeg) {
        return None;
    }
    let count = if header.subsamp == Subsamp::Gray { 1 } else { 3 };
    if count != jpeg.components.len() {
        return None;
    }
    let scaled = |eighths: usize| ((size.0 * eighths).div_ceil(8), (size.1 * eighths).div_ceil(8));
    let side = scale.block() as usize;
    let (width, height) = scaled(side);
    // It is told a size and takes the largest scale that fits, which for a few pixels may be a larger one.
    let next = scaled(side + 1);
    if next.0 <= width && next.1 <= height {
        return None;
    }
    let (h, v) = header.subsamp.size();
    let chroma = (width.div_ceil(h), height.div_ceil(v));
    let luma = (chroma.0 * h, chroma.1 * v);

    let [first, others @ ..] = pieces;
    let samples = &mut first.plane.samples;
    samples.resize(yuv_pixels_len(width, 1, height, header.subsamp).ok()?, 0);
    let image = YuvImage { pixels: samples.as_mut_slice(), width, align: 1, height, subsamp: header.subsamp };
    decompressor.decompress_to_yuv(bytes, image).ok()?;

    let mut rest = samples.get(luma.0 * luma.1..)?;
    for other in others.iter_mut().take(count - 1) {
        let (plane, tail) = rest.split_at_checked(chroma.0 * chroma.1)?;
        other.plane.samples.clear();
        other.plane.samples.extend_from_slice(plane);
        lay_out(other, chroma, chroma);
        rest = tail;
    }
    samples.truncate(luma.0 * luma.1);
    lay_out(first, luma, (width, height));
    Some(())
}

/// The colour and by how much chroma is coarser, as libjpeg-turbo should see them.
fn expected(jpeg: &Jpeg) -> Option<(Colorspace, (usize, usize))> {
    match jpeg.components.as_slice() {
        [_] => Some((Colorspace::Gray, (1, 1))),
        [luma, cb, cr] if (cb.h, cb.v) == (cr.h, cr.v) => {
            let times = |most: u32, part: u32| most.is_multiple_of(part).then_some((most / part) as usize);
            Some((Colorspace::YCbCr, (times(luma.h, cb.h)?, times(luma.v, cb.v)?)))
        }
        _ => None,
    }
}

/// Makes a piece hold a whole component.
fn lay_out(piece: &mut Piece, stored: (usize, usize), image: (usize, usize)) {
    (piece.left, piece.top) = (0, 0);
    (piece.plane.width, piece.plane.height) = stored;
    (piece.width, piece.height) = image;
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{
        super::{
            planar::{self, PlanarScratch, Want},
            walk,
        },
        *,
    };

    /// The good JPEGs among the fixtures.
    fn jpegs() -> Vec<(String, Vec<u8>)> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats");
        let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(".jpg") && !name.starts_with("png")).collect();
        names.sort();
        names.into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
    }

    /// The samples of a piece that belong to the image.
    fn rows(piece: &Piece) -> impl Iterator<Item = &[u8]> {
        piece.plane.samples.chunks(piece.plane.width).take(piece.height).map(|row| &row[..piece.width])
    }

    /// Samples in the wrong place or of the wrong scale would differ by far more.
    #[test]
    fn planes_are_those_of_our_own_decoder_at_every_scale() {
        let (mut compared, mut refused) = (0, Vec::new());
        for (name, bytes) in jpegs() {
            let jpeg = walk(&bytes, u64::MAX).unwrap();
            if !planar::suits(&jpeg) {
                continue;
            }
            for scale in Scale::ALL {
                let mut pieces = <[Piece; 3]>::default();
                if !decode(&bytes, &jpeg, scale, &mut pieces) {
                    refused.push(format!("{name} {scale:?}"));
                    continue;
                }
                let mut scratch = PlanarScratch::default();
                let want = Want { scale, columns: 0..jpeg.width, rows: 0..jpeg.height };
                let wants = vec![Some(want); jpeg.components.len()];
                if !planar::decode(&bytes, &jpeg, &wants, &mut scratch) {
                    continue;
                }
                for (piece, ours) in pieces.iter().zip(&scratch.pieces).take(wants.len()) {
                    assert_eq!((piece.width, piece.height), (ours.width, ours.height), "{name}, {scale:?}");
                    let pairs = || rows(piece).flatten().zip(rows(ours).flatten());
                    let largest = pairs().map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                    let sum: u32 = pairs().map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
                    let mean = f64::from(sum) / (piece.width * piece.height) as f64;
                    // At a half and a quarter, the filters of the two are not the same.
                    let limits = if matches!(scale, Scale::Full | Scale::Eighth) { (0.2, 1) } else { (8.0, 48) };
                    let text = format!("{name}, {scale:?}: mean {mean:.2}, largest {largest}");
                    assert!(mean <= limits.0 && largest <= limits.1, "{text}");
                    compared += 1;
                }
            }
        }
        // Factors that it has no name for, and a pixel that has the same size at every scale.
        let may = ["jpeg-1x1-420", "jpeg-410", "jpeg-441", "jpeg-4x1-chroma-2x1"];
        assert!(refused.iter().all(|name| may.iter().any(|may| name.starts_with(may))), "{refused:?}");
        assert!(compared > 400, "{compared}");
    }

    #[test]
    fn damage_is_refused() {
        for name in ["jpeg-420.jpg", "jpeg-gray.jpg", "jpeg-progressive-420.jpg"] {
            let (_, whole) = jpegs().into_iter().find(|(each, _)| each == name).unwrap();
            let jpeg = walk(&whole, u64::MAX).unwrap();
            let mut pieces = <[Piece; 3]>::default();
            assert!(decode(&whole, &jpeg, Scale::Half, &mut pieces), "{name}");
            let data = jpeg.scans().last().unwrap().data.clone();
            for end in (data.start..data.end - 1).step_by(5).filter(|&end| whole[end - 1] != 0xFF) {
                let cut = [&whole[..end], &whole[data.end..]].concat();
                let jpeg = walk(&cut, u64::MAX).unwrap();
                assert!(!decode(&cut, &jpeg, Scale::Half, &mut pieces), "{name} cut at {end}");
            }
        }
    }
}
