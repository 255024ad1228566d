//! Decides what one image needs, and has it done in the order that costs least.

use image::metadata::Orientation;

use super::{
    Color, Detected, ExifMode, Note, Notes, OutputFormat, PixelsRef, Prepared, Scratch, SourceFormat, Stored,
    TransformSpec, Verify, detect,
    encode::{self, Chroma},
    fault::{self, check_pixels},
    formats, jpeg,
    pixels::{self, Shape, Turn},
    planes, png,
    resize::{self, Plan},
    resize_planes::{self, Target},
};
use crate::{
    error::{Error, Fault, Result},
    item::{ImageFormat, ImageInfo},
};

/// Applies one [`TransformSpec`] to any number of images, from any number of threads.
#[derive(Debug, Clone)]
pub struct Transformer {
    spec: TransformSpec,
}

/// What is known before an image is decoded.
struct Source {
    shape: Shape,
    format: Option<SourceFormat>,
    turn: Option<Turn>,
    /// The bytes cannot be stored as they are even if nothing is asked for.
    must_encode: bool,
    notes: Notes,
}

/// What is to be done, once the source is known.
struct Job {
    target: ImageFormat,
    channels: u8,
    bits: u8,
    plan: Option<Plan>,
}

impl Transformer {
    /// Takes a valid specification.
    ///
    /// # Errors
    /// [`ErrorKind::Options`](crate::ErrorKind::Options) when [`TransformSpec::validate`] refuses it.
    pub fn new(spec: TransformSpec) -> Result<Self> {
        spec.validate()?;
        Ok(Self { spec })
    }

    /// The specification.
    #[must_use]
    pub fn spec(&self) -> &TransformSpec {
        &self.spec
    }

    /// Prepares the bytes of an image file of any format.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) with the fault of the image, and the byte where it is known.
    pub fn image<'i, 's>(&self, bytes: &'i [u8], scratch: &'s mut Scratch) -> Result<Prepared<'i, 's>> {
        scratch.trim();
        match detect(bytes) {
            Detected::Image(SourceFormat::Jpeg) => self.jpeg(bytes, scratch),
            Detected::Image(SourceFormat::Png) => self.png(bytes, scratch),
            Detected::Image(format) => self.other(bytes, format, scratch),
            Detected::Other(foreign) => Err(foreign.into_error()),
        }
    }

