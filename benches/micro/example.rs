//! Serializing Examples around payloads, and looking into them.

use divan::{Bencher, black_box, counter::BytesCount};
use shardify::example::{Around, ExampleView, Value};

use crate::noise;

/// What an image has beside its bytes.
fn image<'a>(bytes: Value<'a>, size: &'a [i64; 3], label: &'a [i64; 1]) -> [(&'static str, Value<'a>); 7] {
    let [height, width, channels] = size.each_ref();
    [
        ("image", bytes),
        ("image/channels", Value::Int64(std::slice::from_ref(channels))),
        ("image/format", Value::Bytes(b"jpeg")),
        ("image/height", Value::Int64(std::slice::from_ref(height))),
        ("image/width", Value::Int64(std::slice::from_ref(width))),
        ("filename", Value::Bytes(b"n000/img_000000.jpg")),
        ("label", Value::Int64(label)),
    ]
}

/// Around a photograph of 100 kB, which is not touched.
#[divan::bench]
fn encode_around_image(bencher: Bencher<'_, '_>) {
    let mut around = Around::default();
    bencher.bench_local(|| around.encode(&mut image(Value::Gap(100_000), black_box(&[375, 500, 3]), &[7])));
}

#[divan::bench]
fn encode_150_000_floats(bencher: Bencher<'_, '_>) {
    let (mut around, floats) = (Around::default(), noise(600_000));
    bencher
        .counter(BytesCount::of_slice(&floats))
        .bench_local(|| around.encode(&mut [("x", Value::Float32(black_box(&floats)))]));
}

/// Token ids, and numbers that take eight bytes.
#[divan::bench(args = [100, 50_000, 1 << 53])]
fn encode_1000_ints(bencher: Bencher<'_, '_>, largest: i64) {
    let (mut around, ints) = (Around::default(), (0..1000).map(|at| at * largest / 1000).collect::<Vec<i64>>());
    bencher
        .counter(BytesCount::of_slice(&ints))
        .bench_local(|| around.encode(&mut [("x", Value::Int64(black_box(&ints)))]));
}

#[divan::bench]
fn view_image(bencher: Bencher<'_, '_>) {
    let (mut around, photo) = (Around::default(), noise(100_000));
    around.encode(&mut image(Value::Bytes(&photo), &[375, 500, 3], &[7]));
    bencher.bench_local(|| ExampleView::parse(black_box(&around.head)).unwrap().get("label").is_some());
}
