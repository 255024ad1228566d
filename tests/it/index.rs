//! `index` at the command line: true indexes or none, and metadata for shards that others wrote.

use std::{fs, path::Path};

use shardify::{
    index::{Manifest, TfdsFeatures, TfdsInfo},
    tfrecord::header,
};

use crate::{
    console::Desk,
    support::{assert_same_tree, example, expected, ints, manifest, records, shard, texts, tree},
};

fn copy_set(desk: &Desk, name: &str, to: &str) {
    for file in expected("foreign")[name]["shards"].as_object().unwrap().keys() {
        desk.copy(&format!("foreign/{name}/{file}"), &format!("{to}/{file}"));
    }
}

/// The lines that a walk through the bytes gives.
fn lines(bytes: &[u8]) -> String {
    records(bytes).iter().map(|(offset, payload)| format!("{offset} {}\n", payload.len() + 16)).collect()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_whole_shard_gets_its_index_and_nothing_else_changes() {
    for (name, facts) in expected("foreign").as_object().unwrap() {
        let desk = Desk::new();
        copy_set(&desk, name, "in");
        let before = tree(&desk.path("in"));
        let files: Vec<&String> = facts["shards"].as_object().unwrap().keys().collect();
        let paths = files.iter().map(|file| format!(" in/{file}")).collect::<String>();
        let ran = desk.run(&format!("index{paths} --json")).expect(0);
        assert_eq!(ran.json()["records"], facts["records"], "{name}");
        for file in &files {
            let index = text(&desk.path(&format!("in/index/{file}.idx")));
            assert_eq!(index, lines(&fs::read(desk.path(&format!("in/{file}"))).unwrap()), "{name}/{file}");
        }
        let mut after = tree(&desk.path("in"));
        let again = desk.run(&format!("index{paths} --json --check --threads 1")).expect(0).json();
        let outcomes =
            again["shards"].as_array().unwrap().iter().map(|it| it["indexes"][0]["outcome"].as_str().unwrap());
        assert!(outcomes.eq(vec!["up-to-date"; files.len()]), "{name}: {again:#}");
        assert_same_tree(&tree(&desk.path("in")), &after, name);
        after.retain(|path, _| !path.starts_with("index"));
        assert_same_tree(&after, &before, name);
    }
}

/// The record and the byte at which a walk from header to header ends, unless that is the end of the file.
fn stuck(bytes: &[u8]) -> Option<(u64, usize)> {
    let (mut at, mut record) = (0, 0);
    while at < bytes.len() {
        let length = bytes[at..].first_chunk().map(|length| u64::from_le_bytes(*length));
        let end =
            length.filter(|length| bytes[at..].starts_with(&header(*length))).map(|length| at as u64 + 16 + length);
        match end.filter(|end| *end <= bytes.len() as u64) {
            Some(end) => at = end as usize,
            None => return Some((record, at)),
        }
        record += 1;
    }
    None
}

/// Damage in payloads is found only when they are read.
#[test]
fn a_shard_that_is_not_whole_gets_no_index_and_the_others_do() {
    for (file, facts) in expected("broken/tfrecord")["files"].as_object().unwrap() {
        let desk = Desk::new();
        desk.copy(&format!("broken/tfrecord/{file}"), &format!("in/{file}"));
        desk.copy("broken/tfrecord/whole.tfrecord", "in/sound.tfrecord");
        let bytes = fs::read(desk.path(&format!("in/{file}"))).unwrap();
        let findings = facts["findings"].as_array().unwrap();
        let packed = bytes.starts_with(b"\x1f\x8b") || bytes.starts_with(b"\x78");
        let by_headers = stuck(&bytes);
        let of_payloads = findings.iter().find(|it| it["kind"] == "data-crc" && it["record"].is_u64());
        let of_payloads =
            of_payloads.map(|it| (it["record"].as_u64().unwrap(), it["offset"].as_u64().unwrap() as usize));
        let first = [by_headers, of_payloads].into_iter().flatten().min();
        for (options, place) in [("", by_headers), (" --check", first)] {
            fs::remove_dir_all(desk.path("in/index")).ok();
            let (what, fails) = (format!("{file}{options}"), packed || place.is_some());
            let ran = desk.run(&format!("index in{options}")).expect(if fails { 2 } else { 0 });
            assert_eq!(desk.path(&format!("in/index/{file}.idx")).exists(), !fails, "{what}");
            assert!(desk.path("in/index/sound.tfrecord.idx").exists(), "{what}");
            let told = match place {
                _ if packed && options.is_empty() => "reshard --compression none".to_owned(),
                _ if packed => format!("error: in/{file}: "),
                Some((record, byte)) => format!("error: in/{file}: byte {byte}: record {record}: "),
                None => continue,
            };
            assert!(ran.stderr.contains(&told), "{what}: {told:?}: {}", ran.stderr);
        }
    }
}

#[test]
fn an_index_that_is_there_is_kept_unless_it_may_be_replaced() {
    let desk = Desk::new();
    desk.copy("broken/tfrecord/whole.tfrecord", "in/a.tfrecord");
    desk.copy("broken/tfrecord/whole-30.tfrecord", "in/b.tfrecord");
    let index = desk.path("in/index/a.tfrecord.idx");
    let true_text = lines(&fs::read(desk.path("in/a.tfrecord")).unwrap());
    for other in ["", "0 108\n", &format!("{true_text}0 1\n"), "0 109\n108 108\n216 108\n324 108\n432 108\n"] {
        desk.write("in/index/a.tfrecord.idx", other);
        let ran = desk.run("index in --json").expect(2);
        assert!(ran.stderr.contains("in/index/a.tfrecord.idx: it does not describe the shard"), "{}", ran.stderr);
        assert!(ran.stderr.contains("--overwrite"), "{}", ran.stderr);
        assert_eq!((text(&index).as_str(), ran.json()["failures"].as_array().unwrap().len()), (other, 1));
        assert!(desk.path("in/index/b.tfrecord.idx").exists());
    }
    let ran = desk.run("index in --overwrite").expect(0);
    assert!(ran.stdout.contains("1 index replaced: in/index/a.tfrecord.idx\n"), "{}", ran.stdout);
    assert_eq!(text(&index), true_text);
    assert!(tree(&desk.path("in")).keys().all(|name| !name.to_string_lossy().contains(".partial")));
}

/// Somebody else's link is not followed, nor replaced unasked.
#[test]
fn indexes_do_not_go_through_links() {
    let desk = Desk::new();
    desk.copy("broken/tfrecord/whole.tfrecord", "in/a.tfrecord");
    desk.write("mine", "mine");
    desk.folder("in/index");
    desk.link("../../mine", "in/index/.a.tfrecord.idx.partial");
    let ran = desk.run("index in").expect(2);
    assert!(ran.stderr.contains(".a.tfrecord.idx.partial: it is in the way"), "{}", ran.stderr);
    assert_eq!(text(&desk.path("mine")), "mine");
    fs::remove_file(desk.path("in/index/.a.tfrecord.idx.partial")).unwrap();
    desk.link("../../nothing", "in/index/a.tfrecord.idx");
    desk.run("index in").expect(2);
    assert!(desk.path("in/index/a.tfrecord.idx").is_symlink());
    desk.run("index in --overwrite").expect(0);
    assert!(!desk.path("nothing").exists() && !desk.path("in/index/a.tfrecord.idx").is_symlink());
}

#[test]
fn tfindex_files_are_named_as_the_package_names_them() {
    let desk = Desk::new();
    for file in
        ["data.tfrecord", "imgs.tfrecord-00000-of-00002", "imgs.tfrecord-00001-of-00002", "train-00000-of-00001"]
    {
        desk.copy("broken/tfrecord/whole.tfrecord", &format!("in/{file}"));
    }
    let ran = desk.run("index in --tfindex").expect(0);
    assert!(ran.stderr.contains("2 of the .tfindex files are named after the whole name"), "{}", ran.stderr);
    let whole = lines(&fs::read(desk.path("in/data.tfrecord")).unwrap());
    for name in ["data", "imgs.tfrecord-00000-of-00002", "imgs.tfrecord-00001-of-00002", "train-00000-of-00001"] {
        assert_eq!(text(&desk.path(&format!("in/{name}.tfindex"))), whole, "{name}");
    }
    assert!(!desk.path("in/imgs.tfindex").exists());
    // The same names, whichever of them is named alone.
    fs::remove_file(desk.path("in/imgs.tfrecord-00001-of-00002.tfindex")).unwrap();
    desk.run("index in/imgs.tfrecord-00001-of-00002 --tfindex").expect(0);
    assert!(desk.path("in/imgs.tfrecord-00001-of-00002.tfindex").exists());
}

#[test]
fn a_data_set_is_described_from_its_records() {
    let desk = Desk::new();
    copy_set(&desk, "tensorflow/slim", "slim");
    let shards = tree(&desk.path("slim"));
    desk.run("index slim --manifest --tfds --threads 1").expect(0);
    let made = manifest(&desk.path("slim"));
    assert!(made.adopted);
    assert_eq!(
        (made.name.as_str(), made.class_names.join(",").as_str(), made.label_offset),
        ("slim", "flower,landscape,temple", 1)
    );
    assert_eq!(made.supervised_keys, Some(("image/encoded".to_owned(), "image/class/label".to_owned())));
    assert_eq!(made.files, ["dataset_info.json", "features.json", "image.class.label.labels.txt"]);
    let splits: Vec<_> = made.splits.iter().map(|it| (it.name.as_str(), it.records, it.class_counts.clone())).collect();
    assert_eq!(splits, [("train", 8, vec![3, 3, 2]), ("validation", 4, vec![1, 1, 2])]);
    for listed in made.splits.iter().flat_map(|split| &split.shards) {
        let bytes = shards[Path::new(&listed.name)].as_ref().unwrap();
        assert_eq!((listed.bytes, &listed.crc32), (bytes.len() as u64, &format!("{:08x}", crc32fast::hash(bytes))));
        assert_eq!(listed.records, records(bytes).len() as u64);
        assert!(desk.path(&format!("slim/index/{}.idx", listed.name)).exists());
    }
    assert_eq!(text(&desk.path("slim/image.class.label.labels.txt")), "background\nflower\nlandscape\ntemple\n");
    let info = TfdsInfo::parse(&fs::read(desk.path("slim/dataset_info.json")).unwrap()).unwrap();
    assert_eq!(
        info.splits[0].filepath_template.as_deref(),
        Some("{SPLIT}-{SHARD_X_OF_Y}").map(|_| "train-{SHARD_X_OF_Y}")
    );
    let features = TfdsFeatures::parse(&fs::read(desk.path("slim/features.json")).unwrap()).unwrap();
    let visible = made.schema.fields.iter().filter(|field| !field.auxiliary).cloned().collect::<Vec<_>>();
    assert_eq!(features.schema.fields, visible);

    let done = tree(&desk.path("slim"));
    let again = desk.run("index slim --manifest --tfds --json").expect(0).json();
    let outcomes = again["files"].as_array().unwrap().iter().map(|it| it["outcome"].as_str().unwrap());
    assert!(outcomes.eq(["up-to-date"; 4]), "{again:#}");
    assert_same_tree(&tree(&desk.path("slim")), &done, "again");

    // The shards change: nothing that is there is made to agree without leave.
    let first = desk.path("slim/train-00000-of-00002");
    fs::write(&first, fs::read(&first).unwrap().repeat(2)).unwrap();
    let ran = desk.run("index slim --manifest --tfds").expect(2);
    for part in ["dataset_info.json: it says something else", "shardify.json: it says something else", "--overwrite"] {
        assert!(ran.stderr.contains(part), "{part:?}: {}", ran.stderr);
    }
    assert_eq!(manifest(&desk.path("slim")), made);
    desk.run("index slim --manifest --tfds --overwrite").expect(0);
    assert_eq!(manifest(&desk.path("slim")).splits[0].records, 12);
}

#[test]
fn metadata_of_others_are_left_alone() {
    let desk = Desk::new();
    copy_set(&desk, "tfds/tiny_pictures/1.0.0", "tiny");
    for file in ["dataset_info.json", "features.json", "label.labels.txt"] {
        desk.copy(&format!("foreign/tfds/tiny_pictures/1.0.0/{file}"), &format!("tiny/{file}"));
    }
    let before = tree(&desk.path("tiny"));
    let ran = desk.run("index tiny --tfds --manifest --overwrite").expect(0);
    assert!(ran.stderr.contains("are left alone"), "{}", ran.stderr);
    let mut after = tree(&desk.path("tiny"));
    after.retain(|path, _| !path.starts_with("index") && path != Path::new("shardify.json"));
    assert_same_tree(&after, &before, "tiny");
    let made = manifest(&desk.path("tiny"));
    assert_eq!((made.class_names.join(","), made.files.len()), ("flower,sign,temple".to_owned(), 0));
    assert_eq!(made.splits[1].class_counts, [2, 2, 2]);

    // What convert wrote knows more than its shards.
    desk.run("convert imgs out").expect(0);
    let before = tree(&desk.path("out"));
    let ran = desk.run("index out --manifest --overwrite").expect(2);
    assert!(
        ran.stderr.contains("out/shardify.json: the manifest is that of a data set which shardify wrote"),
        "{}",
        ran.stderr
    );
    desk.run("index out --tfds").expect(0);
    assert_same_tree(&tree(&desk.path("out")), &before, "out");

    // Class names that somebody wrote down are used.
    copy_set(&desk, "tfrecord_package/data", "named");
    desk.write("named/label.labels.txt", "round\nsquare\n");
    desk.run("index named --tfds --manifest").expect(0);
    assert_eq!(manifest(&desk.path("named")).class_names, ["round", "square"]);
}

#[test]
fn what_cannot_be_described_is_refused_with_the_way_out() {
    let one = |value| example(&[("x", ints(&[value]))]);
    let desk = Desk::new();
    desk.write("other/a.tfrecord", shard([one(1)]));
    desk.write("other/b.tfrecord", shard([one(2)]));
    desk.write("mixed/a.tfrecord", shard([one(1), example(&[("x", texts(&["a"]))])]));
    desk.copy("tfrecord/sequence.tfrecord", "sequence/a.tfrecord");
    desk.copy("tfrecord/golden.tfrecord", "none/a.tfrecord");
    desk.copy("tfrecord/examples.tfrecord.gz", "packed/a.tfrecord.gz");
    desk.copy("tfrecord/examples.tfrecord.gz", "both/a.tfrecord.gz");
    desk.copy("tfrecord/examples.tfrecord", "both/b.tfrecord");
    desk.copy("broken/tfrecord/payload-bit.tfrecord", "damaged/a.tfrecord");
    for (dir, tfds, manifest) in [
        ("other", Some("shardify reshard"), None),
        ("mixed", Some("`x` is a list of another kind"), Some("`x` is a list of another kind")),
        ("sequence", Some("SequenceExamples, which TFDS cannot load"), None),
        ("none", Some("no tf.train.Example"), Some("no tf.train.Example")),
        ("packed", Some("reshard --compression none"), None),
        ("both", Some("compressed in another way"), Some("compressed in another way")),
        ("damaged", Some("shardify repair"), Some("shardify repair")),
    ] {
        for (option, refused, file) in
            [("--tfds", tfds, "dataset_info.json"), ("--manifest", manifest, "shardify.json")]
        {
            let ran = desk.run(&format!("index {dir} {option}")).expect(if refused.is_some() { 2 } else { 0 });
            assert!(ran.stderr.contains(refused.unwrap_or_default()), "{dir} {option}: {}", ran.stderr);
            assert_eq!(desk.path(&format!("{dir}/{file}")).exists(), refused.is_none(), "{dir} {option}");
        }
    }
    let made: Manifest = manifest(&desk.path("packed"));
    assert_eq!((made.compression.name(), made.splits[0].records), ("gzip", 10));
    assert!(!desk.path("packed/index").exists());
}

/// Large shards are walked through in stretches of 32 MB at once. Records that cross them, records longer than them and records
/// that hold headers change nothing about what is found.
#[test]
fn a_large_shard_is_indexed_as_if_from_front_to_end() {
    use std::os::unix::fs::FileExt;
    const MB: u64 = 1 << 20;
    let desk = Desk::new();
    desk.folder("in");
    let file = fs::File::create(desk.path("in/a.tfrecord")).unwrap();
    let (mut at, mut expected) = (0, String::new());
    // The rest is a hole in the file: payloads are not read.
    let lens = [0, 40 * MB, 7, 100_000, 70 * MB].into_iter().chain([500_000; 40]).chain([3 * MB; 20]);
    for len in lens {
        file.write_all_at(&header(len), at).unwrap();
        // As if shards stood in the record, around the start of every stretch.
        for inner in (at + 12..at + 12 + len).step_by(4096).filter(|inner| inner % (32 * MB) < 8192 && len > 4096) {
            file.write_all_at(&header(1000), inner).unwrap();
        }
        expected.push_str(&format!("{at} {}\n", len + 16));
        at += len + 16;
    }
    file.set_len(at).unwrap();
    for threads in ["", " --threads 1"] {
        desk.run(&format!("index in --overwrite{threads}")).expect(0);
        assert!(text(&desk.path("in/index/a.tfrecord.idx")) == expected, "{threads}");
        fs::remove_file(desk.path("in/index/a.tfrecord.idx")).unwrap();
    }
    let last: u64 = expected.lines().last().unwrap().split(' ').next().unwrap().parse().unwrap();
    let fails = |told: &str| {
        let ran = desk.run("index in").expect(2);
        assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
        assert!(!desk.path("in/index/a.tfrecord.idx").exists());
    };
    file.set_len(at - 1).unwrap();
    fails(&format!("byte {last}: record 64: "));
    file.set_len(at + 3).unwrap();
    fails(&format!("byte {at}: record 65: the file ends inside the header"));
    file.set_len(at).unwrap();
    file.write_all_at(&[1], 16).unwrap();
    fails("byte 16: record 1: ");
}
