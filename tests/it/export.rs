//! Shards become files again: the files that they were made of, and never one outside of the output folder.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use prost::Message;
use serde_json::{Value, json};
use shardify::{
    example::proto::{BytesList, Example, Feature, Features, FloatList, Int64List, feature::Kind},
    tfrecord::{footer, header},
};
use tempfile::tempdir;

use crate::{
    console::Desk,
    support::{assert_same_tree, features, fixture, png, records, tree},
};

fn bytes(value: impl AsRef<[u8]>) -> Kind {
    Kind::BytesList(BytesList { value: vec![value.as_ref().to_vec()] })
}

fn ints(value: &[i64]) -> Kind {
    Kind::Int64List(Int64List { value: value.to_vec() })
}

fn floats(value: &[f32]) -> Kind {
    Kind::FloatList(FloatList { value: value.to_vec() })
}

fn example(features: &[(&str, Kind)]) -> Vec<u8> {
    let feature =
        features.iter().map(|(key, kind)| ((*key).to_owned(), Feature { kind: Some(kind.clone()) })).collect();
    Example { features: Some(Features { feature }) }.encode_to_vec()
}

fn shard(payloads: &[Vec<u8>]) -> Vec<u8> {
    let framed =
        payloads.iter().flat_map(|payload| [&header(payload.len() as u64)[..], payload, &footer(payload)[..]].concat());
    framed.collect()
}

/// The files of a folder as text, relative and sorted.
fn files(dir: &Path) -> Vec<String> {
    let files = tree(dir).into_iter().filter(|(_, bytes)| bytes.is_some());
    files.map(|(path, _)| path.to_string_lossy().into_owned()).collect()
}

/// Records of one pixel each, by name and perhaps class.
fn named(names: &[&[u8]]) -> Vec<Vec<u8>> {
    let record = |(at, name): (usize, &&[u8])| example(&[("image", bytes(png(at))), ("filename", bytes(name))]);
    names.iter().enumerate().map(record).collect()
}

fn same(desk: &Desk, one: &str, other: &str) {
    assert_same_tree(&tree(&desk.path(one)), &tree(&desk.path(other)), &format!("{one} and {other}"));
}

fn plant(desk: &Desk, names: &[&str]) {
    for (at, name) in names.iter().enumerate() {
        desk.write(&format!("in/{name}"), png(at));
    }
}

/// Every layout that convert knows comes back as it was, whatever its order, splits and shards.
#[test]
fn folders_come_back_as_they_were() {
    let cases: &[(&[&str], &str)] = &[
        (&["cat/1.png", "cat/sub/1.png", "dog/1.png", "dog/sub/sub/2.png"], ""),
        (&["cat/cat/1.png", "cat/1.png", "dog/train/1.png"], "--shards 2"),
        (&["train/cat/1.png", "train/dog/1.png", "test/cat/1.png", "test/cat/sub/2.png"], ""),
        (&["train/cat/1.png", "train/dog/1.png"], "--compression gzip"),
        (&["1.png", "2.png", "no-ending", "wrong.jpg"], ""),
        (&["a/1.png", "b/c/1.png", "b/2.png"], "--layout flat"),
        (&["train/1.png", "train/2.png", "val/1.png"], "--layout split"),
        (&["train/1.png", "b/1.png"], "--layout class"),
        (&["cat/1.png", "cat/2.png", "dog/1.png", "dog/3.png"], "--keys slim --no-shuffle"),
    ];
    for (names, options) in cases {
        let desk = Desk::new();
        plant(&desk, names);
        let ran = desk.run(&format!("convert in shards -q {options}"));
        assert_eq!(ran.code, Some(0), "{names:?}: {}", ran.stderr);
        let ran = desk.run("export shards out").expect(0);
        assert!(ran.stderr.is_empty() && ran.stdout.contains(&format!(" {} image", names.len())), "{ran:?}");
        same(&desk, "out", "in");
    }
}

