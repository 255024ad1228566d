//! The codes of a Huffman table, as a DHT segment defines them: by how many there are of each length.

/// Where the codes of each length end.
pub(super) struct Codes {
    /// The first 16-bit prefix above the codes of a length, and what to add to a code for the index of its symbol.
    limit: [u32; 17],
    offset: [i32; 17],
}

impl Codes {
    /// Gives each code its symbol: `each` is called with length, code and symbol, from the shortest. `None` when there are
    /// more codes than bits can tell apart, or fewer symbols than codes, or when `each` returns it.
    pub(super) fn new(
        counts: &[u8; 16],
        symbols: &[u8],
        mut each: impl FnMut(u32, u32, u8) -> Option<()>,
    ) -> Option<Self> {
        let mut codes = Self { limit: [0; 17], offset: [0; 17] };
        let (mut code, mut index) = (0_u32, 0_u32);
        for (length, &count) in (1_u32..).zip(counts) {
            *codes.offset.get_mut(length as usize)? = i32::try_from(index).ok()? - i32::try_from(code).ok()?;
            for _ in 0..count {
                let symbol = *symbols.get(index as usize)?;
                if code >> length != 0 {
                    return None;
                }
                each(length, code, symbol)?;
                code += 1;
                index += 1;
            }
            *codes.limit.get_mut(length as usize)? = code << (16 - length);
            code <<= 1;
        }
        Some(codes)
    }

    /// The length of the code that 16 bits start with, and the index of its symbol; `None` if there is no such code.
    pub(super) fn find(&self, prefix: u32) -> Option<(u32, usize)> {
        let lengths = (0_u32..).zip(self.limit.iter().zip(&self.offset)).skip(1);
        let (length, (_, offset)) = lengths.into_iter().find(|(_, (limit, _))| prefix < **limit)?;
        let index = i32::try_from(prefix >> (16 - length)).ok()? + offset;
        Some((length, usize::try_from(index).ok()?))
    }
}
