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

/// The records of a survey, as start and end.
pub(super) fn intact(survey: &Survey) -> Vec<(usize, usize)> {
    let ends = |span: shardify::tfrecord::RecordSpan| {
        let start = usize::try_from(span.offset.0).expect("an offset in the file");
        (start, start + span.len as usize)
    };
    survey.intact.iter().map(ends).collect()
}

/// What is true of every file.
pub(super) fn agrees_with_the_slow_way(file: &[u8]) {
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
fn payload(input: &mut Input<'_>, depth: usize) -> (Vec<u8>, bool) {
    let choice = input.byte();
    if choice % 4 == 0 && depth < 2 {
        let records = 1 + input.below(4);
        let mut stored = input.take(usize::from(choice >> 6)).to_vec();
        for _ in 0..records {
            stored.extend(naive::frame(&payload(input, depth + 1).0));
        }
        let behind = input.byte() % 4;
        stored.extend(input.take(behind.into()));
        return (stored, true);
    }
    let len = input.below(40);
    let mut bytes = input.take(len).to_vec();
    // Some are longer than what the scanner looks at in one go.
    if choice == 255 {
        bytes.resize(bytes.len() + 70_000, 7);
    }
    (bytes, false)
}

/// Records, some of which store files of records, and one damage. What was not touched is found; nothing else is.
fn damaged(mut input: Input<'_>) {
    let kind = input.byte() % 5;
    let (place, amount, mask) = (input.short(), 1 + input.below(60), input.byte() | 1);
    let mut file = Vec::new();
    let mut records = Vec::new();
    for _ in 0..1 + input.below(6) {
        let (payload, stores) = payload(&mut input, 0);
        let framed = naive::frame(&payload);
        records.push((file.len(), file.len() + framed.len(), stores));
        file.extend(framed);
    }
    let place = place % file.len();
    let end = (place + amount).min(file.len());
    let before = file.clone();
    // What each record is afterwards, if nothing happened to it.
    let shift = |from: usize, by: isize| move |at: usize| if at >= from { at.saturating_add_signed(by) } else { at };
    let (touched, moved): (_, Box<dyn Fn(usize) -> usize>) = match kind {
        0 => {
            file[place] ^= mask;
            (place..place + 1, Box::new(|at| at))
        }
        1 => {
            // Zeros over zeros are no damage.
            let end = place + file[place..end].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let start = place + file[place..end].iter().position(|byte| *byte != 0).unwrap_or(0);
            file[start..end].fill(0);
            (start..end, Box::new(|at| at))
        }
        2 => {
            file.truncate(place);
            (place..usize::MAX, Box::new(|at| at))
        }
        3 => {
            file.drain(place..end);
            (place..end, Box::new(shift(end, -isize::try_from(end - place).unwrap_or(0))))
        }
        _ => {
            let put = vec![mask; amount];
            file.splice(place..place, put);
            // Between two records nothing is touched.
            (place..place, Box::new(shift(place, isize::try_from(amount).unwrap_or(0))))
        }
    };
    // Zeros over zeros are no damage.
    let (touched, moved) = if file == before {
        (usize::MAX..usize::MAX, Box::new(|at| at) as Box<dyn Fn(usize) -> usize>)
    } else {
        (touched, moved)
    };
    agrees_with_the_slow_way(&file);
    let is_hit = |start: usize, end: usize| {
        if touched.is_empty() {
            start < touched.start && touched.start < end
        } else {
            start < touched.end && touched.start < end
        }
    };
    let whole: Vec<_> = records
        .iter()
        .filter(|(start, end, _)| !is_hit(*start, *end))
        .map(|(start, end, _)| (moved(*start), moved(*start) + end - start))
        .collect();
    let hit: Vec<_> = records.iter().filter(|(start, end, _)| is_hit(*start, *end)).collect();
    let found = intact(&look(&file, DEFAULT_MAX_RECORD));
    // Bytes that are taken out or put in may leave a header that claims more than is left: that ends a file.
    let cut = hit.iter().any(|(start, _, _)| touched.start >= start + 12 && naive::at(&file, *start) == Stands::Cut);
    if !cut {
        for record in &whole {
            assert!(
                found.contains(record),
                "lost {record:?} of {records:?}: found {found:?}, damage {kind} at {place}..{end}"
            );
        }
    }
    // Of a record that stores others, with its header and its payload both damaged or with bytes gone, nothing tells what was inside.
    let in_doubt = |(start, end, stores): &(usize, usize, bool)| {
        let header_only = touched.start >= *start && touched.end <= start + 12;
        let payload_only = touched.start >= start + 12 && touched.end <= *end;
        *stores && kind != 2 && (kind > 2 || !(header_only || payload_only))
    };
    if !hit.iter().any(|record| in_doubt(record)) {
        for record in &found {
            assert!(whole.contains(record), "made up {record:?} of {records:?}: damage {kind} at {place}..{end}");
        }
    }
}
