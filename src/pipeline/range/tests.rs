//! Borders that are given: records stay between them, in order, under the cap, plain and compressed.

use std::{fs, io::Read};

use flate2::read::MultiGzDecoder;
use proptest::{prelude::*, test_runner::TestCaseResult};

use super::*;
use crate::{
    pipeline::Silent,
    shard::Cut,
    storage::LocalStorage,
    tfrecord::{FRAME_LEN, ReaderOptions, RecordReader, footer, header},
    units::ByteSize,
};

/// Records of these payload lengths, each of which starts with its position.
struct Numbered {
    lens: Vec<usize>,
    batch_len: u64,
}

impl Numbered {
    fn payload(&self, position: u64) -> Vec<u8> {
        let mut payload = u32::try_from(position).unwrap().to_le_bytes().to_vec();
        // Hardly to be compressed: the cap must matter.
        let mut noise = position + 1;
        payload.resize_with(self.lens[usize::try_from(position).unwrap()], || {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            noise.to_le_bytes()[7]
        });
        payload
    }
}

impl RecordSource for Numbered {
    type Scratch = ();

    fn scratch(&self) {}

    fn batch_len(&self) -> u64 {
        self.batch_len
    }

    fn fill(&self, positions: Range<u64>, (): &mut (), batch: &mut Batch) {
        for position in positions {
            let payload = self.payload(position);
            let len = payload.len() as u64;
            batch.bytes.extend(header(len));
            batch.bytes.extend(&payload);
            batch.bytes.extend(footer(&payload));
            batch.pieces.push(Piece { position, len: len + FRAME_LEN as u64, records: 1, payload: len });
        }
    }

    fn describe(&self, position: u64) -> (std::ffi::OsString, Option<String>) {
        (position.to_string().into(), None)
    }
}

/// The positions of the records of each shard.
fn shards(source: &Numbered, borders: &[u64], cap: u64, compression: Compression) -> Vec<Vec<u64>> {
    let dir = tempfile::tempdir().unwrap();
    let work = WorkDir::new(dir.path().to_path_buf());
    let all = source.lens.len() as u64;
    let job = RangeJob {
        split: "train",
        all,
        range: 0..all,
        first_shard: 0,
        policy: &ShardPolicy { max_bytes: ByteSize(cap), cut: Cut::At(borders.to_vec()) },
        compression,
        on_error: OnError::Stop,
        bounds: Bounds { threads: 2, budget: 1 << 20 },
    };
    let (entries, _) = run_range(&job, source, &work, &LocalStorage, &Cancel::default(), &Silent).unwrap();
    let positions = |entry: &ShardEntry| {
        let mut bytes = fs::read(work.shard("train", entry.shard)).unwrap();
        assert!(bytes.len() as u64 <= cap, "{} bytes", bytes.len());
        if compression == Compression::Gzip {
            let packed = std::mem::take(&mut bytes);
            MultiGzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
        }
        let mut reader = RecordReader::new(&bytes[..], ReaderOptions::default());
        let mut positions = Vec::new();
        while let Some(record) = reader.next_record().unwrap() {
            let position = u64::from(u32::from_le_bytes(*record.payload.first_chunk().unwrap()));
            assert!(record.payload == source.payload(position));
            positions.push(position);
        }
        assert_eq!((entry.first, entry.next), (positions[0], positions[positions.len() - 1] + 1));
        positions
    };
    entries.iter().map(positions).collect()
}

fn check(source: &Numbered, borders: &[u64], cap: u64, compression: Compression) -> TestCaseResult {
    let shards = shards(source, borders, cap, compression);
    let all = source.lens.len() as u64;
    prop_assert!(shards.iter().flatten().copied().eq(0..all), "{:?}", shards);
    let group = |position: u64| borders.iter().filter(|border| **border <= position).count();
    for shard in &shards {
        prop_assert_eq!(group(shard[0]), group(shard[shard.len() - 1]), "{:?} crosses one of {:?}", shard, borders);
    }
    if compression == Compression::None {
        for pair in shards.windows(2) {
            let framed = |position: &u64| source.lens[usize::try_from(*position).unwrap()] as u64 + FRAME_LEN as u64;
            let full = pair[0].iter().map(framed).sum::<u64>() + framed(&pair[1][0]) > cap;
            prop_assert!(full || group(pair[0][0]) != group(pair[1][0]), "{:?} would fit one shard", pair);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_stay_between_their_borders(
        lens in prop::collection::vec(4usize..300, 1..60),
        borders in prop::collection::btree_set(0u64..70, 0..8),
        cap in 500u64..3000,
        batch_len in 1u64..20,
    ) {
        let source = Numbered { lens, batch_len };
        let borders: Vec<u64> = borders.into_iter().collect();
        for compression in [Compression::None, Compression::Gzip] {
            check(&source, &borders, cap, compression)?;
        }
    }
}

/// What would be too many to be read again is not made.
#[test]
fn the_number_of_shards_has_a_limit() {
    let source = Numbered { lens: vec![100; 4], batch_len: 2 };
    let dir = tempfile::tempdir().unwrap();
    let work = WorkDir::new(dir.path().to_path_buf());
    let job = RangeJob {
        split: "train",
        all: 4,
        range: 0..4,
        first_shard: MAX_SHARDS - 3,
        policy: &ShardPolicy { max_bytes: ByteSize(116), cut: Cut::Fill },
        compression: Compression::None,
        on_error: OnError::Stop,
        bounds: Bounds { threads: 2, budget: 1 << 20 },
    };
    let error = run_range(&job, &source, &work, &LocalStorage, &Cancel::default(), &Silent).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Options(_)), "{error}");
    assert!(error.to_string().contains("more than 262,144 shards"), "{error}");
    assert!(work.shard("train", MAX_SHARDS - 1).exists() && !work.shard("train", MAX_SHARDS).exists());
}
