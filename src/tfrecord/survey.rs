//! What can be saved of a damaged shard: which records are intact, and what happened to the others.
//!
//! The hard case is a record that holds framing itself, a TFRecord stored in a record: after damage, what lies inside must
//! not be taken for records of the file. So evidence is weighed:
//!
//! - A header that holds, where a record must start, gives the extent of that record. Records found inside of a damaged payload
//!   count only if their run goes on past its end, for a stored file ends inside of what stores it: then bytes are gone.
//! - After a damaged header the next record is searched for: header and payload must hold, or header and what follows. Then,
//!   at this and every later place where reading was resumed, the checksum before that place is compared with the bytes since
//!   the damaged header: if it holds, all of them were one record of which only the header is damaged, and what was found
//!   inside is taken back.
//!   That is looked for inside of damaged or cut records too, which may themselves have stood inside.
//! - A header that holds and claims more than is left means that the file was cut: nothing inside is a record.
//! - Where it is known that bytes are missing, as behind a damaged gzip member, a record that is no longer whole ends at the first
//!   such place behind its header from which records go on.
//!
//! Checksums of long stretches come from a table of running checksums, made as far as the evidence goes: each byte is read once
//! for it, and the whole takes a few passes. Only bytes that were made for it cost more: each header in a damaged stretch that holds has
//! its payload, up to some 64 KB, read and compared, and for those that are looked at more than once there is a limit.

use super::{
    crc::mask,
    damage::{Damage, DamageKind},
    frame::{FOOTER_LEN, FRAME_LEN, Frame, HEADER_LEN, Verify, parse_frame},
    resync::find_header,
    running::{RunningCrc, WINDOW, between},
    spans::Spans,
};
use crate::{
    error::{ErrorKind, Result},
    units::{ByteOffset, ByteSize, RecordIndex},
};

/// Damaged headers that are remembered, in case one of them is found to hold what follows.
const MAX_SUSPECTS: usize = 64;

/// How many places are looked at again in a whole file, in search of what only a file that was made for it has often. Beyond
/// them, records are still found one after the other.
const PATIENCE: u32 = 1 << 18;

/// What one place costs of it inside of a record that may be the end of another one: all suspects are compared there.
const SUSPICION: u32 = 64;

/// What is in a file of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// The intact records.
    pub intact: Spans,
    /// Everything else, by offset.
    pub damage: Vec<Damage>,
}

/// Looks at `len` uncompressed bytes, which `read` fills a buffer with from any offset on. `breaks` are the offsets, ascending,
/// at which bytes are known to be missing.
///
/// # Errors
/// Those of `read`. Damage is no error.
pub fn survey(
    len: u64,
    limit: ByteSize,
    breaks: &[u64],
    read: impl FnMut(&mut [u8], u64) -> Result<()>,
) -> Result<Survey> {
    // Lengths are kept in 32 bits, and no Example may be longer.
    let limit = ByteSize(limit.0.min(u64::from(u32::MAX) - FRAME_LEN as u64));
    let bytes = RunningCrc::new(len, read);
    let mut surveyor = Surveyor {
        bytes,
        len,
        limit,
        breaks,
        resumed: None,
        intact: Spans::default(),
        damage: Vec::new(),
        suspects: Vec::new(),
        patience: PATIENCE,
    };
    surveyor.run()?;
    Ok(Survey { intact: surveyor.intact, damage: surveyor.damage })
}

/// A damaged header whose record may reach further than the next place where reading was resumed.
struct Suspect {
    start: u64,
    /// The CRC-32C of everything before its payload.
    before: u32,
    kind: DamageKind,
    /// How many intact records and damages came before.
    intact: u64,
    damage: usize,
}

/// What stands at an offset.
enum Found {
    Whole { end: u64 },
    BadData { end: u64, kind: DamageKind },
    PastEnd { needed: u64 },
    NoHeader,
    BadHeader(DamageKind),
}

struct Surveyor<'a, F> {
    bytes: RunningCrc<F>,
    len: u64,
    limit: ByteSize,
    breaks: &'a [u64],
    /// Those breaks at which an intact record stands, once somebody asked.
    resumed: Option<Vec<u64>>,
    intact: Spans,
    damage: Vec<Damage>,
    suspects: Vec<Suspect>,
    patience: u32,
}

