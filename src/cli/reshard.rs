//! `shardify reshard`.

use std::{path::PathBuf, process::ExitCode};

use clap::{ArgGroup, ValueHint};
use shardify::{
    ByteSize, Compression, Error, KeyValue, Ratios, ReshardOptions, ReshardPlan, ReshardReport, ShardCounts,
    error::Printable, units::Count,
};

use super::{
    Outcome,
    args::{CompressionArg, OnErrorArg, RunArgs, whole},
    output::{existing, inputs_and_out, next_step},
    progress::Meter,
    results::{count, pretty, split_table},
    signal::cancel_on_interrupt,
    ui::{Ui, duration, table},
};

const EXAMPLES: &str = "\
Examples:
  One shuffled data set of two, in shards of at most 256 MB:
    shardify reshard old/ more/ out/ --shuffle --max-shard 256MB

  Set a tenth of the records aside for validation, with the same share of every class:
    shardify reshard old/ out/ --split train=0.9,validation=0.1 --stratify";

/// Write shards anew: other sizes, order, splits or selection
///
/// PATH is a shard, a pattern of shards or a folder of them, whoever wrote them; all of them become one data set, and splits
/// of the same name are joined. The last argument is the output folder. Records are copied as they are, never encoded again,
/// and both checksums of each are compared twice: before anything is written, and when it is copied. Records keep their order
/// unless --shuffle is given. Memory holds 4 to 20 bytes for each record, whatever the size of the records; compressed shards are
/// unpacked into the output folder first, which takes room there until the run ends.
#[derive(Debug, clap::Args)]
#[command(override_usage = "shardify reshard [OPTIONS] <PATH>... <OUT>")]
#[command(after_help = EXAMPLES, group = ArgGroup::new("existing").args(["resume", "overwrite", "dry_run"]))]
pub(super) struct Args {
    /// Shards, patterns or folders to read, then the folder to write
    // Not `num_args = 2..`: that refuses an option between the two.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,

    /// Read these splits only, as in train,validation
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', help_heading = "Selection")]
    only_split: Vec<String>,
    /// Keep records with this label only: a class name, or else the number that is stored; may be repeated
    #[arg(long, value_name = "NAME|N", allow_hyphen_values = true, help_heading = "Selection")]
    only_label: Vec<String>,
    /// Leave out records with this label; may be repeated
    #[arg(long, value_name = "NAME|N", allow_hyphen_values = true, help_heading = "Selection")]
    drop_label: Vec<String>,
    /// The key of the label [default: the one that the metadata name, or else label]
    #[arg(long, value_name = "KEY", help_heading = "Selection")]
    label: Option<String>,
    /// Keep records only that have a value under this key; may be repeated
    #[arg(long, value_name = "KEY", help_heading = "Selection")]
    has_key: Vec<String>,
    /// Keep records only that have this whole number or text under this key; of several values for a key one must be there
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Selection")]
    only: Vec<KeyValue>,

    /// The name of the data set and of its files [default: that of the first input]
    #[arg(long, help_heading = "Shards")]
    name: Option<String>,
    /// No shard is larger, framing included; below 2 GiB. MB is 10^6, MiB is 2^20 bytes [default: 256MB]
    #[arg(long, value_name = "SIZE", help_heading = "Shards")]
    max_shard: Option<ByteSize>,
    /// A fixed number of shards: for each split, or as in train=64,test=8
    #[arg(long, value_name = "N", help_heading = "Shards")]
    shards: Option<ShardCounts>,
    /// How shards are written; TFDS, DALI and Grain cannot read gzip
    #[arg(long, value_enum, default_value = "none", help_heading = "Shards")]
    compression: CompressionArg,

    /// Shuffle all records of each split
    #[arg(long, overrides_with = "no_shuffle", help_heading = "Order and splits")]
    shuffle: bool,
    /// Keep the order of the inputs, which is the default
    #[arg(long, help_heading = "Order and splits")]
    no_shuffle: bool,
    /// The seed of --shuffle and of --split [default: 0]
    #[arg(long, value_name = "N", value_parser = whole(0, u64::MAX), allow_negative_numbers = true, help_heading = "Order and splits")]
    seed: Option<u64>,
    /// Put all records together and divide them anew, at random by the seed, as in train=0.9,validation=0.1
    /// [default: the splits that the inputs have]
    #[arg(long, value_name = "NAME=SHARE,...", help_heading = "Order and splits")]
    split: Option<Ratios>,
    /// With --split: give every split the class shares of the whole
    #[arg(long, help_heading = "Order and splits")]
    stratify: bool,

    /// What to do about damaged records and missing shards: stop before anything is written, or go on without them and list
    /// them in failures.jsonl
    #[arg(long, value_enum, default_value = "stop", help_heading = "Run")]
    on_error: OnErrorArg,
    /// Carry on an interrupted run of the same command; start if there was none
    #[arg(long, help_heading = "Run")]
    resume: bool,
    /// Replace what an earlier run wrote to OUT, and nothing else
    #[arg(long, help_heading = "Run")]
    overwrite: bool,
    /// Read every record and only say what would be written
    #[arg(long, short = 'n', help_heading = "Run")]
    dry_run: bool,
    #[command(flatten)]
    run: RunArgs,
}

