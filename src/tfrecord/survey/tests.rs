use proptest::prelude::*;

use super::*;
use crate::tfrecord::{DEFAULT_MAX_RECORD, footer, header};

fn look_at(bytes: &[u8]) -> Survey {
    look_with(bytes, &[])
}

fn look_with(bytes: &[u8], breaks: &[u64]) -> Survey {
    survey(bytes.len() as u64, DEFAULT_MAX_RECORD, breaks, |buffer, offset| {
        let from = usize::try_from(offset).unwrap();
        buffer.copy_from_slice(&bytes[from..from + buffer.len()]);
        Ok(())
    })
    .unwrap()
}

fn frame(payload: &[u8]) -> Vec<u8> {
    [&header(payload.len() as u64)[..], payload, &footer(payload)].concat()
}

fn file(payloads: &[Vec<u8>]) -> Vec<u8> {
    payloads.iter().flat_map(|payload| frame(payload)).collect()
}

/// Where the records start, and the end of the last.
fn edges(payloads: &[Vec<u8>]) -> Vec<usize> {
    let mut edges = vec![0];
    for payload in payloads {
        edges.push(edges[edges.len() - 1] + payload.len() + FRAME_LEN);
    }
    edges
}

/// Record, start, end and kind.
type Told = (u64, usize, usize, &'static str);

/// The intact records as (start, end), and the damage.
fn told(survey: &Survey) -> (Vec<(usize, usize)>, Vec<Told>) {
    let intact = survey.intact.iter().map(|span| (span.offset.0 as usize, span.offset.0 as usize + span.len as usize));
    let damage = survey.damage.iter().map(|damage| {
        let kind = match damage.kind {
            DamageKind::LengthCrc { .. } => "length",
            DamageKind::DataCrc { .. } => "data",
            DamageKind::TruncatedHeader => "cut header",
            DamageKind::TruncatedRecord { .. } => "cut record",
            DamageKind::TooLarge { .. } => "too large",
            DamageKind::ZeroTail => "zeros",
        };
        (damage.record.0, damage.offset.0 as usize, (damage.offset.0 + damage.bytes) as usize, kind)
    });
    (intact.collect(), damage.collect())
}

/// A payload of plain bytes, or one that holds files of records, in any depth, with other bytes around them.
fn any_payload() -> impl Strategy<Value = Vec<u8>> {
    let plain = prop_oneof![proptest::collection::vec(any::<u8>(), 0..60), (0usize..80).prop_map(|len| vec![0; len]),];
    plain.prop_recursive(2, 24, 4, |inner| {
        let stored = proptest::collection::vec(inner, 0..4).prop_map(|payloads| file(&payloads));
        let around = proptest::collection::vec(any::<u8>(), 0..8);
        (around.clone(), proptest::collection::vec((stored, around), 1..3)).prop_map(|(before, parts)| {
            parts.into_iter().fold(before, |payload, (stored, after)| [payload, stored, after].concat())
        })
    })
}

fn any_payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(any_payload(), 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// One flipped bit costs one record, whatever is stored in it, and is reported at that record.
    #[test]
    fn a_flipped_bit_costs_its_record_and_no_other(payloads in any_payloads(), at: prop::sample::Index) {
        let mut bytes = file(&payloads);
        let edges = edges(&payloads);
        let bit = at.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let hit = edges.iter().rposition(|edge| *edge <= bit / 8).unwrap();
        let in_header = bit / 8 - edges[hit] < HEADER_LEN;
        let (intact, damage) = told(&look_at(&bytes));
        let others: Vec<_> = (0..payloads.len()).filter(|it| *it != hit).map(|it| (edges[it], edges[it + 1])).collect();
        prop_assert_eq!(intact, others);
        let kind = if in_header { "length" } else { "data" };
        prop_assert_eq!(damage, [(hit as u64, edges[hit], edges[hit + 1], kind)]);
    }

    /// A cut costs the record that it is in; one between two records leaves no trace.
    #[test]
    fn a_cut_costs_the_last_record(payloads in any_payloads(), at: prop::sample::Index) {
        let bytes = file(&payloads);
        let edges = edges(&payloads);
        let cut = at.index(bytes.len());
        let hit = edges.iter().rposition(|edge| *edge <= cut).unwrap();
        let (intact, damage) = told(&look_at(&bytes[..cut]));
        let whole: Vec<_> = (0..hit).map(|it| (edges[it], edges[it + 1])).collect();
        prop_assert_eq!(intact, whole);
        let kind = if cut - edges[hit] < HEADER_LEN { "cut header" } else { "cut record" };
        let expected = (cut > edges[hit]).then_some((hit as u64, edges[hit], cut, kind));
        prop_assert_eq!(damage, expected.into_iter().collect::<Vec<_>>());
    }

    /// Any damage that leaves the record before and after it alone: what is intact is found, what is stored in an intact
    /// record is not taken for one, and every byte is accounted for.
    #[test]
    fn whatever_happens_intact_records_are_found(
        payloads in proptest::collection::vec(proptest::collection::vec(1u8..=255, 20..90), 4..20),
        hits in proptest::collection::vec((any::<prop::sample::Index>(), 1usize..90), 1..4),
        filler: Option<u8>,
    ) {
        let whole = file(&payloads);
        let edges = edges(&payloads);
        let mut bytes = whole.clone();
        for (at, len) in hits {
            let at = at.index(bytes.len());
            let end = (at + len).min(bytes.len());
            let noise = |it: usize| (it as u8).wrapping_mul(167).wrapping_add(bytes[it]) | 1;
            let fill: Vec<u8> = (at..end).map(|it| filler.unwrap_or_else(|| noise(it))).collect();
            bytes[at..end].copy_from_slice(&fill);
        }
        let expected: Vec<_> = (0..payloads.len())
            .map(|it| (edges[it], edges[it + 1]))
            .filter(|(from, to)| bytes[*from..*to] == whole[*from..*to])
            .collect();
        let survey = look_at(&bytes);
        let (intact, damage) = told(&survey);
        prop_assert_eq!(&intact, &expected);
        let mut parts: Vec<_> = intact.iter().copied().chain(damage.iter().map(|it| (it.1, it.2))).collect();
        parts.sort_unstable();
        prop_assert_eq!(parts.iter().map(|part| part.1 - part.0).sum::<usize>(), bytes.len());
        prop_assert!(parts.windows(2).all(|pair| pair[0].1 == pair[1].0));
    }

    /// No bytes make it fail, and whatever it takes for a record is one.
    #[test]
    fn hostile_bytes(
        parts in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..30),
                (0usize..40).prop_map(|len| vec![0; len]),
                prop_oneof![0u64..100, any::<u64>()].prop_map(|length| header(length).to_vec()),
                proptest::collection::vec(any::<u8>(), 0..30).prop_map(|payload| frame(&payload)),
            ],
            0..12,
        ),
    ) {
        let bytes = parts.concat();
        let survey = look_at(&bytes);
        for span in survey.intact.iter() {
            let from = span.offset.0 as usize;
            let verdict = parse_frame(&bytes[from..], DEFAULT_MAX_RECORD, Verify::All);
            let is_record = matches!(verdict, Frame::Record { end, .. } if end == span.len as usize);
            prop_assert!(is_record, "{span:?}");
        }
    }
}

