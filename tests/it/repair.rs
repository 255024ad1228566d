//! `repair` at the command line: exactly the intact records come out, and what is lost is told.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use serde_json::Value;
use shardify::tfrecord::{footer, header};
use tempfile::{TempDir, tempdir};

use crate::support::{Noise, assert_same_tree, fixture, manifest, records, shardify, tree};

fn expected() -> Value {
    serde_json::from_slice(&fs::read(fixture("broken/tfrecord/expected.json")).unwrap()).unwrap()
}

/// The plain bytes of a shard, however it is compressed.
fn plain(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    if !bytes.starts_with(b"\x1f\x8b\x08") {
        return bytes;
    }
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut out).unwrap();
    out
}

/// The payloads of a data set, shard by shard in the order of its manifest.
fn payloads_of(out: &Path) -> Vec<Vec<Vec<u8>>> {
    let shards = manifest(out).splits.into_iter().flat_map(|split| split.shards);
    let payloads = |name: String| records(&plain(&out.join(name))).into_iter().map(|(_, payload)| payload).collect();
    shards.map(|shard| payloads(shard.name)).collect()
}

fn lost_of(out: &Path) -> Vec<Value> {
    let text = fs::read_to_string(out.join("lost.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn frame(payload: &[u8]) -> Vec<u8> {
    [&header(payload.len() as u64)[..], payload, &footer(payload)].concat()
}

fn file_of(payloads: &[Vec<u8>]) -> Vec<u8> {
    payloads.iter().flat_map(|payload| frame(payload)).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder with inputs, and a place for the output.
struct Bench {
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { dir: tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Repairs with these arguments, in which names are those in the folder.
    #[track_caller]
    fn repair(&self, arguments: &str, code: i32) -> (String, String) {
        let args = arguments.split(' ').map(|word| {
            if word.starts_with('-') || word.parse::<u64>().is_ok() || ["gzip", "none"].contains(&word) {
                word.into()
            } else {
                self.path(word).into_os_string()
            }
        });
        let ran = shardify([std::ffi::OsString::from("repair")].into_iter().chain(args));
        assert_eq!(ran.code, Some(code), "{arguments}: {}{}", ran.stdout, ran.stderr);
        (ran.stdout, ran.stderr)
    }
}

/// Payloads that are no Examples, as long as their number.
fn numbered(count: u8) -> Vec<Vec<u8>> {
    (0..count).map(|number| vec![number; 20 + usize::from(number)]).collect()
}

/// Where a record of [`numbered`] starts.
fn start_of(number: usize) -> usize {
    (0..number).map(|before| 16 + 20 + before).sum()
}

#[test]
fn exactly_the_intact_records_come_out_in_their_order() {
    let expected = expected();
    for (name, case) in expected["files"].as_object().unwrap() {
        let bench = Bench::new();
        let source = fs::read(fixture("broken/tfrecord").join(name)).unwrap();
        let path = bench.write(name, &source);
        let base = case["base"].as_str().unwrap();
        let whole = records(&fs::read(fixture("broken/tfrecord").join(base)).unwrap());
        let numbers = case["intact"].as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as usize);
        let wanted: Vec<Vec<u8>> = numbers.map(|number| whole[number].1.clone()).collect();
        if wanted.is_empty() {
            bench.repair(&format!("{name} out"), 2);
            assert!(!bench.path("out").exists(), "{name}");
            continue;
        }
        // Only these kinds are damage of the bytes; the others are of what is in the records.
        let damage = [
            "length-crc",
            "data-crc",
            "truncated-header",
            "truncated-record",
            "record-too-large",
            "zero-tail",
            "bad-compression",
        ];
        let is_damage = |finding: &&Value| damage.contains(&finding["kind"].as_str().unwrap());
        let findings: Vec<&Value> = case["findings"].as_array().unwrap().iter().filter(is_damage).collect();
        bench.repair(&format!("{name} out"), i32::from(!findings.is_empty()));
        assert_eq!(payloads_of(&bench.path("out")), [wanted], "{name}");
        assert_eq!(fs::read(&path).unwrap(), source, "{name}: the input changed");
        let lost = lost_of(&bench.path("out"));
        for finding in &findings {
            let agrees = |line: &&Value| {
                ["kind", "record", "offset"].iter().all(|key| finding.get(key).is_none_or(|value| *value == line[*key]))
            };
            assert!(lost.iter().any(|line| agrees(&line)), "{name}: {finding} is not in {lost:?}");
        }
        assert_eq!(lost.len(), findings.len(), "{name}: {lost:?}");
    }
}

#[test]
fn a_dry_run_tells_the_plan_and_writes_nothing() {
    let bench = Bench::new();
    let payloads = numbered(9);
    let mut bytes = file_of(&payloads);
    bytes[start_of(4) + 15] ^= 1;
    bench.write("in/a-train.tfrecord-00000-of-00002", &bytes);
    bench.write("in/a-train.tfrecord-00001-of-00002", &gzip(&bytes));
    let before = tree(bench.dir.path());
    let (text, messages) = bench.repair("in out --dry-run", 1);
    for part in [
        "record 4, byte 150: data checksum is ",
        "16 intact records in 2 shards",
        "nothing was written",
        "lost: 2 records",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(messages, "");
    let (text, _) = bench.repair("in out -n --json", 1);
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&plan["records"], &plan["lost_records"], &plan["dry_run"]), (&16.into(), &2.into(), &true.into()));
    assert_eq!((&plan["lost"][0]["record"], &plan["lost"][0]["bytes"]), (&4.into(), &40.into()));
    bytes[start_of(4) + 15] ^= 1;
    bench.write("fine.tfrecord", &bytes);
    bench.repair("fine.tfrecord out -n", 0);
    bench.write("noise.tfrecord", &[7; 500]);
    assert!(bench.repair("noise.tfrecord out -n", 1).0.contains("nothing to save"));
    fs::remove_file(bench.path("fine.tfrecord")).unwrap();
    fs::remove_file(bench.path("noise.tfrecord")).unwrap();
    assert_same_tree(&tree(bench.dir.path()), &before, "after dry runs");
}

#[test]
fn shards_keep_their_records_and_whole_ones_their_bytes() {
    let bench = Bench::new();
    let shards: Vec<Vec<Vec<u8>>> = (2..6).map(numbered).collect();
    for (number, payloads) in shards.iter().enumerate() {
        let mut bytes = file_of(payloads);
        match number {
            1 => bytes[start_of(1) + 12] ^= 4,
            // Nothing is left of this one.
            2 => bytes = vec![0; 300],
            _ => {}
        }
        bench.write(&format!("in/pets-train.tfrecord-{number:05}-of-00004"), &bytes);
    }
    let before = tree(&bench.path("in"));
    bench.repair("in out", 1);
    let out = bench.path("out");
    let kept = [shards[0].clone(), vec![shards[1][0].clone(), shards[1][2].clone()], shards[3].clone()];
    assert_eq!(payloads_of(&out), kept);
    for (from, to) in [("00000-of-00004", "00000-of-00003"), ("00003-of-00004", "00002-of-00003")] {
        let read = |name: PathBuf| fs::read(name).unwrap();
        let name = |shard: &str| format!("pets-train.tfrecord-{shard}");
        assert_eq!(read(bench.path("in").join(name(from))), read(out.join(name(to))));
    }
    let index = fs::read_to_string(out.join("index/pets-train.tfrecord-00001-of-00003.idx")).unwrap();
    assert_eq!(index, "0 36\n36 38\n");
    let manifest = manifest(&out);
    assert_eq!(manifest.options["verb"], "repair");
    assert_eq!((manifest.name.as_str(), manifest.splits[0].records), ("pets", 9));
    assert_eq!(manifest.files, ["lost.jsonl"], "these records are nothing that TFDS could read");
    let lost = lost_of(&out);
    assert_eq!((lost.len(), &lost[0]["kind"], &lost[1]["kind"]), (2, &"data-crc".into(), &"not-tfrecord".into()));
    assert_same_tree(&tree(&bench.path("in")), &before, "the input");
}

#[test]
fn compressed_shards_are_saved_and_stay_compressed() {
    let bench = Bench::new();
    let payloads = numbered(40);
    let whole = file_of(&payloads);
    let (first, second) = whole.split_at(start_of(20));
    // A cut inside of the first member, and the second one whole.
    let mut members = gzip(first);
    members.truncate(members.len() / 2);
    members.extend(gzip(second));
    bench.write("cut.tfrecord.gz", &members);
    bench.repair("cut.tfrecord.gz out", 1);
    let saved = payloads_of(&bench.path("out")).concat();
    assert!(saved.ends_with(&payloads[21..]), "{}", saved.len());
    assert!(saved.iter().all(|payload| payloads.contains(payload)));
    assert!(lost_of(&bench.path("out")).iter().any(|line| line["kind"] == "bad-compression"));
    assert!(bench.path("out/cut-train.tfrecord-00000-of-00001.gz").exists());

    let mut damaged = whole.clone();
    damaged[start_of(7) + 2] ^= 1;
    let kept: Vec<Vec<u8>> = (0..40).filter(|it| *it != 7).map(|it| payloads[it].clone()).collect();
    for (name, bytes, more, file) in [
        ("z.tfrecord.zlib", zlib(&damaged), "", "z-train.tfrecord-00000-of-00001.gz"),
        ("z.tfrecord.zlib", zlib(&damaged), " --compression none", "z-train.tfrecord-00000-of-00001"),
        ("g.tfrecord.gz", gzip(&damaged), "", "g-train.tfrecord-00000-of-00001.gz"),
        ("p.tfrecord", damaged.clone(), " --compression gzip", "p-train.tfrecord-00000-of-00001.gz"),
    ] {
        bench.write(name, &bytes);
        bench.repair(&format!("{name} saved{more}"), 1);
        assert!(bench.path("saved").join(file).exists(), "{file}");
        assert_eq!(payloads_of(&bench.path("saved")), std::slice::from_ref(&kept), "{file}");
        fs::remove_dir_all(bench.path("saved")).unwrap();
    }
    // Plain and compressed shards side by side come out plain.
    bench.write("mixed/a-00000-of-00003.tfrecord", &whole);
    bench.write("mixed/a-00001-of-00003.tfrecord", &gzip(&damaged));
    bench.write("mixed/a-00002-of-00003.tfrecord", &whole);
    bench.repair("mixed saved", 1);
    assert_eq!(payloads_of(&bench.path("saved")), [payloads.clone(), kept, payloads]);
}

#[test]
fn a_large_shard_is_divided_and_its_neighbour_is_not_joined() {
    let bench = Bench::new();
    for shard in ["00000", "00001"] {
        bench.write(&format!("in/a-{shard}-of-00002.tfrecord"), &file_of(&numbered(10)));
    }
    bench.repair("in out --max-shard 300", 0);
    let sizes: Vec<usize> = payloads_of(&bench.path("out")).iter().map(Vec::len).collect();
    assert_eq!(sizes, [7, 3, 7, 3]);
    assert!(manifest(&bench.path("out")).splits[0].shards.iter().all(|shard| shard.bytes <= 300));
}

#[test]
fn metadata_come_along() {
    let bench = Bench::new();
    let source = fixture("foreign/tfds/tiny_pictures/1.0.0");
    for (name, bytes) in tree(&source) {
        let mut bytes = bytes.unwrap();
        if name.ends_with("tiny_pictures-train.tfrecord-00001-of-00002") {
            bytes[30] ^= 1;
        }
        bench.write(&format!("in/{}", name.display()), &bytes);
    }
    bench.repair("in out", 1);
    let json = |path: PathBuf| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap();
    let out = bench.path("out");
    let (before, after) = (json(source.join("dataset_info.json")), json(out.join("dataset_info.json")));
    for key in ["description", "citation", "version", "supervisedKeys", "name"] {
        assert_eq!(before[key], after[key], "{key}");
    }
    assert_eq!(json(source.join("features.json")), json(out.join("features.json")));
    assert_eq!(fs::read(source.join("label.labels.txt")).unwrap(), fs::read(out.join("label.labels.txt")).unwrap());
    let manifest = manifest(&out);
    let train = manifest.splits.iter().find(|split| split.name == "train").unwrap();
    assert_eq!(manifest.class_names.len(), train.class_counts.len());
    assert_eq!(train.class_counts.iter().sum::<u64>(), train.records);
    assert_eq!(manifest.supervised_keys, Some(("image".to_owned(), "label".to_owned())));
    // The same again, of what is now a data set of ours.
    bench.repair("out again", 0);
    let (first, second) = (crate::support::manifest(&out), crate::support::manifest(&bench.path("again")));
    assert_eq!((first.schema, first.class_names, first.splits), (second.schema, second.class_names, second.splits));
}

#[test]
fn records_that_are_gone_without_a_trace_are_missed() {
    let bench = Bench::new();
    let source = fixture("foreign/tfds/tiny_pictures/1.0.0");
    for (name, bytes) in tree(&source) {
        let mut bytes = bytes.unwrap();
        if name.ends_with("tiny_pictures-train.tfrecord-00000-of-00002") {
            let last = records(&bytes).last().unwrap().0 as usize;
            bytes.truncate(last);
        }
        if !name.ends_with("tiny_pictures-train.tfrecord-00001-of-00002") {
            bench.write(&format!("in/{}", name.display()), &bytes);
        }
    }
    bench.repair("in out", 1);
    let kinds: Vec<Value> = lost_of(&bench.path("out")).into_iter().map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds, ["record-count", "missing-shard"]);
    bench.write("numbered/a-00000-of-00003.tfrecord", &file_of(&numbered(3)));
    bench.repair("numbered other", 1);
    let lost = lost_of(&bench.path("other"));
    assert_eq!(lost.len(), 1);
    assert!(lost[0]["shard"].as_str().unwrap().ends_with("a-00001-of-00003.tfrecord"), "{lost:?}");
    // Of a shard that is named by itself, the others are not missing.
    bench.repair("numbered/a-00000-of-00003.tfrecord one", 0);
}

#[test]
fn foreign_names_become_names_that_tfds_finds() {
    let bench = Bench::new();
    for (input, name) in [
        ("a/train-00000-of-00001", "a-train.tfrecord-00000-of-00001"),
        ("b/coco_val.record-00000-of-00001", "coco-val.tfrecord-00000-of-00001"),
        ("2024 x/data.tfrecords", "data-train.tfrecord-00000-of-00001"),
        ("c/x-all.tfrecord-00000-of-00001", "x-part_all.tfrecord-00000-of-00001"),
    ] {
        let path = bench.write(input, &file_of(&numbered(3)));
        let out = bench.path("out");
        let ran = shardify(["repair".as_ref(), path.as_os_str(), out.as_os_str()]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(out.join(name).exists(), "{input}: {:?}", tree(&out).into_keys());
        fs::remove_dir_all(out).unwrap();
    }
    bench.repair("a/train-00000-of-00001 out --name pets", 2);
    bench.write("a/train-00000-of-00001", &file_of(&numbered(3)));
}

#[test]
fn folders_of_one_split_each_are_one_data_set() {
    let bench = Bench::new();
    let mut damaged = file_of(&numbered(5));
    damaged[3] ^= 1;
    bench.write("pets/train/0.tfrecord", &damaged);
    bench.write("pets/validation/0.tfrecord", &file_of(&numbered(4)));
    bench.repair("pets out", 1);
    assert_eq!(payloads_of(&bench.path("out")), [numbered(5)[1..].to_vec(), numbered(4)]);
    assert!(bench.path("out/pets-validation.tfrecord-00000-of-00001").exists());
    bench.write("other/train/0.tfrecord", &file_of(&numbered(4)));
    let (_, messages) = bench.repair("pets other both", 2);
    assert!(messages.contains("3 data sets") && messages.contains("one by one"), "{messages}");
    assert!(!bench.path("both").exists());
}

#[test]
fn what_cannot_be_done_is_refused_and_nothing_is_touched() {
    let bench = Bench::new();
    bench.write("in/a.tfrecord", &file_of(&numbered(3)));
    bench.write("bad/a.tfrecord", &[200; 400]);
    bench.write("bad/b.tfrecord", b"<!DOCTYPE html><html></html>");
    bench.write("full/notes.txt", b"mine");
    let before = tree(bench.dir.path());
    for (arguments, part) in [
        ("in", "only one path"),
        ("in in", "is the input"),
        ("in in/fixed", "lies inside the input"),
        ("in/a.tfrecord in --overwrite", "holds the input"),
        ("in/a.tfrecord . --overwrite", "holds the input"),
        ("in full", "not empty"),
        ("in in/a.tfrecord", "must be a folder"),
        ("gone out", "no such file"),
        ("full out", "no file"),
        ("bad out", "none of the 2 shards"),
        ("bad/a.tfrecord out", "no intact record"),
        ("bad/b.tfrecord out", "an HTML page, not a TFRecord"),
        ("in out --max-shard 0", "leaves no room"),
        ("in out --max-shard 3000000000", "too large"),
        ("in out --max-shard 20", "larger than|more than the shard cap"),
    ] {
        let (text, messages) = bench.repair(arguments, 2);
        assert!(part.split('|').any(|part| messages.contains(part)), "{arguments}: {messages}");
        assert!(text.is_empty() && messages.contains(" help: "), "{arguments}: {messages}");
        assert_same_tree(&tree(bench.dir.path()), &before, arguments);
    }
    let (text, _) = bench.repair("bad/b.tfrecord out --json", 2);
    let error: Value = serde_json::from_str(&text).unwrap();
    assert!(error["error"]["message"].as_str().unwrap().contains("HTML"), "{text}");
}

#[test]
fn what_was_done_is_not_done_again() {
    let bench = Bench::new();
    let mut damaged = file_of(&numbered(5));
    damaged[3] ^= 1;
    bench.write("in/a.tfrecord", &damaged);
    let (text, _) = bench.repair("in out --json", 1);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&report["outcome"], &report["records"], &report["lost_records"]),
        (&"done".into(), &4.into(), &1.into())
    );
    assert_eq!(report["lost"].as_array().unwrap().len(), 1);
    let before = tree(&bench.path("out"));
    assert!(bench.repair("in out", 2).1.contains("--overwrite"));
    let (text, _) = bench.repair("in out --resume", 1);
    assert!(text.contains("nothing to do"), "{text}");
    assert_same_tree(&tree(&bench.path("out")), &before, "resumed");
    bench.repair("in out --overwrite", 1);
    assert_same_tree(&tree(&bench.path("out")), &before, "overwritten");
    // A whole shard in its place: what was lost is found, and the list of losses goes.
    bench.write("in/a.tfrecord", &file_of(&numbered(5)));
    assert!(bench.repair("in out --resume", 2).1.contains("changed"));
    bench.repair("in out --overwrite", 0);
    assert!(!bench.path("out/lost.jsonl").exists());
    let (text, messages) = bench.repair("in quiet -q", 0);
    assert_eq!((text.as_str(), messages.as_str()), ("", ""));
}

