//! The reference of all options, as Markdown, made from the same definitions as the help.

use std::{fmt::Write, process::ExitCode};

use clap::{Arg, Command, CommandFactory};

use super::{Cli, ui::Ui};

/// Prints docs/options.md.
pub(super) fn print() -> ExitCode {
    let mut command = Cli::command();
    command.build();
    let mut text = String::from(
        "# Options\n\nMade by `shardify options` from the definitions that `--help` shows; a test keeps it so. Sizes are in bytes: \
         `512MB` is 512,000,000, `512MiB` is 536,870,912.\n\n",
    );
    let verbs = || command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help");
    for verb in verbs() {
        let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
        // Writing to memory does not fail.
        let _ = writeln!(text, "- [`shardify {0}`](#shardify-{0}): {about}", verb.get_name());
    }
    for verb in verbs() {
        section(verb, &mut text);
    }
    Ui::plain().print(&text)
}

fn section(verb: &Command, text: &mut String) {
    let usage = verb.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let about = verb.get_long_about().or_else(|| verb.get_about()).map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(text, "\n## shardify {}\n\n{}\n\n    {usage}", verb.get_name(), escaped(&about));
    let mut headings: Vec<Option<&str>> = Vec::new();
    let options = || {
        verb.get_arguments().filter(|arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str()))
    };
    for arg in options() {
        let heading = arg.get_help_heading();
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    for heading in headings {
        let title = heading.unwrap_or("Arguments");
        let _ = writeln!(text, "\n| {title} | | Default |\n|---|---|---|");
        for arg in options().filter(|arg| arg.get_help_heading() == heading) {
            row(arg, text);
        }
    }
    if let Some(examples) = verb.get_after_help() {
        let _ = writeln!(text, "\n```text\n{}\n```", examples.to_string().trim());
    }
}

fn row(arg: &Arg, text: &mut String) {
    let values: Vec<String> = arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    let takes = arg.get_action().takes_values();
    let mut name = String::new();
    if let Some(short) = arg.get_short() {
        let _ = write!(name, "-{short}, ");
    }
    if let Some(long) = arg.get_long() {
        let _ = write!(name, "--{long}");
    }
    if takes {
        let _ = write!(name, "{}{}", if name.is_empty() { "" } else { " " }, values.join(" "));
    }
    let mut help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    // Defaults that depend on something stand in the help.
    let mut default =
        arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(", ");
    if let Some((before, rest)) = help.clone().split_once(" [default: ") {
        default = rest.trim_end_matches(']').to_owned();
        help = before.to_owned();
    }
    let possible: Vec<String> = if takes {
        arg.get_possible_values()
            .iter()
            .filter(|value| !value.is_hide_set())
            .map(|value| format!("`{}`", value.get_name()))
            .collect()
    } else {
        default.clear();
        Vec::new()
    };
    if !possible.is_empty() {
        let _ = write!(help, ": {}", possible.join(", "));
    }
    let is_value = !arg.get_default_values().is_empty();
    let default = if is_value && takes { format!("`{default}`") } else { escaped(&default) };
    let _ = writeln!(text, "| `{}` | {} | {} |", name.replace('|', "\\|"), escaped(&help).replace('|', "\\|"), default);
}

/// Text that Markdown takes as text.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut is_code = false;
    for c in text.chars() {
        is_code ^= c == '`';
        if !is_code && matches!(c, '*' | '_' | '<' | '>' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