/// Bytes that were lost or added shift what follows; the records behind are found all the same.
#[test]
fn holes_and_insertions() {
    let payloads: Vec<Vec<u8>> = (1..=8u8).map(|it| vec![it; 100]).collect();
    let (bytes, edges) = (file(&payloads), edges(&payloads));
    let mut hole = bytes.clone();
    hole.drain(edges[2] + 30..edges[2] + 60);
    let (intact, damage) = told(&look_at(&hole));
    assert_eq!(intact.len(), 7);
    assert_eq!(damage, [(2, edges[2], edges[3] - 30, "data")]);

    let mut inserted = bytes.clone();
    inserted.splice(edges[2] + 30..edges[2] + 30, [0x55; 40]);
    let (intact, damage) = told(&look_at(&inserted));
    assert_eq!(intact.len(), 7);
    assert_eq!(damage, [(2, edges[2], edges[3], "data"), (3, edges[3], edges[3] + 40, "length")]);
}

/// Bytes are lost, and by chance the damaged record now ends where a record starts that is stored in the next one.
#[test]
fn a_record_that_starts_in_a_damaged_one_and_ends_behind_it_is_found() {
    let payloads = [vec![1; 32], file(&[b"stored".to_vec(), b"too".to_vec()]), b"last".to_vec()];
    let (whole, edges) = (file(&payloads), edges(&payloads));
    for lost in 1..20 {
        let mut bytes = whole.clone();
        bytes.drain(15..15 + lost);
        let (intact, damage) = told(&look_at(&bytes));
        assert_eq!(intact, [(edges[1] - lost, edges[2] - lost), (edges[2] - lost, edges[3] - lost)], "{lost}");
        assert_eq!(damage, [(0, 0, edges[1] - lost, "data")], "{lost}");
    }

    // The same at the end of the file.
    let payloads = [vec![1; 100], vec![2; 40]];
    let mut bytes = file(&payloads);
    bytes.drain(30..30 + 40 + FRAME_LEN);
    let (intact, damage) = told(&look_at(&bytes));
    assert_eq!(intact, [(60, 116)]);
    assert_eq!(damage, [(0, 0, 60, "data")]);
}

/// A second damage, among the records that a damaged one seems to hold.
#[test]
fn records_before_a_second_damage_are_not_lost() {
    let payloads: Vec<Vec<u8>> = std::iter::once(vec![1; 3000]).chain((0..40).map(|it| vec![it; 200])).collect();
    let (whole, edges) = (file(&payloads), edges(&payloads));
    let mut bytes = whole;
    bytes[edges[8] + 50] ^= 1;
    bytes.drain(200..2800);
    let (intact, damage) = told(&look_at(&bytes));
    assert_eq!(intact.len(), 39);
    assert_eq!(damage.len(), 2, "{damage:?}");
}

