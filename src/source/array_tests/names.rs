//! What files, members, splits and labels are taken for.

use std::fs;

use super::{array, bytes, fixture, open};
use crate::{
    error::{Fault, Result},
    item::DType,
    source::{ArrayKind, ArrayRef, LabelColumn, Npz, NpzSplit, class_ids, npz_layout, parse_npy_header},
    storage::LocalStorage,
};

#[test]
fn a_header_is_parsed_from_bytes_alone() {
    let header = parse_npy_header(&bytes("int32-be-f.npy")).unwrap();
    assert_eq!((header.dtype, header.big_endian, header.fortran), (DType::Int32, true, true));
    assert_eq!((header.shape.as_slice(), header.data_offset), (&[7, 2, 3][..], 128));
    assert_eq!((header.rows(), header.row_bytes(), header.data_bytes()), (7, 24, 168));
    let whole = bytes("int32-le-c.npy");
    for end in 0..128 {
        let fault = parse_npy_header(&whole[..end]).unwrap_err().fault();
        let expected = match end {
            0 => Fault::Empty,
            1..6 => Fault::WrongType,
            _ => Fault::Truncated,
        };
        assert_eq!(fault, Some(expected), "first {end} bytes");
    }
}

#[test]
fn kinds_are_told_by_content() {
    for (name, kind) in [
        ("int32-le-c.npy", Some(ArrayKind::Npy)),
        ("bad-magic-only.npy", Some(ArrayKind::Npy)),
        ("keras.npz", Some(ArrayKind::Npz)),
        ("no-members.npz", Some(ArrayKind::Npz)),
        ("bad-empty.npy", None),
        ("bad-text.npy", None),
    ] {
        assert_eq!(ArrayKind::sniff(&LocalStorage, &fixture(name)).unwrap(), kind, "{name}");
    }
}

#[test]
fn what_users_type_names_a_file_or_a_member() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    for name in ["a.npz", "b:c.npz", "d", "d:x"] {
        fs::write(path(name), b"").unwrap();
    }
    for (typed, expected) in [
        ("a.npz", ArrayRef::from(&path("a.npz"))),
        ("a.npz:x", ArrayRef::member(path("a.npz"), "x")),
        ("a.npz:x.npy", ArrayRef::member(path("a.npz"), "x")),
        ("a.npz:s/x:y", ArrayRef::member(path("a.npz"), "s/x:y")),
        ("b:c.npz", ArrayRef::from(&path("b:c.npz"))),
        ("b:c.npz:x", ArrayRef::member(path("b:c.npz"), "x")),
        ("d:x", ArrayRef::from(&path("d:x"))),
        ("d:y", ArrayRef::member(path("d"), "y")),
        ("a.npz:", ArrayRef::from(&path("a.npz:"))),
        ("gone.npz:x", ArrayRef::from(&path("gone.npz:x"))),
    ] {
        assert_eq!(ArrayRef::parse(&LocalStorage, &path(typed)).unwrap(), expected, "{typed}");
    }
}

#[track_caller]
fn labels(name: &str, expected: Result<(&[i32], u32, u64), &str>) {
    let (column, _spool, _dir) = open(&[array(name)]).unwrap();
    match (class_ids(&column, true).unwrap(), expected) {
        (LabelColumn::Classes { ids, classes, smallest, unlabelled }, Ok(expected)) => {
            assert_eq!(smallest, ids.iter().filter_map(|id| u32::try_from(*id).ok()).min(), "{name}");
            assert_eq!((ids.as_slice(), classes, unlabelled), expected, "{name}");
        }
        (LabelColumn::Other { why }, Err(part)) => assert!(why.contains(part), "{name}: {why}"),
        (got, expected) => panic!("{name}: {got:?}, expected {expected:?}"),
    }
}

#[test]
fn labels_are_class_numbers_or_not() {
    labels("labels-int64.npy", Ok((&[3, 0, 9, 3, -1], 10, 1)));
    labels("labels-column.npy", Ok((&[3, 0, 9], 10, 0)));
    labels("labels-bool.npy", Ok((&[1, 0], 2, 0)));
    labels("labels-largest.npy", Ok((&[0, (1 << 20) - 1], 1 << 20, 0)));
    labels("labels-negative.npy", Err("row 1 is -2"));
    labels("labels-large.npy", Err("row 1 is 1048576"));
    labels("labels-huge.npy", Err("row 1 is 18446744073709551615"));
    labels("labels-float.npy", Err("float32 values"));
    labels("labels-one-hot.npy", Err("rows of shape [3]"));
}

#[test]
fn archives_list_what_they_hold() {
    let npz = Npz::open(&LocalStorage, &fixture("mixed.npz")).unwrap();
    assert_eq!(npz.summary(), "x: uint8 [5, 4, 3], y: int64 [5], names: <U3 [2], scale: float64 []");
    assert_eq!(npz.members.iter().map(|member| member.usable).collect::<Vec<_>>(), [true, true, false, false]);
    let npz = Npz::open(&LocalStorage, &fixture("encrypted.npz")).unwrap();
    assert_eq!(npz.summary(), "x: ? []");
    // The only array is taken whatever is wrong with it, so that opening it gives the advice.
    assert_eq!(npz_layout(&npz).unwrap()[0].x, "x");
    let error = open(&[array("encrypted.npz:x")]).unwrap_err();
    assert!(error.to_string().contains("it is encrypted"), "{error}");
}

#[test]
fn layouts_of_archives() {
    let layout = |name| npz_layout(&Npz::open(&LocalStorage, &fixture(name)).unwrap());
    let split = |name: Option<&str>, x: &str, labels: Option<&str>| NpzSplit {
        name: name.map(str::to_owned),
        x: x.to_owned(),
        labels: labels.map(str::to_owned),
        extra: vec![],
    };
    let keras = [split(Some("train"), "x_train", Some("y_train")), split(Some("test"), "x_test", Some("y_test"))];
    assert_eq!(layout("keras.npz").unwrap(), keras);
    assert_eq!(layout("positional.npz").unwrap(), [split(None, "arr_0", Some("arr_1"))]);
    assert_eq!(layout("single.npz").unwrap(), [split(None, "pixels", None)]);
    let error = layout("mixed.npz").unwrap_err().to_string();
    assert!(
        error.contains("`names` cannot become a column: its dtype is `<U3`: it holds text; it holds x: uint8"),
        "{error}"
    );
}