/// Payloads of all kinds, files of records among them.
fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let small = || proptest::collection::vec(any::<u8>(), 0..40);
    let stored = proptest::collection::vec(small(), 1..5).prop_map(|payloads| file_of(&payloads));
    let cut = (proptest::collection::vec(small(), 1..4), any::<prop::sample::Index>()).prop_map(|(payloads, at)| {
        let mut file = file_of(&payloads);
        file.truncate(at.index(file.len()));
        file
    });
    let zeros = (0usize..60).prop_map(|len| vec![0; len]);
    proptest::collection::vec(prop_oneof![4 => small(), 2 => stored, 1 => cut, 1 => zeros], 1..9)
}

/// What happens to a file.
#[derive(Debug, Clone)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Block(prop::sample::Index, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        3 => (any::<prop::sample::Index>(), 0u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        2 => any::<prop::sample::Index>().prop_map(Damage::Cut),
        2 => (any::<prop::sample::Index>(), proptest::collection::vec(any::<u8>(), 1..60)).prop_map(|(at, it)| Damage::Block(at, it)),
    ]
}

/// What repairing a file gives; `None` if nothing is intact.
fn repaired(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    // In memory where there is such a place: hundreds of data sets are synced.
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempdir() }.unwrap();
    let file = dir.path().join("x.tfrecord");
    fs::write(&file, bytes).unwrap();
    let mut options = shardify::RepairOptions::new(vec![file], dir.path().join("out"));
    options.threads = Some(1);
    let (cancel, silent) = (shardify::Cancel::default(), shardify::Silent);
    let plan = shardify::plan_repair(&options, &cancel, &silent).unwrap();
    match plan.apply(&cancel, &silent) {
        Ok(_) => Some(payloads_of(&dir.path().join("out")).concat()),
        Err(_) if plan.records() == 0 => None,
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A record whose bytes are intact is saved, and nothing else is: not what lies inside of another record either. Where a
    /// block of damage took the header of a record and some of its payload, or the headers of several records, nothing tells any more
    /// how far the last of them went; what is whole inside of it then counts as records.
    #[test]
    fn no_intact_record_is_lost_and_none_is_invented(payloads in payloads(), damage in damage()) {
        let whole = file_of(&payloads);
        let mut bytes = whole.clone();
        match &damage {
            Damage::Flip(at, bit) => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Damage::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
            Damage::Block(at, block) => {
                let at = at.index(bytes.len());
                let len = block.len().min(bytes.len() - at);
                bytes[at..at + len].copy_from_slice(&block[..len]);
            }
        }
        let mut wanted = Vec::new();
        let mut headers = 0;
        let mut is_torn = false;
        let mut start = 0;
        for payload in &payloads {
            let (body, end) = (start + 12, start + payload.len() + 16);
            let same = |range: std::ops::Range<usize>| bytes.get(range.clone()) == whole.get(range);
            if same(start..end) {
                wanted.push(payload.clone());
            }
            headers += usize::from(!same(start..body));
            is_torn |= !same(start..body) && !same(body..end);
            start = end;
        }
        let saved = repaired(&bytes).unwrap_or_default();
        let short = |payloads: &[Vec<u8>]| payloads.iter().map(|it| format!("{it:02x?}")).collect::<Vec<_>>();
        let mut saved = short(&saved);
        let wanted = short(&wanted);
        if matches!(damage, Damage::Block(..)) && (headers > 1 || is_torn) {
            let mut left = wanted.iter().peekable();
            saved.retain(|payload| left.next_if_eq(&payload).is_some());
        }
        prop_assert_eq!(saved, wanted, "{:?} {:02x?}", damage, bytes);
    }
}

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let bench = Bench::new();
    let mut noise = Noise(11);
    for shard in 0..3 {
        let payloads: Vec<Vec<u8>> =
            (0..200).map(|_| (0..noise.next() % 60_000).map(|_| noise.next() as u8).collect()).collect();
        let mut bytes = file_of(&payloads);
        for _ in 0..5 {
            let at = noise.next() as usize % bytes.len();
            bytes[at] ^= 1;
        }
        bench.write(&format!("in/a-{shard:05}-of-00003.tfrecord"), &if shard == 1 { gzip(&bytes) } else { bytes });
    }
    for threads in ["1", "2", "8"] {
        bench.repair(&format!("in out{threads} --threads {threads} --compression gzip"), 1);
        assert_same_tree(&tree(&bench.path(&format!("out{threads}"))), &tree(&bench.path("out1")), threads);
    }
}

