//! What comes in as a dependency: licences that oblige nobody, one registry, no code of ours that is unsafe.
//!
//! `cargo deny` says the same where it is installed, and more; this needs nothing but cargo.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write,
    fs,
    path::Path,
    process::Command,
};

use serde_json::Value;

/// The list is made for one platform, so that it is the same wherever it is made.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn metadata() -> Value {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let ran = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", PLATFORM])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// The licences that `deny.toml` allows.
fn allowed() -> BTreeSet<String> {
    let rules = fs::read_to_string(root().join("deny.toml")).unwrap();
    let (_, list) = rules.split_once("allow = [").unwrap();
    let (list, _) = list.split_once("\n]").unwrap();
    list.lines().filter_map(|line| line.split('"').nth(1)).map(str::to_owned).collect()
}

/// Whether an expression of SPDX licences can be met with those that are allowed. `/` is the old way to write OR.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = any(&words, &mut at, allowed);
    met && at == words.len()
}

fn any(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = all(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all(words, at, allowed);
    }
    met
}

fn all(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let word = words.get(*at).copied().unwrap_or_default();
    *at += 1;
    if word == "(" {
        let met = any(words, at, allowed);
        let is_closed = words.get(*at) == Some(&")");
        *at += 1;
        return met && is_closed;
    }
    let mut licence = word.to_owned();
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{word} WITH {}", words.get(*at + 1).copied().unwrap_or_default());
        *at += 2;
    }
    allowed.contains(&licence)
}

#[test]
fn licences_and_registries_are_those_that_are_allowed() {
    let allowed = allowed();
    assert!(allowed.contains("MIT") && !allowed.contains("GPL-3.0"), "{allowed:?}");
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("GPL-3.0-only/MIT", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR GPL-3.0-only) AND Zlib", true),
        ("(MIT OR Zlib) AND (GPL-3.0-only OR LGPL-3.0-only)", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0 WITH Other-exception", false),
        ("(MIT OR Zlib", false),
        ("", false),
    ] {
        assert_eq!(is_met(expression, &allowed), expected, "{expression}");
    }
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50);
    for package in packages {
        let name = text(package, "name");
        let licence = text(package, "license");
        assert!(is_met(licence, &allowed), "{name}: the licence is `{licence}`, and deny.toml does not allow it");
        let source = &package["source"];
        let is_ours = source.is_null() && ["shardify", "shardify-python"].contains(&name);
        assert!(is_ours || source == "registry+https://github.com/rust-lang/crates.io-index", "{name}: {source}");
    }
}

/// The packages that one of ours is made of.
fn parts(metadata: &Value, of: &str) -> BTreeSet<String> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let id = |name: &str| {
        let packages = metadata["packages"].as_array().unwrap();
        text(packages.iter().find(|package| text(package, "name") == name).unwrap(), "id").to_owned()
    };
    let (mut left, mut seen) = (vec![id(of)], BTreeSet::new());
    while let Some(id) = left.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let node = nodes.iter().find(|node| text(node, "id") == id).unwrap();
        for dependency in node["deps"].as_array().unwrap() {
            // Normal dependencies have no kind.
            let is_part = dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null());
            if is_part {
                left.push(text(dependency, "pkg").to_owned());
            }
        }
    }
    seen
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "other platforms have other dependencies")]
fn dependencies_are_listed() {
    let metadata = metadata();
    let (command, python) = (parts(&metadata, "shardify"), parts(&metadata, "shardify-python"));
    let mut rows = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap().iter().filter(|package| !package["source"].is_null()) {
        let id = text(package, "id");
        let place = match (command.contains(id), python.contains(id)) {
            (true, _) => "command and package",
            (false, true) => "Python package",
            (false, false) => "building and tests",
        };
        let (name, version) = (text(package, "name"), text(package, "version"));
        let row = format!(
            "| [{name}](https://crates.io/crates/{name}) | {version} | {} | {place} |",
            text(package, "license")
        );
        rows.insert((name, version), row);
    }
    let mut list = format!(
        "# Dependencies\n\nAll {} crates that are locked for {PLATFORM}, with their licences. `UPDATE_GOLDEN=1 cargo test --test it \
         dependencies_are_listed` writes this anew.\n\n| crate | version | licence | in |\n|---|---|---|---|\n",
        rows.len()
    );
    for row in rows.values() {
        writeln!(list, "{row}").unwrap();
    }
    let file = root().join("docs/dependencies.md");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, list).unwrap();
        return;
    }
    let committed = fs::read_to_string(file).unwrap();
    assert!(
        committed == list,
        "run `UPDATE_GOLDEN=1 cargo test --test it dependencies_are_listed` and review the difference"
    );
}

#[test]
fn no_code_of_ours_is_unsafe() {
    // The compiler holds to it: what is forbidden cannot be allowed again further down.
    for manifest in ["Cargo.toml", "python/Cargo.toml", "fuzz/Cargo.toml"] {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        assert!(text.contains("\nunsafe_code = \"forbid\"\n"), "{manifest}");
    }
}
