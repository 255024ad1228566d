//! `shardify inspect`.

mod text;

use std::{path::PathBuf, process::ExitCode};

use clap::ValueHint;
use shardify::{
    Error, InspectOptions, InspectReport,
    error::Printable,
    units::{Count, RecordIndex},
};

use super::{
    Outcome,
    args::{RunArgs, whole},
    progress::Meter,
    results::pretty,
    signal::cancel_saying,
    ui::{Ui, Verbosity},
};

const EXAMPLES: &str = "\
Examples:
  What is in the shards that somebody sent:
    shardify inspect data/

  The first three records of one shard, readably:
    shardify inspect data/train-00000-of-00002 --records 3";

/// Show what is in shards: records, sizes, features with types and ranges, classes
///
/// PATH is a folder of shards, a shard or a pattern, of whoever's making, plain, gzip or ZLIB. Every record is read; the meaning
/// of features comes from the metadata beside the shards, or is inferred.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folders of shards, shards or patterns
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,

    /// Print the first N records: long values shortened, images as format and size
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole(0_u64, 1_000_000), hide_default_value = true,
          help_heading = "Records", conflicts_with = "record")]
    records: u64,
    /// Print this record of the one shard that is named, counted from 0 as validate does
    #[arg(long, value_name = "NUMBER", value_parser = whole(0_u64, u64::MAX), help_heading = "Records")]
    record: Option<u64>,
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
    let mut options = InspectOptions::new(args.paths.clone());
    options.records = args.records;
    options.record = args.record.map(RecordIndex);
    options.threads = args.run.threads();
    let cancel = cancel_saying(ui, "stopping");
    let meter = Meter::new(ui, args.run.progress);
    let report = shardify::inspect(&options, &cancel, &meter);
    meter.finish();
    let report = report?;
    let unreadable = report.sets.iter().flat_map(|set| &set.unreadable);
    for error in unreadable.clone() {
        ui.error(&error.to_string(), error.hint());
    }
    for warning in warnings(args, &report) {
        ui.warn(&Printable(warning.as_ref()).to_string());
    }
    let text =
        args.run.show(|| pretty(&report.to_json()), || text::report(&report, ui.verbosity() == Verbosity::Verbose));
    let outcome = match (unreadable.count(), report.has_problems()) {
        (0, false) => Outcome::Clean,
        (0, true) => Outcome::ProblemsFound,
        _ => Outcome::Incomplete,
    };
    Ok((text, outcome))
}

fn warnings(args: &Args, report: &InspectReport) -> Vec<String> {
    let mut warnings: Vec<String> = report.sets.iter().flat_map(|set| set.warnings.clone()).collect();
    let paths: Vec<String> = args.paths.iter().map(|path| Printable(path).to_string()).collect();
    let see = format!("shardify validate {}", paths.join(" "));
    let damaged: u64 = report.sets.iter().map(|set| set.damaged).sum();
    let count =
        |number: u64, one: &str, many: &str| format!("{} {}", Count(number), if number == 1 { one } else { many });
    if damaged > 0 {
        warnings.push(format!("{} passed over: {see}", count(damaged, "damaged record was", "damaged records were")));
    }
    if report.stats.malformed > 0 {
        warnings
            .push(format!("{} no tf.train.Example: {see}", count(report.stats.malformed, "record is", "records are")));
    }
    if report.stats.has_more_keys() {
        warnings.push(
            "there are more than 10,000 different keys, and only the first ones were looked at: data stand in the \
                       place of keys"
                .to_owned(),
        );
    }
    warnings
}
