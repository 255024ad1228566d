//! Syncs a file while it is being written, so that little is left to wait for at its end.

use std::{
    fs::File,
    io,
    sync::mpsc::{SyncSender, sync_channel},
    thread::{Builder, JoinHandle},
};

/// After so many bytes the disk is set to work. Less would make it sync too often, and for more it would idle too long.
const STEP: usize = 32 << 20;

/// What a file that is appended to has given to the disk ahead of its end.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Bytes since the last time.
    waiting: usize,
    worker: Option<(SyncSender<()>, JoinHandle<io::Result<()>>)>,
}

impl Ahead {
    /// Counts what was appended to `file`, and lets it be synced from time to time by a thread of its own, if that is not
    /// still busy. Small files never get one.
    pub(super) fn wrote(&mut self, bytes: usize, file: &File) {
        self.waiting += bytes;
        if self.waiting < STEP {
            return;
        }
        self.waiting = 0;
        if self.worker.is_none() {
            self.worker = start(file);
        }
        if let Some((sender, _)) = &self.worker {
            // If it cannot take it, it is busy, or has failed and tells so at the end.
            let _ = sender.try_send(());
        }
    }

    /// Waits for the thread.
    ///
    /// # Errors
    /// Its first error: the system tells of a failure to write only once, so a sync that succeeds later means nothing.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let Some((sender, worker)) = self.worker.take() else { return Ok(()) };
        drop(sender);
        worker.join().unwrap_or_else(|_| Err(io::Error::other("the thread that syncs the file panicked")))
    }
}

/// `None` where the system has no thread or file handle to spare: then the file is synced at its end, as a whole.
fn start(file: &File) -> Option<(SyncSender<()>, JoinHandle<io::Result<()>>)> {
    let file = file.try_clone().ok()?;
    let (sender, receiver) = sync_channel(1);
    let work = move || receiver.into_iter().try_for_each(|()| file.sync_data());
    let worker = Builder::new().name("shardify-ahead".into()).spawn(work).ok()?;
    Some((sender, worker))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn only_large_files_get_a_thread_and_its_error_is_told() {
        let mut file = tempfile::tempfile().unwrap();
        let mut ahead = Ahead::default();
        ahead.wrote(STEP - 1, &file);
        assert!(ahead.worker.is_none());
        file.write_all(&[1; 1000]).unwrap();
        ahead.wrote(1, &file);
        assert!(ahead.worker.is_some());
        ahead.wrote(STEP, &file);
        ahead.finish().unwrap();
        assert!(ahead.worker.is_none());

        // A pipe cannot be synced.
        let (_, writer) = io::pipe().unwrap();
        let pipe = File::from(std::os::fd::OwnedFd::from(writer));
        ahead.wrote(STEP, &pipe);
        ahead.wrote(STEP, &pipe);
        assert!(ahead.finish().is_err());
        ahead.finish().unwrap();
    }
}
