//! `report` at the command line: what it finds, what its page says, and what it refuses. That its numbers are right is for
//! NumPy and Pillow to say (`tests/interop/test_report_numbers.py`), how the page looks for a browser (`test_report_page.py`).

use std::fs;

use serde_json::{Value, json};

use crate::{
    console::Desk,
    support::{example, expected, ints, shard, texts},
};

/// The page and the JSON of a report of `path`.
#[track_caller]
fn report(desk: &Desk, path: &str, code: i32) -> (String, Value) {
    let found = desk.run(&format!("report {path} -o page.html --json")).expect(code).json();
    (fs::read_to_string(desk.path("page.html")).unwrap(), found)
}

#[test]
fn a_clean_data_set() {
    let desk = Desk::new();
    desk.run("convert F/images out --split train=0.7,test=0.3 --stratify --max-shard 100kB").expect(0);
    let ran = desk.run("report out").expect(0);
    for line in
        ["records   30 in ", "classes   4", "pictures  30, 30 decoded", "problems  none", "page      report.html, "]
    {
        assert!(ran.stdout.contains(line), "{line}:\n{}", ran.stdout);
    }
    let (page, found) = report(&desk, "out", 0);
    assert_eq!(found["verdict"], json!({ "errors": 0, "warnings": 0 }));
    assert_eq!(found["page"]["bytes"], page.len());
    let counts: Vec<u64> = found["classes"]["rows"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["records"].as_u64().unwrap())
        .collect();
    assert_eq!(counts, [9, 8, 7, 6]);
    let command = found["origin"]["command"].as_str().unwrap();
    assert!(command.ends_with("OUT --max-shard 100kB --split train=0.7,test=0.3 --stratify"), "{command}");
    // The command in the report makes the same shards again.
    let again = command.strip_prefix("shardify ").unwrap().replace("OUT", "again");
    desk.run(&again).expect(0);
    for entry in fs::read_dir(desk.path("again")).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("tfrecord-") {
            let name = path.file_name().unwrap();
            assert!(fs::read(&path).unwrap() == fs::read(desk.path("out").join(name)).unwrap(), "{name:?}");
        }
    }
    for part in
        ["Pictures", "Classes", "For normalisation", "Equal pictures", "Similar pictures", "How it was made", "tfds."]
    {
        assert!(page.contains(part), "{part}");
    }
    assert!(found["images"]["sheet"].as_array().unwrap().len() == 4);
}

/// Whatever the threads, and wherever the page goes: the same bytes. An older report is replaced.
#[test]
fn the_same_page_at_any_number_of_threads() {
    let desk = Desk::new();
    desk.run("convert F/images out --max-shard 60kB").expect(0);
    let pages = ["--threads 1", "--threads 3"].map(|threads| {
        desk.run(&format!("report out -o page.html {threads}")).expect(0);
        fs::read(desk.path("page.html")).unwrap()
    });
    assert!(pages[0] == pages[1]);
}

#[test]
fn only_reports_are_replaced() {
    let desk = Desk::new();
    desk.run("convert imgs out").expect(0);
    desk.write("mine.html", "<!doctype html><title>mine</title>");
    let ran = desk.run("report out -o mine.html").expect(2);
    assert!(ran.stderr.contains("no report of shardify") && ran.stderr.contains("--overwrite"), "{}", ran.stderr);
    assert!(fs::read_to_string(desk.path("mine.html")).unwrap().contains("mine"));
    desk.run("report out -o mine.html --overwrite").expect(0);
    desk.run("report out -o mine.html").expect(0);
    let shard = "out/imgs-train.tfrecord-00000-of-00001";
    let before = fs::read(desk.path(shard)).unwrap();
    let ran = desk.run(&format!("report out -o {shard} --overwrite")).expect(2);
    assert!(ran.stderr.contains("a TFRecord is there"), "{}", ran.stderr);
    assert!(fs::read(desk.path(shard)).unwrap() == before);
    for (out, part) in [("imgs", "is no file"), ("nowhere/page.html", "there is no folder")] {
        let ran = desk.run(&format!("report out -o {out}")).expect(2);
        assert!(ran.stderr.contains(part), "{out}: {}", ran.stderr);
    }
    let ran = desk.run("report nowhere").expect(2);
    assert!(ran.stderr.contains("nowhere"), "{}", ran.stderr);
    assert!(!desk.path("report.html").exists());
}

