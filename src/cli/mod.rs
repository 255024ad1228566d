//! The command line: arguments into options, results into text. The only place that prints.

mod args;
mod convert;
mod export;
mod extras;
mod index;
mod inspect;
mod layout;
mod nearby;
mod output;
mod progress;
mod reference;
mod repair;
mod repair_results;
mod report;
mod reshard;
mod results;
mod safe;
mod screen;
mod signal;
mod snippet;
mod ui;
mod validate;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::ui::Ui;

/// How a command ended, as its exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Done, nothing to complain about.
    Clean,
    /// Done, but there are problems: inputs were skipped, damage was found.
    ProblemsFound,
    /// Some of it could not be done, and was said to be so.
    Incomplete,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 done but problems were found (inputs skipped, damage), 2 could not do it, 130 interrupted.

`shardify VERB --help` shows the options of a verb and two examples.";

#[cfg(not(feature = "turbojpeg"))]
const VERSION: &str = env!("CARGO_PKG_VERSION");
#[cfg(feature = "turbojpeg")]
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (turbojpeg)");

/// Turns image folders and .npy arrays into training-ready, size-capped TFRecord shards, and keeps shards healthy
///
/// What it writes streams into tf.data, TFDS, DALI and PyTorch; the same input, options and seed always give the same
/// bytes; an interrupted run is carried on with --resume.
#[derive(Debug, Parser)]
#[command(name = "shardify", version = VERSION, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Convert(Box<convert::Args>),
    Validate(validate::Args),
    Inspect(Box<inspect::Args>),
    Index(Box<index::Args>),
    Reshard(Box<reshard::Args>),
    Repair(repair::Args),
    Export(Box<export::Args>),
    Report(report::Args),
    Snippet(snippet::Args),
    Completions(extras::CompletionsArgs),
    Man(extras::ManArgs),
    /// Print the reference of all options, docs/options.md
    #[command(hide = true)]
    Options,
}

/// Runs the command that the process was started with.
pub(crate) fn main() -> ExitCode {
    quiet_guarded_panics();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.len() <= 1 {
        return Ui::plain().print(GREETING);
    }
    let command = Cli::command().color(ui::parser_colors());
    let parsed = command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return ui::usage(&error),
    };
    match cli.command {
        Command::Convert(args) => convert::main(&args),
        Command::Validate(args) => validate::main(&args),
        Command::Inspect(args) => inspect::main(&args),
        Command::Index(args) => index::main(&args),
        Command::Reshard(args) => reshard::main(&args),
        Command::Repair(args) => repair::main(&args),
        Command::Export(args) => export::main(&args),
        Command::Report(args) => report::main(&args),
        Command::Snippet(args) => snippet::main(&args),
        Command::Completions(args) => extras::completions(&args),
        Command::Man(args) => extras::man(&args),
        Command::Options => reference::print(),
    }
}

const GREETING: &str = "\
shardify turns image folders and .npy arrays into training-ready TFRecord shards.

  shardify convert ./imgs out/                             one folder a class becomes shards
  shardify convert x_train.npy out/ --labels y_train.npy   rows of arrays become shards
  shardify report out/                                     a page to look at what is in them

`shardify --help` lists the verbs, `shardify VERB --help` explains the options of one.
";

/// A decoder that panics on a hostile image is caught, and the image reported; the panic itself is not for the user. Any
/// other panic is a bug, which the standard message reports.
fn quiet_guarded_panics() {
    let standard = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !shardify::transform::is_guarded() {
            standard(info);
        }
    }));
}
