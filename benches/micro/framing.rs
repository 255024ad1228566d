//! Header, payload and checksum around a payload; and the way back.

use divan::{Bencher, black_box, counter::BytesCount};
use shardify::{
    ByteSize,
    tfrecord::{Frame, Verify, footer, header, masked_crc32c, parse_frame},
};

use crate::noise;

const LENS: [usize; 3] = [100, 3000, 100_000];

fn framed(payload: &[u8]) -> Vec<u8> {
    [&header(payload.len() as u64)[..], payload, &footer(payload)].concat()
}

#[divan::bench(args = LENS)]
fn crc32c(bencher: Bencher<'_, '_>, len: usize) {
    let payload = noise(len);
    bencher.counter(BytesCount::new(len)).bench_local(|| masked_crc32c(black_box(&payload)));
}

/// Both checksums of a payload that stands in its place, as writing does it.
#[divan::bench(args = LENS)]
fn frame(bencher: Bencher<'_, '_>, len: usize) {
    let payload = noise(len);
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        let payload = black_box(&payload);
        (header(payload.len() as u64), footer(payload))
    });
}

#[divan::bench(args = LENS)]
fn parse(bencher: Bencher<'_, '_>, len: usize) {
    let record = framed(&noise(len));
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        matches!(parse_frame(black_box(&record), ByteSize(1 << 30), Verify::All), Frame::Record { .. })
    });
}
