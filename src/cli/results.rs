//! What `convert` has to say when it is done, as text.

use std::time::Duration;

use shardify::{
    ByteSize, Compression, ConvertOptions, ConvertOutcome, ConvertReport, DryRun, index::Manifest, units::Count,
};

use super::ui::{duration, table};

/// A count with its noun.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", Count(number), if number == 1 { one } else { many })
}

/// Bytes a second.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shown")]
pub(super) fn speed(bytes: u64, elapsed: Duration) -> ByteSize {
    ByteSize((bytes as f64 / elapsed.as_secs_f64().max(1e-9)) as u64)
}

/// A result for programs, as `--json` prints it.
pub(super) fn pretty(result: &serde_json::Value) -> String {
    super::safe::json(&format!("{result:#}\n")).into_owned()
}

fn classes(number: usize) -> String {
    if number == 0 { "no classes".to_owned() } else { count(number as u64, "class", "classes") }
}

/// What is in each split of a data set.
pub(super) fn split_table(manifest: &Manifest) -> String {
    let row = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
    let mut rows = vec![row(["split", "records", "shards", "largest", "total"])];
    for split in &manifest.splits {
        let largest = split.shards.iter().map(|shard| shard.bytes).max().unwrap_or(0);
        rows.push(vec![
            split.name.clone(),
            Count(split.records).to_string(),
            Count(split.shards.len() as u64).to_string(),
            ByteSize(largest).to_string(),
            ByteSize(split.bytes).to_string(),
        ]);
    }
    table(&rows)
}

pub(super) fn report_text(report: &ConvertReport, verbose: bool) -> String {
    let manifest = &report.manifest;
    let out = shardify::error::Printable(&report.out);
    let mut text = String::new();
    match report.outcome {
        ConvertOutcome::NothingToDo => {
            text.push_str(&format!("{out} holds this data set already, complete: nothing to do\n\n"));
        }
        ConvertOutcome::Resumed | ConvertOutcome::Done => {}
    }
    let classes = classes(manifest.class_names.len());
    text.push_str(&format!("{out}: data set `{}`, {classes}\n\n{}\n", manifest.name, split_table(manifest)));
    if verbose {
        for shard in manifest.splits.iter().flat_map(|split| &split.shards) {
            text.push_str(&format!(
                "  {}  {} records, {} bytes, CRC-32 {}\n",
                shard.name, shard.records, shard.bytes, shard.crc32
            ));
        }
        text.push('\n');
    }
    let images = report.images.images();
    if images > 0 {
        let formats = ["JPEG", "PNG", "raw"].into_iter().zip(report.images.formats).filter(|(_, count)| *count > 0);
        let formats: Vec<_> = formats.map(|(name, count)| format!("{} {name}", Count(count))).collect();
        text.push_str(&format!("images: {}\n", formats.join(", ")));
        for (note, count) in report.images.notes.iter() {
            text.push_str(&format!("  {}: {}\n", Count(count), note.text()));
        }
    }
    if manifest.label_offset > 0 && !manifest.class_names.is_empty() {
        text.push_str(&format!("labels: stored from {} up; 0 is background\n", manifest.label_offset));
    }
    if manifest.compression == Compression::Gzip {
        text.push_str("gzip: tf.data reads these shards with compression_type=\"GZIP\"; TFDS, DALI and Grain cannot\n");
    }
    if manifest.skipped > 0 {
        text.push_str(&format!(
            "skipped: {}, listed in {}\n",
            count(manifest.skipped, "input", "inputs"),
            shardify::error::Printable(&report.out.join("failures.jsonl"))
        ));
    }
    if report.resumed_shards > 0 && report.outcome != ConvertOutcome::NothingToDo {
        text.push_str(&format!(
            "resumed: {} finished before\n",
            count(report.resumed_shards, "shard was", "shards were")
        ));
    }
    if report.bytes_read > 0 {
        let (read, speed) = (ByteSize(report.bytes_read), speed(report.bytes_read, report.elapsed));
        text.push_str(&format!("took {}: {read} read, {speed}/s\n", duration(report.elapsed)));
    }
    text.push_str("\nRead it in Python:\n\n");
    for line in report.snippet().lines() {
        text.push_str(&format!("    {line}\n"));
    }
    text
}

pub(super) fn dry_run_text(plan: &DryRun, options: &ConvertOptions) -> String {
    let mut text = count(plan.inputs, "input", "inputs");
    if plan.input_bytes.0 > 0 {
        text.push_str(&format!(", {}", plan.input_bytes));
    }
    let out = shardify::error::Printable(&options.out);
    text.push_str(&format!(
        ", {}; data set `{}` would go to {out}, about:\n\n",
        classes(plan.class_names.len()),
        plan.name
    ));
    let mut rows = vec![["split", "records", "shards", "total"].map(str::to_owned).to_vec()];
    for split in &plan.splits {
        rows.push(vec![
            split.name.clone(),
            Count(split.records).to_string(),
            Count(split.shards).to_string(),
            split.bytes.to_string(),
        ]);
    }
    text.push_str(&table(&rows));
    text.push_str(&format!("\nno shard above {} bytes\n", Count(plan.max_shard.0)));
    for warning in &plan.warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    if plan.problem_count > 0 {
        text.push_str(&format!("\n{}:\n", count(plan.problem_count, "problem", "problems")));
        for problem in &plan.problems {
            text.push_str(&format!("  {problem}\n"));
        }
        let more = plan.problem_count - plan.problems.len() as u64;
        if more > 0 {
            text.push_str(&format!("  and {} more\n", Count(more)));
        }
    } else {
        text.push_str("nothing looks wrong\n");
    }
    text.push_str("nothing was written\n");
    text
}
