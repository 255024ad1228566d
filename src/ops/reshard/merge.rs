//! What the data sets that are joined say of their records: they must agree, for payloads are copied as they are.

use crate::{
    error::{Error, Result},
    example::{Encoding, Field, Role, Schema},
    pipeline::FieldStats,
};

/// The labels of the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labels {
    /// The key.
    pub(super) key: String,
    /// The class names, if they are known.
    pub(super) names: Vec<String>,
    /// What is added to a class index when it is stored.
    pub(super) offset: u32,
}

impl Labels {
    /// Whether the classes are known by their numbers only.
    fn is_numbered(&self) -> bool {
        self.names.iter().zip(0_u64..).all(|(name, class)| *name == class.to_string())
    }

    /// The number that is stored for a label that a user names.
    ///
    /// # Errors
    /// [`ErrorKind::Options`](crate::ErrorKind::Options) if it is neither a class name nor a number.
    pub(super) fn stored(&self, label: &str) -> Result<i64> {
        let named = self.names.iter().position(|name| name == label).and_then(|at| i64::try_from(at).ok());
        if let Some(index) = named {
            return Ok(index + i64::from(self.offset));
        }
        label.parse().map_err(|_| {
            let error = Error::options(format!("`{label}` is neither a class name nor a whole number"));
            match self.names.is_empty() {
                true => error.with_hint("the class names are not known here: give the number that is stored"),
                false => error.with_hint(format!("the classes are {}", few(&self.names))),
            }
        })
    }
}

fn few(names: &[String]) -> String {
    let shown = names.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > 20 { format!("{shown} and {} others", names.len() - 20) } else { shown }
}

/// What is known of the records of one data set.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Facts {
    /// Where it is from, for messages.
    pub(super) from: String,
    /// The features.
    pub(super) schema: Schema,
    /// The labels with their names.
    pub(super) labels: Vec<Labels>,
    /// The keys of what a model is given and of what it is to say.
    pub(super) supervised_keys: Option<(String, String)>,
}

/// What is known of all of them together: `sets` are those with metadata, the last of them may be `inferred` from records.
///
/// # Errors
/// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) with the first difference.
pub(super) fn join(sets: Vec<Facts>, inferred: Option<Facts>) -> Result<Facts> {
    let mut sets = sets.into_iter();
    let Some(mut all) = sets.next() else { return Ok(inferred.unwrap_or_default()) };
    for set in sets {
        let labels = join_labels(&all, &set)?;
        all.schema = join_schemas(&all, &set, join_roles)?;
        all.supervised_keys = all.supervised_keys.filter(|keys| set.supervised_keys.as_ref() == Some(keys));
        all.labels = labels;
    }
    if let Some(set) = inferred {
        let labels = join_labels(&all, &set)?;
        all.schema = join_schemas(&all, &set, |known, found| fits(known, found).then(|| known.clone()))?;
        all.labels = labels;
    }
    Ok(all)
}

/// The same for data sets without metadata, of which it is known what their records hold: what is in all records of one has
/// to be in the other.
///
/// # Errors
/// [`ErrorKind::Inputs`](crate::ErrorKind::Inputs) with the first difference.
pub(super) fn join_stats(sets: Vec<(Facts, FieldStats)>) -> Result<Option<(Facts, FieldStats)>> {
    let mut sets = sets.into_iter();
    let Some((mut all, mut stats)) = sets.next() else { return Ok(None) };
    for (set, found) in sets {
        for (ours, theirs, here, there) in [(&stats, &found, &all, &set), (&found, &stats, &set, &all)] {
            for (key, feature) in ours.features.iter() {
                match theirs.features.iter().find(|(other, _)| *other == key) {
                    None if feature.lists() == ours.records() => {
                        return Err(differ(here, there, key, format!("{} has no such feature", there.from)));
                    }
                    Some((_, other))
                        if feature.kind().is_some() && other.kind().is_some() && feature.kind() != other.kind() =>
                    {
                        let [one, two] = [feature.kind(), other.kind()]
                            .map(|kind| kind.map(|kind| format!("{kind:?}").to_lowercase()).unwrap_or_default());
                        return Err(differ(here, there, key, format!("it is a list of {one} and of {two}")));
                    }
                    _ => {}
                }
            }
        }
        all.labels = join_labels(&all, &set)?;
        stats.join(found, 0);
    }
    Ok(Some((all, stats)))
}

