//! Turns image folders and raw `.npy` arrays into training-ready, size-capped TFRecord shards with an index.
//!
//! ```
//! use shardify::{Cancel, ConvertOptions, Silent, convert};
//!
//! # let dir = tempfile::tempdir()?;
//! # let out = dir.path().join("out");
//! let options = ConvertOptions::new(vec!["fixtures/images".into()], out);
//! let report = convert(&options, &Cancel::default(), &Silent)?;
//! assert_eq!(report.manifest.splits[0].name, "train");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The library never prints, never exits and never panics on any input. `docs/architecture.md` shows how the modules fit
//! together: an import points down only.

pub mod error;
pub mod example;
pub mod index;
pub mod item;
pub mod ops;
pub mod pipeline;
pub mod shard;
pub mod source;
pub mod storage;
pub mod tfrecord;
pub mod transform;
pub mod units;

pub use error::{Error, ErrorKind, Result};
pub use ops::{
    ClassCount, ClassNamesFrom, Content, ConvertOptions, ConvertOutcome, ConvertReport, DEFAULT_IMAGES, DataReport,
    DryRun, ErrorPolicy, Existing, ExportOptions, ExportReport, ExportedArray, ExportedSplit, FileOutcome, Finding,
    FindingKind, Framework, IndexOptions, IndexReport, IndexedShard, InspectOptions, InspectReport, InspectedSet,
    InspectedSplit, KeyValue, Located, Lost, MAX_FINDINGS, MaxErrors, OnDamage, OpenOptions, Opened, OpenedFeatures,
    OpenedShard, PlacedFile, PlannedSplit, RecordNames, RepairOptions, RepairOutcome, RepairPlan, RepairReport,
    RepairShard, RepairSplit, ReportOptions, ReshardInput, ReshardOptions, ReshardPlan, ReshardReport, SchemaSource,
    Severity, ShardCounts, ShownFeature, ShownRecord, Snippet, SnippetOptions, Spread, ValidateOptions, ValidateReport,
    Verdict, Wanted, check_report_file, convert, convert_from, dry_run, dry_run_from, export, inspect, make_index,
    open, plan_repair, plan_reshard, report, report_page, reshard, snippet, validate, write_report,
};
pub use pipeline::{Cancel, ImageKeys, Progress, Silent};
pub use shard::Ratios;
pub use source::Layout;
pub use tfrecord::Compression;
pub use units::ByteSize;
