//! How far a run is: a bar on a terminal, a line now and then elsewhere.

use std::{
    io::{self, IsTerminal},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use shardify::{
    Progress,
    units::{ByteSize, Count},
};

use super::ui::{Ui, Verbosity, duration};

/// When progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// A bar on a terminal, a line a minute elsewhere
    Auto,
    /// A bar on a terminal, a line every five seconds elsewhere
    Always,
    /// Not at all
    Never,
}

/// Skipped inputs that are named one by one, unless all are asked for.
const NAMED_SKIPS: u64 = 10;

/// Shows the progress of one run.
#[derive(Debug)]
pub(super) struct Meter {
    ui: Ui,
    bar: bool,
    /// How often a line is printed where there is no bar.
    every: Option<Duration>,
    read: AtomicU64,
    skipped: AtomicU64,
    step: Mutex<Step>,
}

#[derive(Debug)]
struct Step {
    name: String,
    total: Option<u64>,
    done: u64,
    /// Done by an earlier run: counts for the position, not for the speed.
    before: u64,
    shard: String,
    started: Instant,
    printed: Instant,
    bar: Option<ProgressBar>,
}

impl Meter {
    pub(super) fn new(ui: &Ui, when: When) -> Self {
        let quiet = ui.verbosity() == Verbosity::Quiet && when == When::Auto;
        let terminal = io::stderr().is_terminal();
        let bar = terminal && !quiet && when != When::Never;
        let every = match when {
            When::Never => None,
            _ if terminal || quiet => None,
            When::Auto => Some(Duration::from_mins(1)),
            When::Always => Some(Duration::from_secs(5)),
        };
        let step = Step {
            name: String::new(),
            total: None,
            done: 0,
            before: 0,
            shard: String::new(),
            started: Instant::now(),
            printed: Instant::now(),
            bar: None,
        };
        Self { ui: ui.clone(), bar, every, read: AtomicU64::new(0), skipped: AtomicU64::new(0), step: Mutex::new(step) }
    }

    /// Takes the bar off the terminal.
    pub(super) fn finish(&self) {
        if let Some(bar) = self.lock().bar.take() {
            bar.finish_and_clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Step> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Speed, time to go, and what else there is to say of a step.
    fn status(&self, step: &Step) -> String {
        let seconds = step.started.elapsed().as_secs_f64();
        if seconds < 0.2 {
            return String::new();
        }
        #[expect(clippy::cast_precision_loss, reason = "speeds are shown with three digits")]
        let rate = (step.done - step.before) as f64 / seconds;
        let read = self.read.load(Ordering::Relaxed);
        let mut parts = vec![format!("{}/s", short(rate))];
        if read > 0 {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "shown"
            )]
            let speed = (read as f64 / seconds) as u64;
            parts.push(format!("{}/s", ByteSize(speed)));
        }
        if let Some(total) = step.total
            && rate > 0.0
        {
            #[expect(clippy::cast_precision_loss, reason = "an estimate")]
            let left = total.saturating_sub(step.done) as f64 / rate;
            if let Ok(left) = Duration::try_from_secs_f64(left) {
                parts.push(format!("ETA {}", duration(left)));
            }
        }
        let skipped = self.skipped.load(Ordering::Relaxed);
        if skipped > 0 {
            parts.push(format!("{} skipped", Count(skipped)));
        }
        if !step.shard.is_empty() {
            parts.push(step.shard.clone());
        }
        parts.join("  ")
    }
}

impl Progress for Meter {
    fn step(&self, name: &str, total: Option<u64>) {
        let mut step = self.lock();
        if let Some(bar) = step.bar.take() {
            bar.finish_and_clear();
        }
        *step = Step {
            name: name.to_owned(),
            total,
            done: 0,
            before: 0,
            shard: String::new(),
            started: Instant::now(),
            printed: Instant::now(),
            bar: None,
        };
        if self.bar {
            let bar = self.ui.bars().add(ProgressBar::new(total.unwrap_or(0)));
            let template = if total.is_some() {
                "{prefix} {percent:>3}% [{bar:20}] {pos}/{len}  {wide_msg}"
            } else {
                "{spinner} {prefix} {pos}  {wide_msg}"
            };
            // The templates are constants: that they are well-formed shows at the first run.
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style.progress_chars("=> "));
            bar.set_prefix(name.to_owned());
            step.bar = Some(bar);
        }
    }

    fn resumed(&self, items: u64) {
        let mut step = self.lock();
        step.done += items;
        step.before += items;
    }

    fn advance(&self, items: u64, bytes_read: u64, _bytes_written: u64) {
        /// Often enough to look alive, rarely enough to cost nothing.
        const REDRAW: Duration = Duration::from_millis(100);
        self.read.fetch_add(bytes_read, Ordering::Relaxed);
        let mut step = self.lock();
        step.done += items;
        let interval = if step.bar.is_some() { Some(REDRAW) } else { self.every };
        if interval.is_none_or(|interval| step.printed.elapsed() < interval) {
            return;
        }
        step.printed = Instant::now();
        let status = self.status(&step);
        match &step.bar {
            Some(bar) => {
                bar.set_message(status);
                bar.set_position(step.done);
            }
            None => {
                let of = step.total.map(|total| format!(" of {}", Count(total))).unwrap_or_default();
                self.ui.log(&format!("{}: {}{of}  {status}", step.name, Count(step.done)));
            }
        }
    }

    fn skipped(&self, input: &str, reason: &str) {
        let skipped = self.skipped.fetch_add(1, Ordering::Relaxed) + 1;
        if skipped <= NAMED_SKIPS || self.ui.verbosity() == Verbosity::Verbose {
            self.ui.warn(&format!("skipped {input}: {reason}"));
        } else if skipped == NAMED_SKIPS + 1 {
            self.ui.warn("more inputs are skipped; failures.jsonl will name them all (-v shows them here)");
        }
    }

    fn shard(&self, name: &str) {
        self.lock().shard = name.to_owned();
    }
}

/// A rate with three digits.
fn short(rate: f64) -> String {
    match rate {
        r if r < 10.0 => format!("{r:.1}"),
        r if r < 10_000.0 => format!("{r:.0}"),
        r if r < 1e6 => format!("{:.1}k", r / 1e3),
        r => format!("{:.1}M", r / 1e6),
    }
}
