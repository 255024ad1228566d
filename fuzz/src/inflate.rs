//! Compressed shards: what flate2's own readers give, and of a damaged file all that stands before the damage.

use std::io::Read;

use flate2::{
    Crc,
    read::{MultiGzDecoder, ZlibDecoder},
};
use shardify::tfrecord::{Compression, Inflater, gzip_member};

use super::input::Input;

/// No more is unpacked of one input.
const MOST: usize = 4 << 20;

/// What an inflater makes of a file.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// What can be read before the first fault.
    bytes: Vec<u8>,
    fault: Option<u64>,
    /// What is read behind faults.
    more: Vec<u8>,
}

/// Any bytes, or members of our own of which one is hit.
pub(super) fn run(data: &[u8]) {
    let mut input = Input(data);
    let choice = input.byte();
    let step = 1 + input.below(3000);
    if choice & 1 == 0 {
        as_it_stands(input.0, if choice & 2 == 0 { Compression::Gzip } else { Compression::Zlib }, step);
    } else {
        members(input, step);
    }
}

fn inflate(file: &[u8], compression: Compression, step: usize) -> Outcome {
    let read = |buffer: &mut [u8], at: u64| {
        let at = usize::try_from(at).expect("an offset in the file");
        buffer.copy_from_slice(&file[at..at + buffer.len()]);
        Ok(())
    };
    let mut inflater = Inflater::new(compression, file.len() as u64, read);
    let fill = |inflater: &mut Inflater<_>| {
        let mut bytes = Vec::new();
        let mut buffer = vec![0; step];
        loop {
            let len = inflater.fill(&mut buffer).expect("reading memory does not fail");
            bytes.extend_from_slice(&buffer[..len]);
            if len < step || bytes.len() > MOST {
                return bytes;
            }
        }
    };
    let bytes = fill(&mut inflater);
    let fault = inflater.fault().map(|fault| fault.offset.0);
    assert!(fault.is_none_or(|at| at <= file.len() as u64), "a fault behind the end");
    let (mut more, mut resumed) = (Vec::new(), 0);
    while more.len() < MOST && inflater.resume().expect("memory") {
        more.extend(fill(&mut inflater));
        resumed += 1;
        assert!(resumed <= file.len(), "the same member is found again and again");
    }
    let mut crc = Crc::new();
    crc.update(file);
    assert_eq!(inflater.file_crc32().expect("memory"), crc.sum());
    Outcome { bytes, fault, more }
}

fn as_it_stands(file: &[u8], compression: Compression, step: usize) {
    let ours = inflate(file, compression, step);
    if ours.bytes.len() > MOST {
        return;
    }
    assert_eq!(ours, inflate(file, compression, 1 << 20), "the size of the buffer makes a difference");
    let mut theirs = Vec::new();
    let read = match compression {
        Compression::Zlib => ZlibDecoder::new(file).read_to_end(&mut theirs),
        _ => MultiGzDecoder::new(file).read_to_end(&mut theirs),
    };
    match (ours.fault, read) {
        (None, Ok(_)) => assert_eq!(ours.bytes, theirs),
        (None, Err(error)) => assert!(file.is_empty(), "flate2 refuses it: {error}"),
        // It ends behind a zlib stream, whatever comes then.
        (Some(_), Ok(_)) if compression == Compression::Zlib => assert_eq!(ours.bytes, theirs),
        (Some(at), Ok(_)) => panic!("a fault at {at} that flate2 does not find"),
        (Some(_), Err(_)) => {}
    }
}

fn members(mut input: Input<'_>, step: usize) {
    let (hit, mask) = (input.short(), input.byte());
    let mut parts = Vec::new();
    for _ in 0..1 + input.below(4) {
        let len = input.below(500);
        parts.push(input.take(len));
    }
    let mut file = Vec::new();
    let mut ends = Vec::new();
    for part in &parts {
        file.extend(gzip_member(part));
        ends.push(file.len());
    }
    let all = parts.concat();
    let outcome = inflate(&file, Compression::Gzip, step);
    assert_eq!((outcome.bytes, outcome.fault), (all.clone(), None));

    let hit = hit % file.len();
    file[hit] ^= mask;
    let before = ends.iter().filter(|end| **end <= hit).count();
    let found = inflate(&file, Compression::Gzip, step);
    assert!(found.bytes.starts_with(&parts[..before].concat()), "a member before the damage is lost");
    // Only the checksum covers all of a member; time and name in its header are covered by nothing.
    if found.fault.is_none() {
        assert_eq!(found.bytes, all, "damage at {hit} that is not seen");
    }
    let behind = parts[before + 1..].concat();
    let whole = if found.fault.is_some() { &found.more } else { &found.bytes };
    assert!(whole.ends_with(&behind), "a member behind the damage at {hit} is lost");
}
