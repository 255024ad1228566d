//! Waiting for the disk for many things at once.

use std::{
    sync::{Mutex, PoisonError},
    thread,
};

use crate::error::Result;

/// No more threads than these wait at once.
const MOST: usize = 16;

/// Does some work for each item, at the same time where it can: a disk takes hardly longer to sync ten files than one, if it is
/// asked for all of them together.
///
/// # Errors
/// The first error that comes up; the other items are done all the same.
pub fn at_once<T: Send>(items: Vec<T>, work: impl Fn(T) -> Result<()> + Sync) -> Result<()> {
    let helpers = items.len().min(MOST).saturating_sub(1);
    let (waiting, outcome) = (Mutex::new(items.into_iter()), Mutex::new(Ok(())));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let drain = || {
        while let Some(item) = next() {
            if let Err(error) = work(item) {
                let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
                *outcome = std::mem::replace(&mut *outcome, Ok(())).and(Err(error));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..helpers {
            // Where the system allows no more threads, there is this one.
            let _ = thread::Builder::new().name("shardify-sync".to_owned()).spawn_scoped(scope, drain);
        }
        drain();
    });
    outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn all_is_done_and_an_error_is_kept() {
        for len in [0, 1, 2, 100] {
            let done = Mutex::new(Vec::new());
            let outcome = at_once((0..len).collect(), |item| {
                done.lock().unwrap().push(item);
                if item == 1 { Err(Error::inputs("no")) } else { Ok(()) }
            });
            let mut done = done.into_inner().unwrap();
            done.sort_unstable();
            assert!(done.into_iter().eq(0..len), "{len}");
            assert_eq!(outcome.is_err(), len > 1, "{len}");
        }
    }
}
