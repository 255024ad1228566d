//! Image files as records.

use std::{ffi::OsString, io, ops::Range, path::Path};

use super::{
    batch::{Batch, FailedInput, ImageFacts, NO_CLASS},
    range::RecordSource,
    record::{Made, RecordBuilder},
};
use crate::{
    error::{At, Error, ErrorKind, Fault, Result},
    example::Value,
    item::{ImageFormat, ImageInfo},
    shard::Order,
    source::InputList,
    storage::Storage,
    transform::{Color, Notes, OutputFormat, Scratch, Stored, Transformer},
    units::{ByteSize, Count},
};

/// Under which keys an image and what belongs to it are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageKeys {
    /// `image`, `label`, `filename` and `image/...`, as TFDS names them.
    #[default]
    Tfds,
    /// `image/encoded`, `image/class/label` and so on, as TF-Slim and the TPU models name them.
    Slim,
}

impl ImageKeys {
    /// The key of the image bytes. Raw pixels of differing sizes need their shape beside them, which TFDS looks for under
    /// keys of its own.
    #[must_use]
    pub const fn image(self, shape_beside: bool) -> &'static str {
        match (self, shape_beside) {
            (Self::Tfds, false) => "image",
            (Self::Tfds, true) => "image/value",
            (Self::Slim, _) => "image/encoded",
        }
    }

    /// The key of the class.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Tfds => "label",
            Self::Slim => "image/class/label",
        }
    }

    /// The key of the file name.
    #[must_use]
    pub const fn filename(self) -> &'static str {
        match self {
            Self::Tfds => "filename",
            Self::Slim => "image/filename",
        }
    }

    /// The format as these keys' users write it.
    const fn format(self, format: ImageFormat) -> &'static str {
        match (self, format) {
            (Self::Tfds, _) | (_, ImageFormat::Raw) => format.name(),
            (Self::Slim, ImageFormat::Jpeg) => "JPEG",
            (Self::Slim, ImageFormat::Png) => "PNG",
        }
    }

    const fn colorspace(channels: u8) -> &'static str {
        match channels {
            1 | 2 => "Grayscale",
            3 => "RGB",
            _ => "RGBA",
        }
    }
}

/// What one record says of its image beside the bytes.
pub(super) struct ImageFeatures<'a> {
    pub(super) keys: ImageKeys,
    pub(super) shape_beside: bool,
    pub(super) info: ImageInfo,
    pub(super) filename: Option<&'a [u8]>,
    /// The class as it is stored, and its name.
    pub(super) label: Option<(i64, &'a str)>,
}

impl ImageFeatures<'_> {
    /// Frames the image that stands at the end of the batch, under the keys and with `more` features.
    pub(super) fn finish(
        &self,
        builder: &mut RecordBuilder,
        batch: &mut Batch,
        position: u64,
        more: &[(&str, Value<'_>)],
    ) -> bool {
        let len = (batch.bytes.len() - builder.payload_at()) as u64;
        let (height, width) = ([i64::from(self.info.height)], [i64::from(self.info.width)]);
        let channels = [i64::from(self.info.channels)];
        let shape = [height[0], width[0], channels[0]];
        let label = self.label.map(|(stored, _)| [stored]);
        let mut features = vec![
            (self.keys.image(self.shape_beside), Value::Gap(len)),
            ("image/channels", Value::Int64(&channels)),
            ("image/format", Value::Bytes(self.keys.format(self.info.format).as_bytes())),
            ("image/height", Value::Int64(&height)),
            ("image/width", Value::Int64(&width)),
        ];
        if let Some(name) = self.filename {
            features.push((self.keys.filename(), Value::Bytes(name)));
        }
        if let Some(label) = &label {
            features.push((self.keys.label(), Value::Int64(label)));
        }
        match self.keys {
            ImageKeys::Tfds if self.shape_beside => features.push(("image/shape", Value::Int64(&shape))),
            ImageKeys::Tfds => {}
            ImageKeys::Slim => {
                let colorspace = ImageKeys::colorspace(self.info.channels);
                features.push(("image/colorspace", Value::Bytes(colorspace.as_bytes())));
                if let Some((_, text)) = self.label {
                    features.push(("image/class/text", Value::Bytes(text.as_bytes())));
                }
            }
        }
        features.extend_from_slice(more);
        let variable = self.filename.map_or(0, <[u8]>::len);
        builder.finish(batch, position, &mut features, variable)
    }
}

/// The records of a list of image files.
#[derive(Debug)]
pub struct ImageRecords<'a> {
    /// Where the files are.
    pub storage: &'a dyn Storage,
    /// The files.
    pub list: &'a InputList,
    /// Which of them, in which order.
    pub order: &'a Order,
    /// The names of the classes; empty if the images have none.
    pub class_names: &'a [String],
    /// What is added to a class index when it is stored.
    pub label_offset: u32,
    /// Under which keys.
    pub keys: ImageKeys,
    /// Whether raw pixels of differing sizes need their shape beside them.
    pub shape_beside: bool,
    /// What is done with each image.
    pub transformer: &'a Transformer,
    /// No record may be larger, framing included.
    pub cap: ByteSize,
    /// Images in a batch: see [`ImageRecords::batch_len_for`].
    pub batch_len: u64,
    /// Files above this many bytes are not read.
    pub max_file: ByteSize,
}

