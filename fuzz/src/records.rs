//! Framing and salvage: no intact record is lost, none is made up, whatever the bytes are and whatever happens to a file.

use shardify::{
    ByteSize, ErrorKind,
    tfrecord::{DEFAULT_MAX_RECORD, ReaderOptions, RecordReader, Survey, survey, walk},
    units::RecordIndex,
};

use super::{
    input::Input,
    naive::{self, Stands},
};

/// The first byte chooses: the bytes as they are, or records made of them, which are then damaged.
pub(super) fn run(data: &[u8]) {
    let mut input = Input(data);
    match input.byte() % 2 {
        0 => {
            let limit = if input.byte() % 8 == 0 { ByteSize(64) } else { DEFAULT_MAX_RECORD };
            if limit == DEFAULT_MAX_RECORD {
                agrees_with_the_slow_way(input.0);
            }
            let _ = look(input.0, limit);
        }
        _ => damaged(input),
    }
}

fn look(file: &[u8], limit: ByteSize) -> Survey {
    survey(file.len() as u64, limit, &[], reader(file)).expect("reading memory does not fail")
}

fn reader(file: &[u8]) -> impl FnMut(&mut [u8], u64) -> shardify::Result<()> {
    |buffer, at| {
        let at = usize::try_from(at).expect("an offset in the file");
        buffer.copy_from_slice(&file[at..at + buffer.len()]);
        Ok(())
    }
}

/// The records that are found in a file, as start and end.
pub(super) fn found(file: &[u8]) -> Vec<(usize, usize)> {
    intact(&look(file, DEFAULT_MAX_RECORD))
}

fn intact(survey: &Survey) -> Vec<(usize, usize)> {
    let ends = |span: shardify::tfrecord::RecordSpan| {
        let start = usize::try_from(span.offset.0).expect("an offset in the file");
        (start, start + span.len as usize)
    };
    survey.intact.iter().map(ends).collect()
}

/// What is true of every file.
fn agrees_with_the_slow_way(file: &[u8]) {
    let found = look(file, DEFAULT_MAX_RECORD);
    let records = intact(&found);
    for (start, end) in &records {
        assert_eq!(naive::at(file, *start), Stands::Whole(*end), "a record that is none at {start}");
    }
    // Every byte is in one record or one damage.
    let mut parts: Vec<_> = records.clone();
    parts.extend(found.damage.iter().map(|damage| {
        let start = usize::try_from(damage.offset.0).expect("an offset in the file");
        (start, start + usize::try_from(damage.bytes).expect("a length in the file"))
    }));
    parts.sort_unstable();
    let mut at = 0;
    for (start, end) in parts {
        assert!(start == at && end > start, "bytes from {at} to {start} are in no part, or in two");
        at = end;
    }
    assert_eq!(at, file.len(), "the end is in no part");
    // What can be read from the start without a search is found, and nothing else up to there.
    let (chain, reached) = naive::chain(file);
    assert!(records.starts_with(&chain), "lost: {chain:?}, found {records:?}");
    assert!(records.get(chain.len()).is_none_or(|next| next.0 >= reached), "made up before {reached}: {records:?}");

    one_by_one(file, &chain);
    let (spans, damage) = walk(file.len() as u64, DEFAULT_MAX_RECORD, reader(file)).expect("memory");
    assert!(damage.is_some() || spans.end().0 == file.len() as u64, "a walk that ends early");
    if found.damage.is_empty() {
        assert_eq!((&spans, damage), (&found.intact, None));
    }
}

/// The reader of streams finds the same, record by record.
fn one_by_one(file: &[u8], chain: &[(usize, usize)]) {
    let mut reader = RecordReader::new(file, ReaderOptions::default());
    let mut found = Vec::new();
    let mut expected = RecordIndex(0);
    loop {
        match reader.next_record() {
            Ok(Some(record)) => {
                let start = usize::try_from(record.offset.0).expect("an offset in the file");
                assert!(record.index >= expected, "records are counted up");
                expected = RecordIndex(record.index.0 + 1);
                found.push((start, start + record.payload.len() + 16));
            }
            Ok(None) => break,
            // Where the next record starts is known all the same.
            Err(error) if matches!(error.kind(), ErrorKind::DataCrc { .. }) => {}
            Err(_) => break,
        }
    }
    assert!(found.starts_with(chain), "the reader lost {chain:?}, found {found:?}");
}

/// A payload: bytes, or a whole file of records.
fn payload(input: &mut Input<'_>, depth: usize) -> Vec<u8> {
    let choice = input.byte();
    if choice.is_multiple_of(4) && depth < 2 {
        let records = 1 + input.below(4);
        let mut stored = input.take(usize::from(choice >> 6)).to_vec();
        for _ in 0..records {
            stored.extend(naive::frame(&payload(input, depth + 1)));
        }
        let behind = input.byte() % 4;
        stored.extend(input.take(behind.into()));
        return stored;
    }
    let len = input.below(40);
    let mut bytes = input.take(len).to_vec();
    // Some are longer than what the scanner looks at in one go.
    if choice == 255 {
        bytes.resize(bytes.len() + 70_000, 7);
    }
    bytes
}

