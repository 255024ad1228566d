//! What is true of every data set, whatever the sizes of the inputs and the options: tried with random ones.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use proptest::{prelude::*, test_runner::TestCaseResult};
use serde_json::Value;
use shardify::{
    ByteSize, Cancel, Compression, ConvertOptions, Error, ErrorKind, Existing, Ratios, ShardCounts, Silent, convert,
    shard::{Order, Permutation, SplitOrder, assign_ratios},
    units::Count,
};
use tempfile::{TempDir, tempdir};

use crate::support::{bytes_of, features, manifest, png, records, tree, unzipped, write_numbered_rows};

/// What a record is recognised by: the name of its image, or the number at the start of its row.
type Name = fn(&[u8]) -> String;

fn image_name(payload: &[u8]) -> String {
    String::from_utf8(bytes_of(&features(payload), "filename")).unwrap()
}

fn row_number(payload: &[u8]) -> String {
    let row = bytes_of(&features(payload), "x");
    u32::from_le_bytes(*row.first_chunk().unwrap()).to_string()
}

/// Inputs on disk, what they are called in their order, and how to tell them apart in a shard.
struct Inputs {
    dir: TempDir,
    input: PathBuf,
    names: Vec<String>,
    name: Name,
}

/// Images whose sizes differ by these comments.
fn images(comments: &[usize]) -> Inputs {
    let dir = tempdir().unwrap();
    let input = dir.path().join("in");
    fs::create_dir(&input).unwrap();
    // Names of different lengths, sorted as bytes.
    let mut names: Vec<String> = (0..comments.len()).map(|at| format!("{}.png", at * at)).collect();
    names.sort_unstable();
    for (name, comment) in names.iter().zip(comments) {
        fs::write(input.join(name), png(*comment)).unwrap();
    }
    Inputs { dir, input, names, name: image_name }
}

fn rows(rows: usize, width: usize) -> Inputs {
    let dir = tempdir().unwrap();
    let input = dir.path().join("in.npy");
    write_numbered_rows(&input, rows, width);
    Inputs { dir, input, names: (0..rows).map(|row| row.to_string()).collect(), name: row_number }
}

/// How a data set is to be made, apart from the cap.
#[derive(Debug, Clone)]
struct How {
    seed: u64,
    shuffle: bool,
    threads: usize,
    split: bool,
}

fn how() -> impl Strategy<Value = How> {
    (any::<u64>(), any::<bool>(), 1usize..4, any::<bool>()).prop_map(|(seed, shuffle, threads, split)| How {
        seed,
        shuffle,
        threads,
        split,
    })
}

impl Inputs {
    fn options(&self, how: &How, out: &str) -> ConvertOptions {
        let mut options = ConvertOptions::new(vec![self.input.clone()], self.dir.path().join(out));
        options.seed = how.seed;
        options.shuffle = how.shuffle;
        options.threads = Some(how.threads);
        if how.split && self.names.len() >= 4 {
            options.split = Some("train=0.6,test=0.4".parse::<Ratios>().unwrap());
        }
        options
    }

    /// The splits and the names that they should hold, in order.
    fn expected(&self, options: &ConvertOptions) -> Vec<(String, Vec<String>)> {
        if options.split.is_none() && !options.shuffle {
            return vec![("train".to_owned(), self.names.clone())];
        }
        let len = self.names.len() as u64;
        let splits = match &options.split {
            Some(ratios) => assign_ratios(len, ratios, options.seed, options.shuffle).unwrap(),
            None => {
                let order = Order::ShuffledRun(0, Permutation::new(len, options.seed, "train"));
                vec![SplitOrder { name: "train".to_owned(), order }]
            }
        };
        let items = |order: Order| (0..order.len()).map(|at| order.item(at)).collect::<Vec<_>>();
        let names = |order: Order| {
            let items = items(order);
            assert!(options.shuffle || items.is_sorted(), "{items:?}");
            items.into_iter().map(|item| self.names[usize::try_from(item).unwrap()].clone()).collect()
        };
        splits.into_iter().map(|SplitOrder { name, order }| (name, names(order))).collect()
    }

    /// The framed size of each record, from a data set in one shard.
    fn framed_sizes(&self) -> Vec<u64> {
        let mut options = ConvertOptions::new(vec![self.input.clone()], self.dir.path().join("sizes"));
        options.shuffle = false;
        let made = run(&options).unwrap();
        let shard = fs::read(options.out.join(&made.splits[0].shards[0].name)).unwrap();
        records(&shard).iter().map(|(_, payload)| payload.len() as u64 + 16).collect()
    }
}

