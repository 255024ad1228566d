//! What the headers of pictures say.

use super::super::{data::Images, numbers::Gathered, spot::Content};
use crate::transform::probe;

/// The names of formats, in the order in which they are counted.
const FORMATS: [&str; 9] = ["jpeg", "png", "webp", "gif", "tiff", "bmp", "pnm", "raw", "unknown"];

/// Sizes, formats and channels of pictures.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    total: u64,
    formats: [u64; FORMATS.len()],
    /// By number of channels; 0 is unknown.
    channels: [u64; 5],
    width: Gathered,
    height: Gathered,
    aspect: Gathered,
    bytes: Gathered,
}

impl Default for Facts {
    fn default() -> Self {
        let whole = Gathered::whole;
        Self {
            total: 0,
            formats: [0; _],
            channels: [0; _],
            width: whole(),
            height: whole(),
            aspect: Gathered::real(),
            bytes: whole(),
        }
    }
}

impl Facts {
    pub(super) fn add(&mut self, content: Content<'_>) {
        self.total += 1;
        self.bytes.add(content.bytes.len() as f64);
        let (format, head) = match (content.raw, probe(content.bytes)) {
            (Some([height, width, channels]), _) => ("raw", Some((height, width, channels))),
            (None, Some((format, head))) => {
                (format.name(), head.map(|head| (head.height, head.width, u32::from(head.channels))))
            }
            (None, None) => ("unknown", None),
        };
        let at = FORMATS.iter().position(|name| name.eq_ignore_ascii_case(format)).unwrap_or(FORMATS.len() - 1);
        if let Some(count) = self.formats.get_mut(at) {
            *count += 1;
        }
        let channels = head.map_or(0, |(_, _, channels)| channels);
        if let Some(count) = usize::try_from(channels).ok().and_then(|at| self.channels.get_mut(at)) {
            *count += 1;
        }
        if let Some((height, width, _)) = head.filter(|(height, width, _)| *height > 0 && *width > 0) {
            self.height.add(f64::from(height));
            self.width.add(f64::from(width));
            self.aspect.add(f64::from(width) / f64::from(height));
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.total += other.total;
        for (count, more) in self.formats.iter_mut().zip(other.formats) {
            *count += more;
        }
        for (count, more) in self.channels.iter_mut().zip(other.channels) {
            *count += more;
        }
        self.width.join(&other.width);
        self.height.join(&other.height);
        self.aspect.join(&other.aspect);
        self.bytes.join(&other.bytes);
    }

    /// The part of a report that is known without decoding.
    pub(super) fn finish(&self, key: &str) -> Images {
        let counted = |count: &u64| *count > 0;
        let formats = FORMATS.iter().zip(self.formats).filter(|(_, count)| counted(count));
        const CHANNELS: [&str; 5] = ["unknown", "grey", "grey and alpha", "RGB", "four channels"];
        let channels = CHANNELS.iter().zip(self.channels).filter(|(_, count)| counted(count));
        Images {
            key: key.to_owned(),
            total: self.total,
            formats: formats.map(|(name, count)| ((*name).to_owned(), count)).collect(),
            channels: channels.map(|(name, count)| ((*name).to_owned(), count)).collect(),
            width: self.width.finish(),
            height: self.height.finish(),
            aspect: self.aspect.finish(),
            bytes: self.bytes.finish(),
            ..Images::default()
        }
    }
}
