//! How a verb runs below Python: on a thread of its own without the interpreter's lock, while the calling thread shows
//! progress and listens for Ctrl-C.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use pyo3::{
    exceptions::{PyKeyboardInterrupt, PyRuntimeError},
    prelude::*,
    types::PyDict,
};
use shardify::{Cancel, Error, Progress};

use crate::error::OrRaise;

/// How often progress is told and signals are looked at.
const INTERVAL: Duration = Duration::from_millis(50);

/// Runs `work` and returns what it returns. `watcher` is called with the progress, on the thread that called.
///
/// An exception of the watcher, or Ctrl-C, cancels the work; it is raised once the work has stopped and finished shards
/// are safe.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    watcher: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Cancel, &dyn Progress) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let (cancel, meter, done) = (Cancel::default(), Meter::default(), Done::default());
    let mut stopped: Option<PyErr> = None;
    let outcome = thread::scope(|scope| {
        let worker = thread::Builder::new().name("shardify".to_owned()).spawn_scoped(scope, || {
            let _told = done.tell_at_end();
            work(&cancel, &meter)
        });
        let worker = worker.map_err(|error| PyRuntimeError::new_err(format!("cannot start a thread: {error}")))?;
        while !py.detach(|| done.wait(INTERVAL)) {
            if stopped.is_none()
                && let Err(error) = py.check_signals().and_then(|()| meter.show(py, watcher))
            {
                cancel.cancel();
                stopped = Some(error);
            }
        }
        worker
            .join()
            .map_err(|_| PyRuntimeError::new_err("shardify failed in a way that it should not: please report it"))
    })?;
    if stopped.is_none() {
        stopped = py.check_signals().and_then(|()| meter.show(py, watcher)).err();
    }
    let outcome = outcome.or_raise(py);
    let Some(stopped) = stopped else { return outcome };
    // That the work failed by itself must not be lost where the watcher raises too.
    if let Err(failed) = outcome
        && !failed.is_instance_of::<PyKeyboardInterrupt>(py)
    {
        stopped.value(py).setattr("__context__", failed)?;
    }
    Err(stopped)
}

/// Whether the work has ended.
#[derive(Debug, Default)]
struct Done {
    ended: Mutex<bool>,
    change: Condvar,
}

impl Done {
    /// Tells that it has ended when the returned value goes, also by a panic.
    fn tell_at_end(&self) -> TellAtEnd<'_> {
        TellAtEnd(self)
    }

    fn wait(&self, at_most: Duration) -> bool {
        let ended = lock(&self.ended);
        let waited = self.change.wait_timeout_while(ended, at_most, |ended| !*ended);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[derive(Debug)]
struct TellAtEnd<'d>(&'d Done);

impl Drop for TellAtEnd<'_> {
    fn drop(&mut self) {
        *lock(&self.0.ended) = true;
        self.0.change.notify_all();
    }
}

/// Nothing is left half done while one of these locks is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far the work is, written by its threads and read by the one that called.
#[derive(Debug, Default)]
struct Meter {
    step: Mutex<(String, Option<u64>)>,
    shard: Mutex<String>,
    items: AtomicU64,
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
    skipped: AtomicU64,
}

impl Progress for Meter {
    fn step(&self, name: &str, total: Option<u64>) {
        *lock(&self.step) = (name.to_owned(), total);
        self.items.store(0, Ordering::Relaxed);
    }

    fn resumed(&self, items: u64) {
        self.items.fetch_add(items, Ordering::Relaxed);
    }

    fn advance(&self, items: u64, bytes_read: u64, bytes_written: u64) {
        self.items.fetch_add(items, Ordering::Relaxed);
        self.bytes_read.fetch_add(bytes_read, Ordering::Relaxed);
        self.bytes_written.fetch_add(bytes_written, Ordering::Relaxed);
    }

    fn skipped(&self, _input: &str, _reason: &str) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    fn shard(&self, name: &str) {
        name.clone_into(&mut lock(&self.shard));
    }
}

impl Meter {
    /// Tells the watcher, if there is one.
    fn show(&self, py: Python<'_>, watcher: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let Some(watcher) = watcher else { return Ok(()) };
        let fields = PyDict::new(py);
        {
            let step = lock(&self.step);
            fields.set_item("step", &step.0)?;
            fields.set_item("total", step.1)?;
        }
        fields.set_item("shard", &*lock(&self.shard))?;
        for (name, number) in [
            ("items", &self.items),
            ("bytes_read", &self.bytes_read),
            ("bytes_written", &self.bytes_written),
            ("skipped", &self.skipped),
        ] {
            fields.set_item(name, number.load(Ordering::Relaxed))?;
        }
        let progress = py.import("shardify._progress")?.getattr("Progress")?.call((), Some(&fields))?;
        watcher.call1((progress,)).map(drop)
    }
}
