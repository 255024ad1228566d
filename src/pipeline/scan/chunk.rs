//! The records that start in one stretch of a shard, read by one worker in a few windows.

use std::ops::Range;

use super::{RecordPlace, Visit};
use crate::{
    error::Result,
    tfrecord::{DEFAULT_MAX_RECORD, Frame, HEADER_LEN, Verify, find_header, parse_frame, unmask},
};

/// Bytes read at once: small enough to be still in the cache when the checksum is computed.
pub(super) const WINDOW: usize = 256 << 10;

/// A buffer that one huge record left behind is given back above this.
const KEEP: usize = 4 << 20;

/// Where the first record of a stretch starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Here.
    Known(u64),
    /// At the first header that holds, at or after this offset.
    Find(u64),
}

/// What was found in a stretch.
#[derive(Debug, Default)]
pub(super) struct Chunk<P> {
    /// Where its first record starts, if one does.
    pub(super) first: Option<u64>,
    /// Where the record after its last one starts.
    pub(super) end: u64,
    /// The lengths of its records, framing included.
    pub(super) lens: Vec<u32>,
    /// Whether something that is no whole record followed.
    pub(super) is_broken: bool,
    pub(super) part: P,
}

/// A buffer with the bytes of a stream that are looked at.
#[derive(Debug, Default)]
pub(super) struct Window {
    bytes: Vec<u8>,
    /// The part of `bytes` that is filled and not yet done with.
    at: Range<usize>,
    /// Where `at.start` lies in the stream.
    offset: u64,
}

impl Window {
    fn begin(&mut self, offset: u64) {
        if self.bytes.len() > KEEP {
            self.bytes = Vec::new();
        }
        self.at = 0..0;
        self.offset = offset;
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(self.at.clone()).unwrap_or_default()
    }

    fn pass(&mut self, bytes: usize) {
        self.at.start += bytes;
        self.offset += bytes as u64;
    }

    /// Reads on until the window holds `total` bytes or a good deal more arrived; `false` at the end of the stream. Memory
    /// grows with what arrives, not with what a header claims.
    fn more(&mut self, total: u64, feed: &mut impl FnMut(&mut [u8]) -> Result<usize>) -> Result<bool> {
        let has = self.at.len();
        let most = (2 * has).max(WINDOW);
        let wanted = usize::try_from(total).unwrap_or(most).clamp(WINDOW.min(most), most);
        self.bytes.copy_within(self.at.clone(), 0);
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        let made = feed(self.bytes.get_mut(has..).unwrap_or_default())?;
        self.at = 0..has + made;
        Ok(made > 0)
    }
}

/// Reads the records that start in the stretch from `start` to `until`. `feed` gives the bytes from `start` on.
pub(super) fn scan<V: Visit>(
    visit: &V,
    shard: usize,
    start: Start,
    until: u64,
    window: &mut Window,
    mut feed: impl FnMut(&mut [u8]) -> Result<usize>,
) -> Result<Chunk<V::Part>> {
    let mut chunk = Chunk::default();
    match start {
        Start::Known(at) => window.begin(at),
        Start::Find(at) => {
            window.begin(at);
            loop {
                if let Some(at) = find_header(window.bytes(), 0, DEFAULT_MAX_RECORD) {
                    window.pass(at);
                    break;
                }
                // The last bytes may begin a header.
                window.pass(window.at.len().saturating_sub(HEADER_LEN - 1));
                if window.offset >= until || !window.more(HEADER_LEN as u64, &mut feed)? {
                    return Ok(chunk);
                }
            }
        }
    }
    if window.offset < until {
        chunk.first = Some(window.offset);
    }
    while window.offset < until {
        match parse_frame(window.bytes(), DEFAULT_MAX_RECORD, Verify::All) {
            Frame::Record { payload, end } => {
                let crc = stored_crc(window.bytes().get(..end).unwrap_or_default());
                let place = RecordPlace { shard, number: chunk.lens.len() as u64, offset: window.offset, crc };
                visit.record(payload, place, &mut chunk.part);
                chunk.lens.push(u32::try_from(end).unwrap_or(u32::MAX));
                window.pass(end);
            }
            Frame::NeedMore { total } => {
                if !window.more(total, &mut feed)? {
                    chunk.is_broken = !window.at.is_empty();
                    break;
                }
            }
            Frame::Bad(_) => {
                chunk.is_broken = true;
                break;
            }
        }
    }
    chunk.end = window.offset;
    Ok(chunk)
}

/// The CRC-32C that stands at the end of a whole record.
pub(super) fn stored_crc(record: &[u8]) -> u32 {
    record.last_chunk().map_or(0, |stored| unmask(u32::from_le_bytes(*stored)))
}
