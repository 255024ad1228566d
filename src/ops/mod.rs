//! What users ask for: one module a verb, each from options to a report, built from the layers below. Nothing here prints.

mod convert;
mod publish;

pub use convert::{ConvertOptions, ConvertOutcome, ConvertReport, DryRun, ErrorPolicy, MaxErrors, convert, dry_run};
pub use publish::{Existing, ShardCounts};
