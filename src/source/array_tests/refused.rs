//! What cannot be used is refused by name, and damage is found before a row is read.

use std::fs;

use super::{array, open};
use crate::{
    error::{Error, ErrorKind, Fault, Result},
    source::{Column, Spool, cursor::Cursor, npy, npz},
    storage::{LocalStorage, ReadAt},
};

/// Opening fails with this fault, and the message has this part and names the file.
#[track_caller]
fn refused(name: &str, fault: Fault, part: &str) {
    let error = open(&[array(name)]).map(|(column, ..)| column).expect_err(name);
    assert_eq!(error.fault(), Some(fault), "{name}: {error:?}");
    assert!(error.to_string().contains(part), "{name}: {error:?}");
    let file = error.path().unwrap().to_string_lossy().into_owned();
    assert!(file.contains(name.split(':').next().unwrap()), "{name}: {error:?}");
}

#[test]
fn what_a_record_cannot_hold_is_refused_with_a_next_step() {
    for (name, part) in [
        ("object.npy", "pickled"),
        ("text.npy", "`<U5`"),
        ("bytes.npy", "`|S3`"),
        ("records.npy", "named fields"),
        ("utf8-records.npy", "named fields"),
        ("dates.npy", "dates"),
        ("durations.npy", "durations"),
        ("complex.npy", "complex"),
        ("longdouble.npy", "long double"),
        ("void.npy", "bfloat16"),
        ("scalar.npy", "no rows"),
        ("empty-rows.npy", "no elements"),
        ("bad-version.npy", "version 4.0"),
        ("mixed.npz:names", "`<U3`"),
        ("mixed.npz:scale", "no rows"),
        ("bzip2.npz", "compressed with"),
        ("lzma.npz", "compressed with"),
        ("encrypted.npz", "encrypted"),
    ] {
        refused(name, Fault::Unsupported, part);
        assert!(open(&[array(name)]).unwrap_err().hint().is_some(), "{name}: no next step");
    }
}

#[test]
fn damaged_arrays_are_refused() {
    use Fault::{Corrupt, Empty, Truncated, WrongType};
    for (name, fault, part) in [
        ("bad-empty.npy", Empty, "empty"),
        ("bad-magic-only.npy", Truncated, "inside its header"),
        ("bad-no-length.npy", Truncated, "inside its header"),
        ("bad-half-header.npy", Truncated, "128 bytes needed, 50 found"),
        ("bad-truncated.npy", Truncated, "shape [7, 2, 3] of int32 needs 168 bytes of data, but only 167"),
        ("bad-trailing.npy", Corrupt, "needs 168 bytes of data, but 169"),
        ("bad-two-arrays.npy", Corrupt, "needs 168 bytes of data, but 464"),
        ("bad-text.npy", WrongType, "does not start"),
        ("bad-header-length.npy", Corrupt, "4294967295"),
        ("bad-header-past-end.npy", Truncated, "1048588 bytes needed"),
        ("bad-shape-wraps.npy", Corrupt, "2^64"),
        ("bad-shape-wraps-row.npy", Corrupt, "2^64"),
        ("bad-shape-wraps-offset.npy", Corrupt, "2^64"),
        ("bad-shape-large.npy", Truncated, "4398046511104"),
        ("bad-shape-128-bits.npy", Corrupt, "64 bits"),
        ("bad-shape-digits.npy", Corrupt, "64 bits"),
        ("bad-shape-negative.npy", Corrupt, "-1"),
        ("bad-shape-list.npy", Corrupt, "tuple"),
        ("bad-shape-number.npy", Corrupt, "tuple"),
        ("bad-shape-text.npy", Corrupt, "whole number"),
        ("bad-shape-axes.npy", Corrupt, "65 dimensions"),
        ("bad-nesting.npy", Corrupt, "nested"),
        ("bad-not-a-dictionary.npy", Corrupt, "a dictionary"),
        ("bad-code.npy", Corrupt, "a dictionary"),
        ("bad-no-shape.npy", Corrupt, "no `shape`"),
        ("bad-no-descr.npy", Corrupt, "no `descr`"),
        ("bad-no-order.npy", Corrupt, "no `fortran_order`"),
        ("bad-order.npy", Corrupt, "neither True nor False"),
        ("bad-two-shapes.npy", Corrupt, "`shape` twice"),
        ("bad-unknown-key.npy", Corrupt, "unknown key `x`"),
        ("bad-crc-stored.npz", Corrupt, "x: its checksum"),
        ("bad-crc-deflated.npz", Corrupt, "x: its checksum"),
        ("bad-deflate.npz", Corrupt, "x: its compressed bytes"),
        ("bad-bomb.npz", Corrupt, "unpacks to more than the 188 bytes"),
        ("bad-short-stream.npz", Truncated, "end early"),
        ("bad-ratio.npz", Corrupt, "which it cannot"),
        ("bad-member-truncated.npz", Truncated, "but only 59 bytes"),
        ("bad-member-trailing.npz", Corrupt, "but 61 bytes"),
        ("bad-local-header.npz", Corrupt, "not a whole zip"),
        ("bad-cut.npz", Corrupt, "not a whole zip"),
        ("bad-size-past-end.npz", Truncated, "2147483648"),
        ("bad-duplicate.npz", Corrupt, "two members"),
        ("bad-same-name.npz", Corrupt, "two members"),
        ("not-arrays.npz", WrongType, "none of them an array"),
        ("no-members.npz", WrongType, "none of them an array"),
        ("single.npz:nope", WrongType, "it holds pixels: uint8 [5, 4, 3]"),
        ("keras.npz", WrongType, "it holds 4 arrays: x_test: uint8 [2, 4, 3], x_train"),
        ("int32-le-c.npy:x", WrongType, "no .npz file"),
    ] {
        refused(name, fault, part);
    }
}

#[test]
fn a_refused_member_leaves_no_scratch_file() {
    for name in ["bad-bomb.npz", "bad-crc-deflated.npz", "bad-short-stream.npz", "bad-deflate.npz"] {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::new(dir.path());
        assert!(Column::open(&LocalStorage, "x", &[array(name)], &spool).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{name}");
    }
}

#[test]
fn rows_that_do_not_exist_are_refused() {
    let (column, _spool, _dir) = open(&[array("int32-le-c.npy")]).unwrap();
    for (start, count) in [(0, 8), (7, 1), (6, 2), (u64::MAX, 1), (1, u64::MAX)] {
        let mut rows = Vec::new();
        let error = column.read_rows(start, count, &mut rows).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Inputs(_)) && rows.is_empty(), "{start} {count}: {error}");
    }
    assert!(column.read_rows_into(0, &mut [0; 25]).is_err());
    column.read_rows(7, 0, &mut Vec::new()).unwrap();
}

/// A disk that fails: errors of the system pass through with the array's name.
#[test]
fn a_failing_disk_is_an_io_error() {
    #[derive(Debug)]
    struct Failing;
    impl ReadAt for Failing {
        fn len(&self) -> u64 {
            1000
        }
        fn read_exact_at(&self, _: &mut [u8], _: u64) -> Result<()> {
            Err(Error::io("read", std::io::Error::from_raw_os_error(5)))
        }
    }
    let error = npy::read_raw(&mut Cursor::new(&Failing), 1000).unwrap_err();
    assert_eq!(error.to_string(), "cannot read: input/output error");
    let error = npz::read_members(&Failing).unwrap_err();
    assert_eq!(error.to_string(), "cannot read: input/output error");
}
