//! `repair`: what is intact in damaged shards becomes a clean data set, and a list of what is lost.
//!
//! A plan first, which only reads ([`plan_repair`]): the intact records of each shard, everything else, and what will be
//! written. Carrying it out ([`RepairPlan::apply`]) copies the intact records byte for byte, each into the shard that it came
//! from, and publishes them like any other data set. The inputs are never changed.

mod apply;
mod copy;
mod describe;
mod inputs;
mod json;
mod lost;
mod options;
mod plan;
mod report;

pub use lost::Lost;
pub use options::RepairOptions;
pub use plan::{RepairPlan, RepairShard, RepairSplit, plan_repair};
pub use report::{RepairOutcome, RepairReport};
