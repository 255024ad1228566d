//! Arrays as tables: the main array, its labels and further columns, row by row.

use std::path::PathBuf;

use super::{ConvertOptions, Source, options::no_input};
use crate::{
    error::{At, Error, Result},
    example::Kind,
    item::DType,
    pipeline::{ArrayFeature, Cancel, ImageKeys},
    source::{
        ArrayKind, ArrayRef, ClassNames, Column, LabelColumn, MemoryArray, Npz, NpzSplit, Spool, class_ids,
        memory_layout, npz_layout,
    },
    transform::{Color, OutputFormat},
    units::Count,
};

/// The key of the labels.
pub(super) const LABEL: &str = "label";

/// Rows that belong together: of one split, or of all.
#[derive(Debug)]
pub(super) struct Table<'a> {
    /// The split, where the input names it.
    pub(super) split: Option<String>,
    /// The columns; the first is the main one.
    pub(super) features: Vec<ArrayFeature<'a>>,
    /// How many rows each column has.
    pub(super) rows: u64,
    /// The class of each row, where it is needed to stratify.
    pub(super) classes: Option<Vec<i32>>,
}

/// All tables, which have the same columns.
#[derive(Debug)]
pub(super) struct Arrays<'a> {
    /// One for each split that the input names, or one.
    pub(super) tables: Vec<Table<'a>>,
    /// The class names; empty without class labels.
    pub(super) class_names: Vec<String>,
    /// Rows, columns and channels where the main array becomes images.
    pub(super) pixels: Option<[u32; 3]>,
    /// What the user should know.
    pub(super) warnings: Vec<String>,
}

/// Where the columns of one table are.
struct Parts<'a> {
    split: Option<String>,
    main: Vec<ArrayRef<'a>>,
    labels: Option<ArrayRef<'a>>,
    more: Vec<(String, ArrayRef<'a>)>,
}

