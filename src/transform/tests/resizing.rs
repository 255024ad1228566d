//! Resizing: sizes, and that each part of an image stays in its place.

use super::*;

/// Turning after resizing must be the same as turning before.
#[test]
fn a_turned_image_is_cropped_where_the_upright_one_is() {
    for number in 2..=8 {
        let name = format!("jpeg-exif-{number}.jpg");
        let upright = make(&transformer(|s| s.format = OutputFormat::Png), &read(&name)).unwrap();
        type Edit = fn(&mut TransformSpec);
        let edits: [Edit; 4] = [
            |s| s.size = Some((16, 10)),
            |s| (s.short_side, s.size) = (Some(20), Some((13, 18))),
            |s| (s.size, s.fit) = (Some((24, 40)), Fit::Pad),
            |s| (s.size, s.fit) = (Some((30, 11)), Fit::Stretch),
        ];
        for (i, edit) in edits.into_iter().enumerate() {
            // Colour that is stored at half the size is enlarged before or after resizing, so it differs a little more.
            for (color, mean_limit, max_limit) in [(Color::Gray, 0.6, 4), (Color::Keep, 3.5, 30)] {
                let png = |s: &mut TransformSpec| (s.format, s.color) = (OutputFormat::Png, color);
                let direct = make(&transformer(|s| (edit(s), png(s)).0), &read(&name)).unwrap();
                let after = make(&transformer(|s| (edit(s), png(s)).0), &upright.bytes).unwrap();
                assert_eq!(direct.info, after.info);
                let (mean, max) = difference(&raw(&direct.bytes).bytes, &raw(&after.bytes).bytes);
                let within = mean < mean_limit && max <= max_limit;
                assert!(within, "orientation {number}, edit {i}, {color:?}: mean {mean}, largest {max}");
            }
        }
    }
}

#[test]
fn resizing_makes_the_size_asked_for_and_leaves_images_of_that_size_alone() {
    let resize = transformer(|s| s.short_side = Some(20));
    let made = make(&resize, &read("jpeg-420.jpg")).unwrap();
    assert_eq!((made.info.width, made.info.height, made.info.format), (24, 20, ImageFormat::Jpeg));
    assert!(made.notes.contains(Note::Resized));
    assert!(make(&resize, &made.bytes).unwrap().original);
    let made = make(&resize, &read("png-16-bit.png")).unwrap();
    assert_eq!((made.info.bits, made.info.format), (16, ImageFormat::Png));
    let shrink = transformer(|s| (s.short_side, s.only_shrink) = (Some(100), true));
    assert!(make(&shrink, &read("jpeg-420.jpg")).unwrap().original);
    for filter in Filter::ALL {
        let square = transformer(|s| (s.size, s.filter) = (Some((32, 32)), *filter));
        let made = make(&square, &read("png-rgba.png")).unwrap();
        assert_eq!((made.info.width, made.info.height, made.info.channels), (32, 32, 4));
    }
}

/// A JPEG says of one sample of colour that it covers two columns, the last of an odd number half of them.
#[test]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "samples")]
fn colour_stays_in_its_place_when_sides_are_odd() {
    let wave = |at: u32| (128.0 + 100.0 * (f64::from(at) * std::f64::consts::TAU / 24.0).sin()) as u8;
    let data: Vec<u8> = (0..64).flat_map(|y| (0..96).flat_map(move |x| [128, 128, wave(x + y / 8)])).collect();
    let pixels = PixelsRef { data: &data, height: 64, width: 96, channels: 3 };
    let mut scratch = Scratch::default();
    let best = transformer(|s| (s.format, s.quality) = (OutputFormat::Jpeg, 100));
    let stored = best.pixels(pixels, &mut scratch).unwrap().bytes().to_vec();
    for orientation in [1, 3, 6] {
        let exif =
            [b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", &[orientation][..], &[0; 6]];
        let bytes = [&stored[..2], &exif.concat(), &stored[2..]].concat();
        let resized = |format| {
            let size = if orientation == 6 { (21, 31) } else { (31, 21) };
            make(
                &transformer(|s| (s.size, s.fit, s.format, s.quality) = (Some(size), Fit::Stretch, format, 100)),
                &bytes,
            )
        };
        let (got, whole) = (resized(OutputFormat::Jpeg).unwrap(), resized(OutputFormat::Raw).unwrap());
        assert!(got.notes.contains(Note::Rotated) == (orientation != 1));
        let ImageInfo { height, width, channels, .. } = whole.info;
        let whole = PixelsRef { data: &whole.bytes, height, width, channels };
        let wanted = raw(best.pixels(whole, &mut scratch).unwrap().bytes());
        let (mean, max) = difference(&raw(&got.bytes).bytes, &wanted.bytes);
        assert!(mean < 3.0 && max < 20, "orientation {orientation}: {mean}, {max}");
    }
}

/// Decoding only what is needed gives what decoding all of it gives; what lies beyond the image in its last blocks, black
/// here, is never seen.
#[test]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "samples")]
fn parts_of_a_jpeg_are_resized_as_parts_of_its_pixels() {
    let wave = |at: u32| 60.0 * (f64::from(at) * std::f64::consts::TAU / 41.0).sin();
    let sample = |x: u32, y: u32| if x < 203 && y < 117 { (130.0 + wave(x + y / 2) + wave(y * 2)) as u8 } else { 0 };
    let data: Vec<u8> = (0..128).flat_map(|y| (0..208_u32).flat_map(move |x| [sample(x, y); 3])).collect();
    let pixels = PixelsRef { data: &data, height: 128, width: 208, channels: 3 };
    let mut scratch = Scratch::default();
    let best = transformer(|s| (s.format, s.quality) = (OutputFormat::Jpeg, 100));
    let mut stored = best.pixels(pixels, &mut scratch).unwrap().bytes().to_vec();
    let frame = stored.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    stored[frame + 5..frame + 9].copy_from_slice(&[0, 117, 0, 203]);
    let whole = raw(&stored);
    let pixels = PixelsRef { data: &whole.bytes, height: 117, width: 203, channels: 3 };
    for (short_side, size, fit) in [
        (None, (150, 100), Fit::Stretch),
        (None, (300, 200), Fit::Crop),
        (None, (20, 60), Fit::Crop),
        (None, (13, 59), Fit::Crop),
        (None, (101, 11), Fit::Crop),
        (None, (120, 90), Fit::Pad),
        (Some(90), (31, 33), Fit::Crop),
        (Some(200), (61, 47), Fit::Crop),
        (Some(20), (9, 10), Fit::Crop),
        (Some(10), (6, 5), Fit::Crop),
        (Some(5), (3, 3), Fit::Crop),
    ] {
        for filter in [Filter::Box, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos3] {
            let spec = transformer(|s| {
                (s.short_side, s.size, s.fit) = (short_side, Some(size), fit);
                (s.filter, s.format) = (filter, OutputFormat::Raw);
            });
            let got = make(&spec, &stored).unwrap();
            let (mean, max) = difference(&got.bytes, spec.pixels(pixels, &mut scratch).unwrap().bytes());
            // A box takes another sample where one lies on its edge, but for rounding.
            let most = if filter == Filter::Box { 16 } else { 3 };
            assert!(mean < 1.1 && max <= most, "{short_side:?} {size:?} {filter:?}: {mean}, {max}");
        }
    }
}
