//! The command line as scripts and people meet it: exit codes, streams, JSON, help.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::console::{Desk, Ran, fixtures, npy_header, shardify};

fn desk_with_a_bad_image() -> Desk {
    let desk = Desk::new();
    desk.cut("images/temple/gate.jpg", 1000, "imgs/cat/cut.jpg");
    desk
}

#[test]
fn exit_codes_say_how_it_went() {
    let desk = desk_with_a_bad_image();
    desk.run("convert imgs out").expect(2);
    desk.run("convert imgs out --on-error skip").expect(1);
    desk.run("convert imgs out --on-error skip --resume").expect(1);
    desk.run("convert imgs dry --dry-run").expect(1);
    desk.run("convert imgs/dog fine").expect(0);
    desk.run("convert imgs/dog dry -n").expect(0);
    desk.run("--no-such-option").expect(2);
    for arguments in
        ["", "--help", "-h", "--version", "help", "convert --help", "convert -h", "man", "completions bash"]
    {
        let ran = desk.run(arguments).expect(0);
        assert!(!ran.stdout.is_empty() && ran.stderr.is_empty(), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn the_version_says_whose_jpeg_code_was_built_in() {
    let ran = Desk::new().run("--version").expect(0);
    let code = if cfg!(feature = "turbojpeg") { " (turbojpeg)" } else { "" };
    assert_eq!(ran.stdout, format!("shardify {}{code}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn results_go_to_stdout_and_messages_to_stderr() {
    let desk = desk_with_a_bad_image();
    let ran = desk.run("convert imgs out --on-error skip --progress always").expect(1);
    assert!(ran.stderr.starts_with("warning: skipped imgs/cat/cut.jpg: byte 1000: "), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    for part in [
        "out: data set `imgs`, 2 classes\n",
        "  train        4       1",
        "skipped: 1 input, listed in out/failures.jsonl\n",
    ] {
        assert!(ran.stdout.contains(part), "{part:?}: {}", ran.stdout);
    }
    let reads = "\n    builder = tfds.builder_from_directory(\"out\")\n    train = builder.as_dataset(split=\"train\", as_supervised=True)\n";
    assert!(ran.stdout.ends_with(reads), "{}", ran.stdout);
    assert!(!(ran.stdout + &ran.stderr).contains('\u{1b}'), "colours are for terminals");
}

#[test]
fn quiet_is_silent_but_for_errors() {
    let desk = desk_with_a_bad_image();
    let ran = desk.run("convert imgs out -q --on-error skip").expect(1);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let ran = desk.run("convert imgs other -q").expect(2);
    assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{ran:?}");
}

#[test]
fn verbose_names_every_shard_and_every_skipped_input() {
    let desk = Desk::new();
    for i in 10..22 {
        desk.write(&format!("imgs/cat/{i}.jpg"), "");
    }
    let ran = desk.run("convert imgs short --on-error skip").expect(1);
    assert_eq!(ran.stderr.matches("warning: skipped ").count(), 10, "{}", ran.stderr);
    assert!(ran.stderr.contains("failures.jsonl will name them all"), "{}", ran.stderr);
    let ran = desk.run("convert imgs long --on-error skip -v --shards 2").expect(1);
    assert_eq!(ran.stderr.matches("warning: skipped ").count(), 12, "{}", ran.stderr);
    assert!(ran.stdout.contains("\n  imgs-train.tfrecord-00001-of-00002  "), "{}", ran.stdout);
    assert_eq!(fs::read_to_string(desk.path("short/failures.jsonl")).unwrap().lines().count(), 12);
}

#[test]
fn a_result_as_json() {
    let desk = desk_with_a_bad_image();
    let ran = desk.run("convert imgs out --on-error skip --json --shards 2").expect(1);
    let json = ran.json();
    let bytes: u64 = fs::read_dir(desk.path("out"))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.file_name().to_string_lossy().contains(".tfrecord-"))
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    assert_eq!(json["outcome"], "done");
    assert_eq!((&json["name"], &json["out"], &json["classes"]), (&"imgs".into(), &"out".into(), &2.into()));
    assert_eq!((&json["records"], &json["skipped"], &json["bytes"]), (&4.into(), &1.into(), &bytes.into()));
    assert_eq!(json["failures"], "out/failures.jsonl");
    let split = &json["splits"][0];
    assert_eq!((&split["name"], &split["shards"], &split["records"]), (&"train".into(), &2.into(), &4.into()));
    assert_eq!(split["class_counts"], serde_json::json!([2, 2]));
    assert!(json["seconds"].is_f64() && json["bytes_read"].is_u64() && json["warnings"].is_array(), "{json:#}");
    let again = desk.run("convert imgs out --on-error skip --json --shards 2 --resume").expect(1).json();
    assert_eq!((&again["outcome"], &again["records"]), (&"nothing-to-do".into(), &4.into()));
}

#[test]
fn an_error_as_json() {
    let desk = desk_with_a_bad_image();
    let ran = desk.run("convert imgs out --json").expect(2);
    assert!(ran.stderr.starts_with("error: imgs/cat/cut.jpg: byte 1000: "), "{}", ran.stderr);
    let error = &ran.json()["error"];
    assert_eq!(
        (&error["path"], &error["byte"], &error["line"]),
        (&"imgs/cat/cut.jpg".into(), &1000.into(), &().into())
    );
    assert_eq!(error["interrupted"], false);
    assert!(error["hint"].as_str().unwrap().contains("--on-error skip"), "{error:#}");
    desk.write("c", "a\n\nb\n");
    let error = desk.run("convert imgs out --json --class-names c").expect(2).json();
    assert_eq!((&error["error"]["path"], &error["error"]["line"]), (&"c".into(), &2.into()));
}

#[test]
fn failures_name_files_as_they_are() {
    let desk = Desk::new();
    let name = "imgs/cat/a\n\"\u{1b}[31m\u{e9}.jpg";
    desk.write(name, "");
    let ran = desk.run("convert imgs out --on-error skip").expect(1);
    assert!(ran.stderr.contains("imgs/cat/a\\n\"\\u{1b}[31m\u{e9}.jpg"), "{}", ran.stderr);
    let failures = fs::read_to_string(desk.path("out/failures.jsonl")).unwrap();
    let failure: serde_json::Value = serde_json::from_str(&failures).unwrap();
    assert_eq!((&failure["input"], &failure["fault"]), (&name.into(), &"empty".into()));
    assert_eq!((&failure["label"], &failure["split"]), (&"cat".into(), &"train".into()));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let desk = Desk::new();
    for (arguments, files) in [(&["convert", "--help"][..], 0), (&["convert", "imgs", "out"], 1)] {
        let mut child =
            shardify(desk.dir()).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{arguments:?}");
        assert_eq!(usize::from(desk.path("out/shardify.json").exists()), files);
    }
}

#[test]
fn a_result_that_cannot_be_printed_is_an_error() {
    let desk = Desk::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = shardify(desk.dir()).args(["convert", "imgs", "out"]).stdout(full).output().unwrap();
    let ran = Ran::from(output).expect(2);
    assert_eq!(ran.stderr, "error: cannot write the result to stdout: no space left on device\n");
}

#[test]
fn ctrl_c_ends_with_130() {
    let desk = Desk::new();
    // Rows that take a while to compress and nothing on the disk: the file has no blocks.
    let header = npy_header("|u1", "(4096, 1048576)");
    desk.write("x.npy", &header);
    let file = fs::OpenOptions::new().write(true).open(desk.path("x.npy")).unwrap();
    file.set_len(header.len() as u64 + (4096 << 20)).unwrap();
    let mut child = shardify(desk.dir())
        .args(["convert", "x.npy", "out", "--compression", "gzip", "--threads", "2", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !desk.path("out/.shardify/.train-00000.tfrecord.partial").exists() {
        assert!(Instant::now() < deadline && child.try_wait().unwrap().is_none(), "the run does not get going");
        thread::sleep(Duration::from_millis(5));
    }
    let killed = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert!(killed.success());
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.next().unwrap().unwrap().starts_with("note: stopping"));
    let ran = Ran::from(child.wait_with_output().unwrap()).expect(130);
    assert_eq!(ran.json()["error"]["interrupted"], true);
    assert_eq!(stderr.next().unwrap().unwrap(), "error: interrupted");
    assert!(!desk.path("out/shardify.json").exists());
}

/// The verbs that help lists.
fn verbs(desk: &Desk) -> Vec<String> {
    let help = desk.run("--help").expect(0).stdout;
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

/// What the examples of a verb name beside `imgs` and the arrays.
fn plant_for(verb: &str, desk: &Desk) {
    match verb {
        "validate" | "report" => _ = desk.run("convert imgs out").expect(0),
        "snippet" => {
            desk.run("convert x_train.npy out --labels y_train.npy --split train=0.8,val=0.2").expect(0);
        }
        "reshard" => {
            for made in ["old", "more"] {
                desk.run(&format!("convert x_train.npy {made} --labels y_train.npy")).expect(0);
            }
        }
        "inspect" | "index" => {
            for shard in ["train-00000-of-00002", "train-00001-of-00002"] {
                desk.copy(&format!("foreign/tensorflow/slim/{shard}"), &format!("data/{shard}"));
            }
        }
        "repair" => {
            for shard in ["shards/data.tfrecord", "data-00003-of-00010", "data-00007-of-00010"] {
                desk.copy("broken/tfrecord/whole.tfrecord", shard);
            }
        }
        _ => {}
    }
}

#[test]
fn the_examples_in_help_run() {
    let desk = Desk::new();
    for verb in verbs(&desk) {
        let help = desk.run(&format!("{verb} --help")).expect(0).stdout;
        let examples = help.split("Examples:\n").nth(1).unwrap_or_else(|| panic!("{verb}: no examples:\n{help}"));
        let lines: Vec<&str> = examples.lines().map(str::trim).filter(|line| line.starts_with("shardify ")).collect();
        assert!(lines.len() >= 2, "{verb}: {lines:?}");
        assert_eq!(desk.run(&format!("{verb} -h")).stdout.split("Examples:\n").nth(1), Some(examples), "{verb}");
        for line in lines {
            let desk = Desk::new();
            desk.npy("x_train.npy", "|u1", "(20, 4)", &[1; 80]);
            desk.npy("y_train.npy", "|u1", "(20,)", &[0, 1].repeat(10));
            plant_for(&verb, &desk);
            // Places of the machine become places of this folder; the pager of manual pages need not be installed.
            let local = line.replace("/etc/bash_completion.d/", "").replace("~/.zfunc/", "").replace("man -l -", "cat");
            let path = Path::new(env!("CARGO_BIN_EXE_shardify")).parent().unwrap().to_path_buf();
            let path = std::env::join_paths(
                [path].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
            );
            let before = desk.tree();
            let output =
                Command::new("sh").args(["-ec", &local]).current_dir(desk.dir()).env("PATH", path.unwrap()).output();
            let ran = Ran::from(output.unwrap()).expect(0);
            assert!(ran.stderr.is_empty(), "{line}: {}", ran.stderr);
            assert!(!ran.stdout.is_empty() || desk.tree().len() > before.len(), "{line}: nothing came of it");
        }
    }
}

/// What users see first may not change by accident. `UPDATE_GOLDEN=1` writes the files anew.
#[test]
fn help_is_as_it_was_reviewed() {
    let desk = Desk::new();
    let golden = fixtures().join("golden");
    let verbs = verbs(&desk);
    let pages = verbs.iter().map(|verb| (format!("help-{verb}.txt"), format!("{verb} --help")));
    for (file, arguments) in pages.chain([
        ("help.txt".to_owned(), "--help".to_owned()),
        ("help-convert-short.txt".to_owned(), "convert -h".to_owned()),
        ("greeting.txt".to_owned(), String::new()),
    ]) {
        let got = desk.run(&arguments).expect(0).stdout;
        let path = golden.join(&file);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(&golden).unwrap();
            fs::write(&path, &got).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(got, expected, "{file} differs: if it should, run again with UPDATE_GOLDEN=1 and review the change");
        let widest = got.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(widest <= 100, "{file} has a line of {widest} columns");
    }
}

/// The reference of options is what the definitions say. `UPDATE_GOLDEN=1` writes it anew.
#[test]
fn the_reference_of_options_is_up_to_date() {
    let desk = Desk::new();
    let got = desk.run("options").expect(0).stdout;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/options.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &got).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(got == expected, "docs/options.md is stale: run the tests again with UPDATE_GOLDEN=1");
    for verb in verbs(&desk) {
        assert!(got.contains(&format!("## shardify {verb}\n")), "{verb}");
    }
}

/// Bytes of all shards, and how many there are.
fn shards_of(json: &serde_json::Value) -> Vec<(String, u64, u64, u64)> {
    let splits = json["splits"].as_array().unwrap().iter();
    let number = |split: &serde_json::Value, key: &str| split[key].as_u64().unwrap();
    splits
        .map(|split| {
            let name = split["name"].as_str().unwrap().to_owned();
            (name, number(split, "records"), number(split, "shards"), number(split, "bytes"))
        })
        .collect()
}

#[test]
fn a_dry_run_writes_nothing_and_foretells_the_run() {
    let desk = Desk::new();
    desk.npy("x.npy", "<f4", "(1000, 10)", &[0; 40_000]);
    for (arguments, exact) in [
        ("F/images", false),
        ("F/images --max-shard 40kB", false),
        ("F/images --shards 3 --split train=0.8,test=0.2", false),
        ("F/images --size 64x64 --format png", false),
        ("x.npy", true),
        ("x.npy --max-shard 999B", true),
        ("x.npy --max-shard 10kB --split train=0.9,test=0.1", true),
        ("F/npy/keras.npz", false),
    ] {
        let (input, options) = arguments.split_once(' ').unwrap_or((arguments, ""));
        let before = desk.tree();
        let told = desk.run(&format!("convert {input} out {options} --dry-run --json")).expect(0).json();
        assert_eq!(desk.tree(), before, "{arguments}: a dry run wrote something");
        assert_eq!((&told["dry_run"], &told["problem_count"]), (&true.into(), &0.into()), "{told:#}");
        let done = desk.run(&format!("convert {input} out {options} --json")).expect(0).json();
        let (told, done) = (shards_of(&told), shards_of(&done));
        assert_eq!(told.len(), done.len(), "{arguments}");
        for (told, done) in told.iter().zip(&done) {
            assert_eq!((&told.0, told.1), (&done.0, done.1), "{arguments}");
            // A quarter more or less for the few and uneven records of a small split; arrays leave nothing to guess.
            let near = |told: u64, done: u64| told.abs_diff(done) * 4 <= done;
            assert!(near(told.2, done.2) && near(told.3, done.3), "{arguments}: told {told:?}, done {done:?}");
            assert!(!exact || told == done, "{arguments}: told {told:?}, done {done:?}");
        }
        fs::remove_dir_all(desk.path("out")).unwrap();
    }
}

#[test]
fn a_dry_run_says_what_looks_wrong() {
    let desk = desk_with_a_bad_image();
    desk.write("out/a", "");
    let ran = desk.run("convert imgs out -n").expect(1);
    for part in [
        "5 inputs, ",
        "2 classes",
        "\n2 problems:\n",
        "  out: the output folder is not empty",
        "  imgs/cat/cut.jpg: byte 1000: ",
        "nothing was written\n",
    ] {
        assert!(ran.stdout.contains(part), "{part:?}: {}", ran.stdout);
    }
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
}