#[test]
fn images_that_are_kept_come_back_byte_for_byte() {
    let desk = Desk::new();
    desk.run("convert F/images shards -q --exif keep").expect(0);
    desk.run("export shards out").expect(0);
    let (mut got, mut expected) = (tree(&desk.path("out")), tree(&fixture("images")));
    // One is no JPEG or PNG, and one is CMYK: what readers cannot read was made new, and its ending says so.
    assert!(got.remove(Path::new("flower/web.webp.png")).unwrap().unwrap().starts_with(b"\x89PNG"));
    expected.remove(Path::new("flower/web.webp")).unwrap();
    for tree in [&mut got, &mut expected] {
        tree.remove(Path::new("landscape/print.jpg")).unwrap();
    }
    assert_same_tree(&got, &expected, "fixtures/images");
    let desk = Desk::new();
    desk.run("convert imgs shards -q --format jpeg").expect(0);
    desk.run("export shards out").expect(0);
    assert_eq!(files(&desk.path("out")), ["cat/bud.jpg", "cat/leaf.jpg", "dog/end.png.jpg", "dog/stop.png.jpg"]);
}

#[test]
fn lists_and_ratios_make_folders_of_classes_and_splits() {
    let desk = Desk::new();
    plant(&desk, &["a.png", "b.png", "deep/c.png", "d.png"]);
    desk.write(
        "in.csv",
        "file,label,split\nin/a.png,cat,train\nin/b.png,dog,train\nin/deep/c.png,cat,test\nin/d.png,-1,test\n",
    );
    desk.run("convert in.csv shards -q").expect(0);
    desk.run("export shards out").expect(0);
    let all = ["test/cat/in/deep/c.png", "test/in/d.png", "train/cat/in/a.png", "train/dog/in/b.png"];
    assert_eq!(files(&desk.path("out")), all);
    desk.run("export shards one --split test").expect(0);
    assert_eq!(files(&desk.path("one")), ["cat/in/deep/c.png", "in/d.png"]);
    let ran = desk.run("export shards none --split dev").expect(2);
    assert!(ran.stderr.contains("there is no split `dev`") && ran.stderr.contains("train, test"), "{}", ran.stderr);
    assert!(!desk.path("none").exists());

    desk.run("convert imgs ratios -q --split train=0.5,test=0.5 --stratify").expect(0);
    desk.run("export ratios back").expect(0);
    let names = files(&desk.path("back"));
    assert!(names.len() == 4 && names.iter().all(|name| name.starts_with("train/") || name.starts_with("test/")));
    // A folder of folders is found again.
    desk.run("convert back again -q").expect(0);
    desk.run("export again more").expect(0);
    same(&desk, "back", "more");
}

/// What other programs wrote: `expected.json` says how many records there are.
#[test]
fn foreign_shards_become_image_files() {
    for (name, set, first) in [
        ("tensorflow/slim", "slim", "train/flower/bud.jpg"),
        ("tensorflow/tutorial", "tutorial", "0/images.tfrecords-00000-of-00002-000000.jpg"),
        ("tfds/tiny_pictures/1.0.0", "tfds", "test/flower/04.png"),
        ("img2dataset/data", "img2dataset", "000000.jpg"),
        ("tfrecord_package/data", "package", "0/data.tfrecord-000000.png"),
        ("ray/data", "ray", ""),
    ] {
        let expected: Value = serde_json::from_slice(&fs::read(fixture("foreign/expected.json")).unwrap()).unwrap();
        let facts = &expected[name];
        let desk = Desk::new();
        // Nothing in the names of Ray says that they are shards.
        let inputs = match facts["shards"].as_object().unwrap().keys() {
            shards if set == "ray" => {
                shards.map(|shard| format!("F/foreign/{name}/{shard}")).collect::<Vec<_>>().join(" ")
            }
            _ => format!("F/foreign/{name}"),
        };
        desk.run(&format!("export {inputs} {set}")).expect(0);
        let tree = tree(&desk.path(set));
        let exported: Vec<_> = tree.iter().filter_map(|(path, bytes)| Some((path, bytes.as_ref()?))).collect();
        assert_eq!(exported.len() as u64, facts["records"].as_u64().unwrap(), "{name}: {exported:?}");
        assert!(first.is_empty() || tree.contains_key(Path::new(first)), "{name}: {:?}", tree.keys());
        // The images of the records, and nothing else.
        let mut images: Vec<Vec<u8>> = Vec::new();
        for shard in facts["shards"].as_object().unwrap().keys() {
            let path = fixture("foreign").join(name).join(shard);
            for (_, payload) in records(&fs::read(path).unwrap()) {
                let Some(Kind::BytesList(list)) = features(&payload)[facts["image"].as_str().unwrap()].kind.clone()
                else {
                    panic!("{name}: no image")
                };
                images.push(list.value[0].clone());
            }
        }
        let mut got: Vec<Vec<u8>> = exported.into_iter().map(|(_, bytes)| bytes.clone()).collect();
        images.sort();
        got.sort();
        assert!(images == got, "{name}: other images");
    }
}

