//! A parallel map that keeps its order and holds a bounded number of bytes.
//!
//! Workers claim jobs in order and put results into the slot of their job; the calling thread takes the slots in order.
//! A job is claimed only while the results that wait weigh less than the budget, and putting one down never waits, so the
//! oldest job always gets through: no deadlock, and at most the budget plus one result a worker in memory.

use std::{
    collections::VecDeque,
    panic,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::error::{Error, ErrorKind, Result};

/// A switch that stops a run: shared with a signal handler or another thread.
#[derive(Debug, Default)]
pub struct Cancel(AtomicBool);

impl Cancel {
    /// Asks the run to stop soon.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the run is to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Goes on, or not.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`] once cancelled.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::new(ErrorKind::Interrupted)) } else { Ok(()) }
    }
}

/// How much runs and waits at once.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Worker threads.
    pub threads: usize,
    /// Bytes of finished results that may wait for the consumer.
    pub budget: u64,
}

/// Results that wait are at most this many, however light they are.
const MAX_WAITING: usize = 1024;

struct State<T> {
    next_job: u64,
    slots: VecDeque<Option<T>>,
    waiting_bytes: u64,
    spare: Vec<T>,
    idle_workers: usize,
    consumer_waits: bool,
    stop: bool,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    room: Condvar,
    ready: Condvar,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // A panicking worker is reported by the pool; the state itself is never left half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        self.lock().stop = true;
        self.room.notify_all();
        self.ready.notify_all();
    }
}

/// Stops everybody when a worker panics, so that nobody waits for its result for ever.
struct StopOnPanic<'a, T>(&'a Shared<T>);

impl<T> Drop for StopOnPanic<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

/// Runs `work` for the jobs `0..jobs` on a pool of threads and gives the results to `consume` in the order of the jobs.
///
/// `consume` runs on the calling thread and returns the container for reuse by a later job. `scratch` makes what one
/// worker keeps between jobs; `weight` is the bytes that a result holds.
///
/// # Errors
/// What `consume` returns first; [`ErrorKind::Interrupted`] when cancelled; [`ErrorKind::Io`] if threads cannot be started.
pub fn ordered<T: Send + Default, S>(
    jobs: u64,
    bounds: Bounds,
    cancel: &Cancel,
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(u64, &mut S, &mut T) + Sync,
    weight: impl Fn(&T) -> u64 + Sync,
    mut consume: impl FnMut(T) -> Result<T>,
) -> Result<()> {
    let shared = Shared {
        state: Mutex::new(State {
            next_job: 0,
            slots: VecDeque::new(),
            waiting_bytes: 0,
            spare: Vec::new(),
            idle_workers: 0,
            consumer_waits: false,
            stop: false,
        }),
        room: Condvar::new(),
        ready: Condvar::new(),
    };
    // To start a thread that finds nothing to do takes longer than many a small job.
    let threads = bounds.threads.min(usize::try_from(jobs).unwrap_or(usize::MAX)).max(1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("shardify-worker-{i}"))
        .build()
        .map_err(|error| {
            Error::io("start threads", std::io::Error::other(error))
                .with_hint("the system allows no more: give fewer with --threads")
        })?;

    let worker = || {
        let _stop = StopOnPanic(&shared);
        let mut scratch = scratch();
        while let Some((job, mut result)) = claim(&shared, jobs, bounds.budget) {
            work(job, &mut scratch, &mut result);
            let weight = weight(&result);
            put(&shared, job, result, weight);
        }
    };
    pool.in_place_scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|_| worker());
        }
        let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            for _ in 0..jobs {
                cancel.check()?;
                let Some(result) = take(&shared, &weight) else { return Err(Error::new(ErrorKind::Interrupted)) };
                let spare = consume(result)?;
                shared.lock().spare.push(spare);
            }
            Ok(())
        }));
        shared.stop();
        outcome.unwrap_or_else(|payload| panic::resume_unwind(payload))
    })
}

/// The next job with a container for its result, or `None` when there is nothing more to do.
fn claim<T: Default>(shared: &Shared<T>, jobs: u64, budget: u64) -> Option<(u64, T)> {
    let mut state = shared.lock();
    loop {
        if state.stop || state.next_job == jobs {
            return None;
        }
        let has_room = state.waiting_bytes < budget && state.slots.len() < MAX_WAITING;
        if has_room || state.slots.is_empty() {
            break;
        }
        state.idle_workers += 1;
        state = shared.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.idle_workers -= 1;
    }
    let job = state.next_job;
    state.next_job += 1;
    state.slots.push_back(None);
    Some((job, state.spare.pop().unwrap_or_default()))
}

