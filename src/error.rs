//! The one error type of the library.
//!
//! Rules, so that every message is one a user can act on:
//! - an [`Error`] says *what was found and what was expected* ([`ErrorKind`]), *where* (file, then byte, record, row or
//!   line), and *what to do next* ([`Error::hint`]);
//! - the layer that finds the fault sets the kind and the place; whoever holds the path adds it with [`At::at`];
//! - an [`io::Error`] is kept as the source, with the action that failed, never flattened to text early;
//! - no message is printed here: only the command line prints.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::units::{ByteOffset, ByteSize, RecordIndex};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, where, and what to do next. One pointer wide.
pub struct Error(Box<Repr>);

struct Repr {
    kind: ErrorKind,
    path: Option<PathBuf>,
    record: Option<RecordIndex>,
    place: Option<Place>,
    hint: Option<String>,
}

/// A place inside a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A byte offset from the start of the file.
    Byte(ByteOffset),
    /// A line of a text file, counted from 1.
    Line(u64),
    /// A row of an array, counted from 0.
    Row(u64),
}

/// Why one input (an image, a row, a list, a header) cannot be used. Stable names for `failures.jsonl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The file has no bytes.
    Empty,
    /// The bytes end before the format says that they do.
    Truncated,
    /// The bytes contradict their format.
    Corrupt,
    /// The bytes are not of any format that is expected here.
    WrongType,
    /// A known format, or a variant of one, that is not supported.
    Unsupported,
    /// More pixels than the limit allows.
    TooManyPixels,
    /// The record does not fit the shard cap or the limit of one Example.
    TooLarge,
    /// The file could not be opened or read.
    Unreadable,
}

impl Fault {
    /// The name written to `failures.jsonl`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Truncated => "truncated",
            Self::Corrupt => "corrupt",
            Self::WrongType => "wrong-type",
            Self::Unsupported => "unsupported",
            Self::TooManyPixels => "too-many-pixels",
            Self::TooLarge => "too-large",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What went wrong, keyed by what the caller can do about it.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused: `action` is what was tried, as in "open" or "write".
    Io {
        /// What was tried.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// One input cannot be used; under `--on-error skip` the run goes on without it.
    Input {
        /// The class of the fault.
        fault: Fault,
        /// What was found and what was expected.
        message: String,
    },
    /// The inputs as a whole do not fit together: layout, labels, class names, lengths.
    Inputs(String),
    /// There is no file or folder of this name.
    NotFound(String),
    /// An option has a value that cannot be honoured.
    Options(String),
    /// The output folder cannot be used as it is.
    Output(String),
    /// More inputs failed than `--max-errors` allows.
    TooManyFailures(String),
    /// A TFRecord length field whose checksum does not match.
    LengthCrc {
        /// The masked CRC-32C in the file.
        stored: u32,
        /// The masked CRC-32C of the eight length bytes.
        computed: u32,
    },
    /// A TFRecord payload whose checksum does not match.
    DataCrc {
        /// The masked CRC-32C in the file.
        stored: u32,
        /// The masked CRC-32C of the payload.
        computed: u32,
    },
    /// The file ends inside a record.
    TruncatedRecord {
        /// The bytes that the record needs, framing included, as far as they are known.
        needed: u64,
        /// The bytes that are left in the file.
        found: u64,
    },
    /// A record larger than the reader was told to accept.
    RecordTooLarge {
        /// What the header claims.
        claimed: u64,
        /// What is accepted.
        limit: ByteSize,
    },
    /// A payload that is not a serialized `tf.train.Example`.
    BadExample(String),
    /// Shards are not what they were when they were written, or what is said of them: damaged, cut off or missing.
    Damaged(String),
    /// The caller asked to stop.
    Interrupted,
}

impl Error {
    /// An error of this kind, without place or path yet.
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Repr { kind, path: None, record: None, place: None, hint: None }))
    }

    /// An operating system error, with what was tried.
    #[must_use]
    pub fn io(action: &'static str, source: io::Error) -> Self {
        Self::new(ErrorKind::Io { action, source })
    }

    /// One input that cannot be used.
    #[must_use]
    pub fn input(fault: Fault, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input { fault, message: message.into() })
    }

    /// Inputs that do not fit together.
    #[must_use]
    pub fn inputs(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Inputs(message.into()))
    }

    /// A file or folder that is not there.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound(message.into()))
    }

    /// Shards that are not what they were.
    #[must_use]
    pub fn damaged(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Damaged(message.into()))
    }

    /// An option that cannot be honoured.
    #[must_use]
    pub fn options(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Options(message.into()))
    }

    /// An output folder that cannot be used.
    #[must_use]
    pub fn output(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Output(message.into()))
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The file concerned, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The record in that file, if one is concerned.
    #[must_use]
    pub fn record(&self) -> Option<RecordIndex> {
        self.0.record
    }

    /// The place inside the file, if it is known.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.0.place
    }

    /// What to do next, if there is advice.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Adds the place, unless a deeper layer has set one.
    #[must_use]
    pub fn at_place(mut self, place: Place) -> Self {
        self.0.place.get_or_insert(place);
        self
    }

    /// Adds the record, unless a deeper layer has set one.
    #[must_use]
    pub fn at_record(mut self, record: RecordIndex) -> Self {
        self.0.record.get_or_insert(record);
        self
    }

    /// Adds the file, unless a deeper layer has set one.
    #[must_use]
    pub fn of(mut self, path: impl AsRef<Path>) -> Self {
        self.0.path.get_or_insert_with(|| path.as_ref().to_path_buf());
        self
    }

    /// Adds the next step, unless a deeper layer has given one.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// The class of the fault when this error concerns one input only, so that a run may go on without it.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        match self.0.kind {
            ErrorKind::Input { fault, .. } => Some(fault),
            _ => None,
        }
    }

    /// The same error as one that ends a run: not of one input that can be left out.
    #[must_use]
    pub fn into_fatal(mut self) -> Self {
        self.0.kind = match self.0.kind {
            ErrorKind::Input { message, .. } => ErrorKind::Inputs(message),
            kind => kind,
        };
        self
    }

    /// The message alone: what was found and expected, without file, place or hint.
    #[must_use]
    pub fn message(&self) -> String {
        self.0.kind.to_string()
    }
}

