//! What users ask for: one module a verb, each from options to a report, built from the layers below. Nothing here prints.

mod convert;
#[allow(dead_code, reason = "the verbs that read data sets come next")]
mod dataset;
mod publish;
mod scratch_dir;
mod validate;

pub use convert::{ConvertOptions, ConvertOutcome, ConvertReport, DryRun, ErrorPolicy, MaxErrors, convert, dry_run};
pub use publish::{Existing, ShardCounts};
pub use validate::{Finding, FindingKind, MAX_FINDINGS, Severity, ValidateOptions, ValidateReport, validate};
