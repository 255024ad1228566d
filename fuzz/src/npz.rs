//! Arrays in files: `.npy` and archives of them, sound, damaged, or lying about their sizes.

use std::{fs, path::Path};

use flate2::{Compression, Crc, write::DeflateEncoder};
use shardify::{
    ByteSize,
    source::{ArrayRef, Column, Npz, Spool, class_ids, npz_layout},
    storage::LocalStorage,
};

use super::{folder::Folder, input::Input};

/// No more is read of one array.
const MOST: u64 = 1 << 20;

thread_local! {
    static FOLDER: Folder = Folder::default();
}

/// A file as it is, or an archive made of members, some bytes of which are changed.
pub(super) fn run(data: &[u8]) {
    let mut input = Input(data);
    let file = if input.byte() % 2 == 0 { input.0.to_vec() } else { archive(&mut input) };
    FOLDER.with(|folder| {
        let path = folder.write("x", &file);
        if let Ok(npz) = Npz::open(&LocalStorage, &path) {
            let _ = (npz.summary(), npz_layout(&npz));
            for member in npz.members.iter().take(8) {
                let found = npz.member(&member.name).expect("the name that it has");
                assert!(found.rows() == member.rows(), "names are there once");
                read(&ArrayRef::member(&path, &member.name), folder.path(""), file.len());
            }
        }
        if let Ok(array) = ArrayRef::parse(&LocalStorage, &path) {
            read(&array, folder.path(""), file.len());
        }
    });
}

fn read(array: &ArrayRef<'_>, scratch: impl AsRef<Path>, file: usize) {
    let spool = Spool::new(scratch.as_ref());
    let Ok(column) = Column::open(&LocalStorage, "x", std::slice::from_ref(array), &spool) else { return };
    // What can be opened is there, and deflate cannot make more than a thousandfold.
    let bytes = column.rows().checked_mul(column.row_bytes()).expect("no more than fits in 64 bits");
    assert!(bytes <= 1100 * file as u64, "{bytes} bytes from {file}");
    if bytes <= MOST {
        let mut all = Vec::new();
        column.read_rows(0, column.rows(), &mut all).expect("what was opened can be read");
        assert_eq!(all.len() as u64, bytes);
        let last = column.rows().saturating_sub(1);
        let mut row = Vec::new();
        column.read_rows(last, column.rows() - last, &mut row).expect("the last row");
        assert!(all.ends_with(&row), "the last row alone is another one");
        class_ids(&column, true).expect("rows that can be read");
    }
    // Transposed piece by piece, when no memory is to be had for it at once, it is the same.
    let other = scratch.as_ref().join("other");
    fs::create_dir_all(&other).expect("a folder");
    let small = Spool::new(other).memory(ByteSize(0));
    let again = Column::open(&LocalStorage, "x", std::slice::from_ref(array), &small).expect("it was opened before");
    if bytes <= MOST {
        let (mut one, mut two) = (Vec::new(), Vec::new());
        column.read_rows(0, column.rows(), &mut one).expect("rows");
        again.read_rows(0, again.rows(), &mut two).expect("rows");
        assert_eq!(one, two);
    }
}

/// A `.npy` file: version 1, an aligned header, and some data.
fn npy(input: &mut Input<'_>) -> Vec<u8> {
    const TYPES: [&str; 12] = ["|u1", "|b1", "<i2", ">i4", "<i8", ">u8", "<f2", ">f4", "<f8", "|i1", "<U3", "|O"];
    let dtype = TYPES[input.below(TYPES.len())];
    let order = if input.byte().is_multiple_of(2) { "False" } else { "True" };
    let dims = input.below(4);
    let shape: String = (0..dims).map(|_| format!("{}, ", input.byte() % 9)).collect();
    let dict = format!("{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': ({shape}), }}");
    let mut file = b"\x93NUMPY\x01\0".to_vec();
    file.extend((dict.len() as u16 + 1).to_le_bytes());
    file.extend(dict.as_bytes());
    file.push(b'\n');
    let len = input.below(600);
    file.extend(input.take(len));
    file
}

/// A ZIP archive by its specification (APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16).
fn archive(input: &mut Input<'_>) -> Vec<u8> {
    const NAMES: [&str; 8] =
        ["x.npy", "y.npy", "x_train.npy", "y_train.npy", "x_test.npy", "arr_0.npy", "a/b.npy", "n"];
    let (hits, members) = (input.byte() % 4, 1 + input.below(4));
    let hits: Vec<_> = (0..hits).map(|_| (input.short(), input.byte())).collect();
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for _ in 0..members {
        let name = NAMES[input.below(NAMES.len())];
        let deflated = input.byte() % 2 == 1;
        let content = npy(input);
        let mut crc = Crc::new();
        crc.update(&content);
        let packed = if deflated { deflate(&content) } else { content.clone() };
        let mut common = vec![20, 0, 0, 0, if deflated { 8 } else { 0 }, 0, 0, 0, 0x21, 0];
        common.extend(crc.sum().to_le_bytes());
        common.extend((packed.len() as u32).to_le_bytes());
        common.extend((content.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend((file.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        file.extend(b"PK\x03\x04");
        file.extend(&common);
        file.extend(name.as_bytes());
        file.extend(packed);
    }
    let start = file.len() as u32;
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([members as u8, 0, members as u8, 0]);
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0, 0]);
    for (place, mask) in hits {
        let place = place % file.len();
        file[place] ^= mask;
    }
    file
}

fn deflate(content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).and_then(|()| encoder.finish()).expect("memory")
}
