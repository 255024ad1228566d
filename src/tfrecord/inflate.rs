//! Reading compressed shards from front to end, and as far as they can be read when they are damaged.

use flate2::{Decompress, FlushDecompress, Status};

use super::{
    compression::Compression,
    frame::{Frame, HEADER_LEN, Verify, parse_frame},
};
use crate::{
    error::Result,
    units::{ByteOffset, ByteSize},
};

/// Compressed bytes read at once.
const INPUT: usize = 256 << 10;

/// How every gzip member starts, its method included.
const GZIP_MAGIC: &[u8] = b"\x1f\x8b\x08";

/// Why a compressed stream cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamFault {
    /// Where in the compressed file.
    pub offset: ByteOffset,
    /// What is wrong there.
    pub what: &'static str,
}

/// The bytes in a gzip file of any number of members, or in a zlib stream.
#[derive(Debug)]
pub struct Inflater<F> {
    compression: Compression,
    len: u64,
    read: F,
    state: Decompress,
    input: Vec<u8>,
    /// How much of `input` is used up.
    used: usize,
    /// Where `input` starts in the file.
    start: u64,
    /// Where the member starts that is being read.
    member: u64,
    /// Whether the last member has ended, and the next one has not begun.
    between: bool,
    fault: Option<StreamFault>,
    crc: crc32fast::Hasher,
}

impl<F: FnMut(&mut [u8], u64) -> Result<()>> Inflater<F> {
    /// Reads a file of `len` bytes, which `read` fills a buffer with from any offset on.
    pub fn new(compression: Compression, len: u64, read: F) -> Self {
        Self {
            compression,
            len,
            read,
            state: fresh(compression),
            input: Vec::new(),
            used: 0,
            start: 0,
            member: 0,
            between: false,
            fault: None,
            crc: crc32fast::Hasher::new(),
        }
    }

    /// Fills a buffer as far as possible. Returns the bytes written; fewer than asked for at the end, or where reading cannot
    /// go on: see [`Inflater::fault`].
    ///
    /// # Errors
    /// Those of `read`.
    pub fn fill(&mut self, out: &mut [u8]) -> Result<usize> {
        let mut end = 0;
        while end < out.len() && self.fault.is_none() {
            self.refill()?;
            let input = self.input.get(self.used..).unwrap_or_default();
            if self.between {
                match (input.is_empty(), self.compression) {
                    (true, _) => break,
                    (false, Compression::Gzip) if input.starts_with(GZIP_MAGIC) => self.begin(),
                    (false, _) => self.fail(behind(self.compression)),
                }
                continue;
            }
            let (at_in, at_out) = (self.state.total_in(), self.state.total_out());
            let verdict = self.state.decompress(input, out.get_mut(end..).unwrap_or_default(), FlushDecompress::None);
            // What was read and made before a fault counts too.
            let taken = usize::try_from(self.state.total_in() - at_in).unwrap_or(0);
            let made = usize::try_from(self.state.total_out() - at_out).unwrap_or(0);
            let is_stuck = taken == 0 && made == 0;
            let has_ended = input.is_empty();
            self.used += taken;
            end += made;
            match verdict {
                Ok(Status::StreamEnd) => self.between = true,
                Ok(_) if is_stuck && has_ended => self.fail("the stream is cut off"),
                Ok(_) => {}
                Err(_) => self.fail("the compressed data or their checksum are damaged"),
            }
        }
        Ok(end)
    }

    /// Whether reading ended at bytes behind a whole member that are no further one, nor padding.
    #[must_use]
    pub fn ends_in_junk(&self) -> bool {
        let rest = self.input.get(self.used..).unwrap_or_default();
        self.fault.is_some() && self.between && rest.iter().take(GZIP_MAGIC.len()).any(|byte| *byte != 0)
    }

    /// Why nothing more can be read; `None` at the end of a whole stream.
    #[must_use]
    pub const fn fault(&self) -> Option<StreamFault> {
        self.fault
    }

