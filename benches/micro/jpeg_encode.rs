//! Pixels to JPEG: ours through the public API, and crate `jpeg-encoder` beside it.

use std::fs;

use divan::{Bencher, counter::ItemsCount};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};
use shardify::transform::{Color, OutputFormat, PixelsRef, Scratch, TransformSpec, Transformer};

const WIDTH: u16 = 500;
const HEIGHT: u16 = 375;

/// A photograph of the usual size, as interleaved RGB.
fn pixels() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images/temple/gate.jpg");
    let spec = TransformSpec {
        size: Some((WIDTH.into(), HEIGHT.into())),
        color: Color::Rgb,
        format: OutputFormat::Raw,
        ..TransformSpec::default()
    };
    let mut scratch = Scratch::default();
    Transformer::new(spec).unwrap().image(&fs::read(path).unwrap(), &mut scratch).unwrap().bytes().to_vec()
}

#[divan::bench(args = [75, 90, 95])]
fn shardify(bencher: Bencher, quality: u8) {
    let data = pixels();
    let spec = TransformSpec { format: OutputFormat::Jpeg, quality, ..TransformSpec::default() };
    let transformer = Transformer::new(spec).unwrap();
    let mut scratch = Scratch::default();
    bencher.counter(ItemsCount::new(data.len() / 3)).bench_local(|| {
        let pixels = PixelsRef { data: &data, height: HEIGHT.into(), width: WIDTH.into(), channels: 3 };
        transformer.pixels(pixels, &mut scratch).unwrap().bytes().len()
    });
}

#[divan::bench(args = [75, 90, 95])]
fn peer_jpeg_encoder(bencher: Bencher, quality: u8) {
    let data = pixels();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(data.len() / 3)).bench_local(|| {
        out.clear();
        let mut encoder = Encoder::new(&mut out, quality);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
        encoder.encode(&data, WIDTH, HEIGHT, ColorType::Rgb).unwrap();
    });
}
