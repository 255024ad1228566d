//! Texts of anyone's making, in a length that a page can hold.

/// Characters of a name that are told.
const NAME: usize = 200;

/// Characters of a longer text.
const TEXT: usize = 2000;

/// The beginning of a name.
pub(super) fn name(text: &str) -> String {
    beginning(text, NAME)
}

/// The beginning of a text.
pub(super) fn text(text: &str) -> String {
    beginning(text, TEXT)
}

fn beginning(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::{NAME, name};

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(name("ant"), "ant");
        let (full, long) = ("猫".repeat(NAME), "猫".repeat(NAME + 1));
        assert_eq!(name(&full), full);
        assert_eq!(name(&long), format!("{full}…"));
    }
}