fn run(options: &ConvertOptions) -> Result<shardify::index::Manifest, Error> {
    convert(options, &Cancel::default(), &Silent).map(|report| report.manifest)
}

/// Checks a finished data set against its inputs and its options.
fn check(inputs: &Inputs, options: &ConvertOptions) -> TestCaseResult {
    let out = &options.out;
    let manifest = manifest(out);
    let mut files = BTreeSet::from([PathBuf::from("shardify.json")]);
    files.extend(manifest.files.iter().map(PathBuf::from));
    let plain = options.compression == Compression::None;
    let info: Option<Value> = plain.then(|| {
        files.insert("index".into());
        serde_json::from_slice(&fs::read(out.join("dataset_info.json")).unwrap()).unwrap()
    });
    let expected = inputs.expected(options);
    prop_assert_eq!(manifest.splits.len(), expected.len());
    for (number, (split, (name, names))) in manifest.splits.iter().zip(&expected).enumerate() {
        prop_assert_eq!(&split.name, name);
        let (mut found, mut total) = (Vec::new(), (0, 0));
        let mut last_size = None;
        for (at, shard) in split.shards.iter().enumerate() {
            let ending = if plain { "" } else { ".gz" };
            let of = split.shards.len();
            prop_assert_eq!(&shard.name, &format!("in-{name}.tfrecord-{at:05}-of-{of:05}{ending}"));
            files.insert(shard.name.clone().into());
            let bytes = fs::read(out.join(&shard.name)).unwrap();
            prop_assert!(bytes.len() as u64 <= options.cap("train").0, "{} bytes in {}", bytes.len(), shard.name);
            prop_assert_eq!(bytes.len() as u64, shard.bytes);
            prop_assert_eq!(format!("{:08x}", crc32fast::hash(&bytes)), shard.crc32.clone());
            let records = records(&unzipped(bytes, options.compression));
            prop_assert!(!records.is_empty(), "{} is empty", shard.name);
            prop_assert_eq!(records.len() as u64, shard.records);
            if plain {
                let index = Path::new("index").join(format!("{}.idx", shard.name));
                let lines: String =
                    records.iter().map(|(offset, payload)| format!("{offset} {}\n", payload.len() + 16)).collect();
                prop_assert_eq!(fs::read_to_string(out.join(&index)).unwrap(), lines);
                files.insert(index);
                // Shards are as full as they can be, unless their number was asked for.
                let first = records[0].1.len() as u64 + 16;
                if let (Some(last), None) = (last_size.replace(shard.bytes), &options.shards) {
                    prop_assert!(
                        last + first > options.cap("train").0,
                        "the first record of {} fits before",
                        shard.name
                    );
                }
            }
            found.extend(records.iter().map(|(_, payload)| (inputs.name)(payload)));
            total = (total.0 + shard.records, total.1 + shard.bytes);
        }
        prop_assert_eq!(&found, names);
        prop_assert_eq!(total, (split.records, split.bytes));
        if let Some(info) = &info {
            let lengths: Vec<String> = split.shards.iter().map(|shard| shard.records.to_string()).collect();
            prop_assert_eq!(&info["splits"][number]["shardLengths"], &serde_json::json!(lengths));
        }
    }
    let mut all: Vec<&String> = expected.iter().flat_map(|(_, names)| names).collect();
    all.sort_unstable();
    let mut inputs: Vec<&String> = inputs.names.iter().collect();
    inputs.sort_unstable();
    prop_assert_eq!(all, inputs);
    prop_assert_eq!(tree(out).into_keys().collect::<BTreeSet<_>>(), files);
    Ok(())
}

/// A cap that holds the first records to the byte, with some slack; below the largest record if there are none of them.
fn check_capped(inputs: &Inputs, how: &How, first: usize, slack: i64) -> TestCaseResult {
    let sizes = inputs.framed_sizes();
    let largest = *sizes.iter().max().unwrap();
    let mut options = inputs.options(how, "out");
    let size = |name: &String| sizes[inputs.names.iter().position(|other| other == name).unwrap()];
    let exact: u64 = inputs.expected(&options)[0].1.iter().take(first).map(size).sum();
    let cap = exact.max(largest).checked_add_signed(slack).unwrap();
    options.max_shard = Some(ByteSize(cap));
    let outcome = run(&options);
    if cap >= largest {
        prop_assert!(outcome.is_ok(), "{:?}", outcome);
        return check(inputs, &options);
    }
    let error = outcome.unwrap_err();
    let message = error.to_string();
    prop_assert!(matches!(error.kind(), ErrorKind::Input { .. }), "{}", message);
    let named = sizes.iter().zip(&inputs.names).filter(|(size, _)| **size > cap).any(|(size, name)| {
        let place = if inputs.input.is_dir() { format!("/{name}: ") } else { format!(": row {name}: ") };
        message.contains(&place) && message.contains(&format!("{} bytes", Count(*size)))
    });
    prop_assert!(named && message.contains(&format!("{} bytes", Count(cap))), "{}", message);
    // Shards that were finished before are kept for a run that is carried on; nothing else is.
    if options.out.exists() {
        let left = tree(&options.out);
        prop_assert!(left.contains_key(Path::new(".shardify/plan.json")), "{:?}", left.into_keys());
        prop_assert!(left.keys().all(|name| name.starts_with(".shardify")), "{:?}", left.into_keys());
        prop_assert!(left.keys().any(|name| name.ends_with("train-00000.json")), "{:?}", left.into_keys());
    }
    Ok(())
}