/// Images in a batch, which are in memory at once, at most.
const MAX_BATCH: u64 = 64;

impl ImageRecords<'_> {
    /// How many images of this list make a good batch: about a megabyte, judged by a few of them.
    #[must_use]
    pub fn batch_len_for(storage: &dyn Storage, list: &InputList) -> u64 {
        const SAMPLES: u64 = 32;
        let len = list.len() as u64;
        let sizes: Vec<u64> = (0..SAMPLES.min(len))
            .filter_map(|i| usize::try_from(i * len / SAMPLES.min(len)).ok())
            .filter_map(|i| match storage.stat(&list.path(i)) {
                Ok(Some(crate::storage::EntryKind::File { bytes })) => Some(bytes),
                _ => None,
            })
            .collect();
        let mean = sizes.iter().sum::<u64>() / (sizes.len() as u64).max(1);
        ((1 << 20) / mean.max(1)).clamp(1, MAX_BATCH)
    }

    fn item(&self, position: u64) -> usize {
        usize::try_from(self.order.item(position)).unwrap_or(usize::MAX)
    }

    /// The class of a list item as it is stored, and its name; items without one get -1, whatever the offset.
    fn label(&self, item: usize) -> Option<(i64, &str)> {
        if self.class_names.is_empty() {
            return None;
        }
        let offset = i64::from(self.label_offset);
        match self.list.label(item) {
            Some(label) => {
                let name = self.class_names.get(label as usize).map_or("", String::as_str);
                Some((i64::from(label) + offset, name))
            }
            None => Some((-1, "")),
        }
    }

    fn add(&self, position: u64, scratch: &mut ImageScratch, batch: &mut Batch) {
        let item = self.item(position);
        let name = self.list.name(item);
        scratch.builder.begin(batch, name.len());
        let path = self.list.path(item);
        let stored = if self.keeps_files() {
            self.add_in_place(&path, scratch, batch)
        } else {
            self.add_encoded(&path, scratch, batch)
        };
        match stored.at(&path) {
            Ok((info, notes)) => {
                let features = ImageFeatures {
                    keys: self.keys,
                    shape_beside: self.shape_beside,
                    info,
                    filename: Some(name),
                    label: self.label(item),
                };
                if features.finish(&mut scratch.builder, batch, position, &[]) {
                    batch.images.push(ImageFacts::of(&info, notes));
                    if !self.class_names.is_empty() {
                        batch.classes.push(self.list.label(item).unwrap_or(NO_CLASS));
                    }
                } else if let Some(failed) = batch.failed.pop() {
                    let error = Err::<(), _>(failed.error).at(&path);
                    batch.failed.extend(error.err().map(|error| FailedInput { error, ..failed }));
                }
            }
            Err(error) => scratch.builder.fail(batch, position, error),
        }
    }

    /// Whether most files are stored as they are.
    fn keeps_files(&self) -> bool {
        let spec = self.transformer.spec();
        spec.format == OutputFormat::Keep && !spec.resizes() && spec.color == Color::Keep
    }

    /// Reads a file into the place from which it is written; only where it has to change is it replaced there.
    fn add_in_place(&self, path: &Path, scratch: &mut ImageScratch, batch: &mut Batch) -> Result<(ImageInfo, Notes)> {
        batch.read += self.read(path, &mut batch.bytes)?;
        let at = scratch.builder.payload_at();
        let bytes = batch.bytes.get(at..).unwrap_or_default();
        let prepared = self.transformer.image(bytes, &mut scratch.transform)?;
        let facts = (prepared.info, prepared.notes);
        if let Stored::Encoded(encoded) = prepared.stored {
            batch.bytes.truncate(at);
            batch.bytes.extend_from_slice(encoded);
        }
        Ok(facts)
    }

    /// Reads a file into a buffer of the worker, so that only what is made of it takes room in the batch.
    fn add_encoded(&self, path: &Path, scratch: &mut ImageScratch, batch: &mut Batch) -> Result<(ImageInfo, Notes)> {
        scratch.file.clear();
        batch.read += self.read(path, &mut scratch.file)?;
        let prepared = self.transformer.image(&scratch.file, &mut scratch.transform)?;
        batch.bytes.extend_from_slice(prepared.bytes());
        Ok((prepared.info, prepared.notes))
    }

    /// Appends a whole file to a buffer. Returns its bytes.
    fn read(&self, path: &Path, buffer: &mut Vec<u8>) -> Result<u64> {
        let file = self.storage.open(path).map_err(unreadable)?;
        if file.len() > self.max_file.0 {
            let message = format!(
                "the file has {} bytes, more than an image of the allowed size can need ({} bytes)",
                Count(file.len()),
                Count(self.max_file.0)
            );
            return Err(Error::input(Fault::TooLarge, message)
                .with_hint("raise --max-pixels if it is an image, and --max-shard if it is to be kept as it is"));
        }
        file.append_to(buffer).map_err(unreadable)?;
        Ok(file.len())
    }
}

