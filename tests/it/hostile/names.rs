//! Names and texts of files that would steer a terminal, break a list, or be taken for others.

use std::{collections::BTreeSet, ffi::OsStr, fs, os::unix::ffi::OsStrExt, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    console::{Desk, fixtures},
    support::{example, shard, texts, tree},
};

/// Colours, an eight-bit control sequence, a turned direction, a bell.
const EVIL: &str = "\u{1b}[31mred\u{9b}2J\u{202e}\u{7}";

fn steers(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}')
}

#[test]
fn nothing_steers_the_terminal() {
    let desk = Desk::new();
    desk.npy("x.npy", EVIL, "(1,)", &[0]);
    desk.copy("images/sign/dot.png", &format!("set/{EVIL}/{EVIL}.png"));
    desk.write("bad/x.png", format!("{EVIL}, which is no image"));
    desk.write("list.csv", format!("file,label\n{EVIL}.png,{EVIL}\n"));
    desk.write("names", format!("{EVIL}\n"));
    let record = example(&[(EVIL, texts(&[EVIL])), ("label", texts(&[EVIL]))]);
    desk.write(&format!("shards/{EVIL}.tfrecord"), shard([record.clone(), record]));
    for line in [
        "convert x.npy out",
        "convert set out",
        "convert bad out --on-error skip",
        "convert list.csv out",
        "convert imgs out --class-names names",
        "validate shards",
        "inspect shards --records 2",
        "index shards",
        "repair shards fixed",
        "reshard shards again",
        "export shards back",
        "report shards -o page.html",
        "snippet shards",
    ] {
        for more in ["", " --json", " -v"] {
            let ran = desk.run(&format!("{line}{more}"));
            assert!(ran.code.is_some(), "{line}{more}: {}", ran.stderr);
            assert!(!steers(&ran.stderr), "{line}{more}: {:?}", ran.stderr);
            assert!(!steers(&ran.stdout), "{line}{more}: {:?}", ran.stdout);
            if more == " --json" {
                ran.json();
            }
        }
    }
}

fn desk_with(names: &[&[u8]], content: &[u8]) -> Desk {
    let desk = Desk::new();
    for name in names {
        let path = desk.path("set/ok").join(OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    desk
}

/// Names that are no UTF-8, or would break lines, options, markup or other systems.
const ODD: [&[u8]; 10] = [
    b"bad\xfe.png",
    b"bad\xff.png",
    b"bad\xef\xbf\xbd.png",
    b"two\nlines.png",
    b"--quiet.png",
    b"'quoted\" & <script>alert(1)<.png",
    b"CON.png",
    b"con.png",
    b"e\xcc\x81.png",
    b"\xc3\xa9.png",
];

#[test]
fn files_of_any_name_are_told_apart() {
    let long = [b"x".repeat(251), b".png".to_vec()].concat();
    let names = [&ODD[..], &[&long]].concat();
    let desk = desk_with(&names, b"no image");
    desk.copy("images/sign/dot.png", "set/ok/dot.png");
    desk.run("convert set out --on-error skip").expect(1);
    let failures = fs::read_to_string(desk.path("out/failures.jsonl")).unwrap();
    let mut listed = BTreeSet::new();
    for line in failures.lines() {
        let failure: Value = serde_json::from_str(line).unwrap();
        listed.insert(match failure.get("input_base64") {
            Some(bytes) => STANDARD.decode(bytes.as_str().unwrap()).unwrap(),
            None => failure["input"].as_str().unwrap().as_bytes().to_vec(),
        });
    }
    let expected: BTreeSet<_> = names.iter().map(|name| [b"set/ok/", *name].concat()).collect();
    assert_eq!(listed, expected);
    assert_eq!(failures.matches("input_base64").count(), 2, "only where text cannot say it: {failures}");
}

#[test]
fn files_of_any_name_go_in_and_come_back() {
    let desk = desk_with(&ODD, &fs::read(fixtures().join("images/sign/dot.png")).unwrap());
    desk.run("convert set out --keys tfds").expect(0);
    let ran = desk.run("validate out --no-duplicates");
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    desk.run("report out -o page.html");
    let page = fs::read_to_string(desk.path("page.html")).unwrap();
    assert!(
        !page.contains("<script>alert") && page.contains("&lt;script&gt;alert")
            || page.contains("&#60;script&#62;alert")
    );
    desk.run("export out back --keep-names").expect(0);
    let back = tree(&desk.path("back"));
    for name in ODD {
        let path = Path::new("ok").join(OsStr::from_bytes(name));
        assert!(back.contains_key(&path), "{} of {:?}", path.display(), back.keys());
    }
}

#[test]
fn classes_that_would_be_two_or_none_are_refused() {
    for (name, said) in [
        (&b"two\nlines"[..], "line break"),
        (b"tab\there", "control character"),
        (b" blank", "blank"),
        (b"\xff", "UTF-8"),
    ] {
        let desk = Desk::new();
        let class = desk.path("set").join(OsStr::from_bytes(name));
        fs::create_dir_all(&class).unwrap();
        fs::copy(fixtures().join("images/sign/dot.png"), class.join("dot.png")).unwrap();
        desk.copy("images/sign/dot.png", "set/other/dot.png");
        let ran = desk.run("convert set out").expect(2);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
        assert!(!desk.path("out").exists());
    }
}
