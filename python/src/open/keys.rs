//! Records by the names that they hold.

use pyo3::{prelude::*, types::PyString};
use shardify::{Error, RecordNames, example::ExampleView, tfrecord::Verify};

use super::{maps::Source, set::Set};
use crate::error::OrRaise;

impl Set {
    /// The names of all records, which are read once. The payloads are not checked here, so that only the pages with names are
    /// read from the disk; who reads a record of a name has it checked then.
    pub(super) fn names(&self, py: Python<'_>) -> PyResult<&RecordNames> {
        if let Some(names) = self.names.get() {
            return Ok(names);
        }
        let Some(key) = &self.opened.features.name_key else {
            let error = Error::inputs("the records have no names: none of their features is a file name");
            return Err(error.with_hint("choose records by their numbers").of(&self.opened.dir)).or_raise(py);
        };
        let mut names = RecordNames::default();
        for shard in 0..self.opened.shards.len() {
            py.check_signals()?;
            // An empty file cannot be mapped.
            if self.opened.records_of(shard).is_empty() {
                continue;
            }
            let source = self.shards.source(py, &self.opened, shard)?;
            let (bytes, file);
            let (bytes, file) = match &source {
                Source::Map(map) => {
                    bytes = map.bytes(py);
                    (Some(bytes.as_slice()?), None)
                }
                Source::File(file) => (None, Some(*file)),
                Source::Closed => {
                    file = self.opened.open_shard(shard).or_raise(py)?;
                    (None, Some(&file))
                }
            };
            let read = || {
                let mut buffer;
                for record in self.opened.records_of(shard) {
                    let Some(located) = self.opened.locate(record) else { continue };
                    let payload = match (bytes, file) {
                        (Some(bytes), _) => self.opened.view(&located, bytes, Verify::Length)?,
                        (None, Some(file)) => {
                            buffer = vec![0; located.payload_len()];
                            self.opened.read(&located, file, &mut buffer, self.verify)?;
                            &buffer
                        }
                        (None, None) => continue,
                    };
                    let example = ExampleView::parse(payload).ok();
                    let name = example.as_ref().and_then(|example| example.get(key)?.bytes().next());
                    names.push(name.unwrap_or_default());
                }
                Ok(())
            };
            py.detach(read).or_raise(py)?;
        }
        names.sort().or_raise(py)?;
        Ok(self.names.get_or_init(|| names))
    }
}

/// The bytes of a name, also of one that is no text.
pub(super) fn to_bytes(name: &Bound<'_, PyString>) -> PyResult<Vec<u8>> {
    name.call_method1("encode", ("utf-8", "surrogateescape"))?.extract()
}
