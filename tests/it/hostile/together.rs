//! Several runs at once: into one folder, of which one wins or all say the same; and readers beside a writer.

use std::{
    collections::BTreeSet,
    fs,
    process::{Child, Stdio},
};

use crate::{
    console::{Desk, shardify},
    support::{Ran, Tree, assert_same_tree, manifest, tree, write_numbered_rows},
};

fn start(desk: &Desk, line: &str) -> Child {
    let mut command = shardify(desk.dir());
    command.args(line.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The tree below a folder, or the file.
fn made(desk: &Desk, name: &str) -> Tree {
    let path = desk.path(name);
    if path.is_file() { Tree::from([("file".into(), fs::read(path).ok())]) } else { tree(&path) }
}

#[test]
fn every_verb_that_writes() {
    let desk = Desk::new();
    write_numbered_rows(&desk.path("x.npy"), 400, 1000);
    desk.run("convert x.npy good -q --max-shard 50kB").expect(0);
    desk.folder("foreign");
    for (at, shard) in manifest(&desk.path("good")).splits[0].shards.iter().enumerate() {
        fs::copy(desk.path("good").join(&shard.name), desk.path(&format!("foreign/x-{at}.tfrecord"))).unwrap();
    }
    for (line, out) in [
        ("convert x.npy OUT --max-shard 20kB", "OUT"),
        ("reshard good OUT --max-shard 20kB --shuffle", "OUT"),
        ("repair good OUT", "OUT"),
        ("export good OUT", "OUT"),
        ("index foreign --manifest", "foreign"),
        ("report good -o OUT", "OUT"),
    ] {
        // The result of one run alone; for `index`, which writes beside the shards, of another copy.
        let alone = |name: &str| if out == "OUT" { line.replace("OUT", name) } else { line.replace(out, name) };
        if out == "foreign" {
            crate::support::plant(&tree(&desk.path("foreign")), &desk.path("alone"));
        }
        desk.run(&alone("alone")).expect(0);
        let expected = made(&desk, "alone");
        let runs: Vec<Child> = (0..4).map(|_| start(&desk, line)).collect();
        let ran: Vec<Ran> = runs.into_iter().map(|run| run.wait_with_output().unwrap().into()).collect();
        let said = ran.iter().map(|ran| format!("{:?}: {}", ran.code, ran.stderr)).collect::<String>();
        assert!(ran.iter().any(|ran| ran.code == Some(0)), "{line}: nobody won: {said}");
        assert!(ran.iter().all(|ran| matches!(ran.code, Some(0 | 2))), "{line}: {said}");
        for lost in ran.iter().filter(|ran| ran.code == Some(2)) {
            assert!(lost.stderr.starts_with("error: "), "{line}: {said}");
        }
        let mut found = made(&desk, out);
        // Named after the folder, which is another one.
        if line.starts_with("report") {
            assert!(found.values().flatten().all(|page| page.trim_ascii_end().ends_with(b"</html>")), "half a page");
        } else {
            let mut expected = expected;
            for tree in [&mut found, &mut expected] {
                tree.retain(|name, _| !name.starts_with("shardify.json") && !name.starts_with("dataset_info.json"));
            }
            assert_same_tree(&found, &expected, line);
        }
        for name in ["alone", "OUT"] {
            let _ = fs::remove_dir_all(desk.path(name));
            let _ = fs::remove_file(desk.path(name));
        }
    }
}

/// While one data set takes the place of another again and again, a reader sees one of them, or says that something is wrong.
#[test]
fn readers_beside_a_writer() {
    let desk = Desk::new();
    write_numbered_rows(&desk.path("a.npy"), 300, 1000);
    write_numbered_rows(&desk.path("b.npy"), 500, 1000);
    desk.run("convert a.npy out -q --name d --max-shard 50kB").expect(0);
    let mut seen = BTreeSet::new();
    for round in 0..10 {
        let input = if round % 2 == 0 { "b.npy" } else { "a.npy" };
        let mut writer = start(&desk, &format!("convert {input} out -q --name d --overwrite --max-shard 50kB"));
        loop {
            let is_over = writer.try_wait().unwrap().is_some();
            for line in ["validate out --json", "inspect out --json", "report out -o page.html --overwrite --json"] {
                let ran = desk.run(line);
                assert!(matches!(ran.code, Some(0..=2)), "{line}: {:?}: {}", ran.code, ran.stderr);
                if ran.code == Some(0) && line.starts_with("validate") {
                    seen.insert(ran.json()["records"].as_u64().unwrap());
                }
                if ran.code == Some(2) {
                    assert!(ran.stderr.starts_with("error: out"), "{line}: {}", ran.stderr);
                }
            }
            if is_over {
                break;
            }
        }
        assert!(writer.wait().unwrap().success());
    }
    assert_eq!(seen, BTreeSet::from([300, 500]), "a mixture that is said to be whole");
}
