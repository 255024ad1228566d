//! Whether a data set is fit to be trained on.

use serde::Serialize;

use super::super::data::DataReport;

/// What is wrong with a data set, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// What breaks readers, or makes the results of a training wrong.
    pub errors: u64,
    /// What is worth a look, and may be meant.
    pub warnings: u64,
}

impl Verdict {
    /// Of a report.
    ///
    /// Errors: what `validate` calls so, no records, pictures that do not decode, equal or similar records across splits or with
    /// differing labels, numbers that are NaN or infinite. Warnings: blank pictures, other repeated records, odd labels, and
    /// what `validate` calls so.
    #[must_use]
    pub fn of(report: &DataReport) -> Self {
        let mut verdict = Self { errors: report.health.errors, warnings: report.health.warnings };
        verdict.errors += u64::from(report.records == 0);
        for repeats in [&report.exact, &report.near] {
            let bad = repeats.across_splits.max(repeats.differing_labels);
            verdict.errors += bad;
            verdict.warnings += repeats.groups.total - bad.min(repeats.groups.total);
        }
        if let Some(images) = &report.images {
            verdict.errors += images.broken.total;
            verdict.warnings += images.blank.total;
        }
        verdict.errors += report.arrays.iter().map(|array| u64::from(array.records_not_finite > 0)).sum::<u64>();
        verdict.warnings += report.label_problems.len() as u64;
        verdict
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_clean(self) -> bool {
        self.errors == 0 && self.warnings == 0
    }
}
