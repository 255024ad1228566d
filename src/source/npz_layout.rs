//! Which arrays of an `.npz` file, or of a set in memory, are images, labels and further columns, and of which split: told by
//! their names.

use std::collections::BTreeMap;

use super::{
    member::{Member, members, summary},
    memory::MemoryArray,
    npz::Npz,
};
use crate::error::{At, Error, Result};

/// Names of the main array of a split.
const DATA: [&str; 6] = ["x", "data", "images", "image", "features", "arr_0"];
/// Names of the labels of a split.
const LABELS: [&str; 6] = ["y", "labels", "label", "targets", "target", "arr_1"];
/// Names of splits, in the order in which they are returned.
const SPLITS: [&str; 5] = ["train", "val", "valid", "validation", "test"];

/// The members that make up one split. Rows are equal in number among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpzSplit {
    /// The split's name as the file has it; `None` when the file is not split.
    pub name: Option<String>,
    /// The member with the main array.
    pub x: String,
    /// The member with the labels.
    pub labels: Option<String>,
    /// Further columns, sorted by name: the name without the split, and the member.
    pub extra: Vec<(String, String)>,
}

/// Groups the members of an `.npz` file into splits.
///
/// `x_train`, `y_train`, `x_test`, `y_test` and the like (`x_val`, `train_images`, `test_labels`, any case) are splits;
/// `x` and `y`, `data` and `labels`, `images` and `target`, or `arr_0` and `arr_1` are one whole; so is a single array of
/// any name. Further members with as many rows are further columns. All splits have the same columns. Nothing is guessed:
/// what does not fit is an error.
///
/// # Errors
/// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) with what does not fit, all members with their shapes, and how to
/// choose.
pub fn npz_layout(npz: &Npz) -> Result<Vec<NpzSplit>> {
    let members = members(&npz.members);
    group(&members)
        .map_err(|what| {
            Error::inputs(format!("{what}; it holds {}", summary(&members))).with_hint(
                "choose arrays by hand, as in FILE.npz:x --labels FILE.npz:y --array NAME=FILE.npz:z, or save them under \
                 the names x_train, y_train, x_test, y_test",
            )
        })
        .at(&npz.path)
}

/// [`npz_layout`] for arrays in memory.
///
/// # Errors
/// As there.
pub fn memory_layout(arrays: &[&MemoryArray<'_>]) -> Result<Vec<NpzSplit>> {
    let members: Vec<Member<'_>> = arrays.iter().map(|array| Member::from(*array)).collect();
    group(&members).map_err(|what| {
        Error::inputs(format!("{what}; there are {}", summary(&members))).with_hint(
            "give the main array alone and the others with --labels and --array, or name them x_train, y_train, x_test, y_test",
        )
    })
}

/// A member's name, taken apart.
struct Named<'a> {
    member: &'a Member<'a>,
    /// What is left without the split, in lower case.
    base: String,
    column: String,
}

