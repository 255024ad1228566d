//! What decoders that are not ours make of what is written.
#![expect(clippy::cast_possible_truncation, reason = "samples are made up within 8 bits")]

use std::io::Cursor;

use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::{
    super::{jpeg, planes::Plane},
    *,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Gray,
    Full,
    Halved,
}

const KINDS: [Kind; 3] = [Kind::Gray, Kind::Full, Kind::Halved];

/// Planes whose samples are given by their number, column and row. Halved chroma is of one value.
fn planes(kind: Kind, (width, height): (usize, usize), sample: impl Fn(usize, usize, usize) -> u8) -> Vec<Plane> {
    let count = if kind == Kind::Gray { 1 } else { 3 };
    let plane = |number: usize| {
        let flat = kind == Kind::Halved && number > 0;
        let (width, height) = if flat { (width.div_ceil(2), height.div_ceil(2)) } else { (width, height) };
        let at = |place: usize| if flat { sample(number, 0, 0) } else { sample(number, place % width, place / width) };
        Plane { samples: (0..width * height).map(at).collect(), width, height }
    };
    (0..count).map(plane).collect()
}

fn encoded(planes: &[Plane], (width, height): (usize, usize), quality: u8) -> Vec<u8> {
    let views: Vec<_> = planes.iter().map(|plane| PlaneRef::of(plane).unwrap()).collect();
    let mut out = vec![1, 2, 3];
    encode(&views, width.try_into().unwrap(), height.try_into().unwrap(), quality, &mut out).unwrap();
    out
}

/// Interleaved components, without conversion, from two decoders.
fn decoded(bytes: &[u8], kind: Kind) -> [Vec<u8>; 2] {
    let space = if kind == Kind::Gray { ColorSpace::Luma } else { ColorSpace::YCbCr };
    let options = DecoderOptions::default().set_strict_mode(true).jpeg_set_out_colorspace(space);
    let first = JpegDecoder::new_with_options(ZCursor::new(bytes), options).decode().unwrap();
    let mut decoder = jpeg_decoder::Decoder::new(Cursor::new(bytes));
    // What it takes for RGB it does not convert.
    if kind != Kind::Gray {
        decoder.set_color_transform(jpeg_decoder::ColorTransform::RGB);
    }
    [first, decoder.decode().unwrap()]
}

/// Quantization moves each coefficient by half a step at most, and the transform keeps the length of what was moved; a
/// decoder may round each sample once more.
fn largest_error(quality: u8, number: usize) -> f64 {
    let steps = if number == 0 { quantization::luma(quality) } else { quantization::chroma(quality) };
    steps.iter().map(|step| f64::from(*step).powi(2) / 4.0).sum::<f64>().sqrt() + 8.0
}

#[track_caller]
fn check(kind: Kind, size: (usize, usize), quality: u8, sample: impl Fn(usize, usize, usize) -> u8) {
    let planes = planes(kind, size, &sample);
    let bytes = encoded(&planes, size, quality);
    let walked = jpeg::walk(&bytes, u64::MAX).unwrap();
    assert_eq!((walked.width as usize, walked.height as usize), size);
    jpeg::entropy::check(&bytes, &walked, &mut Vec::new()).unwrap();
    for (name, pixels) in ["zune-jpeg", "jpeg-decoder"].iter().zip(decoded(&bytes, kind)) {
        assert_eq!(pixels.len(), size.0 * size.1 * planes.len(), "{name}");
        for number in 0..planes.len() {
            for (y, x) in (0..size.1).step_by(8).flat_map(|y| (0..size.0).step_by(8).map(move |x| (y, x))) {
                let mut error = 0.0;
                for (v, u) in (y..size.1.min(y + 8)).flat_map(|v| (x..size.0.min(x + 8)).map(move |u| (v, u))) {
                    let (column, row) = if kind == Kind::Halved && number > 0 { (0, 0) } else { (u, v) };
                    let wanted = f64::from(sample(number, column, row));
                    error += (f64::from(pixels[(v * size.0 + u) * planes.len() + number]) - wanted).powi(2);
                }
                let limit = largest_error(quality, number);
                assert!(
                    error.sqrt() <= limit,
                    "{name}, {kind:?}, {size:?}, quality {quality}: component {number} is off by {:.1} in the block at \
                     {x}, {y}; at most {limit:.1}",
                    error.sqrt()
                );
            }
        }
    }
}

