//! The layers hold: an import points down only, siblings never import each other, only the command line prints.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What each module of the library may use of the crate, beside itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("error", &["units"]),
    ("item", &["error", "units"]),
    ("tfrecord", &["error", "units"]),
    ("example", &["error", "item", "units"]),
    ("storage", &["error", "units"]),
    ("source", &["error", "units", "item", "tfrecord", "example", "storage"]),
    ("transform", &["error", "units", "item"]),
    ("shard", &["error", "units", "tfrecord", "storage"]),
    ("index", &["error", "units", "item", "tfrecord", "example", "storage"]),
    (
        "pipeline",
        &["error", "units", "item", "tfrecord", "example", "storage", "source", "transform", "shard", "index"],
    ),
    (
        "ops",
        &[
            "error",
            "units",
            "item",
            "tfrecord",
            "example",
            "storage",
            "source",
            "transform",
            "shard",
            "index",
            "pipeline",
        ],
    ),
];

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules that a text names after `crate::`, those in braces included.
fn crate_uses(text: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut uses = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            uses.push(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = true;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if depth == 0 && start && c.is_alphabetic() => {
                    uses.push(word(&group[at..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    uses
}

#[test]
fn imports_point_down() {
    let mut bad = Vec::new();
    for file in rust_files(&src()) {
        let relative = file.strip_prefix(src()).unwrap().to_path_buf();
        let module = relative.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        if ["lib", "main", "cli"].contains(&module.as_str()) {
            continue;
        }
        let (_, allowed) = MAY_USE
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{module} has no place in the layers yet"));
        for used in crate_uses(&fs::read_to_string(&file).unwrap()) {
            // Types that lib.rs re-exports are named so in documentation links.
            let is_type = used.chars().next().is_none_or(char::is_uppercase);
            if !is_type && used != module && !allowed.contains(&used.as_str()) {
                bad.push(format!("{}: {module} uses {used}", relative.display()));
            }
        }
    }
    assert!(bad.is_empty(), "layer violations:\n{}", bad.join("\n"));
}

#[test]
fn uses_are_seen_in_every_form() {
    let text = "use crate::{a::{x, y}, b, c::z}; crate::d::f(); use crate::e;";
    assert_eq!(crate_uses(text), ["a", "b", "c", "d", "e"]);
}

#[test]
fn only_the_command_line_prints_or_exits() {
    for file in rust_files(&src()) {
        let relative = file.strip_prefix(src()).unwrap();
        if relative.starts_with("cli") || relative == Path::new("main.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for word in ["println!", "print!(", "process::exit", "clap", "indicatif"] {
            assert!(!text.contains(word), "{} says {word}", relative.display());
        }
    }
}