fn differ(all: &Facts, set: &Facts, key: &str, what: String) -> Error {
    Error::inputs(format!("the records of {} and {} differ in `{key}`: {what}", all.from, set.from))
        .with_hint("data sets that are joined need the same features: reshard each into a folder of its own")
}

/// The labels of both: names go before numbers.
fn join_labels(all: &Facts, set: &Facts) -> Result<Vec<Labels>> {
    let mut joined = Vec::new();
    for ours in &all.labels {
        let Some(theirs) = set.labels.iter().find(|labels| labels.key == ours.key) else {
            joined.push(ours.clone());
            continue;
        };
        let differ = |what: String| {
            Error::inputs(format!("the labels `{}` of {} and {} differ: {what}", ours.key, all.from, set.from)).with_hint(
                "records are copied as they are, labels too: convert the sources together, so that each class gets one number",
            )
        };
        let lens = (ours.names.len(), theirs.names.len());
        if ours.is_numbered() || theirs.is_numbered() {
            let theirs_name = ours.is_numbered() && (!theirs.is_numbered() || lens.0 < lens.1);
            joined.push(if theirs_name { theirs } else { ours }.clone());
            continue;
        }
        if ours.offset != theirs.offset {
            return Err(differ(format!("they count from {} and from {}", ours.offset, theirs.offset)));
        }
        let unlike = ours.names.iter().zip(&theirs.names).enumerate().find(|(_, (a, b))| a != b);
        if let Some((index, (a, b))) = unlike {
            return Err(differ(format!("class {index} is `{a}` and `{b}`")));
        }
        if lens.0 != lens.1 {
            return Err(differ(format!("there are {} and {} classes", lens.0, lens.1)));
        }
        joined.push(ours.clone());
    }
    let more = set.labels.iter().filter(|labels| all.labels.iter().all(|ours| ours.key != labels.key));
    joined.extend(more.cloned());
    Ok(joined)
}

fn join_schemas(all: &Facts, set: &Facts, join: impl Fn(&Role, &Role) -> Option<Role>) -> Result<Schema> {
    let missing = |from: &Facts, key: &str| differ(all, set, key, format!("{} has no such feature", from.from));
    if let Some(field) = set.schema.fields.iter().find(|field| all.schema.get(&field.key).is_none()) {
        return Err(missing(all, &field.key));
    }
    let numbered =
        |facts: &Facts, key: &str| facts.labels.iter().find(|labels| labels.key == key).is_none_or(Labels::is_numbered);
    let mut fields = Vec::new();
    for ours in &all.schema.fields {
        let Some(theirs) = set.schema.get(&ours.key) else { return Err(missing(set, &ours.key)) };
        let role = match (&ours.role, &theirs.role) {
            // Where classes have no names, there may be more of them than were seen.
            (Role::ClassLabel { classes: a, dtype }, Role::ClassLabel { classes: b, dtype: other }) => {
                let fits = a == b || a < b && numbered(all, &ours.key) || b < a && numbered(set, &ours.key);
                fits.then_some(Role::ClassLabel {
                    classes: *a.max(b),
                    dtype: dtype.filter(|dtype| Some(*dtype) == *other),
                })
            }
            (a, b) => join(a, b),
        };
        let Some(role) = role.filter(|_| ours.kind == theirs.kind) else {
            return Err(differ(all, set, &ours.key, format!("{} and {}", told(ours), told(theirs))));
        };
        let auxiliary = ours.auxiliary;
        fields.push(Field { key: ours.key.clone(), kind: ours.kind, role, auxiliary });
    }
    Ok(Schema::new(fields))
}

