//! What users ask for: one module a verb, each from options to a report, built from the layers below. Nothing here prints.

mod convert;
mod dataset;
mod describe;
mod export;
mod inspect;
mod make_index;
mod open;
mod other_kind;
mod publish;
mod repair;
mod report;
mod reshard;
mod snippet;
mod validate;

pub use convert::{
    ClassNamesFrom, ConvertOptions, ConvertOutcome, ConvertReport, DryRun, ErrorPolicy, MaxErrors, convert,
    convert_from, dry_run, dry_run_from,
};
pub use export::{ExportOptions, ExportReport, ExportedArray, ExportedSplit, OnDamage, export};
pub use inspect::{
    ClassCount, InspectOptions, InspectReport, InspectedSet, InspectedSplit, SchemaSource, ShownFeature, ShownRecord,
    Spread, inspect,
};
pub use make_index::{FileOutcome, IndexOptions, IndexReport, IndexedShard, PlacedFile, make_index};
pub use open::{Content, Located, OpenOptions, Opened, OpenedFeatures, OpenedShard, RecordNames, Wanted, open};
pub use publish::{Existing, ShardCounts};
pub use repair::{Lost, RepairOptions, RepairOutcome, RepairPlan, RepairReport, RepairShard, RepairSplit, plan_repair};
pub use report::{
    DEFAULT_IMAGES, ReportOptions, Verdict, check_report_file, data, data::DataReport, report, report_page,
    write_report,
};
pub use reshard::{
    KeyValue, PlannedSplit, ReshardInput, ReshardOptions, ReshardPlan, ReshardReport, plan_reshard, reshard,
};
pub use snippet::{Framework, Snippet, SnippetOptions, snippet};
pub use validate::{Finding, FindingKind, MAX_FINDINGS, Severity, ValidateOptions, ValidateReport, validate};
