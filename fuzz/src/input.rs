//! Takes the bytes of a fuzzer apart into the choices that a target makes.

/// What is left of the bytes. Where they are used up, every choice is zero.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// A number of two bytes.
    pub fn short(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }

    /// A number below `end`, which is above 0.
    pub fn below(&mut self, end: usize) -> usize {
        let number = if end > 256 { self.short() << 8 | usize::from(self.byte()) } else { self.byte().into() };
        number % end.max(1)
    }

    /// The next bytes, as far as there are any.
    pub fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Bytes whose number comes first, in one byte.
    pub fn text(&mut self) -> &'a [u8] {
        let len = self.byte().into();
        self.take(len)
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