/// Whether records that hold `found` can be what `known` says: what bytes mean they do not tell.
fn fits(known: &Role, found: &Role) -> bool {
    let count = |role: &Role| match role {
        Role::Tensor { shape, encoding: Encoding::List, .. } | Role::Strings { shape } => {
            shape.iter().copied().product::<Option<u64>>()
        }
        _ => Some(1),
    };
    count(known).is_none_or(|known| count(found) == Some(known))
}

/// What holds for the values of both; `None` if they do not go together.
fn join_roles(a: &Role, b: &Role) -> Option<Role> {
    match (a, b) {
        (Role::Image { format, shape, dtype }, Role::Image { format: f, shape: s, dtype: d }) if dtype == d => {
            let same = |at: usize| shape.get(at).copied().flatten().filter(|_| shape.get(at) == s.get(at));
            // Of images with and without colours, readers make colours.
            let channels = same(2).or(if shape.get(2).is_some_and(Option::is_some) { Some(3) } else { None });
            Some(Role::Image {
                format: format.filter(|_| format == f),
                shape: [same(0), same(1), channels],
                dtype: *dtype,
            })
        }
        (Role::Tensor { dtype, shape, encoding }, Role::Tensor { dtype: d, shape: s, encoding: e }) => {
            let joined: Vec<_> = shape.iter().zip(s).map(|(a, b)| a.filter(|_| a == b)).collect();
            // A reader can work out one open dimension.
            let open = joined.iter().filter(|dim| dim.is_none()).count();
            let fits = shape == s || shape.len() == s.len() && open <= 1 && *encoding == Encoding::Bytes;
            let fits = fits && dtype == d && encoding == e;
            fits.then_some(Role::Tensor { dtype: *dtype, shape: joined, encoding: *encoding })
        }
        _ => (a == b).then(|| a.clone()),
    }
}

