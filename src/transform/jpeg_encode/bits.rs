//! Bits into bytes, as the entropy-coded data of a JPEG want them.

/// Collects bits from the top of a word and writes eight bytes at a time.
pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    /// The bits that wait are the lowest ones; what is above them has been written.
    word: u64,
    /// How many more bits the word takes, 1 to 64.
    free: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, word: 0, free: 64 }
    }

    /// Appends the lowest `count` bits, 32 at most; those above them must be zero.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        if count < self.free {
            self.word = self.word << count | u64::from(bits);
            self.free -= count;
        } else {
            let later = count - self.free;
            self.write(self.word << self.free | u64::from(bits) >> later);
            self.word = u64::from(bits);
            self.free = 64 - later;
        }
    }

    /// Writes eight bytes. A byte of ones gets a zero behind it, lest it be taken for a marker.
    #[inline(always)]
    fn write(&mut self, word: u64) {
        // No byte is 0xFF: none of the bytes of the complement is zero.
        if (!word).wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 == 0 {
            self.out.extend_from_slice(&word.to_be_bytes());
        } else {
            self.write_stuffed(&word.to_be_bytes());
        }
    }

    #[cold]
    #[inline(never)]
    fn write_stuffed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.out.push(byte);
            if byte == 0xFF {
                self.out.push(0);
            }
        }
    }

    /// Fills up the last byte with ones and writes what waits.
    pub(super) fn finish(&mut self) {
        self.put(0x7F, 7);
        let waiting = 64 - self.free;
        let word = self.word.checked_shl(self.free).unwrap_or(0);
        let bytes = word.to_be_bytes();
        self.write_stuffed(bytes.get(..waiting as usize / 8).unwrap_or_default());
        (self.word, self.free) = (0, 64);
    }
}