impl<'a> Arrays<'a> {
    pub(super) fn open(
        source: Source<'a>,
        spool: &Spool,
        inputs: Vec<(ArrayRef<'a>, ArrayKind)>,
        class_names: Option<ClassNames>,
        cancel: &Cancel,
    ) -> Result<Self> {
        let options = source.options;
        refuse_image_options(options)?;
        let parts = parts(source, inputs)?;
        let as_images = options.transform.format != OutputFormat::Keep;
        let mut tables = Vec::new();
        let mut labels = Labels::default();
        for parts in parts {
            cancel.check()?;
            tables.push(open_table(source, spool, parts, as_images, &mut labels)?);
        }
        check_alike(&tables)?;
        let pixels = tables.first().filter(|_| as_images).map(pixel_shape).transpose()?;
        let class_names = labels.names(class_names)?;
        Ok(Self { tables, class_names, pixels, warnings: labels.warnings })
    }
}

/// Options that make sense for image files only.
fn refuse_image_options(options: &ConvertOptions) -> Result<()> {
    if options.keys != ImageKeys::Tfds {
        return Err(Error::options("--keys slim names the features of image files, and the inputs are arrays")
            .with_hint("leave --keys out, or name the features with --feature and --array"));
    }
    let transform = &options.transform;
    if transform.format == OutputFormat::Keep {
        if transform.resizes() || transform.color != Color::Keep {
            return Err(Error::options(
                "--resize, --size and --color change images, and the rows of an array are stored as tensors",
            )
            .with_hint("add --format png, jpeg or raw to store a uint8 array of images as such"));
        }
    } else if options.feature.is_some() {
        return Err(Error::options("--feature names a tensor; images are always stored as `image`")
            .with_hint("leave out --feature or --format"));
    }
    Ok(())
}

/// Which arrays are the columns of which table.
fn parts<'a>(source: Source<'a>, inputs: Vec<(ArrayRef<'a>, ArrayKind)>) -> Result<Vec<Parts<'a>>> {
    let Source { options, memory, storage } = source;
    let labels = options.labels.as_deref().map(|path| source.array(path)).transpose()?;
    let more = options
        .arrays
        .iter()
        .map(|(name, path)| Ok((name.clone(), source.array(path)?)))
        .collect::<Result<Vec<_>>>()?;
    let beside = Beside { labels, more };
    if inputs.is_empty() {
        let named = |array: &&MemoryArray<'_>| {
            let mut beside = options.labels.iter().chain(options.arrays.iter().map(|(_, path)| path));
            !beside.any(|path| array.is_at(path))
        };
        let set: Vec<_> = memory.iter().filter(named).collect();
        if set.is_empty() {
            return Err(no_input());
        }
        let member = |name: &str| set.iter().find(|array| array.name() == name).map(|array| ArrayRef::in_memory(array));
        return by_name("the arrays", memory_layout(&set)?, beside, member);
    }
    let archives = inputs.iter().filter(|(array, kind)| *kind == ArrayKind::Npz && array.member.is_none()).count();
    let Some((archive, _)) = inputs.first().filter(|_| archives > 0) else {
        refuse_same(&inputs, source)?;
        refuse_mixed_splits(&inputs)?;
        let main = inputs.into_iter().map(|(array, _)| array).collect();
        return Ok(vec![Parts { split: None, main, labels: beside.labels, more: beside.more }]);
    };
    if inputs.len() > 1 {
        return Err(Error::inputs("an .npz archive must be the only input: its members say what they are")
            .with_hint("convert the archives one by one, or name members as in FILE.npz:x_train"));
    }
    let layout = npz_layout(&Npz::open(storage, &archive.path)?).at(&archive.path)?;
    by_name("the members of the archive", layout, beside, |name| Some(ArrayRef::member(&archive.path, name)))
}

/// Columns that are given beside arrays.
struct Beside<'a> {
    labels: Option<ArrayRef<'a>>,
    more: Vec<(String, ArrayRef<'a>)>,
}

/// The tables of arrays that say by their names what they are.
fn by_name<'a>(
    what: &str,
    layout: Vec<NpzSplit>,
    beside: Beside<'a>,
    member: impl Fn(&str) -> Option<ArrayRef<'a>>,
) -> Result<Vec<Parts<'a>>> {
    let mut parts = Vec::new();
    for split in layout {
        let own = split.labels.as_deref().and_then(&member);
        if split.name.is_some() && (beside.labels.is_some() || !beside.more.is_empty()) {
            return Err(Error::options(format!(
                "{what} have splits of their own, so --labels and --array cannot say which split they belong to"
            ))
            .with_hint(format!("put all columns into {what}, as x_train, y_train, NAME_train")));
        }
        if own.is_some() && beside.labels.is_some() {
            return Err(Error::options(format!("among {what} are labels already, and --labels gives others"))
                .with_hint("leave out --labels, or name the main array as FILE.npz:MEMBER"));
        }
        let mut more: Vec<_> = split.extra.iter().filter_map(|(name, at)| Some((name.clone(), member(at)?))).collect();
        more.extend(beside.more.iter().cloned());
        parts.push(Parts {
            split: split.name,
            main: member(&split.x).into_iter().collect(),
            labels: own.or_else(|| beside.labels.clone()),
            more,
        });
    }
    Ok(parts)
}

