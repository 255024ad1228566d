//! The least and the greatest of some values.

/// The least and the greatest of some values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range<T> {
    /// The least.
    pub min: T,
    /// The greatest.
    pub max: T,
}

impl<T: Copy + PartialOrd> Range<T> {
    /// Of one value.
    #[must_use]
    pub const fn of(value: T) -> Self {
        Self { min: value, max: value }
    }

    /// The value, if all are the same.
    #[must_use]
    pub fn same(self) -> Option<T> {
        (self.min == self.max).then_some(self.min)
    }

    /// Takes one more value in.
    pub fn add(slot: &mut Option<Self>, value: T) {
        Self::join(slot, Some(Self::of(value)));
    }

    /// Takes more values in.
    pub fn join(slot: &mut Option<Self>, other: Option<Self>) {
        match (slot.as_mut(), other) {
            (Some(range), Some(other)) => {
                if other.min < range.min {
                    range.min = other.min;
                }
                if other.max > range.max {
                    range.max = other.max;
                }
            }
            (None, other) => *slot = other,
            (Some(_), None) => {}
        }
    }
}
