//! What can be wrong with a file of records, and how it is said.

use std::fmt;

use crate::{
    error::ErrorKind,
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

    /// Whether a record was lost: there is none in stray bytes or zeros at the end.
    #[must_use]
    pub const fn is_record(self) -> bool {
        !matches!(self, Self::TruncatedHeader | Self::ZeroTail)
    }
}

/// What was found and what was expected.
impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LengthCrc { stored, computed } => ErrorKind::LengthCrc { stored, computed }.fmt(f),
            Self::DataCrc { stored, computed } => ErrorKind::DataCrc { stored, computed }.fmt(f),
            Self::TruncatedHeader => f.write_str("the file ends with less than the header of a record"),
            Self::TruncatedRecord { needed } => {
                write!(f, "the file ends inside of a record that needs {} bytes", Count(needed))
            }
            Self::TooLarge { claimed } => {
                write!(f, "the header claims {} bytes, more than a record may have", Count(claimed))
            }
            Self::ZeroTail => f.write_str("nothing but zeros up to the end of the file"),
        }
    }
}