#[test]
fn what_a_damaged_gzip_member_lost_hides_no_later_record() {
    let bench = Bench::new();
    let records = numbered(10);
    let stored = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    // The record in the first member claims more than all that follows.
    let mut cut = stored(&frame(&[9; 100_000]));
    cut.truncate(5000);
    bench.write("cut.tfrecord.gz", &[cut, gzip(&file_of(&records))].concat());
    bench.repair("cut.tfrecord.gz out", 1);
    assert_eq!(payloads_of(&bench.path("out"))[0], records);

    // A gzip file of records inside of a record: its records are none of this shard.
    let inner = [b"x".as_slice(), &gzip(&file_of(&records[..4])), b"x"].concat();
    let mut first = stored(&file_of(&[records[0].clone(), inner]));
    first[10] = 0xff;
    bench.write("nested.tfrecord.gz", &[first, gzip(&file_of(&records[5..]))].concat());
    bench.repair("nested.tfrecord.gz out2", 1);
    assert_eq!(payloads_of(&bench.path("out2")), [records[5..].to_vec()]);
    assert_eq!(lost_of(&bench.path("out2")).len(), 1);
}

#[test]
fn a_shard_is_taken_once_and_never_out_of_the_output() {
    let bench = Bench::new();
    let records = numbered(6);
    bench.write("in/a.tfrecord", &file_of(&records));
    std::os::unix::fs::symlink(bench.path("in"), bench.path("link")).unwrap();
    std::os::unix::fs::symlink(bench.path("in"), bench.path("in/circle")).unwrap();
    bench.repair("in link in/a.tfrecord link/a.tfrecord out", 0);
    assert_eq!(payloads_of(&bench.path("out")), [records]);
    // A folder of links into the output.
    fs::create_dir(bench.path("links")).unwrap();
    let name = manifest(&bench.path("out")).splits[0].shards[0].name.clone();
    std::os::unix::fs::symlink(bench.path("out").join(&name), bench.path("links").join(&name)).unwrap();
    let before = tree(&bench.path("out"));
    let (_, stderr) = bench.repair("links out --overwrite", 2);
    assert!(stderr.contains("the output folder holds the input"), "{stderr}");
    assert_same_tree(&tree(&bench.path("out")), &before, "the output");
}
