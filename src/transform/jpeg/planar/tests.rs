//! Against libjpeg's pixels of the fixtures, against the other decoders, and against the check of the codes.

use std::{fs, path::PathBuf, sync::LazyLock};

use proptest::prelude::*;

use super::{
    super::{decode as whole, entropy, walk},
    *,
};
use crate::transform::{
    jpeg_encode::{self, PlaneRef},
    planes,
};

/// Every JPEG among the fixtures that decodes at all.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats");
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jpg"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()))
        .collect();
    all.sort();
    all
}

/// A picture of waves and noise, as JPEG.
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
fn picture(width: u32, height: u32, halved: bool, quality: u8) -> Vec<u8> {
    let pixels: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .flat_map(|(x, y)| {
            let noise = (x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)) >> 13) % 24;
            let wave = |cycle: u32, at: u32| {
                (f64::from(at % cycle) / f64::from(cycle) * std::f64::consts::TAU).sin().mul_add(80.0, 110.0)
            };
            [wave(61, x + y) as u8, wave(37, x) as u8, wave(83, 2 * y) as u8].map(|value| value + noise as u8)
        })
        .collect();
    let mut planes: [Plane; 3] = Default::default();
    jpeg_encode::rgb_to_planes(&pixels, width as usize, height as usize, halved, &mut planes);
    let mut out = Vec::new();
    let views: Vec<_> = planes.iter().map(|plane| PlaneRef::of(plane).unwrap()).collect();
    jpeg_encode::encode(&views, width, height, quality, &mut out).unwrap();
    out
}

fn all_of(jpeg: &Jpeg, scale: Scale) -> Vec<Option<Want>> {
    let (h_max, v_max) = jpeg.max_sampling();
    let want = |component: &super::super::Component| Want {
        scale,
        columns: 0..(jpeg.width * component.h).div_ceil(h_max),
        rows: 0..(jpeg.height * component.v).div_ceil(v_max),
    };
    jpeg.components.iter().map(|component| Some(want(component))).collect()
}

/// A sample by its place in the whole component.
fn sample(piece: &Piece, x: usize, y: usize) -> u8 {
    piece.plane.samples[(y - piece.top) * piece.plane.width + x - piece.left]
}

#[test]
fn plain_files_of_other_encoders_have_the_pixels_of_libjpeg() {
    let mut taken = 0;
    for (name, bytes) in fixtures() {
        let Ok(jpeg) = walk(&bytes, 1 << 20) else { continue };
        if !suits(&jpeg) || name.contains("fill") {
            continue;
        }
        let mut scratch = PlanarScratch::default();
        assert!(decode(&bytes, &jpeg, &all_of(&jpeg, Scale::Full), &mut scratch), "{name}");
        taken += 1;
        let mut pixels = Vec::new();
        whole::decode(&bytes, &jpeg, &mut pixels).unwrap();
        let channels = usize::from(jpeg.channels());
        let (h_max, v_max) = jpeg.max_sampling();
        let (mut sum, mut count) = ([0; 3], 0);
        for (at, pixel) in pixels.chunks(channels).enumerate() {
            let (x, y) = (at % jpeg.width as usize, at / jpeg.width as usize);
            let mut wanted: [Plane; 3] = Default::default();
            if let &[r, g, b] = pixel {
                jpeg_encode::rgb_to_planes(&[r, g, b], 1, 1, false, &mut wanted);
            } else {
                wanted[0].samples = pixel.to_vec();
            }
            for (index, component) in jpeg.components.iter().enumerate() {
                let (x, y) = (x * component.h as usize / h_max as usize, y * component.v as usize / v_max as usize);
                sum[index] += i32::from(sample(&scratch.pieces[index], x, y).abs_diff(wanted[index].samples[0]));
            }
            count += 1;
        }
        // Luma differs by rounding and where colours are clipped, chroma by how it is enlarged.
        let mean = sum.map(|sum| f64::from(sum) / f64::from(count));
        let coarse = (h_max * v_max) > 1 && jpeg.width > 8;
        assert!(mean[0] < 1.1, "{name}: {mean:?}");
        assert!(mean[1].max(mean[2]) < if coarse { 6.0 } else { 4.0 }, "{name}: {mean:?}");
    }
    assert!(taken >= 25, "{taken} files are plain");
}

