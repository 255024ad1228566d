//! A value for each key, found without a search where records have their keys in the same order.

/// Most keys that are kept.
pub(super) const MAX_KEYS: usize = 10_000;

/// Most bytes of the text of all keys.
const MAX_TEXT: usize = 4 << 20;

/// Values by key, sorted. More than ten thousand keys are not kept: those are data in the place of keys.
#[derive(Debug, Clone)]
pub struct ByKey<T> {
    entries: Vec<(Box<str>, Box<T>)>,
    text: usize,
    is_full: bool,
}

impl<T> Default for ByKey<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), text: 0, is_full: false }
    }
}

impl<T: Default> ByKey<T> {
    /// The value of a key, which is made if there is none; `None` if there are too many already. `hint` is the position at
    /// which it probably is, and then that of the key behind it.
    pub(super) fn slot(&mut self, key: &str, hint: &mut usize) -> Option<&mut T> {
        let at = match self.entries.get(*hint) {
            Some((found, _)) if **found == *key => *hint,
            _ => match self.entries.binary_search_by(|(found, _)| (**found).cmp(key)) {
                Ok(at) => at,
                Err(_) if self.entries.len() >= MAX_KEYS || self.text + key.len() > MAX_TEXT => {
                    self.is_full = true;
                    return None;
                }
                Err(at) => {
                    self.text += key.len();
                    self.entries.insert(at, (key.into(), Box::default()));
                    at
                }
            },
        };
        *hint = at + 1;
        self.entries.get_mut(at).map(|(_, value)| value.as_mut())
    }

    /// Adds the values of other records.
    pub(super) fn join(&mut self, other: Self, join: impl Fn(&mut T, T)) {
        self.is_full |= other.is_full;
        let mut hint = 0;
        for (key, value) in other.entries {
            if let Some(slot) = self.slot(&key, &mut hint) {
                join(slot, *value);
            }
        }
    }
}

impl<T> ByKey<T> {
    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there were more keys than are kept.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.is_full
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&T> {
        let at = self.entries.binary_search_by(|(found, _)| (**found).cmp(key)).ok()?;
        self.entries.get(at).map(|(_, value)| value.as_ref())
    }

    /// Keys and values, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.entries.iter().map(|(key, value)| (&**key, value.as_ref()))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut T)> {
        self.entries.iter_mut().map(|(key, value)| (&**key, value.as_mut()))
    }
}
