use std::fs;

use proptest::prelude::*;

use super::*;
use crate::{
    shard::Permutation,
    storage::LocalStorage,
    tfrecord::{footer, header},
};

fn frame(payload: &[u8]) -> Vec<u8> {
    [&header(payload.len() as u64)[..], payload, &footer(payload)].concat()
}

/// Shards with numbered records of these lengths, with junk between some of them.
fn plant(dir: &std::path::Path, shards: &[Vec<(u8, bool)>]) -> (Vec<ShardInput>, Vec<Vec<u8>>) {
    let mut all = Vec::new();
    let mut inputs = Vec::new();
    for (number, records) in shards.iter().enumerate() {
        let (mut bytes, mut spans) = (Vec::new(), Spans::default());
        for (len, junk) in records {
            if *junk {
                bytes.extend_from_slice(b"junk");
            }
            let number = u32::try_from(all.len()).unwrap().to_le_bytes();
            let record = frame(&[&number[..], &vec![*len; usize::from(*len)]].concat());
            spans.push(bytes.len() as u64, u32::try_from(record.len()).unwrap());
            bytes.extend_from_slice(&record);
            all.push(record);
        }
        let path = dir.join(number.to_string());
        fs::write(&path, bytes).unwrap();
        inputs.push(ShardInput { path: path.clone(), file: path, records: spans, damaged: Vec::new() });
    }
    (inputs, all)
}

fn fill(source: &ShardRecords<'_>, positions: Range<u64>) -> Batch {
    let mut batch = Batch::default();
    source.fill(positions, &mut (), &mut batch);
    batch
}

proptest! {
    #[test]
    fn any_order_gives_each_record_as_it_was(
        shards in proptest::collection::vec(proptest::collection::vec((any::<u8>(), prop::bool::weighted(0.2)), 0..20), 1..5),
        seed: Option<u64>,
        step in 1u64..30,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (inputs, all) = plant(dir.path(), &shards);
        let len = all.len() as u64;
        let order = match seed {
            None => Order::Run(0..len),
            Some(seed) => Order::ShuffledRun(0, Permutation::new(len, seed, "train")),
        };
        let classes: Vec<u32> = (0..len).map(|it| u32::try_from(it % 7).unwrap()).collect();
        let source = ShardRecords::new(&LocalStorage, &inputs, &order, &classes, ByteSize(1 << 20));
        let mut position = 0;
        while position < len {
            let end = (position + step).min(len);
            let batch = fill(&source, position..end);
            prop_assert!(batch.failed.is_empty());
            let items: Vec<u64> = (position..end).map(|position| order.item(position)).collect();
            let expected: Vec<u8> = items.iter().flat_map(|item| all[usize::try_from(*item).unwrap()].clone()).collect();
            prop_assert_eq!(&batch.bytes, &expected);
            prop_assert!(batch.pieces.iter().map(|piece| piece.position).eq(position..end));
            prop_assert!(batch.classes.iter().zip(&items).all(|(class, item)| u64::from(*class) == item % 7));
            position = end;
        }
    }
}

#[test]
fn a_record_that_changed_is_a_failure_and_its_neighbours_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let (inputs, all) = plant(dir.path(), &[vec![(10, false), (20, false), (30, false), (200, false)]]);
    let mut bytes = fs::read(&inputs[0].file).unwrap();
    bytes[30 + 14] ^= 1;
    fs::write(&inputs[0].file, bytes).unwrap();
    let order = Order::Run(0..4);
    let source = ShardRecords::new(&LocalStorage, &inputs, &order, &[], ByteSize(210));
    let batch = fill(&source, 0..4);
    assert_eq!(batch.bytes, [all[0].clone(), all[2].clone()].concat());
    let failed: Vec<_> = batch.failed.iter().map(|failed| (failed.position, failed.error.to_string())).collect();
    assert!(failed[0].0 == 1 && failed[0].1.contains("byte 30: the record changed"), "{failed:?}");
    assert!(failed[1].0 == 3 && failed[1].1.contains("220 bytes"), "{failed:?}");
    assert!(source.describe(1).0.to_str().unwrap().ends_with("0 record 1"));

    fs::remove_file(&inputs[0].file).unwrap();
    let source = ShardRecords::new(&LocalStorage, &inputs, &order, &[], ByteSize(210));
    assert!(fill(&source, 0..4).failed[0].error.to_string().contains("cannot open"));
}

/// More shards than may be open.
#[test]
fn files_are_closed_again() {
    let dir = tempfile::tempdir().unwrap();
    let shards: Vec<_> = (0..200).map(|_| vec![(1, false), (2, false)]).collect();
    let (inputs, all) = plant(dir.path(), &shards);
    let order = Order::ShuffledRun(0, Permutation::new(400, 1, "train"));
    let source = ShardRecords::new(&LocalStorage, &inputs, &order, &[], ByteSize(1000));
    let batch = fill(&source, 0..400);
    assert_eq!((batch.pieces.len(), batch.bytes.len()), (400, all.concat().len()));
    assert!(source.open.lock().unwrap().files.len() <= MAX_OPEN);
}

#[test]
fn damaged_records_count_in_the_numbers_of_the_others() {
    let damaged = [0, 1, 4, 9].map(RecordIndex).to_vec();
    let input = ShardInput { path: PathBuf::new(), file: PathBuf::new(), records: Spans::default(), damaged };
    let numbers: Vec<u64> = (0..7).map(|record| input.number_of(RecordIndex(record)).0).collect();
    assert_eq!(numbers, [2, 3, 5, 6, 7, 8, 10]);
}
