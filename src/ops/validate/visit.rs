//! The one look at every record: little is done for each, and what is learned is small.

use std::sync::{Mutex, PoisonError};

use super::{
    declared::{Declared, Deviation},
    images,
    keys::{Keys, state, state_of, state_of_all},
    report::MAX_FINDINGS,
    runs::{Runs, State},
};
use crate::{
    example::{ExampleView, Malformed},
    pipeline::{RecordPlace, Visit},
    transform::{Scratch, Transformer},
};

/// Changes between Examples and SequenceExamples that are remembered.
const MAX_RUNS_OF_TYPES: usize = 1 << 20;

/// What one record alone shows to be wrong.
#[derive(Debug)]
pub(super) enum Note {
    BadExample(Malformed),
    /// Of the declared feature with this position.
    Deviates(usize, Deviation),
    /// Under this key, for this reason.
    BadImage(Box<str>, Box<str>),
}

/// What is known of some records that follow one another.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Of which type each record is.
    pub(super) types: Runs,
    /// The features of Examples.
    pub(super) features: Keys,
    /// The context of SequenceExamples.
    pub(super) contexts: Keys,
    /// The feature lists of SequenceExamples.
    pub(super) lists: Keys,
    /// The CRC-32C of each payload, if duplicates are looked for.
    pub(super) crcs: Vec<u32>,
    pub(super) notes: Notes,
}

/// Notes with the records that they are of; of each kind only so many.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) kept: Vec<(u64, Note)>,
    /// How many there are of each kind: see [`Note::group`].
    pub(super) counts: [u64; 4],
}

impl Note {
    /// Notes of one group become findings of one kind.
    pub(super) const fn group(&self) -> usize {
        match self {
            Self::BadExample(_) => 0,
            Self::Deviates(_, Deviation::Label(_)) => 1,
            Self::Deviates(..) => 2,
            Self::BadImage(..) => 3,
        }
    }
}

impl Notes {
    fn add(&mut self, record: u64, note: Note) {
        let Some(count) = self.counts.get_mut(note.group()) else { return };
        *count += 1;
        if *count <= MAX_FINDINGS {
            self.kept.push((record, note));
        }
    }

    fn join(&mut self, later: Self, before: u64) {
        for (record, note) in later.kept {
            self.add(before + record, note);
        }
        // Those that were not kept.
        for (count, all) in self.counts.iter_mut().zip(later.counts) {
            *count += all.saturating_sub(MAX_FINDINGS);
        }
    }
}

/// Looks at records.
#[derive(Debug)]
pub(super) struct Look<'a> {
    pub(super) declared: &'a [Declared],
    pub(super) duplicates: bool,
    /// Decodes images, if that is asked for.
    pub(super) images: Option<Transformer>,
    pub(super) scratch: Mutex<Vec<Scratch>>,
}

impl Look<'_> {
    fn declared(&self, key: &str) -> Option<usize> {
        self.declared.binary_search_by(|declared| declared.key.as_str().cmp(key)).ok()
    }

    fn decode(&self, transformer: &Transformer, view: &ExampleView<'_>, number: u64, notes: &mut Notes) {
        let pool = || self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = pool().pop().unwrap_or_default();
        for (key, feature) in &view.features {
            let declared = self.declared(key).and_then(|at| self.declared.get(at));
            for value in feature.bytes() {
                if let Some(reason) = images::fault(transformer, value, declared.map(|it| it.is_image), &mut scratch) {
                    notes.add(number, Note::BadImage((*key).into(), reason.into()));
                }
            }
        }
        for (key, features) in view.lists.iter().flatten() {
            for value in features.iter().flat_map(|feature| feature.bytes()) {
                if let Some(reason) = images::fault(transformer, value, None, &mut scratch) {
                    notes.add(number, Note::BadImage((*key).into(), reason.into()));
                }
            }
        }
        pool().push(scratch);
    }
}

impl Visit for Look<'_> {
    type Part = Part;

    fn record(&self, payload: &[u8], place: RecordPlace, part: &mut Part) {
        let number = place.number;
        if self.duplicates {
            part.crcs.push(place.crc);
        }
        let view = match ExampleView::parse(payload) {
            Ok(view) => view,
            Err(malformed) => {
                part.types.note(number, State::Malformed);
                part.notes.add(number, Note::BadExample(malformed));
                return;
            }
        };
        let (of_type, keys) = match view.lists {
            None => (State::Example, &mut part.features),
            Some(_) => (State::Sequence, &mut part.contexts),
        };
        part.types.note(number, of_type);
        keys.begin();
        for (key, feature) in &view.features {
            let found = state(feature);
            let Some(at) = keys.note(number, key, found, |key| self.declared(key)) else { continue };
            let Some(declared) = self.declared.get(at).filter(|declared| state_of(declared.kind) == found) else {
                continue;
            };
            if let Some(deviation) = declared.check(feature) {
                part.notes.add(number, Note::Deviates(at, deviation));
            }
        }
        part.lists.begin();
        for (key, features) in view.lists.iter().flatten() {
            part.lists.note(number, key, state_of_all(features), |_| None);
        }
        if let Some(transformer) = &self.images {
            self.decode(transformer, &view, number, &mut part.notes);
        }
    }

    fn join(&self, into: &mut Part, part: Part, before: u64) {
        into.join(part, before);
    }

    fn weight(&self, part: &Part) -> u64 {
        let keys = [&part.features, &part.contexts, &part.lists].map(Keys::weight);
        let notes = part.notes.kept.capacity() * size_of::<(u64, Note)>();
        keys.iter().sum::<u64>() + part.types.weight() + (4 * part.crcs.capacity() + notes) as u64
    }
}

impl Part {
    /// Adds what is known of the records that follow, the first of which is `before`.
    pub(super) fn join(&mut self, later: Self, before: u64) {
        self.types.join(&later.types, before, MAX_RUNS_OF_TYPES);
        self.features.join(later.features, before);
        self.contexts.join(later.contexts, before);
        self.lists.join(later.lists, before);
        if self.crcs.is_empty() {
            self.crcs = later.crcs;
        } else {
            self.crcs.extend(later.crcs);
        }
        self.notes.join(later.notes, before);
    }
}
