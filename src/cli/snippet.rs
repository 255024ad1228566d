//! `shardify snippet`.

use std::{path::PathBuf, process::ExitCode};

use clap::{ValueEnum, ValueHint};
use shardify::{Error, Framework, SnippetOptions};

use super::{Outcome, args::RunArgs, progress::Meter, signal::cancel_saying, ui::Ui};

const EXAMPLES: &str = "\
Examples:
  A pipeline of tf.data for the training records:
    shardify snippet out/ --for tf

  A DataLoader of PyTorch for another split:
    shardify snippet out/ --split val --for torch";

/// Whose reader the code uses.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FrameworkArg {
    /// TensorFlow's tf.data, with nothing else
    Tf,
    /// TensorFlow Datasets
    Tfds,
    /// NVIDIA DALI, on the CPU
    Dali,
    /// PyTorch, through shardify.open
    Torch,
    /// Grain, through shardify.open
    Grain,
}

impl From<FrameworkArg> for Framework {
    fn from(arg: FrameworkArg) -> Self {
        match arg {
            FrameworkArg::Tf => Self::Tf,
            FrameworkArg::Tfds => Self::Tfds,
            FrameworkArg::Dali => Self::Dali,
            FrameworkArg::Torch => Self::Torch,
            FrameworkArg::Grain => Self::Grain,
        }
    }
}

/// Print Python code that reads a data set, to be pasted
///
/// PATH is a folder of shards, a shard or a pattern, of whoever's making. The code fits what the metadata beside the shards say;
/// where there are none, every record is read to find out.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The data set
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    path: PathBuf,

    /// Whose reader the code uses
    #[arg(long = "for", value_enum, value_name = "READER", default_value = "tf", help_heading = "Code")]
    framework: FrameworkArg,
    /// The split that it reads [default: train, or the first]
    #[arg(long, value_name = "NAME", help_heading = "Code")]
    split: Option<String>,
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
    let mut options = SnippetOptions::new(args.path.clone(), args.framework.into());
    options.split.clone_from(&args.split);
    options.threads = args.run.threads();
    let cancel = cancel_saying(ui, "stopping");
    let meter = Meter::new(ui, args.run.progress);
    let snippet = shardify::snippet(&options, &cancel, &meter);
    meter.finish();
    let snippet = snippet?;
    let json = || super::results::pretty(&snippet.to_json());
    Ok((args.run.show(json, || snippet.code.clone()), Outcome::Clean))
}
