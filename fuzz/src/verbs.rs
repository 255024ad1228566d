//! A folder of shards and of all that may stand beside them, of any content: every verb ends with a report or an error, writes
//! nowhere else, and what it writes is sound.

use std::fs;

use shardify::{
    Cancel, ConvertOptions, ErrorPolicy, ExportOptions, Framework, IndexOptions, InspectOptions, OnDamage, OpenOptions,
    RepairOptions, ReportOptions, ReshardOptions, Severity, Silent, SnippetOptions, ValidateOptions, convert, export,
    inspect, make_index, open, plan_repair, report, report_page, reshard, snippet, validate,
};

use super::{folder::Folder, input::Input, naive};

const NAMES: [&str; 16] = [
    "d-train.tfrecord-00000-of-00002",
    "d-train.tfrecord-00001-of-00002",
    "d-test.tfrecord-00000-of-00001",
    "train-00000-of-00001",
    "x.tfrecord",
    "x.tfrecord.gz",
    "shardify.json",
    "dataset_info.json",
    "features.json",
    "label.labels.txt",
    "index/d-train.tfrecord-00000-of-00002.idx",
    "d-train.tfrecord-00000-of-00002.idx",
    "x.tfindex",
    "failures.jsonl",
    ".shardify/plan.json",
    "a/b.png",
];

/// Files, and the verb.
pub(super) fn run(data: &[u8]) {
    let mut input = Input(data);
    let choice = input.byte();
    let folder = Folder::default();
    for _ in 0..1 + input.below(6) {
        let name = NAMES[input.below(NAMES.len())];
        let kind = input.byte();
        let len = input.short() % 4096;
        let content = input.take(len);
        // Payloads in frames, or the file as it is.
        let content = match kind % 4 {
            0 => content.split(|byte| *byte == b'|').flat_map(naive::frame).collect(),
            _ => content.to_vec(),
        };
        folder.write(&format!("in/{name}"), &content);
    }
    verb(choice, &folder);
    let left: Vec<_> =
        fs::read_dir(folder.path("")).expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
    assert!(left.iter().all(|name| name == "in" || name == "out"), "written outside of the output: {left:?}");
}

fn verb(choice: u8, folder: &Folder) {
    let (given, out) = (folder.path("in"), folder.path("out"));
    let paths = vec![given.clone()];
    let (cancel, silent) = (&Cancel::default(), &Silent);
    let option = choice >> 4;
    match choice % 10 {
        0 => {
            let mut options = ValidateOptions::new(paths);
            (options.threads, options.deep) = (Some(1), option & 1 == 1);
            let _ = validate(&options, cancel, silent).map(|report| report.to_json());
        }
        1 => {
            let mut options = InspectOptions::new(paths);
            (options.threads, options.records) = (Some(1), option.into());
            let _ = inspect(&options, cancel, silent).map(|report| report.to_json());
        }
        2 => {
            let mut options = RepairOptions::new(paths, out);
            options.threads = Some(1);
            if let Ok(plan) = plan_repair(&options, cancel, silent) {
                let _ = plan.to_json();
                if let Ok(done) = plan.apply(cancel, silent) {
                    let _ = done.to_json();
                    sound(folder, done.records());
                }
            }
        }
        3 => {
            let mut options = ReshardOptions::new(paths, out);
            (options.threads, options.shuffle, options.skip_damaged) = (Some(1), option & 1 == 1, option & 2 == 2);
            if let Ok(done) = reshard(&options, cancel, silent) {
                let _ = done.to_json();
                sound(folder, done.manifest.splits.iter().map(|split| split.records).sum());
            }
        }
        4 => {
            let mut options = ExportOptions::new(paths, out);
            (options.threads, options.keep_names) = (Some(1), option & 1 == 1);
            options.on_damage = if option & 2 == 2 { OnDamage::Skip } else { options.on_damage };
            let _ = export(&options, cancel, silent).map(|report| report.to_json());
        }
        5 => {
            let mut options = IndexOptions::new(paths);
            (options.threads, options.manifest, options.tfds) = (Some(1), option & 1 == 1, option & 2 == 2);
            (options.overwrite, options.check) = (option & 4 == 4, option & 8 == 8);
            let _ = make_index(&options, cancel, silent);
        }
        6 => {
            let mut options = ReportOptions::new(given);
            options.threads = Some(1);
            if let Ok(report) = report(&options, cancel, silent) {
                let page = report_page(&report).expect("a page");
                assert!(page.ends_with("</html>\n") || page.ends_with("</html>"), "a page that is cut off");
            }
        }
        7 => {
            let mut options = SnippetOptions::new(given, Framework::ALL[usize::from(option) % Framework::ALL.len()]);
            options.threads = Some(1);
            let _ = snippet(&options, cancel, silent).map(|snippet| snippet.to_json());
        }
        8 => {
            let mut options = OpenOptions::new(paths);
            options.threads = Some(1);
            let _ = open(&options, cancel, silent).map(|opened| opened.len());
        }
        _ => {
            let mut options = ConvertOptions::new(paths, out);
            options.threads = Some(1);
            if option & 1 == 1 {
                options.on_error = ErrorPolicy::Skip(None);
            }
            if let Ok(done) = convert(&options, cancel, silent) {
                sound(folder, done.manifest.splits.iter().map(|split| split.records).sum());
            }
        }
    }
}

/// What was written has so many records, and nothing is wrong with their framing or with what stands beside them.
fn sound(folder: &Folder, records: u64) {
    let out = folder.path("out");
    if !out.exists() {
        return;
    }
    let mut options = ValidateOptions::new(vec![out]);
    options.threads = Some(1);
    let found = validate(&options, &Cancel::default(), &Silent).expect("what was written can be read");
    assert_eq!(found.records, records);
    const OF_CONTENT: [&str; 6] =
        ["bad-example", "mixed-records", "feature-kind", "feature-shape", "label-range", "bad-image"];
    let wrong: Vec<_> = found
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error && !OF_CONTENT.contains(&finding.kind.name()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