    /// After a fault: goes to the next thing that looks like a gzip member. Returns whether there is one.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn resume(&mut self) -> Result<bool> {
        if self.compression != Compression::Gzip || self.fault.is_none() {
            return Ok(false);
        }
        self.seek(self.member + 1)?;
        loop {
            let input = self.input.get(self.used..).unwrap_or_default();
            if let Some(at) = memchr::memmem::find(input, GZIP_MAGIC) {
                self.used += at;
                // The rest of the header must be there, and its reserved flags clear: else it is no header.
                if self.input.get(self.used + 3).is_some_and(|flags| flags & 0xe0 == 0) {
                    self.fault = None;
                    self.begin();
                    return Ok(true);
                }
                self.used += 1;
                continue;
            }
            let next = self.start + self.input.len().max(1) as u64 - 1;
            if self.start + self.input.len() as u64 >= self.len {
                return Ok(false);
            }
            // The last bytes may begin a header.
            self.load(next.saturating_sub(GZIP_MAGIC.len() as u64))?;
        }
    }

    /// The CRC-32 (IEEE) of the whole compressed file, what was not needed included.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn file_crc32(mut self) -> Result<u32> {
        while self.start + (self.input.len() as u64) < self.len {
            self.next_block()?;
        }
        Ok(self.crc.finalize())
    }

    fn begin(&mut self) {
        self.member = self.start + self.used as u64;
        self.state = fresh(self.compression);
        self.between = false;
    }

    fn fail(&mut self, what: &'static str) {
        self.fault = Some(StreamFault { offset: ByteOffset(self.start + self.used as u64), what });
    }

    /// Sees to it that there are bytes to go on with, unless the file ends. Between members, enough to tell one.
    fn refill(&mut self) -> Result<()> {
        let left = self.input.len() - self.used.min(self.input.len());
        let at = self.start + self.input.len() as u64;
        if at >= self.len || left >= GZIP_MAGIC.len() || (left > 0 && !self.between) {
            return Ok(());
        }
        let rest = self.input.get(self.used..).unwrap_or_default().to_vec();
        self.next_block()?;
        self.start -= rest.len() as u64;
        self.input.splice(..0, rest);
        Ok(())
    }

    /// Replaces the input by the next bytes of the file, which count for its checksum.
    fn next_block(&mut self) -> Result<()> {
        let at = self.start + self.input.len() as u64;
        self.load(at)?;
        self.crc.update(&self.input);
        Ok(())
    }

    fn load(&mut self, at: u64) -> Result<()> {
        let take = usize::try_from(self.len.saturating_sub(at)).unwrap_or(INPUT).min(INPUT);
        self.input.resize(take, 0);
        (self.start, self.used) = (at, 0);
        (self.read)(&mut self.input, at)
    }

    /// Goes to another place in the file. The checksum of the file is void from then on.
    fn seek(&mut self, at: u64) -> Result<()> {
        // What is there already is not read again: there may be a false member every few bytes.
        let here = at.checked_sub(self.start).and_then(|used| usize::try_from(used).ok());
        if let Some(used) = here.filter(|used| *used < self.input.len().saturating_sub(GZIP_MAGIC.len())) {
            self.used = used;
            return Ok(());
        }
        self.load(at.min(self.len))
    }
}

fn fresh(compression: Compression) -> Decompress {
    match compression {
        Compression::Zlib => Decompress::new(true),
        Compression::Gzip | Compression::None => Decompress::new_gzip(15),
    }
}

const fn behind(compression: Compression) -> &'static str {
    match compression {
        Compression::Zlib => "there are bytes behind the end of the zlib stream, which readers never see",
        Compression::Gzip | Compression::None => "the bytes behind the end of a gzip member are no further member",
    }
}

