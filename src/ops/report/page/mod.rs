//! The page: one HTML file that loads nothing.
//!
//! Templates write it ([askama], which escapes every text: [`escape`]); here is what they show, in the form in which they show it.
//! Its policy (Content-Security-Policy) allows the one style and the one script by their hashes and pictures that are in it,
//! so that nothing else could run even if a text were not escaped.

mod charts;
mod code;
mod escape;
#[expect(unreachable_pub, reason = "of code that the macro of filters writes")]
mod filters;
mod format;
mod pictures;
mod problems;
mod sections;
mod verdict;

use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

pub use self::verdict::Verdict;
use self::{
    charts::{Fill, Histogram},
    pictures::{Group, Picture, Repeated},
    problems::Line,
    sections::{ArrayView, ClassPart},
};
use super::data::{DataReport, FeatureFacts};
use crate::error::{Error, Result};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Features in the table.
const MAX_FEATURES: usize = 200;

/// Arrays that are shown.
const MAX_ARRAYS: usize = 24;

/// Splits with a chart of their shards.
const MAX_FILLS: usize = 12;

/// What the templates show.
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    report: &'a DataReport,
    style: &'a str,
    style_hash: String,
    script: &'a str,
    script_hash: String,
    sections: Vec<(&'static str, &'static str)>,
    verdict_class: &'static str,
    verdict_title: String,
    lines: Vec<Line>,
    figures: Vec<(&'static str, String)>,
    sheet: Vec<Group>,
    imbalance: Option<String>,
    shown_splits: Vec<&'a super::data::SplitFacts>,
    class_parts: Vec<ClassPart>,
    formats: String,
    channels: String,
    picture_charts: Vec<Histogram>,
    moments: Vec<(&'static str, String, String)>,
    normalisation: Vec<(&'static str, String)>,
    repeated: Vec<Repeated>,
    blank: Vec<Picture>,
    broken: Vec<(String, String)>,
    arrays: Vec<ArrayView<'a>>,
    health_count: String,
    shards_lead: String,
    fills: Vec<Fill>,
    schema_source: &'static str,
    features: &'a [FeatureFacts],
}

/// The page of a report.
pub(super) fn page(report: &DataReport) -> Result<String> {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let (verdict_class, verdict_title) = problems::verdict(report);
    let fills = report.splits.iter().enumerate();
    let images = report.images.as_ref();
    let page = Page {
        report,
        style: STYLE,
        style_hash: hash(STYLE),
        script: SCRIPT,
        script_hash: hash(SCRIPT),
        sections: sections::sections(report),
        verdict_class,
        verdict_title,
        lines: problems::lines(report),
        figures: sections::figures(report),
        sheet: images.map(pictures::sheet).unwrap_or_default(),
        imbalance: sections::imbalance(report),
        shown_splits: report.splits.iter().take(sections::SPLIT_COLUMNS).collect(),
        class_parts: sections::class_parts(report),
        formats: images.map(|images| sections::listed(&images.formats)).unwrap_or_default(),
        channels: images.map(|images| sections::listed(&images.channels)).unwrap_or_default(),
        picture_charts: images.map(sections::picture_charts).unwrap_or_default(),
        moments: images.map(code::moments).unwrap_or_default(),
        normalisation: images.map(code::normalisation).unwrap_or_default(),
        repeated: pictures::repeated(report),
        blank: images.map(pictures::blank).unwrap_or_default(),
        broken: images.map(pictures::broken).unwrap_or_default(),
        arrays: report.arrays.iter().take(MAX_ARRAYS).map(ArrayView::of).collect(),
        health_count: problems::count(report.health.errors, report.health.warnings),
        shards_lead: sections::shards_lead(report),
        fills: fills.filter_map(|(at, split)| Fill::of(at, split, report.cap)).take(MAX_FILLS).collect(),
        schema_source: sections::schema_source(report),
        features: report.features.get(..report.features.len().min(MAX_FEATURES)).unwrap_or_default(),
    };
    page.render().map_err(|error| Error::output(format!("the page cannot be put together: {error}")))
}

#[cfg(test)]
mod tests;
