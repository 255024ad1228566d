//! Names of shards and data sets.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use shardify::{
    shard::{ParsedName, ShardName, dataset_name},
    tfrecord::Compression,
};

use super::input::Input;

/// Any name of a file, and a name made of its parts.
pub(super) fn run(data: &[u8]) {
    let parsed = ParsedName::parse(OsStr::from_bytes(data));
    let _ = parsed.is_shard();
    if let (Some(index), Some(of)) = (parsed.index, parsed.of) {
        assert!(index < of, "{index} of {of}");
        assert!(parsed.sibling(of).is_none());
        for index in [index, 0, of - 1] {
            let sibling = parsed.sibling(index).expect("a shard of the set");
            let again = ParsedName::parse(OsStr::new(&sibling));
            assert_eq!((again.set(), again.index), (parsed.set(), Some(index)), "{sibling}");
        }
    }
    made(Input(data));
}

fn made(mut input: Input<'_>) {
    let of = u32::from_le_bytes([input.byte(), input.byte(), input.byte(), input.byte()]).max(1);
    let index = input.short() as u32 * 31 % of;
    let compression = [Compression::None, Compression::Gzip][input.below(2)];
    let dataset = dataset_name(&String::from_utf8_lossy(input.text()));
    assert!(dataset.len() <= 100 && dataset_name(&dataset) == dataset, "{dataset}");
    assert!(dataset.starts_with(|c: char| c.is_ascii_alphabetic()), "{dataset}");
    assert!(dataset.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{dataset}");
    let split = ["train", "test-clean", "v2", "0"][input.below(4)];
    let name = ShardName { dataset: &dataset, split, index, of, compression }.to_string();
    let parsed = ParsedName::parse(OsStr::new(&name));
    assert!(parsed.is_shard(), "{name}");
    let found = (parsed.dataset, parsed.split, parsed.index, parsed.of, parsed.compression);
    assert_eq!(found, (Some(dataset.as_str()), Some(split), Some(index), Some(of), compression), "{name}");
}
