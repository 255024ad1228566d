//! What users ask for: one module a verb, each from options to a report, built from the layers below. Nothing here prints.

mod convert;

pub use convert::{
    ConvertOptions, ConvertOutcome, ConvertReport, DryRun, ErrorPolicy, Existing, MaxErrors, ShardCounts, convert,
    dry_run,
};