/// Something between 0 and 255 without a pattern.
fn noise(number: usize, x: usize, y: usize) -> u8 {
    let mixed = (x as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (y as u64 + 7).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    (mixed.wrapping_mul(number as u64 * 2 + 0xFF51_AFD7_ED55_8CCD) >> 56) as u8
}

const QUALITIES: [u8; 4] = [1, 50, 95, 100];

#[test]
fn every_size_decodes_to_what_was_encoded() {
    for kind in KINDS {
        for width in 1..=33 {
            for height in [1, 2, 7, 8, 9, 15, 16, 17] {
                for quality in QUALITIES {
                    check(kind, (width, height), quality, |n, x, y| (100 + 20 * n + 3 * x + 2 * y) as u8);
                }
            }
        }
    }
}

#[test]
fn extreme_samples_decode_to_what_was_encoded() {
    for kind in KINDS {
        for quality in QUALITIES {
            check(kind, (33, 17), quality, noise);
            check(kind, (48, 32), quality, |n, x, y| if noise(n, x, y) < 128 { 0 } else { 255 });
            check(kind, (40, 40), quality, |_, x, y| if (x + y) % 2 == 0 { 255 } else { 0 });
            check(kind, (40, 40), quality, |_, x, y| if (x / 8 + y / 8) % 2 == 0 { 255 } else { 0 });
            check(kind, (24, 24), quality, |_, x, _| if x % 2 == 0 { 255 } else { 0 });
            check(kind, (17, 16), quality, |_, _, _| 255);
            check(kind, (16, 17), quality, |_, _, _| 0);
        }
    }
}

#[test]
fn the_best_quality_only_rounds() {
    for kind in [Kind::Gray, Kind::Full] {
        let planes = planes(kind, (64, 64), |n, x, y| 64 + noise(n, x, y) / 2);
        for pixels in decoded(&encoded(&planes, (64, 64), 100), kind) {
            let wanted = (0..64 * 64).flat_map(|place| planes.iter().map(move |plane| plane.samples[place]));
            let error: u64 =
                pixels.iter().zip(wanted).map(|(got, wanted)| u64::from(got.abs_diff(wanted)).pow(2)).sum();
            // Coefficients and samples are both rounded, which adds a twelfth each.
            assert!(error as f64 / (pixels.len() as f64) < 0.25, "{kind:?}: {error}");
        }
    }
}

#[test]
fn coefficients_far_apart_decode_to_what_was_encoded() {
    // Each frequency alone: runs of zeros of every length, and no end of block behind the last coefficient.
    for (u, v) in (0..64).map(|place| (place % 8, place / 8)) {
        let wave = |k: usize, at: usize| ((2 * at + 1) as f64 * k as f64 * std::f64::consts::PI / 16.0).cos();
        for kind in KINDS {
            check(kind, (16, 16), 90, |_, x, y| (128.0 + 100.0 * wave(u, x % 8) * wave(v, y % 8)).round() as u8);
        }
    }
}

#[test]
fn large_coefficients_behind_long_runs_of_zeros_decode_to_what_was_encoded() {
    // Few frequencies in a block, far apart and strong: the longest codes there are, several of them in a row.
    let cosine = |k: usize, at: usize| ((2 * at + 1) as f64 * k as f64 * std::f64::consts::PI / 16.0).cos();
    let pick = |block: usize, number: usize| {
        let at = (block * 7 + number * 23) % 64 + number * 64;
        usize::from(noise(0, block, at))
    };
    for kind in [Kind::Gray, Kind::Full] {
        for quality in [90, 100] {
            check(kind, (512, 64), quality, |n, x, y| {
                let block = n * 1000 + y / 8 * 64 + x / 8;
                let waves = (0..4).map(|number| {
                    let place = usize::from(quantization::ZIGZAG[pick(block, number) % 64]);
                    40.0 * cosine(place % 8, x % 8) * cosine(place / 8, y % 8)
                });
                (128.0 + waves.sum::<f64>()).clamp(0.0, 255.0).round() as u8
            });
        }
    }
}

#[test]
fn what_lies_outside_of_the_image_costs_nothing() {
    let scan = |kind, size| {
        let bytes = encoded(&planes(kind, size, |n, _, _| 200 - 30 * n as u8), size, 90);
        let walked = jpeg::walk(&bytes, u64::MAX).unwrap();
        bytes[walked.scans().next().unwrap().data.clone()].to_vec()
    };
    for kind in KINDS {
        for size in [(9, 9), (9, 16), (16, 9), (13, 15)] {
            assert_eq!(scan(kind, size), scan(kind, (16, 16)), "{kind:?}, {size:?}");
        }
    }
    for size in [(2, 1), (8, 16), (16, 8)] {
        assert_eq!(scan(Kind::Halved, size), scan(Kind::Halved, (16, 16)), "{size:?}");
    }
}

#[test]
fn many_blocks_in_a_row_keep_their_places() {
    // More units than are transformed at once.
    for kind in KINDS {
        check(kind, (1000, 20), 95, |n, x, y| noise(n, x / 5, y / 5));
        // The longest blocks that there are, across the end of what is collected.
        check(kind, (1000, 20), 100, |n, x, y| if noise(n, x, y) < 128 { 0 } else { 255 });
    }
}

/// The payloads of the segments with this marker.
fn segments(bytes: &[u8], marker: u8) -> Vec<&[u8]> {
    let (mut rest, mut found) = (&bytes[2..], Vec::new());
    while let [0xFF, kind, high, low, ..] = *rest {
        let (segment, tail) = rest.split_at(2 + usize::from(u16::from_be_bytes([high, low])));
        if kind == marker {
            found.push(&segment[4..]);
        }
        if kind == 0xDA {
            break;
        }
        rest = tail;
    }
    found
}

#[test]
fn tables_and_headers_are_those_of_libjpeg() {
    for (name, kind) in [("jpeg-444.jpg", Kind::Full), ("jpeg-420.jpg", Kind::Halved), ("jpeg-gray.jpg", Kind::Gray)] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats");
        let theirs = std::fs::read(folder.join(name)).unwrap();
        let walked = jpeg::walk(&theirs, u64::MAX).unwrap();
        let size = (walked.width as usize, walked.height as usize);
        let ours = encoded(&planes(kind, size, noise), size, 85);
        for (what, marker) in
            [("JFIF", 0xE0), ("quantization", 0xDB), ("frame", 0xC0), ("Huffman", 0xC4), ("scan", 0xDA)]
        {
            assert_eq!(segments(&ours, marker), segments(&theirs, marker), "{name}: {what}");
        }
    }
}

