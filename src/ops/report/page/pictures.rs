//! Small copies of pictures, and lists of where pictures are.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{format::count, problems::of as of_many};
use crate::ops::report::data::{DataReport, Images, Place, Repeats, Thumbnail};

/// Groups of repeated records that are shown.
const MAX_GROUPS: usize = 40;

/// Records of a group that are listed.
const MAX_MEMBERS: usize = 8;

/// A picture in the page.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) mime: &'static str,
    /// The file as base64.
    pub(super) data: String,
    pub(super) width: u32,
    pub(super) height: u32,
    /// What it is and where.
    pub(super) caption: String,
}

impl Picture {
    fn of(thumbnail: &Thumbnail) -> Self {
        let Thumbnail { place, height, width, shown_height, shown_width, mime, data } = thumbnail;
        let caption = format!("{}, {width} × {height}", words(place));
        Self { mime, data: STANDARD.encode(data), width: *shown_width, height: *shown_height, caption }
    }
}

/// Where a record is, in words.
fn words(place: &Place) -> String {
    let mut parts: Vec<&str> = Vec::new();
    if !place.class.is_empty() {
        parts.push(&place.class);
    }
    if !place.filename.is_empty() {
        parts.push(&place.filename);
    }
    let record = format!("{}, record {}", place.shard, place.record);
    parts.push(&record);
    if !place.split.is_empty() {
        parts.push(&place.split);
    }
    parts.join(" · ")
}

/// The pictures of a class.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) records: String,
    pub(super) shown: Vec<Picture>,
}

pub(super) fn sheet(images: &Images) -> Vec<Group> {
    let groups = images.sheet.iter().map(|group| Group {
        name: group.name.clone(),
        records: count(group.records),
        shown: group.shown.iter().map(Picture::of).collect(),
    });
    groups.collect()
}

pub(super) fn blank(images: &Images) -> Vec<Picture> {
    images.blank.items.iter().map(|blank| Picture::of(&blank.thumbnail)).collect()
}

pub(super) fn broken(images: &Images) -> Vec<(String, String)> {
    images.broken.items.iter().map(|broken| (words(&broken.place), broken.reason.clone())).collect()
}

/// Records that occur more than once.
#[derive(Debug)]
pub(super) struct Repeated {
    pub(super) anchor: &'static str,
    pub(super) title: &'static str,
    pub(super) lead: String,
    pub(super) nothing: &'static str,
    pub(super) groups: Vec<RepeatedGroup>,
    pub(super) total: u64,
}

/// Records with the same content.
#[derive(Debug)]
pub(super) struct RepeatedGroup {
    pub(super) title: String,
    pub(super) across_splits: bool,
    pub(super) differing_labels: bool,
    pub(super) pictures: Vec<Picture>,
    pub(super) members: Vec<String>,
    pub(super) total: u64,
}

/// The sections about repeated records: none where none were looked for.
pub(super) fn repeated(report: &DataReport) -> Vec<Repeated> {
    let mut sections = Vec::new();
    let has_pictures = report.images.is_some();
    if has_pictures || report.exact.groups.total > 0 {
        let (title, nothing) = match has_pictures {
            true => ("Equal pictures", "No two pictures are equal byte for byte."),
            false => ("Equal records", "No two values are equal byte for byte."),
        };
        sections.push(of(&report.exact, "equal", title, nothing));
    }
    if let Some(images) = &report.images {
        let nothing = if images.decoded < images.total {
            "None of the decoded pictures looks like another one."
        } else {
            "No picture looks like another one."
        };
        sections.push(of(&report.near, "similar", "Similar pictures", nothing));
    }
    sections
}

fn of(repeats: &Repeats, anchor: &'static str, title: &'static str, nothing: &'static str) -> Repeated {
    let groups = repeats.groups.items.iter().take(MAX_GROUPS).map(|group| RepeatedGroup {
        title: format!("{} times", count(group.members.total)),
        across_splits: group.across_splits,
        differing_labels: group.differing_labels,
        pictures: group.thumbnails.iter().map(Picture::of).collect(),
        members: group.members.items.iter().take(MAX_MEMBERS).map(words).collect(),
        total: group.members.total,
    });
    let groups_of = |number: u64| of_many(number, "group", "groups");
    let surplus = of_many(repeats.surplus, "record", "records");
    let mut lead = format!("{}; {surplus} could go.", groups_of(repeats.groups.total));
    if anchor == "similar" {
        lead.insert_str(0, "They look the same and are different files: other sizes, other encodings, small changes. ");
    }
    if repeats.across_splits > 0 {
        let groups = groups_of(repeats.across_splits);
        lead.push_str(&format!(" In more than one split, so that what is tested was trained on: {groups}."));
    }
    if repeats.differing_labels > 0 {
        lead.push_str(&format!(" With differing labels: {}.", groups_of(repeats.differing_labels)));
    }
    Repeated { anchor, title, lead, nothing, groups: groups.collect(), total: repeats.groups.total }
}
