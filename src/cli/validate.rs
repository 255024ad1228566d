//! `shardify validate`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::ExitCode,
};

use clap::ValueHint;
use shardify::{
    ByteSize, Error, Finding, FindingKind, Severity, ValidateOptions, ValidateReport, error::Printable, units::Count,
};

use super::{
    Outcome,
    args::RunArgs,
    progress::Meter,
    results::{count, pretty, speed},
    signal::cancel_saying,
    ui::{GREEN, RED, Ui, Verbosity, YELLOW, duration, paint},
};

const EXAMPLES: &str = "\
Examples:
  Everything in a folder, as a machine reads it:
    shardify validate out/ --json

  The shards of one split, every image decoded:
    shardify validate 'out/*-train.tfrecord-*' --deep

Exit codes: 0 nothing was found, 1 something was found, 2 could not look, 130 interrupted.";

/// Findings of one kind that are named one by one, unless all are asked for.
const NAMED: u64 = 10;

/// Find all that is wrong with shards, whoever wrote them, and write nothing
///
/// Each finding has its place, its kind and a remedy. PATH is a folder (searched for shards), a shard, or a pattern. Checked are
/// framing, both checksums, that each record is an Example or SequenceExample, one schema across records, repeated records, and
/// everything that stands beside the shards: manifest, TFDS metadata, class names, indexes, missing and extra shards. gzip and
/// zlib are recognised.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folders, shards or patterns
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,

    /// Decode every image too
    #[arg(long, help_heading = "Checks")]
    deep: bool,
    /// Do not look for repeated records, which takes 16 bytes of memory a record, and up to 96 for a repeated one
    #[arg(long, help_heading = "Checks")]
    no_duplicates: bool,
    /// Exit with 0 if there are warnings only
    #[arg(long, help_heading = "Checks")]
    allow_warnings: bool,

    #[command(flatten)]
    run: RunArgs,
}

/// Runs the verb and says how it went.
pub(super) fn main(args: &Args) -> ExitCode {
    let ui = args.run.ui();
    let outcome = run(args, &ui);
    args.run.end(&ui, outcome, |error| error.hint().map(str::to_owned))
}

fn run(args: &Args, ui: &Ui) -> Result<(String, Outcome), Error> {
    let mut options = ValidateOptions::new(args.paths.clone());
    options.deep = args.deep;
    options.duplicates = !args.no_duplicates;
    options.threads = args.run.threads();
    let cancel = cancel_saying(ui, "stopping");
    let meter = Meter::new(ui, args.run.progress);
    let report = shardify::validate(&options, &cancel, &meter);
    meter.finish();
    let report = report?;
    let fails = report.errors > 0 || report.warnings > 0 && !args.allow_warnings;
    let text =
        args.run.show(|| pretty(&report.to_json()), || report_text(&report, ui.verbosity() == Verbosity::Verbose));
    Ok((text, if fails { Outcome::ProblemsFound } else { Outcome::Clean }))
}

/// A line a finding, the remedies, and a line about the whole.
fn report_text(report: &ValidateReport, verbose: bool) -> String {
    let named = if verbose { u64::MAX } else { NAMED };
    let mut shown: BTreeMap<FindingKind, u64> = BTreeMap::new();
    let is_shown = |finding: &&Finding| {
        let shown = shown.entry(finding.kind).or_default();
        *shown += 1;
        *shown <= named
    };
    let lines: Vec<&Finding> = report.findings.iter().filter(is_shown).collect();
    let width = lines.iter().map(|finding| finding.kind.name().len()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in &lines {
        let severity = match finding.severity {
            Severity::Error => paint("error", RED) + "  ",
            Severity::Warning => paint("warning", YELLOW),
        };
        // It may repeat what stands in a file.
        let message = Printable(finding.message.as_ref());
        text.push_str(&format!("{severity}  {:<width$}  {}{message}\n", finding.kind, place(finding)));
    }
    let mut left = false;
    for (kind, all) in &report.by_kind {
        let listed = shown.get(kind).copied().unwrap_or(0).min(named);
        if *all > listed {
            left |= !verbose;
            text.push_str(&format!("and {} more of {kind}\n", Count(all - listed)));
        }
    }
    if left {
        text.push_str("(-v names them, --json gives them with all their places)\n");
    }
    if !lines.is_empty() {
        text.push_str("\nwhat to do:\n");
        let remedies: BTreeSet<(FindingKind, &str)> = lines.iter().map(|it| (it.kind, it.remedy)).collect();
        for (kind, remedy) in remedies {
            text.push_str(&format!("  {kind:<width$}  {remedy}\n"));
        }
        text.push('\n');
    }
    text.push_str(&closing(report));
    text
}

/// `shard: record N, byte M: `, as far as it is known.
fn place(finding: &Finding) -> String {
    let mut text = String::new();
    if let Some(shard) = &finding.shard {
        text.push_str(&format!("{}: ", Printable(shard)));
    }
    if let (Some(record), Some(offset)) = (finding.record, finding.offset) {
        text.push_str(&format!("record {record}, byte {offset}: "));
    }
    text
}

fn closing(report: &ValidateReport) -> String {
    let verdict = match (report.errors, report.warnings) {
        (0, 0) => paint("no problem found", GREEN),
        (errors, 0) => paint(&count(errors, "error", "errors"), RED),
        (0, warnings) => paint(&count(warnings, "warning", "warnings"), YELLOW),
        (errors, warnings) => {
            let (errors, warnings) = (count(errors, "error", "errors"), count(warnings, "warning", "warnings"));
            format!("{}, {}", paint(&errors, RED), paint(&warnings, YELLOW))
        }
    };
    format!(
        "{}, {}, {} in {} ({}/s): {verdict}\n",
        count(report.shards, "shard", "shards"),
        count(report.records, "record", "records"),
        ByteSize(report.bytes),
        duration(report.elapsed),
        speed(report.bytes, report.elapsed),
    )
}
