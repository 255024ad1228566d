//! Names of splits: which folders are taken for splits, what a split may be called, and in what order they come.

use std::collections::BTreeMap;

use super::wording::show;
use crate::{
    error::{Error, Result},
    item::split_name_fault,
};

/// The role of a split, by its name in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Train,
    Validation,
    Test,
}

fn role(name: &[u8]) -> Option<Role> {
    match name.to_ascii_lowercase().as_slice() {
        b"train" | b"training" => Some(Role::Train),
        b"val" | b"valid" | b"validation" => Some(Role::Validation),
        b"test" | b"testing" => Some(Role::Test),
        _ => None,
    }
}

/// Whether a folder of this name is taken for a split.
pub(super) fn is_split_name(name: &[u8]) -> bool {
    role(name).is_some()
}

/// Whether this is the split that a model is trained on.
pub(super) fn is_train(name: &str) -> bool {
    role(name.as_bytes()) == Some(Role::Train)
}

/// Checks that a name can be part of `NAME-SPLIT.tfrecord-...`, and be read by TFDS.
pub(super) fn check_split_name(name: &[u8]) -> Result<&str> {
    let fault = match str::from_utf8(name) {
        Ok(text) => match split_name_fault(text) {
            None => return Ok(text),
            Some(fault) => fault,
        },
        Err(_) => "it is not UTF-8",
    };
    Err(Error::inputs(format!("{} cannot be the name of a split: {fault}", show(name)))
        .with_hint("use letters, digits, `_` and (not first) `-`, up to 64 of them, as in `train` or `test-clean`"))
}

/// Refuses two names for one role: `val` and `validation` would become two splits that each hold a part.
pub(super) fn check_synonyms<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let mut seen: BTreeMap<Role, &str> = BTreeMap::new();
    for name in names {
        let Some(role) = role(name.as_bytes()) else { continue };
        if let Some(other) = seen.insert(role, name)
            && other != name
        {
            let (a, b) = (show(other.as_bytes()), show(name.as_bytes()));
            return Err(Error::inputs(format!("the splits {a} and {b} mean the same")).with_hint(format!(
                "rename one of them: to {a} if they belong together, or to another word if they do not"
            )));
        }
    }
    Ok(())
}

/// The order in which splits are written: train, validation, test, then the others by name.
pub(super) fn order(names: &mut [String]) {
    names.sort_unstable_by(|a, b| {
        let key = |name: &String| role(name.as_bytes()).map_or(3, |role| role as u8);
        key(a).cmp(&key(b)).then_with(|| a.cmp(b))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_taken_for_splits_in_any_case() {
        for name in ["train", "Train", "TRAINING", "val", "Valid", "validation", "test", "testing"] {
            assert!(is_split_name(name.as_bytes()), "{name}");
        }
        for name in ["trains", "tests", "cat", "", "dev"] {
            assert!(!is_split_name(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn names_must_fit_shard_names() {
        for name in ["train", "test-clean", "2017", "a-"] {
            assert!(check_split_name(name.as_bytes()).is_ok(), "{name}");
        }
        for name in ["", "-x", "_x", "all", "a b", "a/b", "a.b", "é", &"x".repeat(65)] {
            assert!(check_split_name(name.as_bytes()).is_err(), "{name}");
        }
        assert!(check_split_name(b"\xff").is_err());
    }

    #[test]
    fn one_role_has_one_name() {
        assert!(check_synonyms(["train", "val", "test", "extra", "train"]).is_ok());
        for (a, b) in [("val", "validation"), ("Train", "train"), ("test", "testing")] {
            let error = check_synonyms(["x", a, b]).unwrap_err().to_string();
            assert!(error.contains(&format!("`{a}` and `{b}`")), "{error}");
        }
    }

    #[test]
    fn train_comes_first() {
        let mut names = ["b", "test", "a", "Val", "train"].map(String::from);
        order(&mut names);
        assert_eq!(names, ["train", "Val", "test", "a", "b"]);
    }
}
