use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    error::Result,
    source::{ClassNames, Layout, ListOptions, Listing, list_images},
    storage::LocalStorage,
};

/// A folder `d` of images `cat/1`, `cat/2`, `dog/3` and `4`, and files of the given text beside it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [("d/cat/1", ""), ("d/cat/2", ""), ("d/dog/3", ""), ("d/4", "")].iter().chain(files) {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace("$D", dir.path().to_str().unwrap())).unwrap();
    }
    dir
}

fn run(dir: &Path, inputs: &[&str], options: &ListOptions) -> Result<Listing> {
    let inputs: Vec<PathBuf> = inputs.iter().map(|input| dir.join(input)).collect();
    list_images(&LocalStorage, &inputs, options, &|_| true)
}

/// `split:name=label` of each input, then the class names.
fn text(listing: &Listing, dir: &Path) -> String {
    let one = |index: usize| {
        let split = listing.list.split(index).map(|split| format!("{}:", listing.splits[usize::from(split)]));
        let label = listing.list.label(index).map(|label| format!("={label}"));
        let name = String::from_utf8_lossy(listing.list.name(index)).into_owned();
        split.unwrap_or_default() + &name + &label.unwrap_or_default()
    };
    let list: Vec<String> = (0..listing.list.len()).map(one).collect();
    format!("{} ({})", list.join(" "), listing.class_names.join(" ")).replace(dir.to_str().unwrap(), "$D")
}

