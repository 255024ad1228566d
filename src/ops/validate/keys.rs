//! Which keys the records of a data set have, and what is under them.

use super::runs::{Runs, State};
use crate::example::{FeatureView, Kind};

/// Keys that are remembered, and the bytes of all of them together, beside those that metadata declare: records of a data set
/// have few.
const MAX_KEYS: usize = 10_000;
const MAX_TEXT: usize = 4 << 20;

/// Runs that are kept of all keys together, and at most of one.
const MAX_RUNS: usize = 2 << 20;
const MAX_RUNS_OF_KEY: usize = 1 << 18;

/// One key.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) key: Box<str>,
    /// Its position among the declared features.
    pub(super) declared: Option<usize>,
    pub(super) runs: Runs,
}

/// The keys of records, sorted.
#[derive(Debug, Default)]
pub(super) struct Keys {
    entries: Vec<Entry>,
    /// The bytes of all keys.
    text: usize,
    /// Whether there were more keys than are remembered, so that one that was not noted need not be absent.
    is_full: bool,
    /// Where the key is expected that comes next: records mostly have the same keys.
    next: usize,
}

impl Keys {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| (*entry.key).cmp(key)).ok()?;
        self.entries.get(at)
    }

    /// Starts with the keys of another record.
    pub(super) fn begin(&mut self) {
        self.next = 0;
    }

    /// Notes what a record has under a key. Returns its position among the declared features, which `declared` finds for keys
    /// that were not met before.
    pub(super) fn note(
        &mut self,
        record: u64,
        key: &str,
        state: State,
        declared: impl FnOnce(&str) -> Option<usize>,
    ) -> Option<usize> {
        let at = match self.entries.get(self.next) {
            Some(entry) if *entry.key == *key => self.next,
            _ => match self.entries.binary_search_by(|entry| (*entry.key).cmp(key)) {
                Ok(at) => at,
                Err(at) => {
                    let declared = declared(key);
                    self.insert(at, key.into(), declared)?;
                    at
                }
            },
        };
        self.next = at + 1;
        let entry = self.entries.get_mut(at)?;
        entry.runs.note(record, state);
        entry.declared
    }

    /// Takes a key in that is none of the known ones; `None` if there are too many already.
    fn insert(&mut self, at: usize, key: Box<str>, declared: Option<usize>) -> Option<()> {
        if declared.is_none() && (self.entries.len() >= MAX_KEYS || self.text + key.len() > MAX_TEXT) {
            self.is_full = true;
            return None;
        }
        self.text += key.len();
        self.entries.insert(at, Entry { key, declared, runs: Runs::default() });
        Some(())
    }

    /// Whether some keys were not noted.
    pub(super) const fn is_full(&self) -> bool {
        self.is_full
    }

    /// Adds the keys of records that follow, the first of which is `before`.
    pub(super) fn join(&mut self, later: Self, before: u64) {
        self.is_full |= later.is_full;
        for entry in later.entries {
            let at = match self.entries.binary_search_by(|known| known.key.cmp(&entry.key)) {
                Ok(at) => at,
                Err(at) => match self.insert(at, entry.key, entry.declared) {
                    Some(()) => at,
                    None => continue,
                },
            };
            let most = (MAX_RUNS / self.entries.len()).min(MAX_RUNS_OF_KEY);
            if let Some(known) = self.entries.get_mut(at) {
                known.runs.join(&entry.runs, before, most);
            }
        }
    }

    /// The bytes that it takes in memory.
    pub(super) fn weight(&self) -> u64 {
        let of_entry = |entry: &Entry| (size_of::<Entry>() + entry.key.len()) as u64 + entry.runs.weight();
        self.entries.iter().map(of_entry).sum()
    }
}

/// The list that a feature has.
pub(super) fn state(feature: &FeatureView<'_>) -> State {
    match feature.kind() {
        None => State::Nothing,
        Some(kind) => state_of(kind),
    }
}

pub(super) const fn state_of(kind: Kind) -> State {
    match kind {
        Kind::Bytes => State::Bytes,
        Kind::Float => State::Float,
        Kind::Int64 => State::Int64,
    }
}

/// The list that all features of a feature list have.
pub(super) fn state_of_all(features: &[FeatureView<'_>]) -> State {
    let mut all = State::Nothing;
    for one in features.iter().map(state).filter(|one| *one != State::Nothing) {
        match all {
            State::Nothing => all = one,
            same if same == one => {}
            _ => return State::Mixed,
        }
    }
    all
}
