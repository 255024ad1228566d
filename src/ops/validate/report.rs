//! What a validation has to say, and how findings are gathered for it in bounded memory.

use std::{collections::BTreeMap, time::Duration};

use super::finding::{Finding, FindingKind, Severity};

/// Findings of one kind that are kept; more are only counted.
pub const MAX_FINDINGS: u64 = 100_000;

/// What was looked at, and everything that is wrong with it.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ValidateReport {
    /// Shards that were looked at.
    pub shards: u64,
    /// Intact records in them.
    pub records: u64,
    /// The bytes of their files.
    pub bytes: u64,
    /// The findings by data set, shard, place and kind: all of them up to [`MAX_FINDINGS`] of a kind.
    pub findings: Vec<Finding>,
    /// How many there are of each kind, exactly.
    pub by_kind: BTreeMap<FindingKind, u64>,
    /// How many of them are errors.
    pub errors: u64,
    /// How many of them are warnings.
    pub warnings: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl ValidateReport {
    /// Whether nothing at all was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.by_kind.is_empty()
    }

    /// How many more findings of a kind are kept.
    pub(super) fn room(&self, kind: FindingKind) -> u64 {
        MAX_FINDINGS.saturating_sub(self.by_kind.get(&kind).copied().unwrap_or(0))
    }

    fn count(&mut self, kind: FindingKind, severity: Severity, findings: u64) {
        if findings > 0 {
            *self.by_kind.entry(kind).or_default() += findings;
            *match severity {
                Severity::Error => &mut self.errors,
                Severity::Warning => &mut self.warnings,
            } += findings;
        }
    }
}

/// The findings in one data set, with the position of the shard that each belongs to; those of the data set as a whole have
/// none.
pub(super) struct Gathered<'r> {
    report: &'r mut ValidateReport,
    found: Vec<(Option<usize>, Finding)>,
}

impl<'r> Gathered<'r> {
    pub(super) fn new(report: &'r mut ValidateReport) -> Self {
        Self { report, found: Vec::new() }
    }

    /// Adds a finding, if there is room for it; it counts in any case.
    pub(super) fn add(&mut self, shard: Option<usize>, finding: Finding) {
        if self.report.room(finding.kind) > 0 {
            self.count(finding.kind, finding.severity, 1);
            self.found.push((shard, finding));
        } else {
            self.count(finding.kind, finding.severity, 1);
        }
    }

    /// Counts findings that nobody has the place of.
    pub(super) fn count(&mut self, kind: FindingKind, severity: Severity, findings: u64) {
        self.report.count(kind, severity, findings);
    }

    /// How many more findings of a kind are kept.
    pub(super) fn room(&self, kind: FindingKind) -> u64 {
        self.report.room(kind)
    }

    /// What was looked at.
    pub(super) fn looked_at(&mut self, shards: u64, records: u64, bytes: u64) {
        self.report.shards += shards;
        self.report.records += records;
        self.report.bytes += bytes;
    }

    /// Brings the findings into their order and hands them to the report.
    pub(super) fn finish(mut self) {
        self.found.sort_by(|(shard_a, a), (shard_b, b)| {
            (shard_a, a.offset, a.kind, a.record).cmp(&(shard_b, b.offset, b.kind, b.record)).then_with(|| {
                let path = |finding: &Finding| if shard_a.is_none() { finding.shard.clone() } else { None };
                path(a).cmp(&path(b))
            })
        });
        self.report.findings.extend(self.found.into_iter().map(|(_, finding)| finding));
    }
}
