use super::*;
use crate::storage::LocalStorage;

fn read(name: &str, text: &[u8]) -> Result<Vec<(u64, String)>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    let mut rows = Rows::open(&LocalStorage, &path)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = [Some(&*row.file), row.label, row.split];
        let text = cells.into_iter().flatten().map(String::from_utf8_lossy).collect::<Vec<_>>().join("|");
        found.push((row.at, text));
    }
    found.into_iter().map(|(at, text)| Ok((rows.line_of(at)?, text))).collect()
}

#[track_caller]
fn check(name: &str, text: &[u8], expected: Result<&[(u64, &str)], &str>) {
    match (read(name, text), expected) {
        (Ok(got), Ok(expected)) => {
            let got: Vec<(u64, &str)> = got.iter().map(|(line, text)| (*line, &**text)).collect();
            assert_eq!(got, expected);
        }
        (Err(got), Err(part)) => {
            let got = got.to_string();
            assert!(got.contains(&format!("{name}: ")) && got.contains(part), "{got}");
        }
        (got, expected) => panic!("{got:?}, expected {expected:?}"),
    }
}

#[test]
fn rows_and_their_lines() {
    check("a.csv", b"a.jpg,cat\nb.jpg,dog", Ok(&[(1, "a.jpg|cat"), (2, "b.jpg|dog")]));
    check(
        "a.csv",
        b"\xef\xbb\xbffile,label\r\na.jpg, cat \r\n\r\nb.jpg,dog\r\n",
        Ok(&[(2, "a.jpg|cat"), (4, "b.jpg|dog")]),
    );
    check("a.csv", b"\n\nlabel,file\ncat,a.jpg\n\n\ndog,b.jpg\n", Ok(&[(4, "a.jpg|cat"), (7, "b.jpg|dog")]));
    check("a.csv", b"\"a\nb.jpg\",cat\n\"c,\"\"d.jpg\",dog\n", Ok(&[(1, "a\nb.jpg|cat"), (3, "c,\"d.jpg|dog")]));
    check("A.TSV", b"file\tlabel\tsplit\na, b.jpg\tcat\ttrain\n", Ok(&[(2, "a, b.jpg|cat|train")]));
    check("a.csv", b"./a//b/./c.jpg\n/x//y.jpg\n../z.jpg\n", Ok(&[(1, "a/b/c.jpg"), (2, "/x/y.jpg"), (3, "../z.jpg")]));
}

#[test]
fn broken_rows_are_named_by_line() {
    check(
        "a.csv",
        b"file,label\r\na.jpg,cat\r\n\r\nb.jpg\r\n",
        Err("line 4: the row has 1 field, the first row has 2"),
    );
    check("a.csv", b"a.jpg,cat\nb.jpg,a,b,c\n", Err("line 2: the row has 4 fields, the first row has 2"));
    check("a.csv", b"a.jpg,cat\n,dog\n", Err("line 2: the cell of the file is empty"));
    check("a.csv", b"a.jpg,cat\n./,dog\n", Err("line 2: the cell of the file is empty"));
    check("a.csv", b"", Err("the list is empty"));
    check("a.csv", b"\xff\xfef\0", Err("UTF-16"));
    check("a.csv", b"id,label\n", Err("line 1: the first row names a column `label`"));
}

#[test]
fn a_quote_that_is_never_closed_does_not_swallow_the_file() {
    let mut text = b"file,label\na.jpg,cat\n\"b.jpg,dog\n".to_vec();
    text.extend(b"c.jpg,cat\n".repeat(300_000));
    check("a.csv", &text, Err("line 3: the row does not end within 1,048,576 bytes"));
}

#[test]
fn file_names_need_not_be_utf8() {
    let rows = read("a.csv", b"caf\xe9.jpg,cat\n").unwrap();
    assert_eq!(rows, [(1, "caf\u{fffd}.jpg|cat".to_owned())]);
}