/// Names that lead elsewhere, clash, or mean something to some system.
#[test]
fn hostile_names_stay_inside() {
    let long = "x".repeat(300);
    let table: &[(&[u8], &str)] = &[
        (b"../../escaped.png", "escaped.png"),
        (b"/etc/cron.d/evil.png", "etc/cron.d/evil.png"),
        (b"a/../../b.png", "a/b.png"),
        (b"./c//d.png", "c/d.png"),
        (b"..", "x.tfrecord-000004.png"),
        (b"", "x.tfrecord-000005.png"),
        (b".git/hooks/post-checkout", "_git/hooks/post-checkout.png"),
        (b"nul\0.png", "nul_.png"),
        (b"CON", "_CON.png"),
        (b"com1.png", "_com1.png"),
        (b"C:\\temp\\x.png", "C__temp_x.png"),
        (b"blank .png ", "blank .png_.png"),
        (b"\xff\xfe.png", "__.png"),
        (b"new\nline\x1b[31m.png", "new_line_[31m.png"),
        (long.as_bytes(), ""),
        (b"same.png", "same.png"),
        (b"same.png", "same-2.png"),
        (b"dir", "dir.png"),
        (b"dir.png/inner.png", "dir-2.png/inner.png"),
        (b"renamed.jsonl", "renamed.jsonl.png"),
    ];
    let desk = Desk::new();
    let names: Vec<&[u8]> = table.iter().map(|(name, _)| *name).collect();
    desk.write("x.tfrecord", shard(&named(&names)));
    let before = desk.tree();
    let ran = desk.run("export x.tfrecord out --json").expect(0).json();
    let after = desk.tree();
    let elsewhere: Vec<&PathBuf> =
        after.keys().filter(|path| !before.contains_key(*path) && !path.starts_with(desk.path("out"))).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    let mut expected: BTreeMap<String, usize> =
        table.iter().enumerate().filter(|(_, row)| !row.1.is_empty()).map(|(at, row)| (row.1.to_owned(), at)).collect();
    expected.insert(format!("{}.png", "x".repeat(251)), 14);
    let mut got = tree(&desk.path("out"));
    got.retain(|_, bytes| bytes.is_some());
    let list = String::from_utf8(got.remove(Path::new("renamed.jsonl")).unwrap().unwrap()).unwrap();
    let found: Vec<&str> = got.keys().map(|path| path.to_str().unwrap()).collect();
    assert!(found.iter().eq(expected.keys()), "{found:#?}\n{:#?}", expected.keys());
    for (name, at) in expected {
        assert!(got[Path::new(&name)] == Some(png(at)), "{name} is another image");
    }
    let lines: Vec<Value> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(ran["renamed"], lines.len());
    let first = json!({ "file": "escaped.png", "name": "../../escaped.png", "shard": "x.tfrecord", "record": 0 });
    assert_eq!(lines[0], first);
    // Those that are as they were in the record are not listed.
    assert!(lines.iter().all(|line| line["record"] != 15 && line["record"] != 5), "{list}");
    let verbose = desk.run("export x.tfrecord out -v --overwrite").expect(0).stdout;
    assert!(verbose.contains("\"name\":\"../../escaped.png\""), "{verbose}");

    desk.run("export x.tfrecord kept --keep-names").expect(0);
    let kept: Vec<Vec<u8>> =
        tree(&desk.path("kept")).into_keys().map(|path| path.as_os_str().as_bytes().to_vec()).collect();
    for name in [&b"\xff\xfe.png"[..], b"C:\\temp\\x.png", b"com1.png", b"escaped.png"] {
        assert!(kept.iter().any(|path| path == name), "{}", String::from_utf8_lossy(name));
    }
}

