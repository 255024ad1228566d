//! A folder for scratch files of verbs that write no data set.

use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    source::Spool,
    storage::{LocalStorage, Storage},
};

/// A folder in the system's place for temporary files. It is made when the first scratch file is needed, nobody else can look
/// into it, and it is gone afterwards.
#[derive(Debug)]
pub(crate) struct ScratchDir(PathBuf);

impl ScratchDir {
    pub(crate) fn new() -> Self {
        // Nobody may have prepared the folder for us: its name cannot be foretold, and it must not be there.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        Self(std::env::temp_dir().join(format!("shardify-{}-{now:x}", std::process::id())))
    }

    /// Scratch files in this folder.
    pub(crate) fn spool<'w>(&self) -> Spool<'w> {
        Spool::new(&self.0).private()
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        // Best effort: what stays behind is in the system's folder for such things.
        let _ = LocalStorage.remove_tree(&self.0);
    }
}
