//! Texts of files that would steer a terminal.

use crate::{
    console::Desk,
    support::{example, shard, texts},
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
