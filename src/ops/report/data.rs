//! What a report tells: everything that the page shows, and nothing that the page has to work out. Its JSON is this too.
//!
//! Every list is bounded and says how many there are in all, so that a report of a million records is as small as one of
//! a thousand. Texts are as they were found (names of classes and files come from anyone): whoever shows them escapes.

use serde::Serialize;

/// Some of many things.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Listed<T> {
    /// The ones that are kept, in the order in which they are worth looking at.
    pub items: Vec<T>,
    /// How many there are, kept or not.
    pub total: u64,
}

/// Everything that is told of one data set.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DataReport {
    /// The name of the data set.
    pub name: String,
    /// Where it is, as it was named.
    pub path: String,
    /// The program that made this report, as in `shardify 0.1.0`.
    pub tool: String,
    /// Intact records.
    pub records: u64,
    /// Shards.
    pub shards: u64,
    /// Bytes of all shard files.
    pub bytes: u64,
    /// The splits, in order.
    pub splits: Vec<SplitFacts>,
    /// The cap of a shard in bytes, if the manifest says it.
    pub cap: Option<u64>,
    /// How many shards are compressed in which way (`none`, `gzip`, `zlib`).
    pub compression: Vec<(String, u64)>,
    /// How it was made, if a manifest says so.
    pub origin: Option<Origin>,
    /// `manifest`, `tfds` or `records`: where the meaning of the features comes from.
    pub schema_source: &'static str,
    /// All features, sorted by key.
    pub features: Vec<FeatureFacts>,
    /// Classes and how often each occurs, if records have labels.
    pub classes: Option<Classes>,
    /// Pictures, if records have them.
    pub images: Option<Images>,
    /// Features that are numbers, other than the label and what only repeats others.
    pub arrays: Vec<ArrayFacts>,
    /// Pictures or, without pictures, values of the first array that occur more than once, byte for byte.
    pub exact: Repeats,
    /// Pictures that look the same and are not byte for byte; of those that were decoded.
    pub near: Repeats,
    /// What is odd about labels.
    pub label_problems: Vec<LabelProblem>,
    /// What `validate` finds.
    pub health: Health,
    /// Code that reads the data set.
    pub snippets: Vec<ReaderCode>,
}

/// One split.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SplitFacts {
    /// Its name.
    pub name: String,
    /// Its intact records.
    pub records: u64,
    /// Its shards.
    pub shards: u64,
    /// The bytes of its shard files.
    pub bytes: u64,
    /// The bytes of each shard file: all if there are up to 64, else evenly chosen ones.
    pub fill: Listed<ShardFill>,
}

/// How full a shard is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ShardFill {
    /// The file name.
    pub name: String,
    /// Its records.
    pub records: u64,
    /// Its bytes.
    pub bytes: u64,
}

/// How a data set was made.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Origin {
    /// The program, as in `shardify 0.1.0`.
    pub tool: String,
    /// A command line that would make it again, quoted for a shell; `None` if another program wrote the shards.
    pub command: Option<String>,
    /// The inputs and options, by name, as text.
    pub options: Vec<(String, String)>,
    /// The seed.
    pub seed: u64,
    /// SHA-256 of the list of inputs.
    pub inputs_sha256: String,
    /// Inputs that were left out.
    pub skipped: u64,
}

/// One feature of the records.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FeatureFacts {
    /// Its key.
    pub key: String,
    /// `bytes`, `int64`, `float`, `mixed` or `none`.
    pub kind: String,
    /// What it means: `image`, `label`, `text`, `tensor uint8 [28, 28]`.
    pub meaning: String,
    /// Records that have it.
    pub records: u64,
    /// The least and the greatest value, or length of bytes, as text; empty if nothing is known.
    pub range: String,
}

/// Classes and how often each occurs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Classes {
    /// The key of the label.
    pub key: String,
    /// The classes by label, up to 1,000 of them: beyond, the most and the least frequent.
    pub rows: Listed<ClassRow>,
    /// The records of the most frequent class by those of the least frequent that has any.
    pub imbalance: Option<f64>,
    /// Records whose label no class has.
    pub unknown: u64,
}

/// One class.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ClassRow {
    /// The label as it is stored.
    pub label: i64,
    /// Its name; empty if it has none.
    pub name: String,
    /// Its records in each split, in the order of [`DataReport::splits`].
    pub per_split: Vec<u64>,
    /// Its records.
    pub records: u64,
}

/// What is known of pictures.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Images {
    /// The key of the picture.
    pub key: String,
    /// Records that have one.
    pub total: u64,
    /// Pictures that were decoded: all, or as many as were asked for, chosen at random. Everything about pixels (means,
    /// blank and similar pictures) is of these.
    pub decoded: u64,
    /// How many are stored in which format (`jpeg`, `png`, `raw`, `webp`...).
    pub formats: Vec<(String, u64)>,
    /// How many have how many channels.
    pub channels: Vec<(String, u64)>,
    /// Columns of pixels.
    pub width: Numbers,
    /// Rows of pixels.
    pub height: Numbers,
    /// Width by height.
    pub aspect: Numbers,
    /// Bytes of a stored picture.
    pub bytes: Numbers,
    /// Mean of each channel over all pixels of the decoded pictures, as RGB (or one grey channel if all are grey), from 0 to 1.
    pub mean: Vec<f64>,
    /// Standard deviation, likewise.
    pub deviation: Vec<f64>,
    /// Pictures whose pixels are all but equal.
    pub blank: Listed<Blank>,
    /// Pictures that do not decode.
    pub broken: Listed<Broken>,
    /// Random pictures of each class; one group without a name where there are no classes.
    pub sheet: Vec<SheetGroup>,
    /// Classes that have records and no place in the sheet, because there are too many.
    pub classes_not_shown: u64,
}