#[test]
fn what_is_no_image_is_refused() {
    let samples = vec![0; 65_501];
    let mut out = Vec::new();
    let long = PlaneRef::new(&samples, 65_501, 1).unwrap();
    let error = encode(&[long], 65_501, 1, 90, &mut out).unwrap_err();
    assert!(error.to_string().contains("65501x1 does not fit a JPEG, whose sides are at most 65500 pixels"), "{error}");
    encode(&[PlaneRef::new(&samples[..65_500], 1, 65_500).unwrap()], 1, 65_500, 90, &mut out).unwrap();

    PlaneRef::new(&samples[..5], 2, 3).unwrap_err();
    PlaneRef::new(&samples[..7], 2, 3).unwrap_err();
    PlaneRef::new(&[], 0, 3).unwrap_err();
    PlaneRef::new(&samples, usize::MAX, usize::MAX).unwrap_err();
    let plane = |width, height| PlaneRef::new(&samples[..width * height], width, height).unwrap();
    for (planes, size) in [
        (vec![], (4, 4)),
        (vec![plane(4, 4)], (4, 5)),
        (vec![plane(4, 4); 2], (4, 4)),
        (vec![plane(4, 4); 4], (4, 4)),
        (vec![plane(5, 5), plane(2, 2), plane(2, 2)], (5, 5)),
        (vec![plane(5, 5), plane(5, 5), plane(3, 3)], (5, 5)),
        (vec![plane(5, 5), plane(3, 5), plane(3, 5)], (5, 5)),
    ] {
        encode(&planes, size.0, size.1, 90, &mut out).unwrap_err();
    }
}

/// RGB, and what libjpeg makes of it: from files that Pillow wrote at quality 100, read without conversion.
const COLOURS: [([u8; 3], [u8; 3]); 11] = [
    ([12, 200, 99], [132, 109, 42]),
    ([255, 0, 0], [76, 85, 255]),
    ([0, 255, 0], [150, 44, 21]),
    ([0, 0, 255], [29, 255, 107]),
    ([255, 255, 255], [255, 128, 128]),
    ([0, 0, 0], [0, 128, 128]),
    ([1, 2, 3], [2, 129, 127]),
    ([250, 3, 77], [85, 123, 245]),
    ([255, 255, 0], [226, 0, 149]),
    ([0, 255, 255], [179, 171, 0]),
    ([255, 0, 255], [105, 212, 235]),
];

#[test]
fn colours_become_what_libjpeg_makes_of_them() {
    for (rgb, ycbcr) in COLOURS {
        for (width, height) in [(1, 1), (2, 2), (3, 1), (17, 5)] {
            let pixels = rgb.repeat(width * height);
            for halved in [false, true] {
                let mut planes = Default::default();
                rgb_to_planes(&pixels, width, height, halved, &mut planes);
                for ((number, plane), value) in planes.iter().enumerate().zip(ycbcr) {
                    let small = halved && number > 0;
                    let size = if small { (width.div_ceil(2), height.div_ceil(2)) } else { (width, height) };
                    assert_eq!((plane.width, plane.height), size);
                    assert_eq!(plane.samples, vec![value; size.0 * size.1], "{rgb:?}");
                }
            }
        }
    }
}

#[test]
fn halved_chroma_is_the_mean_of_four() {
    // Blue in the first pixel of each square, else black: 255 and three times 128.
    let (width, height) = (5, 3);
    let blue = |place: usize| (((place % width) | (place / width)) & 1 == 0).then_some([0, 0, 255]);
    let pixels: Vec<u8> = (0..width * height).flat_map(|place| blue(place).unwrap_or_default()).collect();
    let mut planes = Default::default();
    rgb_to_planes(&pixels, width, height, true, &mut planes);
    // The mean is 159.75; at the right half and below, where the last are repeated, 191.5 up and down, and 255.
    assert_eq!(planes[1].samples, [160, 160, 191, 191, 192, 255]);
}
