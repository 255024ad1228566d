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

use super::{
    screen,
    ui::{Ui, Verbosity, duration},
};

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

impl Step {
    fn new(name: &str, total: Option<u64>) -> Self {
        let now = Instant::now();
        Self {
            name: name.to_owned(),
            total,
            done: 0,
            before: 0,
            shard: String::new(),
            started: now,
            printed: now,
            bar: None,
        }
    }
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
        let step = Step::new("", None);
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

    /// Speed, time to go, and what else there is to say of a step, the most wanted first.
    fn status(&self, step: &Step) -> Vec<String> {
        let seconds = step.started.elapsed().as_secs_f64();
        let mut parts = Vec::new();
        if seconds < 0.2 {
            return parts;
        }
        #[expect(clippy::cast_precision_loss, reason = "speeds are shown with three digits")]
        let rate = (step.done - step.before) as f64 / seconds;
        let read = self.read.load(Ordering::Relaxed);
        let mut speeds = vec![format!("{}/s", short(rate))];
        if read > 0 {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "shown"
            )]
            let speed = (read as f64 / seconds) as u64;
            speeds.push(format!("{}/s", ByteSize(speed)));
        }
        if let Some(total) = step.total
            && rate > 0.0
        {
            #[expect(clippy::cast_precision_loss, reason = "an estimate")]
            let left = total.saturating_sub(step.done) as f64 / rate;
            if let Ok(left) = Duration::try_from_secs_f64(left) {
                parts.push(format!("ETA {}", eta(left)));
            }
        }
        parts.append(&mut speeds);
        let skipped = self.skipped.load(Ordering::Relaxed);
        if skipped > 0 {
            parts.push(format!("{} skipped", Count(skipped)));
        }
        if !step.shard.is_empty() {
            parts.push(step.shard.clone());
        }
        parts
    }
}

/// The line of a bar: how far, and as much of `parts` as the terminal has room for. The bar itself takes what is left.
fn bar_line(width: usize, name: &str, done: u64, total: Option<u64>, parts: &[String]) -> String {
    const BAR: std::ops::RangeInclusive<usize> = 8..=24;
    let mut line = match total {
        Some(total) => {
            let percent = u128::from(done.min(total)) * 100 / u128::from(total.max(1));
            format!("{name} {percent:>3}%  {}/{}", Count(done), Count(total))
        }
        None => format!("{name}  {}", Count(done)),
    };
    for (at, part) in parts.iter().enumerate() {
        // The first two matter more than the bar, the others less.
        let reserved = if at < 2 { 0 } else { BAR.start() + 3 };
        if line.chars().count() + 2 + part.chars().count() + reserved > width {
            break;
        }
        line.push_str("  ");
        line.push_str(part);
    }
    let room = width.saturating_sub(line.chars().count() + 3).min(*BAR.end());
    if let Some(total) = total.filter(|_| room >= *BAR.start()) {
        let filled = u128::from(done.min(total)) * room as u128 / u128::from(total.max(1));
        let filled = usize::try_from(filled).unwrap_or(room);
        let head = if (1..room).contains(&filled) { ">" } else { "" };
        let bar = format!("{}{head}", "=".repeat(filled - head.len()));
        line.insert_str(name.len() + 1, &format!("[{bar:room$}] "));
    }
    line.chars().take(width).collect()
}

/// A line in a log, which says everything by itself.
fn log_line(name: &str, done: u64, total: Option<u64>, parts: &[String]) -> String {
    let of = total.map(|total| format!(" of {}", Count(total))).unwrap_or_default();
    format!("{name}: {}{of}  {}", Count(done), parts.join("  ")).trim_end().to_owned()
}

/// A time to go, which is never known to a tenth of a second.
fn eta(left: Duration) -> String {
    match left.as_secs() {
        seconds @ 0..60 => format!("{} s", seconds + 1),
        _ => duration(left),
    }
}

impl Progress for Meter {
    fn step(&self, name: &str, total: Option<u64>) {
        let mut step = self.lock();
        if let Some(bar) = step.bar.take() {
            bar.finish_and_clear();
        }
        *step = Step::new(name, total);
        if self.bar {
            let bar = self.ui.bars().add(ProgressBar::new(total.unwrap_or(0)));
            // The template is a constant: that it is well-formed shows at the first run.
            let style = ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style);
            bar.set_message(bar_line(screen::width(), name, 0, total, &[]));
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
            Some(bar) => bar.set_message(bar_line(screen::width(), &step.name, step.done, step.total, &status)),
            None => {
                self.ui.log(&log_line(&step.name, step.done, step.total, &status));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_its_terminal() {
        let parts = ["ETA 16 s", "1.0k/s", "4.19 MB/s", "3 skipped", "train-00060"].map(str::to_owned);
        let line = |width: usize| bar_line(width, "converting", 1024, Some(6015), &parts);
        assert_eq!(
            line(117),
            "converting [===>                    ]  17%  1,024/6,015  ETA 16 s  1.0k/s  4.19 MB/s  3 skipped  train-00060"
        );
        assert_eq!(line(77), "converting [=>               ]  17%  1,024/6,015  ETA 16 s  1.0k/s  4.19 MB/s");
        assert_eq!(line(47), "converting  17%  1,024/6,015  ETA 16 s  1.0k/s");
        assert_eq!(line(37), "converting  17%  1,024/6,015");
        for width in 0..200 {
            assert!(line(width).chars().count() <= width, "{width}: {}", line(width));
        }
    }

    #[test]
    fn a_line_in_a_log_says_everything() {
        let parts = ["ETA 2h 05m", "1.0k/s", "4.19 MB/s", "3 skipped", "train-00060"].map(str::to_owned);
        assert_eq!(
            log_line("converting", 1024, Some(14_197_122), &parts),
            "converting: 1,024 of 14,197,122  ETA 2h 05m  1.0k/s  4.19 MB/s  3 skipped  train-00060"
        );
        assert_eq!(log_line("listing inputs", 7, None, &[]), "listing inputs: 7");
    }

    /// Where there is no terminal: nothing before a minute, then a line a minute.
    #[test]
    fn a_line_a_minute() {
        let meter = Meter { bar: false, every: Some(Duration::from_mins(1)), ..Meter::new(&Ui::plain(), When::Never) };
        let printed = |meter: &Meter| meter.lock().printed;
        meter.step("converting", Some(9));
        let started = printed(&meter);
        meter.advance(1, 0, 0);
        assert_eq!(printed(&meter), started, "too early");
        meter.lock().printed = started - Duration::from_mins(1);
        meter.advance(1, 0, 0);
        assert!(printed(&meter) >= started, "due");
    }

    #[test]
    fn a_bar_starts_empty_and_ends_full() {
        let line = |done, total| bar_line(42, "converting", done, total, &[]);
        assert_eq!(line(0, Some(9)), "converting [                   ]   0%  0/9");
        assert_eq!(line(9, Some(9)), "converting [===================] 100%  9/9");
        assert_eq!(line(0, Some(0)), "converting [                   ]   0%  0/0");
        assert_eq!(line(1234, None), "converting  1,234");
    }
}
