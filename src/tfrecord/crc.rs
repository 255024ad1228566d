//! CRC-32C (Castagnoli) as TFRecord stores it: rotated and offset, so that a CRC of data that holds CRCs stays useful.

const MASK_DELTA: u32 = 0xa282_ead8;

/// The masked form of a CRC-32C.
#[must_use]
pub const fn mask(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(MASK_DELTA)
}

/// The CRC-32C behind its masked form.
#[must_use]
pub const fn unmask(masked: u32) -> u32 {
    masked.wrapping_sub(MASK_DELTA).rotate_left(15)
}

/// The masked CRC-32C of some bytes.
#[must_use]
pub fn masked_crc32c(bytes: &[u8]) -> u32 {
    mask(crc32c::crc32c(bytes))
}

/// The polynomial of CRC-32C, its bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// The product of two polynomials modulo that of CRC-32C, bits reversed: the highest bit stands for 1.
const fn multiply(a: u32, mut b: u32) -> u32 {
    let (mut product, mut bit) = (0, 1 << 31);
    while bit != 0 {
        if a & bit != 0 {
            product ^= b;
        }
        bit >>= 1;
        b = if b & 1 == 0 { b >> 1 } else { b >> 1 ^ POLYNOMIAL };
    }
    product
}

/// `x` to the power of `8 * 2^i`: what `2^i` bytes of zeros multiply a checksum with.
const POWERS: [u32; 64] = {
    // x^1, squared three times.
    let mut power = 1 << 30;
    let mut powers = [0; 64];
    let mut at = 0;
    while at < 67 {
        if at >= 3 {
            #[expect(clippy::indexing_slicing, reason = "below 64, and checked when compiled")]
            {
                powers[at - 3] = power;
            }
        }
        power = multiply(power, power);
        at += 1;
    }
    powers
};

/// What a CRC-32C contributes to that of the same bytes followed by `len` more: the latter is this, XOR the CRC-32C of what
/// follows.
#[must_use]
pub(super) fn shift(crc: u32, len: u64) -> u32 {
    let bits = POWERS.iter().enumerate().filter(|(at, _)| len >> at & 1 == 1);
    bits.fold(crc, |crc, (_, power)| multiply(*power, crc))
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "lengths in memory")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shifting_is_what_the_crate_calls_combining(crc: u32, second: u32, len in 0u64..1 << 40) {
            prop_assert_eq!(shift(crc, len) ^ second, crc32c::crc32c_combine(crc, second, len as usize));
        }

        #[test]
        fn checksums_of_parts_make_that_of_the_whole(bytes: Vec<u8>, at: prop::sample::Index) {
            let (a, b) = bytes.split_at(at.index(bytes.len() + 1));
            prop_assert_eq!(crc32c::crc32c(&bytes), shift(crc32c::crc32c(a), b.len() as u64) ^ crc32c::crc32c(b));
        }
    }

    #[test]
    fn masking_is_undone() {
        for crc in [0, 1, 0xdead_beef, u32::MAX] {
            assert_eq!(unmask(mask(crc)), crc);
        }
    }
}
