//! What the user asks for, checked before the first image is read.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Default JPEG quality of images that are encoded again.
pub const DEFAULT_QUALITY: u8 = 95;

/// Default limit on the pixels (width times height) of one image, against decompression bombs.
pub const DEFAULT_MAX_PIXELS: u64 = 100_000_000;

/// What is to be done with every image. The default keeps JPEG and PNG files as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransformSpec {
    /// Resize so that the shorter side has this many pixels; the aspect ratio is kept.
    pub short_side: Option<u32>,
    /// Final width and height in pixels. After [`short_side`](Self::short_side), the centre is cut out at this size.
    pub size: Option<(u32, u32)>,
    /// How an image of another aspect ratio meets [`size`](Self::size).
    pub fit: Fit,
    /// Leave images alone whose shorter side is already at most [`short_side`](Self::short_side).
    pub only_shrink: bool,
    /// The resampling filter. All but [`Filter::Nearest`] are antialiased when they shrink.
    pub filter: Filter,
    /// The format of the stored bytes.
    pub format: OutputFormat,
    /// JPEG quality, 1 to 100, of images that are encoded again.
    pub quality: u8,
    /// The channels of the stored image.
    pub color: Color,
    /// What to do with the EXIF orientation, which TensorFlow ignores and other readers apply.
    pub exif: ExifMode,
    /// How much of an image is checked that is stored untouched.
    pub verify: Verify,
    /// The most pixels (width times height) that an image may have.
    pub max_pixels: u64,
}

impl Default for TransformSpec {
    fn default() -> Self {
        Self {
            short_side: None,
            size: None,
            fit: Fit::default(),
            only_shrink: false,
            filter: Filter::default(),
            format: OutputFormat::default(),
            quality: DEFAULT_QUALITY,
            color: Color::default(),
            exif: ExifMode::default(),
            verify: Verify::default(),
            max_pixels: DEFAULT_MAX_PIXELS,
        }
    }
}

/// Declares an option with a few named values: the type, its names on the command line and in the manifest.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$value_doc])* $value,)+ }

        impl $name {
            /// Every value, in the order in which help shows them.
            pub const ALL: &[Self] = &[$(Self::$value,)+];

            /// The name on the command line and in the manifest.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$value => $text,)+ }
            }
        }
    };
}

choice! {
    /// How an image of another aspect ratio meets the final size.
    Fit {
        /// Cover the whole area and cut what stands out, centred.
        #[default] Crop = "crop",
        /// Fit inside and fill the rest with black, centred.
        Pad = "pad",
        /// Give up the aspect ratio.
        Stretch = "stretch",
    }
}

choice! {
    /// The resampling filter.
    Filter {
        /// The nearest pixel; for label maps.
        Nearest = "nearest",
        /// The mean of the area.
        Box = "box",
        /// A triangle, as `tf.image.resize(antialias=True)` takes by default.
        Bilinear = "bilinear",
        /// Catmull-Rom.
        #[default] Bicubic = "bicubic",
        /// Three-lobed Lanczos, the sharpest.
        Lanczos3 = "lanczos3",
    }
}

choice! {
    /// The format of the stored bytes.
    OutputFormat {
        /// JPEG stays JPEG and PNG stays PNG, untouched where nothing else changes; all else becomes PNG.
        #[default] Keep = "keep",
        /// JPEG, 4:2:0, without alpha.
        Jpeg = "jpeg",
        /// PNG, with alpha and 16 bits where the source has them.
        Png = "png",
        /// `height * width * channels` bytes.
        Raw = "raw",
    }
}

choice! {
    /// The channels of the stored image.
    Color {
        /// As the source has them.
        #[default] Keep = "keep",
        /// Three channels; grey is repeated, alpha dropped.
        Rgb = "rgb",
        /// One channel, weighted as in ITU-R 601.
        Gray = "gray",
    }
}

choice! {
    /// What to do with the EXIF orientation.
    ExifMode {
        /// Turn the pixels and drop the tag, so that every reader sees the same picture.
        #[default] Apply = "apply",
        /// Leave pixels and tag as they are.
        Keep = "keep",
    }
}

choice! {
    /// How much of an image is checked that is stored untouched.
    Verify {
        /// Headers, segments or chunks with their checksums, and the end of the file.
        #[default] Structure = "structure",
        /// All of that, and every pixel is decoded.
        Decode = "decode",
    }
}

impl Filter {
    /// How far the filter reaches, in samples of the result when it shrinks.
    pub(super) const fn radius(self) -> f64 {
        match self {
            Self::Nearest => 0.0,
            Self::Box => 0.5,
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos3 => 3.0,
        }
    }
}

