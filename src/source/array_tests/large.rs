//! Arrays larger than memory or than 32 bits, and files that change.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{array, bytes, open};
use crate::{
    error::{Error, ErrorKind, Fault},
    source::{ArrayRef, Column, LabelColumn, Npz, Spool, class_ids},
    storage::LocalStorage,
};

/// A sparse file: a header and zeros.
fn sparse(path: &Path, rows: u64, row: u64) {
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({rows}, {row}), }}\n");
    let mut file = File::create(path).unwrap();
    file.write_all(b"\x93NUMPY\x01\x00").unwrap();
    file.write_all(&u16::try_from(header.len()).unwrap().to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.set_len(10 + header.len() as u64 + rows * row).unwrap();
}

#[test]
fn eight_gibibytes_are_read_at_random_in_little_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    sparse(&path, 8 << 20, 1 << 10);
    {
        let file = File::options().write(true).open(&path).unwrap();
        file.write_all_at(b"last", file.metadata().unwrap().len() - 4).unwrap();
    }
    let (column, spool, _dir) = open(&[ArrayRef::from(&path)]).unwrap();
    assert!(spool.files().is_empty());
    let mut rows = Vec::new();
    for step in 1..1000_u64 {
        rows.clear();
        column.read_rows(step * 6_700_417 % (8 << 20), 1, &mut rows).unwrap();
        assert_eq!(rows, [0; 1 << 10]);
    }
    rows.clear();
    column.read_rows((8 << 20) - 1, 1, &mut rows).unwrap();
    assert!(rows.ends_with(b"last"));
    assert!(rows.capacity() < 1 << 16);
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    sparse(&path, 100, 10);
    let (column, _spool, _dir) = open(&[ArrayRef::from(&path)]).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(file.metadata().unwrap().len() - 5).unwrap();
    let mut rows = b"kept".to_vec();
    column.read_rows(98, 1, &mut rows).unwrap();
    let error = column.read_rows(99, 1, &mut rows).unwrap_err();
    assert_eq!(error.fault(), Some(Fault::Truncated));
    assert!(error.to_string().contains("x.npy: row 99: it had 10"), "{error}");
    assert_eq!(rows.len(), 14);
}

/// A member that starts behind a stored one of more than 4 GiB, and that one, are found: zip64 as `np.savez` writes it.
#[test]
fn archives_of_more_than_four_gibibytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npz");
    let large = dir.path().join("large.npy");
    sparse(&large, 5 << 20, 1 << 10);
    let large_len = fs::metadata(&large).unwrap().len();
    let mut head = vec![0; 200];
    File::open(&large).unwrap().read_exact_at(&mut head, 0).unwrap();
    let small = bytes("labels-int64.npy");
    let local = |name: &str| {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.extend([45, 0, 0, 0, 0, 0, 0, 0, 0x21, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        bytes.extend([u8::try_from(name.len()).unwrap(), 0, 0, 0]);
        bytes.extend(name.as_bytes());
        bytes
    };
    let central = |name: &str, len: u64, at: u64, crc: u32| {
        let mut bytes = b"PK\x01\x02".to_vec();
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]);
        bytes.extend(crc.to_le_bytes());
        bytes.extend([0xff; 8]);
        bytes.extend([u8::try_from(name.len()).unwrap(), 0, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend([0xff; 4]);
        bytes.extend(name.as_bytes());
        bytes.extend([1, 0, 24, 0]);
        [len, len, at].iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        bytes
    };
    let file = File::create(&path).unwrap();
    file.write_all_at(&local("a.npy"), 0).unwrap();
    file.write_all_at(&head, 35).unwrap();
    let second = 35 + large_len;
    let mut tail = local("b.npy");
    tail.extend(&small);
    let directory = second + tail.len() as u64;
    let entries =
        [central("a.npy", large_len, 0, 0), central("b.npy", small.len() as u64, second, crc32fast::hash(&small))];
    entries.iter().for_each(|entry| tail.extend(entry));
    let end = second + tail.len() as u64;
    tail.extend(b"PK\x06\x06");
    tail.extend(44_u64.to_le_bytes());
    tail.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    [2, 2, end - directory, directory].iter().for_each(|value: &u64| tail.extend(value.to_le_bytes()));
    tail.extend(b"PK\x06\x07\0\0\0\0");
    tail.extend(end.to_le_bytes());
    tail.extend([1, 0, 0, 0]);
    tail.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0");
    file.write_all_at(&tail, second).unwrap();

    let npz = Npz::open(&LocalStorage, &path).unwrap();
    assert_eq!(npz.summary(), "a: uint8 [5242880, 1024], b: int64 [5]");
    let (column, _spool, _dir) = open(&[ArrayRef::member(&path, "b")]).unwrap();
    assert!(matches!(class_ids(&column, false).unwrap(), LabelColumn::Classes { classes: 10, .. }));
}

#[test]
fn long_work_is_watched_and_can_be_stopped() {
    for name in ["large-compressed.npz", "stored.npz:x_train", "int32-le-f.npy"] {
        let dir = tempfile::tempdir().unwrap();
        let seen = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&seen);
        let spool = Spool::new(dir.path()).watch(move |bytes| {
            count.fetch_add(bytes.0, Ordering::Relaxed);
            Ok(())
        });
        let column = Column::open(&LocalStorage, "x", &[array(name)], &spool).unwrap();
        assert!(seen.load(Ordering::Relaxed) >= column.rows() * column.row_bytes(), "{name}");

        let spool = Spool::new(dir.path().join("b")).watch(|_| Err(Error::new(ErrorKind::Interrupted)));
        let error = Column::open(&LocalStorage, "x", &[array(name)], &spool).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Interrupted), "{name}: {error}");
        assert!(spool.files().is_empty());
    }
}
