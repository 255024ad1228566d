//! Small copies of some pictures, in a budget of bytes, so that a page stays small however large the data set is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use super::{
    super::{
        data::{Place, Repeats, SheetGroup, Thumbnail},
        spot::{About, Again, Content, Spot},
    },
    sheet::Chosen,
};
use crate::{
    error::Result,
    item::ImageFormat,
    transform::{
        Color, DEFAULT_MAX_PIXELS, ExifMode, Fit, OutputFormat, PixelsRef, Scratch, TransformSpec, Transformer, probe,
    },
};

/// The bytes of all copies together: some 3.9 MB as base64.
const BUDGET: usize = 2_900_000;

/// Pixels of the long side: fewer the more pictures there are.
const SIDES: [(usize, u32); 3] = [(120, 320), (300, 240), (usize::MAX, 160)];

/// The quality of JPEG copies.
const QUALITY: u8 = 80;

/// No copy is larger: there are others.
const LARGEST: usize = 120_000;

/// Copies that are made, whatever the budget would allow.
const MOST: usize = 900;

const EXACT_GROUPS: usize = 40;
const NEAR_GROUPS: usize = 40;
const NEAR_MEMBERS: usize = 8;
const BLANKS: usize = 24;

/// Copies of pictures, by where they are.
pub(super) struct Album {
    classes: Vec<Chosen>,
    exact: Vec<Spot>,
    near: Vec<Vec<Spot>>,
    copies: BTreeMap<Spot, Thumbnail>,
    /// In the order of importance, each once.
    wanted: Vec<Spot>,
    /// How often each is shown.
    uses: BTreeMap<Spot, usize>,
    kept: BTreeSet<Spot>,
}

impl Album {
    pub(super) fn new(classes: Vec<Chosen>, exact: &[Vec<About>], near: &[Vec<About>], blank: &[(About, f64)]) -> Self {
        let first = |group: &Vec<About>| group.first().map(|about| about.spot);
        let exact: Vec<Spot> = exact.iter().take(EXACT_GROUPS).filter_map(first).collect();
        let members = |group: &Vec<About>| group.iter().take(NEAR_MEMBERS).map(|about| about.spot).collect();
        let near: Vec<Vec<Spot>> = near.iter().take(NEAR_GROUPS).map(members).collect();
        let mut wanted: Vec<Spot> = Vec::new();
        // One of each class, then what is wrong, then more of each class.
        wanted.extend(classes.iter().filter_map(|class| class.spots.first()));
        wanted.extend(near.iter().flatten());
        wanted.extend(&exact);
        wanted.extend(blank.iter().take(BLANKS).map(|(about, _)| about.spot));
        let most = classes.iter().map(|class| class.spots.len()).max().unwrap_or(0);
        for at in 1..most {
            wanted.extend(classes.iter().filter_map(|class| class.spots.get(at)));
        }
        let mut uses = BTreeMap::new();
        wanted.retain(|spot| {
            let count: &mut usize = uses.entry(*spot).or_default();
            *count += 1;
            *count == 1
        });
        wanted.truncate(MOST);
        Self { classes, exact, near, copies: BTreeMap::new(), wanted, uses, kept: BTreeSet::new() }
    }

    /// Reads the pictures and makes copies of them.
    pub(super) fn fill(&mut self, again: &dyn Again) -> Result<()> {
        let most = self.wanted.len();
        let side = SIDES.iter().find(|(pictures, _)| most <= *pictures).map_or(160, |(_, side)| *side);
        let (copies, pool) = (Mutex::new(BTreeMap::new()), Mutex::new(Vec::<Scratch>::new()));
        let mut spots = self.wanted.clone();
        spots.sort_unstable();
        again.read(&spots, &|at, place, content| {
            let lock = || pool.lock().unwrap_or_else(PoisonError::into_inner);
            let mut scratch = lock().pop().unwrap_or_default();
            let copy = content.and_then(|content| copy(content, side, place, &mut scratch));
            lock().push(scratch);
            if let Some((copy, spot)) = copy.zip(spots.get(at)) {
                copies.lock().unwrap_or_else(PoisonError::into_inner).insert(*spot, copy);
            }
        })?;
        self.copies = copies.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut left = BUDGET;
        for spot in &self.wanted {
            let Some(copy) = self.copies.get(spot) else { continue };
            let uses = self.uses.get(spot).copied().unwrap_or(1);
            let Some(rest) = left.checked_sub(copy.data.len().saturating_mul(uses)) else { continue };
            left = rest;
            self.kept.insert(*spot);
        }
        Ok(())
    }

