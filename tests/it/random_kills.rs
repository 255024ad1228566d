//! Kills at moments that nobody chose: before the first shard, in the middle of a sync, while publishing or tidying up, with all
//! threads at work.
//!
//! `SHARDIFY_KILLS=300` kills each case that often.

use std::{
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::tempdir;

use crate::{
    case::{Case, check_unpublished},
    support::{Noise, fixture, tree},
};

/// Kills a run and what carries it on, up to four times, until so many are killed.
#[track_caller]
fn kill_at_random(case: &Case, seed: u64) {
    let wanted = std::env::var("SHARDIFY_KILLS").map_or(6, |text| text.parse().unwrap());
    let start = Instant::now();
    case.run(&case.out("timed"), &[]);
    // How long a run takes depends on what else the disk has to do: the moments follow.
    let mut whole_run = u64::try_from(start.elapsed().as_micros()).unwrap();
    let mut noise = Noise(seed);
    let (mut killed, mut published, mut round) = (0, 0, 0);
    while killed < wanted {
        assert!(round < 10 * wanted, "killed only {killed} times");
        let out = case.out(&format!("random-{round}"));
        for attempt in 0..4 {
            let mut child = case.start(&out, if attempt == 0 { &[] } else { &["--resume"] });
            sleep(Duration::from_micros(noise.next() % whole_run));
            if child.try_wait().unwrap().is_some() {
                whole_run = (whole_run - whole_run / 4).max(2000);
                break;
            }
            whole_run += whole_run / 16;
            child.kill().unwrap();
            child.wait().unwrap();
            killed += 1;
            published += u64::from(out.join(".shardify/commit.json").exists() || out.join("shardify.json").exists());
            if !out.join("shardify.json").exists() {
                check_unpublished(&out);
            }
            check_final_names(case, &out);
        }
        case.finish(&out, &format!("round {round}"));
        std::fs::remove_dir_all(&out).unwrap();
        round += 1;
    }
    println!("{:?}: {killed} kills, {published} of them while publishing or later; nothing lost", case.args);
}

/// What has its final name has its final bytes.
#[track_caller]
fn check_final_names(case: &Case, out: &Path) {
    if !out.exists() {
        return;
    }
    for (name, bytes) in tree(out).into_iter().filter(|(name, _)| !name.starts_with(".shardify")) {
        let whole = case.whole.get(&name);
        assert!(whole.is_some_and(|whole| *whole == bytes), "{} is there before it is complete", name.display());
    }
}

#[test]
fn arrays() {
    kill_at_random(&Case::small_rows(&[]), 0x5eed);
    kill_at_random(&Case::large_rows(&["--compression", "gzip", "--split", "a=0.7,b=0.3"]), 1);
}

#[test]
fn images() {
    let images = fixture("images");
    kill_at_random(&Case::new(tempdir().unwrap(), &[images.to_str().unwrap(), "--shards", "20"], 0), 2);
}

#[test]
fn reshard() {
    kill_at_random(&Case::reshard(&[], &["--shuffle", "--max-shard", "300kB"]), 3);
}

#[test]
fn repair() {
    kill_at_random(&Case::repair("none"), 4);
    kill_at_random(&Case::repair("gzip"), 5);
}
