//! One shard of Examples, whole or damaged: `open` and `validate` find what a slow reader finds, and every record reads back.

use prost::Message;
use shardify::{
    Cancel, OpenOptions, Silent, ValidateOptions,
    example::{ExampleView, proto},
    open,
    tfrecord::Verify,
    validate,
};

use super::{folder::Folder, input::Input, naive};

/// What `validate` says of frames.
const FRAMING: [&str; 8] = [
    "not-tfrecord",
    "bad-compression",
    "length-crc",
    "data-crc",
    "record-too-large",
    "truncated-header",
    "truncated-record",
    "zero-tail",
];

thread_local! {
    static FOLDER: Folder = Folder::default();
}

/// A file as it is, or Examples, of which one byte may be changed.
pub(super) fn run(data: &[u8]) {
    let mut input = Input(data);
    let file = if input.byte() % 4 == 0 { input.0.to_vec() } else { examples(&mut input) };
    let path = FOLDER.with(|folder| folder.write("d-train.tfrecord-00000-of-00001", &file));
    let (chain, reached) = naive::chain(&file);
    let whole = reached == file.len() && chain.iter().map(|(start, end)| end - start).sum::<usize>() == file.len();

    let mut options = ValidateOptions::new(vec![path.clone()]);
    options.threads = Some(1);
    let report = validate(&options, &Cancel::default(), &Silent).expect("a file that can be read");
    let framing = report.findings.iter().any(|found| FRAMING.contains(&found.kind.name()));
    if whole && !file.is_empty() {
        assert_eq!(report.records, chain.len() as u64, "{:?}", report.findings);
    } else {
        assert!(!report.is_clean(), "damage that is not found");
    }
    assert!(!(whole && framing && !file.is_empty()), "a whole shard is blamed: {:?}", report.findings);

    let mut options = OpenOptions::new(vec![path]);
    options.threads = Some(1);
    let Ok(opened) = open(&options, &Cancel::default(), &Silent) else {
        return assert!(!whole || file.is_empty() || compressed(&file), "a whole shard is not opened");
    };
    let wanted = opened.features.wanted(None).expect("all features");
    let shard = opened.open_shard(0).expect("it is there");
    for number in 0..opened.len() {
        let located = opened.locate(number).expect("a record");
        let mut payload = vec![0; located.payload_len()];
        let read = opened.read(&located, &shard, &mut payload, Verify::All);
        let start = usize::try_from(located.span.offset.0).expect("an offset in the file");
        assert_eq!(read.is_ok(), matches!(naive::at(&file, start), naive::Stands::Whole(_)), "record {number}");
        if read.is_ok() {
            assert_eq!(payload, file[start + 12..start + 12 + payload.len()]);
            if let Ok(example) = ExampleView::parse(&payload) {
                for wanted in &wanted {
                    let _ = wanted.read(&example);
                }
            }
        }
    }
}

fn compressed(file: &[u8]) -> bool {
    file.starts_with(&[0x1f, 0x8b]) || file.first().is_some_and(|first| first & 0x0f == 8)
}

fn examples(input: &mut Input<'_>) -> Vec<u8> {
    let (hit, mask, records) = (input.short(), input.byte(), 1 + input.below(5));
    let mut file = Vec::new();
    for _ in 0..records {
        let mut features = proto::Features::default();
        for _ in 0..input.below(5) {
            const KEYS: [&str; 9] =
                ["image", "label", "filename", "image/encoded", "image/class/label", "x", "height", "weight", ""];
            let key = KEYS[input.below(KEYS.len())];
            let kind = match input.byte() % 4 {
                0 => None,
                1 => Some(proto::feature::Kind::BytesList(proto::BytesList {
                    value: (0..input.below(3)).map(|_| input.text().to_vec()).collect(),
                })),
                2 => Some(proto::feature::Kind::Int64List(proto::Int64List {
                    value: (0..input.below(5)).map(|_| i64::from(input.byte()) - 3).collect(),
                })),
                _ => Some(proto::feature::Kind::FloatList(proto::FloatList {
                    value: (0..input.below(5)).map(|_| f32::from_bits((input.short() as u32) << 16)).collect(),
                })),
            };
            features.feature.insert(key.to_owned(), proto::Feature { kind });
        }
        file.extend(naive::frame(&proto::Example { features: Some(features) }.encode_to_vec()));
    }
    if mask & 0x80 != 0 {
        let hit = hit % file.len();
        file[hit] ^= mask & 0x7f;
    }
    file
}
