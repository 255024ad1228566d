use std::{fs, io::Write, path::Path};

use proptest::prelude::*;

use super::*;
use crate::{
    pipeline::Silent,
    storage::LocalStorage,
    tfrecord::{DamageKind, footer, header},
};

/// Remembers every payload with its place.
struct Keep;

impl Visit for Keep {
    type Part = Vec<(u64, u64, Vec<u8>)>;

    fn record(&self, payload: &[u8], place: RecordPlace, part: &mut Self::Part) {
        part.push((place.number, place.offset, payload.to_vec()));
    }

    fn join(&self, into: &mut Self::Part, part: Self::Part, before: u64) {
        assert_eq!(into.len() as u64, before);
        into.extend(part.into_iter().map(|(number, offset, payload)| (number + before, offset, payload)));
    }
}

fn frame(payload: &[u8]) -> Vec<u8> {
    [&header(payload.len() as u64)[..], payload, &footer(payload)].concat()
}

fn scan_files(files: &[PathBuf], threads: usize, dir: &Path) -> Vec<Result<ScannedShard<<Keep as Visit>::Part>>> {
    let spool = Spool::new(dir.join("spool"));
    let mut scanned = Vec::new();
    let cancel = Cancel::default();
    let (storage, progress) = (&LocalStorage, &Silent);
    let scan = Scan { shards: files, storage, threads, file_crc: true, spool: &spool, cancel: &cancel, progress };
    scan.run(&Keep, |shard, outcome| {
        assert_eq!(shard, scanned.len());
        scanned.push(outcome);
        Ok(())
    })
    .unwrap();
    scanned
}

/// Payloads of all sizes, some larger than a stretch, some that hold records; more of them than a stretch.
fn payloads(seed: u64) -> Vec<Vec<u8>> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut payloads = Vec::new();
    for _ in 0..60 {
        let len = match next() % 20 {
            0 => 5_000_000 + next() % 5_000_000,
            1..6 => next() % 1_000_000,
            _ => next() % 5000,
        };
        let len = usize::try_from(len).unwrap();
        payloads.push(match next() % 4 {
            // A file of small records in a record.
            0 => frame(&next().to_le_bytes()).repeat(len / 24),
            1 => vec![0; len],
            _ => (0..len / 8 + 1).flat_map(|_| next().to_le_bytes()).collect(),
        });
    }
    payloads
}

#[test]
fn every_record_once_at_any_thread_count() {
    let dir = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    let mut expected = Vec::new();
    for seed in 1..=3 {
        let payloads = payloads(seed);
        let bytes: Vec<u8> = payloads.iter().flat_map(|payload| frame(payload)).collect();
        files.push(dir.path().join(format!("{seed}")));
        fs::write(files.last().unwrap(), &bytes).unwrap();
        expected.push((payloads, bytes));
    }
    files.insert(1, dir.path().join("empty"));
    fs::write(&files[1], "").unwrap();
    files.insert(2, dir.path().join("missing"));
    for threads in [1, 3, 8] {
        let mut scanned = scan_files(&files, threads, dir.path());
        assert!(scanned.remove(2).unwrap_err().to_string().contains("missing"));
        let empty = scanned.remove(1).unwrap();
        assert!(empty.intact.is_empty() && empty.damage.is_empty());
        for (scanned, (payloads, bytes)) in scanned.into_iter().zip(&expected) {
            let scanned = scanned.unwrap();
            assert!(scanned.damage.is_empty());
            assert_eq!(scanned.crc32, Some(crc32fast::hash(bytes)));
            assert!(scanned.part.iter().map(|(_, _, payload)| payload).eq(payloads));
            assert!(scanned.part.iter().zip(scanned.intact.iter()).all(|(kept, span)| kept.1 == span.offset.0));
            assert!(scanned.part.iter().zip(0..).all(|(kept, number)| kept.0 == number));
        }
    }
}