impl Compression {
    /// How the file is compressed that starts with these bytes; a few kilobytes are enough. Anything that is neither gzip nor
    /// zlib counts as not compressed.
    #[must_use]
    pub fn detect(head: &[u8]) -> Self {
        let is_header = |bytes: &[u8]| {
            let header = bytes.get(..HEADER_LEN).unwrap_or_default();
            !matches!(parse_frame(header, ByteSize(u64::MAX), Verify::Length), Frame::Bad(_)) && !header.is_empty()
        };
        if is_header(head) {
            return Self::None;
        }
        if head.starts_with(GZIP_MAGIC) {
            return Self::Gzip;
        }
        // Two bytes that look like a zlib header are no rarity: what is inside decides.
        let looks_like_zlib = matches!(head, [method, flags, ..]
            if method & 0x0f == 8 && method >> 4 <= 7 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31) && flags & 0x20 == 0);
        if looks_like_zlib {
            let mut state = Decompress::new(true);
            let mut start = [0; HEADER_LEN];
            let verdict = state.decompress(head, &mut start, FlushDecompress::None);
            let made = usize::try_from(state.total_out()).unwrap_or(0);
            let holds_nothing = made == 0 && matches!(verdict, Ok(Status::StreamEnd));
            if verdict.is_ok() && (holds_nothing || is_header(start.get(..made).unwrap_or_default())) {
                return Self::Zlib;
            }
        }
        Self::None
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::{GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;
    use crate::tfrecord::{footer, header};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// What can be read, every fault that was met, and the checksum of the file as far as no fault was met.
    fn unpack(compression: Compression, file: &[u8], step: usize) -> (Vec<u8>, Vec<StreamFault>) {
        let mut inflater = Inflater::new(compression, file.len() as u64, |buffer, at| {
            let at = usize::try_from(at).unwrap();
            buffer.copy_from_slice(&file[at..at + buffer.len()]);
            Ok(())
        });
        let (mut out, mut faults) = (Vec::new(), Vec::new());
        loop {
            let mut part = vec![0; step];
            while let made @ 1.. = inflater.fill(&mut part).unwrap() {
                out.extend_from_slice(&part[..made]);
            }
            let Some(fault) = inflater.fault() else { break };
            faults.push(fault);
            if !inflater.resume().unwrap() {
                break;
            }
        }
        if faults.is_empty() {
            assert_eq!(inflater.file_crc32().unwrap(), crc32fast::hash(file));
        }
        (out, faults)
    }

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        (0..len).map(|_| next()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn whole_files_are_read_whole(lens in proptest::collection::vec(0usize..400_000, 1..4), step in 1usize..100_000) {
            let parts: Vec<Vec<u8>> = lens.iter().map(|len| noise(*len)).collect();
            let members: Vec<u8> = parts.iter().flat_map(|part| gzip(part)).collect();
            let step = step + lens.iter().sum::<usize>() / 50;
            prop_assert_eq!(unpack(Compression::Gzip, &members, step), (parts.concat(), Vec::new()));
            prop_assert_eq!(unpack(Compression::Zlib, &zlib(&parts[0]), step), (parts[0].clone(), Vec::new()));
        }

        #[test]
        fn a_cut_file_gives_its_beginning(len in 0usize..3000, at: prop::sample::Index) {
            let whole = noise(len);
            for (compression, file) in [(Compression::Gzip, gzip(&whole)), (Compression::Zlib, zlib(&whole))] {
                let cut = at.index(file.len());
                let (out, faults) = unpack(compression, &file[..cut], 777);
                prop_assert!(whole.starts_with(&out));
                prop_assert_eq!(faults.len(), 1);
                prop_assert!(faults[0].what.contains("cut off") && faults[0].offset.0 == cut as u64);
            }
        }
    }

    #[test]
    fn members_behind_a_damaged_one_are_found() {
        let parts = [noise(5000), noise(300_000), noise(700)];
        let mut members = parts.clone().map(|part| gzip(&part));
        let at = members[1].len() - 4;
        // The length in the trailer.
        members[1][at] ^= 1;
        let (out, faults) = unpack(Compression::Gzip, &members.concat(), 10_000);
        assert_eq!(out, parts.concat());
        assert!(faults[0].what.contains("checksum"), "{faults:?}");
        // Cut in the middle: what follows continues without what is lost.
        members[1].truncate(at / 2);
        let (out, faults) = unpack(Compression::Gzip, &members.concat(), 10_000);
        assert!(out.starts_with(&parts[0]) && out.ends_with(&parts[2]));
        assert_eq!(faults.len(), 1);
    }

    #[test]
    fn what_stands_behind_the_end_is_a_fault() {
        for (compression, file) in [
            (Compression::Gzip, [gzip(b"abc"), b"junk".to_vec()].concat()),
            (Compression::Gzip, [gzip(b"abc"), vec![0; 20]].concat()),
            (Compression::Zlib, [zlib(b"abc"), zlib(b"def")].concat()),
        ] {
            let (out, faults) = unpack(compression, &file, 100);
            assert_eq!(out, b"abc");
            assert!(faults[0].what.contains("behind"), "{faults:?}");
        }
    }

    #[test]
    fn compression_is_told_by_the_bytes() {
        let record = [&header(5)[..], b"hello", &footer(b"hello")].concat();
        for (head, expected) in [
            (record.clone(), Compression::None),
            (gzip(&record), Compression::Gzip),
            (zlib(&record), Compression::Zlib),
            (zlib(b""), Compression::Zlib),
            (zlib(b"some text that is no record"), Compression::None),
            (b"x\x9c".to_vec(), Compression::None),
            (Vec::new(), Compression::None),
            // A record whose length looks like the magic of gzip.
            (header(0x08_8b1f).to_vec(), Compression::None),
        ] {
            assert_eq!(Compression::detect(&head), expected, "{head:?}");
        }
    }
}