#[test]
fn smaller_scales_are_means_of_the_full_one() {
    for (halved, quality) in [(true, 90), (false, 75), (true, 100)] {
        let bytes = picture(203, 117, halved, quality);
        let jpeg = walk(&bytes, 1 << 20).unwrap();
        let mut full = PlanarScratch::default();
        assert!(decode(&bytes, &jpeg, &all_of(&jpeg, Scale::Full), &mut full));
        for scale in [Scale::Eighth, Scale::Quarter, Scale::Half] {
            let mut small = PlanarScratch::default();
            assert!(decode(&bytes, &jpeg, &all_of(&jpeg, scale), &mut small));
            let step = 8 / scale.block() as usize;
            for (whole, piece) in full.pieces.iter().zip(&small.pieces) {
                assert_eq!((piece.width, piece.height), (whole.width.div_ceil(step), whole.height.div_ceil(step)));
                let (mut sum, mut count) = (0.0, 0);
                for y in 0..piece.height - 1 {
                    for x in 0..piece.width - 1 {
                        let near = (0..step * step).map(|at| (x * step + at % step, y * step + at / step));
                        let mean =
                            near.map(|(x, y)| f64::from(sample(whole, x, y))).sum::<f64>() / (step * step) as f64;
                        sum += (mean - f64::from(sample(piece, x, y))).abs();
                        count += 1;
                    }
                }
                let mean = sum / f64::from(count);
                // The mean of a block is exact; the others keep frequencies that a mean weakens.
                assert!(mean < if scale == Scale::Eighth { 0.6 } else { 4.0 }, "{scale:?}: {mean}");
            }
        }
    }
}

#[test]
fn a_part_holds_the_samples_of_the_whole() {
    for (name, bytes) in [("halved", picture(203, 117, true, 90)), ("full", picture(64, 90, false, 95))]
        .map(|(name, bytes)| (name.to_owned(), bytes))
        .into_iter()
        .chain(fixtures())
    {
        let Ok(jpeg) = walk(&bytes, 1 << 20) else { continue };
        if !suits(&jpeg) || name.contains("fill") {
            continue;
        }
        for scale in Scale::ALL {
            let wants = all_of(&jpeg, scale);
            let mut all = PlanarScratch::default();
            assert!(decode(&bytes, &jpeg, &wants, &mut all));
            let mut part = PlanarScratch::default();
            let inner = |range: &Range<u32>| range.end / 3..range.end * 2 / 3;
            let wants: Vec<_> = wants
                .iter()
                .flatten()
                .map(|want| Some(Want { columns: inner(&want.columns), rows: inner(&want.rows), ..want.clone() }))
                .collect();
            assert!(decode(&bytes, &jpeg, &wants, &mut part), "{name}");
            for ((whole, piece), want) in all.pieces.iter().zip(&part.pieces).zip(wants.iter().flatten()) {
                let scaled = |at: u32| (at * scale.block() / 8) as usize;
                for y in scaled(want.rows.start)..scaled(want.rows.end) {
                    for x in scaled(want.columns.start)..scaled(want.columns.end) {
                        assert_eq!(sample(piece, x, y), sample(whole, x, y), "{name}, {scale:?}, {x}, {y}");
                    }
                }
                assert!(piece.plane.samples.len() <= whole.plane.samples.len());
            }
        }
        // Without colour, luma is what it was.
        let mut all = PlanarScratch::default();
        assert!(decode(&bytes, &jpeg, &all_of(&jpeg, Scale::Half), &mut all));
        let mut grey = PlanarScratch::default();
        let mut wants = all_of(&jpeg, Scale::Half);
        wants.iter_mut().skip(1).for_each(|want| *want = None);
        assert!(decode(&bytes, &jpeg, &wants, &mut grey));
        assert_eq!(all.pieces[0].plane.samples, grey.pieces[0].plane.samples, "{name}");
    }
}

