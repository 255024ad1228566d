//! Records by their names.

/// The names of records, and the records by their names. Twelve bytes a record, besides its name.
#[derive(Debug, Default)]
pub struct RecordNames {
    /// The names, one after the other.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<u64>,
    /// The records in the order of their names; records of one name in their own order.
    sorted: Vec<u32>,
}

impl RecordNames {
    /// Adds the name of the next record.
    pub fn push(&mut self, name: &[u8]) {
        self.bytes.extend_from_slice(name);
        self.ends.push(self.bytes.len() as u64);
    }

    /// Sorts the names, once all are there.
    ///
    /// # Errors
    /// More than 2^32 names.
    pub fn sort(&mut self) -> crate::Result<()> {
        let count = u32::try_from(self.ends.len())
            .map_err(|_| crate::Error::inputs("there are more than 4,294,967,295 names of records"))?;
        let mut sorted: Vec<u32> = (0..count).collect();
        sorted.sort_by(|a, b| self.name(u64::from(*a)).cmp(&self.name(u64::from(*b))));
        self.sorted = sorted;
        Ok(())
    }

    /// The name of a record.
    #[must_use]
    pub fn name(&self, record: u64) -> Option<&[u8]> {
        let record = usize::try_from(record).ok()?;
        let end = usize::try_from(*self.ends.get(record)?).ok()?;
        let start = record.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.bytes.get(usize::try_from(start).ok()?..end)
    }

    /// The records of a name, in their order.
    pub fn find<'n>(&'n self, name: &'n [u8]) -> impl Iterator<Item = u64> + 'n {
        let of = |record: &u32| self.name(u64::from(*record)).unwrap_or_default();
        let start = self.sorted.partition_point(|record| of(record) < name);
        let found = self.sorted.get(start..).unwrap_or_default().iter();
        found.take_while(move |record| of(record) == name).map(|record| u64::from(*record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_all_its_records() {
        let mut names = RecordNames::default();
        let all: [&[u8]; 6] = [b"b", b"a/x.jpg", b"", b"b", b"\xff", b"bb"];
        all.iter().for_each(|name| names.push(name));
        names.sort().unwrap();
        for (record, name) in all.iter().enumerate() {
            assert_eq!(names.name(record as u64), Some(*name));
            let expected: Vec<u64> = (0..6).zip(all).filter(|(_, other)| other == name).map(|(at, _)| at).collect();
            assert_eq!(names.find(name).collect::<Vec<_>>(), expected);
        }
        assert_eq!(names.name(6), None);
        assert_eq!(names.find(b"c").count(), 0);
    }
}