/// Equal pictures in two splits, under different labels, a blank one, a broken one.
#[test]
fn what_is_wrong_with_pictures() {
    let desk = Desk::new();
    for (from, to) in [
        ("temple/gate.jpg", "a/train/one/gate.jpg"),
        ("flower/bud.jpg", "a/train/one/bud.jpg"),
        ("sign/stop.png", "a/train/two/stop.png"),
        ("temple/gate.jpg", "a/test/one/copy.jpg"),
        ("flower/bud.jpg", "a/test/two/bud.jpg"),
    ] {
        desk.copy(&format!("images/{from}"), to);
    }
    desk.run("convert a out").expect(0);
    let (page, found) = report(&desk, "out", 1);
    assert_eq!(found["exact"]["groups"]["total"], 2);
    assert_eq!(found["exact"]["across_splits"], 2);
    assert_eq!(found["exact"]["differing_labels"], 1);
    assert_eq!(found["exact"]["surplus"], 2);
    assert_eq!(found["verdict"]["errors"], 2);
    let first = &found["exact"]["groups"]["items"][0];
    let names: Vec<&str> =
        first["members"]["items"].as_array().unwrap().iter().map(|it| it["filename"].as_str().unwrap()).collect();
    assert!(names.iter().all(|name| name.ends_with("bud.jpg")), "{names:?}");
    assert!(page.contains("across splits") && page.contains("labels differ"));

    let grey = example(&[("image", texts(&["P5 20 20 255 "])), ("label", ints(&[0]))]);
    let broken = example(&[
        ("image", bytes(&fs::read(crate::console::fixtures().join("images/flower/bud.jpg")).unwrap()[..900])),
        ("label", ints(&[0])),
    ]);
    desk.write("b/x-00000-of-00001.tfrecord", shard([grey, broken]));
    let (page, found) = report(&desk, "b", 1);
    assert_eq!(found["images"]["broken"]["total"], 2, "{found}");
    assert!(page.contains("Broken pictures"));
}

fn bytes(value: &[u8]) -> shardify::example::proto::feature::Kind {
    shardify::example::proto::feature::Kind::BytesList(shardify::example::proto::BytesList {
        value: vec![value.to_vec()],
    })
}

#[test]
fn blank_pictures_and_odd_numbers_of_arrays() {
    let desk = Desk::new();
    let mut pictures = vec![7_u8; 3 * 400];
    for (at, pixel) in pictures[400..800].iter_mut().enumerate() {
        *pixel = (at * 7 % 251) as u8;
    }
    desk.npy("x.npy", "|u1", "(3, 20, 20)", &pictures);
    let weights: Vec<u8> =
        [1.0_f32, f32::NAN, f32::NEG_INFINITY].iter().flat_map(|value| value.to_le_bytes()).collect();
    desk.npy("w.npy", "<f4", "(3,)", &weights);
    desk.run("convert x.npy out --array weight=w.npy").expect(0);
    let (page, found) = report(&desk, "out", 1);
    assert_eq!(found["images"]["formats"], json!([["raw", 3]]));
    assert_eq!(found["images"]["blank"]["total"], 2);
    assert_eq!(found["exact"]["groups"]["total"], 1);
    let arrays = found["arrays"].as_array().unwrap();
    let weight = arrays.iter().find(|array| array["key"] == "weight").unwrap();
    for (key, value) in [("nan", 1), ("negative_infinity", 1), ("positive_infinity", 0), ("records_not_finite", 2)] {
        assert_eq!(weight[key], value, "{key}");
    }
    assert_eq!((&weight["values"]["min"], &weight["values"]["max"]), (&json!(1.0), &json!(1.0)));
    assert!(page.contains("NaN or infinite"));
}

/// Names are data: whatever they are, they stay text.
#[test]
fn hostile_names_stay_text() {
    let desk = Desk::new();
    let class = "<script>alert(1)</script>";
    desk.copy(
        "images/flower/bud.jpg",
        &format!("imgs/{class}/\"><img src=x onerror=alert(2)>.jpg").replace("</", "<\\"),
    );
    desk.copy("images/flower/leaf.jpg", "imgs/cat\u{202e}gpj/a.jpg");
    desk.run("convert imgs out").expect(0);
    let (page, _) = report(&desk, "out", 1);
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert_eq!(page.matches("<script").count(), 1, "only that of the page");
    assert!(!page.contains("<img src=x") && !page.contains('\u{202e}'));
    assert!(page.contains("cat[U+202E]gpj"));
}

/// Shards of anyone's making: all fixtures that other programs wrote have a report.
#[test]
fn shards_that_other_programs_wrote() {
    let desk = Desk::new();
    for (name, facts) in expected("foreign").as_object().unwrap().iter().filter(|(name, _)| *name != "ray/data") {
        let ran = desk.run(&format!("report F/foreign/{name} -o page.html --json"));
        assert!(matches!(ran.code, Some(0 | 1)), "{name}: {}", ran.stderr);
        let found = ran.json();
        assert_eq!(found["records"], facts["records"], "{name}");
        assert_eq!(found["images"].is_object(), facts["image"].is_string(), "{name}");
        assert_eq!(found["images"]["broken"]["total"].as_u64().unwrap_or(0), 0, "{name}");
    }
    for (file, code) in
        [("examples.tfrecord.gz", 0), ("sequence.tfrecord", 0), ("empty.tfrecord", 1), ("members.tfrecord.gz", 1)]
    {
        desk.run(&format!("report F/tfrecord/{file} -o page.html")).expect(code);
    }
}