#[test]
fn a_scratch_that_was_used_decodes_like_a_new_one() {
    let mut used = PlanarScratch::default();
    for (name, bytes) in fixtures() {
        let Ok(jpeg) = walk(&bytes, 1 << 20) else { continue };
        for scale in [Scale::Full, Scale::Quarter] {
            let mut fresh = PlanarScratch::default();
            let wants = all_of(&jpeg, scale);
            let taken = suits(&jpeg) && decode(&bytes, &jpeg, &wants, &mut fresh);
            assert_eq!(suits(&jpeg) && decode(&bytes, &jpeg, &wants, &mut used), taken, "{name}");
            if taken {
                for (used, fresh) in used.pieces.iter().zip(&fresh.pieces).take(wants.len()) {
                    assert_eq!(used.plane.samples, fresh.plane.samples, "{name}");
                }
            }
        }
    }
}

#[test]
fn colours_are_those_of_the_reference() {
    for (ycc, rgb) in [([128, 128, 128], [128; 3]), ([76, 85, 255], [254, 0, 0]), ([29, 255, 107], [0, 0, 254])] {
        let planes = ycc.map(|sample| Plane { samples: vec![sample; 45], width: 9, height: 5 });
        let mut pixels = Vec::new();
        planes::to_rgb(&planes, &mut pixels);
        assert_eq!(pixels, rgb.repeat(45));
    }
}

/// Bits from the top of bytes; 0xFF, which would need a zero behind it, must not come up.
fn scan_of(codes: &str, times: usize) -> Vec<u8> {
    let all: Vec<u8> = codes.bytes().cycle().take(codes.len() * times).collect();
    let byte = |bits: &[u8]| (0..8).fold(0, |byte, at| byte << 1 | u8::from(bits.get(at) == Some(&b'1')));
    all.chunks(8).map(byte).inspect(|byte| assert_ne!(*byte, 0xFF)).collect()
}

/// A grey file with one code for a difference of 11 bits and one for the end of a block, and what is put behind its scan.
fn coded(width: u16, height: u16, scan: &[u8], behind: &[u8]) -> Vec<u8> {
    let one_code = |class: u8, symbol: u8| [&[0xFF, 0xC4, 0, 20, class, 1][..], &[0; 15], &[symbol]].concat();
    let [[h1, h0], [w1, w0]] = [height, width].map(u16::to_be_bytes);
    [
        &[0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0][..],
        &[1; 64],
        &[0xFF, 0xC0, 0, 11, 8, h1, h0, w1, w0, 1, 1, 0x11, 0],
        &one_code(0x00, 11),
        &one_code(0x10, 0),
        &[0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0],
        scan,
        behind,
        &[0xFF, 0xD9],
    ]
    .concat()
}

#[test]
fn means_that_leave_their_range_are_no_panic() {
    // 1.1 million blocks, each brighter than the one before by 1984.
    let (columns, rows) = (1100_u16, 1000_u16);
    let scan = scan_of("0111110000000", usize::from(columns) * usize::from(rows));
    let bytes = coded(columns * 8, rows * 8, &scan, &[]);
    let jpeg = walk(&bytes, 1 << 30).unwrap();
    entropy::check(&bytes, &jpeg, &mut Vec::new()).unwrap();
    let mut scratch = PlanarScratch::default();
    let want = Want { scale: Scale::Full, columns: 0..8, rows: 0..8 };
    for _ in 0..2 {
        assert!(suits(&jpeg) && decode(&bytes, &jpeg, &[Some(want.clone())], &mut scratch));
        assert_eq!(scratch.pieces[0].plane.samples[..2], [255, 255]);
    }
    assert!(!decode(&bytes, &jpeg, &all_of(&jpeg, Scale::Eighth), &mut scratch));
}

