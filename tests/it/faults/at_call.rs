//! Does something at one call.

use super::{
    call::Call,
    tracer::{Do, Watch},
};

/// Counts the calls that matter, and does something at one of them.
pub(crate) struct AtCall<'a> {
    at: usize,
    what: Do,
    matters: Box<dyn Fn(&Call) -> bool + 'a>,
    /// Whether the same is done at all that follow.
    pub(crate) lasts: bool,
    seen: usize,
    /// The call at which it was done first.
    pub(crate) hit: Option<Call>,
}

impl<'a> AtCall<'a> {
    pub(crate) fn new(at: usize, what: Do, matters: impl Fn(&Call) -> bool + 'a) -> Self {
        Self { at, what, matters: Box::new(matters), lasts: false, seen: 0, hit: None }
    }
}

impl Watch for AtCall<'_> {
    fn before(&mut self, call: &Call) -> Do {
        if !(self.matters)(call) {
            return Do::Nothing;
        }
        self.seen += 1;
        if self.seen == self.at + 1 {
            self.hit = Some(call.clone());
        } else if self.seen <= self.at || !self.lasts {
            return Do::Nothing;
        }
        self.what
    }
}
