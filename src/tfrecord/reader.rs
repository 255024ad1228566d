//! Reading records one after the other from any stream.

use std::io::Read;

use super::frame::{FOOTER_LEN, FRAME_LEN, Frame, HEADER_LEN, Verify, parse_frame};
use crate::{
    error::{During, Error, ErrorKind, Result},
    units::{ByteOffset, ByteSize, RecordIndex},
};

/// The largest record that is accepted unless told otherwise: one `Example` may not be larger.
pub const DEFAULT_MAX_RECORD: ByteSize = ByteSize((1 << 31) - 1);

/// How records are read.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ReaderOptions {
    /// Payloads above this are an error, before any memory is taken for them.
    pub max_record: ByteSize,
    /// Which checksums are compared.
    pub verify: Verify,
}

impl Default for ReaderOptions {
    fn default() -> Self {
        Self { max_record: DEFAULT_MAX_RECORD, verify: Verify::All }
    }
}

/// One record, borrowed from its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The position of the record in the stream.
    pub index: RecordIndex,
    /// Where its header starts.
    pub offset: ByteOffset,
    /// What it holds.
    pub payload: &'a [u8],
}

/// Reads the records of an uncompressed TFRecord stream in order, through one reused buffer.
#[derive(Debug)]
pub struct RecordReader<R> {
    input: R,
    options: ReaderOptions,
    buffer: Vec<u8>,
    offset: u64,
    index: u64,
    /// Nothing more can be read: where the next record would start is not known.
    lost: bool,
}

impl<R: Read> RecordReader<R> {
    /// Reads from `input`, which should be buffered or cheap to read in small pieces.
    pub fn new(input: R, options: ReaderOptions) -> Self {
        Self { input, options, buffer: Vec::new(), offset: 0, index: 0, lost: false }
    }

    /// The next record, or `None` at the end. After [`ErrorKind::DataCrc`] the records behind the damaged one can still be
    /// read; after any other error there is nothing more.
    ///
    /// # Errors
    /// [`ErrorKind::LengthCrc`], [`ErrorKind::DataCrc`], [`ErrorKind::TruncatedRecord`] or
    /// [`ErrorKind::RecordTooLarge`] at the byte where the record starts; [`ErrorKind::Io`].
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>> {
        if self.lost {
            return Ok(None);
        }
        let place = ByteOffset(self.offset);
        let whole = self.read_frame(place);
        // Where the next record starts is known once this one is in the buffer, even if its payload is damaged.
        let is_damaged = matches!(&whole, Err(error) if matches!(error.kind(), ErrorKind::DataCrc { .. }));
        self.lost = whole.is_err() && !is_damaged;
        let index = RecordIndex(self.index);
        if is_damaged || matches!(whole, Ok(true)) {
            self.index += 1;
            self.offset += self.buffer.len() as u64;
        }
        if !whole? {
            return Ok(None);
        }
        let payload = self.buffer.get(HEADER_LEN..self.buffer.len() - FOOTER_LEN).unwrap_or_default();
        debug_assert_eq!(payload.len() + FRAME_LEN, self.buffer.len());
        Ok(Some(Record { index, offset: place, payload }))
    }

    /// Reads one whole frame into the buffer and checks it; `false` at a clean end.
    fn read_frame(&mut self, place: ByteOffset) -> Result<bool> {
        self.buffer.clear();
        if self.fill(HEADER_LEN as u64)? == 0 {
            return Ok(false);
        }
        // The verdict on the header comes before memory is taken for what it claims.
        if let Frame::NeedMore { total } = self.parse(place)?
            && self.fill(total)? < total
        {
            let kind = ErrorKind::TruncatedRecord { needed: total, found: self.buffer.len() as u64 };
            return Err(Error::new(kind).at_place(place.into()));
        }
        self.parse(place)?;
        Ok(true)
    }

    /// Reads until the buffer holds `total` bytes or the stream ends; memory grows with what really arrives.
    fn fill(&mut self, total: u64) -> Result<u64> {
        let missing = total.saturating_sub(self.buffer.len() as u64);
        (&mut self.input).take(missing).read_to_end(&mut self.buffer).during("read")?;
        Ok(self.buffer.len() as u64)
    }

    fn parse(&self, place: ByteOffset) -> Result<Frame<'_>> {
        match parse_frame(&self.buffer, self.options.max_record, self.options.verify) {
            Frame::Bad(kind) => Err(Error::new(kind).at_place(place.into())),
            frame => Ok(frame),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tfrecord::{footer, header};

    fn read_all(bytes: &[u8]) -> (Vec<(u64, Vec<u8>)>, Option<Error>) {
        let mut reader = RecordReader::new(bytes, ReaderOptions::default());
        let mut records = Vec::new();
        loop {
            match reader.next_record() {
                Ok(Some(record)) => records.push((record.offset.0, record.payload.to_vec())),
                Ok(None) => return (records, None),
                Err(error) => return (records, Some(error)),
            }
        }
    }

    fn frame(payload: &[u8]) -> Vec<u8> {
        [&header(payload.len() as u64)[..], payload, &footer(payload)].concat()
    }

    #[test]
    fn records_come_in_order_with_offsets() {
        let bytes = [frame(b"a"), frame(b""), frame(b"ccc")].concat();
        let (records, error) = read_all(&bytes);
        assert!(error.is_none());
        assert_eq!(records, [(0, b"a".to_vec()), (17, b"".to_vec()), (33, b"ccc".to_vec())]);
    }

    #[test]
    fn every_cut_off_a_record_boundary_is_an_error_at_its_record() {
        let bytes = [frame(b"first"), frame(b"second")].concat();
        for cut in 0..bytes.len() {
            let (records, error) = read_all(&bytes[..cut]);
            let whole = usize::from(cut >= 21);
            assert_eq!(records.len(), whole, "cut at {cut}");
            assert_eq!(error.is_none(), cut == 0 || cut == 21, "cut at {cut}");
            if let Some(error) = error {
                assert_eq!(error.place(), Some(ByteOffset(21 * whole as u64).into()));
            }
        }
    }

    #[test]
    fn records_behind_a_damaged_payload_keep_their_places() {
        let mut bytes = [frame(b"first"), frame(b"second"), frame(b"third")].concat();
        bytes[21 + HEADER_LEN] ^= 1;
        let mut reader = RecordReader::new(bytes.as_slice(), ReaderOptions::default());
        assert!(reader.next_record().unwrap().is_some());
        assert!(matches!(reader.next_record().unwrap_err().kind(), ErrorKind::DataCrc { .. }));
        let third = reader.next_record().unwrap().unwrap();
        assert_eq!((third.index.0, third.offset.0, third.payload), (2, 43, &b"third"[..]));

        bytes[21] ^= 1;
        let mut reader = RecordReader::new(bytes.as_slice(), ReaderOptions::default());
        assert!(reader.next_record().unwrap().is_some());
        assert!(matches!(reader.next_record().unwrap_err().kind(), ErrorKind::LengthCrc { .. }));
        assert!(reader.next_record().unwrap().is_none());
    }

    #[test]
    fn a_valid_header_with_a_huge_claim_takes_no_memory() {
        let (_, error) = read_all(&header(1 << 60));
        assert!(matches!(error.unwrap().kind(), ErrorKind::RecordTooLarge { .. }));
        let (_, error) = read_all(&header((1 << 31) - 1));
        assert!(matches!(error.unwrap().kind(), ErrorKind::TruncatedRecord { found: 12, .. }));
    }
}
