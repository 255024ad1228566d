//! Printing: results to stdout, messages to stderr. The only file that does.
#![expect(clippy::print_stderr, reason = "the one place for it")]

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use clap::{
    ColorChoice,
    error::{ContextKind, ContextValue, ErrorKind as ClapErrorKind},
};
use indicatif::MultiProgress;

use super::{layout, safe, screen};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// Where a command prints. Cheap to clone; all clones share the terminal.
#[derive(Debug, Clone)]
pub(super) struct Ui {
    verbosity: Verbosity,
    bars: Arc<Mutex<MultiProgress>>,
}

impl Ui {
    pub(super) fn new(verbosity: Verbosity) -> Self {
        let bars = MultiProgress::new();
        if io::stderr().is_terminal() {
            bars.set_draw_target(screen::target());
        }
        Self { verbosity, bars: Arc::new(Mutex::new(bars)) }
    }

    pub(super) fn plain() -> Self {
        Self::new(Verbosity::Normal)
    }

    pub(super) fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// The bars on the terminal, above which messages are printed.
    pub(super) fn bars(&self) -> MultiProgress {
        self.bars.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Prints a result. A reader that went away is no failure.
    pub(super) fn print(&self, text: &str) -> ExitCode {
        let text = layout::fit(&safe::text(text), screen::stdout_width());
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(error) => {
                self.error(&shardify::Error::io("write the result to stdout", error).to_string(), None);
                ExitCode::from(2)
            }
        }
    }

    /// A message about the course of things.
    pub(super) fn note(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.say("note", BLUE, text);
        }
    }

    /// Something that the user should look at.
    pub(super) fn warn(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.say("warning", YELLOW, text);
        }
    }

    /// A plain line of progress, for logs.
    pub(super) fn log(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.above_bars(|| eprintln!("{}", safe::text(text)));
        }
    }

    /// Why it could not be done, and what to do next.
    pub(super) fn error(&self, message: &str, hint: Option<&str>) {
        self.say("error", RED, message);
        if let Some(hint) = hint {
            self.say(" help", BLUE, hint);
        }
    }

    fn say(&self, what: &str, color: &str, text: &str) {
        let what = if colored(&io::stderr()) { format!("{color}{what}{PLAIN}") } else { what.to_owned() };
        let line = layout::fit(&format!("{what}: {}\n", safe::text(text)), screen::stderr_width());
        self.above_bars(|| eprint!("{line}"));
    }

    fn above_bars(&self, print: impl FnOnce()) {
        self.bars().suspend(print);
    }
}

pub(super) const RED: &str = "\x1b[1;31m";
pub(super) const YELLOW: &str = "\x1b[1;33m";
pub(super) const GREEN: &str = "\x1b[1;32m";
pub(super) const BLUE: &str = "\x1b[1;34m";
pub(super) const PLAIN: &str = "\x1b[0m";

/// Whether text there is coloured: on a terminal, unless `NO_COLOR` asks not to.
fn colored(stream: &impl IsTerminal) -> bool {
    let unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    stream.is_terminal() && unset("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// When help has colours: the parser knows of terminals and `NO_COLOR`, but not of terminals that know no colours.
pub(super) fn parser_colors() -> ColorChoice {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if is_dumb { ColorChoice::Never } else { ColorChoice::Auto }
}

/// Prints what the argument parser has to say: help to stdout, faults to stderr.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    if let Some((message, hint)) = plainer(error) {
        Ui::plain().error(&message, Some(&hint));
        return ExitCode::from(2);
    }
    let broken = error.print().is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe);
    ExitCode::from(if error.use_stderr() || broken { 2 } else { 0 })
}

/// Faults that the parser describes from its own point of view, said from that of the user.
fn plainer(error: &clap::Error) -> Option<(String, String)> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ClapErrorKind::InvalidSubcommand if error.get(ContextKind::SuggestedSubcommand).is_none() => {
            let verb = text(ContextKind::InvalidSubcommand).unwrap_or_default();
            let found = if Path::new(verb).exists() { "a path, and a verb comes first" } else { "no verb of shardify" };
            let verb = shardify::error::Printable(Path::new(verb));
            let hint = "shardify convert INPUT OUT converts; shardify --help lists the verbs".to_owned();
            Some((format!("`{verb}` is {found}"), hint))
        }
        _ => None,
    }
}

/// A duration as people say it: `43 ms`, `8.1 s`, `3m 07s`, `2h 05m`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// Lines up columns: the first to the left, the others to the right; as a list where the terminal is too narrow.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    layout::table(rows, screen::stdout_width())
}

/// A word in a colour, if it goes to a terminal.
pub(super) fn paint(text: &str, color: &str) -> String {
    if colored(&io::stdout()) { format!("{color}{text}{PLAIN}") } else { text.to_owned() }
}
