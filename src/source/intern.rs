//! Few distinct texts that occur in many inputs, as numbers: classes and splits.

use std::{collections::HashMap, sync::Arc};

use super::wording::{count, show};
use crate::error::{Error, Result};

/// Most classes: far above any real set, far below a column of identifiers taken for labels.
pub(super) const MAX_CLASSES: usize = 1 << 20;

/// Most splits.
pub(super) const MAX_SPLITS: usize = 1000;

/// Distinct texts in the order in which they were met, and where each was met first.
#[derive(Debug, Default)]
pub(super) struct Intern {
    ids: HashMap<Arc<str>, u32>,
    texts: Vec<(Arc<str>, u64)>,
}

impl Intern {
    /// The number of a text; a new one is remembered with the place where it stands.
    pub(super) fn id(&mut self, text: &str, at: u64, limit: usize, noun: &str) -> Result<u32> {
        if let Some(id) = self.ids.get(text) {
            return Ok(*id);
        }
        let id = u32::try_from(self.texts.len()).ok().filter(|_| self.texts.len() < limit).ok_or_else(|| {
            let last = show(text.as_bytes());
            Error::inputs(format!("more than {}, the last one {last}", count(limit as u64, noun)))
        })?;
        let text: Arc<str> = text.into();
        self.ids.insert(Arc::clone(&text), id);
        self.texts.push((text, at));
        Ok(id)
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The texts, by number.
    pub(super) fn texts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.texts.iter().map(|(text, _)| &**text)
    }

    /// Where the text of this number was met first.
    pub(super) fn first_at(&self, id: usize) -> u64 {
        self.texts.get(id).map_or(0, |(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_a_number() {
        let mut classes = Intern::default();
        for (text, at, id) in [("dog", 5, 0), ("cat", 9, 1), ("dog", 13, 0)] {
            assert_eq!(classes.id(text, at, 2, "class").unwrap(), id);
        }
        assert_eq!(classes.texts().collect::<Vec<_>>(), ["dog", "cat"]);
        assert_eq!((classes.first_at(0), classes.first_at(1)), (5, 9));
        let error = classes.id("emu", 17, 2, "class").unwrap_err().to_string();
        assert_eq!(error, "more than 2 classes, the last one `emu`");
    }
}