fn group(members: &[Member<'_>]) -> Result<Vec<NpzSplit>, String> {
    // Opened as it is: what keeps a single array from being read is said there, with advice on it.
    if let [only] = members {
        return Ok(vec![NpzSplit {
            name: take_apart(only.name).0,
            x: only.name.to_owned(),
            labels: None,
            extra: Vec::new(),
        }]);
    }
    if let Some((odd, why)) = members.iter().find_map(|member| Some((member, member.fault?))) {
        return Err(format!("`{}` cannot become a column: {why}", odd.name.escape_debug()));
    }
    // Keyed by the rank of the split first, so that they come out in their usual order.
    let mut groups: BTreeMap<(usize, Option<String>), Vec<Named<'_>>> = BTreeMap::new();
    for member in members {
        let (split, column) = take_apart(member.name);
        let rank = split.as_ref().and_then(|split| SPLITS.iter().position(|name| split.eq_ignore_ascii_case(name)));
        let named = Named { member, base: column.to_lowercase(), column };
        groups.entry((rank.unwrap_or(SPLITS.len()), split)).or_default().push(named);
    }
    if groups.len() > 1
        && let Some(loose) = groups.iter().find(|((_, split), _)| split.is_none()).and_then(|(_, all)| all.first())
    {
        return Err(format!("`{}` names no split, but other arrays do", loose.member.name));
    }
    let splits: Vec<NpzSplit> =
        groups.into_iter().map(|((_, name), all)| one_split(name, &all)).collect::<Result<_, _>>()?;
    let columns = |split: &NpzSplit| {
        (split.labels.is_some(), split.extra.iter().map(|(name, _)| name.to_lowercase()).collect::<Vec<_>>())
    };
    if let Some((first, rest)) = splits.split_first()
        && let Some(odd) = rest.iter().find(|split| columns(split) != columns(first))
    {
        let name = |split: &NpzSplit| split.name.clone().unwrap_or_default();
        return Err(format!("splits `{}` and `{}` do not have the same columns", name(first), name(odd)));
    }
    Ok(splits)
}

fn one_split(name: Option<String>, all: &[Named<'_>]) -> Result<NpzSplit, String> {
    let of = name.as_ref().map_or_else(String::new, |name| format!(" of split `{name}`"));
    let find = |names: &[&str]| all.iter().filter(|named| names.contains(&named.base.as_str())).collect::<Vec<_>>();
    let x = match find(&DATA).as_slice() {
        [x] => *x,
        [] => return Err(format!("no array{of} has a name that stands for the data, as x or images")),
        [a, b, ..] => return Err(format!("`{}` and `{}` could both be the data{of}", a.member.name, b.member.name)),
    };
    let labels = match find(&LABELS).as_slice() {
        [] => None,
        [labels] => Some(*labels),
        [a, b, ..] => return Err(format!("`{}` and `{}` could both be the labels{of}", a.member.name, b.member.name)),
    };
    if let Some(odd) = all.iter().find(|named| named.member.rows() != x.member.rows()) {
        let rows = |named: &Named<'_>| named.member.rows().unwrap_or_default();
        return Err(format!("`{}` has {} rows, but `{}` has {}", odd.member.name, rows(odd), x.member.name, rows(x)));
    }
    let is_extra = |named: &&Named<'_>| {
        named.member.name != x.member.name && labels.is_none_or(|labels| named.member.name != labels.member.name)
    };
    let mut extra: Vec<(String, String)> =
        all.iter().filter(is_extra).map(|named| (named.column.clone(), named.member.name.to_owned())).collect();
    extra.sort();
    let labels = labels.map(|labels| labels.member.name.to_owned());
    Ok(NpzSplit { name, x: x.member.name.to_owned(), labels, extra })
}

/// Split and column of a name: `x_train` and `train_x` are `train` and `x`.
fn take_apart(name: &str) -> (Option<String>, String) {
    let known = |part: &str| SPLITS.iter().any(|split| part.eq_ignore_ascii_case(split));
    if let Some((column, split)) = name.rsplit_once('_').filter(|(column, split)| known(split) && !column.is_empty()) {
        return (Some(split.to_owned()), column.to_owned());
    }
    if let Some((split, column)) = name.split_once('_').filter(|(split, column)| known(split) && !column.is_empty()) {
        return (Some(split.to_owned()), column.to_owned());
    }
    (None, name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Members as `name rows`; splits as `split: x labels column=member...`.
    #[track_caller]
    fn check(members: &str, expected: Result<&[&str], &str>) {
        let parsed: Vec<(&str, [u64; 2])> = members
            .split(", ")
            .map(|member| {
                let (name, rows) = member.split_once(' ').unwrap();
                (name, [rows.parse().unwrap(), 4])
            })
            .collect();
        let members: Vec<Member<'_>> =
            parsed.iter().map(|(name, shape)| Member { name, dtype: "uint8", shape, fault: None }).collect();
        let show = |split: &NpzSplit| {
            let mut text = format!("{}: {}", split.name.as_deref().unwrap_or("-"), split.x);
            text.extend(split.labels.iter().map(|labels| format!(" {labels}")));
            text.extend(split.extra.iter().map(|(column, member)| format!(" {column}={member}")));
            text
        };
        match (group(&members), expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got.iter().map(show).collect::<Vec<_>>(), expected),
            (Err(got), Err(part)) => assert!(got.contains(part), "{got}"),
            (got, expected) => panic!("{got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn splits_come_in_their_usual_order() {
        check(
            "x_test 2, x_train 5, y_train 5, y_test 2, x_val 3, y_val 3",
            Ok(&["train: x_train y_train", "val: x_val y_val", "test: x_test y_test"]),
        );
        check(
            "train_images 5, val_images 2, test_images 3, train_labels 5, val_labels 2, test_labels 3",
            Ok(&["train: train_images train_labels", "val: val_images val_labels", "test: test_images test_labels"]),
        );
        check("X_train 5, Y_Train 5", Err("no array of split `Train` has a name"));
        check("X_Train 5, Y_Train 5", Ok(&["Train: X_Train Y_Train"]));
        check("x_train 5, x_validation 2", Ok(&["train: x_train", "validation: x_validation"]));
    }

    #[test]
    fn wholes() {
        check("x 5, y 5", Ok(&["-: x y"]));
        check("y 5, data 5, z 5, a 5", Ok(&["-: data y a=a z=z"]));
        check("images 5, target 5", Ok(&["-: images target"]));
        check("arr_0 5, arr_1 5, arr_2 5", Ok(&["-: arr_0 arr_1 arr_2=arr_2"]));
        check("anything 5", Ok(&["-: anything"]));
        check("_train 5, x 5", Ok(&["-: x _train=_train"]));
        check("train_x 5", Ok(&["train: train_x"]));
        check(
            "x_train 5, y_train 5, z_train 5, z_test 2, x_test 2, y_test 2",
            Ok(&["train: x_train y_train z=z_train", "test: x_test y_test z=z_test"]),
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        check("arr_0 6, arr_1 6, arr_2 1, arr_3 1", Err("`arr_2` has 1 rows, but `arr_0` has 6"));
        check("x 5, y 4", Err("`y` has 4 rows, but `x` has 5"));
        check("x_train 5, y_train 5, x_test 2", Err("splits `train` and `test` do not have the same columns"));
        check("x_train 5, x_test 2, z_test 2", Err("do not have the same columns"));
        check("x_train 5, y_train 5, names 10", Err("`names` names no split"));
        check("weights 5, bias 5", Err("no array has a name that stands for the data"));
        check("y_train 5, z_train 5", Err("no array of split `train` has a name"));
        check("x 5, data 5", Err("`x` and `data` could both be the data"));
        check("x 5, y 5, labels 5", Err("`y` and `labels` could both be the labels"));
    }
}