#[test]
fn hostile_class_names_stay_inside() {
    let desk = Desk::new();
    let classes = ["../../up", "/abs", "..", "a/b", "CON", ".hidden"];
    let payloads = classes.iter().enumerate().map(|(at, class)| {
        example(&[
            ("image/encoded", bytes(png(at))),
            ("image/class/text", bytes(class)),
            ("image/filename", bytes("1.png")),
        ])
    });
    desk.write("x.tfrecord", shard(&payloads.collect::<Vec<_>>()));
    desk.run("export x.tfrecord out").expect(0);
    assert_eq!(fs::read_to_string(desk.path("out/renamed.jsonl")).unwrap().lines().count(), classes.len());
    fs::remove_file(desk.path("out/renamed.jsonl")).unwrap();
    let expected = ["_._.._up/1.png", "_CON/1.png", "__/1.png", "_abs/1.png", "_hidden/1.png", "a_b/1.png"];
    assert_eq!(files(&desk.path("out")), expected);
}

/// What stands in the output folder is not followed, not replaced unasked, and never removed.
#[test]
fn nothing_is_written_through_links() {
    let desk = Desk::new();
    desk.folder("elsewhere");
    desk.write("elsewhere/mine", "mine");
    desk.write("x.tfrecord", shard(&named(&[b"cat/1.png", b"2.png"])));
    desk.folder("linked");
    desk.link("../elsewhere", "linked/cat");
    let ran = desk.run("export x.tfrecord linked").expect(2);
    assert!(ran.stderr.contains("the output folder is not empty: it holds `cat`"), "{}", ran.stderr);
    let ran = desk.run("export x.tfrecord linked --overwrite").expect(2);
    assert!(ran.stderr.contains("linked/cat: a link is in the way of a folder"), "{}", ran.stderr);
    desk.folder("file");
    desk.link("../elsewhere/mine", "file/2.png");
    let ran = desk.run("export x.tfrecord file --overwrite").expect(2);
    assert!(ran.stderr.contains("file/2.png: a link is in the way of a file"), "{}", ran.stderr);
    assert_eq!(files(&desk.path("elsewhere")), ["mine"]);
    assert_eq!(fs::read_to_string(desk.path("elsewhere/mine")).unwrap(), "mine");
    assert!(!desk.path("linked/.shardify-export").exists() && !desk.path("file/.shardify-export").exists());

    desk.write("used/cat/1.png", "old");
    desk.write("used/other", "other");
    desk.run("export x.tfrecord used").expect(2);
    assert_eq!(fs::read_to_string(desk.path("used/cat/1.png")).unwrap(), "old");
    desk.run("export x.tfrecord used --overwrite").expect(0);
    assert_eq!(files(&desk.path("used")), ["2.png", "cat/1.png", "other"]);
    assert_eq!(fs::read(desk.path("used/cat/1.png")).unwrap(), png(0));
    // A folder where a file should go stays.
    desk.write("blocked/2.png/mine", "mine");
    desk.run("export x.tfrecord blocked --overwrite").expect(2);
    assert_eq!(fs::read_to_string(desk.path("blocked/2.png/mine")).unwrap(), "mine");
    for out in ["x.tfrecord", "."] {
        desk.run(&format!("export x.tfrecord {out}")).expect(2);
    }
    desk.folder("in");
    fs::copy(desk.path("x.tfrecord"), desk.path("in/x.tfrecord")).unwrap();
    desk.run("export in in/out").expect(2);
}

/// Links that somebody planted where files are staged.
#[test]
fn nothing_is_staged_through_links() {
    let desk = Desk::new();
    desk.write("elsewhere/mine", "mine");
    desk.write("images.tfrecord", shard(&named(&[b"2.png", b"../3.png"])));
    desk.write("arrays.tfrecord", shard(&[example(&[("v", floats(&[1.0]))])]));
    for (input, link, to) in [
        ("arrays", ".v.npy.partial", "../elsewhere/mine"),
        ("images", ".renamed.jsonl.partial", "../elsewhere/mine"),
        ("images", ".shardify-export/0", "../../elsewhere"),
        ("images", ".shardify-export/lock", "../../elsewhere/lock"),
        ("arrays", ".shardify-export/lock", "../../elsewhere/lock"),
    ] {
        fs::remove_dir_all(desk.path("out")).ok();
        desk.folder("out/.shardify-export");
        desk.link(to, &format!("out/{link}"));
        desk.run(&format!("export {input}.tfrecord out --overwrite --threads 1")).expect(2);
        assert_eq!(files(&desk.path("elsewhere")), ["mine"], "{link}");
        assert!(desk.path(&format!("out/{link}")).is_symlink(), "{link} is not ours");
        assert_eq!(fs::read_to_string(desk.path("elsewhere/mine")).unwrap(), "mine", "{link}");
    }
}

