//! `shardify repair`.

use std::{path::PathBuf, process::ExitCode};

use clap::{ArgGroup, ValueHint};
use shardify::{ByteSize, Error, RepairOptions, RepairPlan, plan_repair};

use super::{
    Outcome,
    args::{CompressionArg, RunArgs},
    output::{existing, inputs_and_out, next_step},
    progress::Meter,
    repair_results::{damage_lines, plan_line, plan_text, report_text},
    results::pretty,
    signal::cancel_on_interrupt,
    ui::{Ui, Verbosity},
};

/// Damaged places that are named one by one, unless all are asked for.
const NAMED: usize = 10;

const EXAMPLES: &str = "\
Examples:
  See what is damaged and what can be saved:
    shardify repair ./shards fixed/ --dry-run

  Save every intact record of two shards that were cut off:
    shardify repair data-00003-of-00010 data-00007-of-00010 fixed/";

/// Save every intact record of damaged shards as a clean data set
///
/// PATH is a folder of shards, a shard or a pattern, whoever wrote them; gzip and zlib are found by the bytes. Damage costs the
/// record that it hits and no other. Each record stays in its shard and its order; what is lost is listed in OUT/lost.jsonl;
/// indexes and metadata are made anew. The input is never changed. Folders that each hold a split of their own, as DIR/train and
/// DIR/validation, count as one data set.
#[derive(Debug, clap::Args)]
#[command(override_usage = "shardify repair [OPTIONS] <PATH>... <OUT>")]
#[command(after_help = EXAMPLES, group = ArgGroup::new("existing").args(["resume", "overwrite", "dry_run"]))]
pub(super) struct Args {
    /// Folders, shards or patterns to read, then the folder to write
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,

    /// The name of the data set that is written [default: that of the input]
    #[arg(long, help_heading = "Shards")]
    name: Option<String>,
    /// Divide shards that are larger, framing included. MB is 10^6, MiB is 2^20 bytes [default: only those of 2 GiB or more]
    #[arg(long, value_name = "SIZE", help_heading = "Shards")]
    max_shard: Option<ByteSize>,
    /// How the shards are compressed [default: gzip if all of the input is compressed]
    #[arg(long, value_enum, help_heading = "Shards")]
    compression: Option<CompressionArg>,

    /// Carry on an interrupted run of the same command; start if there was none
    #[arg(long, help_heading = "Run")]
    resume: bool,
    /// Replace what an earlier run wrote to OUT, and nothing else
    #[arg(long, help_heading = "Run")]
    overwrite: bool,
    /// Only say what is damaged and what would be written
    #[arg(long, short = 'n', help_heading = "Run")]
    dry_run: bool,
    #[command(flatten)]
    run: RunArgs,
}

impl Args {
    fn options(&self) -> Result<RepairOptions, Error> {
        let (inputs, out) = inputs_and_out(&self.paths, "shards", "repair PATH OUT")?;
        let mut options = RepairOptions::new(inputs.to_vec(), out.clone());
        options.name.clone_from(&self.name);
        options.max_shard = self.max_shard;
        options.compression = self.compression.map(Into::into);
        options.existing = existing(self.resume, self.overwrite);
        options.threads = self.run.threads();
        Ok(options)
    }
}

/// Runs the verb and says how it went.
pub(super) fn main(args: &Args) -> ExitCode {
    let ui = args.run.ui();
    let outcome = run(args, &ui);
    args.run.end(&ui, outcome, |error| next_step(error, &args.paths, args.dry_run, None))
}

fn run(args: &Args, ui: &Ui) -> Result<(String, Outcome), Error> {
    let options = args.options()?;
    let cancel = cancel_on_interrupt(ui);
    let meter = Meter::new(ui, args.run.progress);
    let plan = plan_repair(&options, &cancel, &meter);
    meter.finish();
    let plan = plan?;
    for warning in &plan.warnings {
        ui.warn(warning);
    }
    let outcome = if plan.has_damage() { Outcome::ProblemsFound } else { Outcome::Clean };
    if args.dry_run {
        let text = args.run.show(|| pretty(&plan.to_json()), || plan_text(&plan));
        return Ok((text, outcome));
    }
    show(&plan, ui);
    let meter = Meter::new(ui, args.run.progress);
    let report = plan.apply(&cancel, &meter);
    meter.finish();
    let report = report?;
    let text = args.run.show(|| pretty(&report.to_json()), || report_text(&report));
    Ok((text, outcome))
}

/// The plan in short, before it is carried out.
fn show(plan: &RepairPlan, ui: &Ui) {
    if !plan.has_damage() || plan.records() == 0 && plan.shards().count() == 1 {
        // The result says so, or else the error what is wrong with the only one.
        return;
    }
    let named = if ui.verbosity() == Verbosity::Verbose { usize::MAX } else { NAMED };
    for line in damage_lines(plan.lost(), named) {
        ui.warn(&line);
    }
    if plan.records() > 0 {
        ui.note(&plan_line(plan));
    }
}
