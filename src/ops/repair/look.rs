//! What a repair has to know of the records beside their places: their class, and whether they are Examples at all.

use crate::{
    example::ExampleView,
    pipeline::{NO_CLASS, RecordPlace, Visit},
};

/// Looks at the label of each record.
#[derive(Debug)]
pub(super) struct Look<'a> {
    /// The key of the label; without one no class is noted.
    pub(super) label: Option<&'a str>,
    /// What is added to a class index when it is stored.
    pub(super) offset: u32,
    /// How many classes there are.
    pub(super) classes: usize,
}

/// What is known of some records of a shard.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The class of each record; empty where there is no label.
    pub(super) classes: Vec<u32>,
    /// Records that are neither Example nor SequenceExample.
    pub(super) strange: u64,
    /// Records that are SequenceExamples.
    pub(super) sequences: u64,
}

impl Look<'_> {
    fn class(&self, view: &ExampleView<'_>) -> Option<u32> {
        let stored = view.get(self.label?)?.ints().next()?;
        let class = u32::try_from(stored).ok()?.checked_sub(self.offset)?;
        usize::try_from(class).is_ok_and(|class| class < self.classes).then_some(class)
    }
}

impl Visit for Look<'_> {
    type Part = Seen;

    fn record(&self, payload: &[u8], _place: RecordPlace, seen: &mut Seen) {
        let view = ExampleView::parse(payload);
        match &view {
            Ok(view) => seen.sequences += u64::from(view.lists.is_some()),
            Err(_) => seen.strange += 1,
        }
        if self.label.is_some() {
            seen.classes.push(view.ok().and_then(|view| self.class(&view)).unwrap_or(NO_CLASS));
        }
    }

    fn join(&self, into: &mut Seen, part: Seen, _before: u64) {
        into.classes.extend(part.classes);
        into.strange += part.strange;
        into.sequences += part.sequences;
    }
}
