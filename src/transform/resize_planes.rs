//! Resizes a JPEG without going through RGB: each component is decoded near the size that it will have and resampled by
//! itself.
//!
//! Colour that is stored at half the size is never enlarged for a JPEG that stores it so again, and for pixels it is
//! enlarged once, at the final size.

use std::ops::Range;

use fast_image_resize::Resizer;

use super::{
    Filter,
    jpeg::{
        Jpeg,
        planar::{self, PlanarScratch, Scale, Want},
    },
    planes::Plane,
    resize,
};
use crate::error::Result;

/// How many times larger than the result a component is decoded at least, where it is that large. The smaller transform is
/// a filter of its own, less smooth than the one that resamples; with this factor the result is within 50 dB of that of
/// the whole image (`docs/benchmarks`).
const AT_LEAST: f64 = 2.0;

/// The same for results that are stored as JPEG of no better quality than [`LOSES_MORE`], whose own loss (some 35 to 42 dB)
/// hides a difference of 48 dB.
const AT_LEAST_FOR_JPEG: f64 = 1.4;

/// The best quality of which the above holds. At 100, JPEG loses next to nothing.
pub(super) const LOSES_MORE: u8 = 90;

/// What the components of one image become. Boxes and sizes are those of the image as it is stored, before it is turned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    /// The part that is resampled: left, top, width, height.
    pub(super) from: [f64; 4],
    pub(super) to: (u32, u32),
    /// Whether colour gets half the width and height, where they are even. Odd ones are left to be halved when the image is
    /// upright, for the last sample covers less than the others.
    pub(super) halved: bool,
    /// Whether the result is stored in a way that loses more than resizing does.
    pub(super) lossy: bool,
    /// How many components are wanted: 1 or all.
    pub(super) components: usize,
}

/// One component on its way.
struct Step {
    /// The part in samples of the whole component, as it is stored.
    from: [f64; 4],
    to: (u32, u32),
    scale: Scale,
}

impl Step {
    fn new(jpeg: &Jpeg, target: &Target, filter: Filter, index: usize) -> Option<Self> {
        let component = jpeg.components.get(index)?;
        let (h_max, v_max) = jpeg.max_sampling();
        let (x, y) = (f64::from(component.h) / f64::from(h_max), f64::from(component.v) / f64::from(v_max));
        let [left, top, width, height] = target.from;
        let from = [left * x, top * y, width * x, height * y];
        let half = |side: u32| if side.is_multiple_of(2) { side / 2 } else { side };
        let to = if target.halved && index > 0 { (half(target.to.0), half(target.to.1)) } else { target.to };
        let at_least = if target.lossy { AT_LEAST_FOR_JPEG } else { AT_LEAST };
        let enough = |scale: &&Scale| {
            let part = f64::from(scale.block()) / 8.0;
            from[2] * part >= at_least * f64::from(to.0) && from[3] * part >= at_least * f64::from(to.1)
        };
        // A box takes or leaves whole samples: were they larger, its edges would be elsewhere.
        let scale = Scale::ALL.iter().filter(|_| filter != Filter::Box).find(enough).copied().unwrap_or(Scale::Full);
        Some(Self { from, to, scale })
    }

    /// The samples of the component that have a part in the result.
    fn want(&self, filter: Filter) -> Want {
        let part = f64::from(self.scale.block()) / 8.0;
        let range = |start: f64, length: f64, to: u32| -> Range<u32> {
            // The filter reaches so far around a sample, in samples of the result or of the source, whichever are larger.
            let margin = filter.radius() * (length * part / f64::from(to)).max(1.0) / part + 1.0;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the image later")]
            let (first, last) = ((start - margin).max(0.0) as u32, (start + length + margin).ceil() as u32);
            first..last
        };
        let [left, top, width, height] = self.from;
        Want { scale: self.scale, columns: range(left, width, self.to.0), rows: range(top, height, self.to.1) }
    }
}

/// Decodes and resamples the components into `planes`. `false` when the image is none of the plain ones, see
/// [`planar::suits`], or turns out to be damaged; then another way must be taken.
///
/// # Errors
/// Only if the buffers do not fit the shapes.
pub(super) fn resize(
    bytes: &[u8],
    jpeg: &Jpeg,
    target: &Target,
    filter: Filter,
    (scratch, resizer): (&mut PlanarScratch, &mut Resizer),
    planes: &mut [Plane; 3],
) -> Result<bool> {
    // The nearest pixel is one of the whole image.
    if filter == Filter::Nearest {
        return Ok(false);
    }
    let mut steps: Vec<Step> =
        (0..target.components).filter_map(|index| Step::new(jpeg, target, filter, index)).collect();
    if !decode_whole(bytes, jpeg, &mut steps, scratch) && !decode_parts(bytes, jpeg, &steps, filter, scratch) {
        return Ok(false);
    }
    for ((step, piece), plane) in steps.iter().zip(&scratch.pieces).zip(planes) {
        let part = f64::from(step.scale.block()) / 8.0;
        let [left, top, width, height] = step.from.map(|length| length * part);
        #[expect(clippy::cast_precision_loss, reason = "sides of images")]
        let from = [left - piece.left as f64, top - piece.top as f64, width, height];
        resize::resample_plane(resizer, filter, piece, from, step.to, plane)?;
    }
    Ok(true)
}

/// Decodes what each step needs.
fn decode_parts(bytes: &[u8], jpeg: &Jpeg, steps: &[Step], filter: Filter, scratch: &mut PlanarScratch) -> bool {
    let want = |index: usize| steps.get(index).map(|step| step.want(filter));
    planar::suits(jpeg) && {
        let wants: Vec<Option<Want>> = (0..jpeg.components.len()).map(want).collect();
        planar::decode(bytes, jpeg, &wants, scratch)
    }
}

/// Decodes everything with libjpeg-turbo, at the largest of the scales, which becomes that of all steps.
#[cfg(feature = "turbojpeg")]
fn decode_whole(bytes: &[u8], jpeg: &Jpeg, steps: &mut [Step], scratch: &mut PlanarScratch) -> bool {
    use super::jpeg::turbo;

    let Some(scale) = steps.iter().map(|step| step.scale).max().filter(|_| turbo::suits(jpeg)) else { return false };
    let done = turbo::decode(bytes, jpeg, scale, &mut scratch.pieces);
    if done {
        steps.iter_mut().for_each(|step| step.scale = scale);
    }
    done
}

/// Only libjpeg-turbo does that.
#[cfg(not(feature = "turbojpeg"))]
fn decode_whole(_: &[u8], _: &Jpeg, _: &mut [Step], _: &mut PlanarScratch) -> bool {
    false
}
