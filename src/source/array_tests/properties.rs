//! Any shape turns as NumPy says, and no bytes lead to a panic.

use std::fs;

use proptest::prelude::*;

use super::bytes;
use crate::{
    source::{ArrayRef, Column, Npz, Spool, npz_layout, parse_npy_header},
    storage::LocalStorage,
    units::ByteSize,
};

/// NumPy's semantics, spelled out: element (i0, .., ik) is at `sum(i_j * product of the axes before j)` in Fortran order
/// and at `sum(i_j * product of the axes behind j)` in C order.
fn in_c_order(fortran: &[u8], shape: &[usize], item: usize) -> Vec<u8> {
    let mut ordered = vec![0; fortran.len()];
    for element in 0..shape.iter().product() {
        let mut index = vec![0; shape.len()];
        let mut rest = element;
        for (axis, dim) in shape.iter().enumerate() {
            index[axis] = rest % dim;
            rest /= dim;
        }
        let to: usize = index.iter().enumerate().map(|(j, i)| i * shape[j + 1..].iter().product::<usize>()).sum();
        ordered[to * item..][..item].copy_from_slice(&fortran[element * item..][..item]);
    }
    ordered
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn fortran_order_turns_in_any_memory(
        shape in proptest::collection::vec(1_usize..7, 1..6),
        long in 0_usize..150,
        descr in prop::sample::select(vec![("|u1", 1), ("<u2", 2), ("<f4", 4), ("<i8", 8)]),
        memory in prop::sample::select(vec![0, 1, 16, 50, 200, 1000, 4000, 1 << 20]),
    ) {
        let (descr, item) = descr;
        let mut shape = shape;
        shape[0] += long;
        let count: usize = shape.iter().product();
        let data: Vec<u8> = (0..count * item).map(|at| (at * 151 + at / 256).to_le_bytes()[0]).collect();
        let dims: Vec<String> = shape.iter().map(usize::to_string).collect();
        let text = format!("{{'descr': '{descr}', 'fortran_order': True, 'shape': ({},), }}\n", dims.join(", "));
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(&data);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.npy");
        fs::write(&path, bytes).unwrap();
        let spool = Spool::new(dir.path().join("work")).memory(ByteSize(memory));
        let column = Column::open(&LocalStorage, "x", &[ArrayRef::from(&path)], &spool).unwrap();
        let mut rows = Vec::new();
        column.read_rows(0, column.rows(), &mut rows).unwrap();
        prop_assert_eq!(rows, in_c_order(&data, &shape, item));
    }

    #[test]
    fn any_bytes_are_a_header_or_an_error(
        version in 0_u8..5,
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = parse_npy_header(&bytes);
        let _ = parse_npy_header(&[b"\x93NUMPY", &[version, 0][..], &bytes].concat());
    }

    #[test]
    fn mutated_files_never_panic(
        name in prop::sample::select(vec![
            "int32-le-f.npy", "records.npy", "version-2.npy", "stored.npz", "keras.npz", "zip64.npz", "bad-ratio.npz",
        ]),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let mut bytes = bytes(name);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if !whole {
            bytes.truncate(cut.index(bytes.len()));
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, bytes).unwrap();
        let spool = Spool::new(dir.path().join("work"));
        let mut arrays = vec![ArrayRef::from(&path)];
        if let Ok(npz) = Npz::open(&LocalStorage, &path) {
            let _ = npz_layout(&npz);
            arrays.extend(npz.members.iter().map(|member| ArrayRef::member(&path, &member.name)));
        }
        for array in arrays {
            if let Ok(column) = Column::open(&LocalStorage, "x", &[array], &spool) {
                prop_assert!(column.rows() * column.row_bytes() <= 1 << 20);
                column.read_rows(0, column.rows(), &mut Vec::new()).unwrap();
            }
        }
    }
}
