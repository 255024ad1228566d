//! What bytes look like that stand alone in their feature: images, text, or neither.

use super::Range;
use crate::transform::{SourceFormat, probe};

/// Beyond this many bytes a value is not looked at for being text: no text is as long, and raw arrays may start like one.
const MAX_TEXT: usize = 1 << 20;

/// What some values of bytes look like. Each counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BytesFacts {
    /// Files of images.
    pub images: ImagesSeen,
    /// Empty ones.
    pub empty: u64,
    /// UTF-8 without control characters other than line breaks and tabs.
    pub text: u64,
    /// All others.
    pub raw: u64,
}

/// What is known of images by their headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImagesSeen {
    /// How many there are of each of the formats that are told apart.
    pub formats: [u64; 7],
    /// Those whose header is damaged: the ranges leave them out.
    pub unreadable: u64,
    /// Rows.
    pub height: Option<Range<u32>>,
    /// Columns.
    pub width: Option<Range<u32>>,
    /// Channels.
    pub channels: Option<Range<u8>>,
    /// Bits of a channel.
    pub bits: Option<Range<u8>>,
}

/// The order of [`ImagesSeen::formats`].
const FORMATS: [SourceFormat; 7] = [
    SourceFormat::Jpeg,
    SourceFormat::Png,
    SourceFormat::Webp,
    SourceFormat::Gif,
    SourceFormat::Tiff,
    SourceFormat::Bmp,
    SourceFormat::Pnm,
];

impl ImagesSeen {
    /// How many images there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.formats.iter().sum()
    }

    /// The formats that occur, and how often.
    pub fn found(&self) -> impl Iterator<Item = (SourceFormat, u64)> {
        FORMATS.into_iter().zip(self.formats).filter(|(_, count)| *count > 0)
    }

    fn join(&mut self, other: &Self) {
        for (count, more) in self.formats.iter_mut().zip(other.formats) {
            *count += more;
        }
        self.unreadable += other.unreadable;
        Range::join(&mut self.height, other.height);
        Range::join(&mut self.width, other.width);
        Range::join(&mut self.channels, other.channels);
        Range::join(&mut self.bits, other.bits);
    }
}

impl BytesFacts {
    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.images.count() + self.empty + self.text + self.raw
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            self.empty += 1;
        } else if let Some((format, head)) = probe(bytes) {
            let images = &mut self.images;
            if let Some(count) = FORMATS.iter().position(|it| *it == format).and_then(|at| images.formats.get_mut(at)) {
                *count += 1;
            }
            match head {
                None => images.unreadable += 1,
                Some(head) => {
                    Range::add(&mut images.height, head.height);
                    Range::add(&mut images.width, head.width);
                    Range::add(&mut images.channels, head.channels);
                    Range::add(&mut images.bits, head.bits);
                }
            }
        } else if is_text(bytes) {
            self.text += 1;
        } else {
            self.raw += 1;
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.images.join(&other.images);
        self.empty += other.empty;
        self.text += other.text;
        self.raw += other.raw;
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |byte: &u8| *byte >= b' ' || byte.is_ascii_whitespace();
    // Most of what is no text shows it at once.
    bytes.len() <= MAX_TEXT && bytes.iter().all(is_plain) && std::str::from_utf8(bytes).is_ok()
}
