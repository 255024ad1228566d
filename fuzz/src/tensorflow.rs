//! Shards that TensorFlow wrote, damaged: the records that were not touched are found, and nothing else.

use super::{
    input::Input,
    naive,
    records::{Damage, check_damaged, found},
};

/// Made by `fixtures/foreign/tensorflow/generate.py` and `fixtures/broken/tfrecord/generate.py`.
const FILES: &[&[u8]] = &[
    include_bytes!("../../fixtures/foreign/tensorflow/slim/train-00000-of-00002"),
    include_bytes!("../../fixtures/foreign/tensorflow/tutorial/images.tfrecords-00001-of-00002"),
    include_bytes!("../../fixtures/broken/tfrecord/whole.tfrecord"),
    include_bytes!("../../fixtures/broken/tfrecord/whole-30.tfrecord"),
];

/// One damage of any kind, or up to three flipped bits.
pub(super) fn run(data: &[u8]) {
    let mut input = Input(data);
    let choice = input.byte();
    let file = FILES[usize::from(choice >> 1) % FILES.len()].to_vec();
    let (records, end) = naive::chain(&file);
    assert_eq!(end, file.len(), "a fixture is whole");
    if choice & 1 == 0 {
        check_damaged(file, &records, Damage::choose(&mut input));
    } else {
        flipped(file, &records, &mut input);
    }
}

/// The checksums find any three flipped bits of a header, and any of a payload this short.
fn flipped(mut file: Vec<u8>, records: &[(usize, usize)], input: &mut Input<'_>) {
    let before = file.clone();
    for _ in 0..1 + input.below(3) {
        let place = input.short() % file.len();
        file[place] ^= 1 << (input.byte() % 8);
    }
    let whole: Vec<_> =
        records.iter().copied().filter(|(start, end)| file[*start..*end] == before[*start..*end]).collect();
    assert_eq!(found(&file), whole);
}
