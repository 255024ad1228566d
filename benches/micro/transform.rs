//! Images: looked at, kept after a check of their structure, decoded, resized, encoded.

use divan::{Bencher, black_box, counter::ItemsCount};
use shardify::transform::{OutputFormat, PixelsRef, Scratch, TransformSpec, Transformer, Verify, probe};

use crate::pictures::{encoded, photo};

const SIZES: [(u32, u32); 2] = [(500, 375), (4000, 3000)];

fn image(bencher: Bencher<'_, '_>, bytes: &[u8], spec: TransformSpec) {
    let (transformer, mut scratch) = (Transformer::new(spec).unwrap(), Scratch::default());
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| transformer.image(black_box(bytes), &mut scratch).unwrap().bytes().len());
}

#[divan::bench]
fn probe_jpeg(bencher: Bencher<'_, '_>) {
    let photo = photo((500, 375));
    bencher.bench_local(|| probe(black_box(&photo)).is_some());
}

/// The walk over all segments and the entropy-coded bytes that a JPEG pays for being kept.
#[divan::bench(args = SIZES)]
fn keep_jpeg(bencher: Bencher<'_, '_>, size: (u32, u32)) {
    image(bencher, &photo(size), TransformSpec::default());
}

/// The same for PNG: all chunks, with their checksums.
#[divan::bench]
fn keep_png(bencher: Bencher<'_, '_>) {
    image(bencher, &encoded((500, 375), OutputFormat::Png), TransformSpec::default());
}

#[divan::bench(args = SIZES)]
fn decode_jpeg(bencher: Bencher<'_, '_>, size: (u32, u32)) {
    image(bencher, &photo(size), TransformSpec { verify: Verify::Decode, ..TransformSpec::default() });
}

#[divan::bench(args = SIZES)]
fn resize_to_224_jpeg(bencher: Bencher<'_, '_>, size: (u32, u32)) {
    let (size, photo) = ((224, 224), photo(size));
    let spec = TransformSpec { size: Some(size), format: OutputFormat::Jpeg, quality: 90, ..TransformSpec::default() };
    image(bencher, &photo, spec);
}

#[divan::bench(args = SIZES)]
fn resize_to_224_raw(bencher: Bencher<'_, '_>, size: (u32, u32)) {
    let (size, photo) = ((224, 224), photo(size));
    image(bencher, &photo, TransformSpec { size: Some(size), format: OutputFormat::Raw, ..TransformSpec::default() });
}

/// Pixels that are there already, as rows of arrays are.
#[divan::bench(args = [OutputFormat::Jpeg, OutputFormat::Png])]
fn encode_224(bencher: Bencher<'_, '_>, format: OutputFormat) {
    let data = encoded((224, 224), OutputFormat::Raw);
    let transformer = Transformer::new(TransformSpec { format, quality: 90, ..TransformSpec::default() }).unwrap();
    let (mut scratch, pixels) = (Scratch::default(), PixelsRef { data: &data, height: 224, width: 224, channels: 3 });
    bencher.bench_local(|| transformer.pixels(black_box(pixels), &mut scratch).unwrap().bytes().len());
}
