//! The headers of a JPEG frame and its scans: what they may say, and what is still missing when the file ends.

use std::ops::Range;

use crate::{
    error::Result,
    transform::fault::{corrupt, truncated, unsupported},
};

/// libjpeg's limit on both sides, below the 65,535 of the format.
const MAX_SIDE: u16 = 65_500;

/// One colour component and its sampling factors.
#[derive(Debug, Clone, Copy)]
pub(in crate::transform) struct Component {
    pub(in crate::transform) id: u8,
    pub(in crate::transform) h: u32,
    pub(in crate::transform) v: u32,
    pub(in crate::transform) quantization: u8,
}

/// A component of a scan: its index in the frame and the numbers of its Huffman tables.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::transform) struct Member {
    pub(in crate::transform) component: usize,
    pub(in crate::transform) dc: usize,
    pub(in crate::transform) ac: usize,
}

/// One scan: which coefficients of which components, and where its entropy-coded data are.
#[derive(Debug, Clone)]
pub(in crate::transform) struct Scan {
    members: [Member; 4],
    count: usize,
    /// First and last coefficient, in zigzag order.
    pub(in crate::transform) band: (u8, u8),
    /// Successive approximation: the bit before and of this scan.
    pub(in crate::transform) bits: (u8, u8),
    pub(in crate::transform) data: Range<usize>,
}

impl Scan {
    pub(in crate::transform) fn members(&self) -> &[Member] {
        self.members.get(..self.count).unwrap_or_default()
    }
}

/// What the components mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::transform) enum Colour {
    Gray,
    YCbCr,
    Rgb,
    /// Inverted, as Adobe writes it.
    Cmyk,
    /// The YCbCr of inverted CMY, and inverted K.
    Ycck,
}

/// What the headers say about colour.
#[derive(Debug, Default)]
pub(super) struct ColourHints {
    pub(super) jfif: bool,
    pub(super) adobe: Option<u8>,
}

impl ColourHints {
    /// The rules of libjpeg (`default_decompress_parms`), for it is what TensorFlow reads with.
    pub(super) fn colour(&self, components: &[Component]) -> Result<Colour> {
        match (components, self.adobe) {
            ([_], _) => Ok(Colour::Gray),
            ([_, _, _], Some(0)) if !self.jfif => Ok(Colour::Rgb),
            ([a, b, c], None) if !self.jfif && [a.id, b.id, c.id] == *b"RGB" => Ok(Colour::Rgb),
            ([_, _, _], _) => Ok(Colour::YCbCr),
            (_, Some(0)) => Ok(Colour::Cmyk),
            (_, Some(2)) => Ok(Colour::Ycck),
            // Pillow inverts the inks of such a file and TensorFlow does not: there is no right reading.
            (_, None) => {
                Err(unsupported("a CMYK JPEG without an Adobe marker: its readers disagree about its colours"))
            }
            (_, Some(other)) => {
                Err(unsupported(format!("a four-channel JPEG with Adobe colour transform {other}, expected 0 or 2")))
            }
        }
    }
}

/// Which tables have been defined so far.
#[derive(Debug, Default)]
pub(super) struct Tables {
    quantization: [bool; 4],
    dc: [bool; 4],
    ac: [bool; 4],
}

impl Tables {
    pub(super) fn define_quantization(&mut self, payload: &[u8], at: usize) -> Result<()> {
        let mut rest = payload;
        while let [head, tail @ ..] = rest {
            let length = if head >> 4 == 0 { 64 } else { 128 };
            let slot = self.quantization.get_mut(usize::from(head & 15));
            match (head >> 4, slot, tail.get(length..)) {
                (0 | 1, Some(slot), Some(behind)) => {
                    *slot = true;
                    rest = behind;
                }
                _ => return Err(corrupt(at, "a malformed quantization table")),
            }
        }
        Ok(())
    }