/// Records, some of which store files of records, and one damage.
fn damaged(mut input: Input<'_>) {
    let damage = Damage::choose(&mut input);
    let mut file = Vec::new();
    let mut records = Vec::new();
    for _ in 0..1 + input.below(6) {
        let framed = naive::frame(&payload(&mut input, 0));
        records.push((file.len(), file.len() + framed.len()));
        file.extend(framed);
    }
    check_damaged(file, &records, damage);
}

/// What happens to a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Damage {
    kind: u8,
    place: usize,
    amount: usize,
    mask: u8,
}

impl Damage {
    /// Takes the choices from the input.
    pub(super) fn choose(input: &mut Input<'_>) -> Self {
        Self { kind: input.byte() % 5, place: input.short(), amount: 1 + input.below(60), mask: input.byte() | 1 }
    }
}

/// Bytes that were touched, and how far what stands behind them moved.
struct Touched {
    from: usize,
    to: usize,
    by: isize,
}

impl Touched {
    /// Damages a file. Where the same bytes come from damage elsewhere too, all those places are touched: taking out any of two
    /// equal bytes is the same.
    fn apply(damage: Damage, file: &mut Vec<u8>) -> Self {
        let place = damage.place % file.len();
        let end = (place + damage.amount).min(file.len());
        let before = file.clone();
        match damage.kind {
            0 => {
                file[place] ^= damage.mask;
                Self { from: place, to: place + 1, by: 0 }
            }
            1 => {
                // Zeros over zeros are no damage.
                let first = before[place..end].iter().position(|byte| *byte != 0).unwrap_or(0);
                let last = before[place..end].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                file[place..end].fill(0);
                Self { from: place + first, to: place + last, by: 0 }
            }
            2 => {
                file.truncate(place);
                Self { from: place, to: usize::MAX, by: 0 }
            }
            3 => {
                file.drain(place..end);
                let earlier = (1..=place).take_while(|by| before[place - by] == before[end - by]).count();
                let later = (0..before.len() - end).take_while(|by| before[place + by] == before[end + by]).count();
                Self { from: place - earlier, to: end + later, by: place.cast_signed() - end.cast_signed() }
            }
            _ => {
                file.splice(place..place, vec![damage.mask; damage.amount]);
                let earlier = before[..place].iter().rev().take_while(|byte| **byte == damage.mask).count();
                let later = before[place..].iter().take_while(|byte| **byte == damage.mask).count();
                Self { from: place - earlier, to: place + later, by: damage.amount.cast_signed() }
            }
        }
    }

    /// Whether a record may be hit. Between two records, nothing is hit.
    const fn hits(&self, start: usize, end: usize) -> bool {
        start < self.to && self.from < end
    }

    /// Where a record starts afterwards that is not hit.
    const fn moved(&self, start: usize) -> usize {
        if start >= self.to { start.saturating_add_signed(self.by) } else { start }
    }
}

/// Of records, given as start and end, what was not touched is found; nothing else is.
pub(super) fn check_damaged(mut file: Vec<u8>, records: &[(usize, usize)], damage: Damage) {
    let before = file.clone();
    let touched = Touched::apply(damage, &mut file);
    agrees_with_the_slow_way(&file);
    let found = found(&file);
    let is_hit = |record: &(usize, usize)| file != before && touched.hits(record.0, record.1);
    // Bytes that are taken out or put in may leave a header that claims more than is left: that ends a file.
    let cut = records.iter().any(|record| is_hit(record) && naive::at(&file, record.0) == Stands::Cut);
    for record in records.iter().filter(|record| !cut && !is_hit(record)) {
        let start = touched.moved(record.0);
        let expected = (start, start + record.1 - record.0);
        assert!(found.contains(&expected), "lost {expected:?} of {records:?}: found {found:?}, {damage:?}");
    }
    // Of a record that stores others, with its header and its payload both damaged or with bytes gone, nothing tells what was inside.
    let in_doubt = |(start, end): &(usize, usize)| {
        let stores = (start + 12..*end).any(|place| matches!(naive::at(&before, place), Stands::Whole(_)));
        let header_only = touched.from >= *start && touched.to <= start + 12;
        let payload_only = touched.from >= start + 12 && touched.to <= *end;
        stores && damage.kind != 2 && (damage.kind > 2 || !(header_only || payload_only))
    };
    if !records.iter().any(|record| is_hit(record) && in_doubt(record)) {
        for (start, end) in &found {
            let is_known = records.iter().any(|record| before[record.0..record.1] == file[*start..*end]);
            // Damage may make a record whole that was stored in parts.
            assert!(is_known || touched.hits(*start, *end), "made up {start}..{end} of {records:?}: {damage:?}");
        }
    }
}
