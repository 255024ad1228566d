//! What users ask for: one module a verb, each from options to a report, built from the layers below. Nothing here prints.

mod convert;
#[allow(dead_code, reason = "the verbs that read data sets come next")]
mod dataset;
#[allow(dead_code, reason = "the verbs that read data sets come next")]
mod describe;
mod export;
mod publish;
mod scratch_dir;

pub use convert::{ConvertOptions, ConvertOutcome, ConvertReport, DryRun, ErrorPolicy, MaxErrors, convert, dry_run};
pub use export::{ExportOptions, ExportReport, ExportedArray, ExportedSplit, OnDamage, export};
pub use publish::{Existing, ShardCounts};