#[track_caller]
fn check(files: &[(&str, &str)], inputs: &[&str], options: &ListOptions, expected: Result<&str, &[&str]>) {
    let dir = folder(files);
    let mut options = options.clone();
    options.labels = options.labels.map(|labels| dir.path().join(labels));
    match (run(dir.path(), inputs, &options), expected) {
        (Ok(got), Ok(expected)) => {
            assert_eq!(text(&got, dir.path()), expected);
            for index in 0..got.list.len() {
                assert!(got.list.path(index).exists(), "{:?}", got.list.path(index));
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

#[track_caller]
fn check_list(rows: &str, expected: Result<&str, &[&str]>) {
    check(&[("d/l.csv", rows)], &["d/l.csv"], &ListOptions::default(), expected);
}

#[test]
fn a_list_is_an_input() {
    check_list("file,label\ndog/3,dog\ncat/1,cat\n", Ok("cat/1=0 dog/3=1 (cat dog)"));
    check_list("label,path,split\n1,cat/1,train\n0,4,test\n", Ok("test:4=0 train:cat/1=1 (0 1)"));
    check_list("./cat//1\n$D/d/4\n", Ok("4 cat/1 ()"));
    check_list("cat/1,cat\ndog/3,-1\n", Ok("cat/1=0 dog/3 (cat)"));
    check_list("file,label\ncat/1,\ndog/3,\n", Ok("cat/1 dog/3 ()"));
}

#[test]
fn broken_lists_are_refused_with_the_line() {
    check_list(
        "file,label\r\ncat/1,cat\r\n\r\ndog/3,\r\n",
        Err(&["l.csv: line 4: the cell of the label is empty", "-1"]),
    );
    check_list("file,label\ncat/1,a\n4,b\n./cat/1,a\n", Err(&["l.csv: `cat/1` is listed 2 times: lines 2, 4"]));
    check_list("cat/1,a\n$D/d/cat/1,b\n", Err(&["`cat/1` is listed 2 times: lines 1, 2"]));
    check_list("file,label,split\ncat/1,a,train\n4,b,\n", Err(&["line 3: the cell of the split is empty"]));
    check_list("file,label,split\ncat/1,a,train\n4,b,a b\n", Err(&["line 3: `a b` cannot be the name of a split"]));
    check_list("cat/1,a,val\n4,b,valid\n", Err(&["`val` and `valid` mean the same"]));
    check_list("cat/1,a\n4,99999999\n", Ok("4=0 cat/1=1 (99999999 a)"));
    check_list("cat/1,5\n4,99999999\n", Err(&["l.csv: line 2: class id 99999999", "at most 1048575"]));
    check_list("file,label\n", Err(&["a header and no rows"]));
    check_list("x/1,a\nx/2,b\n", Err(&["none of the first 2 files in the list exists", "d/x/1", "relative to"]));
    check_list("cat\\1,a\n", Err(&["the only file in the list does not exist", "Windows"]));
    check_list("cat/1;a\n", Err(&["commas"]));
}

#[test]
fn several_lists_are_joined() {
    let none = ListOptions::default();
    let lists = [("d/a.csv", "cat/1,x\n"), ("d/b.csv", "4,y\n"), ("e/c.csv", "$D/d/dog/3,x\n"), ("d/d.csv", "4,z\n")];
    check(&lists, &["d/b.csv", "d/a.csv"], &none, Ok("4=1 cat/1=0 (x y)"));
    check(&lists, &["d/a.csv", "e/c.csv"], &none, Ok("$D/d/dog/3=0 d/cat/1=0 (x)"));
    check(&lists, &["d/b.csv", "d/d.csv"], &none, Err(&["`4` is listed 2 times: ", "b.csv` line 1", "d.csv` line 1"]));
    check(&lists, &["d", "d/a.csv"], &none, Err(&["cannot be mixed", "--labels"]));
    check(&[("d/a.csv", "4,x\n"), ("d/b.csv", "cat/1\n")], &["d/a.csv", "d/b.csv"], &none, Err(&["same columns"]));
}

#[test]
fn class_names_meet_the_labels_of_a_list() {
    let names = ["dog", "cat"].map(String::from).to_vec();
    let given = ListOptions { class_names: Some(ClassNames::new(names).unwrap()), ..ListOptions::default() };
    let check = |rows: &str, expected| check(&[("d/l.csv", rows)], &["d/l.csv"], &given, expected);
    check("cat/1,cat\ndog/3,dog\n", Ok("cat/1=1 dog/3=0 (dog cat)"));
    check("cat/1,1\ndog/3,0\n", Ok("cat/1=1 dog/3=0 (dog cat)"));
    check(
        "cat/1,1\n\ndog/3,2\n",
        Err(&["l.csv: line 3: class id 2, but the list of class names has 2 names", "subtract 1"]),
    );
    check("cat/1,cat\ndog/3,dgo\n", Err(&["l.csv: line 2: ", "`dgo`"]));
}

#[test]
fn a_list_labels_the_images_of_a_folder() {
    let with = |layout| ListOptions { layout, labels: Some("labels.csv".into()), ..ListOptions::default() };
    let auto = with(Layout::Auto);
    let labels = |rows: &'static str| [("labels.csv", rows), ("d/labels.csv", ""), ("d/notes.txt", "")];
    let all = "file,label\ndog/3,y\n4,x\ncat/1,x\n$D/d/cat/2,-1\n";
    check(&labels(all), &["d"], &auto, Ok("4=0 cat/1=0 cat/2 dog/3=1 (x y)"));
    check(
        &labels("dog/3,y\n4,x\ncat/1,x\n\ncat/2,x\n4,y\n"),
        &["d"],
        &auto,
        Err(&["labels.csv: `4` is listed 2 times: lines 2, 6"]),
    );
    check(
        &labels("dog/3,y\ncat/1,x\n\n1,x\n"),
        &["d"],
        &auto,
        Err(&[
            "labels.csv: 2 images in the folder without an entry: `4`, `cat/2`; 1 entry without a file: `1` (line 4)",
        ]),
    );
    check(&labels("dog/3,y\ncat/1,x\n4,x\n"), &["d"], &auto, Err(&["1 image in the folder without", "label -1"]));
    check(&labels("file\n4\n"), &["d"], &auto, Err(&["no column of labels"]));
    check(&labels(all), &["d"], &with(Layout::Class), Err(&["--layout class"]));
    check(&labels(all), &["labels.csv"], &auto, Err(&["a list already"]));
    check(&labels("x"), &["labels.csv"], &ListOptions { labels: None, ..with(Layout::Flat) }, Err(&["drop --layout"]));
}

#[test]
fn splits_come_from_the_list_or_else_from_folders() {
    let auto = ListOptions { labels: Some("l.csv".into()), ..ListOptions::default() };
    let check = |rows: &'static str, expected| {
        check(&[("l.csv", rows), ("s/train/a/1", ""), ("s/test/2", "")], &["s"], &auto, expected);
    };
    check("train/a/1,x\ntest/2,y\n", Ok("test:test/2=1 train:train/a/1=0 (x y)"));
    check("train/a/1,x,new\ntest/2,y,test\n", Ok("test:test/2=1 new:train/a/1=0 (x y)"));
}

#[test]
fn a_list_among_the_images_is_no_surprise() {
    let dir = folder(&[("d/labels.csv", "file,label\ncat/1,a\ncat/2,a\ndog/3,b\n4,b\n")]);
    let options = ListOptions { labels: Some(dir.path().join("d/labels.csv")), ..ListOptions::default() };
    let listing = run(dir.path(), &["d"], &options).unwrap();
    assert_eq!((listing.ignored.total(), listing.warnings.len()), (0, 0), "{:?}", listing.warnings);

    let dir = folder(&[("d/cat/names.txt", "dog\ncat\n")]);
    fs::remove_file(dir.path().join("d/4")).unwrap();
    let class_names = Some(ClassNames::read(&LocalStorage, &dir.path().join("d/cat/names.txt")).unwrap());
    let listing = run(dir.path(), &["d"], &ListOptions { class_names, ..ListOptions::default() }).unwrap();
    assert_eq!((listing.ignored.total(), listing.warnings.len()), (0, 0), "{:?}", listing.warnings);
}
