//! Numbers as people read them, in templates.

use askama::{Result, Values, filter_fn};

use super::format;

/// With separators: `1,281,167`.
#[filter_fn]
pub(super) fn count(number: &u64, _: &dyn Values) -> Result<String> {
    Ok(format::count(*number))
}
