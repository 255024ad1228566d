//! Ctrl-C and the polite kill signals: the first stops the run soon, the second at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use shardify::Cancel;

use super::ui::Ui;

/// The exit code of an interrupted run.
pub(super) const INTERRUPTED: u8 = 130;

/// A switch that Ctrl-C flips, for a verb that writes shards.
pub(super) fn cancel_on_interrupt(ui: &Ui) -> Arc<Cancel> {
    cancel_saying(ui, "stopping: finished shards are made safe (press Ctrl-C again to stop at once)")
}

/// A switch that Ctrl-C flips, and what is said then.
pub(super) fn cancel_saying(ui: &Ui, note: &'static str) -> Arc<Cancel> {
    let cancel = Arc::new(Cancel::default());
    let (switch, again, ui) = (Arc::clone(&cancel), AtomicBool::new(false), ui.clone());
    let handler = move || {
        if again.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
        switch.cancel();
        ui.note(note);
    };
    // Without a handler Ctrl-C still stops the process, only less politely.
    let _ = ctrlc::set_handler(handler);
    cancel
}
