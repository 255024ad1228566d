//! `inspect` at the command line: what it counts and shows of shards that others wrote, whole and damaged.

use serde_json::Value;

use crate::{
    console::Desk,
    support::{example, expected, ints, shard, texts},
};

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value}"))
}

#[test]
fn data_sets_that_other_programs_wrote() {
    let desk = Desk::new();
    for (name, facts) in expected("foreign").as_object().unwrap() {
        let files = facts["shards"].as_object().unwrap().keys().map(|file| format!("F/foreign/{name}/{file} "));
        // Nothing in the names of these shards says that they are some.
        let paths = if name == "ray/data" { files.collect() } else { format!("F/foreign/{name}") };
        let found = desk.run(&format!("inspect {paths} --json")).expect(0).json();
        assert_eq!(found["records"], facts["records"], "{name}");
        assert_eq!(number(&found["shards"]), facts["shards"].as_object().unwrap().len() as u64, "{name}");
        assert_eq!(found["compression"], "none", "{name}");
        let features = found["features"].as_array().unwrap();
        let wanted = facts["features"].as_array().unwrap();
        assert_eq!(features.len(), wanted.len(), "{name}");
        for (feature, wanted) in features.iter().zip(wanted) {
            let what = format!("{name}: {feature}");
            for key in ["key", "kind", "records"] {
                assert_eq!(feature[key], wanted[key], "{what}");
            }
            let values = (&feature["values"]["min"], &feature["values"]["max"]);
            assert_eq!(values, (&wanted["values"][0], &wanted["values"][1]), "{what}");
            assert_eq!(number(&feature["missing"]), number(&facts["records"]) - number(&wanted["records"]), "{what}");
            let is_image = facts["image"] == feature["key"];
            assert_eq!(feature["images"].is_object(), is_image, "{what}");
            assert!(!is_image || number(&feature["single"]["images"]) == number(&facts["records"]), "{what}");
        }
        assert_eq!(found["label"], facts["label"], "{name}");
    }
}

#[test]
fn records_that_tensorflow_wrote_in_every_form() {
    let desk = Desk::new();
    let files = expected("tfrecord");
    for (file, facts) in files["files"].as_object().unwrap() {
        let sound = file != "golden.tfrecord";
        let found = desk.run(&format!("inspect F/tfrecord/{file} --json")).expect(i32::from(!sound)).json();
        assert_eq!(number(&found["records"]), facts["records"].as_array().unwrap().len() as u64, "{file}");
        let kind = facts["compression"].as_str().unwrap().to_lowercase();
        assert_eq!(found["compression"], if kind.is_empty() { "none" } else { &kind }, "{file}");
    }
    let found = desk.run("inspect F/tfrecord/sequence.tfrecord --json").expect(0).json();
    assert_eq!((&found["sequence_examples"], &found["examples"]), (&found["records"], &0.into()));
    assert_eq!((&found["lists"][0]["key"], &found["lists"][0]["kind"]), (&"frames".into(), &"bytes".into()));
}

/// The intact records are counted, and what is not is said in one line.
#[test]
fn damaged_shards() {
    let desk = Desk::new();
    // What validate alone looks for.
    let unseen = ["duplicate-record", "missing-feature", "mixed-records", "feature-kind", "empty-shard"];
    let files = expected("broken/tfrecord");
    for (file, facts) in files["files"].as_object().unwrap() {
        let kinds = facts["findings"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap());
        let seen = kinds.filter(|kind| !unseen.contains(kind) && *kind != "unannounced-compression").count();
        let ran = desk.run(&format!("inspect F/broken/tfrecord/{file} --json")).expect(i32::from(seen > 0));
        let intact = facts["intact"].as_array().unwrap().len() as u64;
        assert_eq!(number(&ran.json()["records"]), intact, "{file}");
        let told = ran.stderr.lines().filter(|line| line.contains("shardify validate ")).count();
        assert_eq!(
            (told, ran.stderr.lines().count()),
            (usize::from(seen > 0), usize::from(seen > 0)),
            "{file}: {}",
            ran.stderr
        );
    }
    let ran = desk.run("inspect F/broken/tfrecord/two-apart.tfrecord").expect(1);
    assert!(
        ran.stderr.starts_with("warning: 2 damaged records were passed over: shardify validate "),
        "{}",
        ran.stderr
    );
}

