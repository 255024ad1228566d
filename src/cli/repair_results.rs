//! What `repair` has to say, as text and as JSON.

use shardify::{ByteSize, Compression, Lost, RepairOutcome, RepairPlan, RepairReport, error::Printable, units::Count};

use super::{
    results::count,
    ui::{duration, table},
};

/// Damaged places that the plan lists; more are counted.
const LISTED: usize = 100;

/// A line for each damaged place, up to so many.
pub(super) fn damage_lines<'a>(lost: impl Iterator<Item = &'a Lost>, most: usize) -> Vec<String> {
    let mut lost = lost.peekable();
    let mut lines = Vec::new();
    while let Some(it) = lost.next_if(|_| lines.len() < most) {
        lines.push(format!("{}: {}", Printable(&it.shard), it.describe()));
    }
    let more = lost.count() as u64;
    if more > 0 {
        lines.push(format!("and {} more damaged {}", Count(more), if more == 1 { "place" } else { "places" }));
    }
    lines
}

/// What can be saved and what not, in a line.
pub(super) fn plan_line(plan: &RepairPlan) -> String {
    let shards = count(plan.shards().count() as u64, "shard", "shards");
    let intact = count(plan.records(), "intact record", "intact records");
    if !plan.has_damage() {
        return format!("no damage found in {shards}; {intact} to copy to {}", Printable(&plan.out));
    }
    format!(
        "{intact} in {shards} to save to {}; lost: {}",
        Printable(&plan.out),
        losses(plan.lost().count(), plan.lost_records(), plan.lost_bytes())
    )
}

fn losses(places: usize, records: u64, bytes: u64) -> String {
    format!(
        "{}, {} in {}",
        count(records, "record", "records"),
        count(bytes, "byte", "bytes"),
        count(places as u64, "place", "places")
    )
}

pub(super) fn plan_text(plan: &RepairPlan) -> String {
    let mut rows = vec![["shard", "records", "damaged", "bytes lost"].map(str::to_owned).to_vec()];
    for shard in plan.shards().filter(|shard| !shard.lost.is_empty()) {
        rows.push(vec![
            Printable(&shard.path).to_string(),
            Count(shard.records()).to_string(),
            Count(shard.lost.len() as u64).to_string(),
            Count(shard.lost.iter().filter_map(|lost| lost.bytes).sum()).to_string(),
        ]);
    }
    let mut text = String::new();
    if plan.has_damage() {
        if rows.len() > 1 {
            text.push_str(&format!("{}\n", table(&rows)));
        }
        for line in damage_lines(plan.lost(), LISTED) {
            text.push_str(&format!("  {line}\n"));
        }
        text.push('\n');
    }
    if plan.records() > 0 {
        text.push_str(&format!("{}\n\n", plan_line(plan)));
        let mut rows = vec![["split", "records", "shards"].map(str::to_owned).to_vec()];
        for split in plan.splits.iter().filter(|split| split.records() > 0) {
            let shards = split.shards.iter().filter(|shard| shard.records() > 0).count() as u64;
            rows.push(vec![split.name.clone(), Count(split.records()).to_string(), Count(shards).to_string()]);
        }
        text.push_str(&table(&rows));
        let compressed = if plan.compression == Compression::Gzip { ", compressed with gzip" } else { "" };
        text.push_str(&format!(
            "\ndata set `{}`{compressed}, no shard above {} bytes\n",
            plan.name,
            Count(plan.max_shard.0)
        ));
    } else {
        text.push_str("no record is intact: there is nothing to save\n");
    }
    text.push_str(&strange(plan.strange));
    text.push_str("nothing was written\n");
    text
}

/// A word on records that are whole and no Examples.
fn strange(records: u64) -> String {
    match records {
        0 => String::new(),
        _ => format!(
            "{} intact and no tf.train.Example: kept; `shardify validate` says more\n",
            count(records, "record is", "records are")
        ),
    }
}

pub(super) fn report_text(report: &RepairReport) -> String {
    let out = Printable(&report.out);
    let manifest = &report.manifest;
    let mut text = String::new();
    if report.outcome == RepairOutcome::NothingToDo {
        text.push_str(&format!("{out} holds this repaired data set already, complete: nothing to do\n\n"));
    }
    let mut rows = vec![["split", "records", "shards", "total"].map(str::to_owned).to_vec()];
    for split in &manifest.splits {
        rows.push(vec![
            split.name.clone(),
            Count(split.records).to_string(),
            Count(split.shards.len() as u64).to_string(),
            ByteSize(split.bytes).to_string(),
        ]);
    }
    text.push_str(&format!("{out}: data set `{}`\n\n{}\n", manifest.name, table(&rows)));
    text.push_str(&format!("saved: {}\n", count(report.records(), "record", "records")));
    match report.lost_file() {
        None => text.push_str("lost: nothing; no damage was found\n"),
        Some(file) => text.push_str(&format!(
            "lost: {}, listed in {}\n",
            losses(report.lost.len(), report.lost_records, report.lost_bytes),
            Printable(&file)
        )),
    }
    text.push_str(&strange(report.strange));
    if report.resumed_shards > 0 && report.outcome != RepairOutcome::NothingToDo {
        text.push_str(&format!(
            "resumed: {} finished before\n",
            count(report.resumed_shards, "shard was", "shards were")
        ));
    }
    if report.bytes_read > 0 {
        text.push_str(&format!("took {}: {} copied\n", duration(report.elapsed), ByteSize(report.bytes_read)));
    }
    text
}