impl<F: FnMut(&mut [u8], u64) -> Result<()>> Surveyor<'_, F> {
    fn run(&mut self) -> Result<()> {
        let mut at = 0;
        while at < self.len {
            at = match self.look(at)? {
                Found::Whole { end } => {
                    self.intact.push(at, u32::try_from(end - at).unwrap_or(u32::MAX));
                    end
                }
                Found::BadData { end, kind } => match self.resume_inside(at, end)? {
                    Some(next) => next,
                    None => {
                        let next = match self.at_break(at, end)? {
                            Some(next) => next,
                            None => self.run_past(at, end)?.unwrap_or(end),
                        };
                        self.note(at, next, kind);
                        self.take_back(next)?;
                        next
                    }
                },
                Found::PastEnd { needed } => match self.resume_inside(at, self.len)? {
                    Some(next) => next,
                    None => match self.behind_break(at)? {
                        Some(next) => {
                            self.note(at, next, DamageKind::TruncatedRecord { needed });
                            self.take_back(next)?;
                            next
                        }
                        None => self.ends(at, DamageKind::TruncatedRecord { needed })?,
                    },
                },
                Found::NoHeader => self.ends(at, DamageKind::TruncatedHeader)?,
                Found::BadHeader(_) if self.bytes.is_zero_from(at)? => self.ends(at, DamageKind::ZeroTail)?,
                Found::BadHeader(kind) => {
                    // When there are too many, the outermost ones and the latest one matter most.
                    self.suspects.truncate(MAX_SUSPECTS - 1);
                    let (intact, damage) = (self.intact.len(), self.damage.len());
                    let before = self.bytes.up_to((at + HEADER_LEN as u64).min(self.len))?;
                    self.suspects.push(Suspect { start: at, before, kind, intact, damage });
                    let next = self.next_record(at + 1, self.len, true)?.unwrap_or(self.len);
                    self.note(at, next, kind);
                    self.take_back(next)?;
                    next
                }
            };
        }
        Ok(())
    }

    /// Notes damage from `at` to the end of the file, unless it lies inside a record whose header is damaged.
    fn ends(&mut self, at: u64, kind: DamageKind) -> Result<u64> {
        if !self.take_back(self.len)? {
            self.note(at, self.len, kind);
        }
        Ok(self.len)
    }

    fn note(&mut self, from: u64, to: u64, kind: DamageKind) {
        let record = RecordIndex(self.intact.len() + self.damage.len() as u64);
        self.damage.push(Damage { record, offset: ByteOffset(from), bytes: to - from, kind });
    }

    /// If everything from a suspect to `end` was one record, says so and takes back what was found inside.
    fn take_back(&mut self, end: u64) -> Result<bool> {
        let Some(footer) = end.checked_sub(FOOTER_LEN as u64).filter(|_| !self.suspects.is_empty()) else {
            return Ok(false);
        };
        let (all, stored) = (self.bytes.up_to(footer)?, self.bytes.u32_at(footer)?);
        let limit = self.limit.0;
        let is_whole = |suspect: &Suspect| {
            let payload = footer.checked_sub(suspect.start + HEADER_LEN as u64);
            payload.is_some_and(|len| len <= limit && mask(between(suspect.before, all, len)) == stored)
        };
        let Some(at) = self.suspects.iter().position(is_whole) else { return Ok(false) };
        if let Some(&Suspect { start, kind, intact, damage, .. }) = self.suspects.get(at) {
            self.intact.truncate(intact);
            self.damage.truncate(damage);
            self.suspects.truncate(at);
            self.note(start, end, kind);
        }
        Ok(true)
    }

    /// A record from `at` to `end` that is damaged or cut, behind a damaged header: its own header may stand inside of the record
    /// whose header is damaged, as the end of a stored file that was cut, and claim what is not there. Then that record ends
    /// where another one starts, and its checksum holds.
    fn resume_inside(&mut self, at: u64, end: u64) -> Result<Option<u64>> {
        let mut from = at + HEADER_LEN as u64;
        for _ in 0..if self.suspects.is_empty() { 0 } else { MAX_SUSPECTS } {
            let Some(next) = self.next_record(from, end, true)? else { break };
            let Some(left) = self.patience.checked_sub(SUSPICION) else { break };
            self.patience = left;
            if self.take_back(next)? {
                return Ok(Some(next));
            }
            from = next + 1;
        }
        Ok(None)
    }

    /// Where records go on at a break inside of the record at `at`, which claims to end at `end` and is not whole there.
    fn at_break(&mut self, at: u64, end: u64) -> Result<Option<u64>> {
        if self.next_break(at).is_none_or(|place| place >= end) {
            return Ok(None);
        }
        let resumed = match self.resumed.take() {
            Some(resumed) => resumed,
            None => {
                let mut resumed = Vec::new();
                for place in self.breaks {
                    if matches!(self.look(*place)?, Found::Whole { .. }) {
                        resumed.push(*place);
                    }
                }
                resumed
            }
        };
        let first = resumed.get(resumed.partition_point(|place| *place <= at)).copied().filter(|place| *place < end);
        self.resumed = Some(resumed);
        Ok(first)
    }

    /// The first record behind a break that is inside of the record at `at`, which claims more than is left. What follows the
    /// break may begin inside of a record.
    fn behind_break(&mut self, at: u64) -> Result<Option<u64>> {
        match self.next_break(at) {
            Some(place) => self.next_record(place, self.len, false),
            None => Ok(None),
        }
    }

    fn next_break(&self, at: u64) -> Option<u64> {
        self.breaks.get(self.breaks.partition_point(|place| *place <= at)).copied()
    }

    fn look(&mut self, at: u64) -> Result<Found> {
        let limit = self.limit;
        let window = self.bytes.view(at, HEADER_LEN as u64)?;
        let total = match parse_frame(window.get(..HEADER_LEN).unwrap_or(window), limit, Verify::All) {
            Frame::NeedMore { total } => total,
            Frame::Bad(ErrorKind::LengthCrc { stored, computed }) => {
                return Ok(Found::BadHeader(DamageKind::LengthCrc { stored, computed }));
            }
            Frame::Bad(ErrorKind::RecordTooLarge { claimed, .. }) => {
                return Ok(Found::BadHeader(DamageKind::TooLarge { claimed }));
            }
            Frame::Bad(_) | Frame::Record { .. } => return Ok(Found::NoHeader),
        };
        let left = self.len - at;
        if left < HEADER_LEN as u64 {
            return Ok(Found::NoHeader);
        }
        if total > left {
            return Ok(Found::PastEnd { needed: total });
        }
        let end = at + total;
        if total <= WINDOW {
            return Ok(match parse_frame(self.bytes.view(at, total)?, limit, Verify::All) {
                Frame::Bad(ErrorKind::DataCrc { stored, computed }) => {
                    Found::BadData { end, kind: DamageKind::DataCrc { stored, computed } }
                }
                _ => Found::Whole { end },
            });
        }
        // A long record: its checksum is put together instead of reading it again.
        let footer = end - FOOTER_LEN as u64;
        let computed = mask(self.bytes.crc(at + HEADER_LEN as u64, footer)?);
        let stored = self.bytes.u32_at(footer)?;
        Ok(match stored == computed {
            true => Found::Whole { end },
            false => Found::BadData { end, kind: DamageKind::DataCrc { stored, computed } },
        })
    }

    /// Whether a record may end here: at the end of the file, or before a header that holds.
    fn is_boundary(&mut self, at: u64) -> Result<bool> {
        if at == self.len {
            return Ok(true);
        }
        let limit = self.limit;
        let window = self.bytes.view(at, HEADER_LEN as u64)?;
        Ok(window.len() >= HEADER_LEN && !matches!(parse_frame(window, limit, Verify::Length), Frame::Bad(_)))
    }

    /// The next offset in `from..to` where a record starts whose header holds, and whose payload holds too or, if `lenient`,
    /// which ends at a boundary.
    fn next_record(&mut self, from: u64, to: u64, lenient: bool) -> Result<Option<u64>> {
        let limit = self.limit;
        let mut from = from;
        while from < to {
            let window = self.bytes.view(from, HEADER_LEN as u64)?;
            let Some(at) = find_header(window, 0, limit) else {
                // The last eleven bytes may begin a header.
                let passed = window.len().saturating_sub(HEADER_LEN - 1);
                if passed == 0 {
                    return Ok(None);
                }
                from += passed as u64;
                continue;
            };
            let candidate = from + at as u64;
            if candidate >= to {
                return Ok(None);
            }
            match self.look(candidate)? {
                Found::Whole { .. } => return Ok(Some(candidate)),
                Found::BadData { end, .. } if lenient && self.is_boundary(end)? => return Ok(Some(candidate)),
                _ => from = candidate + 1,
            }
        }
        Ok(None)
    }

    /// The first record inside the record at `start`, which claims to end at `end`, from which a run of records goes on past the
    /// end of its payload.
    fn run_past(&mut self, start: u64, end: u64) -> Result<Option<u64>> {
        let payload = end - FOOTER_LEN as u64;
        let mut from = start + HEADER_LEN as u64;
        while let Some(first) = self.next_record(from, end, false)? {
            let (mut at, mut over_damage, mut is_whole) = (first, false, true);
            // Over records of which only the payload is damaged, which are no reason to lose those before them. Where that leads
            // nowhere, they may have been none, and what is inside of them counts.
            while at <= payload {
                (at, is_whole) = match self.look(at)? {
                    Found::Whole { end } => (end, true),
                    Found::BadData { end, .. } if self.patience > 0 && self.is_boundary(end)? => {
                        over_damage = true;
                        (end, false)
                    }
                    _ => break,
                };
                match over_damage {
                    // What is behind is looked at again, from the next start.
                    true => match self.patience.checked_sub(1) {
                        Some(left) => self.patience = left,
                        None => break,
                    },
                    false => from = at,
                }
            }
            // One that is not whole and ends where the payload's record does is the end of what is stored there, cut behind a header.
            if at > payload && (is_whole || at > end) {
                return Ok(Some(first));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests;