#[test]
fn damage_costs_its_record_wherever_stretches_lie() {
    let dir = tempfile::tempdir().unwrap();
    let payloads = payloads(9);
    let whole: Vec<u8> = payloads.iter().flat_map(|payload| frame(payload)).collect();
    let mut offset = 0;
    let mut places = Vec::new();
    for (number, payload) in payloads.iter().enumerate() {
        // In the header, and in the footer.
        if number % 9 == 0 {
            places.push((number, offset, offset + 3));
        } else if number % 9 == 4 {
            places.push((number, offset, offset + payload.len() + 13));
        }
        offset += payload.len() + 16;
    }
    let file = dir.path().join("shard");
    for (number, offset, at) in places {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&file, &bytes).unwrap();
        let scanned = scan_files(std::slice::from_ref(&file), 2, dir.path()).remove(0).unwrap();
        assert_eq!(scanned.crc32, Some(crc32fast::hash(&bytes)));
        let [damage] = scanned.damage.as_slice() else { panic!("{number}: {:?}", scanned.damage) };
        assert_eq!((damage.record.0, damage.offset.0), (number as u64, offset as u64));
        assert_eq!(matches!(damage.kind, DamageKind::LengthCrc { .. }), at == offset + 3);
        let kept = payloads.iter().enumerate().filter(|(it, _)| *it != number).map(|(_, payload)| payload);
        assert!(scanned.part.iter().map(|(_, _, payload)| payload).eq(kept), "{number}");
        let numbers: Vec<u64> = (0..scanned.intact.len()).map(|intact| scanned.number_of(intact).0).collect();
        assert!(numbers.into_iter().eq((0..payloads.len() as u64).filter(|it| *it != number as u64)));
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Members stand for themselves: damage in one costs no record of another.
    #[test]
    fn gzip_shards(flip in proptest::option::of(any::<prop::sample::Index>()), cut in proptest::option::of(any::<prop::sample::Index>())) {
        let dir = tempfile::tempdir().unwrap();
        let groups: Vec<Vec<Vec<u8>>> =
            (0..4u8).map(|group| (0..5u8).map(|it| vec![group * 5 + it; 40 + usize::from(it)]).collect()).collect();
        let members: Vec<Vec<u8>> =
            groups.iter().map(|group| gzip(&group.iter().flat_map(|payload| frame(payload)).collect::<Vec<_>>())).collect();
        let mut bytes = members.concat();
        let mut harmed = bytes.len();
        if let Some(flip) = flip {
            // Without its first three bytes nothing says that it is gzip.
            let at = 3 + flip.index(bytes.len() - 3);
            bytes[at] ^= 1;
            harmed = harmed.min(at);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
            harmed = harmed.min(bytes.len());
        }
        let file = dir.path().join("shard.gz");
        fs::write(&file, &bytes).unwrap();
        let scanned = scan_files(std::slice::from_ref(&file), 2, dir.path()).remove(0).unwrap();
        prop_assert_eq!(scanned.crc32, Some(crc32fast::hash(&bytes)));
        let all: Vec<Vec<u8>> = groups.concat();
        let mut end = 0;
        for (member, group) in members.iter().zip(&groups) {
            if harmed >= end + member.len() || flip.is_some() && cut.is_none() && harmed < end {
                let found = |payload: &Vec<u8>| scanned.part.iter().any(|(_, _, found)| found == payload);
                prop_assert!(group.iter().all(found), "a whole member lost records");
            }
            end += member.len();
        }
        prop_assert!(scanned.part.iter().all(|(_, _, payload)| all.contains(payload)));
        let is_whole = flip.is_none() && cut.is_none_or(|_| bytes.len() == end);
        if is_whole {
            prop_assert_eq!(scanned.part.len(), all.len());
        }
        prop_assert_eq!(fs::read_dir(dir.path().join("spool")).map_or(0, Iterator::count), 0);
    }
}
