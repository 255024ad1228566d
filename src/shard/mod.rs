//! Cutting one ordered stream of records into shards: which record comes where, where a shard ends, what it is called.

mod name;
mod order;
mod parse_name;
mod policy;
mod split;
mod writer;

pub use name::{ShardName, dataset_name};
pub use order::{Order, Permutation};
pub use parse_name::ParsedName;
pub use policy::{Cut, DEFAULT_MAX_SHARD, MAX_MAX_SHARD, MAX_SHARDS, ShardFill, ShardPolicy};
pub use split::{Ratios, SplitOrder, apportion, assign_ratios, assign_stratified};
pub use writer::{ShardSummary, ShardWriter};
