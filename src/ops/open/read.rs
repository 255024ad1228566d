//! One record, checked: its place is only a claim until the framing confirms it.

use std::io;

use super::Opened;
use crate::{
    error::{At, Error, ErrorKind, Result},
    pipeline::REPAIR,
    source::ShardFile,
    tfrecord::{FOOTER_LEN, FRAME_LEN, HEADER_LEN, RecordSpan, Verify, check_frame},
    units::{Count, RecordIndex},
};

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// The position of its shard among those of the opened data set.
    pub shard: usize,
    /// Its number in the shard.
    pub number: u64,
    /// Its place in the shard.
    pub span: RecordSpan,
}

impl Located {
    /// The bytes of its payload.
    #[must_use]
    pub fn payload_len(&self) -> usize {
        payload_len(self.span)
    }
}

/// The bytes of the payload of a record.
pub(super) fn payload_len(span: RecordSpan) -> usize {
    (span.len as usize).saturating_sub(FRAME_LEN)
}

/// Records of more bytes are only read once their header confirms that they are so long: an index may claim anything.
const LARGE: usize = 1 << 20;

/// Fills `payload`, which is as long as that of the record, from a file.
pub(super) fn read(file: &ShardFile, span: RecordSpan, payload: &mut [u8], verify: Verify) -> Result<()> {
    let (mut header, mut footer) = ([0; HEADER_LEN], [0; FOOTER_LEN]);
    if payload.len() > LARGE {
        file.read_exact_at(&mut header, span.offset.0)?;
        check_frame(&header, payload, footer, Verify::Length).map_err(Error::new)?;
    }
    file.read_exact_vectored_at([&mut header, payload, &mut footer], span.offset.0)?;
    check_frame(&header, payload, footer, verify).map_err(Error::new)
}

impl Opened {
    /// Reads a record from its shard into `payload`, which is [`Located::payload_len`] long, and checks it.
    ///
    /// # Errors
    /// [`ErrorKind::LengthCrc`], [`ErrorKind::DataCrc`], [`ErrorKind::Damaged`] with shard, record and byte if the record is
    /// not there as it was written; [`ErrorKind::Io`].
    pub fn read(&self, located: &Located, file: &ShardFile, payload: &mut [u8], verify: Verify) -> Result<()> {
        read(file, located.span, payload, verify).map_err(|error| self.explain(located, error))
    }

    /// Copies a record out of the bytes of its whole shard into `payload`, which is [`Located::payload_len`] long, and checks the
    /// copy.
    ///
    /// # Errors
    /// As [`Opened::read`].
    pub fn copy(&self, located: &Located, shard: &[u8], payload: &mut [u8], verify: Verify) -> Result<()> {
        let (header, found, footer) = self.parts(located, shard)?;
        payload.copy_from_slice(found);
        check_frame(header, payload, footer, verify).map_err(|kind| self.explain(located, Error::new(kind)))
    }

    /// The payload of a record in the bytes of its whole shard, checked where it stands.
    ///
    /// # Errors
    /// As [`Opened::read`].
    pub fn view<'b>(&self, located: &Located, shard: &'b [u8], verify: Verify) -> Result<&'b [u8]> {
        let (header, payload, footer) = self.parts(located, shard)?;
        check_frame(header, payload, footer, verify).map_err(|kind| self.explain(located, Error::new(kind)))?;
        Ok(payload)
    }

    /// What the bytes of a shard have at the place of a record.
    fn parts<'b>(
        &self,
        located: &Located,
        shard: &'b [u8],
    ) -> Result<(&'b [u8; HEADER_LEN], &'b [u8], [u8; FOOTER_LEN])> {
        let parts = || {
            let start = usize::try_from(located.span.offset.0).ok()?;
            let frame = shard.get(start..start.checked_add(located.span.len as usize)?)?;
            let (header, rest) = frame.split_first_chunk()?;
            let (payload, footer) = rest.split_last_chunk()?;
            Some((header, payload, *footer))
        };
        parts().ok_or_else(|| self.explain(located, Error::damaged(CUT)))
    }

    /// Adds what is known of the place to what is wrong with a record.
    #[must_use]
    pub fn explain(&self, located: &Located, error: Error) -> Error {
        let error = match error.kind() {
            ErrorKind::Io { source, .. } if source.kind() == io::ErrorKind::UnexpectedEof => Error::damaged(CUT),
            _ => error,
        };
        let shard = self.shards.get(located.shard).map(|shard| shard.path.as_path()).unwrap_or(&self.dir);
        error.at_record(RecordIndex(located.number)).at_place(located.span.offset.into()).with_hint(REPAIR).of(shard)
    }

    /// Opens a shard for [`Opened::read`].
    ///
    /// # Errors
    /// [`ErrorKind::Damaged`] if it is not as long as it was; [`ErrorKind::Io`].
    pub fn open_shard(&self, shard: usize) -> Result<ShardFile> {
        let Some(known) = self.shards.get(shard) else {
            return Err(Error::damaged("there is no such shard")).at(&self.dir);
        };
        let file = ShardFile::open(&crate::storage::LocalStorage, &known.path)?;
        self.still_has(shard, file.len())?;
        Ok(file)
    }

    /// Compares the bytes of a shard that is opened anew with those that it had.
    ///
    /// # Errors
    /// [`ErrorKind::Damaged`] if they differ.
    pub fn still_has(&self, shard: usize, found: u64) -> Result<()> {
        match self.shards.get(shard) {
            Some(known) if known.bytes != found => {
                let (had, found) = (Count(known.bytes), Count(found));
                let message = format!("the shard had {had} bytes when the data set was opened, and has {found}");
                Err(Error::damaged(message).with_hint("open the data set anew when nothing writes to it"))
                    .at(&known.path)
            }
            _ => Ok(()),
        }
    }
}

const CUT: &str = "the shard ends before this record does: it was cut off after it was opened";