impl TransformSpec {
    /// Whether pixels are resized at all.
    #[must_use]
    pub fn resizes(&self) -> bool {
        self.short_side.is_some() || self.size.is_some()
    }

    /// Refuses options that contradict each other.
    ///
    /// # Errors
    /// [`ErrorKind::Options`](crate::ErrorKind::Options) saying what to change.
    pub fn validate(&self) -> Result<()> {
        let fail = |message: String| Err(Error::options(message));
        if !(1..=100).contains(&self.quality) {
            return fail(format!("--quality {} is out of range: expected 1 to 100", self.quality));
        }
        if self.max_pixels == 0 {
            return fail("--max-pixels 0 would refuse every image: give the most pixels an image may have".into());
        }
        if self.short_side == Some(0) {
            return fail("--resize 0 leaves no pixels: give the length of the shorter side, as in --resize 256".into());
        }
        if let Some((width, height)) = self.size {
            if width == 0 || height == 0 {
                return fail(format!("--size {width}x{height} leaves no pixels: both sides must be at least 1"));
            }
            if u64::from(width) * u64::from(height) > self.max_pixels {
                return fail(format!(
                    "--size {width}x{height} asks for more pixels than --max-pixels {} allows: raise --max-pixels",
                    crate::units::Count(self.max_pixels)
                ));
            }
            if let Some(short) = self.short_side {
                if self.fit != Fit::Crop {
                    return fail(format!(
                        "--resize {short} with --size {width}x{height} cuts the centre out and cannot {}: drop --resize, or use --fit crop",
                        self.fit.name()
                    ));
                }
                if width > short || height > short {
                    return fail(format!(
                        "--size {width}x{height} does not fit in an image whose shorter side is --resize {short}: use --resize {} or drop --resize",
                        width.max(height)
                    ));
                }
            }
        } else if self.fit != Fit::Crop {
            return fail(format!("--fit {} needs a final size: add --size WIDTHxHEIGHT", self.fit.name()));
        }
        if self.only_shrink && (self.short_side.is_none() || self.size.is_some()) {
            return fail("never enlarging goes with --resize alone: --size gives every image the same size".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(edit: impl FnOnce(&mut TransformSpec), expected: Result<(), &str>) {
        let mut spec = TransformSpec::default();
        edit(&mut spec);
        match (spec.validate().map_err(|error| error.to_string()), expected) {
            (Ok(()), Ok(())) => {}
            (Err(got), Err(part)) => assert!(got.contains(part), "{got}"),
            (got, expected) => panic!("{spec:?}: {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn contradictions_are_refused_with_advice() {
        check(|_| {}, Ok(()));
        check(|s| s.quality = 0, Err("expected 1 to 100"));
        check(|s| s.quality = 101, Err("expected 1 to 100"));
        check(|s| s.max_pixels = 0, Err("--max-pixels 0"));
        check(|s| s.short_side = Some(0), Err("--resize 0"));
        check(|s| s.size = Some((0, 5)), Err("at least 1"));
        check(|s| s.size = Some((20_000, 20_000)), Err("raise --max-pixels"));
        check(|s| (s.short_side, s.size) = (Some(256), Some((224, 224))), Ok(()));
        check(|s| (s.short_side, s.size) = (Some(256), Some((224, 300))), Err("use --resize 300"));
        check(|s| (s.short_side, s.size, s.fit) = (Some(256), Some((224, 224)), Fit::Pad), Err("cannot pad"));
        check(|s| (s.short_side, s.fit) = (Some(256), Fit::Stretch), Err("add --size"));
        check(|s| (s.short_side, s.only_shrink) = (Some(256), true), Ok(()));
        check(|s| s.only_shrink = true, Err("goes with --resize"));
        check(|s| (s.size, s.only_shrink) = (Some((8, 8)), true), Err("goes with --resize"));
    }

    #[test]
    fn a_spec_survives_json_and_absent_fields_are_defaults() {
        let spec = TransformSpec { size: Some((224, 160)), fit: Fit::Pad, ..TransformSpec::default() };
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<TransformSpec>(&json).unwrap(), spec);
        assert_eq!(serde_json::from_str::<TransformSpec>("{}").unwrap(), TransformSpec::default());
        assert!(json.contains(r#""fit":"pad""#), "{json}");
    }

    #[test]
    fn names_are_those_of_json() {
        for filter in Filter::ALL {
            assert_eq!(serde_json::to_string(filter).unwrap(), format!("\"{}\"", filter.name()));
        }
    }
}
