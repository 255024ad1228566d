//! Numbers as people read them.

use crate::{
    ops::report::data::Numbers,
    units::{ByteSize, Count},
};

/// With separators: `1,281,167`.
pub(super) fn count(number: u64) -> String {
    Count(number).to_string()
}

/// In a unit that fits: `183 kB`.
pub(super) fn bytes(number: u64) -> String {
    ByteSize(number).to_string()
}

/// With four significant digits, or with all of a whole number that is not large.
pub(super) fn number(number: f64) -> String {
    let size = number.abs();
    if number.fract() == 0.0 && size < 1e15 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number below 10^15")]
        let whole = count(size as u64);
        return if number < 0.0 { format!("-{whole}") } else { whole };
    }
    let text = match size {
        1000.0..1e15 => return format!("{number:.0}"),
        100.0..1000.0 => format!("{number:.1}"),
        10.0..100.0 => format!("{number:.2}"),
        1.0..10.0 => format!("{number:.3}"),
        0.001..1.0 => format!("{number:.4}"),
        _ => return format!("{number:.3e}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A share in percent; what is not nothing is not shown as nothing.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    let share = part as f64 / whole as f64 * 100.0;
    match share {
        0.0 => "0%".to_owned(),
        0.0..0.1 => "<0.1%".to_owned(),
        0.1..9.95 => format!("{share:.1}%"),
        _ => format!("{share:.0}%"),
    }
}

/// A number of bytes, or one as it is.
pub(super) fn in_unit(value: f64, unit: &str) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes of files")]
    if unit == "bytes" { bytes(value.round().max(0.0) as u64) } else { number(value) }
}

/// Numbers in a sentence.
pub(super) fn summary(numbers: &Numbers, unit: &str) -> String {
    let Some(((min, max), (mean, deviation))) = numbers.min.zip(numbers.max).zip(numbers.mean.zip(numbers.deviation))
    else {
        return "nothing is known".to_owned();
    };
    let show = |value: f64| in_unit(value, unit);
    let unit = if unit == "bytes" || unit.is_empty() { String::new() } else { format!(" {unit}") };
    if min == max {
        return format!("always {}{unit}", show(min));
    }
    format!("{} to {}{unit}, mean {}, deviation {}", show(min), show(max), show(mean), show(deviation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, expected) in [
            (0.0, "0"),
            (-3.0, "-3"),
            (1_281_167.0, "1,281,167"),
            (0.485_123, "0.4851"),
            (-12.345, "-12.35"),
            (123.456, "123.5"),
            (2.4, "2.4"),
            (99.999, "100"),
            (1e-9, "1.000e-9"),
            (1.5e300, "1.500e300"),
        ] {
            assert_eq!(number(value), expected);
        }
        for (part, whole, expected) in
            [(0, 5, "0%"), (1, 10_000, "<0.1%"), (1, 100, "1.0%"), (99, 100, "99%"), (1, 0, "")]
        {
            assert_eq!(percent(part, whole), expected);
        }
    }
}
