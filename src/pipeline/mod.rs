//! The engine: a range of an ordered list becomes staged shards, in parallel, in order, in bounded memory.
//!
//! Workers read, transform, encode and frame ([`RecordSource::fill`]); one writer appends, rolls over at the cap and hands
//! finished shards to a thread that syncs and journals them. Nothing depends on thread timing.

mod arrays;
mod batch;
mod fields;
mod images;
mod members;
mod ordered;
mod range;
mod record;
mod scan;
mod shard_records;
mod stats;
mod walk;
mod work;

pub use arrays::{ArrayFeature, ArrayRecords, Pixels, array_encoding};
pub use batch::{Batch, FailedInput, ImageFacts, NO_CLASS, Piece, Spread};
pub use fields::{ByKey, BytesFacts, FeatureStats, FieldStats, Fields, Histogram, ImagesSeen, ListStats, Range, Texts};
pub use images::{ImageKeys, ImageRecords};
pub use ordered::{Bounds, Cancel, ordered};
pub use range::{OnError, RangeJob, RecordSource, run_range};
pub use scan::{RecordPlace, Scan, ScannedShard, Visit, number_among};
pub use shard_records::{Located, ShardInput, ShardRecords};
pub use stats::{Progress, Silent};
pub use walk::{REPAIR, Walk, WalkedShard, damage_error};
pub use work::{Failure, ShardEntry, WorkDir, read_json, read_json_up_to, stage_json, write_json};