#[test]
fn tables_behind_the_scan_are_left_to_the_check() {
    let scan = scan_of("0111110000000", 1);
    let overfull = [&[0xFF, 0xC4, 0, 22, 0, 3][..], &[0; 15], &[1, 2, 3]].concat();
    for (behind, sound) in [(&[][..], true), (&overfull, false)] {
        let bytes = coded(8, 8, &scan, behind);
        let jpeg = walk(&bytes, 1 << 20).unwrap();
        assert_eq!(entropy::check(&bytes, &jpeg, &mut Vec::new()).is_ok(), sound);
        assert_eq!(decode(&bytes, &jpeg, &all_of(&jpeg, Scale::Full), &mut PlanarScratch::default()), sound);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is taken here, the check of the codes finds nothing wrong with; and what it finds sound is taken.
    #[test]
    fn damage_is_seen_as_the_check_sees_it(
        pick in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in prop::option::of(any::<prop::sample::Index>()),
        scale in 0_usize..4,
    ) {
        static FILES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
            let mut files = fixtures();
            files.push(("halved".into(), picture(53, 37, true, 90)));
            files.retain(|(_, bytes)| walk(bytes, 1 << 20).is_ok_and(|jpeg| suits(&jpeg)));
            files
        });
        let (name, mut bytes) = FILES[pick.index(FILES.len())].clone();
        // In the data of the scans, mostly.
        let start = bytes.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap_or(0);
        for (at, value) in edits {
            let at = start + at.index(bytes.len() - start);
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(bytes.len() - 2);
            bytes.truncate(start + cut.index(bytes.len() - start));
            bytes.extend([0xFF, 0xD9]);
        }
        if let Ok(jpeg) = walk(&bytes, 1 << 20) && suits(&jpeg) {
            let scale = Scale::ALL[scale];
            let taken = decode(&bytes, &jpeg, &all_of(&jpeg, scale), &mut PlanarScratch::default());
            let sound = entropy::check(&bytes, &jpeg, &mut Vec::new());
            prop_assert!(!taken || sound.is_ok(), "{}: taken, though {}", name, sound.unwrap_err());
            // A part, with tables that were seen before, is taken or not like the whole, and holds the same samples.
            let mut whole = PlanarScratch::default();
            let mut used = PlanarScratch::default();
            decode(&bytes, &jpeg, &all_of(&jpeg, scale), &mut whole);
            let mut wants = all_of(&jpeg, scale);
            for want in wants.iter_mut().flatten() {
                (want.columns, want.rows) = (want.columns.end / 2..want.columns.end, want.rows.end / 2..want.rows.end);
            }
            for _ in 0..3 {
                let part = decode(&bytes, &jpeg, &wants, &mut used);
                prop_assert!(!part || sound.is_ok(), "{}: a part is taken, though {}", name, sound.unwrap_err());
                prop_assert!(part || !taken, "{}: a part is refused", name);
                for (whole, piece) in whole.pieces.iter().zip(&used.pieces).take(if taken { wants.len() } else { 0 }) {
                    let (x, y) = (piece.left..whole.plane.width, piece.top..whole.plane.height);
                    let mut places = y.flat_map(|y| x.clone().map(move |x| (x, y)));
                    prop_assert!(places.all(|(x, y)| sample(piece, x, y) == sample(whole, x, y)), "{}", name);
                }
            }
            // Fill bytes before a marker are left to the check.
            let filled = bytes.windows(2).any(|pair| pair == [0xFF, 0xFF]);
            prop_assert!(taken || sound.is_err() || filled, "{}: refused", name);
        }
    }
}
