//! Pipes, devices, sockets, folders and links that lead nowhere, to themselves or to endless zeros, wherever a file is expected:
//! every run ends by itself, in the memory of a fair one, and says what it could not read.

use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{console::Desk, support::Ran};

/// What stands where a file should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Odd {
    Pipe,
    Folder,
    Loop,
    Dangling,
    Zeros,
    Null,
    Socket,
}

const ALL: [Odd; 7] = [Odd::Pipe, Odd::Folder, Odd::Loop, Odd::Dangling, Odd::Zeros, Odd::Null, Odd::Socket];

impl Odd {
    fn put(self, desk: &Desk, name: &str) {
        let path = desk.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        let _ = fs::remove_dir_all(&path);
        match self {
            Self::Pipe => assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
            Self::Folder => fs::create_dir(&path).unwrap(),
            Self::Loop => desk.link(path.file_name().unwrap().to_str().unwrap(), name),
            Self::Dangling => desk.link("nowhere", name),
            Self::Zeros => desk.link("/dev/zero", name),
            Self::Null => desk.link("/dev/null", name),
            // The name stays when the socket is closed.
            Self::Socket => drop(UnixListener::bind(&path).unwrap()),
        }
    }
}

/// A minute, and 400 MB of addresses: what waits for a pipe or reads zeros is stopped, and has no exit code then.
fn run(desk: &Desk, line: &str) -> Ran {
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -v 409600; exec timeout -k 1 60 \"$0\" \"$@\"", env!("CARGO_BIN_EXE_shardify")])
        .args(line.split_whitespace())
        .current_dir(desk.dir())
        .stdin(Stdio::null());
    let ran: Ran = command.output().unwrap().into();
    assert!(matches!(ran.code, Some(0..=2)), "{line}: {:?}: {}", ran.code, ran.stderr);
    ran
}

/// Files and folders in a folder that a run must leave alone.
fn names(desk: &Desk, within: &str) -> BTreeMap<PathBuf, u64> {
    let root = desk.path(within);
    desk.tree().into_iter().filter(|(path, _)| path.starts_with(&root)).collect()
}

#[test]
fn among_images() {
    for odd in ALL {
        let desk = Desk::new();
        desk.write("imgs/list.tsv", "file\tlabel\ncat/odd.jpg\ta\ncat/leaf.jpg\tb\n");
        odd.put(&desk, "imgs/cat/odd.jpg");
        let before = names(&desk, "imgs");
        let (stopped, left_out, listed) = (
            run(&desk, "convert imgs out"),
            run(&desk, "convert imgs skipped --on-error skip"),
            run(&desk, "convert imgs/list.tsv listed --on-error skip"),
        );
        // A folder in a folder of images is one of them: its images would be.
        if odd == Odd::Folder {
            assert_eq!((stopped.code, left_out.code), (Some(0), Some(0)), "{}{}", stopped.stderr, left_out.stderr);
        } else {
            assert_eq!((stopped.code, left_out.code), (Some(2), Some(1)), "{odd:?}: {}", stopped.stderr);
            assert!(stopped.stderr.starts_with("error: imgs/cat/odd.jpg: cannot "), "{odd:?}: {}", stopped.stderr);
            assert!(!desk.path("out").exists(), "{odd:?}");
        }
        assert_eq!(listed.code, Some(1), "{odd:?}: {}", listed.stderr);
        for out in ["skipped", "listed"].into_iter().filter(|out| odd != Odd::Folder || *out == "listed") {
            let failures = fs::read_to_string(desk.path(out).join("failures.jsonl")).unwrap();
            let failure: serde_json::Value = serde_json::from_str(&failures).unwrap();
            assert_eq!(failure["input"], "imgs/cat/odd.jpg", "{odd:?}");
            assert_eq!(failure["fault"], "unreadable", "{odd:?}");
        }
        assert_eq!(names(&desk, "imgs"), before, "{odd:?}");
    }
}

#[test]
fn links_in_circles_and_deep_folders() {
    let desk = Desk::new();
    desk.folder("loop/a/b");
    desk.copy("images/flower/leaf.jpg", "loop/a/leaf.jpg");
    desk.link("..", "loop/a/b/up");
    desk.link("../../a", "loop/a/b/two");
    desk.link("b", "loop/a/three");
    run(&desk, "convert loop out").expect(0);
    assert_eq!(crate::support::manifest(&desk.path("out")).splits[0].records, 1, "each image once");

    for (levels, code) in [(500, 0), (5000, 2)] {
        // From the inside out: the whole path is longer than a path may be.
        let (deep, around) = (desk.path("deep"), desk.path("around"));
        desk.copy("images/flower/leaf.jpg", "deep/leaf.jpg");
        for _ in 0..levels {
            fs::create_dir(&around).unwrap();
            fs::rename(&deep, around.join("d")).unwrap();
            fs::rename(&around, &deep).unwrap();
        }
        desk.copy("images/flower/leaf.jpg", "deep/leaf.jpg");
        let ran = run(&desk, &format!("convert deep out{levels} --layout flat")).expect(code);
        if code == 2 {
            assert!(ran.stderr.contains("name too long"), "{}", ran.stderr);
        }
        // And away again, for others recurse as deep.
        for _ in 0..levels {
            fs::rename(deep.join("d"), &around).unwrap();
            fs::remove_dir_all(&deep).unwrap();
            fs::rename(&around, &deep).unwrap();
        }
        fs::remove_dir_all(&deep).unwrap();
    }
}

