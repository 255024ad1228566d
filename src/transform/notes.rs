//! What was done to an image beyond copying it, so that a run can say how many images it happened to.

/// One thing that was done to an image, or that its readers should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Turned or mirrored as its EXIF orientation says.
    Rotated,
    /// Stored in another format than the source has.
    Transcoded,
    /// A CMYK image that became RGB.
    Cmyk,
    /// Stored with 16 bits a channel, which TensorFlow reads as 8 unless told `dtype=tf.uint16`.
    SixteenBit,
    /// Had 16 bits a channel and was reduced to 8.
    ReducedTo8Bit,
    /// An animation or a file of several pages, of which the first counts.
    FirstFrameOnly,
    /// Resized.
    Resized,
    /// Alpha was dropped.
    AlphaDropped,
}

impl Note {
    /// Every note, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Rotated,
        Self::Transcoded,
        Self::Cmyk,
        Self::SixteenBit,
        Self::ReducedTo8Bit,
        Self::FirstFrameOnly,
        Self::Resized,
        Self::AlphaDropped,
    ];

    /// The text of a report that counts images: "12 images were ...".
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Rotated => "turned upright as their EXIF orientation says",
            Self::Transcoded => "stored in another format than their own",
            Self::Cmyk => "converted from CMYK to RGB",
            Self::SixteenBit => "stored with 16 bits a channel (TensorFlow reads 8 unless told dtype=tf.uint16)",
            Self::ReducedTo8Bit => "reduced from 16 to 8 bits a channel",
            Self::FirstFrameOnly => "animations or multi-page files, of which the first picture counts",
            Self::Resized => "resized",
            Self::AlphaDropped => "stored without their alpha channel",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// The notes of one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Notes(u16);

impl Notes {
    /// Adds a note.
    pub fn insert(&mut self, note: Note) {
        self.0 |= note.bit();
    }

    /// Adds a note if it holds.
    pub(super) fn insert_if(&mut self, note: Note, holds: bool) {
        if holds {
            self.insert(note);
        }
    }

    /// Whether a note was made.
    #[must_use]
    pub const fn contains(self, note: Note) -> bool {
        self.0 & note.bit() != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The notes, in the order of [`Note::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Note> {
        Note::ALL.into_iter().filter(move |note| self.contains(*note))
    }
}

/// How many images have each note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct NoteCounts([u64; Note::ALL.len()]);

impl NoteCounts {
    /// Counts one image.
    pub fn add(&mut self, notes: Notes) {
        for (count, note) in self.0.iter_mut().zip(Note::ALL) {
            *count += u64::from(notes.contains(note));
        }
    }

    /// Adds the counts of another worker.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count = count.saturating_add(more);
        }
    }

    /// The notes that any image has, with how many.
    pub fn iter(&self) -> impl Iterator<Item = (Note, u64)> {
        Note::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up() {
        let mut notes = Notes::default();
        notes.insert(Note::Rotated);
        notes.insert(Note::AlphaDropped);
        assert_eq!(notes.iter().collect::<Vec<_>>(), [Note::Rotated, Note::AlphaDropped]);
        let mut counts = NoteCounts::default();
        counts.add(notes);
        counts.merge(&counts.clone());
        counts.add(Notes::default());
        assert_eq!(counts.iter().collect::<Vec<_>>(), [(Note::Rotated, 2), (Note::AlphaDropped, 2)]);
    }
}