    /// Prepares the pixels of an array. [`OutputFormat::Keep`] means PNG here.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when the shape is not that of an image or does not fit the data.
    pub fn pixels<'a>(&self, pixels: PixelsRef<'_>, scratch: &'a mut Scratch) -> Result<Prepared<'static, 'a>> {
        scratch.trim();
        let PixelsRef { data, height, width, channels } = pixels;
        if !matches!(channels, 1 | 3 | 4) {
            return Err(Error::input(
                Fault::Unsupported,
                format!("pixels of {channels} channels are no image: expected 1, 3 or 4"),
            )
            .with_hint("store the array as a tensor instead"));
        }
        check_pixels(width, height, self.spec.max_pixels)?;
        let shape = Shape { width, height, channels, bits: 8 };
        if data.len() != shape.bytes() {
            return Err(Error::input(
                Fault::Corrupt,
                format!("{} bytes of pixels, expected {} for {height}x{width}x{channels}", data.len(), shape.bytes()),
            ));
        }
        scratch.pixels.clear();
        scratch.pixels.extend_from_slice(data);
        let source = Source { shape, format: None, turn: None, must_encode: true, notes: Notes::default() };
        let job = self.job(&source)?;
        self.encode(&source, &job, scratch)
    }

    fn jpeg<'i, 's>(&self, bytes: &'i [u8], scratch: &'s mut Scratch) -> Result<Prepared<'i, 's>> {
        let jpeg = jpeg::walk(bytes, self.spec.max_pixels)?;
        let cmyk = matches!(jpeg.colour, jpeg::Colour::Cmyk | jpeg::Colour::Ycck);
        let mut notes = Notes::default();
        notes.insert_if(Note::Cmyk, cmyk);
        let source = Source {
            shape: Shape { width: jpeg.width, height: jpeg.height, channels: jpeg.channels(), bits: 8 },
            format: Some(SourceFormat::Jpeg),
            turn: self.turn(jpeg.exif.clone().and_then(|range| bytes.get(range))),
            must_encode: cmyk,
            notes,
        };
        let job = self.job(&source)?;
        let untouched = job.keeps(&source);
        if let Some(plan) = job.plan {
            match self.resize_planes(bytes, &jpeg, (&source, &job, plan), scratch)? {
                Some(Resized::Planes(count)) => return self.encode_planes(&source, &job, count, scratch),
                Some(Resized::Pixels(shape)) => return self.finish(&source, &job, shape, scratch),
                None => {}
            }
        }
        if !untouched || self.spec.verify == Verify::Decode {
            jpeg::entropy::check(bytes, &jpeg, &mut scratch.history)?;
        }
        if untouched && self.spec.verify == Verify::Structure {
            return Ok(source.original(bytes, &job));
        }
        let decoded = jpeg::decode::decode(bytes, &jpeg, &mut scratch.pixels);
        if untouched {
            // The scans are sound; a variant that only our decoders do not know is no fault of the file.
            return match decoded {
                Err(error) if error.fault() != Some(Fault::Unsupported) => Err(error),
                _ => Ok(source.original(bytes, &job)),
            };
        }
        decoded?;
        self.encode(&source, &job, scratch)
    }

    fn png<'i, 's>(&self, bytes: &'i [u8], scratch: &'s mut Scratch) -> Result<Prepared<'i, 's>> {
        let png = png::walk(bytes, self.spec.max_pixels)?;
        let mut notes = Notes::default();
        notes.insert_if(Note::FirstFrameOnly, png.animated);
        let mut source = Source {
            shape: Shape { width: png.width, height: png.height, channels: png.channels(), bits: png.bits() },
            format: Some(SourceFormat::Png),
            turn: self.turn(png.exif.clone().and_then(|range| bytes.get(range))),
            must_encode: false,
            notes,
        };
        let job = self.job(&source)?;
        let untouched = job.keeps(&source);
        if untouched && self.spec.verify == Verify::Structure {
            return Ok(source.original(bytes, &job));
        }
        let Scratch { pixels, spare, .. } = &mut *scratch;
        let decoded = formats::decode(bytes, SourceFormat::Png, self.spec.max_pixels, pixels, spare)?;
        if untouched {
            return Ok(source.original(bytes, &job));
        }
        // A transparent colour becomes alpha in this decoder, and is converted away with the channels.
        source.shape = decoded.shape;
        self.encode(&source, &job, scratch)
    }

    fn other<'a>(&self, bytes: &[u8], format: SourceFormat, scratch: &'a mut Scratch) -> Result<Prepared<'static, 'a>> {
        let Scratch { pixels, spare, .. } = &mut *scratch;
        let decoded = formats::decode(bytes, format, self.spec.max_pixels, pixels, spare)?;
        let mut notes = Notes::default();
        notes.insert_if(Note::FirstFrameOnly, decoded.has_more);
        notes.insert_if(Note::Cmyk, decoded.cmyk);
        let orientation =
            if self.spec.exif == ExifMode::Apply { decoded.orientation } else { Orientation::NoTransforms };
        let turn = Turn::from_orientation(orientation);
        let source = Source { shape: decoded.shape, format: Some(format), turn, must_encode: true, notes };
        let job = self.job(&source)?;
        self.encode(&source, &job, scratch)
    }

    fn turn(&self, exif: Option<&[u8]>) -> Option<Turn> {
        let exif = exif.filter(|_| self.spec.exif == ExifMode::Apply)?;
        // Metadata that cannot be read is no reason to lose the picture.
        let orientation = fault::guarded(|| Ok(Orientation::from_exif_chunk(exif))).ok().flatten()?;
        Turn::from_orientation(orientation)
    }

    fn job(&self, source: &Source) -> Result<Job> {
        let target = match (self.spec.format, source.format) {
            (OutputFormat::Jpeg, _) | (OutputFormat::Keep, Some(SourceFormat::Jpeg)) => ImageFormat::Jpeg,
            (OutputFormat::Png | OutputFormat::Keep, _) => ImageFormat::Png,
            (OutputFormat::Raw, _) => ImageFormat::Raw,
        };
        let channels = match (self.spec.color, target, source.shape.channels) {
            (Color::Rgb, _, _) => 3,
            (Color::Gray, _, _) => 1,
            (Color::Keep, ImageFormat::Jpeg, 2) => 1,
            (Color::Keep, ImageFormat::Jpeg, 4) => 3,
            (Color::Keep, _, channels) => channels,
        };
        let bits = if target == ImageFormat::Png { source.shape.bits } else { 8 };
        let plan = Plan::new(&self.spec, source.upright_size());
        if let Some(plan) = plan {
            check_pixels(plan.size().0, plan.size().1, self.spec.max_pixels)?;
        }
        Ok(Job { target, channels, bits, plan })
    }

    /// Decodes and resizes a plain JPEG in one go, component by component. Returns what it left in the scratch; `None` when
    /// the image has to be decoded as a whole.
    fn resize_planes(
        &self,
        bytes: &[u8],
        jpeg: &jpeg::Jpeg,
        (source, job, plan): (&Source, &Job, Plan),
        scratch: &mut Scratch,
    ) -> Result<Option<Resized>> {
        let Scratch { planar, resizer, planes, pixels, .. } = scratch;
        let (from, to) = source.stored(plan);
        let components = usize::from(job.channels).min(jpeg.components.len());
        let stay = job.target == ImageFormat::Jpeg && plan.canvas.is_none() && components == usize::from(job.channels);
        let lossy = job.target == ImageFormat::Jpeg && self.spec.quality <= resize_planes::LOSES_MORE;
        let target = Target { from, to, halved: stay, lossy, components };
        if !resize_planes::resize(bytes, jpeg, &target, self.spec.filter, (planar, resizer), planes)? {
            return Ok(None);
        }
        if stay {
            return Ok(Some(Resized::Planes(components)));
        }
        let shape = Shape { width: to.0, height: to.1, channels: if components == 1 { 1 } else { 3 }, bits: 8 };
        if components == 1 {
            std::mem::swap(pixels, &mut planes[0].samples);
        } else {
            planes::to_rgb(planes, pixels);
        }
        Ok(Some(Resized::Pixels(shape)))
    }

    /// Turns and encodes the planes in the scratch.
    fn encode_planes<'a>(
        &self,
        source: &Source,
        job: &Job,
        components: usize,
        scratch: &'a mut Scratch,
    ) -> Result<Prepared<'static, 'a>> {
        let Scratch { planes, spare, out, .. } = scratch;
        let planes = planes.get_mut(..components).unwrap_or_default();
        if let Some(turn) = source.turn {
            planes.iter_mut().for_each(|plane| turn.apply_plane(plane, spare));
        }
        if let [luma, chroma @ ..] = &mut *planes {
            let odd = |side: usize| !side.is_multiple_of(2);
            chroma.iter_mut().for_each(|plane| plane.halve(odd(luma.width), odd(luma.height)));
        }
        let shape = encode::planes(planes, self.spec.quality, out)?;
        Ok(Prepared { stored: Stored::Encoded(out), info: info(job.target, shape), notes: source.notes_of(job) })
    }

    /// Carries out the job on the decoded pixels in the scratch. Channels go first, so that less is resized, and turning
    /// comes after resizing, for the same reason.
    fn encode<'a>(&self, source: &Source, job: &Job, scratch: &'a mut Scratch) -> Result<Prepared<'static, 'a>> {
        let Scratch { pixels, spare, resizer, .. } = &mut *scratch;
        let mut shape = source.shape;
        if job.bits < shape.bits {
            shape = pixels::reduce_to_8_bits(pixels, shape, spare);
            std::mem::swap(pixels, spare);
        }
        if job.channels != shape.channels {
            shape = pixels::convert(pixels, shape, job.channels, spare);
            std::mem::swap(pixels, spare);
        }
        if let Some(plan) = job.plan {
            let (from, to) = source.stored(plan);
            shape = resize::resample(resizer, self.spec.filter, (pixels, shape), from, to, spare)?;
            std::mem::swap(pixels, spare);
        }
        self.finish(source, job, shape, scratch)
    }

    /// Turns, pads and encodes the pixels in the scratch, which have the final scale.
    fn finish<'a>(
        &self,
        source: &Source,
        job: &Job,
        mut shape: Shape,
        scratch: &'a mut Scratch,
    ) -> Result<Prepared<'static, 'a>> {
        let Scratch { pixels, spare, planes, out, .. } = scratch;
        if job.channels != shape.channels {
            shape = pixels::convert(pixels, shape, job.channels, spare);
            std::mem::swap(pixels, spare);
        }
        if let Some(turn) = source.turn {
            shape = turn.apply(pixels, shape, spare);
            std::mem::swap(pixels, spare);
        }
        if let Some(canvas) = job.plan.and_then(|plan| plan.canvas) {
            shape = resize::pad(pixels, shape, canvas, spare);
            std::mem::swap(pixels, spare);
        }
        let encoded: &'a [u8] = match job.target {
            ImageFormat::Jpeg => {
                let meant_to_stay = self.spec.format == OutputFormat::Keep && job.plan.is_none();
                let chroma = if meant_to_stay { Chroma::Full } else { Chroma::Halved };
                encode::jpeg(pixels, shape, self.spec.quality, chroma, planes, out)?;
                out
            }
            ImageFormat::Png => {
                encode::png(pixels, shape, out)?;
                out
            }
            ImageFormat::Raw => pixels,
        };
        Ok(Prepared { stored: Stored::Encoded(encoded), info: info(job.target, shape), notes: source.notes_of(job) })
    }
}

