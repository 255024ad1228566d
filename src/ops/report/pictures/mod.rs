//! What is known of the pictures of a data set: headers of all, pixels of as many as are asked for.

mod facts;
mod near;
mod print;
mod sheet;
mod sums;
mod thumbnails;

use std::sync::{Mutex, PoisonError};

use self::{facts::Facts, near::Print, print::Look, sheet::Sample, sums::PixelSums, thumbnails::Album};
use super::{
    data::{Blank, Broken, Images, Listed, Repeats},
    repeats::{self, Keyed},
    spot::{About, Again, Content, Spot},
};
use crate::{
    error::{Place as ErrorPlace, Result},
    pipeline::Cancel,
    transform::{DEFAULT_MAX_PIXELS, DecodeSpec, Picture, Scratch, decode},
};

/// Pictures whose brightness has a smaller standard deviation, from 0 to 1, are blank: a plain colour with the noise of JPEG has
/// up to 0.005, a photograph of fog 0.03 and more.
const BLANK: f64 = 0.01;

/// Blank and broken pictures that are told one by one.
const TOLD: usize = 100;

/// Looks at pictures, in any thread.
#[derive(Debug, Default)]
pub(super) struct PictureVisit {
    scratch: Mutex<Vec<Scratch>>,
}

/// What is known of some pictures that follow one another.
#[derive(Debug, Default)]
pub(super) struct PicturePart {
    facts: Facts,
    sums: PixelSums,
    decoded: u64,
    blank: Few<(About, f64)>,
    broken: Few<(About, String)>,
    keyed: Keyed,
    prints: Vec<Print>,
    sample: Sample,
}

/// The first of many, and how many there are.
#[derive(Debug)]
struct Few<T> {
    items: Vec<T>,
    total: u64,
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self { items: Vec::new(), total: 0 }
    }
}

impl<T> Few<T> {
    fn add(&mut self, item: T) {
        self.total += 1;
        if self.items.len() < TOLD {
            self.items.push(item);
        }
    }

    fn join(&mut self, other: Self, behind: impl Fn(T) -> T) {
        self.total += other.total;
        let room = TOLD.saturating_sub(self.items.len());
        self.items.extend(other.items.into_iter().take(room).map(behind));
    }
}

impl PictureVisit {
    /// Looks at one picture. `number` is a hash of where it is; `decode` says whether its pixels are looked at.
    pub(super) fn record(&self, content: Content<'_>, decode: bool, number: u64, about: About, part: &mut PicturePart) {
        part.facts.add(content);
        let key = repeats::key(content.bytes);
        part.keyed.add(key, about);
        part.sample.add(about.label(), number, about.spot);
        if !decode {
            return;
        }
        let pool = || self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = pool().pop().unwrap_or_default();
        let decoded = pixels(content, &mut scratch);
        pool().push(scratch);
        let picture = match decoded {
            Ok(picture) => picture,
            Err(reason) => return part.broken.add((about, reason)),
        };
        part.decoded += 1;
        part.sums.add(&picture);
        let Some(Look { tile, hash, deviation }) = Look::of(&picture) else { return };
        if deviation < BLANK {
            part.blank.add((about, deviation));
        } else {
            part.prints.push(Print { about, key, hash, tile, width: picture.width, height: picture.height });
        }
    }

    /// Adds what is known of the pictures that follow; `before` records of the shard come before those.
    pub(super) fn join(into: &mut PicturePart, part: PicturePart, before: u64) {
        let behind = |about: About| about.behind(before);
        into.facts.join(&part.facts);
        into.sums.join(&part.sums);
        into.decoded += part.decoded;
        into.blank.join(part.blank, |(about, deviation)| (behind(about), deviation));
        into.broken.join(part.broken, |(about, reason)| (behind(about), reason));
        into.keyed.join(part.keyed, before);
        into.prints.extend(part.prints.into_iter().map(|print| Print { about: behind(print.about), ..print }));
        into.sample.join(part.sample, before);
    }

    /// The bytes that a part holds.
    pub(super) fn weight(part: &PicturePart) -> u64 {
        part.keyed.weight() + (part.prints.capacity() * size_of::<Print>()) as u64 + part.sample.weight()
    }
}

/// The pixels of a picture in 8 bits, or why there are none.
fn pixels(content: Content<'_>, scratch: &mut Scratch) -> Result<Picture, String> {
    if let Some([height, width, channels]) = content.raw {
        let expected = u128::from(height) * u128::from(width) * u128::from(channels);
        let channels = u8::try_from(channels).ok().filter(|channels| matches!(channels, 1..=4));
        return match channels {
            Some(channels) if expected == content.bytes.len() as u128 && expected > 0 => {
                Ok(Picture { pixels: content.bytes.to_vec(), height, width, channels, bits: 8 })
            }
            _ => Err(format!("{} bytes of pixels, expected {expected} in 1 to 4 channels", content.bytes.len())),
        };
    }
    let spec = DecodeSpec { channels: None, bits: Some(8), max_pixels: DEFAULT_MAX_PIXELS };
    decode(content.bytes, spec, scratch).map_err(|error| match error.place() {
        Some(ErrorPlace::Byte(at)) => format!("byte {at} of the image: {}", error.message()),
        _ => error.message(),
    })
}

/// What is found out in the end.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) images: Images,
    pub(super) exact: Repeats,
    pub(super) near: Repeats,
}

/// Puts together what is known of all pictures. `name` is what a class is called.
pub(super) fn finish(
    part: PicturePart,
    key: &str,
    name: impl Fn(i64) -> String,
    again: &dyn Again,
    cancel: &Cancel,
) -> Result<Found> {
    let PicturePart { facts, sums, decoded, blank, broken, keyed, prints, sample } = part;
    let mut exact_groups = keyed.groups();
    repeats::sort(&mut exact_groups, again);
    let mut near_groups = near::groups(prints, cancel)?;
    repeats::sort(&mut near_groups, again);
    let mut exact = repeats::tell(&exact_groups, again)?;
    let mut near = repeats::tell(&near_groups, again)?;

    let mut images = facts.finish(key);
    images.decoded = decoded;
    (images.mean, images.deviation) = sums.finish();
    let broken_spots: Vec<Spot> = broken.items.iter().map(|(about, _)| about.spot).collect();
    let places = again.places(&broken_spots)?.into_iter().zip(broken.items);
    let told = places.map(|(place, (_, reason))| Broken { place, reason });
    images.broken = Listed { items: told.collect(), total: broken.total };

    let (classes, not_shown) = sample.choose();
    images.classes_not_shown = not_shown;
    let mut album = Album::new(classes, &exact_groups, &near_groups, &blank.items);
    album.fill(again)?;
    images.sheet = album.sheet(name);
    album.of_groups(&mut exact, &mut near);
    let told = blank.items.iter().filter_map(|(about, deviation)| {
        album.thumbnail(about.spot).map(|thumbnail| Blank { thumbnail, deviation: *deviation })
    });
    images.blank = Listed { items: told.collect(), total: blank.total };
    Ok(Found { images, exact, near })
}
