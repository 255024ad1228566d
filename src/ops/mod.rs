//! What users ask for: one module a verb, each from options to a report, built from the layers below. Nothing here prints.

mod convert;
mod dataset;
#[allow(dead_code, reason = "the verbs that read data sets come next")]
mod describe;
mod publish;
mod repair;
mod scratch_dir;

pub use convert::{ConvertOptions, ConvertOutcome, ConvertReport, DryRun, ErrorPolicy, MaxErrors, convert, dry_run};
pub use publish::{Existing, ShardCounts};
pub use repair::{
    Lost, PlannedShard, PlannedSplit, RepairOptions, RepairOutcome, RepairPlan, RepairReport, plan_repair,
};