/// Names in records that are those of the shards themselves.
#[test]
fn the_exported_shards_are_never_replaced() {
    let desk = Desk::new();
    desk.write("in/a/1.png", png(1));
    desk.run("convert in set/imgs --name imgs").expect(0);
    let shard_name = "imgs-train.tfrecord-00000-of-00001";
    let manifest = fs::read_to_string(desk.path("set/imgs/shardify.json")).unwrap();
    for name in [shard_name, "shardify.json", "features.json", "label.labels.txt", &format!("index/{shard_name}.idx")] {
        let record = [("image", bytes(png(1))), ("filename", bytes(format!("imgs/{name}"))), ("label", ints(&[0]))];
        desk.write(&format!("set/imgs/{shard_name}"), shard(&[example(&record)]));
        desk.write("set/imgs/shardify.json", manifest.replace("\"a\"", "\"imgs\""));
        let before = tree(desk.dir());
        for (from, out) in [("set/imgs", "set"), ("set/imgs/*.tfrecord-*", "set")] {
            let ran = desk.run(&format!("export {from} {out} --overwrite")).expect(2);
            assert!(ran.stderr.contains(&format!("{name}: it belongs to the shards")), "{}", ran.stderr);
            assert_same_tree(&tree(desk.dir()), &before, name);
        }
    }
}

#[test]
fn the_same_files_at_any_number_of_threads() {
    let desk = Desk::new();
    let names: Vec<String> = (0..2000).map(|at| format!("{}/{}.png", at % 7, at % 500)).collect();
    let names: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    let payloads = named(&names);
    for (at, part) in payloads.chunks(700).enumerate() {
        desk.write(&format!("in/x.tfrecord-0000{at}-of-00003"), shard(part));
    }
    for threads in [1, 2, 8] {
        desk.run(&format!("export in out{threads} --threads {threads}")).expect(0);
    }
    same(&desk, "out2", "out1");
    same(&desk, "out8", "out1");
    assert_eq!(files(&desk.path("out1")).len(), 2000, "all names are different");
}

