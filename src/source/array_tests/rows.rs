//! What is read is what NumPy has written.

use std::fs;

use super::{array, bytes, open};
use crate::{item::DType, source::ArrayRef};

/// The array reads as NumPy says, whole, row by row, backwards, and in pairs.
#[track_caller]
fn reads_as(arrays: &[&str], rows: &str, dtype: DType, shape: &[u64]) {
    let refs: Vec<ArrayRef> = arrays.iter().map(|name| array(name)).collect();
    let (column, _spool, _dir) = open(&refs).unwrap_or_else(|error| panic!("{error:?}"));
    let expected = bytes(rows);
    assert_eq!((column.dtype(), column.rows(), column.row_shape()), (dtype, shape[0], &shape[1..]), "{arrays:?}");
    let row_bytes = usize::try_from(column.row_bytes()).unwrap();
    assert_eq!(expected.len(), row_bytes * usize::try_from(shape[0]).unwrap());
    let mut all = b"before".to_vec();
    column.read_rows(0, column.rows(), &mut all).unwrap();
    assert_eq!(all.split_off(6), expected, "{arrays:?}");
    assert_eq!(all, b"before");
    for (row, bytes) in expected.chunks(row_bytes).enumerate().rev() {
        let mut one = vec![0xaa; row_bytes];
        column.read_rows_into(row as u64, &mut one).unwrap();
        assert_eq!(one, bytes, "{arrays:?} row {row}");
    }
    for start in 0..column.rows() - 1 {
        let mut two = Vec::new();
        column.read_rows(start, 2, &mut two).unwrap();
        let at = usize::try_from(start).unwrap() * row_bytes;
        assert_eq!(two, expected[at..at + 2 * row_bytes], "{arrays:?} rows {start} and next");
    }
}

const DTYPES: [DType; 12] = [
    DType::Bool,
    DType::Int8,
    DType::Int16,
    DType::Int32,
    DType::Int64,
    DType::Uint8,
    DType::Uint16,
    DType::Uint32,
    DType::Uint64,
    DType::Float16,
    DType::Float32,
    DType::Float64,
];

#[test]
fn every_dtype_in_both_byte_orders_and_both_orders_of_axes() {
    for dtype in DTYPES {
        let orders: &[&str] = if dtype.size() > 1 { &["le", "be"] } else { &["na"] };
        for order in orders {
            for axes in ["c", "f"] {
                reads_as(&[&format!("{dtype}-{order}-{axes}.npy")], &format!("{dtype}.rows"), dtype, &[7, 2, 3]);
            }
        }
    }
}

#[test]
fn every_version_and_writer() {
    for name in ["version-1.npy", "version-2.npy", "version-3.npy", "int32.python2.npy", "int32.other-writer.npy"] {
        reads_as(&[name], "int32.rows", DType::Int32, &[7, 2, 3]);
    }
    reads_as(&["fortran-flag-only.npy"], "int32.rows", DType::Int32, &[42, 1]);
    reads_as(&["one-axis.npy"], "one-axis.rows", DType::Int32, &[42]);
}

#[test]
fn fortran_order_of_any_shape() {
    reads_as(&["fortran-2d.npy"], "fortran-2d.rows", DType::Uint16, &[6, 4]);
    reads_as(&["fortran-4d.npy"], "fortran-4d.rows", DType::Uint16, &[3, 4, 2, 5]);
    reads_as(&["fortran-ones.npy"], "fortran-ones.rows", DType::Uint16, &[1, 5, 1, 3]);
    reads_as(&["fortran-one-row.npy"], "fortran-one-row.rows", DType::Uint16, &[1, 6]);
}

