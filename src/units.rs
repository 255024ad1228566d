//! Sizes, offsets and positions as types, so that none is taken for another, and parsed at the edge only.

use std::{fmt, str::FromStr};

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ByteSize(pub u64);

/// A position in a file: bytes from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ByteOffset(pub u64);

/// A position of a record in its shard, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct RecordIndex(pub u64);

impl fmt::Display for ByteOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for RecordIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Decimal units with three significant digits, as in `1.23 GB`; exact below 1000 bytes.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
        if self.0 < 1000 {
            return f.pad(&format!("{} B", self.0));
        }
        #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
        let mut value = self.0 as f64 / 1000.0;
        let mut unit = 0;
        while value >= 999.5 && unit + 1 < UNITS.len() {
            value /= 1000.0;
            unit += 1;
        }
        let digits = if value < 9.995 {
            2
        } else if value < 99.95 {
            1
        } else {
            0
        };
        f.pad(&format!("{value:.digits$} {}", UNITS.get(unit).copied().unwrap_or_default()))
    }
}

/// Parses `512`, `512B`, `512kB`, `512MB` (10^6), `512MiB` (2^20), up to `EB`/`EiB`. A unit is never guessed: `512M` is refused.
impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let split = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
        let (digits, unit) = trimmed.split_at(split);
        if digits.is_empty() {
            return Err(format!("`{text}` is not a size: expected a whole number and a unit, as in 512MB or 512MiB"));
        }
        if unit.starts_with(['.', ',']) {
            return Err(format!("`{text}` is not a whole number: use a smaller unit, as in 1500MB for 1.5GB"));
        }
        let scale: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "tb" => 1_000_000_000_000,
            "pb" => 1_000_000_000_000_000,
            "eb" => 1_000_000_000_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            "tib" => 1 << 40,
            "pib" => 1 << 50,
            "eib" => 1 << 60,
            _ => {
                return Err(format!(
                    "`{text}` has no known unit: use B, kB, MB, GB (powers of 1000) or KiB, MiB, GiB (powers of 1024)"
                ));
            }
        };
        let number: u64 = digits.parse().map_err(|_| format!("`{text}` does not fit in 64 bits"))?;
        number.checked_mul(scale).map(ByteSize).ok_or_else(|| format!("`{text}` does not fit in 64 bits"))
    }
}

/// A count with thousands separators, as in `1,281,167`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<u64, &str>) {
        let got = text.parse::<ByteSize>().map(|size| size.0);
        match (got, expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected, "{text:?}"),
            (Err(got), Err(part)) => assert!(got.contains(part), "{text:?}: {got}"),
            (got, expected) => panic!("{text:?}: {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn sizes() {
        check("512", Ok(512));
        check("512B", Ok(512));
        check("512MB", Ok(512_000_000));
        check("512MiB", Ok(512 << 20));
        check("256 MiB", Ok(256 << 20));
        check("2gib", Ok(2 << 30));
        check("512M", Err("no known unit"));
        check("1.5GB", Err("not a whole number"));
        check("-1MB", Err("not a size"));
        check("", Err("not a size"));
        check("MB", Err("not a size"));
        check("99999999999GiB", Err("does not fit in 64 bits"));
        check("99999999999999999999", Err("does not fit in 64 bits"));
    }

    #[test]
    fn shown_sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (999_499, "999 kB"),
            (999_500, "1.00 MB"),
            (12_345_678, "12.3 MB"),
            (256_000_000, "256 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(ByteSize(bytes).to_string(), text);
        }
    }

    #[test]
    fn shown_counts() {
        for (count, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_281_167, "1,281,167")] {
            assert_eq!(Count(count).to_string(), text);
        }
    }
}