/// Long records, whose checksums are put together from the table.
#[test]
fn long_records_that_hold_records() {
    let inner = file(&(0..50u8).map(|it| vec![it; 3000]).collect::<Vec<_>>());
    let payloads = [vec![1; 100_000], [b"before".to_vec(), inner, b"after".to_vec()].concat(), vec![2; 70_000]];
    let (bytes, edges) = (file(&payloads), edges(&payloads));
    assert_eq!(told(&look_at(&bytes)).0.len(), 3);
    for (place, kind) in [(0, "length"), (9, "length"), (5000, "data"), (150_000, "data")] {
        let mut bytes = bytes.clone();
        bytes[edges[1] + place] ^= 4;
        let (intact, damage) = told(&look_at(&bytes));
        assert_eq!(intact, [(edges[0], edges[1]), (edges[2], edges[3])], "{place}");
        assert_eq!(damage, [(1, edges[1], edges[2], kind)], "{place}");
    }
}

#[test]
fn tails_and_strangers() {
    let whole = file(&[b"first".to_vec(), b"second".to_vec()]);
    for (tail, expected) in [
        (vec![0; 64], "zeros"),
        (vec![0; 11], "cut header"),
        (vec![7], "cut header"),
        (vec![7; 64], "length"),
        (header(1 << 40).to_vec(), "too large"),
        (header(50).to_vec(), "cut record"),
    ] {
        let bytes = [&whole[..], &tail].concat();
        let (intact, damage) = told(&look_at(&bytes));
        assert_eq!(intact.len(), 2);
        assert_eq!(damage, [(2, whole.len(), bytes.len(), expected)]);
    }
    assert_eq!(look_at(b""), Survey::default());
}

#[test]
fn what_follows_a_gap_that_is_known_is_found_whatever_is_claimed_before() {
    let before = frame(&[7; 40]);
    let after = file(&[vec![1; 9], vec![2; 500], vec![3; 20]]);
    // Cut to less than a third: it claims to end at a boundary, inside of a record, at the end, or past it.
    for claimed in [after.len() + 100, after.len() + 30, 60, 30 + 25, 30 + 40] {
        let cut = &frame(&vec![9; claimed - FRAME_LEN])[..30];
        let bytes = [&before[..], cut, &after].concat();
        let gap = (before.len() + cut.len()) as u64;
        let (intact, damage) = told(&look_with(&bytes, &[gap]));
        assert_eq!(intact.len(), 4, "{claimed}: {intact:?} {damage:?}");
        assert_eq!((damage.len(), damage[0].1, damage[0].2), (1, before.len(), gap as usize), "{claimed}: {damage:?}");
    }
    // A record that is whole goes on over it.
    let bytes = [&before[..], &after].concat();
    assert_eq!(look_with(&bytes, &[20, 70]), look_at(&bytes));
}

/// Files that are made to be looked at again and again: were every place in them, gigabytes would be read.
#[test]
fn files_that_were_made_to_be_slow() {
    let empty = frame(b"");
    let damaged_to = |len: usize| header(len as u64 - FRAME_LEN as u64);
    let look = |bytes: &[u8], breaks: &[u64]| {
        let mut read = 0;
        let survey = survey(bytes.len() as u64, DEFAULT_MAX_RECORD, breaks, |buffer, at| {
            read += buffer.len();
            buffer.copy_from_slice(&bytes[at as usize..at as usize + buffer.len()]);
            Ok(())
        });
        assert!(read < 100 * bytes.len(), "{read} bytes are read of {}", bytes.len());
        survey.unwrap().intact.len()
    };

    // Records that claim to end with the file, and breaks in all of them.
    let (records, places) = (1000, 1000);
    let tail = places * 700;
    let mut bytes = Vec::new();
    for at in 0..records {
        let left = (records - at) * (HEADER_LEN + FRAME_LEN) + tail;
        bytes.extend([&damaged_to(left)[..], &empty].concat());
    }
    let breaks: Vec<u64> = (0..places).map(|place| (bytes.len() + place * 700) as u64).collect();
    bytes.resize(bytes.len() + tail, 0x55);
    // All of it may be what the first of them stores.
    assert_eq!(look(&bytes, &breaks), 0);

    // Inside of a damaged record: intact ones, each before a damaged one that ends where thousands of others begin.
    for suspects in [0, 100] {
        let starts = 4000;
        let mut inside = Vec::new();
        for at in 0..starts {
            let left = (starts - at - 1) * (HEADER_LEN + FRAME_LEN) + HEADER_LEN + 40;
            inside.extend([&empty[..], &damaged_to(left)].concat());
        }
        inside.extend([0x55; 40]);
        inside.extend(empty.repeat(10_000));
        inside.extend([0x55; 500]);
        let mut bytes: Vec<u8> = [0x55; 40].repeat(suspects);
        bytes.extend([&header(inside.len() as u64)[..], &inside, b"none"].concat());
        assert!(look(&bytes, &[]) < 15_000);
    }
}
