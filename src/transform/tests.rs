//! The fixtures: every good file against the pixels that libjpeg-turbo and its kin see, every broken one against its fault.

mod resizing;

use std::{collections::BTreeMap, fs, path::PathBuf};

use proptest::prelude::*;
use serde::Deserialize;

use image::metadata::Orientation;

use super::{
    pixels::{Shape, Turn},
    *,
};
use crate::{
    error::{Fault, Result},
    item::ImageFormat,
};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn read(name: &str) -> Vec<u8> {
    fs::read(folder("formats").join(name)).unwrap()
}

#[derive(Deserialize)]
struct Good {
    width: u32,
    height: u32,
    mode: String,
    pixels: String,
}

#[derive(Deserialize)]
struct Broken {
    fault: String,
    message: String,
}

fn good() -> BTreeMap<String, Good> {
    serde_json::from_slice(&read("expected.json")).unwrap()
}

fn broken() -> Vec<(String, Vec<u8>, Broken)> {
    let folder = folder("broken/images");
    let all: BTreeMap<String, Broken> =
        serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
    all.into_iter().map(|(name, broken)| (name.clone(), fs::read(folder.join(name)).unwrap(), broken)).collect()
}

fn transformer(edit: impl FnOnce(&mut TransformSpec)) -> Transformer {
    let mut spec = TransformSpec::default();
    edit(&mut spec);
    Transformer::new(spec).unwrap()
}

/// The bytes, facts and notes of a prepared image, owned.
#[derive(Debug, Clone, PartialEq)]
struct Made {
    bytes: Vec<u8>,
    original: bool,
    info: ImageInfo,
    notes: Notes,
}

fn make(transformer: &Transformer, bytes: &[u8]) -> Result<Made> {
    let mut scratch = Scratch::default();
    let made = transformer.image(bytes, &mut scratch)?;
    let original = matches!(made.stored, Stored::Original(_));
    Ok(Made { bytes: made.bytes().to_vec(), original, info: made.info, notes: made.notes })
}

/// Decodes to 8-bit samples with code that is not under test where there is any, which is for PNG.
fn raw(bytes: &[u8]) -> Made {
    make(&transformer(|s| (s.format, s.exif) = (OutputFormat::Raw, ExifMode::Keep)), bytes).unwrap()
}

fn reference(good: &Good) -> Vec<u8> {
    let image = image::load_from_memory(&read(&good.pixels)).unwrap();
    assert_eq!((image.width(), image.height()), (good.width, good.height));
    match good.mode.as_str() {
        "L" => image.into_luma8().into_raw(),
        "LA" => image.into_luma_alpha8().into_raw(),
        "RGB" => image.into_rgb8().into_raw(),
        "RGBA" => image.into_rgba8().into_raw(),
        "I;16" => image.into_luma16().into_raw().into_iter().map(|sample| sample.to_be_bytes()[0]).collect(),
        other => panic!("mode {other}"),
    }
}

/// Mean and largest difference.
fn difference(got: &[u8], wanted: &[u8]) -> (f64, u8) {
    assert_eq!(got.len(), wanted.len());
    let sum: u64 = got.iter().zip(wanted).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    let max = got.iter().zip(wanted).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "small images")]
    let mean = sum as f64 / got.len().max(1) as f64;
    (mean, max)
}

/// Which of the good files no decoder here gets right, so that they are kept but never decoded.
const ONLY_KEPT: &[&str] = &["jpeg-4x1-chroma-2x1.jpg", "jpeg-progressive-4x1-chroma-2x1.jpg"];