/// Compressed shards hold the same bytes as plain ones, and keep to a cap of their own.
fn check_gzip(inputs: &Inputs, how: &How, cap: u64, shards: Option<u32>) -> TestCaseResult {
    let mut options = inputs.options(how, "plain");
    run(&options).unwrap();
    let read_all = |options: &ConvertOptions| {
        let shards = manifest(&options.out).splits.into_iter().flat_map(|split| split.shards);
        let shards = shards.map(|shard| unzipped(fs::read(options.out.join(shard.name)).unwrap(), options.compression));
        shards.collect::<Vec<_>>().concat()
    };
    let plain = read_all(&options);
    options.out = inputs.dir.path().join("gzip");
    options.compression = Compression::Gzip;
    options.max_shard = Some(ByteSize(cap));
    options.shards = shards.map(ShardCounts::Each);
    match run(&options) {
        Ok(_) => {
            prop_assert!(read_all(&options) == plain);
            check(inputs, &options)
        }
        // A shard of a fixed number of them, or one record, may not fit; or there are fewer inputs than shards.
        Err(error) => {
            let message = error.to_string();
            prop_assert!(message.contains("cap of") || message.contains("some would be empty"), "{}", message);
            Ok(())
        }
    }
}

fn check_count(inputs: &Inputs, how: &How, shards: u32) -> TestCaseResult {
    let mut options = inputs.options(how, "out");
    options.shards = Some(ShardCounts::Each(shards));
    let fewest = inputs.expected(&options).iter().map(|(_, names)| names.len()).min().unwrap();
    let outcome = run(&options);
    if u64::from(shards) > fewest as u64 {
        let message = outcome.unwrap_err().to_string();
        prop_assert!(message.contains(&format!("asks for {shards} shards")), "{}", message);
        prop_assert!(!options.out.exists());
        return Ok(());
    }
    prop_assert!(outcome.is_ok(), "{:?}", outcome);
    for split in manifest(&options.out).splits {
        prop_assert_eq!(split.shards.len(), shards as usize);
        let lens = || split.shards.iter().map(|shard| shard.records);
        prop_assert!(lens().max().unwrap() - lens().min().unwrap() <= 1, "{:?}", split.shards);
    }
    check(inputs, &options)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn images_in_capped_shards(comments in prop::collection::vec(0usize..400, 1..25), how in how(), first in 0usize..6, slack in -2i64..3) {
        check_capped(&images(&comments), &how, first, slack)?;
    }

    #[test]
    fn rows_in_capped_shards(count in 1usize..60, width in 4usize..200, how in how(), first in 0usize..6, slack in -2i64..3) {
        check_capped(&rows(count, width), &how, first, slack)?;
    }

    #[test]
    fn inputs_in_a_number_of_shards(comments in prop::collection::vec(0usize..400, 1..25), how in how(), shards in 1u32..8) {
        check_count(&images(&comments), &how, shards)?;
    }

    #[test]
    fn compressed_shards(
        comments in prop::collection::vec(0usize..400, 1..25),
        how in how(),
        cap in 300u64..5000,
        shards in prop::option::of(1u32..4),
    ) {
        check_gzip(&images(&comments), &how, cap, shards)?;
    }
}

/// The folder of a data set that is there already is never written to by accident, and never half.
#[test]
fn an_existing_data_set_is_refused_and_stays_as_it_is() {
    let inputs = rows(10, 20);
    let mut options = ConvertOptions::new(vec![inputs.input.clone()], inputs.dir.path().join("out"));
    run(&options).unwrap();
    let before = tree(&options.out);
    options.seed = 1;
    for existing in [Existing::Refuse, Existing::Resume] {
        options.existing = existing;
        assert!(matches!(run(&options).unwrap_err().kind(), ErrorKind::Output(_)));
        assert!(tree(&options.out) == before, "{existing:?}");
    }
}