#[test]
fn damaged_records_are_passed_over() {
    let desk = Desk::new();
    let payloads = named(&[b"0.png", b"1.png", b"2.png", b"3.png"]);
    let mut damaged = shard(&payloads);
    let at = shard(&payloads[..2]).len() - 10;
    damaged[at] ^= 1;
    damaged.extend(shard(&[b"no example".to_vec(), example(&[("filename", bytes("4.png"))])]));
    desk.write("x.tfrecord", &damaged);
    let ran = desk.run("export x.tfrecord out").expect(1);
    assert_eq!(files(&desk.path("out")), ["0.png", "2.png", "3.png"]);
    assert!(ran.stderr.contains("x.tfrecord: 1 damaged place, 1 record is no tf.train.Example"), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 record has no image"), "{}", ran.stderr);
    assert!(ran.stdout.contains("passed over: 3"), "{}", ran.stdout);
    let ran = desk.run("export x.tfrecord none --on-error stop").expect(2);
    assert!(ran.stderr.contains("1 damaged place") && !desk.path("none").exists(), "{}", ran.stderr);
    desk.write("noise.tfrecord", "this is no shard at all, and never was");
    let ran = desk.run("export noise.tfrecord none").expect(2);
    assert!(ran.stderr.contains("no intact record") && !desk.path("none").exists(), "{}", ran.stderr);
    // The gzip stream goes on behind a damaged member.
    let gzip = |payloads: &[Vec<u8>]| shardify::tfrecord::gzip_member(&shard(payloads));
    let mut members = [gzip(&payloads[..1]), gzip(&payloads[1..2]), gzip(&payloads[2..])];
    let middle = members[1].len() / 2;
    members[1][middle] ^= 4;
    desk.write("x.tfrecord.gz", members.concat());
    desk.run("export x.tfrecord.gz gz").expect(1);
    let names = files(&desk.path("gz"));
    assert!(["0.png", "2.png", "3.png"].iter().all(|name| names.contains(&(*name).to_owned())), "{names:?}");
}

#[test]
fn keys_can_be_chosen() {
    let desk = Desk::new();
    let record = |at: usize| {
        example(&[
            ("left", bytes(png(at))),
            ("right", bytes(png(at + 50))),
            ("kind", bytes(["cat", "dog"][at % 2])),
            ("code", ints(&[at as i64 % 2])),
            ("title", bytes(format!("t{at}"))),
        ])
    };
    desk.write("x.tfrecord", shard(&(0..4).map(record).collect::<Vec<_>>()));
    let ran = desk.run("export x.tfrecord out").expect(2);
    assert!(ran.stderr.contains("several features hold images: `left`, `right`"), "{}", ran.stderr);
    desk.run("export x.tfrecord out --image-key right --label-key kind --name-key title").expect(0);
    assert_eq!(files(&desk.path("out")), ["cat/t0.png", "cat/t2.png", "dog/t1.png", "dog/t3.png"]);
    assert_eq!(fs::read(desk.path("out/cat/t0.png")).unwrap(), png(50));
    desk.run("export x.tfrecord numbers --image-key left --label-key code").expect(0);
    assert_eq!(files(&desk.path("numbers"))[0], "0/x.tfrecord-000000.png");
    let ran = desk.run("export x.tfrecord no --image-key middle").expect(2);
    assert!(
        ran.stderr.contains("no record has a feature `middle`") && ran.stderr.contains("code, kind"),
        "{}",
        ran.stderr
    );
    desk.run("export x.tfrecord no --image-key code").expect(2);
    desk.run("export x.tfrecord arrays --feature code").expect(0);
    assert_eq!(files(&desk.path("arrays")), ["code.npy"]);
    assert!(!desk.path("no").exists());
}

/// The arrays that were put in, byte for byte with their headers where NumPy's own order of bytes was used.
#[test]
fn arrays_of_every_type_come_back() {
    let dtypes = [
        "bool-na",
        "float16-le",
        "float32-le",
        "float64-le",
        "int16-le",
        "int32-le",
        "int64-le",
        "int8-na",
        "uint16-le",
        "uint32-le",
        "uint64-le",
        "uint8-na",
        "float64-be",
        "int16-be",
    ];
    for dtype in dtypes {
        for options in ["", "--no-shuffle", "--shards 3 --seed 5", "--compression gzip"] {
            let desk = Desk::new();
            desk.run(&format!("convert F/npy/{dtype}-c.npy shards -q {options}")).expect(0);
            let report = desk.run("export shards out --json").expect(0).json();
            assert_eq!(report["notes"], json!([]), "{dtype} {options}");
            assert_eq!(files(&desk.path("out")), ["x.npy"]);
            let little = fixture("npy").join(format!("{}-c.npy", dtype.replace("-be", "-le")));
            let (got, expected) = (fs::read(desk.path("out/x.npy")).unwrap(), fs::read(little).unwrap());
            assert!(got == expected, "{dtype} {options}: {:?}", String::from_utf8_lossy(&got[..128]));
        }
    }
}

/// Labels come back in the type that they had, whatever is added to them in the shards.
#[test]
fn labels_of_every_type_come_back() {
    let desk = Desk::new();
    desk.npy("x.npy", "|u1", "(2, 3)", &[1; 6]);
    for (descr, size) in
        [("|b1", 1), ("|u1", 1), ("|i1", 1), ("<u2", 2), ("<i4", 4), ("<u4", 4), ("<i8", 8), ("<u8", 8)]
    {
        let mut rows = vec![0; 2 * size];
        rows[size] = 1;
        desk.npy("y.npy", descr, "(2,)", &rows);
        desk.run("convert x.npy shards -q --overwrite --labels y.npy --label-offset 1").expect(0);
        desk.run("export shards out --overwrite").expect(0);
        let label = fs::read(desk.path("out/label.npy")).unwrap();
        let header = String::from_utf8_lossy(&label[..128]).into_owned();
        assert!(header.contains(&format!("'descr': '{descr}'")), "{header}");
        assert_eq!(label[128..], rows, "{descr}");
    }
}

#[test]
fn tables_and_splits_of_arrays_come_back() {
    let desk = Desk::new();
    let numbers: Vec<u8> = (0..300_u16).flat_map(u16::to_le_bytes).collect();
    desk.npy("x.npy", "<u2", "(100, 3)", &numbers);
    desk.npy("y.npy", "<i8", "(100,)", &(0..100_i64).flat_map(|at| (at % 5).to_le_bytes()).collect::<Vec<_>>());
    for options in ["", "--label-offset 2 --shards 4"] {
        desk.run(&format!("convert x.npy shards -q --overwrite --labels y.npy --array w=x.npy {options}")).expect(0);
        for threads in [1, 2, 8] {
            desk.run(&format!("export shards out --overwrite --threads {threads}")).expect(0);
            assert_eq!(files(&desk.path("out")), ["label.npy", "w.npy", "x.npy"]);
            for (got, expected) in [("label", "y"), ("w", "x"), ("x", "x")] {
                let data = |path: PathBuf| fs::read(path).unwrap()[128..].to_vec();
                let expected = fs::read(desk.path(&format!("{expected}.npy"))).unwrap();
                let start = 10 + usize::from(u16::from_le_bytes([expected[8], expected[9]]));
                assert_eq!(data(desk.path(&format!("out/{got}.npy"))), expected[start..], "{got} {options}");
            }
        }
    }
    // Splits of one array: which row is from where cannot be told, and that is said.
    desk.run("convert x.npy ratios -q --split train=0.8,test=0.2").expect(0);
    let ran = desk.run("export ratios split").expect(0);
    assert!(ran.stderr.contains("the rows of `train` are in the order of the shards"), "{}", ran.stderr);
    assert_eq!(files(&desk.path("split")), ["test/x.npy", "train/x.npy"]);
    desk.run("convert x.npy kept -q --split train=0.8,test=0.2 --no-shuffle").expect(0);
    assert!(desk.run("export kept ordered").expect(0).stderr.is_empty());
    // Not all of the shards: what there is comes in the order of the shards.
    desk.run("convert x.npy two -q --shards 2").expect(0);
    let ran = desk.run("export two/x-train.tfrecord-00000-of-00002 half").expect(0);
    assert!(ran.stderr.contains("not all the shards that the manifest names"), "{}", ran.stderr);
    desk.run("convert F/npy/keras.npz keras -q").expect(0);
    desk.run("export keras keras-out").expect(0);
    let expected = ["test/label.npy", "test/x.npy", "train/label.npy", "train/x.npy"];
    assert_eq!(files(&desk.path("keras-out")), expected);
}

/// Splits whose names differ only where some system could not hold them.
#[test]
fn arrays_of_splits_do_not_clash() {
    let desk = Desk::new();
    let row = |value| example(&[("v", floats(&[value]))]);
    let splits = ["a:b", "a_b"].iter().zip(["x.tfrecord", "y.tfrecord"]);
    desk.write("in/x.tfrecord", shard(&[row(1.0)]));
    desk.write("in/y.tfrecord", shard(&[row(2.0), row(3.0)]));
    desk.run("index in --manifest").expect(0);
    let mut manifest: Value = serde_json::from_slice(&fs::read(desk.path("in/shardify.json")).unwrap()).unwrap();
    let shards = manifest["splits"][0]["shards"].take();
    manifest["splits"] = splits
        .zip(shards.as_array().unwrap())
        .map(|((split, _), shard)| {
            let (records, bytes) = (&shard["records"], &shard["bytes"]);
            json!({ "name": split, "records": records, "bytes": bytes, "class_counts": [], "shards": [shard] })
        })
        .collect();
    desk.write("in/shardify.json", manifest.to_string());
    desk.run("export in out").expect(0);
    assert_eq!(files(&desk.path("out")), ["a_b/v-2.npy", "a_b/v.npy"]);
    assert!(fs::read(desk.path("out/a_b/v.npy")).unwrap().ends_with(&1.0_f32.to_le_bytes()));
    assert!(fs::read(desk.path("out/a_b/v-2.npy")).unwrap().ends_with(&3.0_f32.to_le_bytes()));
}

#[test]
fn foreign_tensors_become_arrays() {
    let desk = Desk::new();
    let record = |at: i64| {
        let list: Vec<i64> = (0..at).collect();
        example(&[
            ("a/b", floats(&[at as f32, 0.5])),
            ("n", ints(&[-at])),
            ("raw", bytes([at as u8, 0, 255])),
            ("ragged", ints(&list)),
            ("words", bytes(format!("word {at}"))),
        ])
    };
    desk.write("x.tfrecord", shard(&(0..3).map(record).collect::<Vec<_>>()));
    let ran = desk.run("export x.tfrecord out").expect(0);
    assert!(ran.stderr.contains("the feature `ragged` is left out: its rows differ in length, from 0 to 2 values"));
    assert!(ran.stderr.contains("the feature `words` is left out: it holds text"), "{}", ran.stderr);
    assert_eq!(files(&desk.path("out")), ["a.b.npy", "n.npy", "raw.npy"]);
    for part in ["a.b.npy  float32 [3, 2]", "n.npy  int64 [3]", "raw.npy  uint8 [3, 3]"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert_eq!(fs::read(desk.path("out/raw.npy")).unwrap()[128..], [0, 0, 255, 1, 0, 255, 2, 0, 255]);
    let ran = desk.run("export x.tfrecord no --feature n --feature ragged").expect(2);
    assert!(ran.stderr.contains("the feature `ragged` cannot become an array"), "{}", ran.stderr);
    assert!(!desk.path("no").exists());
    // A bad record has no row, and those behind it move up.
    let mut payloads: Vec<_> = (0..3).map(record).collect();
    payloads.insert(1, b"\xff".to_vec());
    desk.write("bad.tfrecord", shard(&payloads));
    desk.run("export bad.tfrecord bad --feature raw").expect(1);
    assert_eq!(fs::read(desk.path("bad/raw.npy")).unwrap(), fs::read(desk.path("out/raw.npy")).unwrap());
}

/// A limit on the size of files stands in for a full disk.
#[test]
fn what_cannot_be_written_leaves_no_half_file() {
    let dir = tempdir().unwrap();
    let desk = Desk::new();
    desk.write(
        "x.tfrecord",
        shard(&[
            example(&[("image", bytes(png(10))), ("filename", bytes("small.png"))]),
            example(&[("image", bytes(png(100_000))), ("filename", bytes("large.png"))]),
        ]),
    );
    desk.npy("x.npy", "<u2", "(10000, 4)", &vec![7; 80_000]);
    desk.run("convert x.npy shards -q").expect(0);
    for input in ["x.tfrecord", "shards"] {
        let out = dir.path().join(input);
        let command = format!(
            "trap '' XFSZ; ulimit -f 20; exec {} export {input} {}",
            env!("CARGO_BIN_EXE_shardify"),
            out.display()
        );
        let output = std::process::Command::new("sh").args(["-c", &command]).current_dir(desk.dir()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("cannot write: file too large"), "{stderr}");
        assert!(!out.exists(), "{:?}", tree(&out).keys());
    }
}

/// Killed at any moment: files that have their names are whole, the next run sweeps what is staged and does all of it.
#[test]
fn a_run_that_is_stopped_leaves_whole_files_only() {
    let desk = Desk::new();
    let names: Vec<String> = (0..9000).map(|at| format!("{}/{at}.png", at % 3)).collect();
    let names: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    desk.write("x.tfrecord", shard(&named(&names)));
    desk.run("export x.tfrecord whole").expect(0);
    let whole = tree(&desk.path("whole"));
    for (name, code, visible) in [("INT", Some(130), false), ("KILL", None, true)] {
        let out = desk.path(&format!("out-{name}"));
        let mut child = crate::support::command(["export", "x.tfrecord", out.to_str().unwrap()].map(str::to_owned));
        let child = child.current_dir(desk.dir()).spawn().unwrap();
        let wanted = if visible { "0" } else { ".shardify-export/0/9" };
        while !out.join(wanted).exists() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        crate::support::signal(&child, name);
        let ran = crate::support::Ran::from(child.wait_with_output().unwrap());
        assert!(ran.code == code || ran.code == Some(0), "{name}: {ran:?}");
        let left = if out.exists() { tree(&out) } else { BTreeMap::new() };
        for (path, bytes) in &left {
            if !path.starts_with(".shardify-export") {
                assert!(whole.get(path) == Some(bytes), "{name}: {} is no whole file", path.display());
            }
        }
        assert!(code.is_none() || !out.join(".shardify-export").exists(), "{name}: {:?}", left.keys());
        let is_started = left.keys().any(|path| !path.starts_with(".shardify-export"));
        let overwrite = if is_started { "--overwrite" } else { "" };
        desk.run(&format!("export x.tfrecord {} {overwrite}", out.display())).expect(0);
        assert_same_tree(&tree(&out), &whole, name);
    }
}
