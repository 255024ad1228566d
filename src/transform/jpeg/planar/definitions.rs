//! The tables that an image defines, kept from image to image.

use super::{super::Scan, Scale, Want, leaps::Openings, tables::Table};

/// The Huffman tables, kept while images come with the same ones.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) dc: [Option<Table>; 4],
    pub(super) ac: [Option<Table>; 4],
    /// Steps in zigzag order.
    pub(super) steps: [Option<[u16; 64]>; 4],
    /// For each component.
    pub(super) openings: [Openings; 3],
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables").finish_non_exhaustive()
    }
}

impl Tables {
    /// Reads a DHT payload.
    pub(super) fn define(&mut self, payload: &[u8]) -> Option<()> {
        let mut rest = payload;
        while let [head, tail @ ..] = rest {
            let (counts, tail) = tail.split_first_chunk::<16>()?;
            let (symbols, tail) = tail.split_at_checked(counts.iter().map(|&n| usize::from(n)).sum())?;
            let class = if head >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            let slot = class.get_mut(usize::from(head & 15))?;
            match slot {
                Some(table) if table.is(counts, symbols) => table.is_common = true,
                _ => *slot = Some(Table::new(counts, symbols)?),
            }
            rest = tail;
        }
        Some(())
    }

    /// Reads a DQT payload.
    pub(super) fn quantize(&mut self, payload: &[u8]) -> Option<()> {
        let mut rest = payload;
        while let [head, tail @ ..] = rest {
            let slot = self.steps.get_mut(usize::from(head & 15))?;
            if head >> 4 == 0 {
                let (steps, tail) = tail.split_first_chunk::<64>()?;
                *slot = Some(steps.map(u16::from));
                rest = tail;
            } else {
                let (steps, tail) = tail.split_first_chunk::<128>()?;
                let (steps, _) = steps.as_chunks::<2>();
                *slot = Some(std::array::from_fn(|i| steps.get(i).map_or(0, |step| u16::from_be_bytes(*step))));
                rest = tail;
            }
        }
        Some(())
    }

    /// Makes the tables with which codes are passed, where they will save more than they cost.
    pub(super) fn prepare(&mut self, scan: &Scan, wants: &[Option<Want>], passed: usize, mcus: usize) -> Option<()> {
        for ((member, want), openings) in scan.members().iter().zip(wants).zip(&mut self.openings) {
            let (dc, ac) = (self.dc.get(member.dc)?.as_ref()?, self.ac.get_mut(member.ac)?.as_mut()?);
            let scale = want.as_ref().map(|want| want.scale);
            let pays = if dc.is_common && ac.is_common { passed > 0 } else { passed * 2 > mcus };
            let means = scale.is_none_or(|scale| scale == Scale::Eighth);
            if pays || scale != Some(Scale::Full) {
                ac.prepare_leaps();
            }
            if scale == Some(Scale::Quarter) {
                ac.prepare_starts();
            }
            if pays || means {
                openings.prepare(dc, ac);
            } else {
                openings.clear();
            }
        }
        Some(())
    }
}
