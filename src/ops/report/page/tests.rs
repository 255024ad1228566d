use super::*;
use crate::ops::report::data::{
    ArrayFacts, Bins, Blank, Broken, ClassRow, Classes, Group, Health, HealthKind, Images, LabelProblem, Listed,
    Numbers, Origin, Place, ReaderCode, Repeats, ShardFill, SheetGroup, SplitFacts, Thumbnail,
};

const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{202e}";

fn listed<T>(item: T) -> Listed<T> {
    Listed { items: vec![item], total: 3 }
}

/// A report in which every text comes from somebody who means harm.
fn hostile() -> DataReport {
    let text = || HOSTILE.to_owned();
    let place = || Place { split: text(), shard: text(), record: 1, filename: text(), class: text() };
    let thumbnail = || Thumbnail {
        place: place(),
        height: 9,
        width: 9,
        shown_height: 9,
        shown_width: 9,
        mime: "image/png",
        data: vec![1, 2, 3],
    };
    let numbers = || Numbers {
        count: 3,
        min: Some(1.0),
        max: Some(2.0),
        mean: Some(1.5),
        deviation: Some(0.5),
        histogram: Bins { start: 1.0, width: 1.0, counts: vec![1, 2] },
    };
    let repeats = || Repeats {
        not_looked: None,
        groups: listed(Group {
            members: listed(place()),
            thumbnails: vec![thumbnail()],
            across_splits: true,
            differing_labels: true,
        }),
        surplus: 1,
        across_splits: 1,
        differing_labels: 1,
    };
    DataReport {
        name: text(),
        path: text(),
        tool: "shardify 0.0.0".to_owned(),
        records: 3,
        shards: 2,
        bytes: 99,
        splits: vec![
            SplitFacts {
                name: text(),
                records: 3,
                shards: 2,
                bytes: 99,
                fill: Listed {
                    items: vec![
                        ShardFill { name: text(), records: 1, bytes: 5 },
                        ShardFill { name: text(), records: 2, bytes: 9 },
                    ],
                    total: 2,
                },
            },
            SplitFacts::default(),
        ],
        cap: Some(10),
        compression: vec![(text(), 2)],
        origin: Some(Origin {
            tool: text(),
            command: Some(text()),
            options: vec![(text(), text())],
            seed: 1,
            inputs_sha256: text(),
            skipped: 1,
        }),
        schema_source: "manifest",
        features: vec![FeatureFacts { key: text(), kind: text(), meaning: text(), records: 3, range: text() }],
        classes: Some(Classes {
            key: text(),
            rows: listed(ClassRow { label: 1, name: text(), per_split: vec![3, 0], records: 3 }),
            imbalance: Some(2.0),
            unknown: 1,
        }),
        images: Some(Images {
            key: text(),
            total: 3,
            decoded: 2,
            formats: vec![(text(), 1)],
            channels: vec![(text(), 1)],
            width: numbers(),
            mean: vec![0.5],
            deviation: vec![0.25],
            blank: listed(Blank { thumbnail: thumbnail(), deviation: 0.0 }),
            broken: listed(Broken { place: place(), reason: text() }),
            sheet: vec![SheetGroup { name: text(), records: 3, shown: vec![thumbnail()] }],
            classes_not_shown: 2,
            ..Images::default()
        }),
        arrays: vec![ArrayFacts {
            key: text(),
            dtype: text(),
            records: 3,
            nan: 1,
            values: numbers(),
            ..ArrayFacts::default()
        }],
        exact: repeats(),
        near: repeats(),
        label_problems: vec![LabelProblem { title: text(), details: listed(text()), remedy: text() }],
        health: Health {
            errors: 1,
            warnings: 0,
            kinds: vec![HealthKind { kind: text(), is_error: true, findings: listed(text()), remedy: text() }],
        },
        snippets: vec![
            ReaderCode { title: text(), code: text(), refused: String::new() },
            ReaderCode { title: text(), code: String::new(), refused: text() },
        ],
    }
}

#[test]
fn no_text_becomes_markup_wherever_it_stands() {
    let page = page(&hostile()).unwrap();
    assert_eq!(page.matches("<script").count(), 1, "the one of the page");
    assert!(!page.contains('\u{202e}'));
    let shown = page.matches("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;[U+202E]").count();
    assert!(shown > 60, "only {shown} of the texts are there");
    for part in [
        "and 2 more",
        "2 more classes have no place",
        "inputs that were left out: 1,",
        "across splits",
        "labels differ",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_policy_allows_what_is_there_and_nothing_else() {
    let page = page(&hostile()).unwrap();
    for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
        let content = page.split(&format!("<{tag}>")).nth(1).unwrap().split(&format!("</{tag}>")).next().unwrap();
        let hash = STANDARD.encode(Sha256::digest(content.as_bytes()));
        assert!(page.contains(&format!("{directive} 'sha256-{hash}'")), "{tag}");
    }
    assert!(page.contains("default-src 'none'"));
    // The policy forbids attributes that are style or script, and nothing is loaded.
    let body = page.split("</style>").nth(1).unwrap();
    for forbidden in [" style=", " onclick=", " onload=", "href=\"http", "src=\"http", "url("] {
        assert!(!body.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn an_empty_report_says_so() {
    let page = page(&DataReport::default()).unwrap();
    assert!(page.starts_with("<!doctype html>"));
    assert!(page.contains("there is not a single record"));
    for absent in ["id=\"pictures\"", "id=\"classes\"", "id=\"arrays\"", "id=\"labels\"", "id=\"origin\""] {
        assert!(!page.contains(absent), "{absent}");
    }
}