    /// The copy of a picture, if there is room for it.
    pub(super) fn thumbnail(&self, spot: Spot) -> Option<Thumbnail> {
        self.copies.get(&spot).filter(|_| self.kept.contains(&spot)).cloned()
    }

    /// The pictures of each class.
    pub(super) fn sheet(&self, name: impl Fn(i64) -> String) -> Vec<SheetGroup> {
        let groups = self.classes.iter().map(|class| {
            let shown = class.spots.iter().filter_map(|spot| self.thumbnail(*spot)).collect();
            class.group(class.label.map(&name).unwrap_or_default(), shown)
        });
        groups.filter(|group| !group.shown.is_empty()).collect()
    }

    /// Gives groups of repeated pictures their copies.
    pub(super) fn of_groups(&self, exact: &mut Repeats, near: &mut Repeats) {
        for (group, spot) in exact.groups.items.iter_mut().zip(&self.exact) {
            group.thumbnails = self.thumbnail(*spot).into_iter().collect();
        }
        for (group, spots) in near.groups.items.iter_mut().zip(&self.near) {
            group.thumbnails = spots.iter().filter_map(|spot| self.thumbnail(*spot)).collect();
        }
    }
}

/// A copy of a picture; none of one that does not decode.
fn copy(content: Content<'_>, side: u32, place: Place, scratch: &mut Scratch) -> Option<Thumbnail> {
    let (height, width, is_opaque) = match content.raw {
        Some([height, width, channels]) => (height, width, channels != 4),
        None => {
            let (_, head) = probe(content.bytes)?;
            let head = head?;
            (head.height, head.width, head.channels % 2 == 1)
        }
    };
    let (long, is_tiny) = (height.max(width), height.max(width) <= 64);
    if long == 0 {
        return None;
    }
    let shrunk = |length: u32| {
        let length = u64::from(length) * u64::from(side.min(long)) / u64::from(long);
        u32::try_from(length).unwrap_or(side).max(1)
    };
    let (shown_height, shown_width) = (shrunk(height), shrunk(width));
    let format = if is_opaque && !is_tiny { OutputFormat::Jpeg } else { OutputFormat::Png };
    let transformer = Transformer::new(TransformSpec {
        size: Some((shown_width, shown_height)),
        fit: Fit::Stretch,
        format,
        quality: QUALITY,
        // As readers see it: TensorFlow turns nothing either.
        exif: ExifMode::Keep,
        color: Color::Keep,
        max_pixels: DEFAULT_MAX_PIXELS,
        ..TransformSpec::default()
    })
    .ok()?;
    let prepared = match content.raw {
        None => transformer.image(content.bytes, scratch),
        Some([height, width, channels]) => {
            // Of grey and alpha, grey alone.
            let grey: Vec<u8>;
            let (data, channels) = match channels {
                2 => {
                    grey = content.bytes.iter().copied().step_by(2).collect();
                    (&*grey, 1)
                }
                _ => (content.bytes, u8::try_from(channels).ok()?),
            };
            transformer.pixels(PixelsRef { data, height, width, channels }, scratch)
        }
    };
    let prepared = prepared.ok()?;
    let data = prepared.bytes().to_vec();
    let mime = match prepared.info.format {
        ImageFormat::Jpeg => "image/jpeg",
        ImageFormat::Png => "image/png",
        _ => return None,
    };
    (data.len() <= LARGEST).then_some(Thumbnail { place, height, width, shown_height, shown_width, mime, data })
}