impl Args {
    fn options(&self) -> Result<ReshardOptions, Error> {
        let (inputs, out) = inputs_and_out(&self.paths, "shards", "reshard PATH OUT")?;
        let mut options = ReshardOptions::new(inputs.to_vec(), out.clone());
        options.name.clone_from(&self.name);
        options.max_shard = self.max_shard;
        options.shards.clone_from(&self.shards);
        options.compression = self.compression.into();
        options.shuffle = self.shuffle;
        options.seed = self.seed.unwrap_or(0);
        options.split.clone_from(&self.split);
        options.stratify = self.stratify;
        options.only_splits.clone_from(&self.only_split);
        options.label.clone_from(&self.label);
        options.only_labels.clone_from(&self.only_label);
        options.drop_labels.clone_from(&self.drop_label);
        options.has_keys.clone_from(&self.has_key);
        options.only.clone_from(&self.only);
        options.skip_damaged = self.on_error == OnErrorArg::Skip;
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
    let idle = args.seed.is_some() && !options.shuffle && options.split.is_none();
    let idle = idle.then(|| "--seed changes nothing without --shuffle or --split".to_owned());
    if args.dry_run {
        let plan = shardify::plan_reshard(&options, &cancel, &meter);
        meter.finish();
        let mut plan = plan?;
        plan.warnings.extend(idle);
        let outcome = if plan.problems.is_empty() { Outcome::Clean } else { Outcome::ProblemsFound };
        return Ok((if args.run.json { pretty(&plan.to_json()) } else { plan_text(&plan, &options) }, outcome));
    }
    let report = shardify::reshard(&options, &cancel, &meter);
    meter.finish();
    let mut report = report?;
    report.warnings.extend(idle);
    report.warnings.iter().for_each(|warning| ui.warn(warning));
    let outcome = if report.manifest.skipped > 0 { Outcome::ProblemsFound } else { Outcome::Clean };
    let text = args.run.show(|| pretty(&report.to_json()), || report_text(&report));
    Ok((text, outcome))
}

fn report_text(report: &ReshardReport) -> String {
    let (manifest, out) = (&report.manifest, Printable(&report.out));
    let mut text = String::new();
    if report.nothing_to_do {
        text.push_str(&format!("{out} holds this data set already, complete: nothing to do\n\n"));
    }
    text.push_str(&format!("{out}: data set `{}`\n\n{}\n", manifest.name, split_table(manifest)));
    text.push_str(&inputs(&report.input));
    if manifest.compression == Compression::Gzip {
        text.push_str("gzip: tf.data reads these shards with compression_type=\"GZIP\"; TFDS, DALI and Grain cannot\n");
    }
    if manifest.skipped > 0 {
        let list = report.out.join("failures.jsonl");
        let skipped = count(manifest.skipped, "damaged or missing part", "damaged or missing parts");
        text.push_str(&format!("left out: {skipped}, listed in {}\n", Printable(&list)));
    }
    if report.resumed_shards > 0 && !report.nothing_to_do {
        let shards = count(report.resumed_shards, "shard was", "shards were");
        text.push_str(&format!("resumed: {shards} finished before\n"));
    }
    text.push_str(&format!("took {}\n", duration(report.elapsed)));
    text
}

/// What was read, in a line.
fn inputs(input: &shardify::ReshardInput) -> String {
    let (shards, records) = (count(input.shards, "shard", "shards"), count(input.records, "record", "records"));
    let filtered = match input.filtered {
        0 => String::new(),
        filtered => format!(", of which {} not kept", count(filtered, "is", "are")),
    };
    format!("read: {shards}, {records}{filtered}, {}\n", input.bytes)
}

fn plan_text(plan: &ReshardPlan, options: &ReshardOptions) -> String {
    let mut text = inputs(&plan.input);
    text.push_str(&format!("data set `{}` would go to {}:\n\n", plan.name, Printable(&options.out)));
    let mut rows = vec![["split", "records", "shards", "total"].map(str::to_owned).to_vec()];
    for split in &plan.splits {
        let counts = [split.records, split.shards].map(|number| Count(number).to_string());
        rows.push([vec![split.name.clone()], counts.to_vec(), vec![split.bytes.to_string()]].concat());
    }
    text.push_str(&table(&rows));
    text.push_str(&format!("\nno shard above {} bytes\n", Count(plan.max_shard.0)));
    if plan.scratch.0 > 0 {
        text.push_str(&format!("compressed shards would be unpacked first, which takes {} for a time\n", plan.scratch));
    }
    plan.warnings.iter().for_each(|warning| text.push_str(&format!("warning: {warning}\n")));
    plan.problems.iter().for_each(|problem| text.push_str(&format!("problem: {problem}\n")));
    if plan.problems.is_empty() {
        text.push_str("nothing looks wrong\n");
    }
    text.push_str("nothing was written\n");
    text
}
