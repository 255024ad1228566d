//! Short names for the errors that the checks of one image raise, with the byte where they found it.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    error::{Error, Fault, Result},
    units::{ByteOffset, Count},
};

/// What to do about a file whose bytes contradict each other.
pub(super) const DAMAGED: &str = "the file is damaged: replace it, or go on without such files: --on-error skip";

pub(super) fn truncated(at: usize, message: impl Into<String>) -> Error {
    placed(Fault::Truncated, at, message).with_hint("copy or download the file again: its end is missing")
}

pub(super) fn corrupt(at: usize, message: impl Into<String>) -> Error {
    placed(Fault::Corrupt, at, message).with_hint(DAMAGED)
}

pub(super) fn unsupported(message: impl Into<String>) -> Error {
    Error::input(Fault::Unsupported, message)
        .with_hint("convert it to baseline JPEG or PNG first, for example with ImageMagick: magick FILE FILE.png")
}

fn placed(fault: Fault, at: usize, message: impl Into<String>) -> Error {
    Error::input(fault, message).at_place(ByteOffset(at as u64).into())
}

/// Refuses images with no pixels or with more than the limit; called before anything of their size is allocated.
pub(super) fn check_pixels(width: u32, height: u32, max_pixels: u64) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(
            Error::input(Fault::Corrupt, format!("the header claims {width}x{height} pixels")).with_hint(DAMAGED)
        );
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > max_pixels {
        return Err(Error::input(
            Fault::TooManyPixels,
            format!("{width}x{height} is {} pixels, more than the limit of {}", Count(pixels), Count(max_pixels)),
        )
        .with_hint(format!("if the image is genuine, raise the limit: --max-pixels {pixels}")));
    }
    Ok(())
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread runs a decoder whose panic will be caught and reported as a fault of the image: a panic hook need
/// not tell the user.
#[must_use]
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Runs code of others; a panic in it is a fault of this input and not the end of the run.
pub(super) fn guarded<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = GUARDED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(before);
    outcome.unwrap_or_else(|_| Err(Error::input(Fault::Corrupt, "the decoder panicked").with_hint(DAMAGED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_fault_of_the_input() {
        let error = guarded::<()>(|| panic!("on purpose")).unwrap_err();
        assert_eq!(error.fault(), Some(Fault::Corrupt));
        assert!(error.to_string().contains("the decoder panicked"));
    }

    #[test]
    fn the_limit_names_both_numbers_and_the_option() {
        check_pixels(10_000, 10_000, 100_000_000).unwrap();
        let error = check_pixels(60_000, 60_000, 100_000_000).unwrap_err();
        assert_eq!(error.fault(), Some(Fault::TooManyPixels));
        assert!(error.to_string().contains("3,600,000,000") && error.to_string().contains(" 100,000,000"), "{error}");
        assert!(error.hint().unwrap().contains("--max-pixels 3600000000"));
    }
}
