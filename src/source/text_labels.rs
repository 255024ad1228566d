//! What the texts of a label column mean: class ids or class names.

use std::collections::HashSet;

use super::{
    classes::{ClassNames, class_name},
    intern::{Intern, MAX_CLASSES},
    list::NO_LABEL,
    wording::{count, show},
};
use crate::error::{Error, Result};

/// The text that stands for "no label", as TFDS writes it.
const UNLABELLED: &str = "-1";

/// Labels with their names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Labels {
    /// By label.
    pub(super) names: Vec<String>,
    /// The label of each text, by the number of the text.
    pub(super) of_text: Vec<u32>,
    pub(super) warnings: Vec<String>,
}

/// An error, and the place of the text that it is about if it is about one.
type Misfit = (Error, Option<u64>);

/// Class names, the label of each name or id that was found, and warnings.
type Numbered = (Vec<String>, Vec<u32>, Vec<String>);

/// Gives every text of a label column its label.
///
/// Names of given classes come first, so that classes called `3` and `7` are found by name. Otherwise, where every text
/// is a whole number (pandas' `3.0` included), these are class ids. Everything else is names, sorted by their bytes.
pub(super) fn resolve(texts: &Intern, given: Option<&ClassNames>) -> Result<Labels, Misfit> {
    if texts.texts().all(str::is_empty) {
        let names = given.map(|given| given.names().to_vec()).unwrap_or_default();
        return Ok(Labels { names, of_text: vec![NO_LABEL; texts.len()], warnings: Vec::new() });
    }
    if let Some(blank) = texts.texts().position(str::is_empty) {
        let error = Error::inputs("the cell of the label is empty, but other rows have labels")
            .with_hint("fill it in, or write -1 for an image without a label");
        return Err((error, Some(texts.first_at(blank))));
    }
    let is_name =
        |text: &&str| *text != UNLABELLED || given.is_some_and(|given| given.names().iter().any(|n| n == text));
    let used: Vec<&str> = texts.texts().filter(is_name).collect();
    let ids = || used.iter().map(|text| whole_number(text)).collect::<Option<Vec<u64>>>();
    let (mut names, labels, mut warnings) = match given {
        Some(given) => match (given.labels_of(&used), ids()) {
            (Ok(labels), _) => (given.names().to_vec(), labels, Vec::new()),
            (Err(_), Some(ids)) => (given.names().to_vec(), below(&ids, given, texts)?, Vec::new()),
            (Err(error), None) => {
                let known: HashSet<&str> = given.names().iter().map(String::as_str).collect();
                let missing = used.iter().find(|text| !known.contains(*text));
                return Err((error, missing.and_then(|text| place(texts, text))));
            }
        },
        None => match ids() {
            Some(ids) => numbered(&ids, texts)?,
            None => named(&used, texts)?,
        },
    };
    names.shrink_to_fit();
    warnings.shrink_to_fit();
    let mut labels = labels.into_iter();
    let of_text = texts.texts().map(|text| if is_name(&text) { labels.next().unwrap_or(NO_LABEL) } else { NO_LABEL });
    Ok(Labels { of_text: of_text.collect(), names, warnings })
}

