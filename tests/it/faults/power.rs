//! The power fails before any call that changes something. What is on the disk afterwards is modelled: bytes of a file are
//! there as they were when it was last synced, names in a folder as they were when that was. Everything later may be
//! there or not.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ffi::OsString,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{
    call::{Call, Kind},
    cases::starts,
    each_of,
    tracer::{Do, Watch, trace},
};
use crate::support::{Noise, Tree, assert_same_tree, plant};

/// A file or folder, whatever it is called. (The numbers of the file system are given again.)
type Id = u64;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    id: Id,
    is_dir: bool,
}

/// What is in folders.
type Names = HashMap<Id, BTreeMap<OsString, Entry>>;
type Bytes = HashMap<Id, Vec<u8>>;

/// What a sync that has begun will have made durable.
enum Pending {
    Folder(Id, BTreeMap<OsString, Entry>),
    File(Id, Vec<u8>),
    All(Names, Bytes),
}

pub(super) struct Disk {
    root: PathBuf,
    root_id: Id,
    out: PathBuf,
    ids: HashMap<u64, Id>,
    /// What is sure to be on the disk.
    names: Names,
    bytes: Bytes,
    /// What was last seen of files, removed ones too.
    seen: Bytes,
    pending: Vec<(Call, Pending)>,
    /// What is about to be made and was not there.
    absent: HashSet<PathBuf>,
    /// Names as they were at each moment since a folder was last synced.
    recent: Vec<Names>,
    noise: Noise,
    /// What the output folder may be after the power failed, and before which call; none if it is not there.
    pub(super) outcomes: BTreeMap<Option<Tree>, String>,
    moments: usize,
}

impl Disk {
    pub(super) fn new(root: &Path, out: &Path) -> Self {
        let mut disk = Self {
            root: root.to_path_buf(),
            root_id: 0,
            out: out.to_path_buf(),
            ids: HashMap::new(),
            names: Names::new(),
            bytes: Bytes::new(),
            seen: Bytes::new(),
            pending: Vec::new(),
            absent: HashSet::new(),
            recent: Vec::new(),
            noise: Noise(0xd15c),
            outcomes: BTreeMap::new(),
            moments: 0,
        };
        disk.root_id = disk.id(root.metadata().unwrap().ino());
        (disk.names, disk.bytes) = disk.now();
        disk.seen.clone_from(&disk.bytes);
        disk
    }

    fn id(&mut self, number: u64) -> Id {
        let fresh = self.ids.len() as u64;
        *self.ids.entry(number).or_insert(fresh << 32)
    }

    /// Whatever had the number of this file before, it is a new one.
    fn is_new(&mut self, path: &Path) {
        let Ok(metadata) = path.symlink_metadata() else { return };
        if let Some(id) = self.ids.get_mut(&metadata.ino()) {
            *id += 1;
        }
        let id = self.id(metadata.ino());
        assert!(!self.bytes.contains_key(&id) && !self.names.contains_key(&id));
    }

    fn listed(&mut self, dir: &Path) -> BTreeMap<OsString, Entry> {
        let entries = fs::read_dir(dir).unwrap().filter_map(|entry| {
            let entry = entry.unwrap();
            // Removed meanwhile.
            let metadata = entry.path().symlink_metadata().ok()?;
            Some((entry.file_name(), Entry { id: self.id(metadata.ino()), is_dir: metadata.is_dir() }))
        });
        entries.collect()
    }

    /// What a program sees.
    fn now(&mut self) -> (Names, Bytes) {
        let (mut names, mut bytes) = (Names::new(), Bytes::new());
        let mut dirs = vec![self.root.clone()];
        while let Some(dir) = dirs.pop() {
            let Ok(metadata) = dir.metadata() else { continue };
            let listed = self.listed(&dir);
            for (name, entry) in &listed {
                let path = dir.join(name);
                if entry.is_dir {
                    dirs.push(path);
                } else {
                    bytes.insert(entry.id, fs::read(path).unwrap_or_default());
                }
            }
            let id = self.id(metadata.ino());
            names.insert(id, listed);
        }
        (names, bytes)
    }

    /// The output folder, if the disk has these names and files these bytes.
    fn outcome(&self, names: &Names, mut bytes: impl FnMut(Id) -> Vec<u8>) -> Option<Tree> {
        let top = names.get(&self.root_id)?.get(self.out.file_name().unwrap())?;
        let mut tree = Tree::new();
        let mut dirs = vec![(PathBuf::new(), top.id)];
        while let Some((dir, id)) = dirs.pop() {
            for (name, entry) in names.get(&id).into_iter().flatten() {
                let path = dir.join(name);
                if entry.is_dir {
                    tree.insert(path.clone(), None);
                    dirs.push((path, entry.id));
                } else {
                    tree.insert(path, Some(bytes(entry.id)));
                }
            }
        }
        Some(tree)
    }

