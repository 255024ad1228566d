//! Lists of images: every listed row has a label and a split that exist, whatever the text is.

use std::collections::BTreeSet;

use shardify::source::{ClassNames, Layout, ListOptions, Listing, list_images};
use shardify::storage::LocalStorage;

use super::{folder::Folder, input::Input};

thread_local! {
    static FOLDER: Folder = {
        let folder = Folder::default();
        for name in ["imgs/a/1.png", "imgs/a/2.png", "imgs/b/3.png", "imgs/train/a/4.png", "1.png", "2.png", "a b.png"] {
            folder.write(name, b"\x89PNG\r\n\x1a\n");
        }
        folder
    };
}

/// A list by itself, or labels for a folder, with class names or without.
pub(super) fn run(data: &[u8]) {
    let mut input = Input(data);
    let choice = input.byte();
    FOLDER.with(|folder| {
        let mut options = ListOptions::default();
        if choice & 2 != 0 {
            let names = folder.write("names.txt", input.text());
            options.class_names = ClassNames::read(&LocalStorage, &names).ok();
        }
        let list = folder.write(if choice & 4 == 0 { "list.csv" } else { "list.tsv" }, input.0);
        let inputs = if choice & 1 == 0 {
            vec![list]
        } else {
            options.labels = Some(list);
            options.layout = if choice & 8 == 0 { Layout::Flat } else { Layout::Auto };
            vec![folder.path("imgs")]
        };
        if let Ok(listing) = list_images(&LocalStorage, &inputs, &options, &|_| true) {
            check(&listing, options.class_names.as_ref());
        }
    });
}

fn check(listing: &Listing, given: Option<&ClassNames>) {
    let list = &listing.list;
    assert!(!list.is_empty(), "a run without an input");
    for index in 0..list.len() {
        let label = list.label(index).map(|label| label as usize);
        assert!(label.is_none_or(|label| label < listing.class_names.len()), "label {label:?}");
        let split = list.split(index).map(usize::from);
        assert!(split.is_none_or(|split| split < listing.splits.len()), "split {split:?}");
        assert!(!list.path(index).as_os_str().is_empty() && !list.name(index).is_empty());
    }
    let names: Vec<_> = (0..list.len()).map(|index| list.name(index)).collect();
    assert!(names.is_sorted(), "out of order");
    let distinct: BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "one image twice");
    if let Some(given) = given.filter(|_| !listing.class_names.is_empty()) {
        assert_eq!(listing.class_names, given.names(), "classes in another order than was asked for");
    }
}