/// `7`, `007` or `7.0` as 7.
fn whole_number(text: &str) -> Option<u64> {
    let (digits, zeros) = text.split_once('.').unwrap_or((text, "0"));
    let fits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let fits = fits && !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0');
    fits.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn place(texts: &Intern, text: &str) -> Option<u64> {
    texts.texts().position(|other| other == text).map(|id| texts.first_at(id))
}

/// The place of the first text that stands for this number.
fn place_of_id(texts: &Intern, id: u64) -> Option<u64> {
    texts.texts().position(|text| whole_number(text) == Some(id)).map(|index| texts.first_at(index))
}

/// Ids of given classes.
fn below(ids: &[u64], given: &ClassNames, texts: &Intern) -> Result<Vec<u32>, Misfit> {
    let names = given.names().len();
    let label = |id: &u64| u32::try_from(*id).ok().filter(|_| *id < names as u64).ok_or(*id);
    ids.iter().map(label).collect::<Result<_, _>>().map_err(|id| {
        let message = format!("class id {id}, but {} has {}", given.origin(), count(names as u64, "name"));
        let hint = "ids count from 0: subtract 1 from each if the list counts from 1, or add the missing names";
        (Error::inputs(message).with_hint(hint), place_of_id(texts, id))
    })
}

/// Ids of classes without names.
fn numbered(ids: &[u64], texts: &Intern) -> Result<Numbered, Misfit> {
    let most = ids.iter().copied().max().unwrap_or_default();
    if most >= MAX_CLASSES as u64 {
        let message = format!("class id {most}, but at most {} is possible", MAX_CLASSES - 1);
        let hint = "labels must be class ids from 0 on, or class names; a number that is neither (an age, a year, a \
                    key) can be kept apart in a column with another name";
        return Err((Error::inputs(message).with_hint(hint), place_of_id(texts, most)));
    }
    let mut used: Vec<u64> = ids.to_vec();
    used.sort_unstable();
    used.dedup();
    let mut warnings = Vec::new();
    if !ids.is_empty() && used.first() != Some(&0) {
        let first = used.first().copied().unwrap_or_default();
        warnings.push(format!(
            "labels start at {first}: class 0 has no images; if the list counts from 1, subtract 1 from each label"
        ));
    } else if (used.len() as u64) < most.div_ceil(2) {
        let found = count(used.len() as u64, "class");
        warnings.push(format!("labels go up to {most}, but only {found} have images: are they class ids?"));
    }
    let names = if ids.is_empty() { Vec::new() } else { (0..=most).map(|id| id.to_string()).collect() };
    let labels = ids.iter().map(|id| u32::try_from(*id).unwrap_or(NO_LABEL)).collect();
    Ok((names, labels, warnings))
}

/// Classes by name.
fn named(used: &[&str], texts: &Intern) -> Result<Numbered, Misfit> {
    for text in used {
        if let Err((message, hint)) = class_name(text.as_bytes()) {
            return Err((Error::inputs(message).with_hint(hint), place(texts, text)));
        }
    }
    let mut warnings = Vec::new();
    if let Some(number) = used.iter().find(|text| whole_number(text).is_some()) {
        let word = used.iter().find(|text| whole_number(text).is_none()).unwrap_or(number);
        let (word, number) = (show(word.as_bytes()), show(number.as_bytes()));
        warnings.push(format!("labels are words ({word}) and numbers ({number}): all are taken as class names"));
    }
    let (names, labels) = sorted(used);
    Ok((names, labels, warnings))
}

/// Distinct names in byte order, and the new index of each.
pub(super) fn sorted(found: &[&str]) -> (Vec<String>, Vec<u32>) {
    let mut order: Vec<(usize, &str)> = found.iter().copied().enumerate().collect();
    order.sort_unstable_by_key(|(_, name)| *name);
    let mut labels = vec![NO_LABEL; found.len()];
    for (label, (index, _)) in (0..).zip(&order) {
        if let Some(slot) = labels.get_mut(*index) {
            *slot = label;
        }
    }
    (order.into_iter().map(|(_, name)| name.to_owned()).collect(), labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: u32 = NO_LABEL;

    type Expected<'a> = Result<(&'a [&'a str], &'a [u32]), (&'a str, Option<u64>)>;

    #[track_caller]
    fn check(texts: &[&str], given: &[&str], expected: Expected<'_>) {
        let mut interned = Intern::default();
        for (at, text) in (0..).zip(texts) {
            interned.id(text, at, MAX_CLASSES, "class").unwrap();
        }
        let given = (!given.is_empty())
            .then(|| ClassNames::new(given.iter().map(|name| (*name).to_owned()).collect()).unwrap());
        match (resolve(&interned, given.as_ref()), expected) {
            (Ok(got), Ok((names, labels))) => assert_eq!((got.names, &*got.of_text), (strings(names), labels)),
            (Err((got, at)), Err((part, place))) => {
                assert!(got.to_string().contains(part), "{got}");
                assert_eq!(at, place, "{got}");
            }
            (got, expected) => panic!("{texts:?}: {got:?}, expected {expected:?}"),
        }
    }

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn texts_become_labels() {
        check(&["dog", "cat", "Emu"], &[], Ok((&["Emu", "cat", "dog"], &[2, 1, 0])));
        check(&["2", "0", "-1"], &[], Ok((&["0", "1", "2"], &[2, 0, NONE])));
        check(&["2.0", "1", "02", "0"], &[], Ok((&["0", "1", "2"], &[2, 1, 2, 0])));
        check(&["2", "cat"], &[], Ok((&["2", "cat"], &[0, 1])));
        check(&["1.5", "2"], &[], Ok((&["1.5", "2"], &[0, 1])));
        check(&["-1"], &[], Ok((&[], &[NONE])));
        check(&[""], &[], Ok((&[], &[NONE])));
        check(&["cat", "-1", "dog"], &[], Ok((&["cat", "dog"], &[0, NONE, 1])));
        check(&["a", ""], &[], Err(("the cell of the label is empty", Some(1))));
        check(&["0", "1048576"], &[], Err(("class id 1048576, but at most 1048575", Some(1))));
        check(&["0", "99999999999999999999999"], &[], Err(("class id 18446744073709551615", Some(1))));
        check(&["a", "b\nc"], &[], Err(("has a line break", Some(1))));
    }

    #[test]
    fn given_names_win_over_ids() {
        check(&["dog", "cat"], &["dog", "cat"], Ok((&["dog", "cat"], &[0, 1])));
        check(&["1", "0", "-1"], &["dog", "cat"], Ok((&["dog", "cat"], &[1, 0, NONE])));
        check(&["7", "3"], &["7", "3"], Ok((&["7", "3"], &[0, 1])));
        check(&["-1", "1"], &["1", "-1"], Ok((&["1", "-1"], &[1, 0])));
        check(&[""], &["a"], Ok((&["a"], &[NONE])));
        check(&["1", "2"], &["dog", "cat"], Err(("class id 2, but the list of class names has 2 names", Some(1))));
        check(&["dog", "catt"], &["dog", "cat"], Err(("`catt` (nearest: `cat`)", Some(1))));
        check(&["dog", "1"], &["dog", "cat"], Err(("1 class found but not in the list of class names: `1`", Some(1))));
    }

    #[test]
    fn odd_numbers_are_warned_of() {
        let warnings = |texts: &[&str]| {
            let mut interned = Intern::default();
            for text in texts {
                interned.id(text, 0, MAX_CLASSES, "class").unwrap();
            }
            resolve(&interned, None).unwrap().warnings.join("; ")
        };
        assert_eq!(warnings(&["0", "1", "2"]), "");
        assert_eq!(warnings(&["0"]), "");
        assert!(warnings(&["1", "2"]).contains("labels start at 1: class 0 has no images"));
        assert!(warnings(&["0", "18", "65"]).contains("labels go up to 65, but only 3 classes have images"));
        assert!(warnings(&["3", "cat"]).contains("words (`cat`) and numbers (`3`)"));
    }
}