    /// The bytes of a file that are sure to be on the disk.
    fn synced(&self, id: Id) -> Vec<u8> {
        self.bytes.get(&id).cloned().unwrap_or_default()
    }

    /// What is left if nothing is on the disk but what had to be.
    pub(super) fn least(&self) -> Option<Tree> {
        self.outcome(&self.names, |id| self.synced(id))
    }

    /// The power fails now.
    fn fail(&mut self, what: &str) {
        self.moments += 1;
        let (names, bytes) = self.now();
        self.seen.extend(bytes);
        // All names are there, as where they have a journal and bytes do not.
        let named = self.outcome(&names, |id| self.synced(id));
        self.recent.push(names);
        // Names up to some moment are, and bytes as it comes.
        let moment = self.noise.next() as usize % self.recent.len();
        let mut noise = Noise(self.noise.next());
        let mixed = self.outcome(&self.recent[moment], |id| {
            let live = self.seen.get(&id).cloned().unwrap_or_default();
            match noise.next() % 3 {
                0 => live,
                1 => self.synced(id),
                // Never less than what was synced of a file that has only grown.
                _ => {
                    let least = self.synced(id).len().min(live.len());
                    let most = live.len() - least + 1;
                    live[..least + noise.next() as usize % most].to_vec()
                }
            }
        });
        for (outcome, kind) in [(self.least(), "least"), (named, "names only"), (mixed, "mixed")] {
            self.outcomes.entry(outcome).or_insert_with(|| format!("{what}, {kind}"));
        }
    }
}

impl Watch for Disk {
    fn before(&mut self, call: &Call) -> Do {
        if !call.kind.changes() {
            return Do::Nothing;
        }
        self.fail(&format!("before {:?} {}", call.kind, call.path.display()));
        let pending = match (call.kind, &call.open) {
            (Kind::Sync, Some(open)) => {
                let metadata = open.metadata().unwrap();
                let id = self.id(metadata.ino());
                if metadata.is_dir() {
                    Pending::Folder(id, self.listed(open))
                } else {
                    Pending::File(id, fs::read(open).unwrap())
                }
            }
            (Kind::SyncAll, _) => {
                let (names, bytes) = self.now();
                Pending::All(names, bytes)
            }
            (Kind::Create | Kind::MakeDir, _) => {
                if call.path.symlink_metadata().is_err() {
                    self.absent.insert(call.path.clone());
                }
                return Do::Nothing;
            }
            _ => return Do::Nothing,
        };
        self.pending.push((call.clone(), pending));
        Do::Nothing
    }

    fn after(&mut self, call: &Call) {
        match call.kind {
            Kind::Create | Kind::MakeDir if self.absent.remove(&call.path) => self.is_new(&call.path),
            Kind::Sync | Kind::SyncAll => {
                let at = self.pending.iter().position(|(begun, _)| begun == call).unwrap();
                match self.pending.remove(at).1 {
                    Pending::Folder(id, names) => {
                        self.names.insert(id, names);
                        self.recent.clear();
                    }
                    Pending::File(id, bytes) => drop(self.bytes.insert(id, bytes)),
                    Pending::All(names, bytes) => {
                        self.names.extend(names);
                        self.bytes.extend(bytes);
                        self.recent.clear();
                    }
                }
            }
            _ => {}
        }
    }
}

#[test]
fn the_power_fails_before_any_change() {
    for start in starts() {
        let root = fs::canonicalize(start.case.dir.path()).unwrap();
        let out = root.join("powered");
        start.prepare(&out);
        let mut disk = Disk::new(&root, &out);
        let Some(ran) = trace(&start.args(&out), &root, &mut disk) else { return };
        assert_eq!(ran.code, Some(start.case.code), "{}: {}", start.name, ran.stderr);
        assert_same_tree(
            &disk.least().unwrap_or_default(),
            &start.case.whole,
            &format!("{}: it said that it was done", start.name),
        );
        let outcomes: Vec<_> = disk.outcomes.into_iter().collect();
        let mut tried = 0;
        for (tree, moment) in each_of(4).map_while(|at| outcomes.get(at)) {
            tried += 1;
            let what = format!("{}: the power failed {moment}", start.name);
            let after = root.join("after");
            let _ = fs::remove_dir_all(&after);
            if let Some(tree) = tree {
                plant(tree, &after);
            }
            start.check_visible(&after, &what);
            start.carry_on(&after, &what);
        }
        println!(
            "{}: {} moments, {} different outcomes, {tried} of them tried",
            start.name,
            disk.moments,
            outcomes.len()
        );
    }
}
