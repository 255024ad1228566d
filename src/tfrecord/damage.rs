//! What can be wrong with a file of records, and how it is said.

use std::fmt;

use super::{DEFAULT_MAX_RECORD, HEADER_LEN};
use crate::{
    error::{ErrorKind, Fault},
    units::{ByteOffset, Count, RecordIndex},
};

/// What is wrong at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DamageKind {
    /// The header's checksum does not match its length.
    LengthCrc {
        /// The masked CRC-32C in the file.
        stored: u32,
        /// The masked CRC-32C of the eight length bytes.
        computed: u32,
    },
    /// The payload's checksum does not match.
    DataCrc {
        /// The masked CRC-32C in the file.
        stored: u32,
        /// The masked CRC-32C of the payload.
        computed: u32,
    },
    /// The file ends with less than a header.
    TruncatedHeader,
    /// The file ends inside a record.
    TruncatedRecord {
        /// The bytes that the record needs, framing included.
        needed: u64,
    },
    /// A header that holds and claims more than a record may have.
    TooLarge {
        /// What it claims, in bytes.
        claimed: u64,
    },
    /// Nothing but zeros up to the end of the file.
    ZeroTail,
}

/// A stretch of a file that cannot be read as records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// The number of the damaged record in the file; every damage before it counts as one record.
    pub record: RecordIndex,
    /// Where it starts.
    pub offset: ByteOffset,
    /// Bytes up to where reading goes on.
    pub bytes: u64,
    /// What is wrong.
    pub kind: DamageKind,
}

impl DamageKind {
    /// A stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LengthCrc { .. } => "length-crc",
            Self::DataCrc { .. } => "data-crc",
            Self::TruncatedHeader => "truncated-header",
            Self::TruncatedRecord { .. } => "truncated-record",
            Self::TooLarge { .. } => "record-too-large",
            Self::ZeroTail => "zero-tail",
        }
    }

    /// The class of the fault, as `failures.jsonl` has it.
    #[must_use]
    pub const fn fault(self) -> Fault {
        match self {
            Self::LengthCrc { .. } | Self::DataCrc { .. } | Self::ZeroTail => Fault::Corrupt,
            Self::TruncatedHeader | Self::TruncatedRecord { .. } => Fault::Truncated,
            Self::TooLarge { .. } => Fault::TooLarge,
        }
    }

    /// Whether a record was lost: there is none in stray bytes or zeros at the end.
    #[must_use]
    pub const fn is_record(self) -> bool {
        !matches!(self, Self::TruncatedHeader | Self::ZeroTail)
    }
}

/// What was found and what was expected; the place is for the caller to say.
impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = Count(self.bytes);
        match self.kind {
            DamageKind::LengthCrc { stored, computed } => {
                write!(f, "{}; {bytes} bytes are lost", ErrorKind::LengthCrc { stored, computed })
            }
            DamageKind::DataCrc { stored, computed } => {
                write!(f, "{}; {bytes} bytes are lost", ErrorKind::DataCrc { stored, computed })
            }
            DamageKind::TruncatedHeader => {
                let needed = HEADER_LEN;
                write!(f, "the file ends inside the header of a record: {needed} bytes needed, {bytes} left")
            }
            DamageKind::TruncatedRecord { needed } => {
                write!(f, "the file ends inside the record: {} bytes needed, {bytes} left", Count(needed))
            }
            DamageKind::TooLarge { claimed } => {
                let limit = Count(DEFAULT_MAX_RECORD.0);
                write!(f, "the header claims {} bytes, more than a record may have ({limit})", Count(claimed))
            }
            DamageKind::ZeroTail => write!(f, "nothing but zeros up to the end of the file, {bytes} bytes"),
        }
    }
}
