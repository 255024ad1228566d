//! Shell completions and the manual page, made from the same definitions as the help.

use std::process::ExitCode;

use clap::{CommandFactory, ValueEnum};

use super::{Cli, ui::Ui};

/// Print the completion script for a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  shardify completions bash > /etc/bash_completion.d/shardify\n  shardify completions zsh > ~/.zfunc/_shardify"
)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn completions(args: &CompletionsArgs) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "shardify", &mut script);
    Ui::plain().print(&String::from_utf8_lossy(&script))
}

/// Print the manual page, of the program or of one verb
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  shardify man > shardify.1\n  shardify man convert | man -l -")]
pub(super) struct ManArgs {
    /// The verb
    verb: Option<Verb>,
}

/// The verbs that have a page of their own.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Verb {
    Convert,
}

pub(super) fn man(args: &ManArgs) -> ExitCode {
    let mut command = Cli::command();
    command.build();
    let page = match args.verb {
        None => Some(command.clone()),
        Some(Verb::Convert) => command.find_subcommand("convert").cloned(),
    };
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = page.map(|page| clap_mangen::Man::new(page).render(&mut text));
    Ui::plain().print(&String::from_utf8_lossy(&text))
}