/// Adds the file to an error that does not name one yet.
pub trait At<T> {
    /// Names the file concerned.
    ///
    /// # Errors
    /// The same error, with the path added.
    fn at(self, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> At<T> for Result<T> {
    fn at(self, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|error| error.of(path))
    }
}

/// Turns an [`io::Result`] into ours, with what was tried: `File::open(p).during("open").at(p)?`.
pub trait During<T> {
    /// Names what was tried.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] with the action and the source.
    fn during(self, action: &'static str) -> Result<T>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, action: &'static str) -> Result<T> {
        self.map_err(|source| Error::io(action, source).with_io_hint())
    }
}

impl Error {
    /// Advice for the operating system errors that users meet most.
    fn with_io_hint(self) -> Self {
        let ErrorKind::Io { source, .. } = &self.0.kind else { return self };
        let advice = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "free some space, or choose an output folder on another disk"
            }
            io::ErrorKind::PermissionDenied => "check the permissions of the file and of every folder above it",
            io::ErrorKind::ReadOnlyFilesystem => "choose an output folder on a file system that can be written",
            io::ErrorKind::NotFound => "check the spelling and the folder that you are in",
            io::ErrorKind::WouldBlock => "the system is out of threads: give fewer with --threads",
            io::ErrorKind::OutOfMemory => "free some memory, or give fewer --threads",
            _ => match source.raw_os_error() {
                Some(libc::EMFILE) => "raise the limit with `ulimit -n 1024`, or give fewer --threads",
                Some(libc::ENFILE) => "the whole system has too many files open: close some programs",
                _ => return self,
            },
        };
        self.with_hint(advice)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, source } => write!(f, "cannot {action}: {}", plain(source)),
            Self::Input { message, .. }
            | Self::Inputs(message)
            | Self::NotFound(message)
            | Self::Options(message)
            | Self::Output(message)
            | Self::TooManyFailures(message)
            | Self::Damaged(message) => f.write_str(message),
            Self::LengthCrc { stored, computed } => {
                write!(f, "length checksum is {stored:#010x}, expected {computed:#010x}")
            }
            Self::DataCrc { stored, computed } => {
                write!(f, "data checksum is {stored:#010x}, expected {computed:#010x}")
            }
            Self::TruncatedRecord { needed, found } => {
                write!(f, "the file ends inside a record: {needed} bytes needed, {found} left")
            }
            Self::RecordTooLarge { claimed, limit } => {
                write!(f, "the header claims a record of {claimed} bytes, more than the limit of {limit}")
            }
            Self::BadExample(message) => write!(f, "not a tf.train.Example: {message}"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// The text of an operating system error without Rust's "(os error N)".
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.0.path {
            write!(f, "{}: ", Printable(path))?;
        }
        match self.0.place {
            Some(Place::Byte(at)) => write!(f, "byte {at}: ")?,
            Some(Place::Line(line)) => write!(f, "line {line}: ")?,
            Some(Place::Row(row)) => write!(f, "row {row}: ")?,
            None => {}
        }
        if let Some(record) = self.0.record {
            write!(f, "record {record}: ")?;
        }
        self.0.kind.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        self.0.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            ErrorKind::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<ByteOffset> for Place {
    fn from(offset: ByteOffset) -> Self {
        Self::Byte(offset)
    }
}

/// Whether a character would do something to a terminal instead of being seen: control characters, those of eight bits included,
/// and those that turn the direction of text or end a line.
#[must_use]
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A path as text that is safe on a terminal: control characters and invalid UTF-8 are escaped.
#[derive(Debug)]
pub struct Printable<'a>(pub &'a Path);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string_lossy().chars() {
            if steers(c) {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_file_place_and_both_values() {
        let error = Error::new(ErrorKind::LengthCrc { stored: 0x1c2d_0a55, computed: 0x9be0_1f70 })
            .at_place(ByteOffset(88412).into());
        let error = Err::<(), _>(error).at("train.tfrecord-00003-of-00016").unwrap_err();
        assert_eq!(
            error.to_string(),
            "train.tfrecord-00003-of-00016: byte 88412: length checksum is 0x1c2d0a55, expected 0x9be01f70"
        );
    }

    #[test]
    fn the_first_path_and_hint_win() {
        let error = Error::inputs("x").with_hint("a").with_hint("b");
        let error = Err::<(), _>(error).at("deep").at("outer").unwrap_err();
        assert_eq!((error.to_string().as_str(), error.hint()), ("deep: x", Some("a")));
    }

    #[test]
    fn control_characters_in_paths_are_escaped() {
        assert_eq!(Printable(Path::new("a\n\u{1b}[31mb")).to_string(), "a\\n\\u{1b}[31mb");
    }
}
