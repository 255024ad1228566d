//! A folder for the files of one run, in the system's place for temporary files.

use std::{
    env,
    fs::{self, DirBuilder},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    process,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{FolderLock, Lock};
use crate::error::{At, During, Error, Result};

/// How the name of every such folder starts; the machine, the process and the time follow.
const PREFIX: &str = "shardify-";

/// How often another name is tried. A folder is only taken from us in the moment before it is locked.
const TRIES: usize = 100;

/// Nobody else can look into it, and it is gone afterwards. A run that is killed cannot remove its own: the next one does, which
/// tells by the lock on a folder whether anybody still works in it.
#[derive(Debug)]
pub struct TempFolder {
    path: PathBuf,
    #[expect(dead_code, reason = "it is held")]
    lock: Option<Lock>,
}

impl TempFolder {
    /// Makes one, and removes those that were left behind.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path if there is no place for it.
    pub fn make() -> Result<Self> {
        Self::make_in(&env::temp_dir())
    }

    fn make_in(base: &Path) -> Result<Self> {
        for number in 0..TRIES {
            // Nobody may have prepared the folder for us: its name cannot be foretold, and it must not be there.
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
            let name = format!("{PREFIX}{}-{}-{:x}", machine(), process::id(), now + number as u128);
            let path = base.join(name);
            DirBuilder::new().mode(0o700).create(&path).during("create the folder").at(&path)?;
            match Lock::of_folder(&path) {
                Ok(FolderLock::Held(lock)) => {
                    let made = Self { path, lock: Some(lock) };
                    made.sweep(base);
                    return Ok(made);
                }
                // Nor do others know of ours, and leave it alone.
                Ok(FolderLock::Unknown) => return Ok(Self { path, lock: None }),
                Ok(FolderLock::Busy) => {}
                Err(error) => {
                    let _ = fs::remove_dir(&path);
                    return Err(Error::io("open the folder", error).of(&path));
                }
            }
        }
        Err(Error::output("folders for temporary files are removed as fast as they are made").of(base))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what killed runs of this user left behind. Best effort: it is rubbish, but not ours.
    fn sweep(&self, base: &Path) {
        let (machine, Ok(ours)) = (machine(), fs::metadata(&self.path)) else { return };
        for entry in fs::read_dir(base).into_iter().flatten().flatten() {
            let is_one =
                entry.file_name().to_str().is_some_and(|name| is_name(name, &machine)) && entry.path() != self.path;
            // Others may put links and folders of their own here.
            let is_of_user = || entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == ours.uid());
            // Held until it is gone: its owner may be about to take it.
            if is_one
                && is_of_user()
                && let Ok(FolderLock::Held(_held)) = Lock::of_folder(&entry.path())
            {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // Best effort: the next run tries again.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// This machine, among those that may share a place for temporary files: the locks of folders are often not seen by others.
fn machine() -> String {
    format!("{:08x}", crc32fast::hash(rustix::system::uname().nodename().to_bytes()))
}

/// Whether a name is one that [`TempFolder::make`] gives on this machine.
fn is_name(name: &str, machine: &str) -> bool {
    let rest = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(machine)?.strip_prefix('-'));
    rest.and_then(|rest| rest.split_once('-')).is_some_and(|(process, time)| {
        let is = |text: &str, digit: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(digit);
        is(process, u8::is_ascii_digit) && is(time, u8::is_ascii_hexdigit)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_killed_runs_left_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("tmp");
        let own = |rest: &str| format!("shardify-{}-{rest}", machine());
        // The second last is of another machine.
        let kept = ["12-ab", "12-xyz", "ab-12", "1-", "link-1"].map(own);
        let kept: Vec<_> = kept.into_iter().chain(["shardify-0-1-2".to_owned(), "other-1-2".to_owned()]).collect();
        for name in kept.iter().chain(&[own("1-a0"), own("77-18bf")]) {
            fs::create_dir_all(base.join(name)).unwrap();
            fs::write(base.join(name).join("spool-0-x.bin"), "x").unwrap();
        }
        let elsewhere = dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join("mine"), "x").unwrap();
        symlink(&elsewhere, base.join(own("5-5"))).unwrap();
        fs::write(base.join(own("6-6")), "a file").unwrap();
        // Somebody still works in this one.
        let held = Lock::of_folder(&base.join(own("12-ab"))).unwrap();
        assert!(matches!(held, FolderLock::Held(_)));

        let made = TempFolder::make_in(&base).unwrap();
        assert_eq!(fs::metadata(made.path()).unwrap().mode() & 0o777, 0o700);
        fs::write(made.path().join("spool-0-x.bin"), "x").unwrap();
        let second = TempFolder::make_in(&base).unwrap();
        assert!(made.path().join("spool-0-x.bin").exists(), "the folder of a run that goes on");
        drop((made, second));
        let mut expected: Vec<_> = kept.iter().map(ToString::to_string).collect();
        expected.extend([own("5-5"), own("6-6")]);
        expected.sort();
        assert_eq!(names(&base), expected);
        assert_eq!(names(&elsewhere), ["mine"]);
    }

    #[test]
    fn a_folder_that_was_taken_away_is_not_locked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let is_held = || matches!(Lock::of_folder(&path).unwrap(), FolderLock::Held(_));
        assert!(!is_held());
        fs::create_dir(&path).unwrap();
        let FolderLock::Held(held) = Lock::of_folder(&path).unwrap() else { panic!("nobody has it") };
        assert!(!is_held(), "two at once");
        drop(held);
        assert!(is_held());
    }
}