/// The pictures of one class.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SheetGroup {
    /// The name of the class, or its label if it has none; empty if there are no classes.
    pub name: String,
    /// Its records.
    pub records: u64,
    /// Some, chosen at random with a fixed seed.
    pub shown: Vec<Thumbnail>,
}

/// A small copy of a picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Thumbnail {
    /// Where it comes from.
    pub place: Place,
    /// Rows of pixels of the original.
    pub height: u32,
    /// Columns of pixels of the original.
    pub width: u32,
    /// Rows of pixels of the copy.
    pub shown_height: u32,
    /// Columns of pixels of the copy.
    pub shown_width: u32,
    /// `image/jpeg` or `image/png`.
    #[serde(skip)]
    pub mime: &'static str,
    /// The file.
    #[serde(skip)]
    pub data: Vec<u8>,
}

/// A record.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The split.
    pub split: String,
    /// The file name of the shard.
    pub shard: String,
    /// The number of the record among the intact ones of its shard, from 0.
    pub record: u64,
    /// The name of the file it was made from, if it is stored; empty if not.
    pub filename: String,
    /// The class, or its label without a name; empty if there is none.
    pub class: String,
}

/// A picture whose pixels are all but equal.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Blank {
    /// The picture.
    pub thumbnail: Thumbnail,
    /// The standard deviation of its brightness, from 0 to 1.
    pub deviation: f64,
}

/// A picture that does not decode.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Broken {
    /// Where.
    pub place: Place,
    /// Why.
    pub reason: String,
}

/// Records with the same content, in groups.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Repeats {
    /// Whether they were looked for, and why not.
    pub not_looked: Option<String>,
    /// Groups: those across splits first, then those with differing labels, then the largest.
    pub groups: Listed<Group>,
    /// Records that could go: all but one of each group.
    pub surplus: u64,
    /// Groups that stand in more than one split: what is tested was trained on.
    pub across_splits: u64,
    /// Groups whose records have differing labels.
    pub differing_labels: u64,
}

/// Records with the same content.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Group {
    /// The records: the first ones.
    pub members: Listed<Place>,
    /// One picture (exact), or the first few (near); none for arrays, or where there is no room.
    pub thumbnails: Vec<Thumbnail>,
    /// Whether it stands in more than one split.
    pub across_splits: bool,
    /// Whether labels differ.
    pub differing_labels: bool,
}

/// What is known of a feature of numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ArrayFacts {
    /// Its key.
    pub key: String,
    /// NumPy's name of the element type.
    pub dtype: String,
    /// The shape of a record's value; `None` where records differ.
    pub shape: Vec<Option<u64>>,
    /// Records that have it.
    pub records: u64,
    /// Elements that are NaN.
    pub nan: u64,
    /// Elements that are infinite and positive.
    pub positive_infinity: u64,
    /// Elements that are infinite and negative.
    pub negative_infinity: u64,
    /// Elements that are zero.
    pub zeros: u64,
    /// Records with an element that is NaN or infinite.
    pub records_not_finite: u64,
    /// The finite elements.
    pub values: Numbers,
    /// Records whose value is one number throughout.
    pub constant_records: u64,
}

/// Many numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Numbers {
    /// How many.
    pub count: u64,
    /// The least, if there are any.
    pub min: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
    /// The mean.
    pub mean: Option<f64>,
    /// The standard deviation, of all as they are (not estimated of more).
    pub deviation: Option<f64>,
    /// How often they fall into which interval, in order: from `start + i * width` on, less than the next; up to 64.
    pub histogram: Bins,
}

/// Intervals of equal width, with how many numbers fall into each.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Bins {
    /// Where the first interval starts.
    pub start: f64,
    /// How wide each is; 0 if there are none.
    pub width: f64,
    /// How many numbers fall into each.
    pub counts: Vec<u64>,
}

/// Something odd about labels.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LabelProblem {
    /// What it is, in a few words: `classes without records`.
    pub title: String,
    /// Details, one for each class or record concerned.
    pub details: Listed<String>,
    /// What to do about it.
    pub remedy: String,
}

/// What `validate` finds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Health {
    /// Errors.
    pub errors: u64,
    /// Warnings.
    pub warnings: u64,
    /// By kind, errors first.
    pub kinds: Vec<HealthKind>,
}

/// Findings of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HealthKind {
    /// The name of the kind, as `validate` prints it.
    pub kind: String,
    /// Whether it is an error, else a warning.
    pub is_error: bool,
    /// The first findings: place and message.
    pub findings: Listed<String>,
    /// What to do about it.
    pub remedy: String,
}

/// Code that reads the data set.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReaderCode {
    /// What it reads with, as people call it: `tf.data`.
    pub title: String,
    /// The code; or, if this reader cannot read it, empty.
    pub code: String,
    /// Why this reader cannot read it; empty if it can.
    pub refused: String,
}