#[test]
fn among_shards_and_what_stands_beside_them() {
    let desk = Desk::new();
    desk.run("convert imgs good -q").expect(0);
    let shard = "imgs-train.tfrecord-00000-of-00001";
    let index = format!("index/{shard}.idx");
    let files =
        [shard, "shardify.json", "dataset_info.json", "features.json", "label.labels.txt", &index, "failures.jsonl"];
    for file in files {
        for odd in ALL {
            let copy = |to: &str| {
                let _ = fs::remove_dir_all(desk.path(to));
                crate::support::plant(&crate::support::tree(&desk.path("good")), &desk.path(to));
            };
            copy("set");
            odd.put(&desk, &format!("set/{file}"));
            let before = names(&desk, "set");
            for verb in ["validate", "inspect", "repair", "reshard", "export", "report", "snippet", "index"] {
                let out = match verb {
                    "repair" | "reshard" | "export" => " out",
                    "report" => " -o page.html",
                    _ => "",
                };
                let ran = run(&desk, &format!("{verb} set{out}"));
                let what = format!("{file} is a {odd:?}, {verb}: {}{}", ran.stdout, ran.stderr);
                // A link to nothing is nothing; without these files a data set is none the worse.
                let is_optional = matches!(file, "failures.jsonl" | "label.labels.txt") || odd == Odd::Dangling;
                if verb == "validate" && !is_optional {
                    assert_ne!(ran.code, Some(0), "{what}");
                    assert!(format!("{}{}", ran.stdout, ran.stderr).contains(file), "{what}");
                }
                if verb != "index" {
                    assert_eq!(names(&desk, "set"), before, "{what}");
                }
                let _ = fs::remove_dir_all(desk.path("out"));
                let _ = fs::remove_file(desk.path("page.html"));
            }
        }
    }
}

#[test]
fn as_inputs_options_and_outputs() {
    let desk = Desk::new();
    desk.npy("x.npy", "|u1", "(2, 3)", b"abcdef");
    desk.run("convert imgs good -q").expect(0);
    for odd in ALL {
        for line in [
            "convert odd out",
            "convert odd.csv out",
            "convert odd.npy out",
            "convert x.npy out --labels odd",
            "convert x.npy out --array w=odd.npy",
            "convert imgs out --labels odd.csv",
            "convert imgs out --class-names odd",
            "convert x.npy odd --overwrite",
            "validate odd",
            "inspect odd",
            "index odd",
            "repair odd out",
            "reshard odd out",
            "export odd out",
            "export good odd",
            "report odd -o page.html",
            "report good -o odd",
            "report good -o odd --overwrite",
            "snippet odd",
        ] {
            for name in ["odd", "odd.csv", "odd.npy"] {
                odd.put(&desk, name);
            }
            let before = desk.tree();
            let ran = run(&desk, line);
            // An empty folder may be written to, and a link to nothing replaced.
            let may_do = match odd {
                Odd::Folder => line == "convert x.npy odd --overwrite" || line == "export good odd",
                Odd::Dangling => line.starts_with("report good"),
                _ => false,
            };
            if may_do {
                ran.expect(0);
                continue;
            }
            // A report on what cannot be read says so.
            let is_report = line == "report odd -o page.html" && ran.code == Some(1);
            assert_ne!(ran.code, Some(0), "{odd:?}: {line}: {}", ran.stdout);
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(is_report || said.contains("odd"), "{odd:?}: {line}: {said}");
            let _ = fs::remove_file(desk.path("page.html"));
            assert_eq!(desk.tree(), before, "{odd:?}: {line}");
            let kind = fs::symlink_metadata(desk.path("odd")).unwrap().file_type();
            assert!(!kind.is_file(), "{odd:?}: {line} put a file in its place");
            assert!(Path::new("/dev/null").exists());
        }
    }
}

/// A folder that somebody sent may have one where the lock is.
#[test]
fn where_the_lock_is() {
    let desk = Desk::new();
    desk.npy("x.npy", "|u1", "(4,)", &[1, 2, 3, 4]);
    desk.run("convert x.npy shards").expect(0);
    for odd in ALL {
        for (lock, line) in [
            ("out/.shardify/lock", "convert x.npy out"),
            ("out/.shardify/lock", "convert x.npy out --overwrite"),
            ("out/.shardify/lock", "reshard shards out --resume"),
            ("out/.shardify-export/lock", "export shards out"),
        ] {
            odd.put(&desk, lock);
            let ran = run(&desk, line);
            assert_eq!(ran.code, Some(2), "{odd:?}: {line}: {}", ran.stderr);
            assert!(ran.stderr.contains(lock) && ran.stderr.contains("in the way"), "{odd:?}: {line}: {}", ran.stderr);
            fs::remove_dir_all(desk.path("out")).unwrap();
        }
    }
}
