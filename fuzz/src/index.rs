//! Indexes of DALI and the `tfrecord` package: what a slow reader of lines reads, and nothing after its first error.

use shardify::{index::IndexReader, storage::LocalStorage};

use super::folder::Folder;

thread_local! {
    static FOLDER: Folder = Folder::default();
}

/// The text of an index. A first byte of 255 puts so many blanks before it that it does not fit in one read.
pub(super) fn run(data: &[u8]) {
    let text = match data.split_first() {
        Some((255, rest)) => [vec![b' '; 65_530], rest.to_vec()].concat(),
        _ => data.to_vec(),
    };
    let path = FOLDER.with(|folder| folder.write("x.idx", &text));
    let mut reader = IndexReader::open(&LocalStorage, &path).expect("a file");
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let is_long = line.len() > 128;
        let line = line.trim_ascii();
        if line.is_empty() && !is_long {
            continue;
        }
        match (reader.next_line(), numbers(line).filter(|_| !is_long)) {
            (Ok(Some(found)), Some(expected)) => {
                assert_eq!((found.offset.0, found.len.0, found.line), (expected.0, expected.1, number));
            }
            (Err(_), None) => return,
            (found, expected) => panic!("line {number}: {found:?}, expected {expected:?}"),
        }
    }
    assert!(reader.next_line().is_ok_and(|line| line.is_none()), "more than there is");
}

fn numbers(line: &[u8]) -> Option<(u64, u64)> {
    let words: Vec<_> = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let [offset, len] = words[..] else { return None };
    let number = |word: &[u8]| {
        word.iter().try_fold(0_u64, |number, digit| {
            let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
            number.checked_mul(10)?.checked_add(digit)
        })
    };
    Some((number(offset)?, number(len)?))
}
