use std::{
    cell::Cell,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use super::*;
use crate::storage::LocalStorage;

/// A temporary folder with files of some bytes; a name that ends with `/` is a folder.
fn tree(names: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in names {
        let path = dir.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    dir
}

fn walk(dir: &Path) -> Result<(Vec<String>, Ignored, Vec<String>)> {
    let mut walker = Walker::new(&LocalStorage, vec![dir.join("known.csv")], &|_| true);
    let mut found = Vec::new();
    walker.walk(Folder::root(dir, &dir.canonicalize().unwrap(), b""), &mut |folder, name| {
        found.push(String::from_utf8_lossy(&[&folder.prefix, name].concat()).into_owned());
        Ok(())
    })?;
    Ok((found, walker.ignored, walker.warnings))
}

#[test]
fn everything_that_may_be_an_image_is_an_input() {
    let dir = tree(&[
        ("b.jpg", b""),
        ("a/x", b"text"),
        ("a/deep/er/y.TIFF", b""),
        ("a/jpeg.txt", b"\xff\xd8\xff\xe0"),
        ("a/notes.txt", b"text"),
        ("a/more.TXT", b"text"),
        ("a/empty.json", b""),
        ("known.csv", b"file,label\n"),
        ("LICENSE", b"text"),
        (".DS_Store", b""),
        (".git/config.jpg", b""),
        ("a/Thumbs.db", b""),
        ("__MACOSX/a/x.jpg", b""),
    ]);
    let (found, ignored, warnings) = walk(dir.path()).unwrap();
    assert_eq!(found, ["b.jpg", "a/jpeg.txt", "a/x", "a/deep/er/y.TIFF"]);
    assert_eq!((ignored.hidden, ignored.system, ignored.others(), ignored.total()), (2, 2, 4, 8));
    assert_eq!(
        ignored.describe_kinds(),
        "2 .txt (first: `a/more.TXT`), 1 .json (first: `a/empty.json`), 1 LICENSE (first: `LICENSE`)"
    );
    assert!(warnings.is_empty());
}

#[test]
fn links_are_followed_and_odd_files_are_left_to_the_reader() {
    let dir = tree(&[("a/x.jpg", b"")]);
    let outside = tree(&[("z.jpg", b"")]);
    symlink(outside.path(), dir.path().join("linked")).unwrap();
    symlink("a/x.jpg", dir.path().join("file.jpg")).unwrap();
    symlink("nowhere", dir.path().join("dangling.jpg")).unwrap();
    symlink("self.jpg", dir.path().join("self.jpg")).unwrap();
    std::os::unix::net::UnixListener::bind(dir.path().join("socket.jpg")).unwrap();
    let (found, ignored, _) = walk(dir.path()).unwrap();
    assert_eq!(found, ["dangling.jpg", "file.jpg", "self.jpg", "socket.jpg", "a/x.jpg", "linked/z.jpg"]);
    assert_eq!(ignored.total(), 0);
}

#[test]
fn loops_of_links_end_with_a_warning() {
    let dir = tree(&[("a/x.jpg", b""), ("b/y.jpg", b"")]);
    symlink("..", dir.path().join("a/up")).unwrap();
    symlink("../../..", dir.path().join("a/far")).unwrap();
    symlink(".", dir.path().join("a/here")).unwrap();
    symlink("../b", dir.path().join("a/b")).unwrap();
    symlink("../a", dir.path().join("b/a")).unwrap();
    let (found, ignored, warnings) = walk(dir.path()).unwrap();
    // a and b refer to each other: each is seen once below the other, and no further.
    assert_eq!(found, ["a/x.jpg", "a/b/y.jpg", "b/y.jpg", "b/a/x.jpg"]);
    assert_eq!((ignored.looping_links, warnings.len()), (8, 8), "{warnings:#?}");
    assert!(warnings.iter().any(|warning| warning.contains("a/up` was not followed")), "{warnings:#?}");
}

#[test]
fn a_folder_that_cannot_be_read_is_an_error() {
    let dir = tree(&[("a/x.jpg", b"")]);
    let closed = dir.path().join("a");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let result = walk(dir.path());
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    // The superuser may read everything, and then there is nothing to see here.
    if let Err(error) = result {
        assert_eq!(error.to_string(), format!("{}: cannot list: permission denied", closed.display()));
    }
}

#[test]
fn the_watch_is_called_and_can_stop() {
    let names: Vec<String> = (0..2500).map(|i| format!("{i}.jpg")).collect();
    let dir = tree(&names.iter().map(|name| (name.as_str(), &b""[..])).collect::<Vec<_>>());
    let calls = Cell::new(0);
    let watch = |seen| {
        calls.set(calls.get() + 1);
        seen < 2000
    };
    let mut walker = Walker::new(&LocalStorage, Vec::new(), &watch);
    let error = walker.walk(Folder::root(dir.path(), dir.path(), b""), &mut |_, _| Ok(())).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Interrupted));
    assert_eq!(calls.get(), 2);
}

#[test]
fn a_very_deep_tree_is_walked() {
    let dir = tree(&[(&format!("{}x.jpg", "d/".repeat(1000)), b"")]);
    assert_eq!(walk(dir.path()).unwrap().0.len(), 1);
}
