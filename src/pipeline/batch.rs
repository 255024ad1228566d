//! What one worker makes of a few neighbouring list positions: framed bytes, and what is known of them.

use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    item::{ImageFormat, ImageInfo},
    transform::{NoteCounts, Notes},
};

/// Bytes that are never torn apart: one framed record, or one gzip member of a few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The list position of its first record.
    pub position: u64,
    /// Bytes in the shard file.
    pub len: u64,
    /// Records in it.
    pub records: u64,
    /// Bytes of the serialized Examples, without framing.
    pub payload: u64,
}

/// An input that could not be used.
#[derive(Debug)]
pub struct FailedInput {
    /// Its position in the list.
    pub position: u64,
    /// Why.
    pub error: Error,
}

/// The class of a record that has none.
pub const NO_CLASS: u32 = u32::MAX;

/// A run of pieces in one buffer.
#[derive(Debug, Default)]
pub struct Batch {
    /// The pieces, one directly after the other.
    pub bytes: Vec<u8>,
    /// What the pieces are, in order.
    pub pieces: Vec<Piece>,
    /// Of each piece, in the same order, what is known of its images; empty where there are none.
    pub images: Vec<ImageFacts>,
    /// Of each record, in order, its class or [`NO_CLASS`]; empty where there are no classes.
    pub classes: Vec<u32>,
    /// The inputs that failed, by position.
    pub failed: Vec<FailedInput>,
    /// Bytes of input that were read.
    pub read: u64,
    /// List positions that were worked on.
    pub positions: u64,
}

impl Batch {
    /// Buffers above this are given back to the system instead of being kept for the next batch.
    const KEEP: usize = 2 << 20;

    /// Empties it for reuse, with room for about as many bytes as batches had of late: to grow on the way is to copy.
    pub fn clear(&mut self, usual: usize) {
        self.bytes.clear();
        if self.bytes.capacity() > Self::KEEP {
            self.bytes = Vec::new();
        }
        self.bytes.reserve(usual.min(Self::KEEP));
        self.pieces.clear();
        self.images.clear();
        self.classes.clear();
        self.failed.clear();
        self.read = 0;
        self.positions = 0;
    }

    /// Gives back memory that was needed on the way and is not any more.
    pub fn trim(&mut self) {
        if self.bytes.capacity() > 2 * self.bytes.len() + Self::KEEP {
            self.bytes.shrink_to_fit();
        }
    }

    /// The bytes it holds in memory.
    #[must_use]
    pub fn weight(&self) -> u64 {
        let lists = self.pieces.capacity() * size_of::<Piece>()
            + self.images.capacity() * size_of::<ImageFacts>()
            + self.classes.capacity() * size_of::<u32>();
        (self.bytes.capacity() + lists) as u64
    }
}

/// The least and the greatest of some values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// The least.
    pub min: u32,
    /// The greatest.
    pub max: u32,
}

impl Spread {
    /// The value, if all were the same.
    #[must_use]
    pub fn same(self) -> Option<u32> {
        (self.min == self.max).then_some(self.min)
    }
}

/// What is known of a set of images as they are stored; the facts of two sets can be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImageFacts {
    /// Images stored as JPEG, PNG and raw bytes.
    pub formats: [u64; 3],
    /// Images with 1, 2, 3 and 4 channels.
    pub channels: [u64; 4],
    /// Images with 16 bits a channel.
    pub deep: u64,
    /// Rows.
    pub height: Option<Spread>,
    /// Columns.
    pub width: Option<Spread>,
    /// How many images have each note.
    pub notes: NoteCounts,
}

impl ImageFacts {
    /// The facts of one image.
    #[must_use]
    pub fn of(info: &ImageInfo, notes: Notes) -> Self {
        let mut counts = NoteCounts::default();
        counts.add(notes);
        let format = |format| u64::from(info.format == format);
        let channels = |channels| u64::from(info.channels == channels);
        Self {
            formats: [format(ImageFormat::Jpeg), format(ImageFormat::Png), format(ImageFormat::Raw)],
            channels: [channels(1), channels(2), channels(3), channels(4)],
            deep: u64::from(info.bits > 8),
            height: Some(Spread { min: info.height, max: info.height }),
            width: Some(Spread { min: info.width, max: info.width }),
            notes: counts,
        }
    }

    /// Whether these can be the facts of so many records: all of them images, or none. A journal may be edited by anyone.
    #[must_use]
    pub fn can_be_of(&self, records: u64) -> bool {
        let sum = |counts: &[u64]| counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        let (formats, channels) = (sum(&self.formats), sum(&self.channels));
        let is_spread = |spread: Option<Spread>| spread.is_none_or(|spread| spread.min <= spread.max);
        formats.is_some_and(|images| images == 0 || images == records)
            && channels == formats
            && Some(self.deep) <= formats
            && is_spread(self.height)
            && is_spread(self.width)
    }

    /// Adds the facts of another set. They may stand in a journal that anyone edited, and count to more than 64 bits.
    pub fn join(&mut self, other: &Self) {
        let spread = |a: Option<Spread>, b: Option<Spread>| match (a, b) {
            (Some(a), Some(b)) => Some(Spread { min: a.min.min(b.min), max: a.max.max(b.max) }),
            (a, b) => a.or(b),
        };
        for (a, b) in self.formats.iter_mut().zip(other.formats) {
            *a = a.saturating_add(b);
        }
        for (a, b) in self.channels.iter_mut().zip(other.channels) {
            *a = a.saturating_add(b);
        }
        self.deep = self.deep.saturating_add(other.deep);
        self.height = spread(self.height, other.height);
        self.width = spread(self.width, other.width);
        self.notes.merge(&other.notes);
    }

    /// How many images there are.
    #[must_use]
    pub fn images(&self) -> u64 {
        self.formats.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The format, if all images have the same one.
    #[must_use]
    pub fn format(&self) -> Option<ImageFormat> {
        let all = self.images();
        let formats = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Raw];
        formats.into_iter().zip(self.formats).find(|(_, count)| *count == all).map(|(format, _)| format)
    }
}
