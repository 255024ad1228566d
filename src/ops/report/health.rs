//! What `validate` finds, by kind.

use std::{collections::BTreeMap, path::Path};

use super::{
    data::{Health, HealthKind, Listed},
    text,
};
use crate::{
    error::Printable,
    ops::validate::{Finding, FindingKind, Severity, ValidateReport},
    units::Count,
};

/// Findings of a kind that are told.
const MAX_FINDINGS: usize = 60;

pub(super) fn health(report: &ValidateReport) -> Health {
    let mut kinds: BTreeMap<(bool, FindingKind), (Vec<String>, u64, &'static str)> = BTreeMap::new();
    let mut kept: BTreeMap<FindingKind, u64> = BTreeMap::new();
    for finding in &report.findings {
        *kept.entry(finding.kind).or_default() += 1;
        let is_warning = finding.severity != Severity::Error;
        let (lines, total, _) =
            kinds.entry((is_warning, finding.kind)).or_insert_with(|| (Vec::new(), 0, finding.remedy));
        *total += 1;
        if lines.len() < MAX_FINDINGS {
            lines.push(line(finding));
        }
    }
    for (kind, all) in &report.by_kind {
        // Those that were only counted have the usual severity.
        let only_counted = all - kept.get(kind).copied().unwrap_or(0);
        let is_warning = kind.severity() != Severity::Error;
        if only_counted > 0 {
            kinds.entry((is_warning, *kind)).or_insert_with(|| (Vec::new(), 0, kind.remedy())).1 += only_counted;
        }
    }
    let kinds = kinds.into_iter().map(|((is_warning, kind), (items, total, remedy))| HealthKind {
        kind: kind.name().to_owned(),
        is_error: !is_warning,
        findings: Listed { items, total },
        remedy: remedy.to_owned(),
    });
    Health { errors: report.errors, warnings: report.warnings, kinds: kinds.collect() }
}

/// A finding in a line.
fn line(finding: &Finding) -> String {
    let mut place = finding.shard.as_ref().map(|path| {
        let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
        Printable(Path::new(name.as_ref())).to_string()
    });
    if let (Some(place), Some(record)) = (&mut place, finding.record) {
        place.push_str(&format!(", record {}", Count(record.0)));
    }
    if let (Some(place), Some(offset)) = (&mut place, finding.offset) {
        place.push_str(&format!(", byte {}", Count(offset.0)));
    }
    text::text(&match place {
        Some(place) => format!("{place}: {}", finding.message),
        None => finding.message.clone(),
    })
}
