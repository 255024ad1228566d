//! How large metadata can be: what is larger is not written, and is not taken for metadata when it is found.

use super::MANIFEST_NAME;
use crate::{
    error::{Error, Result},
    units::Count,
};

/// What is larger is no manifest: half a million shards take less. It is read whole, and can take some twenty times its size.
pub const MAX_MANIFEST: u64 = 128 << 20;

/// No metadata of TFDS are larger, of hundreds of thousands of shards either. What they say can take fifty times their size.
pub const MAX_TFDS: u64 = 16 << 20;

/// No list of class names is larger.
pub const MAX_LABELS: u64 = 64 << 20;

/// Refuses metadata that would not be read back. Other files have no limit.
///
/// # Errors
/// [`ErrorKind::Output`](crate::ErrorKind::Output).
pub fn check_size(name: &str, bytes: u64) -> Result<()> {
    let most = match name {
        MANIFEST_NAME => MAX_MANIFEST,
        "dataset_info.json" | "features.json" => MAX_TFDS,
        _ if name.ends_with(".labels.txt") => MAX_LABELS,
        _ => return Ok(()),
    };
    if bytes <= most {
        return Ok(());
    }
    let (bytes, most) = (Count(bytes), Count(most));
    Err(Error::output(format!("{name} would have {bytes} bytes, and is not read if it has more than {most}"))
        .with_hint("make fewer shards (--max-shard), or shorten the class names; --overwrite starts again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_written() {
        for (name, most) in [
            (MANIFEST_NAME, 128 << 20),
            ("dataset_info.json", 16 << 20),
            ("label.labels.txt", 64 << 20),
            ("failures.jsonl", u64::MAX),
        ] {
            check_size(name, most).unwrap();
            assert_eq!(check_size(name, most.saturating_add(1)).is_err(), most < u64::MAX, "{name}");
        }
    }
}
