//! Single records in a form that people can read: long values shortened, images by format and size, nothing that could steer a
//! terminal.

use std::path::{Path, PathBuf};

use super::InspectOptions;
use crate::{
    error::{At, Error, Result},
    example::{ExampleView, FeatureView, Kind},
    pipeline::{Cancel, ScannedShard},
    source::ShardFile,
    storage::Storage,
    tfrecord::{Compression, FOOTER_LEN, HEADER_LEN, RecordSpan},
    transform::probe,
    units::{ByteOffset, ByteSize, Count, RecordIndex},
};

/// Values of a list that are shown.
const VALUES: usize = 8;

/// Steps of a list of features that are shown.
const STEPS: usize = 3;

/// Characters of a text that are shown.
const TEXT: usize = 100;

/// Bytes of what is no text that are shown.
const RAW: usize = 16;

/// Unpacked bytes looked at in one go.
const BLOCK: usize = 256 << 10;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownRecord {
    /// Its shard.
    pub shard: PathBuf,
    /// Its number in that, as `validate` counts.
    pub record: RecordIndex,
    /// Where it starts, in uncompressed bytes.
    pub offset: ByteOffset,
    /// The bytes of its payload.
    pub bytes: u64,
    /// What is in it, or why nothing can be read.
    pub features: Result<Vec<ShownFeature>, String>,
}

/// One feature of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownFeature {
    /// Its key.
    pub key: String,
    /// Its kind; `None` if it is no list, or a list of features.
    pub kind: Option<Kind>,
    /// How many values it has, or steps.
    pub values: u64,
    /// What it holds, shortened.
    pub text: String,
}

/// A record to be shown.
#[derive(Debug)]
pub(super) struct Wanted {
    path: PathBuf,
    record: RecordIndex,
    span: RecordSpan,
}

/// Notes which of the records of a shard are to be shown.
pub(super) fn choose<P>(
    options: &InspectOptions,
    path: &Path,
    scanned: &ScannedShard<P>,
    wanted: &mut Vec<Wanted>,
) -> Result<()> {
    let want = |intact: u64, span| Wanted { path: path.to_path_buf(), record: scanned.number_of(intact), span };
    let left = options.records.saturating_sub(wanted.len() as u64);
    let first = (0..left).zip(scanned.intact.iter()).map(|(intact, span)| want(intact, span));
    let Some(record) = options.record else {
        wanted.extend(first);
        return Ok(());
    };
    // Damage before it makes its number larger than its position.
    let most = record.0.min(scanned.intact.len().saturating_sub(1));
    let found = (0..=most).rev().find(|intact| scanned.number_of(*intact) <= record);
    let span =
        found.filter(|intact| scanned.number_of(*intact) == record).and_then(|at| scanned.intact.get(RecordIndex(at)));
    match (found, span) {
        (Some(intact), Some(span)) => {
            wanted.push(want(intact, span));
            Ok(())
        }
        _ => {
            let what = match scanned.damage.iter().any(|damage| damage.record == record) {
                true => format!("record {record} is damaged"),
                false => format!(
                    "there is no record {record}: the shard has {}, counted from 0",
                    Count(scanned.intact.len())
                ),
            };
            Err(Error::options(what).with_hint("shardify validate names all damage")).at(path)
        }
    }
}

/// Reads the records that are to be shown.
pub(super) fn read(storage: &dyn Storage, wanted: &[Wanted], cancel: &Cancel) -> Result<Vec<ShownRecord>> {
    let mut shown = Vec::new();
    for of_shard in wanted.chunk_by(|a, b| a.path == b.path) {
        let Some(first) = of_shard.first() else { continue };
        let file = ShardFile::open(storage, &first.path)?;
        let mut reader = Reader::new(&file, cancel);
        for Wanted { path, record, span } in of_shard {
            let bytes = reader.read(*span)?;
            let payload = bytes.get(HEADER_LEN..bytes.len().saturating_sub(FOOTER_LEN)).unwrap_or_default();
            let bytes = payload.len() as u64;
            let (shard, features) = (path.clone(), features(payload));
            shown.push(ShownRecord { shard, record: *record, offset: span.offset, bytes, features });
        }
    }
    Ok(shown)
}

/// Reads places of a shard, of a compressed one from front to back.
struct Reader<'a, F> {
    file: &'a ShardFile,
    inflate: F,
    /// The last unpacked bytes, and where they start.
    held: Vec<u8>,
    start: u64,
}

impl<'a> Reader<'a, ()> {
    fn new(file: &'a ShardFile, cancel: &'a Cancel) -> Reader<'a, impl FnMut(&mut [u8]) -> Result<usize>> {
        let mut inflater = file.inflate();
        let inflate = move |buffer: &mut [u8]| {
            cancel.check()?;
            let mut made = inflater.fill(buffer)?;
            while made == 0 && inflater.fault().is_some() && inflater.resume()? {
                made = inflater.fill(buffer)?;
            }
            Ok(made)
        };
        Reader { file, inflate, held: Vec::new(), start: 0 }
    }
}