/// Class names may stand beside shards of which nothing else says anything.
#[test]
fn class_names_beside_shards() {
    let desk = Desk::new();
    let record = |label: i64| example(&[("x", texts(&["some text"])), ("label", ints(&[label]))]);
    desk.write("set/data.tfrecord", shard([record(0), record(1), record(1)]));
    desk.write("set/label.labels.txt", "ant\nbee\n");
    let (page, found) = report(&desk, "set", 1);
    let rows: Vec<(&str, u64)> = found["classes"]["rows"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["records"].as_u64().unwrap()))
        .collect();
    assert_eq!(rows, [("ant", 1), ("bee", 2)]);
    assert!(page.contains("bee"));
}

/// A few of thousands of details are told, and how many there are.
#[test]
fn classes_that_a_split_lacks() {
    let desk = Desk::new();
    let record = |label: i64| example(&[("x", texts(&["some text"])), ("label", ints(&[label]))]);
    desk.write("set/a-train.tfrecord-00000-of-00001", shard((0..20_005).map(record)));
    desk.write("set/a-test.tfrecord-00000-of-00001", shard([3, 4, 20_004].map(record)));
    let names: String = (0..20_005).map(|class| format!("class {class}\n")).collect();
    desk.write("set/label.labels.txt", names);
    let (page, found) = report(&desk, "set", 1);
    let problems = found["label_problems"].as_array().unwrap();
    let lacking = problems.iter().find(|it| it["title"] == "classes that a split lacks").unwrap();
    assert_eq!(lacking["details"]["total"], 20_002, "{lacking}");
    let items = lacking["details"]["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[3]), (50, &json!("test: class 5")));
    assert!(page.contains("test: class 5"));
}

/// gzip and damage: pictures are read again from both.
#[test]
fn compressed_and_damaged_shards() {
    let desk = Desk::new();
    desk.run("convert F/images plain").expect(0);
    desk.run("reshard plain zipped --compression gzip").expect(0);
    let (_, plain) = report(&desk, "plain", 0);
    let (page, zipped) = report(&desk, "zipped", 0);
    for key in ["mean", "deviation", "width", "total", "formats"] {
        assert_eq!(plain["images"][key], zipped["images"][key], "{key}");
    }
    assert_eq!(page.matches("class=\"thumb\"").count(), 30);

    let path = desk.path("plain/images-train.tfrecord-00000-of-00001");
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 0x55;
    fs::write(&path, &bytes).unwrap();
    let (page, found) = report(&desk, "plain", 1);
    assert_eq!(found["records"], 29);
    assert_eq!(found["images"]["total"], 29);
    assert!(page.contains("data-crc") && page.contains("shardify repair"));
}

/// Records may claim any shape.
#[test]
fn pixels_that_claim_to_be_huge() {
    let desk = Desk::new();
    desk.run("convert imgs out --format raw").expect(0);
    let path = desk.path("out/imgs-train.tfrecord-00000-of-00001");
    let side = i64::from(u32::MAX);
    let pixels = bytes(&[9; 300]);
    let features = [
        ("image", pixels),
        ("label", ints(&[0])),
        ("image/height", ints(&[side])),
        ("image/width", ints(&[side])),
        ("image/channels", ints(&[3])),
        ("image/shape", ints(&[side, side, 3])),
    ];
    fs::write(&path, shard([example(&features)])).unwrap();
    let (_, found) = report(&desk, "out", 1);
    assert_eq!(found["images"]["broken"]["total"], 1);
}

/// A page may lie beside the shards that it is about.
#[test]
fn a_page_in_the_folder_of_the_shards() {
    let desk = Desk::new();
    desk.run("convert imgs out").expect(0);
    desk.run("report out -o out/report.html").expect(0);
    desk.run("validate out").expect(0);
    desk.run("report out -o out/report.html").expect(0);
    assert_eq!(crate::support::count_ending(&desk.path("out"), ".partial"), 0);
}

#[test]
fn several_data_sets_are_named() {
    let desk = Desk::new();
    desk.run("convert imgs both/a").expect(0);
    desk.run("convert imgs both/b").expect(0);
    let ran = desk.run("report both").expect(2);
    assert!(ran.stderr.contains("2 data sets") && ran.stderr.contains("both/a, both/b"), "{}", ran.stderr);
}

/// The pixels of some pictures, the headers of all.
#[test]
fn fewer_pictures_are_decoded_if_that_is_asked_for() {
    let desk = Desk::new();
    desk.run("convert F/images out").expect(0);
    let found = desk.run("report out -o page.html --images 10 --json").expect(0).json();
    let decoded = found["images"]["decoded"].as_u64().unwrap();
    assert!((3..=17).contains(&decoded), "{decoded}");
    assert_eq!((&found["images"]["total"], &found["images"]["width"]["count"]), (&json!(30), &json!(30)));
    let found = desk.run("report out -o page.html --images 0 --json").expect(0).json();
    assert_eq!(found["images"]["mean"], json!([]));
}