/// An input that cannot be opened or read is the fault of that input, unless the system itself is out of something.
fn unreadable(error: Error) -> Error {
    let ErrorKind::Io { source, .. } = error.kind() else { return error };
    let exhausted = [libc::EMFILE, libc::ENFILE, libc::ENOMEM];
    if source.raw_os_error().is_some_and(|code| exhausted.contains(&code)) {
        return error;
    }
    let advice = match source.kind() {
        io::ErrorKind::NotFound => "the file was listed and is gone, or a link points nowhere",
        io::ErrorKind::UnexpectedEof => "the file became shorter while it was read",
        _ => error.hint().unwrap_or("check the file, or leave it out with --on-error skip"),
    };
    Error::input(Fault::Unreadable, error.message()).with_hint(advice)
}

/// A worker's buffer above this is given back.
const KEEP_FILE: usize = 16 << 20;

/// What a worker keeps between images.
#[derive(Debug)]
pub struct ImageScratch {
    transform: Scratch,
    builder: RecordBuilder,
    file: Vec<u8>,
}

impl RecordSource for ImageRecords<'_> {
    type Scratch = ImageScratch;

    fn scratch(&self) -> Self::Scratch {
        ImageScratch {
            file: Vec::new(),
            transform: Scratch::default(),
            builder: RecordBuilder::new(self.cap, Made::OfImages),
        }
    }

    fn batch_len(&self) -> u64 {
        // It may come from the plan of an interrupted run, which anyone may have edited.
        self.batch_len.clamp(1, MAX_BATCH)
    }

    fn fill(&self, positions: Range<u64>, scratch: &mut Self::Scratch, batch: &mut Batch) {
        for position in positions {
            self.add(position, scratch, batch);
        }
        batch.trim();
        if scratch.file.capacity() > KEEP_FILE {
            scratch.file = Vec::new();
        }
    }

    fn describe(&self, position: u64) -> (OsString, Option<String>) {
        let item = self.item(position);
        let label = self.label(item).map(|(_, name)| name.to_owned()).filter(|name| !name.is_empty());
        (self.list.path(item).into_os_string(), label)
    }
}