/// One array given twice would put every row into two records.
fn refuse_same(inputs: &[(ArrayRef<'_>, ArrayKind)], source: Source<'_>) -> Result<()> {
    let mut seen = Vec::new();
    for (array, _) in inputs {
        let path = match source.memory.get(&array.path) {
            Some(_) => array.path.clone(),
            None => source.storage.canonical(&array.path)?,
        };
        let real = (path, &array.member);
        if seen.contains(&real) {
            return Err(Error::inputs(format!("the array {array} is given twice: its rows would be written twice"))
                .with_hint("give each array once; the last argument is the output folder"));
        }
        seen.push(real);
    }
    Ok(())
}

/// Several arrays are the parts of one; that must not join a training set with its test set.
fn refuse_mixed_splits(inputs: &[(ArrayRef<'_>, ArrayKind)]) -> Result<()> {
    const SPLITS: [&str; 5] = ["train", "validation", "valid", "val", "test"];
    let split = |array: &ArrayRef<'_>| {
        let name = array.member.clone().or_else(|| Some(array.path.file_stem()?.to_string_lossy().into_owned()))?;
        let name = name.to_ascii_lowercase();
        SPLITS.into_iter().find(|split| name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == *split))
    };
    let mut splits = inputs.iter().filter_map(|(array, _)| Some((array, split(array)?)));
    let Some((first, name)) = splits.next() else { return Ok(()) };
    match splits.find(|(_, other)| *other != name) {
        Some((other, _)) => Err(Error::inputs(format!(
            "{first} and {other} are named like different splits, and several arrays would be joined into one"
        ))
        .with_hint(
            "convert each into a folder of its own, or save them as one .npz with x_train, y_train, x_test, y_test",
        )),
        None => Ok(()),
    }
}

fn open_table<'a>(
    source: Source<'a>,
    spool: &Spool,
    parts: Parts<'a>,
    as_images: bool,
    labels: &mut Labels,
) -> Result<Table<'a>> {
    let Source { options, storage, .. } = source;
    let main_key = if as_images { "image" } else { options.feature.as_deref().unwrap_or("x") };
    let Parts { split, main: main_arrays, labels: label_array, more } = parts;
    let feature =
        |key: &str, arrays: &[ArrayRef<'a>]| ArrayFeature::new(key, Column::open(storage, key, arrays, spool)?);
    check_key(main_key, &[], false)?;
    let main = feature(main_key, &main_arrays)?;
    let rows = main.column.rows();
    let mut features = vec![main];
    let mut classes = None;
    if let Some(array) = label_array {
        check_key(LABEL, &features, as_images)?;
        let mut column = feature(LABEL, std::slice::from_ref(&array))?;
        check_rows(&features, &column, &array)?;
        classes = labels.read(&mut column, &array, options)?;
        features.push(column);
    } else if options.stratify {
        return Err(Error::options("--stratify needs labels").with_hint("give them with --labels FILE.npy"));
    }
    for (key, array) in more {
        check_key(&key, &features, as_images)?;
        let column = feature(&key, std::slice::from_ref(&array))?;
        check_rows(&features, &column, &array)?;
        features.push(column);
    }
    if rows == 0 {
        return Err(Error::inputs("the array has no rows, so there is nothing to convert"))
            .at(main_arrays.first().map_or_else(PathBuf::new, |array| array.path.clone()));
    }
    Ok(Table { split, features, rows, classes })
}

fn check_rows(features: &[ArrayFeature<'_>], column: &ArrayFeature<'_>, array: &ArrayRef<'_>) -> Result<()> {
    let Some(main) = features.first() else { return Ok(()) };
    if main.column.rows() == column.column.rows() {
        return Ok(());
    }
    let of = main.column.parts().next().map(|(path, _)| crate::error::Printable(path).to_string()).unwrap_or_default();
    Err(Error::inputs(format!(
        "`{}` has {} rows, and the main array ({of}) has {}: row i of each is record i",
        column.key,
        Count(column.column.rows()),
        Count(main.column.rows())
    ))
    .with_hint("check that both were saved from the same data, in the same order"))
    .at(array.to_string())
}

fn check_key(key: &str, features: &[ArrayFeature<'_>], as_images: bool) -> Result<()> {
    let fault = if key.is_empty() || key.trim() != key || key.chars().any(char::is_control) {
        "it is empty, or has white space around it or control characters in it"
    } else if features.iter().any(|feature| feature.key == key) {
        "another column has that name"
    } else if as_images && key.starts_with("image/") {
        "`image/...` describes the image"
    } else {
        return Ok(());
    };
    Err(Error::options(format!("`{key}` cannot name a feature: {fault}"))
        .with_hint("choose another name in --feature or --array NAME=FILE (or in the archive)"))
}

/// All tables have the same columns, so that one schema describes them.
fn check_alike(tables: &[Table<'_>]) -> Result<()> {
    let columns = |table: &Table<'_>| {
        let describe = |f: &ArrayFeature<'_>| format!("{} {} {:?}", f.key, f.column.dtype(), f.column.row_shape());
        table.features.iter().map(describe).collect::<Vec<_>>()
    };
    let Some((first, rest)) = tables.split_first() else { return Ok(()) };
    for table in rest {
        if columns(first) != columns(table) {
            return Err(Error::inputs(format!(
                "the splits differ: `{}` has {}, `{}` has {}",
                first.split.as_deref().unwrap_or_default(),
                columns(first).join(", "),
                table.split.as_deref().unwrap_or_default(),
                columns(table).join(", ")
            ))
            .with_hint("give all splits the same columns, types and row shapes, or convert them one by one"));
        }
    }
    Ok(())
}

/// Rows, columns and channels of a main array that holds images.
fn pixel_shape(table: &Table<'_>) -> Result<[u32; 3]> {
    let Some(main) = table.features.first() else { return Ok([0; 3]) };
    let shape = main.column.row_shape();
    let fault = |what: String| {
        Err(Error::inputs(what)
            .with_hint("images are uint8 arrays of shape [n, height, width] or [n, height, width, 1, 3 or 4]; leave out --format to store tensors"))
    };
    if main.column.dtype() != DType::Uint8 {
        return fault(format!("--format makes images of uint8 arrays, and this one holds {}", main.column.dtype()));
    }
    let dims = match *shape {
        [height, width] => [height, width, 1],
        [height, width, channels @ (1 | 3 | 4)] => [height, width, channels],
        [channels @ (1 | 3), height, width] => {
            return fault(format!(
                "rows of shape [{channels}, {height}, {width}] have their channels first: np.transpose(x, (0, 2, 3, 1)) puts them last"
            ));
        }
        _ => return fault(format!("rows of shape {shape:?} are no images")),
    };
    let [height, width, channels] = dims.map(|dim| u32::try_from(dim).unwrap_or(u32::MAX));
    Ok([height, width, channels])
}

/// How class numbers are made of labels that are none, where that is what their form suggests.
fn advice(labels: &Column<'_>) -> &'static str {
    match labels.row_shape() {
        [width] if *width > 1 => "; if each row is one-hot, save np.argmax(y, axis=-1)",
        [] | [1] if !labels.dtype().is_integer() => "; if they are class numbers, save y.astype(\"int64\")",
        _ => "",
    }
}

/// What the labels of all tables turn out to be.
#[derive(Debug, Default)]
struct Labels {
    classes: Option<u32>,
    other: Option<String>,
    warnings: Vec<String>,
}

impl Labels {
    /// Reads one column of labels. Returns the class of each row where that is needed.
    fn read(
        &mut self,
        feature: &mut ArrayFeature<'_>,
        array: &ArrayRef<'_>,
        options: &ConvertOptions,
    ) -> Result<Option<Vec<i32>>> {
        match class_ids(&feature.column, options.stratify)? {
            LabelColumn::Classes { ids, classes, smallest, unlabelled } => {
                if classes > 1 && smallest != Some(0) {
                    self.warnings.push(format!(
                        "no row of {array} has label 0: labels count from 0, so if these count from 1, save y - 1"
                    ));
                }
                self.classes = Some(self.classes.unwrap_or(0).max(classes));
                if unlabelled > 0 {
                    self.warnings.push(format!("{} rows of {array} have no class (-1)", Count(unlabelled)));
                }
                feature.kind = Kind::Int64;
                feature.class_offset = Some(options.offset());
                Ok(options.stratify.then_some(ids))
            }
            LabelColumn::Other { why } => {
                let advice = advice(&feature.column);
                if options.stratify || options.class_names.is_some() {
                    let option = if options.stratify { "--stratify" } else { "--class-names" };
                    return Err(Error::inputs(format!("{option} needs class numbers, and the labels are {why}"))
                        .with_hint(format!(
                            "class numbers are whole numbers from 0 up, one a row (-1 for none){advice}"
                        )))
                    .at(array.to_string());
                }
                self.warnings
                    .push(format!("the labels of {array} are {why}: stored as a tensor, without classes{advice}"));
                self.other = Some(why);
                Ok(None)
            }
        }
    }

    /// The names of the classes: those given, or their numbers.
    fn names(&self, given: Option<ClassNames>) -> Result<Vec<String>> {
        let Some(classes) = self.classes else {
            if given.is_some() {
                return Err(Error::options("--class-names needs labels").with_hint("give them with --labels FILE.npy"));
            }
            return Ok(Vec::new());
        };
        if let Some(why) = &self.other {
            return Err(Error::inputs(format!(
                "the labels of one split are class numbers, those of another are {why}"
            )));
        }
        let Some(given) = given else { return Ok((0..classes.max(1)).map(|class| class.to_string()).collect()) };
        let names = given.names().to_vec();
        if (names.len() as u64) < u64::from(classes) {
            return Err(Error::inputs(format!(
                "the labels go up to {}, and --class-names gives only {} names (0 to {})",
                classes - 1,
                names.len(),
                names.len().saturating_sub(1)
            ))
            .with_hint("class numbers start at 0: subtract 1 from labels that start at 1, or add the missing names"));
        }
        Ok(names)
    }
}
