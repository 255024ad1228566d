//! `shardify report`.

use std::{path::PathBuf, process::ExitCode};

use clap::ValueHint;
use shardify::{ByteSize, DEFAULT_IMAGES, DataReport, Error, ReportOptions, error::Printable, units::Count};

use super::{
    Outcome,
    args::RunArgs,
    progress::Meter,
    results::{count, pretty},
    signal::cancel_saying,
    ui::{GREEN, RED, Ui, YELLOW, paint},
};

const EXAMPLES: &str = "\
Examples:
  A page about a data set, to be opened in a browser:
    shardify report out/ -o report.html

  What the page says, for programs, from the pixels of at most 10,000 pictures:
    shardify report out/ -o report.html --images 10000 --json

Exit codes: 0 nothing is wrong, 1 problems were found, 2 could not do it, 130 interrupted.";

/// Show a data set as one HTML page: pictures, classes, sizes, repeats, health
///
/// The page is a single file that loads nothing, made for a browser, for mail and for the archive of an experiment. It has random
/// pictures of each class, class balance, sizes, means and deviations for normalisation, equal and similar pictures (also across
/// splits), blank and broken ones, odd labels, values of arrays, what `validate` finds, how the data set was made, and code that
/// reads it. PATH is a folder of shards, a shard, or a pattern; whoever wrote them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A folder of shards, a shard or a pattern
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    path: PathBuf,

    /// The page; an older report is replaced, any other file is not
    #[arg(long, short, value_name = "FILE", default_value = "report.html", value_hint = ValueHint::FilePath, help_heading = "Output")]
    out: PathBuf,
    /// Replace a file that is no report
    #[arg(long, help_heading = "Output")]
    overwrite: bool,

    /// Decode about this many pictures at most, chosen at random; headers and bytes of all are looked at
    #[arg(long, value_name = "N", default_value_t = DEFAULT_IMAGES, help_heading = "Checks")]
    images: u64,

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
    shardify::check_report_file(&args.out, args.overwrite)?;
    let mut options = ReportOptions::new(args.path.clone());
    options.images = args.images;
    options.threads = args.run.threads();
    let cancel = cancel_saying(ui, "stopping");
    let meter = Meter::new(ui, args.run.progress);
    let report = shardify::report(&options, &cancel, &meter);
    meter.finish();
    let report = report?;
    let page = shardify::report_page(&report)?;
    shardify::write_report(&args.out, &page, args.overwrite)?;
    let bytes = page.len() as u64;
    let text = args.run.show(|| pretty(&report.to_json(&args.out, bytes)), || summary(&report, args, bytes));
    let outcome = if report.verdict().is_clean() { Outcome::Clean } else { Outcome::ProblemsFound };
    Ok((text, outcome))
}

fn summary(report: &DataReport, args: &Args, bytes: u64) -> String {
    let mut lines = vec![(
        "records",
        format!("{} in {}, {}", Count(report.records), count(report.shards, "shard", "shards"), ByteSize(report.bytes)),
    )];
    if let Some(classes) = &report.classes {
        lines.push(("classes", Count(classes.rows.total).to_string()));
    }
    if let Some(images) = &report.images {
        lines.push(("pictures", format!("{}, {} decoded", Count(images.total), Count(images.decoded))));
    }
    let verdict = report.verdict();
    let (errors, warnings) = (verdict.errors, verdict.warnings);
    let problems = match (count(errors, "error", "errors"), count(warnings, "warning", "warnings")) {
        _ if verdict.is_clean() => paint("none", GREEN),
        (errors, _) if warnings == 0 => paint(&errors, RED),
        (_, warnings) if errors == 0 => paint(&warnings, YELLOW),
        (errors, warnings) => format!("{}, {}", paint(&errors, RED), paint(&warnings, YELLOW)),
    };
    lines.push(("problems", problems));
    lines.push(("page", format!("{}, {}", Printable(&args.out), ByteSize(bytes))));
    lines.iter().map(|(name, value)| format!("{name:<9} {value}\n")).collect()
}
