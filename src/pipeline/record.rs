//! Framing a record around a payload that stands where it will be written from.

use super::{
    batch::{Batch, FailedInput, Piece},
    members::too_large,
};
use crate::{
    error::{Error, Fault},
    example::{Around, MAX_EXAMPLE, Value},
    tfrecord::{FRAME_LEN, HEADER_LEN, footer, header},
    units::{ByteSize, Count},
};

/// Builds records at the end of a batch: [`RecordBuilder::begin`], append the payload to `batch.bytes`, then
/// [`RecordBuilder::finish`] or [`RecordBuilder::fail`].
#[derive(Debug)]
pub(super) struct RecordBuilder {
    around: Around,
    cap: ByteSize,
    made: Made,
    /// Bytes before the payload in the record before, less its variable part: the next one's are most likely as many.
    expected_head: usize,
    start: usize,
    payload_at: usize,
}

impl RecordBuilder {
    /// For shards of at most `cap` bytes.
    pub(super) fn new(cap: ByteSize, made: Made) -> Self {
        Self { around: Around::default(), cap, made, expected_head: 0, start: 0, payload_at: 0 }
    }

    /// Leaves room for what stands before the payload. `variable` is the length of a value in front of it that changes
    /// from record to record, such as a file name.
    pub(super) fn begin(&mut self, batch: &mut Batch, variable: usize) {
        self.start = batch.bytes.len();
        self.payload_at = self.start + self.expected_head + variable;
        batch.bytes.resize(self.payload_at, 0);
    }

    /// Where the payload starts in `batch.bytes`.
    pub(super) fn payload_at(&self) -> usize {
        self.payload_at
    }

    /// Frames the record. What stands in `batch.bytes` from [`RecordBuilder::payload_at`] on is the value of the one
    /// [`Value::Gap`] among the features. A record that fits no shard becomes a failure. Returns whether it fitted.
    pub(super) fn finish(
        &mut self,
        batch: &mut Batch,
        position: u64,
        features: &mut [(&str, Value<'_>)],
        variable: usize,
    ) -> bool {
        let payload_len = batch.bytes.len() - self.payload_at;
        let example = self.around.encode(features);
        let framed = example + FRAME_LEN as u64;
        if example > MAX_EXAMPLE || framed > self.cap.0 {
            let error = if example > MAX_EXAMPLE { example_too_large(example) } else { too_large(framed, self.cap) };
            self.fail(batch, position, error.with_hint(self.made.advice(framed)));
            return false;
        }
        let head = HEADER_LEN + self.around.head.len();
        let payload_at = self.start + head;
        self.expected_head = head - variable.min(head);
        if payload_at != self.payload_at {
            // Rare: a length that takes one byte more or less than in the record before.
            batch.bytes.resize((self.payload_at.max(payload_at)) + payload_len, 0);
            batch.bytes.copy_within(self.payload_at..self.payload_at + payload_len, payload_at);
            batch.bytes.truncate(payload_at + payload_len);
        }
        let room = batch.bytes.get_mut(self.start..payload_at).unwrap_or_default();
        if let Some((to, rest)) = room.split_first_chunk_mut() {
            *to = header(example);
            // They are as long as one another: `payload_at` follows from both.
            rest.iter_mut().zip(&self.around.head).for_each(|(to, from)| *to = *from);
        }
        batch.bytes.extend_from_slice(&self.around.tail);
        let checksum = footer(batch.bytes.get(self.start + HEADER_LEN..).unwrap_or_default());
        batch.bytes.extend_from_slice(&checksum);
        debug_assert_eq!((batch.bytes.len() - self.start) as u64, framed);
        batch.pieces.push(Piece { position, len: framed, records: 1, payload: example });
        true
    }

    /// Takes back what was begun, and notes why.
    pub(super) fn fail(&mut self, batch: &mut Batch, position: u64, error: Error) {
        batch.bytes.truncate(self.start);
        batch.failed.push(FailedInput { position, error });
    }
}

/// An Example that protocol buffers cannot hold.
pub(super) fn example_too_large(example: u64) -> Error {
    Error::input(
        Fault::TooLarge,
        format!(
            "its Example takes {} bytes, more than the {} that protocol buffers allow",
            Count(example),
            Count(MAX_EXAMPLE)
        ),
    )
}

/// What records are made of: what can be done about one that is too large depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    OfImages,
    OfRows,
}

impl Made {
    /// What to do about a record that takes `framed` bytes.
    fn advice(self, framed: u64) -> String {
        let cap = if framed < 1 << 31 {
            format!("raise --max-shard to {framed}B or more (below 2 GiB), ")
        } else {
            String::new()
        };
        let smaller = match self {
            Self::OfImages => "make the image smaller (--resize, --size)",
            Self::OfRows => "split the rows into smaller ones",
        };
        format!("{cap}{smaller}, or leave it out (--on-error skip)")
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tfrecord::{Frame, Verify, parse_frame};

    proptest! {
        /// Whatever the head of the record before was, the bytes are those of a plain encoding.
        #[test]
        fn records_are_whole_wherever_the_payload_was_expected(
            records in proptest::collection::vec((0usize..300, "[a-z]{0,150}", any::<i64>()), 1..8),
        ) {
            let mut batch = Batch::default();
            let mut builder = RecordBuilder::new(ByteSize(1 << 20), Made::OfImages);
            for (at, (len, name, label)) in records.iter().enumerate() {
                builder.begin(&mut batch, name.len());
                batch.bytes.extend((0..*len).map(|i| i as u8));
                let label = [*label];
                let mut features = [
                    ("image", Value::Gap(*len as u64)),
                    ("filename", Value::Bytes(name.as_bytes())),
                    ("label", Value::Int64(&label)),
                ];
                prop_assert!(builder.finish(&mut batch, at as u64, &mut features, name.len()));
            }
            let mut rest = batch.bytes.as_slice();
            for (len, name, label) in &records {
                let Frame::Record { payload, end } = parse_frame(rest, ByteSize(1 << 20), Verify::All) else {
                    panic!("a whole record")
                };
                let image: Vec<u8> = (0..*len).map(|i| i as u8).collect();
                let label = [*label];
                let mut plain = Around::default();
                plain.encode(&mut [
                    ("image", Value::Bytes(&image)),
                    ("filename", Value::Bytes(name.as_bytes())),
                    ("label", Value::Int64(&label)),
                ]);
                prop_assert_eq!(payload, plain.head);
                rest = &rest[end..];
            }
            prop_assert!(rest.is_empty());
        }
    }

    #[test]
    fn a_record_above_the_cap_is_taken_back() {
        let mut batch = Batch::default();
        let mut builder = RecordBuilder::new(ByteSize(100), Made::OfRows);
        for (len, fits) in [(10, true), (80, false), (12, true)] {
            builder.begin(&mut batch, 0);
            batch.bytes.extend(vec![7; len]);
            assert_eq!(builder.finish(&mut batch, 0, &mut [("x", Value::Gap(len as u64))], 0), fits);
        }
        assert_eq!((batch.pieces.len(), batch.failed.len()), (2, 1));
        assert_eq!(batch.bytes.len() as u64, batch.pieces.iter().map(|piece| piece.len).sum::<u64>());
        let message = batch.failed[0].error.to_string();
        assert!(message.contains("109 bytes") && message.contains("100 bytes"), "{message}");
    }
}
