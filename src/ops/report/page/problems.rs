//! What is wrong, in the first lines of the page.

use super::{Verdict, format};
use crate::ops::report::data::{DataReport, Repeats};

/// One thing that is wrong.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) is_error: bool,
    /// The section that tells more.
    pub(super) anchor: &'static str,
    pub(super) text: String,
}

/// A number with its noun.
pub(super) fn of(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", format::count(number), if number == 1 { one } else { many })
}

/// Errors and warnings, counted.
pub(super) fn count(errors: u64, warnings: u64) -> String {
    match (errors, warnings) {
        (0, warnings) => of(warnings, "warning", "warnings"),
        (errors, 0) => of(errors, "error", "errors"),
        _ => format!("{} and {}", of(errors, "error", "errors"), of(warnings, "warning", "warnings")),
    }
}

/// The class and the words of the headline.
pub(super) fn verdict(report: &DataReport) -> (&'static str, String) {
    let Verdict { errors, warnings, .. } = report.verdict();
    match (errors, warnings) {
        (0, 0) => ("is-good", "Nothing is wrong with this data set.".to_owned()),
        (0, _) => ("is-odd", format!("Fit to train on, with {} to look at.", of(warnings, "warning", "warnings"))),
        _ => ("is-wrong", format!("Look at this before you train: {}.", count(errors, warnings))),
    }
}

/// All that is wrong, errors first.
pub(super) fn lines(report: &DataReport) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |is_error: bool, anchor: &'static str, number: u64, text: String| {
        if number > 0 {
            lines.push(Line { is_error, anchor, text });
        }
    };
    add(true, "overview", u64::from(report.records == 0), "there is not a single record".to_owned());
    for kind in &report.health.kinds {
        let total = kind.findings.total;
        add(kind.is_error, "health", total, format!("{}: {}", kind.kind, of(total, "finding", "findings")));
    }
    if let Some(images) = &report.images {
        let broken = images.broken.total;
        let text = of(broken, "picture does not decode", "pictures do not decode");
        add(true, "broken", broken, text);
        let blank = images.blank.total;
        add(false, "blank", blank, of(blank, "picture is blank", "pictures are blank"));
    }
    let what = if report.images.is_some() { "pictures" } else { "records" };
    repeats(&report.exact, "equal", what, &mut add);
    repeats(&report.near, "similar", what, &mut add);
    for array in &report.arrays {
        let records = array.records_not_finite;
        let text = of(records, "record has", "records have");
        add(true, "arrays", records, format!("{}: {text} numbers that are NaN or infinite", array.key));
    }
    for problem in &report.label_problems {
        add(false, "labels", 1, format!("{}: {}", problem.title, format::count(problem.details.total)));
    }
    lines.sort_by_key(|line| !line.is_error);
    lines
}

fn repeats(repeats: &Repeats, anchor: &'static str, what: &str, add: &mut impl FnMut(bool, &'static str, u64, String)) {
    let groups = |number: u64| of(number, "group", "groups");
    let (across, differing) = (repeats.across_splits, repeats.differing_labels);
    let text = format!("{} of {anchor} {what} across splits: what is tested was trained on", groups(across));
    add(true, anchor, across, text);
    add(true, anchor, differing, format!("{} of {anchor} {what} with differing labels", groups(differing)));
    let other = repeats.groups.total - across.max(differing).min(repeats.groups.total);
    add(false, anchor, other, format!("{} of {anchor} {what}", groups(other)));
}