#[test]
fn single_records() {
    let desk = Desk::new();
    let ran = desk.run("inspect F/foreign/tensorflow/slim/train-00000-of-00002 --records 2").expect(0);
    let records: Vec<&str> = ran.stdout.split("train-00000-of-00002 record ").skip(1).collect();
    assert_eq!(records.len(), 2, "{}", ran.stdout);
    assert!(records[0].starts_with("0, byte 0, 1.50 kB\n"), "{}", records[0]);
    for line in ["image/class/label  1", "image/encoded      JPEG 24x24x3, 1.26 kB", "image/filename     \"bud.jpg\""] {
        assert!(records[0].contains(line), "{line:?}: {}", records[0]);
    }
    let plain = desk.run("inspect F/tfrecord/examples.tfrecord --record 7 --json").expect(0).json();
    assert_eq!(plain["shown"][0]["features"][1]["text"], "1");
    for other in ["examples.tfrecord.gz", "examples.tfrecord.zlib", "members.tfrecord.gz"] {
        let packed = desk.run(&format!("inspect F/tfrecord/{other} --record 7 --json")).expect(0).json();
        for key in ["record", "offset", "bytes", "features"] {
            assert_eq!(packed["shown"][0][key], plain["shown"][0][key], "{other}: {key}");
        }
    }
    let first =
        desk.run("inspect F/tfrecord/examples.tfrecord F/tfrecord/members.tfrecord.gz --records 11 --json").expect(0);
    let shown: Vec<u64> = first.json()["shown"].as_array().unwrap().iter().map(|it| number(&it["record"])).collect();
    assert_eq!(shown, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
}

/// Records are numbered as `validate` numbers them: damage counts.
#[test]
fn a_record_by_its_number() {
    let desk = Desk::new();
    let bases = expected("broken/tfrecord")["bases"]["whole-30.tfrecord"].clone();
    for (file, record, is_damaged) in [
        ("two-apart.tfrecord", 4, false),
        ("two-apart.tfrecord", 5, true),
        ("two-apart.tfrecord", 6, false),
        ("two-apart.tfrecord", 24, true),
        ("two-apart.tfrecord", 29, false),
        ("gzip-payload-bit.tfrecord.gz", 7, true),
        ("gzip-payload-bit.tfrecord.gz", 8, false),
    ] {
        let ran = desk.run(&format!("inspect F/broken/tfrecord/{file} --record {record} --json"));
        if is_damaged {
            let ran = ran.expect(2);
            assert!(ran.stderr.contains(&format!("record {record} is damaged")), "{}", ran.stderr);
        } else {
            let shown = ran.expect(1).json()["shown"][0].clone();
            assert_eq!((&shown["record"], &shown["offset"]), (&record.into(), &bases[record][0]), "{file} {record}");
        }
    }
    let none = desk.run("inspect F/broken/tfrecord/whole.tfrecord --record 5").expect(2);
    assert!(none.stderr.contains("there is no record 5: the shard has 5, counted from 0"), "{}", none.stderr);
    let many = desk.run("inspect F/foreign/tensorflow/slim --record 0").expect(2);
    assert!(many.stderr.contains("3 are named"), "{}", many.stderr);
}

#[test]
fn classes_and_splits_of_what_convert_wrote() {
    let desk = Desk::new();
    desk.run("convert imgs out").expect(0);
    let found = desk.run("inspect out --json").expect(0).json();
    assert_eq!(
        (&found["described_by"], &found["name"], &found["label"]),
        (&"manifest".into(), &"imgs".into(), &"label".into())
    );
    let classes: Vec<_> = found["classes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["name"].as_str().unwrap(), number(&it["records"])))
        .collect();
    assert_eq!(classes, [("cat", 2), ("dog", 2)]);
    let text = desk.run("inspect out").expect(0).stdout;
    assert!(text.contains("\n  1  dog  2  ####"), "{text}");
    assert!(text.contains("\nfeatures, as shardify.json describes them:\n"), "{text}");

    let label = |class| example(&[("label", ints(&[class]))]);
    desk.write("many.tfrecord", shard((0..30).flat_map(|class| vec![label(class); class as usize + 1])));
    let text = desk.run("inspect many.tfrecord").expect(0).stdout;
    assert!(text.contains("\n  29    30  ###") && text.contains("  ... 15 more (-v lists them)\n"), "{text}");
    assert!(!desk.run("inspect many.tfrecord -v").expect(0).stdout.contains("more (-v"));

    desk.write("two/train/0.tfrecord", shard([label(0)]));
    desk.write("two/test/0.tfrecord", shard([label(0), label(1)]));
    let found = desk.run("inspect two --json").expect(0).json();
    assert_eq!((&found["records"], &found["shards"]), (&3.into(), &2.into()));
    assert_eq!(found["datasets"].as_array().unwrap().len(), 2);
    let splits: Vec<_> = found["splits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["name"].as_str().unwrap(), number(&it["records"])))
        .collect();
    assert_eq!(splits, [("test", 2), ("train", 1)]);
}

#[test]
fn nothing_in_a_shard_can_harm() {
    let desk = Desk::new();
    desk.write("keys.tfrecord", shard((0..10_500).map(|key| example(&[(&format!("{key:08}"), ints(&[key]))]))));
    let ran = desk.run("inspect keys.tfrecord --json").expect(1);
    assert!(ran.stderr.contains("more than 10,000 different keys"), "{}", ran.stderr);
    assert_eq!(ran.json()["features"].as_array().unwrap().len(), 10_000);
    assert!(desk.run("inspect keys.tfrecord").expect(1).stdout.contains("  and 9,900 more (-v lists them)\n"));
    desk.write("escape.tfrecord", shard([example(&[("\u{1b}[31m", texts(&["\u{1b}[2Jx\u{202e}"]))])]));
    let ran = desk.run("inspect escape.tfrecord --records 1").expect(0);
    assert!(!ran.stdout.contains(['\u{1b}', '\u{202e}']), "{}", ran.stdout);
    desk.write("bad/shardify.json", "{");
    desk.write("bad/x.tfrecord", shard([example(&[("x", ints(&[1]))])]));
    let ran = desk.run("inspect bad").expect(1);
    assert!(
        ran.stderr.contains("shardify.json: not a manifest") && ran.stdout.contains("as the records show"),
        "{ran:?}"
    );
    let ran = desk.run("inspect bad -q").expect(1);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}
