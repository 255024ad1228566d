//! What the verbs have in common: how a run is watched and ended, and parsers of values.

use std::{fmt::Display, process::ExitCode};

use clap::{
    ValueEnum,
    builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser},
};
use serde_json::json;
use shardify::{Compression, Error, ErrorKind, error::Place, units::Count};

use super::{
    Outcome, nearby,
    progress::When,
    signal::INTERRUPTED,
    ui::{Ui, Verbosity},
};

/// How shards are compressed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum CompressionArg {
    None,
    Gzip,
}

impl From<CompressionArg> for Compression {
    fn from(arg: CompressionArg) -> Self {
        match arg {
            CompressionArg::None => Self::None,
            CompressionArg::Gzip => Self::Gzip,
        }
    }
}

/// What becomes of what cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OnErrorArg {
    Stop,
    Skip,
}

/// Options of every verb that works for a while.
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// Worker threads; what comes out does not depend on it [default: one for each core]
    #[arg(long, value_name = "N", value_parser = whole(1_u16, 1024), help_heading = "Run")]
    threads: Option<u16>,
    /// When progress is shown
    #[arg(long, value_enum, default_value = "auto", help_heading = "Run")]
    pub(super) progress: When,
    /// Print the result as JSON
    #[arg(long, help_heading = "Run")]
    pub(super) json: bool,
    /// Print errors only
    #[arg(long, short, conflicts_with = "verbose", help_heading = "Run")]
    pub(super) quiet: bool,
    /// Say more: name one by one what is summed up otherwise
    #[arg(long, short, help_heading = "Run")]
    verbose: bool,
}

impl RunArgs {
    /// Where the verb prints.
    pub(super) fn ui(&self) -> Ui {
        Ui::new(match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        })
    }

    /// Threads, if a number was asked for.
    pub(super) fn threads(&self) -> Option<usize> {
        self.threads.map(usize::from)
    }

    /// The result as it was asked for: as JSON, not at all, or as text.
    pub(super) fn show(&self, json: impl FnOnce() -> String, text: impl FnOnce() -> String) -> String {
        match (self.json, self.quiet) {
            (true, _) => json(),
            (_, true) => String::new(),
            _ => text(),
        }
    }

    /// Prints the result, or says why there is none and what `hint` advises, and turns it into an exit code.
    pub(super) fn end(
        &self,
        ui: &Ui,
        outcome: Result<(String, Outcome), Error>,
        hint: impl FnOnce(&Error) -> Option<String>,
    ) -> ExitCode {
        match outcome {
            Ok((text, outcome)) => {
                let printed = ui.print(&text);
                match outcome {
                    Outcome::ProblemsFound if printed == ExitCode::SUCCESS => ExitCode::from(1),
                    Outcome::Incomplete => ExitCode::from(2),
                    Outcome::Clean | Outcome::ProblemsFound => printed,
                }
            }
            Err(error) => {
                // Of what is to be written, nothing is misspelt.
                let is_missing = error.message().contains("there is no such");
                let near = error.path().filter(|_| is_missing).and_then(nearby::question);
                let hint = match (near, hint(&error)) {
                    (Some(near), Some(hint)) => Some(format!("{near} {hint}")),
                    (near, hint) => near.or(hint),
                };
                ui.error(&error.to_string(), hint.as_deref());
                if self.json {
                    ui.print(&error_json(&error, hint.as_deref()));
                }
                let interrupted = matches!(error.kind(), ErrorKind::Interrupted);
                ExitCode::from(if interrupted { INTERRUPTED } else { 2 })
            }
        }
    }
}

fn error_json(error: &Error, hint: Option<&str>) -> String {
    let place = |of: fn(Place) -> Option<u64>| error.place().and_then(of);
    let result = json!({ "error": {
        "message": error.message(),
        "path": error.path().map(|path| path.to_string_lossy()),
        "byte": place(|place| if let Place::Byte(byte) = place { Some(byte.0) } else { None }),
        "line": place(|place| if let Place::Line(line) = place { Some(line) } else { None }),
        "row": place(|place| if let Place::Row(row) = place { Some(row) } else { None }),
        "hint": hint,
        "interrupted": matches!(error.kind(), ErrorKind::Interrupted),
    }});
    super::results::pretty(&result)
}

/// A parser of whole numbers of a range, which says so.
pub(super) fn whole<T>(least: T, most: T) -> impl TypedValueParser<Value = T>
where
    T: std::str::FromStr + PartialOrd + Display + Copy + Send + Sync + 'static,
    u64: TryFrom<T>,
{
    let show =
        |number: T| u64::try_from(number).map_or_else(|_| number.to_string(), |number| Count(number).to_string());
    let range = format!("expected a whole number from {} to {}", show(least), show(most));
    NonEmptyStringValueParser::new().try_map(move |text| match text.parse::<T>() {
        Ok(number) if least <= number && number <= most => Ok(number),
        _ => Err(range.clone()),
    })
}

/// A parser of the names of an option's values.
pub(super) fn choice<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|value| name(*value))).try_map(move |text| {
        // The parser has refused all other texts.
        all.iter().copied().find(|value| name(*value) == text).ok_or("no such value")
    })
}
