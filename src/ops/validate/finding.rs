//! What `validate` finds, as data: kind, severity, place, message, remedy.

use std::{path::Path, sync::Arc};

use crate::units::{ByteOffset, RecordIndex};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Records are lost or wrong, or some reader will fail.
    Error,
    /// Worth knowing; it may be meant.
    Warning,
}

impl Severity {
    /// The name in text and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Declares the kinds: type, name, usual severity, what to do about it.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $severity:ident, $remedy:literal;)+) => {
        /// What was found. The order is that in which findings at one place are listed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FindingKind { $($(#[$doc])* $kind,)+ }

        impl FindingKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// The name in text and JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// How bad it is, unless a finding says otherwise.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$kind => Severity::$severity,)+ }
            }

            /// What to do about it, unless a finding says otherwise.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$kind => $remedy,)+ }
            }
        }
    };
}

kinds! {
    /// Metadata that cannot be read, or of a newer version.
    Metadata = "metadata", Error, "write it anew: `shardify index --manifest` or `--tfds`, once the broken file is moved away";
    /// What an interrupted run left behind.
    Leftover = "leftover", Warning,
        "if that run is over, finish it with --resume, or remove what is left of it";
    /// Blank, duplicate, too few or too many class names.
    ClassNames = "class-names", Error,
        "correct the list: one name a line, none twice, none blank, as many as there are classes; TFDS does not complain, it shifts labels";
    /// A shard that should be there.
    MissingShard = "missing-shard", Error, "copy it again, or make the data set complete without it with `shardify reshard`";
    /// A shard that should not be there.
    ExtraShard = "extra-shard", Warning, "move it away: patterns such as train-* read it along with the others";
    /// A file that cannot be opened or read.
    Unreadable = "unreadable", Error, "check its permissions and the disk, then look again";
    /// A file of another kind.
    NotTfrecord = "not-tfrecord", Error, "replace it with the real shard, or move it out of the data set";
    /// A shard without records.
    EmptyShard = "empty-shard", Warning, "remove it, or `shardify reshard` the data set: DALI refuses shards without records";
    /// Compression that nothing announces, or another one than announced.
    UnannouncedCompression = "unannounced-compression", Warning,
        "rename it (.gz, .zlib), tell readers (compression_type), or unpack it with `shardify reshard`";
    /// A damaged or cut gzip or zlib stream.
    BadCompression = "bad-compression", Error, "copy it again, or save what can be read with `shardify repair`";
    /// A header whose checksum does not hold.
    LengthCrc = "length-crc", Error, "copy the shard again, or save the intact records with `shardify repair`";
    /// A payload whose checksum does not hold.
    DataCrc = "data-crc", Error, "copy the shard again, or save the intact records with `shardify repair`";
    /// A valid header that claims more than a record may have.
    RecordTooLarge = "record-too-large", Error,
        "write the data again in records below 2 GiB; `shardify repair` saves the other records";
    /// The file ends with less than a header.
    TruncatedHeader = "truncated-header", Error,
        "copy the shard again; TensorFlow reads it without a word, and `shardify repair` cuts it clean";
    /// The file ends inside a record.
    TruncatedRecord = "truncated-record", Error, "copy the shard again, or save the intact records with `shardify repair`";
    /// Zeros up to the end of the file.
    ZeroTail = "zero-tail", Error,
        "copy the shard again, or cut the zeros off with `shardify repair`: a crash left blocks unwritten";
    /// A payload that is no Example.
    BadExample = "bad-example", Error, "write these records again: tf.io.parse_single_example fails on them";
    /// Examples and SequenceExamples in one data set.
    MixedRecords = "mixed-records", Error, "keep them in folders of their own: no parser takes both";
    /// A feature of another type.
    FeatureKind = "feature-kind", Error, "write these records again with the type of the others: parsing fails on them";
    /// A feature that is not there.
    MissingFeature = "missing-feature", Warning,
        "write these records again, or give the feature a default when parsing (tf.io.FixedLenFeature(default_value=...))";
    /// A feature with another number of values than the schema fixes.
    FeatureShape = "feature-shape", Error, "write these records again in the shape that the schema says, or correct the schema";
    /// A label that no class has.
    LabelRange = "label-range", Error, "write these records again, or complete the class names: such a label breaks the loss";
    /// A payload that an earlier record has too.
    DuplicateRecord = "duplicate-record", Warning,
        "if it is not meant, write the data set again without it; --no-duplicates skips this check";
    /// An image that does not decode.
    BadImage = "bad-image", Error, "write the record again with a whole JPEG or PNG: `shardify convert` makes them of other formats";
    /// Another number of records than metadata say.
    RecordCount = "record-count", Error,
        "copy the shard again; if it is right, write the metadata anew: `shardify index --manifest` or `--tfds`";
    /// Another size than the manifest says.
    FileSize = "file-size", Error, "copy the shard again; if it is right, write the manifest anew: `shardify index --manifest`";
    /// Another checksum than the manifest says.
    FileCrc = "file-crc", Error, "copy the shard again; if it is right, write the manifest anew: `shardify index --manifest`";
    /// An index that describes another file.
    IndexMismatch = "index-mismatch", Error, "write the index anew: `shardify index --overwrite`";
    /// No index where there should be one.
    IndexMissing = "index-missing", Warning, "write it: `shardify index`; DALI and readers that seek need it";
}

impl std::fmt::Display for FindingKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// How bad it is.
    pub severity: Severity,
    /// The file concerned: mostly a shard.
    pub shard: Option<Arc<Path>>,
    /// The number of the record in its shard, where one is concerned. A damaged stretch counts as one record.
    pub record: Option<RecordIndex>,
    /// Where that record starts, in uncompressed bytes.
    pub offset: Option<ByteOffset>,
    /// Its extent in bytes, framing included.
    pub bytes: Option<u64>,
    /// What was found and what was expected.
    pub message: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Finding {
    /// Of a file as a whole.
    pub(super) fn of_file(kind: FindingKind, shard: Arc<Path>, message: impl Into<String>) -> Self {
        Self {
            kind,
            severity: kind.severity(),
            shard: Some(shard),
            record: None,
            offset: None,
            bytes: None,
            message: message.into(),
            remedy: kind.remedy(),
        }
    }
}
