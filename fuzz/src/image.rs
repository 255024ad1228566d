//! Image files of any kind: refused, kept to the byte, or made into an image of the size that is said, and the same each time.

use std::cell::RefCell;

use shardify::{
    ErrorKind,
    item::ImageFormat,
    transform::{
        Color, DETECT_BYTES, DecodeSpec, Filter, Fit, OutputFormat, Prepared, Scratch, Stored, TransformSpec,
        Transformer, Verify, decode, detect, probe,
    },
};

use super::input::Input;

/// Large enough for all that is decided by size, and small enough to be quick.
const MAX_PIXELS: u64 = 1 << 16;

thread_local! {
    static SCRATCH: RefCell<(Scratch, Scratch)> = RefCell::default();
}

/// Two bytes of options, and a file.
pub(super) fn run(data: &[u8]) {
    let mut input = Input(data);
    let spec = spec(&mut input);
    let file = input.0;
    assert_eq!(detect(file), detect(&file[..file.len().min(DETECT_BYTES)]), "what a file is hangs on its start");
    let _ = probe(file);
    let limits = DecodeSpec { channels: Some(3), bits: Some(8), max_pixels: MAX_PIXELS };
    SCRATCH.with_borrow_mut(|(used, other)| {
        if let Ok(picture) = decode(file, limits, used) {
            let pixels = u64::from(picture.width) * u64::from(picture.height);
            assert!(
                pixels <= MAX_PIXELS && picture.pixels.len() as u64 == pixels * 3,
                "{} bytes",
                picture.pixels.len()
            );
        }
        let transformer = Transformer::new(spec.clone()).expect("options that fit together");
        match transformer.image(file, used) {
            Ok(prepared) => {
                check(file, &prepared, &spec);
                let mut fresh = Scratch::default();
                let again = transformer.image(file, &mut fresh).expect("it worked before");
                assert_eq!(
                    (again.bytes(), again.info),
                    (prepared.bytes(), prepared.info),
                    "what was before makes a difference"
                );
                if prepared.info.format != ImageFormat::Raw {
                    kept(prepared.bytes(), other);
                }
            }
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Input { .. }), "{error}"),
        }
    });
}

fn spec(input: &mut Input<'_>) -> TransformSpec {
    let (one, two) = (input.byte(), input.byte());
    let mut spec = TransformSpec { max_pixels: MAX_PIXELS, ..TransformSpec::default() };
    spec.format = OutputFormat::ALL[usize::from(one & 3) % OutputFormat::ALL.len()];
    spec.color = Color::ALL[usize::from(one >> 2 & 3) % Color::ALL.len()];
    spec.verify = Verify::ALL[usize::from(one >> 4 & 1)];
    spec.filter = Filter::ALL[usize::from(one >> 5) % Filter::ALL.len()];
    match two & 7 {
        0 => spec.size = Some((1 + u32::from(two >> 3), 17)),
        1 => {
            spec.size = Some((24, 31));
            spec.fit = Fit::ALL[usize::from(two >> 3) % Fit::ALL.len()];
        }
        2 => spec.short_side = Some(1 + u32::from(two >> 3)),
        3 => (spec.short_side, spec.only_shrink) = (Some(8 + u32::from(two >> 3)), true),
        4 => (spec.short_side, spec.size) = (Some(40), Some((20, 1 + u32::from(two >> 3)))),
        _ => spec.quality = 1 + two % 100,
    }
    spec
}

fn check(file: &[u8], prepared: &Prepared<'_, '_>, spec: &TransformSpec) {
    let info = prepared.info;
    if let Stored::Original(bytes) = prepared.stored {
        assert_eq!(bytes, file, "kept, and not the same");
    }
    if let Some((width, height)) = spec.size {
        assert_eq!((info.width, info.height), (width, height));
    }
    let expected = match spec.color {
        Color::Rgb => Some(3),
        Color::Gray => Some(1),
        Color::Keep => None,
    };
    assert!(expected.is_none_or(|channels| channels == info.channels), "{info:?}");
    let samples = u64::from(info.width) * u64::from(info.height) * u64::from(info.channels);
    match info.format {
        ImageFormat::Raw => assert_eq!(prepared.bytes().len() as u64, samples * u64::from(info.bits / 8)),
        // Headers say what is recorded.
        format => {
            let (found, head) = probe(prepared.bytes()).expect("an image was written");
            assert_eq!(found.name().to_lowercase(), format.name());
            let head = head.expect("a header was written");
            assert_eq!((head.width, head.height), (info.width, info.height));
        }
    }
}

/// What was stored is kept when it is given again.
fn kept(bytes: &[u8], scratch: &mut Scratch) {
    let transformer = Transformer::new(TransformSpec::default()).expect("options");
    let again = transformer.image(bytes, scratch).unwrap_or_else(|error| panic!("what was stored is refused: {error}"));
    assert!(matches!(again.stored, Stored::Original(_)), "what was stored would be stored otherwise");
}
