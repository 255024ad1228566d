//! `shardify index`.

use std::{path::PathBuf, process::ExitCode};

use clap::ValueHint;
use shardify::{Error, FileOutcome, IndexOptions, IndexReport, PlacedFile, error::Printable, units::Count};

use super::{
    Outcome,
    args::RunArgs,
    progress::Meter,
    results::{pretty, speed},
    signal::cancel_saying,
    ui::{Ui, Verbosity, duration},
};

const EXAMPLES: &str = "\
Examples:
  Indexes for shards that another program wrote, to read them with DALI or the package tfrecord:
    shardify index data/

  Everything that tfds.builder_from_directory and shardify validate want to find:
    shardify index data/ --tfds --manifest";

/// Failures that are named one by one, unless all are asked for.
const NAMED_FAILURES: usize = 20;

/// Write record indexes, a manifest or TFDS metadata for shards that are there
///
/// PATH is a folder of shards, a shard or a pattern. The index of each plain shard goes to index/SHARD.idx beside it. Headers
/// alone are read, and their checksums compared. A shard that is damaged or cut off gets no index. Shards are never changed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folders of shards, shards or patterns
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,

    /// Compare the checksums of all payloads too
    #[arg(long, help_heading = "Indexes")]
    check: bool,
    /// Also write SHARD.tfindex beside each shard, as the package tfrecord names it
    #[arg(long, help_heading = "Indexes")]
    tfindex: bool,
    /// Write shardify.json, the manifest: records, bytes, CRC-32, features and classes, from a pass over all records
    #[arg(long, help_heading = "Metadata")]
    manifest: bool,
    /// Write dataset_info.json, features.json and class names, so that tfds.builder_from_directory loads the folder
    #[arg(long, help_heading = "Metadata")]
    tfds: bool,
    /// Replace indexes and metadata that are there and differ; what TFDS itself wrote is never replaced
    #[arg(long, help_heading = "Run")]
    overwrite: bool,
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
    let mut options = IndexOptions::new(args.paths.clone());
    options.check = args.check;
    options.tfindex = args.tfindex;
    options.manifest = args.manifest;
    options.tfds = args.tfds;
    options.overwrite = args.overwrite;
    options.threads = args.run.threads();
    let cancel =
        cancel_saying(ui, "stopping: files that have their names are whole (press Ctrl-C again to stop at once)");
    let meter = Meter::new(ui, args.run.progress);
    let report = shardify::make_index(&options, &cancel, &meter);
    meter.finish();
    let report = report?;
    for warning in &report.warnings {
        ui.warn(warning);
    }
    let verbose = ui.verbosity() == Verbosity::Verbose;
    let named = if verbose { report.failures.len() } else { NAMED_FAILURES };
    for error in report.failures.iter().take(named) {
        ui.error(&error.to_string(), error.hint());
    }
    if report.failures.len() > named {
        ui.error(&format!("{} more of this kind (-v names them)", report.failures.len() - named), None);
    }
    let text = args.run.show(|| pretty(&report.to_json()), || report_text(&report, verbose));
    Ok((text, if report.failures.is_empty() { Outcome::Clean } else { Outcome::Incomplete }))
}

fn report_text(report: &IndexReport, verbose: bool) -> String {
    let mut text = String::new();
    let line = |file: &PlacedFile| format!("  {}: {}\n", Printable(&file.path), words(file.outcome));
    if verbose {
        text.extend(report.shards.iter().flat_map(|shard| &shard.indexes).map(line));
    } else {
        let outcomes = [FileOutcome::Written, FileOutcome::Replaced, FileOutcome::UpToDate];
        for outcome in outcomes {
            let indexes = || report.shards.iter().flat_map(|shard| &shard.indexes).filter(|it| it.outcome == outcome);
            if let Some(first) = indexes().next() {
                let (count, more) = (indexes().count(), if indexes().count() == 1 { "" } else { ", ..." });
                let noun = if count == 1 { "index" } else { "indexes" };
                let first = Printable(&first.path);
                text.push_str(&format!("  {} {noun} {}: {first}{more}\n", Count(count as u64), words(outcome)));
            }
        }
    }
    text.extend(report.files.iter().map(line));
    let shards = report.shards.len() as u64;
    let records: u64 = report.shards.iter().map(|shard| shard.records).sum();
    let how = if report.read_all { "every byte was read" } else { "headers alone were read" };
    text.push_str(&format!(
        "{} {}, {} {}, {} in {}: {}/s, {how}\n",
        Count(shards),
        if shards == 1 { "shard" } else { "shards" },
        Count(records),
        if records == 1 { "record" } else { "records" },
        report.bytes,
        duration(report.elapsed),
        speed(report.bytes.0, report.elapsed),
    ));
    text
}

const fn words(outcome: FileOutcome) -> &'static str {
    match outcome {
        FileOutcome::Written => "written",
        FileOutcome::UpToDate => "up to date",
        FileOutcome::Replaced => "replaced",
        FileOutcome::Kept => "left alone",
    }
}