    pub(super) fn define_huffman(&mut self, payload: &[u8], at: usize) -> Result<()> {
        let mut rest = payload;
        while let [head, tail @ ..] = rest {
            let class = match head >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(corrupt(at, "a malformed Huffman table")),
            };
            let symbols = tail.get(..16).map(|counts| counts.iter().map(|&n| usize::from(n)).sum::<usize>());
            let behind = symbols.filter(|&n| n <= 256).and_then(|n| tail.get(16 + n..));
            match (class.get_mut(usize::from(head & 15)), behind) {
                (Some(slot), Some(behind)) => {
                    *slot = true;
                    rest = behind;
                }
                _ => return Err(corrupt(at, "a malformed Huffman table")),
            }
        }
        Ok(())
    }
}

/// The frame header, and how far the scans have come.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) progressive: bool,
    pub(super) components: Vec<Component>,
    pub(super) scans: usize,
    /// For every coefficient of every component, the lowest bit that has been sent; `None` before the first.
    sent: Vec<[Option<u8>; 64]>,
}

impl Frame {
    pub(super) fn parse(marker: u8, payload: &[u8], at: usize) -> Result<Self> {
        match marker {
            0xC0..=0xC2 => {}
            0xC3 | 0xCB => return Err(unsupported("lossless JPEG is not supported")),
            0xC9 | 0xCA => return Err(unsupported("arithmetic-coded JPEG is not supported")),
            _ => return Err(unsupported("hierarchical JPEG is not supported")),
        }
        let &[precision, h1, h0, w1, w0, count, ref rest @ ..] = payload else {
            return Err(corrupt(at, "the frame header is too short"));
        };
        let (height, width) = (u16::from_be_bytes([h1, h0]), u16::from_be_bytes([w1, w0]));
        if precision != 8 {
            return Err(unsupported(format!("JPEG with {precision} bits a sample is not supported, only 8")));
        }
        if height == 0 {
            return Err(unsupported("JPEG that gives its height after the first scan (DNL) is not supported"));
        }
        if height > MAX_SIDE || width > MAX_SIDE {
            return Err(unsupported(format!("{width}x{height}: JPEG sides above {MAX_SIDE} pixels are not supported")));
        }
        if rest.len() != 3 * usize::from(count) {
            return Err(corrupt(at, format!("the frame header has {} bytes for {count} components", rest.len())));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(unsupported(format!("JPEG with {count} components is not supported, only 1, 3 or 4")));
        }
        let mut components: Vec<Component> = Vec::with_capacity(4);
        for chunk in rest.chunks_exact(3) {
            let &[id, factors, quantization] = chunk else { continue };
            let (h, v) = (u32::from(factors >> 4), u32::from(factors & 15));
            if !(1..=4).contains(&h) || !(1..=4).contains(&v) || quantization > 3 {
                return Err(corrupt(
                    at,
                    format!(
                        "component {id} has sampling factors {h}x{v} and quantization table {quantization}: expected 1 to 4, and 0 to 3"
                    ),
                ));
            }
            if components.iter().any(|other| other.id == id) {
                return Err(corrupt(at, format!("two components with the identifier {id}")));
            }
            components.push(Component { id, h, v, quantization });
        }
        let max = |of: fn(&Component) -> u32| components.iter().map(of).max().unwrap_or(1);
        let (h_max, v_max) = (max(|c| c.h), max(|c| c.v));
        if components.iter().any(|c| h_max % c.h != 0 || v_max % c.v != 0) {
            return Err(unsupported("JPEG with fractional sampling factors is not supported"));
        }
        Ok(Self {
            width: width.into(),
            height: height.into(),
            progressive: marker == 0xC2,
            sent: vec![[None; 64]; components.len()],
            components,
            scans: 0,
        })
    }