#[test]
fn every_good_file_decodes_to_the_pixels_of_the_reference_or_is_refused() {
    for (name, good) in good() {
        let bytes = read(&name);
        let decoded = make(&transformer(|s| (s.format, s.exif) = (OutputFormat::Raw, ExifMode::Keep)), &bytes);
        if ONLY_KEPT.contains(&name.as_str()) {
            assert_eq!(decoded.unwrap_err().fault(), Some(Fault::Unsupported), "{name}");
            continue;
        }
        let decoded = decoded.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((decoded.info.width, decoded.info.height), (good.width, good.height), "{name}");
        let wanted = reference(&good);
        assert_eq!(decoded.bytes.len(), wanted.len(), "{name}");
        let (mean, max) = difference(&decoded.bytes, &wanted);
        // libjpeg does not smooth chroma that is two samples wide or less, so a picture this narrow may differ more.
        let lossy = name.starts_with("jpeg") || name.contains("lossy");
        let (mean_limit, max_limit) = match (lossy, good.width) {
            (false, _) => (0.0, 0),
            (true, 0..=4) => (4.0, 40),
            (true, _) => (0.6, 12),
        };
        assert!(mean <= mean_limit && max <= max_limit, "{name}: mean {mean:.2} and largest {max} difference");
    }
}

#[test]
fn jpeg_and_png_pass_untouched_and_the_rest_becomes_png_without_loss() {
    for (name, good) in good() {
        let bytes = read(&name);
        for verify in [Verify::Structure, Verify::Decode] {
            let made = make(&transformer(|s| (s.exif, s.verify) = (ExifMode::Keep, verify)), &bytes).unwrap();
            let is_jpeg = name.starts_with("jpeg");
            let cmyk = name.contains("cmyk") || name.contains("ycck");
            assert_eq!(made.original, (is_jpeg && !cmyk) || name.starts_with("png"), "{name}");
            assert_eq!(made.notes.contains(Note::Cmyk), cmyk, "{name}");
            assert_eq!(
                made.notes.contains(Note::FirstFrameOnly),
                name.contains("animated") || name.contains("pages"),
                "{name}"
            );
            assert_eq!((made.info.width, made.info.height), (good.width, good.height), "{name}");
            let channels = match good.mode.as_str() {
                "LA" => 2,
                "RGB" => 3,
                "RGBA" => 4,
                _ => 1,
            };
            assert_eq!(made.info.channels, channels, "{name}");
            assert_eq!(made.info.bits == 16, name.contains("16-bit"), "{name}");
            if made.original {
                assert_eq!(made.bytes, bytes, "{name}");
            } else if !ONLY_KEPT.contains(&name.as_str()) {
                let (mean, max) = difference(&raw(&made.bytes).bytes, &raw(&bytes).bytes);
                // Encoded again at 4:2:0: the edge of the disc runs, but an inverted ink would differ by 80 in the mean.
                let limits = if is_jpeg { (6.0, 120) } else { (0.0, 0) };
                assert!(mean <= limits.0 && max <= limits.1, "{name}: mean {mean:.2}, largest {max}");
            }
        }
    }
}

