use std::{fs, path::PathBuf};

use proptest::prelude::*;

use super::*;
use crate::{ErrorKind, storage::LocalStorage};

/// A temporary folder with empty files; a name that ends with `/` is a folder.
fn tree(names: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in names {
        let path = dir.path().join(name);
        fs::create_dir_all(if name.ends_with('/') { &path } else { path.parent().unwrap() }).unwrap();
        if !name.ends_with('/') {
            fs::write(path, name).unwrap();
        }
    }
    dir
}

fn options(layout: Layout, classes: &[&str]) -> ListOptions {
    let names = classes.iter().map(|name| (*name).to_owned()).collect();
    let class_names = (!classes.is_empty()).then(|| ClassNames::new(names).unwrap());
    ListOptions { layout, class_names, labels: None }
}

fn run(dir: &tempfile::TempDir, inputs: &[&str], options: &ListOptions) -> Result<Listing> {
    let inputs: Vec<PathBuf> = inputs.iter().map(|input| dir.path().join(input)).collect();
    list_images(&LocalStorage, &inputs, options, &|_| true)
}

/// A listing on one line: `split:name=class` of each input.
fn text(listing: &Listing) -> String {
    let one = |index: usize| {
        let split = listing.list.split(index).map(|split| format!("{}:", listing.splits[usize::from(split)]));
        let label = listing.list.label(index).map(|label| format!("={}", listing.class_names[label as usize]));
        let name = String::from_utf8_lossy(listing.list.name(index)).into_owned();
        split.unwrap_or_default() + &name + &label.unwrap_or_default()
    };
    (0..listing.list.len()).map(one).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(names: &[&str], layout: Layout, expected: Result<(LayoutKind, &str, &[&str]), &[&str]>) {
    check_inputs(names, &[""], &options(layout, &[]), expected);
}

#[track_caller]
fn check_inputs(
    names: &[&str],
    inputs: &[&str],
    options: &ListOptions,
    expected: Result<(LayoutKind, &str, &[&str]), &[&str]>,
) {
    let dir = tree(names);
    match (run(&dir, inputs, options), expected) {
        (Ok(got), Ok((kind, list, warnings))) => {
            assert_eq!((text(&got).as_str(), got.layout), (list, kind));
            let joined = got.warnings.join("\n");
            assert_eq!(got.warnings.len(), warnings.len(), "{joined}");
            assert!(warnings.iter().all(|part| joined.contains(part)), "{joined}");
            for index in 0..got.list.len() {
                assert!(got.list.path(index).exists());
            }
        }
        (Err(got), Err(parts)) => {
            let whole = format!("{got:?}");
            assert!(parts.iter().all(|part| whole.contains(part)), "{whole}");
            assert!(got.hint().is_some(), "no next step: {whole}");
        }
        (got, expected) => panic!("{got:?}, expected {expected:?}"),
    }
}

#[test]
fn class_folders() {
    use LayoutKind::Class;
    check(
        &["dog/x.jpg", "cat/deep/er/y", "dog-b/z.jpg", "Emu/q"],
        Layout::Auto,
        Ok((Class, "Emu/q=Emu cat/deep/er/y=cat dog-b/z.jpg=dog-b dog/x.jpg=dog", &[])),
    );
    check(&["a/x", "b/"], Layout::Auto, Ok((Class, "a/x=a", &["1 class without images, kept as labels: `b`"])));
    check(&["imgs/x", "imgs/y"], Layout::Auto, Ok((Class, "imgs/x=imgs imgs/y=imgs", &["only one class, `imgs`"])));
    check(&["Cat/x", "cat/y"], Layout::Auto, Ok((Class, "Cat/x=Cat cat/y=cat", &["differ only in case"])));
    check(&["train/x", "val/y"], Layout::Class, Ok((Class, "train/x=train val/y=val", &[])));
    check(&["test/x", "pass/y"], Layout::Auto, Ok((Class, "pass/y=pass test/x=test", &[])));
    check(&["a /x", "b/y"], Layout::Auto, Err(&["the class name `a ` has spaces around it", "remove them"]));
    check(&[" /x", "b/y"], Layout::Auto, Err(&["the class name ` ` is blank"]));
    check(&["a\nb/x", "b/y"], Layout::Auto, Err(&["the class name `a\\nb` has a line break"]));
    check(&["x"], Layout::Class, Err(&["no class folders in it, only 1 image", "--layout flat"]));
}

#[test]
fn split_folders() {
    use LayoutKind::Split;
    check(
        &["Train/a/x", "Train/b/y", "val/a/z", "test/q"],
        Layout::Auto,
        Ok((Split, "Train:Train/a/x=a Train:Train/b/y=b test:test/q val:val/a/z=a", &["`test` has no labels"])),
    );
    check(&["train/x", "test/y"], Layout::Auto, Ok((Split, "test:test/y train:train/x", &[])));
    check(
        &["train/a/x", "train/b/x", "test/test/y"],
        Layout::Auto,
        Ok((
            Split,
            "test:test/test/y=test train:train/a/x=a train:train/b/x=b",
            &["1 class that training lacks: `test`"],
        )),
    );
    check(
        &["train/a/x", "train/b/x", "val/"],
        Layout::Auto,
        Ok((Split, "train:train/a/x=a train:train/b/x=b", &["splits without images are left out: `val`"])),
    );
    check(&["a/x/1", "b-2/y/1"], Layout::Split, Ok((Split, "a:a/x/1=x b-2:b-2/y/1=y", &[])));
    check(&["val/a/x", "validation/a/y"], Layout::Auto, Err(&["`val` and `validation` mean the same", "rename"]));
    check(
        &["train/a/x", "extra/a/y"],
        Layout::Auto,
        Err(&["like splits (`train`), others are not (`extra`)", "--layout split"]),
    );
    check(&["train/a/x", "train/y"], Layout::Auto, Err(&["1 image directly in it (`train/y`)", "`train/a/x` in `a`"]));
    check(&["a b/x/1"], Layout::Split, Err(&["`a b` cannot be the name of a split"]));
    check(&["x"], Layout::Split, Err(&["no folders in it"]));
    let listing = run(&tree(&["test/x", "zoo/x", "train/x", "val/x"]), &[""], &options(Layout::Split, &[])).unwrap();
    assert_eq!(listing.splits, ["train", "val", "test", "zoo"]);
}

#[test]
fn flat_folders() {
    use LayoutKind::Flat;
    check(&["b", "a.jpg"], Layout::Auto, Ok((Flat, "a.jpg b", &[])));
    check(&["b", "meta/", "docs/a.txt"], Layout::Auto, Ok((Flat, "b", &["ignored 1 file beside the images: 1 .txt"])));
    check(&["a", "cat/b", "cat/deep/c"], Layout::Flat, Ok((Flat, "a cat/b cat/deep/c", &[])));
    check(
        &["a.jpg", "b.jpg", "cat/c.jpg"],
        Layout::Auto,
        Err(&["2 images directly in it (`a.jpg`)", "`cat/c.jpg` in `cat`", "--layout class"]),
    );
    check(
        &["a.jpg", "cat/c.jpg", "dog/d.jpg"],
        Layout::Class,
        Ok((LayoutKind::Class, "cat/c.jpg=cat dog/d.jpg=dog", &["left out 1 image directly in"])),
    );
}

#[test]
fn nothing_to_do_is_an_error_that_says_what_was_there() {
    check(
        &["a/x.txt", "y.txt", "z.json", ".hidden", "Thumbs.db"],
        Layout::Auto,
        Err(&["no images in", "3 files that are not images: 2 .txt (first: `y.txt`), 1 .json", "hidden", "system: 1"]),
    );
    check(&["a/"], Layout::Auto, Err(&["no files at all"]));
    check_inputs(&["x.txt"], &["x.txt"], &options(Layout::Auto, &[]), Err(&["neither a folder nor a list"]));
    check_inputs(&[], &["gone"], &options(Layout::Auto, &[]), Err(&["gone: there is no such file or folder"]));
    check_inputs(&[], &[], &options(Layout::Auto, &[]), Err(&["no inputs"]));
}

#[test]
fn given_class_names_fix_the_labels() {
    let given = |names: &[&str]| options(Layout::Auto, names);
    let listing = run(&tree(&["a/x", "b/y"]), &[""], &given(&["b", "c", "a"])).unwrap();
    assert_eq!((listing.list.label(0), listing.list.label(1)), (Some(2), Some(0)));
    assert_eq!(listing.class_names, ["b", "c", "a"]);
    assert_eq!(listing.warnings, ["1 class without images, kept as labels: `c`"]);
    check_inputs(&["a/x", "Bird/y"], &[""], &given(&["a", "bird"]), Err(&["`Bird` (nearest: `bird`)"]));
    check_inputs(&["a/x", "b/"], &[""], &given(&["c", "a"]), Ok((LayoutKind::Class, "a/x=a", &["`c`"])));
}

#[test]
fn several_folders_are_merged() {
    let auto = options(Layout::Auto, &[]);
    let names = &["p/cat/1", "p/dog/2", "q/cat/1", "r/flat.jpg", "train/cat/3", "test/cat/4", "p/q/5"];
    check_inputs(
        names,
        &["q", "p/"],
        &auto,
        Ok((LayoutKind::Class, "p/cat/1=cat p/dog/2=dog p/q/5=q q/cat/1=cat", &[])),
    );
    check_inputs(
        names,
        &["train", "test/"],
        &auto,
        Ok((LayoutKind::Split, "test:test/cat/4=cat train:train/cat/3=cat", &["only one class"])),
    );
    check_inputs(names, &["p", "./p"], &auto, Err(&["are the same folder"]));
    check_inputs(names, &["p/q", "p"], &auto, Err(&["p/q` is inside the input", "drop an input"]));
    check_inputs(names, &["q", "p/q"], &auto, Err(&["are both called `q`"]));
    check_inputs(names, &["q", "r"], &auto, Err(&["the inputs differ", "has class folders", "without class folders"]));
}

#[test]
fn the_watch_stops_a_listing() {
    let names: Vec<String> = (0..1200).map(|i| format!("a/{i}")).collect();
    let dir = tree(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let result = list_images(&LocalStorage, &[dir.path().to_path_buf()], &ListOptions::default(), &|_| false);
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::Interrupted));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the tree, the flat layout yields every file once, in byte order, with a path that opens it.
    #[test]
    fn every_file_is_listed_once_and_in_order(paths in proptest::collection::btree_set("[a-c]([-./]?[a-cA-C]){0,6}", 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let mut made = std::collections::BTreeSet::new();
        for path in &paths {
            let full = dir.path().join(path);
            // A name may be taken by a folder, or a folder by a name: the first comer has it.
            let fits = full.parent().is_some_and(|parent| fs::create_dir_all(parent).is_ok()) && !full.is_dir();
            let hidden = path.split('/').any(|part| part.starts_with('.'));
            if fits && fs::write(&full, path).is_ok() && !hidden {
                made.insert(path.clone());
            }
        }
        prop_assume!(!made.is_empty());
        let listing = run(&dir, &[""], &options(Layout::Flat, &[])).unwrap();
        let listed: Vec<_> = (0..listing.list.len()).map(|i| String::from_utf8_lossy(listing.list.name(i)).into_owned()).collect();
        prop_assert_eq!(&listed, &made.into_iter().collect::<Vec<_>>());
        for (index, name) in listed.iter().enumerate() {
            prop_assert_eq!(&fs::read_to_string(listing.list.path(index)).unwrap(), name);
        }
    }
}
