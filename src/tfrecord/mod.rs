//! The TFRecord container: a run of framed records, nothing before, between or after them.
//!
//! ```text
//! u64  length               little-endian, payload bytes only      \ header, 12 bytes
//! u32  masked CRC-32C of the 8 length bytes                        /
//! u8   payload[length]
//! u32  masked CRC-32C of the payload                                 footer, 4 bytes
//! ```
//!
//! There is no magic, count or index: an empty file is a valid file of no records, and concatenated files are a valid
//! file. The format is defined by TensorFlow's `record_writer.cc` and `record_reader.cc`.

mod compression;
mod crc;
mod damage;
mod frame;
mod inflate;
mod reader;
mod resync;
mod running;
mod spans;
mod survey;
mod walk;

pub use compression::{Compression, gzip_member};
pub use crc::{mask, masked_crc32c, unmask};
pub use damage::{Damage, DamageKind};
pub use frame::{FOOTER_LEN, FRAME_LEN, Frame, HEADER_LEN, Verify, check_frame, footer, header, parse_frame};
pub use inflate::{Inflater, StreamFault};
pub use reader::{DEFAULT_MAX_RECORD, ReaderOptions, Record, RecordReader};
pub use resync::find_header;
pub use spans::{RecordSpan, Spans};
pub use survey::{Survey, survey};
pub use walk::{Walked, walk, walk_guessed, walk_stretch};
