//! What an array is told by among others: its name, type and shape.

use super::{
    memory::MemoryArray,
    npy::shape_text,
    npz::NpzMember,
    wording::{self, printable},
};

/// Arrays that are listed; an archive may have millions.
const SHOWN: usize = 20;

/// What an array is told by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) dtype: &'a str,
    pub(super) shape: &'a [u64],
    /// What keeps it from becoming a column.
    pub(super) fault: Option<&'a str>,
}

impl Member<'_> {
    /// How many rows it has; `None` for a single number.
    pub(super) fn rows(&self) -> Option<u64> {
        self.shape.first().copied()
    }
}

impl<'a> From<&'a NpzMember> for Member<'a> {
    fn from(member: &'a NpzMember) -> Self {
        let NpzMember { name, dtype, shape, fault, .. } = member;
        Self { name, dtype, shape, fault: fault.as_deref() }
    }
}

impl<'a> From<&'a MemoryArray<'_>> for Member<'a> {
    fn from(array: &'a MemoryArray<'_>) -> Self {
        Self { name: array.name(), dtype: &array.dtype, shape: &array.shape, fault: array.fault.as_deref() }
    }
}

/// What the arrays of an archive are told by.
pub(super) fn members(members: &[NpzMember]) -> Vec<Member<'_>> {
    members.iter().map(Member::from).collect()
}

/// `x_train: uint8 [60000, 28, 28], y_train: uint8 [60000]`.
pub(super) fn summary(members: &[Member<'_>]) -> String {
    let show = |member: &Member<'_>| {
        format!("{}: {} {}", printable(member.name.as_bytes()), member.dtype, shape_text(member.shape))
    };
    wording::first(SHOWN, members.iter().map(show), members.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_arrays_the_first_are_listed() {
        let member = Member { name: "x", dtype: "uint8", shape: &[2], fault: None };
        for (members, ends) in [(SHOWN, "x: uint8 [2]"), (SHOWN + 5, "x: uint8 [2] and 5 more")] {
            let text = summary(&vec![member; members]);
            assert_eq!(text.matches("uint8").count(), SHOWN, "{text}");
            assert!(text.ends_with(ends), "{text}");
        }
    }
}
