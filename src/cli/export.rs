//! `shardify export`.

use std::{path::PathBuf, process::ExitCode};

use clap::{ValueEnum, ValueHint};
use shardify::{Error, ErrorKind, ExportOptions, ExportReport, OnDamage, error::Printable, units::Count};

use super::{
    Outcome,
    args::RunArgs,
    output::inputs_and_out,
    progress::Meter,
    results::pretty,
    signal::cancel_saying,
    ui::{Ui, Verbosity, duration, table},
};

const EXAMPLES: &str = "\
Examples:
  Back to one folder for each class:
    shardify convert ./imgs shards/ && shardify export shards/ back/

  Back to x.npy and label.npy, rows in the order that they had:
    shardify convert x_train.npy shards/ --labels y_train.npy && shardify export shards/ arrays/";

/// Turn shards back into image files in class folders, or into .npy arrays
///
/// PATH is a folder of shards, a pattern or a shard, whoever wrote it. Images go to OUT/[SPLIT/][CLASS/]FILENAME, tensors to
/// OUT/[SPLIT/]FEATURE.npy; folders of splits appear if there are several. File names in records are untrusted: what is
/// absolute, leads upward, clashes or is reserved on some system gets a name of its own and is listed in renamed.jsonl.
#[derive(Debug, clap::Args)]
#[command(override_usage = "shardify export [OPTIONS] <PATH>... <OUT>")]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Shards, patterns or folders of them, then the folder to write
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,

    /// Only this split, without a folder of its own
    #[arg(long, value_name = "NAME", help_heading = "Records")]
    split: Option<String>,
    /// The feature that holds the images [default: as the metadata say, or the one whose bytes are images]
    #[arg(long, value_name = "KEY", help_heading = "Records")]
    image_key: Option<String>,
    /// The feature that holds the class, a number or text [default: as the metadata say, or label, image/class/label]
    #[arg(long, value_name = "KEY", help_heading = "Records")]
    label_key: Option<String>,
    /// The feature that holds the file name [default: filename, image/filename, key and the like]
    #[arg(long, value_name = "KEY", help_heading = "Records")]
    name_key: Option<String>,
    /// Write this feature as an array; may be repeated [default: all that fit, if there are no images]
    #[arg(long = "feature", value_name = "KEY", conflicts_with_all = ["image_key", "label_key", "name_key"], help_heading = "Records")]
    features: Vec<String>,
    /// Keep names that this system can hold and others cannot: a:b.jpg, CON, bytes that are no UTF-8
    #[arg(long, help_heading = "Records")]
    keep_names: bool,

    /// What to do with damaged records: pass over them, or write nothing
    #[arg(long, value_enum, default_value = "skip", help_heading = "Run")]
    on_error: OnErrorArg,
    /// Allow an OUT that is not empty, and replace files of the same names; all others are left alone
    #[arg(long, help_heading = "Run")]
    overwrite: bool,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OnErrorArg {
    Skip,
    Stop,
}

impl Args {
    fn options(&self) -> Result<ExportOptions, Error> {
        let (inputs, out) = inputs_and_out(&self.paths, "shards", "export SHARDS OUT")?;
        let mut options = ExportOptions::new(inputs.to_vec(), out.clone());
        options.split.clone_from(&self.split);
        options.image_key.clone_from(&self.image_key);
        options.label_key.clone_from(&self.label_key);
        options.name_key.clone_from(&self.name_key);
        options.features.clone_from(&self.features);
        options.keep_names = self.keep_names;
        options.on_damage = match self.on_error {
            OnErrorArg::Skip => OnDamage::Skip,
            OnErrorArg::Stop => OnDamage::Stop,
        };
        options.overwrite = self.overwrite;
        options.threads = self.run.threads();
        Ok(options)
    }
}

/// Runs the verb and says how it went.
pub(super) fn main(args: &Args) -> ExitCode {
    let ui = args.run.ui();
    let outcome = run(args, &ui);
    args.run.end(&ui, outcome, |error| match error.kind() {
        ErrorKind::Interrupted => {
            Some("what is in OUT is whole; start again with --overwrite, which writes all of it anew".to_owned())
        }
        _ => error.hint().map(str::to_owned),
    })
}

fn run(args: &Args, ui: &Ui) -> Result<(String, Outcome), Error> {
    let options = args.options()?;
    let cancel =
        cancel_saying(ui, "stopping: files that have their names are whole (press Ctrl-C again to stop at once)");
    let meter = Meter::new(ui, args.run.progress);
    let report = shardify::export(&options, &cancel, &meter);
    meter.finish();
    let report = report?;
    for warning in &report.warnings {
        ui.warn(warning);
    }
    if !args.run.json {
        report.notes.iter().for_each(|note| ui.note(note));
    }
    let outcome = if report.skipped > 0 { Outcome::ProblemsFound } else { Outcome::Clean };
    let text =
        args.run.show(|| pretty(&report.to_json()), || report_text(&report, ui.verbosity() == Verbosity::Verbose));
    Ok((text, outcome))
}

fn report_text(report: &ExportReport, verbose: bool) -> String {
    let out = Printable(&report.out);
    let noun = |number: u64, one: &'static str, many: &'static str| if number == 1 { one } else { many };
    let what = if report.arrays.is_empty() {
        noun(report.files, "image", "images")
    } else {
        noun(report.files, "array", "arrays")
    };
    let mut text =
        format!("{out}: {} {what}, {}, in {}\n\n", Count(report.files), report.bytes, duration(report.elapsed));
    let mut rows = vec![["split", "records"].map(str::to_owned).to_vec()];
    rows.extend(report.splits.iter().map(|split| vec![split.name.clone(), Count(split.records).to_string()]));
    text.push_str(&table(&rows));
    if !report.arrays.is_empty() {
        text.push('\n');
    }
    for array in &report.arrays {
        let shape: Vec<String> = array.shape.iter().map(u64::to_string).collect();
        text.push_str(&format!("  {}  {} [{}]\n", Printable(array.file.as_ref()), array.dtype, shape.join(", ")));
    }
    if report.renamed > 0 {
        let list = report.out.join("renamed.jsonl");
        let verb = noun(report.renamed, "image has", "images have");
        let list_shown = Printable(&list);
        text.push_str(&format!("\n{} {verb} another name than in the record: {list_shown}\n", Count(report.renamed)));
        if verbose {
            // The list was written just now; that it cannot be read again changes nothing about the export.
            let lines = std::fs::read_to_string(&list).unwrap_or_default();
            for line in lines.lines() {
                text.push_str(&format!("  {line}\n"));
            }
        }
    }
    if report.skipped > 0 {
        text.push_str(&format!("\npassed over: {} damaged or unusable\n", Count(report.skipped)));
    }
    text
}