/// A field in a few words.
fn told(field: &Field) -> String {
    let kind = format!("{:?}", field.kind).to_lowercase();
    let dims = |shape: &[Option<u64>]| {
        let dims: Vec<_> = shape.iter().map(|dim| dim.map_or_else(|| "?".to_owned(), |dim| dim.to_string())).collect();
        format!("[{}]", dims.join(", "))
    };
    match &field.role {
        Role::Image { dtype, .. } => format!("an image of {}", dtype.name()),
        Role::ClassLabel { classes, .. } => format!("a label of {classes} classes"),
        Role::Text => "a text".to_owned(),
        Role::Strings { shape } => format!("texts of shape {}", dims(shape)),
        Role::Tensor { dtype, shape, .. } => format!("{} of shape {} in a list of {kind}", dtype.name(), dims(shape)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        example::Kind,
        item::{DType, ImageFormat},
    };

    fn image(format: Option<ImageFormat>, shape: [Option<u32>; 3]) -> Role {
        Role::Image { format, shape, dtype: DType::Uint8 }
    }

    fn tensor(dtype: DType, shape: &[Option<u64>], encoding: Encoding) -> Role {
        Role::Tensor { dtype, shape: shape.to_vec(), encoding }
    }

    #[test]
    fn roles_are_joined_to_what_holds_for_both() {
        let (jpeg, png) = (Some(ImageFormat::Jpeg), Some(ImageFormat::Png));
        let bytes = |shape: &[Option<u64>]| tensor(DType::Uint8, shape, Encoding::Bytes);
        let list = |shape: &[Option<u64>]| tensor(DType::Float32, shape, Encoding::List);
        for (a, b, joined) in [
            (
                image(jpeg, [Some(2), Some(3), Some(3)]),
                image(jpeg, [Some(2), Some(4), Some(3)]),
                Some(image(jpeg, [Some(2), None, Some(3)])),
            ),
            (
                image(jpeg, [None, None, Some(1)]),
                image(png, [None, None, Some(3)]),
                Some(image(None, [None, None, Some(3)])),
            ),
            (bytes(&[Some(2), Some(3)]), bytes(&[Some(4), Some(3)]), Some(bytes(&[None, Some(3)]))),
            (bytes(&[Some(2), Some(3)]), bytes(&[Some(4), Some(5)]), None),
            (bytes(&[Some(2)]), bytes(&[Some(2), Some(1)]), None),
            (list(&[Some(2)]), list(&[Some(3)]), None),
            (list(&[Some(2)]), list(&[Some(2)]), Some(list(&[Some(2)]))),
            (list(&[]), tensor(DType::Int64, &[], Encoding::List), None),
            (Role::ClassLabel { classes: 2, dtype: None }, Role::ClassLabel { classes: 3, dtype: None }, None),
            (Role::Text, Role::Text, Some(Role::Text)),
        ] {
            assert_eq!(join_roles(&a, &b), joined, "{a:?} and {b:?}");
        }
    }

    fn facts(from: &str, key: &str, names: &[&str], offset: u32) -> Facts {
        let role = Role::ClassLabel { classes: 2, dtype: None };
        let field = Field { key: key.to_owned(), kind: Kind::Int64, role, auxiliary: false };
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let labels = vec![Labels { key: key.to_owned(), names, offset }];
        Facts { from: from.to_owned(), schema: Schema::new(vec![field]), labels, supervised_keys: None }
    }

    #[test]
    fn the_first_difference_is_named() {
        let first = facts("a", "label", &["cat", "dog"], 0);
        for (second, part) in [
            (facts("b", "label", &["cat", "dog"], 1), "count from 0 and from 1"),
            (facts("b", "label", &["cat", "fox"], 0), "class 1 is `dog` and `fox`"),
            (facts("b", "label", &["cat"], 0), "2 and 1 classes"),
            (facts("b", "y", &["cat", "dog"], 0), "`y`: a has no such feature"),
        ] {
            let error = join(vec![first.clone(), second], None).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(join(vec![first.clone(), first.clone()], None).unwrap(), first);
        // Numbers in place of names say nothing to the contrary.
        let numbered = facts("b", "label", &["0", "1"], 0);
        for (known, inferred) in [(&first, &numbered), (&numbered, &first)] {
            assert_eq!(join(vec![known.clone()], Some(inferred.clone())).unwrap().labels, first.labels);
        }
    }

    #[test]
    fn what_records_hold_is_held_against_what_metadata_say() {
        let list = |shape: &[Option<u64>]| tensor(DType::Float32, shape, Encoding::List);
        let raw = tensor(DType::Uint8, &[Some(8), None], Encoding::Bytes);
        for (known, found, expected) in [
            (list(&[Some(2), Some(3)]), list(&[Some(6)]), true),
            (list(&[Some(2), Some(3)]), list(&[Some(5)]), false),
            (list(&[Some(2), Some(3)]), list(&[None]), false),
            (list(&[None]), list(&[Some(5)]), true),
            (list(&[]), list(&[]), true),
            (raw, Role::Text, true),
            (Role::Text, Role::Strings { shape: vec![None] }, false),
        ] {
            assert_eq!(fits(&known, &found), expected, "{known:?} and {found:?}");
        }
    }

    #[test]
    fn labels_go_by_name_before_number() {
        let labels = Labels { key: "label".to_owned(), names: vec!["1".to_owned(), "dog".to_owned()], offset: 1 };
        for (label, stored) in [("1", Some(1)), ("dog", Some(2)), ("7", Some(7)), ("-1", Some(-1)), ("cat", None)] {
            assert_eq!(labels.stored(label).ok(), stored, "{label}");
        }
    }
}
