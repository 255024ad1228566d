//! What is wrong with records by themselves and with one another: no Examples, other types, missing features, values that
//! metadata rule out.

use super::{
    declared::{Declared, Deviation},
    finding::{FindingKind, Severity},
    keys::{Entry, Keys, state_of},
    looked::Shards,
    report::Gathered,
    runs::{Runs, State},
    visit::{Note, Part},
};
use crate::units::Count;

/// A feature counts as one that all records should have if more than this many have it, and this share of them.
const NEARLY_ALL: (u64, u64, u64) = (9, 9, 10);

/// Everything that is known of the records of a data set.
pub(super) struct Records<'a> {
    pub(super) shards: &'a Shards,
    pub(super) part: &'a Part,
    pub(super) declared: &'a [Declared],
    /// The file that declares them.
    pub(super) file: &'static str,
}

impl Records<'_> {
    pub(super) fn findings(&self, gathered: &mut Gathered<'_>) {
        self.notes(gathered);
        let types = &self.part.types;
        let (examples, sequences) = (types.count(State::Example), types.count(State::Sequence));
        // Of equally many, what came first is right.
        let sequence_wins =
            sequences > examples || sequences == examples && first_is_sequence(types, self.shards.records());
        let (main, other) =
            if sequence_wins { (State::Sequence, State::Example) } else { (State::Example, State::Sequence) };
        self.mixed(other, gathered);
        let all = types.count(main);
        let keys = if sequence_wins { &self.part.contexts } else { &self.part.features };
        let what = if sequence_wins { "context feature" } else { "feature" };
        for entry in keys.iter() {
            match entry.declared.and_then(|at| self.declared.get(at)) {
                Some(declared) => self.against_declared(declared, Some(&entry.runs), main, all, gathered),
                None => self.against_others(entry, what, keys.is_full(), main, all, gathered),
            }
        }
        for declared in self.declared.iter().filter(|declared| keys.get(&declared.key).is_none()) {
            self.against_declared(declared, None, main, all, gathered);
        }
        if sequence_wins {
            self.lists(&self.part.lists, main, all, gathered);
        }
    }

    fn lists(&self, keys: &Keys, main: State, all: u64, gathered: &mut Gathered<'_>) {
        for entry in keys.iter() {
            self.against_others(entry, "feature list", keys.is_full(), main, all, gathered);
        }
    }

    /// What each record shows by itself.
    fn notes(&self, gathered: &mut Gathered<'_>) {
        let notes = &self.part.notes;
        let mut kept = [0; 4];
        for (record, note) in &notes.kept {
            if let Some(kept) = kept.get_mut(note.group()) {
                *kept += 1;
            }
            let (kind, message) = self.describe(note);
            if let Some((shard, finding)) = self.shards.finding(kind, *record, message) {
                gathered.add(Some(shard), finding);
            }
        }
        let kinds =
            [FindingKind::BadExample, FindingKind::LabelRange, FindingKind::FeatureShape, FindingKind::BadImage];
        for ((kind, all), kept) in kinds.into_iter().zip(notes.counts).zip(kept) {
            gathered.count(kind, kind.severity(), all - kept);
        }
    }

    fn describe(&self, note: &Note) -> (FindingKind, String) {
        match note {
            Note::BadExample(malformed) => (
                FindingKind::BadExample,
                format!(
                    "the payload is neither an Example nor a SequenceExample: byte {} of it: {}",
                    malformed.at, malformed.what
                ),
            ),
            Note::BadImage(key, reason) => {
                (FindingKind::BadImage, format!("the image in `{}` cannot be decoded: {reason}", shown(key)))
            }
            Note::Deviates(at, deviation) => {
                let (file, Some(declared)) = (self.file, self.declared.get(*at)) else {
                    return (FindingKind::FeatureShape, String::new());
                };
                let key = shown(&declared.key);
                match deviation {
                    Deviation::Label(label) => {
                        let end = declared.labels_end.unwrap_or(0);
                        let message = format!("`{key}` is {label}, and {file} has classes 0 to {}", end - 1);
                        (FindingKind::LabelRange, message)
                    }
                    Deviation::Values(found) => (
                        FindingKind::FeatureShape,
                        format!(
                            "`{key}` has {} values, expected {} as {file} says",
                            Count(*found),
                            declared.expected()
                        ),
                    ),
                    Deviation::Bytes(found) => (
                        FindingKind::FeatureShape,
                        format!("`{key}` has {} bytes, expected {} as {file} says", Count(*found), declared.expected()),
                    ),
                }
            }
        }
    }

    fn mixed(&self, other: State, gathered: &mut Gathered<'_>) {
        let message = match other {
            State::Sequence => "a SequenceExample, and most records of the data set are Examples",
            _ => "an Example, and most records of the data set are SequenceExamples",
        };
        let (all, wanted) = (self.part.types.count(other), |state| state == other);
        self.report(FindingKind::MixedRecords, None, &self.part.types, other, all, wanted, gathered, |_| {
            message.to_owned()
        });
    }

    /// A feature that metadata declare. Without runs no record has it.
    fn against_declared(
        &self,
        declared: &Declared,
        runs: Option<&Runs>,
        main: State,
        all: u64,
        gathered: &mut Gathered<'_>,
    ) {
        let none = Runs::default();
        let runs = runs.unwrap_or(&none);
        let (key, file, right) = (shown(&declared.key), self.file, state_of(declared.kind));
        let present = [State::Bytes, State::Float, State::Int64].map(|state| runs.count(state)).iter().sum::<u64>();
        let is_other = |state| matches!(state, State::Bytes | State::Float | State::Int64) && state != right;
        let others = present - runs.count(right);
        self.report(FindingKind::FeatureKind, None, runs, main, others, is_other, gathered, |state| {
            format!("`{key}` is {}, expected {} as {file} says", list(state), list(right))
        });
        let is_missing = |state| matches!(state, State::Absent | State::Nothing);
        let severity = Some(Severity::Error);
        let missing = all.saturating_sub(present);
        self.report(FindingKind::MissingFeature, severity, runs, main, missing, is_missing, gathered, |_| {
            format!("there is no `{key}`, which {file} says every record has")
        });
    }

    /// A feature of which only the other records tell what it should be.
    /// Where some keys were not noted, what is missing is not known.
    fn against_others(
        &self,
        entry: &Entry,
        what: &str,
        some_unknown: bool,
        main: State,
        all: u64,
        gathered: &mut Gathered<'_>,
    ) {
        const LISTS: [State; 4] = [State::Bytes, State::Float, State::Int64, State::Mixed];
        let (runs, key) = (&entry.runs, shown(&entry.key));
        let present: u64 = LISTS.iter().map(|state| runs.count(*state)).sum();
        let most = LISTS.iter().map(|state| runs.count(*state)).max().unwrap_or(0);
        // Of equally many, what came first is right.
        let is_most = |state: &State| LISTS.contains(state) && runs.count(*state) == most;
        let right = runs.iter(self.shards.records()).map(|run| run.2).find(is_most);
        let Some(right) = right.or_else(|| LISTS.into_iter().find(is_most)) else { return };
        let is_other = |state| LISTS.contains(&state) && (state != right || state == State::Mixed);
        let others = present - if right == State::Mixed { 0 } else { most };
        self.report(FindingKind::FeatureKind, None, runs, main, others, is_other, gathered, |state| {
            format!(
                "{what} `{key}` is {}, and in {} of {} records {}",
                list(state),
                Count(most),
                Count(all),
                list(right)
            )
        });
        let (least, share, of) = NEARLY_ALL;
        let missing = all.saturating_sub(present);
        // Lists of a SequenceExample may be empty.
        let is_missing = |state| state == State::Absent || state == State::Nothing && what != "feature list";
        let missing = if what == "feature list" { missing - runs.count(State::Nothing).min(missing) } else { missing };
        if !some_unknown && present > least && present.saturating_mul(of) >= all.saturating_mul(share) {
            self.report(FindingKind::MissingFeature, None, runs, main, missing, is_missing, gathered, |_| {
                let has = Count(present);
                format!("there is no {what} `{key}`, which {has} of {} records have", Count(all))
            });
        }
    }

    /// Reports the records of type `main` in the runs that are `wanted`: `all` of them, as many as possible with their place.
    #[expect(clippy::too_many_arguments, reason = "all of it differs from kind to kind")]
    fn report(
        &self,
        kind: FindingKind,
        severity: Option<Severity>,
        runs: &Runs,
        main: State,
        all: u64,
        wanted: impl Fn(State) -> bool,
        gathered: &mut Gathered<'_>,
        message: impl Fn(State) -> String,
    ) {
        if all == 0 {
            return;
        }
        let severity = severity.unwrap_or(kind.severity());
        let records = self.shards.records();
        let mut types = self.part.types.iter(records).peekable();
        let mut left = gathered.room(kind).min(all);
        let mut placed = 0;
        for (start, end, state) in runs.iter(records).filter(|run| wanted(run.2)) {
            let mut record = start;
            while record < end && left > 0 {
                // Of these records only those that are of the right type.
                while types.next_if(|run| run.1 <= record).is_some() {}
                let Some((from, to, of_type)) = types.peek().copied() else { break };
                record = record.max(from);
                if of_type != main {
                    record = to;
                    continue;
                }
                if record >= end {
                    break;
                }
                if let Some((shard, mut finding)) = self.shards.finding(kind, record, message(state)) {
                    finding.severity = severity;
                    gathered.add(Some(shard), finding);
                    placed += 1;
                    left -= 1;
                }
                record += 1;
            }
        }
        gathered.count(kind, severity, all - placed);
    }
}

fn first_is_sequence(types: &Runs, records: u64) -> bool {
    let is_record = |state: &State| matches!(state, State::Example | State::Sequence);
    types.iter(records).map(|run| run.2).find(is_record) == Some(State::Sequence)
}

/// A key that is safe on a terminal.
pub(super) fn shown(key: &str) -> String {
    crate::error::Printable(key.as_ref()).to_string()
}

const fn list(state: State) -> &'static str {
    match state {
        State::Bytes => "a list of bytes",
        State::Float => "a list of floats",
        State::Int64 => "a list of int64",
        State::Mixed => "a list of lists of different types",
        _ => "nothing",
    }
}