#[test]
fn every_broken_file_is_refused_for_its_own_reason() {
    for (name, bytes, expected) in broken() {
        let keep = make(&transformer(|_| ()), &bytes);
        let verified = make(&transformer(|s| s.verify = Verify::Decode), &bytes);
        let decoded = make(&transformer(|s| s.format = OutputFormat::Raw), &bytes);
        if name.starts_with("decode-") {
            assert!(keep.is_ok(), "{name}: {keep:?}");
        } else {
            assert!(keep.is_err(), "{name} was kept");
        }
        assert!(verified.is_err() && decoded.is_err(), "{name} was decoded");
        for error in [keep.err(), verified.err(), decoded.err()].into_iter().flatten() {
            let fault = error.fault().unwrap_or_else(|| panic!("{name}: {error}"));
            if !expected.fault.is_empty() {
                assert_eq!(fault.code(), expected.fault, "{name}: {error}");
            }
            assert!(error.to_string().contains(&expected.message), "{name}: {error}");
            assert!(error.hint().is_some(), "{name}: no next step: {error}");
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for (name, _) in good() {
        let whole = read(&name);
        let sound = match name.as_str() {
            "jpeg-trailing-garbage.jpg" | "jpeg-second-image-behind.jpg" => read("jpeg-420.jpg").len(),
            "png-trailing-garbage.png" => read("png-rgb.png").len(),
            _ => whole.len(),
        };
        // Kept images: every cut of the small formats with a walk of their own. The rest is decoded: fewer cuts.
        let walked = name.starts_with("jpeg") || name.starts_with("png");
        let step = if walked { 7 } else { 97 };
        for end in (0..sound.saturating_sub(13)).step_by(step).chain(sound.saturating_sub(12)..sound) {
            let cut = &whole[..end];
            for format in [OutputFormat::Keep, OutputFormat::Raw] {
                if format == OutputFormat::Raw && end % 5 != 0 {
                    continue;
                }
                let made = make(&transformer(|s| s.format = format), cut);
                // Where a format has no end marker, a few bytes may be missing that are not needed for the pixels.
                if let Ok(made) = made {
                    assert!(!walked, "{name} cut at {end} of {}: {:?}", whole.len(), made.info);
                    let same = raw(&made_png(made, format)).bytes == raw(&whole).bytes;
                    assert!(same, "{name} cut at {end} of {} gave other pixels", whole.len());
                }
            }
        }
    }
}

/// A cut file that was accepted, as bytes that can be decoded once more.
fn made_png(made: Made, format: OutputFormat) -> Vec<u8> {
    if format == OutputFormat::Keep {
        return made.bytes;
    }
    let mut scratch = Scratch::default();
    let ImageInfo { width, height, channels, .. } = made.info;
    let pixels = PixelsRef { data: &made.bytes, height, width, channels };
    transformer(|_| ()).pixels(pixels, &mut scratch).unwrap().bytes().to_vec()
}

#[test]
fn a_scan_cut_anywhere_and_closed_again_is_refused_when_decoded() {
    let whole = ["420", "444", "gray", "progressive-420", "progressive-split-dc-22", "restart-1B-22", "scans-0-1-2-22"];
    for name in whole.map(|name| format!("jpeg-{name}.jpg")) {
        let bytes = read(&name);
        let jpeg = jpeg::walk(&bytes, DEFAULT_MAX_PIXELS).unwrap();
        for scan in jpeg.scans() {
            // The last byte may hold nothing but padding.
            for end in (scan.data.start..scan.data.end - 1).filter(|&end| bytes[end - 1] != 0xFF) {
                let mut cut = bytes[..end].to_vec();
                cut.extend(&bytes[scan.data.end..]);
                for edit in [OutputFormat::Raw, OutputFormat::Keep] {
                    let spec = transformer(|s| (s.format, s.verify) = (edit, Verify::Decode));
                    let error = make(&spec, &cut).map(|made| made.info).expect_err(&format!("{name} cut at {end}"));
                    assert!(matches!(error.fault(), Some(Fault::Truncated | Fault::Corrupt)), "{name}: {error}");
                }
            }
        }
    }
}

#[test]
fn exif_orientation_is_applied_and_dropped() {
    let upright = raw(&read("jpeg-exif-1.jpg")).bytes;
    let shape = Shape { width: 45, height: 37, channels: 3, bits: 8 };
    for (name, orientation, format) in
        (2..=8).map(|number| (format!("jpeg-exif-{number}.jpg"), number, ImageFormat::Jpeg)).chain([
            ("png-exif-6.png".to_owned(), 6, ImageFormat::Png),
            ("webp-exif-8.webp".to_owned(), 8, ImageFormat::Png),
            ("tiff-orientation-6.tiff".to_owned(), 6, ImageFormat::Png),
        ])
    {
        let made = make(&transformer(|s| s.quality = 100), &read(&name)).unwrap();
        assert!(made.notes.contains(Note::Rotated) && !made.original, "{name}");
        assert_eq!(made.info.format, format, "{name}");
        let stored = raw(&read(&name)).bytes;
        let mut wanted = Vec::new();
        let turn = Turn::from_orientation(Orientation::from_exif(orientation).unwrap()).unwrap();
        let size = turn.apply(&stored, shape, &mut wanted);
        assert_eq!((made.info.width, made.info.height), (size.width, size.height), "{name}");
        let (mean, _) = difference(&raw(&made.bytes).bytes, &wanted);
        assert!(mean < if format == ImageFormat::Png { 0.01 } else { 4.0 }, "{name}: {mean}");
        let again = make(&transformer(|_| ()), &made.bytes).unwrap();
        assert!(again.original && again.notes.is_empty(), "{name}: {:?}", again.notes);
    }
    for name in ["jpeg-exif-1.jpg", "jpeg-exif-garbage.jpg", "jpeg-exif-thumbnail.jpg", "png-exif-garbage.png"] {
        let made = make(&transformer(|_| ()), &read(name)).unwrap();
        assert!(made.original && made.notes.is_empty(), "{name}");
    }
    assert_eq!(upright.len(), shape.bytes());
}

/// File, options, whether it stays untouched, and what is stored.
type Case = (&'static str, OutputFormat, Color, bool, (ImageFormat, u8, u8));

#[test]
fn formats_and_colours_convert_only_where_they_must() {
    let cases: [Case; 16] = [
        ("jpeg-420.jpg", OutputFormat::Jpeg, Color::Rgb, true, (ImageFormat::Jpeg, 3, 8)),
        ("jpeg-gray.jpg", OutputFormat::Keep, Color::Gray, true, (ImageFormat::Jpeg, 1, 8)),
        ("jpeg-gray.jpg", OutputFormat::Keep, Color::Rgb, false, (ImageFormat::Jpeg, 3, 8)),
        ("jpeg-420.jpg", OutputFormat::Keep, Color::Gray, false, (ImageFormat::Jpeg, 1, 8)),
        ("jpeg-420.jpg", OutputFormat::Png, Color::Keep, false, (ImageFormat::Png, 3, 8)),
        ("jpeg-420.jpg", OutputFormat::Raw, Color::Keep, false, (ImageFormat::Raw, 3, 8)),
        ("png-palette.png", OutputFormat::Png, Color::Rgb, true, (ImageFormat::Png, 3, 8)),
        ("png-palette-transparent.png", OutputFormat::Png, Color::Rgb, false, (ImageFormat::Png, 3, 8)),
        ("png-rgba.png", OutputFormat::Jpeg, Color::Keep, false, (ImageFormat::Jpeg, 3, 8)),
        ("png-gray-alpha.png", OutputFormat::Jpeg, Color::Keep, false, (ImageFormat::Jpeg, 1, 8)),
        ("png-16-bit.png", OutputFormat::Png, Color::Gray, true, (ImageFormat::Png, 1, 16)),
        ("png-16-bit.png", OutputFormat::Png, Color::Rgb, false, (ImageFormat::Png, 3, 16)),
        ("png-16-bit.png", OutputFormat::Raw, Color::Keep, false, (ImageFormat::Raw, 1, 8)),
        ("png-rgb-16-bit.png", OutputFormat::Jpeg, Color::Keep, false, (ImageFormat::Jpeg, 3, 8)),
        ("png-named-jpg.jpg", OutputFormat::Keep, Color::Keep, true, (ImageFormat::Png, 3, 8)),
        ("gif-transparent.gif", OutputFormat::Keep, Color::Keep, false, (ImageFormat::Png, 4, 8)),
    ];
    for (name, format, color, original, (stored, channels, bits)) in cases {
        let made = make(&transformer(|s| (s.format, s.color) = (format, color)), &read(name)).unwrap();
        let ImageInfo { width, height, .. } = made.info;
        assert_eq!(made.original, original, "{name} {format:?} {color:?}");
        let wanted = ImageInfo { format: stored, height, width, channels, bits };
        assert_eq!(made.info, wanted, "{name} {format:?} {color:?}");
        if stored == ImageFormat::Raw {
            assert_eq!(made.bytes.len(), 45 * 37 * usize::from(channels), "{name}");
        } else {
            let again = make(&transformer(|s| s.verify = Verify::Decode), &made.bytes).unwrap();
            assert_eq!(again.info, made.info, "{name} {format:?} {color:?}");
        }
    }
}

#[test]
fn arrays_become_images() {
    let mut scratch = Scratch::default();
    let data: Vec<u8> = (0..60).collect();
    for (channels, width) in [(1, 10), (3, 5), (4, 5)] {
        let height = 60 / width / u32::from(channels);
        let pixels = PixelsRef { data: &data, height, width, channels };
        let made = transformer(|_| ()).pixels(pixels, &mut scratch).unwrap();
        assert_eq!((made.info.format, made.info.channels), (ImageFormat::Png, channels));
        assert!(made.notes.is_empty());
        assert_eq!(raw(made.bytes()).bytes, data);
        let made = transformer(|s| s.format = OutputFormat::Jpeg).pixels(pixels, &mut scratch).unwrap();
        assert_eq!(made.info.channels, if channels == 4 { 3 } else { channels });
    }
    for (height, width, channels, part) in
        [(5, 4, 3, None), (5, 4, 2, Some("2 channels")), (5, 5, 3, Some("expected 75")), (0, 4, 3, Some("4x0 pixels"))]
    {
        let pixels = PixelsRef { data: &data, height, width, channels };
        let made = transformer(|_| ()).pixels(pixels, &mut scratch).map(|made| made.info);
        match part {
            None => drop(made.unwrap()),
            Some(part) => assert!(made.unwrap_err().to_string().contains(part)),
        }
    }
}

#[test]
fn a_scratch_gives_the_same_bytes_whatever_it_was_used_for() {
    let spec = transformer(|s| (s.size, s.fit) = (Some((40, 30)), Fit::Pad));
    let mut scratch = Scratch::default();
    let names: Vec<_> = good().into_keys().filter(|name| !ONLY_KEPT.contains(&name.as_str())).collect();
    for name in names.iter().chain(names.iter().rev()) {
        let bytes = read(name);
        let fresh = make(&spec, &bytes).unwrap();
        assert!(spec.image(&bytes, &mut scratch).unwrap().bytes() == fresh.bytes, "{name}");
    }
}

/// Everything that can be asked of an image, for tests that only want it not to panic.
fn run_all(bytes: &[u8]) {
    for (verify, format, size) in [
        (Verify::Structure, OutputFormat::Keep, None),
        (Verify::Decode, OutputFormat::Keep, None),
        (Verify::Structure, OutputFormat::Raw, None),
        (Verify::Structure, OutputFormat::Jpeg, Some((9, 7))),
    ] {
        let spec = transformer(|s| (s.verify, s.format, s.size, s.max_pixels) = (verify, format, size, 1 << 20));
        if let Err(error) = make(&spec, bytes) {
            assert!(error.fault().is_some(), "{error}");
            assert!(!error.to_string().contains("panicked"), "{error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), magic in 0_usize..9) {
        let magic = [
            &b"\xff\xd8\xff"[..], b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"P6\n3 2\n255\n",
            b"RIFF\0\x02\0\0WEBPVP8L", b"RIFF\0\x02\0\0WEBPVP8 ", b"",
        ][magic];
        run_all(&[magic, &bytes].concat());
    }

    #[test]
    fn damaged_files_never_panic(
        pick in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let names: Vec<_> = good().into_keys().collect();
        let mut bytes = read(&names[pick.index(names.len())]);
        for (at, value) in edits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        run_all(&bytes);
    }
}
