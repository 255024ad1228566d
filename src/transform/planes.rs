//! Images as one plane a component, which is how JPEG stores them.

/// One component of an image: rows of `width` samples of 8 bits, without padding between them.
#[derive(Debug, Default)]
pub(super) struct Plane {
    pub(super) samples: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Interleaves planes of one size as RGB: JFIF's YCbCr, which is that of BT.601 with the full range, in 16.16.
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
        let (y, cb, cr) = ((i32::from(*y) << 16) + 32_768, i32::from(*cb) - 128, i32::from(*cr) - 128);
        *r = top(y + 91_881 * cr);
        *g = top(y - 22_554 * cb - 46_802 * cr);
        *b = top(y + 116_130 * cb);
    }
    let [r, g, b] = rgb;
    for (pixel, ((r, g), b)) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(r.into_iter().zip(g).zip(b)) {
        *pixel = [r, g, b];
    }
}

#[inline(always)]
#[expect(clippy::cast_sign_loss, reason = "clamped")]
fn top(value: i32) -> u8 {
    (value >> 16).clamp(0, 255) as u8
}
