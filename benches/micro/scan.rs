//! Reading shards: every byte with both checksums, and headers alone.

use std::{fs, path::PathBuf};

use divan::{Bencher, black_box, counter::BytesCount};
use shardify::{
    Cancel, Silent,
    example::{Around, Value},
    pipeline::{Fields, Scan, Visit},
    source::Spool,
    storage::LocalStorage,
    tfrecord::{DEFAULT_MAX_RECORD, find_header, footer, header, walk},
};

use crate::noise;

const RECORDS: [usize; 2] = [3000, 100_000];

/// Records of about these many bytes, each an Example of one bytes value, 64 MB of them.
fn shard(len: usize) -> Vec<u8> {
    let mut around = Around::default();
    let payload = noise(len);
    around.encode(&mut [("x", Value::Bytes(&payload))]);
    let record = [&header(around.head.len() as u64)[..], &around.head, &footer(&around.head)].concat();
    record.repeat((64 << 20) / record.len())
}

fn scan<V: Visit>(bencher: Bencher<'_, '_>, len: usize, visit: &V) {
    let dir = tempfile::tempdir().unwrap();
    let (shards, bytes) = ([dir.path().join("x.tfrecord")], shard(len));
    fs::write(&shards[0], &bytes).unwrap();
    let spool = Spool::new(PathBuf::new());
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let scan = Scan {
            shards: &shards,
            storage: &LocalStorage,
            threads: 1,
            file_crc: false,
            spool: &spool,
            cancel: &Cancel::default(),
            progress: &Silent,
        };
        scan.run(visit, |_, scanned| scanned.map(|_| ())).unwrap();
    });
}

#[divan::bench(args = RECORDS, sample_count = 20)]
fn framing_alone(bencher: Bencher<'_, '_>, len: usize) {
    scan(bencher, len, &());
}

#[divan::bench(args = RECORDS, sample_count = 20)]
fn fields(bencher: Bencher<'_, '_>, len: usize) {
    scan(bencher, len, &Fields::default());
}

#[divan::bench(args = RECORDS)]
fn headers(bencher: Bencher<'_, '_>, len: usize) {
    let bytes = shard(len);
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let read = |buffer: &mut [u8], offset: u64| {
            let from = offset as usize;
            buffer.copy_from_slice(black_box(&bytes).get(from..from + buffer.len()).unwrap());
            Ok(())
        };
        walk(bytes.len() as u64, DEFAULT_MAX_RECORD, read).unwrap().0.len()
    });
}

/// The search for where a record starts, in bytes that hold none.
#[divan::bench]
fn find_header_in_noise(bencher: Bencher<'_, '_>) {
    let bytes = noise(1 << 20);
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| find_header(black_box(&bytes), 0, DEFAULT_MAX_RECORD));
}
