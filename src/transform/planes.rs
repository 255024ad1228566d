//! Images as one plane a component, which is how JPEG stores them.

/// One component of an image: rows of `width` samples of 8 bits, without padding between them.
#[derive(Debug, Default)]
pub(super) struct Plane {
    pub(super) samples: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Plane {
    /// Halves the sides asked for: means of two samples, the last of an odd number by itself.
    ///
    /// A decoder takes a sample of halved colour for two samples of brightness, of which the last may be beyond the image.
    pub(super) fn halve(&mut self, columns: bool, rows: bool) {
        if columns {
            let width = self.width.div_ceil(2);
            let mut to = 0;
            for from in (0..self.samples.len()).step_by(self.width.max(1)) {
                for x in 0..width {
                    let first = from + 2 * x;
                    let last = (first + 1).min(from + self.width - 1);
                    self.average(first, last, to, 1);
                    to += 1;
                }
            }
            self.width = width;
        }
        if rows {
            let height = self.height.div_ceil(2);
            for y in 0..height {
                let (first, last) = (2 * y * self.width, (2 * y + 1).min(self.height - 1) * self.width);
                for x in 0..self.width {
                    self.average(first + x, last + x, y * self.width + x, 0);
                }
            }
            self.height = height;
        }
        self.samples.truncate(self.width * self.height);
    }

    /// Halves are rounded up with `up` of 1 and down with 0: once each, so that samples do not drift.
    fn average(&mut self, first: usize, last: usize, to: usize, up: u16) {
        let sample = |at: usize| u16::from(self.samples.get(at).copied().unwrap_or_default());
        let mean = (sample(first) + sample(last) + up) / 2;
        if let Some(sample) = self.samples.get_mut(to) {
            *sample = u8::try_from(mean).unwrap_or(u8::MAX);
        }
    }
}

/// Interleaves planes of one size as RGB, see [`ycc_to_rgb`].
pub(super) fn to_rgb([y, cb, cr]: &[Plane; 3], pixels: &mut Vec<u8>) {
    interleave([&y.samples, &cb.samples, &cr.samples], pixels);
}

/// [`to_rgb`] of planes that are elsewhere.
pub(super) fn interleave(planes: [&[u8]; 3], pixels: &mut Vec<u8>) {
    pixels.resize(3 * planes[0].len(), 0);
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || interleave_here(planes, pixels),
    );
}

/// Samples that are converted together.
const RUN: usize = 32;

#[inline(always)]
fn interleave_here([y, cb, cr]: [&[u8]; 3], pixels: &mut [u8]) {
    let mut chroma = cb.chunks(RUN).zip(cr.chunks(RUN));
    for (y, pixels) in y.chunks(RUN).zip(pixels.chunks_mut(3 * RUN)) {
        let (cb, cr) = chroma.next().unwrap_or_default();
        if let (Some(y), Some(cb), Some(cr), Some(pixels)) =
            (y.as_array::<RUN>(), cb.as_array(), cr.as_array(), pixels.as_mut_array::<{ 3 * RUN }>())
        {
            convert(y, cb, cr, pixels);
        } else {
            let mut run = [[0; RUN]; 3];
            for (run, part) in run.iter_mut().zip([y, cb, cr]) {
                run.iter_mut().zip(part).for_each(|(sample, part)| *sample = *part);
            }
            let mut whole = [0; 3 * RUN];
            convert(&run[0], &run[1], &run[2], &mut whole);
            pixels.iter_mut().zip(whole).for_each(|(byte, whole)| *byte = whole);
        }
    }
}

#[inline(always)]
fn convert(y: &[u8; RUN], cb: &[u8; RUN], cr: &[u8; RUN], pixels: &mut [u8; 3 * RUN]) {
    let mut rgb = [[0; RUN]; 3];
    let [r, g, b] = &mut rgb;
    for ((((y, cb), cr), (r, g)), b) in y.iter().zip(cb).zip(cr).zip(r.iter_mut().zip(g)).zip(b) {
        [*r, *g, *b] = ycc_to_rgb([*y, *cb, *cr]);
    }
    let [r, g, b] = rgb;
    for (pixel, ((r, g), b)) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(r.into_iter().zip(g).zip(b)) {
        *pixel = [r, g, b];
    }
}

/// One pixel of JFIF's YCbCr, which is that of BT.601 with the full range, in 16.16 fixed point as libjpeg has it.
#[inline(always)]
pub(super) fn ycc_to_rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = ((i32::from(y) << 16) + 32_768, i32::from(cb) - 128, i32::from(cr) - 128);
    #[expect(clippy::cast_sign_loss, reason = "clamped")]
    let top = |value: i32| (value >> 16).clamp(0, 255) as u8;
    [top(y + 91_881 * cr), top(y - 22_554 * cb - 46_802 * cr), top(y + 116_130 * cb)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_means_of_two_and_the_last_alone() {
        let plane = || Plane { samples: vec![10, 20, 30, 51, 60, 70, 90, 100, 110], width: 3, height: 3 };
        for (columns, rows, size, samples) in [
            (true, false, (2, 3), &[15, 30, 56, 70, 95, 110][..]),
            (false, true, (3, 2), &[30, 40, 50, 90, 100, 110]),
            (true, true, (2, 2), &[35, 50, 95, 110]),
            (false, false, (3, 3), &[10, 20, 30, 51, 60, 70, 90, 100, 110]),
        ] {
            let mut plane = plane();
            plane.halve(columns, rows);
            assert_eq!(((plane.width, plane.height), &plane.samples[..]), (size, samples));
        }
    }
}
