//! The state of every record of a data set, as runs of records in the same state: a few bytes where all are alike, and exact
//! places where some are not.

/// How a record is, or what it has under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// It does not have the key.
    Absent,
    /// The feature is there and holds no list.
    Nothing,
    /// A list of bytes.
    Bytes,
    /// A list of floats.
    Float,
    /// A list of whole numbers.
    Int64,
    /// A feature list whose features have lists of different types.
    Mixed,
    /// The record is an Example.
    Example,
    /// The record is a SequenceExample.
    Sequence,
    /// The record is neither.
    Malformed,
}

const STATES: usize = 9;

/// The states of the records `0..next`; what was not noted is [`State::Absent`].
#[derive(Debug, Clone, Default)]
pub(super) struct Runs {
    /// Where runs start, and the state from there on.
    starts: Vec<(u64, State)>,
    /// The record after the last one that was noted.
    next: u64,
    counts: [u64; STATES],
    /// From here on runs are no longer kept, because there would be too many.
    end: Option<u64>,
}

impl Runs {
    /// Notes the state of a record, which is none that was noted before.
    pub(super) fn note(&mut self, record: u64, state: State) {
        if record == self.next && self.starts.last().is_some_and(|last| last.1 == state) {
            self.next += 1;
        } else {
            self.change(record, state, usize::MAX);
        }
        if let Some(count) = self.counts.get_mut(state as usize) {
            *count += 1;
        }
    }

    fn change(&mut self, record: u64, state: State, most: usize) {
        if record > self.next {
            self.begin(self.next, State::Absent, most);
        }
        self.begin(record, state, most);
        self.next = record + 1;
    }

    fn begin(&mut self, record: u64, state: State, most: usize) {
        if self.end.is_some() || self.starts.last().is_some_and(|last| last.1 == state) {
            return;
        }
        if self.starts.len() < most {
            self.starts.push((record, state));
        } else {
            self.end = Some(record);
        }
    }

    /// Adds the states of records that follow, the first of which is `before`, and keeps at most so many runs.
    pub(super) fn join(&mut self, later: &Self, before: u64, most: usize) {
        if later.starts.is_empty() {
            return;
        }
        if before > self.next {
            self.begin(self.next, State::Absent, most);
        }
        for (record, state) in &later.starts {
            self.begin(before + record, *state, most);
        }
        if let Some(end) = later.end.filter(|_| self.end.is_none()) {
            self.end = Some(before + end);
        }
        self.next = before + later.next;
        for (count, more) in self.counts.iter_mut().zip(later.counts) {
            *count += more;
        }
    }

    /// How many records are in a state, but for [`State::Absent`].
    pub(super) fn count(&self, state: State) -> u64 {
        self.counts.get(state as usize).copied().unwrap_or(0)
    }

    /// The runs as `(first, after the last, state)` of `records` in all, as far as they were kept.
    pub(super) fn iter(&self, records: u64) -> impl Iterator<Item = (u64, u64, State)> {
        let end = self.end.unwrap_or(records);
        let known = self.next.min(end);
        let ends = self.starts.iter().skip(1).map(|run| run.0).chain([known]);
        let noted = self.starts.iter().zip(ends).map(|((start, state), end)| (*start, end, *state));
        let rest = self.end.is_none().then_some((known, end, State::Absent));
        noted.chain(rest).filter(|run| run.0 < run.1)
    }

    /// The bytes that it takes in memory, beside itself.
    pub(super) fn weight(&self) -> u64 {
        (self.starts.capacity() * size_of::<(u64, State)>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SOME: [State; 3] = [State::Absent, State::Int64, State::Float];

    fn runs(states: &[State]) -> Runs {
        let mut runs = Runs::default();
        for (record, state) in (0..).zip(states).filter(|(_, state)| **state != State::Absent) {
            runs.note(record, *state);
        }
        runs
    }

    fn expand(runs: &Runs, records: u64) -> Vec<State> {
        runs.iter(records).flat_map(|(from, to, state)| (from..to).map(move |_| state)).collect()
    }

    proptest! {
        #[test]
        fn every_state_is_found_again(
            parts in proptest::collection::vec(proptest::collection::vec(0usize..3, 0..20), 0..6),
            most in 0usize..20,
        ) {
            let parts: Vec<Vec<State>> = parts.iter().map(|part| part.iter().map(|at| SOME[*at]).collect()).collect();
            let all = parts.concat();
            let (mut joined, mut short, mut before) = (Runs::default(), Runs::default(), 0);
            for part in &parts {
                joined.join(&runs(part), before, usize::MAX);
                short.join(&runs(part), before, most);
                before += part.len() as u64;
            }
            prop_assert_eq!(expand(&joined, before), all.clone());
            let some = expand(&short, before);
            prop_assert!(all.starts_with(&some));
            for state in [State::Int64, State::Float] {
                let count = all.iter().filter(|it| **it == state).count() as u64;
                prop_assert_eq!((joined.count(state), short.count(state)), (count, count));
            }
        }
    }
}
