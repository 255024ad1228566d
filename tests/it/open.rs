//! `open`: any record by its number, whatever was read before, and never one that is not there.

use std::{fs, path::Path};

use proptest::prelude::*;
use shardify::{
    Cancel, ErrorKind, OpenOptions, Opened, Result, Silent, open,
    tfrecord::{Verify, footer, header},
};

use crate::support::records;

fn opened(dir: &Path) -> Result<Opened> {
    open(&OpenOptions::new(vec![dir.to_path_buf()]), &Cancel::default(), &Silent)
}

fn file(payloads: &[Vec<u8>]) -> Vec<u8> {
    let framed = |payload: &Vec<u8>| [&header(payload.len() as u64)[..], payload, &footer(payload)].concat();
    payloads.iter().flat_map(framed).collect()
}

fn index(bytes: &[u8]) -> String {
    records(bytes).iter().map(|(offset, payload)| format!("{offset} {}\n", payload.len() + 16)).collect()
}

/// The record by reading at its place, out of the bytes of its shard, and where it stands in them.
fn read(set: &Opened, record: u64) -> [Result<Vec<u8>>; 3] {
    let located = set.locate(record).unwrap();
    let shard = fs::read(&set.shards[located.shard].path).unwrap();
    let (mut by_read, mut by_copy) = (vec![1; located.payload_len()], vec![2; located.payload_len()]);
    let file = set.open_shard(located.shard).unwrap();
    [
        set.read(&located, &file, &mut by_read, Verify::All).map(|()| by_read),
        set.copy(&located, &shard, &mut by_copy, Verify::All).map(|()| by_copy),
        set.view(&located, &shard, Verify::All).map(<[u8]>::to_vec),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Records come from where they are, with an index or without; a changed byte is an error of its record alone.
    #[test]
    fn every_record_is_found_and_every_change_noticed(
        shards in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..70), 1..4),
        indexed in proptest::collection::vec(any::<bool>(), 4),
        at: prop::sample::Index,
        bit in 0u32..8,
    ) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("index")).unwrap();
        let of = shards.len();
        let name = |shard: usize| format!("x-train.tfrecord-{shard:05}-of-{of:05}");
        for (shard, payloads) in shards.iter().enumerate() {
            let bytes = file(payloads);
            fs::write(dir.path().join(name(shard)), &bytes).unwrap();
            if indexed[shard] {
                fs::write(dir.path().join("index").join(name(shard) + ".idx"), index(&bytes)).unwrap();
            }
        }
        let set = opened(dir.path()).unwrap();
        let expected: Vec<&Vec<u8>> = shards.iter().flatten().collect();
        prop_assert_eq!(set.len(), expected.len() as u64);
        prop_assert_eq!(set.locate(set.len()), None);
        prop_assert_eq!(set.locate(u64::MAX), None);
        for (record, payload) in expected.iter().enumerate().rev() {
            for found in read(&set, record as u64) {
                prop_assert_eq!(&found.unwrap(), *payload);
            }
        }
        let shard = at.index(of);
        let path = dir.path().join(name(shard));
        let mut bytes = fs::read(&path).unwrap();
        if bytes.is_empty() {
            return Ok(());
        }
        let byte = at.index(bytes.len());
        bytes[byte] ^= 1 << bit;
        fs::write(&path, bytes).unwrap();
        for (record, payload) in expected.iter().enumerate() {
            let located = set.locate(record as u64).unwrap();
            let span = located.span.offset.0..located.span.offset.0 + u64::from(located.span.len);
            let is_hit = located.shard == shard && span.contains(&(byte as u64));
            for found in read(&set, record as u64) {
                match found {
                    Ok(found) => prop_assert!(!is_hit && found == **payload),
                    Err(error) => {
                        prop_assert!(is_hit);
                        prop_assert_eq!(error.path(), Some(path.as_path()));
                        prop_assert_eq!(error.record().map(|record| record.0), Some(located.number));
                        prop_assert_eq!(error.place(), Some(located.span.offset.into()));
                    }
                }
            }
        }
    }
}

#[test]
fn a_shard_that_is_cut_is_damaged_before_and_after_it_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.tfrecord");
    let whole = file(&[vec![1; 20], vec![2; 30]]);
    fs::write(&path, &whole).unwrap();
    let set = opened(dir.path()).unwrap();
    let open_file = set.open_shard(0).unwrap();
    let second = set.locate(1).unwrap();
    for kept in 37..whole.len() {
        fs::write(&path, &whole[..kept]).unwrap();
        for error in [
            opened(dir.path()).unwrap_err(),
            set.open_shard(0).unwrap_err(),
            set.read(&second, &open_file, &mut [0; 30], Verify::All).unwrap_err(),
            set.view(&second, &whole[..kept], Verify::All).unwrap_err(),
        ] {
            assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{error}");
            assert_eq!(error.path(), Some(path.as_path()));
            assert!(error.hint().is_some());
        }
    }
}
