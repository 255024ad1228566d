//! Shell completions and the manual page, made from the same definitions as the help.

use std::process::ExitCode;

use clap::CommandFactory;

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
    #[arg(value_parser = verb)]
    verb: Option<String>,
}

/// A verb that has a page of its own: every one that is not hidden.
fn verb(text: &str) -> Result<String, String> {
    let command = Cli::command();
    let verbs: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    match verbs.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(format!("the verbs are {}", verbs.join(", "))),
    }
}

pub(super) fn man(args: &ManArgs) -> ExitCode {
    let mut command = Cli::command();
    command.build();
    let page = match &args.verb {
        None => Some(command.clone()),
        Some(verb) => command.find_subcommand(verb).cloned(),
    };
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = page.map(|page| clap_mangen::Man::new(page).render(&mut text));
    Ui::plain().print(&String::from_utf8_lossy(&text))
}