/// What an image that was resized component by component is.
enum Resized {
    /// So many planes.
    Planes(usize),
    Pixels(Shape),
}

impl Job {
    /// Whether the bytes of the source are what is to be stored.
    fn keeps(&self, source: &Source) -> bool {
        !source.must_encode
            && !source.is_transcoded(self)
            && self.plan.is_none()
            && source.turn.is_none()
            && self.channels == source.shape.channels
    }
}

impl Source {
    fn upright_size(&self) -> (u32, u32) {
        let size = (self.shape.width, self.shape.height);
        self.turn.map_or(size, |turn| turn.upright(size))
    }

    /// The part of the image that is resampled and its size, as the image is stored.
    fn stored(&self, plan: Plan) -> ([f64; 4], (u32, u32)) {
        match self.turn {
            Some(turn) => (turn.to_stored(plan.from, self.upright_size()), turn.upright(plan.to)),
            None => (plan.from, plan.to),
        }
    }

    /// What is noted when the job is done.
    fn notes_of(&self, job: &Job) -> Notes {
        let mut notes = self.notes;
        notes.insert_if(Note::Transcoded, self.is_transcoded(job));
        notes.insert_if(Note::Rotated, self.turn.is_some());
        notes.insert_if(Note::Resized, job.plan.is_some());
        notes.insert_if(Note::ReducedTo8Bit, job.bits < self.shape.bits);
        notes.insert_if(Note::SixteenBit, job.bits == 16);
        notes.insert_if(Note::AlphaDropped, matches!(self.shape.channels, 2 | 4) && !matches!(job.channels, 2 | 4));
        notes
    }

    /// Whether a file changes its format; an array has none.
    fn is_transcoded(&self, job: &Job) -> bool {
        match self.format {
            None => false,
            Some(SourceFormat::Jpeg) => job.target != ImageFormat::Jpeg,
            Some(SourceFormat::Png) => job.target != ImageFormat::Png,
            Some(_) => true,
        }
    }

    fn original<'a>(&self, bytes: &'a [u8], job: &Job) -> Prepared<'a, 'static> {
        let mut notes = self.notes;
        notes.insert_if(Note::SixteenBit, self.shape.bits == 16);
        Prepared { stored: Stored::Original(bytes), info: info(job.target, self.shape), notes }
    }
}

fn info(format: ImageFormat, shape: Shape) -> ImageInfo {
    ImageInfo { format, height: shape.height, width: shape.width, channels: shape.channels, bits: shape.bits }
}