fn put<T>(shared: &Shared<T>, job: u64, result: T, weight: u64) {
    let mut state = shared.lock();
    state.waiting_bytes += weight;
    // The slots stand for the jobs that are claimed and not yet taken, the last of them for `next_job - 1`.
    let from_back = state.next_job - job;
    let slot = state.slots.len().checked_sub(usize::try_from(from_back).unwrap_or(usize::MAX));
    let is_first = slot == Some(0);
    if let Some(slot) = slot.and_then(|slot| state.slots.get_mut(slot)) {
        *slot = Some(result);
    }
    if is_first && state.consumer_waits {
        drop(state);
        shared.ready.notify_one();
    }
}

fn take<T>(shared: &Shared<T>, weight: impl Fn(&T) -> u64) -> Option<T> {
    let mut state = shared.lock();
    loop {
        if let Some(Some(_)) = state.slots.front() {
            let result = state.slots.pop_front().flatten()?;
            state.waiting_bytes = state.waiting_bytes.saturating_sub(weight(&result));
            if state.idle_workers > 0 {
                drop(state);
                shared.room.notify_all();
            }
            return Some(result);
        }
        if state.stop {
            return None;
        }
        state.consumer_waits = true;
        state = shared.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.consumer_waits = false;
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicU64, thread, time::Duration};

    use super::*;

    fn run(jobs: u64, threads: usize, budget: u64, size: impl Fn(u64) -> usize + Sync) -> (Vec<u64>, u64) {
        let live = AtomicU64::new(0);
        let peak = AtomicU64::new(0);
        let mut seen = Vec::new();
        ordered(
            jobs,
            Bounds { threads, budget },
            &Cancel::default(),
            || (),
            |job, (), out: &mut Vec<u8>| {
                if job % 7 == 0 {
                    thread::sleep(Duration::from_micros(200));
                }
                out.clear();
                out.resize(size(job), 0);
                out.extend(job.to_le_bytes());
                let now = live.fetch_add(out.len() as u64, Ordering::SeqCst) + out.len() as u64;
                peak.fetch_max(now, Ordering::SeqCst);
            },
            |out| out.len() as u64,
            |out| {
                live.fetch_sub(out.len() as u64, Ordering::SeqCst);
                seen.push(u64::from_le_bytes(*out.last_chunk().unwrap()));
                Ok(out)
            },
        )
        .unwrap();
        (seen, peak.into_inner())
    }

    #[test]
    fn order_is_kept_at_any_thread_count() {
        for threads in [1, 2, 3, 8, 33] {
            let (seen, _) = run(500, threads, 1000, |job| (job % 50) as usize);
            assert!(seen.into_iter().eq(0..500), "{threads} threads");
        }
        assert!(run(0, 4, 1000, |_| 0).0.is_empty());
    }

    #[test]
    fn waiting_bytes_stay_within_the_budget_and_one_result_a_worker() {
        let (_, peak) = run(400, 4, 10_000, |_| 992);
        assert!(peak <= 10_000 + 5 * 1000, "{peak}");
        // One result larger than the budget gets through all the same.
        let (seen, peak) = run(10, 4, 10, |_| 992);
        assert!(seen.len() == 10 && peak <= 5000, "{peak}");
    }

    #[test]
    fn an_error_of_the_consumer_stops_the_workers() {
        let started = AtomicU64::new(0);
        let outcome = ordered(
            1_000_000,
            Bounds { threads: 3, budget: 100 },
            &Cancel::default(),
            || (),
            |_, (), out: &mut Vec<u8>| {
                started.fetch_add(1, Ordering::SeqCst);
                out.resize(10, 0);
            },
            |out| out.len() as u64,
            |_| Err(Error::inputs("no")),
        );
        assert_eq!(outcome.unwrap_err().to_string(), "no");
        assert!(started.into_inner() < 100);
    }

    #[test]
    fn cancelling_ends_the_run() {
        let cancel = Cancel::default();
        let mut taken = 0;
        let outcome = ordered(
            1_000_000,
            Bounds { threads: 2, budget: 100 },
            &cancel,
            || (),
            |_, (), _: &mut Vec<u8>| (),
            |_| 1,
            |out| {
                taken += 1;
                if taken == 5 {
                    cancel.cancel();
                }
                Ok(out)
            },
        );
        assert!(matches!(outcome.unwrap_err().kind(), ErrorKind::Interrupted));
        assert_eq!(taken, 5);
    }

    #[test]
    fn a_panic_in_a_worker_reaches_the_caller() {
        let outcome = panic::catch_unwind(|| {
            ordered(
                100,
                Bounds { threads: 2, budget: 100 },
                &Cancel::default(),
                || (),
                |job, (), _: &mut Vec<u8>| assert!(job != 50, "on purpose"),
                |_| 1,
                Ok,
            )
        });
        assert!(outcome.is_err());
    }
}
