//! The page.

mod verdict;

pub use verdict::Verdict;

use super::data::DataReport;
use crate::error::Result;

/// The page of a report.
pub(super) fn page(report: &DataReport) -> Result<String> {
    Ok(format!("<!doctype html><meta name=\"generator\" content=\"shardify\"><title>{}</title>", report.records))
}
