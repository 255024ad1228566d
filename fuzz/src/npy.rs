//! Headers of `.npy`: what is accepted is consistent, and hangs on nothing behind the header.

use shardify::source::parse_npy_header;

/// Any bytes; a text behind the first byte where that is even, so that few are lost to the preamble.
pub(super) fn run(data: &[u8]) {
    check(data);
    let Some((choice, text)) = data.split_first() else { return };
    let version = 1 + choice % 3;
    let mut file = b"\x93NUMPY".to_vec();
    file.extend([version, 0]);
    let len = (text.len() as u32).to_le_bytes();
    file.extend(if version == 1 { &len[..2] } else { &len[..] });
    file.extend(text);
    check(&file);
}

fn check(file: &[u8]) {
    let Ok(header) = parse_npy_header(file) else { return };
    let start = usize::try_from(header.data_offset).expect("an offset in the file");
    assert!(start <= file.len(), "a header behind the end of the file");
    let elements = header.shape.iter().try_fold(1_u64, |product, dim| product.checked_mul(*dim));
    let bytes = elements.and_then(|elements| elements.checked_mul(header.dtype.size() as u64));
    assert_eq!(bytes, Some(header.data_bytes()), "{header:?}");
    assert_eq!(header.rows().checked_mul(header.row_bytes()), bytes, "{header:?}");
    assert!(header.row_bytes() > 0 && header.shape.len() == header.row_shape().len() + 1, "{header:?}");
    assert_eq!(parse_npy_header(&file[..start]).ok().as_ref(), Some(&header), "the data make a difference");
    assert!(parse_npy_header(&file[..start - 1]).is_err(), "a header that is cut off is read");
}