    pub(super) fn read_scan(&mut self, payload: &[u8], at: usize, data: Range<usize>, tables: &Tables) -> Result<Scan> {
        let bad = |what: String| corrupt(at, what);
        let (&count, rest) = payload.split_first().ok_or_else(|| bad("an empty scan header".into()))?;
        let count = usize::from(count);
        if !(1..=4).contains(&count) || rest.len() != 2 * count + 3 {
            return Err(bad(format!("a scan header of {} bytes for {count} components", payload.len())));
        }
        let mut members = [Member::default(); 4];
        let mut blocks = 0;
        for (i, (pair, member)) in rest.chunks_exact(2).take(count).zip(&mut members).enumerate() {
            let &[id, numbers] = pair else { continue };
            let Some((component, info)) = self.components.iter().enumerate().find(|(_, c)| c.id == id) else {
                return Err(bad(format!("scan of component {id}, which the frame does not have")));
            };
            if rest.chunks_exact(2).take(i).any(|before| before.first() == Some(&id)) {
                return Err(bad(format!("component {id} twice in one scan")));
            }
            *member = Member { component, dc: usize::from(numbers >> 4), ac: usize::from(numbers & 15) };
            blocks += info.h * info.v;
            if tables.quantization.get(usize::from(info.quantization)) != Some(&true) {
                return Err(bad(format!("no quantization table {} for component {id}", info.quantization)));
            }
        }
        if count > 1 && blocks > 10 {
            return Err(bad(format!("{blocks} blocks in one MCU, expected at most 10")));
        }
        let scan = match rest.get(2 * count..) {
            Some(&[_, _, _]) if !self.progressive => Scan { members, count, band: (0, 63), bits: (0, 0), data },
            Some(&[first, last, bits]) => {
                Scan { members, count, band: (first, last), bits: (bits >> 4, bits & 15), data }
            }
            _ => return Err(bad("a scan header without its band".into())),
        };
        self.check_tables(&scan, tables, at)?;
        self.send(&scan, at)?;
        self.scans += 1;
        Ok(scan)
    }

    fn check_tables(&self, scan: &Scan, tables: &Tables, at: usize) -> Result<()> {
        let needs_dc = scan.band.0 == 0 && scan.bits.0 == 0;
        let needs_ac = scan.band.1 > 0;
        for member in scan.members() {
            if member.dc > 3 || member.ac > 3 {
                return Err(corrupt(at, format!("Huffman tables {} and {}, expected 0 to 3", member.dc, member.ac)));
            }
            if needs_dc && tables.dc.get(member.dc) != Some(&true)
                || needs_ac && tables.ac.get(member.ac) != Some(&true)
            {
                return Err(unsupported(
                    "JPEG without its Huffman tables (a Motion JPEG frame or a damaged file) is not supported",
                ));
            }
        }
        Ok(())
    }

    /// Notes which coefficients a scan sends, and to which bit.
    fn send(&mut self, scan: &Scan, at: usize) -> Result<()> {
        let ((first, last), (before, bit)) = (scan.band, scan.bits);
        let legal = first <= last
            && last <= 63
            && bit <= 13
            && (before == 0 || before == bit + 1)
            && (!self.progressive || (first == 0) == (last == 0))
            && (first == 0 || scan.count == 1);
        if !legal {
            return Err(corrupt(at, format!("a scan of coefficients {first} to {last}, bits {before} to {bit}")));
        }
        for member in scan.members() {
            let sent = self.sent.get_mut(member.component).and_then(|all| all.get_mut(first.into()..=last.into()));
            for state in sent.into_iter().flatten() {
                if *state != (before > 0).then_some(before) {
                    return Err(corrupt(at, format!("coefficients {first} to {last} are sent out of order")));
                }
                *state = Some(bit);
            }
        }
        Ok(())
    }

    /// Refuses an image whose last scans are missing, as in a progressive file that was cut and closed again.
    pub(super) fn check_complete(&self, at: usize) -> Result<()> {
        for (component, sent) in self.components.iter().zip(&self.sent) {
            if sent.iter().any(|state| *state != Some(0)) {
                return Err(truncated(
                    at,
                    format!("the image ends before the scans of component {} are complete", component.id),
                ));
            }
        }
        Ok(())
    }
}
