//! The records of a shard whose places are known, once more and in their order.

use std::ops::Range;

use crate::{
    error::{At, Error, Result},
    pipeline::Cancel,
    source::{ShardFile, Spool},
    storage::{LocalStorage, Storage},
    tfrecord::{Compression, DEFAULT_MAX_RECORD, Frame, Spans, Verify, parse_frame},
    units::RecordIndex,
};

/// Bytes read at once where records are small.
const WINDOW: u64 = 1 << 20;

/// A shard as it was found.
#[derive(Debug)]
pub(super) struct Known<'a> {
    /// Its intact records.
    pub(super) intact: &'a Spans,
    /// Whether nothing else is in it.
    pub(super) is_whole: bool,
}

/// Gives the payloads of a range of the intact records to `each`, with their number among these.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io); a shard that is no longer what it was; what `each` returns.
pub(super) fn records(
    file: &ShardFile,
    known: &Known<'_>,
    range: Range<u64>,
    spool: &Spool<'_>,
    cancel: &Cancel,
    mut each: impl FnMut(u64, &[u8]) -> Result<()>,
) -> Result<()> {
    match file.compression() {
        Compression::None => {
            let read = |buffer: &mut [u8], offset| file.read_exact_at(buffer, offset);
            windows(known.intact, range, cancel, read, &mut each)
        }
        _ if known.is_whole && range.start == 0 => {
            let mut inflater = file.inflate();
            windows(known.intact, range, cancel, |buffer, _| full(inflater.fill(buffer)? == buffer.len()), &mut each)
        }
        _ => {
            let unpacked = file.unpack(spool)?;
            let inside = LocalStorage.open(unpacked.path())?;
            windows(known.intact, range, cancel, |buffer, at| inside.read_exact_at(buffer, at), &mut each)
        }
    }
    .at(file.path())
}

fn full(is_full: bool) -> Result<()> {
    if is_full { Ok(()) } else { Err(changed()) }
}

fn changed() -> Error {
    Error::inputs("the shard changed while it was read").with_hint("run it again when nothing writes to the shard")
}

/// Reads many records at once, from front to end.
fn windows(
    intact: &Spans,
    range: Range<u64>,
    cancel: &Cancel,
    mut read: impl FnMut(&mut [u8], u64) -> Result<()>,
    each: &mut impl FnMut(u64, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut buffer = Vec::new();
    let mut next = range.start;
    while next < range.end {
        cancel.check()?;
        let Some(first) = intact.get(RecordIndex(next)) else { break };
        let (mut lens, mut total) = (Vec::new(), 0);
        for record in next..range.end {
            let Some(span) = intact.get(RecordIndex(record)) else { break };
            let follows = span.offset.0 == first.offset.0 + total;
            if !follows || !lens.is_empty() && total + u64::from(span.len) > WINDOW {
                break;
            }
            lens.push(span.len as usize);
            total += u64::from(span.len);
        }
        buffer.resize(usize::try_from(total).unwrap_or(usize::MAX), 0);
        read(&mut buffer, first.offset.0)?;
        let mut rest = buffer.as_slice();
        for len in lens {
            let (record, more) = rest.split_at_checked(len).ok_or_else(changed)?;
            rest = more;
            match parse_frame(record, DEFAULT_MAX_RECORD, Verify::All) {
                Frame::Record { payload, end } if end == len => each(next, payload)?,
                _ => return Err(changed()),
            }
            next += 1;
        }
    }
    if next == range.end { Ok(()) } else { Err(changed()) }
}