#[test]
fn only_scattered_rows_need_scratch_space() {
    for (name, files) in [
        ("int32-le-c.npy", 0),
        ("int32-be-c.npy", 0),
        ("fortran-flag-only.npy", 0),
        ("stored.npz:x_train", 0),
        ("int32-le-f.npy", 1),
        ("keras.npz:x_train", 1),
        ("fortran-compressed.npz", 1),
    ] {
        let (_column, spool, dir) = open(&[array(name)]).unwrap();
        assert_eq!(spool.files().len(), files, "{name}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), files, "{name}");
    }
}

#[test]
fn several_files_follow_each_other() {
    reads_as(&["part-1.npy", "part-2.npy"], "parts.rows", DType::Int16, &[9, 2, 2]);
    let with_empty = ["part-0.npy", "part-1.npy", "part-0.npy", "part-0.npy", "part-2.npy", "part-0.npy"];
    reads_as(&with_empty, "parts.rows", DType::Int16, &[9, 2, 2]);
    let (column, _spool, _dir) = open(&[array("part-1.npy"), array("part-2.npy")]).unwrap();
    for (row, expected) in [(0, Some((0, 0))), (3, Some((0, 3))), (4, Some((1, 0))), (8, Some((1, 4))), (9, None)] {
        let name = |(file, row): (usize, u64)| (["part-1.npy", "part-2.npy"][file], row);
        let got = column.locate(row).map(|(path, row)| (path.file_name().unwrap().to_str().unwrap(), row));
        assert_eq!(got, expected.map(name), "row {row}");
    }
    let error = open(&[array("part-1.npy"), array("int32-le-c.npy")]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("int32-le-c.npy: it has [2, 3] rows of int32, but "), "{text}");
    assert!(text.contains("part-1.npy has [2, 2] rows of int16"), "{text}");
    assert!(open(&[]).is_err());
}

#[test]
fn members_of_archives() {
    for file in ["keras.npz", "stored.npz"] {
        reads_as(&[&format!("{file}:x_train")], "npz-x_train.rows", DType::Uint8, &[5, 4, 3]);
        reads_as(&[&format!("{file}:y_train")], "npz-y_train.rows", DType::Int64, &[5]);
    }
    reads_as(&["single.npz"], "npz-x_train.rows", DType::Uint8, &[5, 4, 3]);
    reads_as(&["positional.npz:arr_0.npy"], "npz-x_train.rows", DType::Uint8, &[5, 4, 3]);
    reads_as(&["nested.npz:set/x"], "npz-x_train.rows", DType::Uint8, &[5, 4, 3]);
    reads_as(&["no-suffix.npz"], "npz-x_train.rows", DType::Uint8, &[5, 4, 3]);
    reads_as(&["zip64.npz:x"], "npz-x_train.rows", DType::Uint8, &[5, 4, 3]);
    reads_as(&["fortran.npz"], "npz-fortran.rows", DType::Float32, &[5, 4, 3]);
    reads_as(&["fortran-compressed.npz"], "npz-fortran.rows", DType::Float32, &[5, 4, 3]);
}

#[test]
fn members_larger_than_a_chunk() {
    let (column, _spool, _dir) = open(&[array("large-compressed.npz")]).unwrap();
    let mut row = vec![1; 1 << 20];
    column.read_rows_into(2, &mut row).unwrap();
    assert!(row.iter().all(|byte| *byte == 0));
}

#[test]
fn arrays_without_rows_open() {
    for name in ["no-rows.npy", "no-rows-compressed.npz"] {
        let (column, _spool, _dir) = open(&[array(name)]).unwrap();
        assert_eq!((column.rows(), column.row_shape()), (0, &[3][..]), "{name}");
        column.read_rows(0, 0, &mut Vec::new()).unwrap();
        assert!(column.read_rows(0, 1, &mut Vec::new()).is_err());
    }
}

#[test]
fn a_bool_is_true_for_every_byte_that_is_not_zero() {
    let (column, _spool, _dir) = open(&[array("odd-bool.npy")]).unwrap();
    let mut rows = Vec::new();
    column.read_rows(0, 4, &mut rows).unwrap();
    assert_eq!(rows, [0, 1, 1, 1]);
}

#[test]
fn threads_share_a_column() {
    let (column, _spool, _dir) = open(&[array("fortran-4d.npy")]).unwrap();
    let expected = bytes("fortran-4d.rows");
    std::thread::scope(|scope| {
        for first in 0..4_u64 {
            let (column, expected) = (&column, &expected);
            scope.spawn(move || {
                for step in 0..300 {
                    let row = (first + step) % 3;
                    let mut bytes = Vec::new();
                    column.read_rows(row, 1, &mut bytes).unwrap();
                    let at = usize::try_from(row).unwrap() * 80;
                    assert_eq!(bytes, expected[at..at + 80]);
                }
            });
        }
    });
}