impl<F: FnMut(&mut [u8]) -> Result<usize>> Reader<'_, F> {
    /// The bytes of a record that comes after those read before.
    fn read(&mut self, span: RecordSpan) -> Result<&[u8]> {
        let len = usize::try_from(span.len).unwrap_or(usize::MAX);
        if self.file.compression() == Compression::None {
            self.held.resize(len, 0);
            self.file.read_exact_at(&mut self.held, span.offset.0)?;
            return Ok(&self.held);
        }
        let until = span.offset.0 + u64::from(span.len);
        while self.start + (self.held.len() as u64) < until {
            let passed = usize::try_from(span.offset.0.saturating_sub(self.start)).unwrap_or(usize::MAX);
            let passed = passed.min(self.held.len());
            self.held.drain(..passed);
            self.start += passed as u64;
            let had = self.held.len();
            self.held.resize(had + BLOCK, 0);
            let made = (self.inflate)(self.held.get_mut(had..).unwrap_or_default())?;
            self.held.truncate(had + made);
            if made == 0 {
                return Err(Error::inputs("the shard changed while it was read")).at(self.file.path());
            }
        }
        let from = usize::try_from(span.offset.0 - self.start).unwrap_or(usize::MAX);
        Ok(self.held.get(from..from.saturating_add(len)).unwrap_or_default())
    }
}

fn features(payload: &[u8]) -> Result<Vec<ShownFeature>, String> {
    let view = ExampleView::parse(payload)
        .map_err(|fault| format!("no tf.train.Example: byte {}: {}; {}", fault.at, fault.what, raw(payload)))?;
    let mut shown: Vec<ShownFeature> = view
        .features
        .iter()
        .map(|(key, feature)| ShownFeature {
            key: (*key).to_owned(),
            kind: feature.kind(),
            values: feature.len() as u64,
            text: value(feature),
        })
        .collect();
    for (key, steps) in view.lists.iter().flatten() {
        let first = steps.iter().take(STEPS).map(value);
        let text = shortened(first.collect(), steps.len(), "steps");
        shown.push(ShownFeature { key: (*key).to_owned(), kind: None, values: steps.len() as u64, text });
    }
    Ok(shown)
}

fn value(feature: &FeatureView<'_>) -> String {
    let first: Vec<String> = match feature.kind() {
        None => return "nothing".to_owned(),
        Some(Kind::Bytes) => feature.bytes().take(VALUES).map(bytes).collect(),
        Some(Kind::Int64) => feature.ints().take(VALUES).map(|number| number.to_string()).collect(),
        // As many digits as tell it from its neighbours.
        Some(Kind::Float) => feature.floats().take(VALUES).map(|number| format!("{number:?}")).collect(),
    };
    match (feature.len(), first.first()) {
        (1, Some(only)) => only.clone(),
        (len, _) => shortened(first, len, "values"),
    }
}

fn shortened(first: Vec<String>, len: usize, noun: &str) -> String {
    let more = if len > first.len() { format!(", ... {} {noun}", Count(len as u64)) } else { String::new() };
    format!("[{}{more}]", first.join(", "))
}

fn bytes(bytes: &[u8]) -> String {
    let size = ByteSize(bytes.len() as u64);
    if let Some((format, head)) = probe(bytes) {
        let head = head.map_or("header damaged".to_owned(), |it| format!("{}x{}x{}", it.height, it.width, it.channels));
        return format!("{} {head}, {size}", format.name());
    }
    // A character may be cut by the end of what is looked at.
    let head = bytes.get(..4 * TEXT).unwrap_or(bytes);
    let text = match std::str::from_utf8(head) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() && head.len() < bytes.len() => {
            head.get(..error.valid_up_to()).and_then(|head| std::str::from_utf8(head).ok())
        }
        Err(_) => None,
    };
    let is_plain = |c: char| !c.is_control() || c.is_whitespace();
    match text.filter(|text| text.chars().all(is_plain)) {
        Some(text) => {
            let part: String = text.chars().take(TEXT).collect();
            if part.len() == bytes.len() { format!("{part:?}") } else { format!("{part:?}... {size}") }
        }
        None => raw(bytes),
    }
}

fn raw(bytes: &[u8]) -> String {
    let first: Vec<String> = bytes.iter().take(RAW).map(|byte| format!("{byte:02x}")).collect();
    let more = if bytes.len() > RAW { " ..." } else { "" };
    format!("{}: {}{more}", ByteSize(bytes.len() as u64), first.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_and_harmless() {
        let gif = b"GIF89a\x03\0\x02\0";
        for (value, expected) in [
            (&b"a cat"[..], "\"a cat\""),
            (b"", "\"\""),
            (b"two\nlines\t\"q\"", "\"two\\nlines\\t\\\"q\\\"\""),
            ("\u{202e}caf\u{e9}".as_bytes(), "\"\\u{202e}caf\u{e9}\""),
            (b"\x1b[31mred", "8 B: 1b 5b 33 31 6d 72 65 64"),
            (b"\xff\xfe", "2 B: ff fe"),
            (gif, "GIF 2x3x3, 10 B"),
            (b"\xff\xd8\xff", "JPEG header damaged, 3 B"),
        ] {
            assert_eq!(bytes(value), expected);
        }
        let long = bytes("\u{e9}".repeat(1000).as_bytes());
        assert_eq!(long, format!("{:?}... 2.00 kB", "\u{e9}".repeat(TEXT)));
        assert_eq!(bytes(&[0; 20]), "20 B: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ...");
    }
}
