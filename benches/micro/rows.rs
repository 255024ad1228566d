//! Rows of arrays into framed records: what a worker does, read from the page cache.

use std::{fs, io::Write, path::Path};

use divan::{Bencher, counter::BytesCount};
use shardify::{
    ByteSize,
    pipeline::{ArrayFeature, ArrayRecords, Batch, RecordSource},
    shard::{Order, Permutation},
    source::{Column, Spool},
    storage::LocalStorage,
};

use crate::noise;

/// A `.npy` file of about 8 MB. Returns its rows.
fn npy(path: &Path, descr: &str, row: &[usize]) -> u64 {
    let size: usize = descr.get(2..).unwrap().parse().unwrap();
    let row_bytes = row.iter().product::<usize>() * size;
    let rows = (8 << 20) / row_bytes;
    let row: String = row.iter().map(|axis| format!("{axis},")).collect();
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows},{row}), }}");
    let header = format!("{header:<117}\n");
    let mut file = fs::File::create(path).unwrap();
    file.write_all(b"\x93NUMPY\x01\x00\x76\x00").unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.write_all(&noise(rows * row_bytes)).unwrap();
    rows as u64
}

fn fill(bencher: Bencher<'_, '_>, descr: &str, row: &[usize], shuffled: bool) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let rows = npy(&path, descr, row);
    let spool = Spool::new(dir.path());
    let column = Column::open(&LocalStorage, "x", &[path.as_path().into()], &spool).unwrap();
    // As in an array of any size: not held in memory.
    let features = [ArrayFeature { cached: None, ..ArrayFeature::new("x", column).unwrap() }];
    let order = if shuffled { Order::ShuffledRun(0, Permutation::new(rows, 1, "order")) } else { Order::Run(0..rows) };
    let records = ArrayRecords { features: &features, order: &order, pixels: None, cap: ByteSize(1 << 30) };
    let (mut scratch, mut batch, len) = (records.scratch(), Batch::default(), records.batch_len());
    let mut at = 0;
    bencher.counter(BytesCount::new(len * features[0].column.row_bytes())).bench_local(|| {
        at = if at + 2 * len > rows { 0 } else { at + len };
        batch.clear(0);
        records.fill(at..at + len, &mut scratch, &mut batch);
        batch.bytes.len()
    });
}

#[divan::bench(args = [false, true])]
fn uint8_32x32x3(bencher: Bencher<'_, '_>, shuffled: bool) {
    fill(bencher, "|u1", &[32, 32, 3], shuffled);
}

#[divan::bench]
fn float32_224(bencher: Bencher<'_, '_>) {
    fill(bencher, "<f4", &[224], false);
}

#[divan::bench]
fn int64_128(bencher: Bencher<'_, '_>) {
    fill(bencher, "<i8", &[128], false);
}

#[divan::bench]
fn uint16_64(bencher: Bencher<'_, '_>) {
    fill(bencher, "<u2", &[64], false);
}
