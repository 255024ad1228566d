//! Turns an array in Fortran order (first index fastest) into C order (last index fastest) in bounded memory.
//!
//! In Fortran order the elements of one row lie `rows` elements apart, so that a row read at random would cost one read
//! an element. The array is turned once instead, tile by tile. A tile is a box of the index space: long in the first
//! axes, so that it is read in long runs, and long in the last axes, so that it is written in long runs.

use super::{cursor::read_at, spool::Spool, spool::SpoolFile};
use crate::{
    error::{Error, Result},
    storage::ReadAt,
};

/// Rows and columns of a block that is turned at a time: 32 KiB of the largest elements, which the fastest cache holds.
const BLOCK: usize = 64;

/// Writes to `out`, in C order, the array of this shape whose bytes, in Fortran order, start at `offset` of `file`.
///
/// Elements keep their byte order. Memory: two tiles, [`Spool::memory`] in all, and never less than one element each.
pub(super) fn to_c_order(
    file: &dyn ReadAt,
    offset: u64,
    shape: &[u64],
    item: usize,
    spool: &Spool,
    out: &SpoolFile<'_, '_>,
) -> Result<()> {
    let item_bytes = item as u64;
    let tile = tile_shape(shape, spool.max_memory() / (2 * item_bytes));
    let reversed_shape = reversed(shape);
    let (mut fortran, mut ordered) = (Vec::new(), Vec::new());
    each_index(&tile_counts(shape, &tile), |index| {
        let origin: Vec<u64> = index.iter().zip(&tile).map(|(i, size)| i * size).collect();
        let size: Vec<u64> =
            tile.iter().zip(shape).zip(&origin).map(|((size, dim), from)| (*size).min(dim - from)).collect();
        let bytes = to_len(size.iter().product::<u64>() * item_bytes)?;
        fortran.resize(bytes, 0);
        ordered.resize(bytes, 0);

        // Fortran order of an array is C order of the array with its axes reversed.
        let mut unread = fortran.as_mut_slice();
        each_run(&reversed_shape, &reversed(&origin), &reversed(&size), |start, len| {
            let run = unread.split_off_mut(..to_len(len * item_bytes)?).unwrap_or_default();
            read_at(file, run, offset + start * item_bytes)
        })?;
        let dims: Vec<usize> = size.iter().map(|&dim| to_len(dim)).collect::<Result<_>>()?;
        match item {
            1 => turn::<1>(&fortran, &mut ordered, &dims),
            2 => turn::<2>(&fortran, &mut ordered, &dims),
            4 => turn::<4>(&fortran, &mut ordered, &dims),
            _ => turn::<8>(&fortran, &mut ordered, &dims),
        }
        let mut unwritten = ordered.as_slice();
        each_run(shape, &origin, &size, |start, len| {
            let run = unwritten.split_off(..to_len(len * item_bytes)?).unwrap_or_default();
            out.write_at(run, start * item_bytes)
        })?;
        spool.tick(bytes as u64)
    })
}

/// The largest tile of at most `max` elements, and one at least: first axes until its runs in the file are as long as the
/// square root of that, then last axes as far as they go, then first axes again.
fn tile_shape(shape: &[u64], max: u64) -> Vec<u64> {
    let mut tile = vec![1; shape.len()];
    let first: Vec<usize> = (0..shape.len()).collect();
    let last: Vec<usize> = first.iter().rev().copied().collect();
    for (axes, max) in [(&first, max.isqrt()), (&last, max), (&first, max)] {
        for &axis in axes {
            let others: u64 =
                tile.iter().enumerate().filter(|(other, _)| *other != axis).map(|(_, size)| *size).product();
            let (Some(size), Some(&dim)) = (tile.get_mut(axis), shape.get(axis)) else { continue };
            *size = (*size).max(dim.min(max / others));
            if *size < dim {
                break;
            }
        }
    }
    tile
}

fn tile_counts(shape: &[u64], tile: &[u64]) -> Vec<u64> {
    shape.iter().zip(tile).map(|(dim, size)| dim.div_ceil(*size)).collect()
}

/// Calls `f` with every index below `counts`, the last axis fastest.
fn each_index(counts: &[u64], mut f: impl FnMut(&[u64]) -> Result<()>) -> Result<()> {
    let mut index = vec![0; counts.len()];
    if counts.contains(&0) {
        return Ok(());
    }
    loop {
        f(&index)?;
        let mut axes = index.iter_mut().zip(counts).rev();
        loop {
            let Some((at, count)) = axes.next() else { return Ok(()) };
            *at += 1;
            if *at < *count {
                break;
            }
            *at = 0;
        }
    }
}

/// Calls `f` with start and length, in elements, of each run of a box that lies together in an array in C order.
fn each_run(shape: &[u64], origin: &[u64], size: &[u64], mut f: impl FnMut(u64, u64) -> Result<()>) -> Result<()> {
    // A run goes over the last axes that the box covers whole, and the one before them.
    let whole = size.iter().zip(shape).rev().take_while(|(size, dim)| size == dim).count();
    let split = shape.len().saturating_sub(whole + 1);
    let len = size.iter().skip(split).product();
    let mut strides = vec![1; shape.len()];
    let mut stride = 1;
    for (slot, dim) in strides.iter_mut().zip(shape).rev() {
        *slot = stride;
        stride *= dim;
    }
    let base: u64 = origin.iter().zip(&strides).map(|(at, stride)| at * stride).sum();
    each_index(size.get(..split).unwrap_or_default(), |index| {
        f(base + index.iter().zip(&strides).map(|(at, stride)| at * stride).sum::<u64>(), len)
    })
}

/// Turns one tile of these dimensions from Fortran order to C order, block by block.
///
/// A block is gathered first and scattered from there: writing into `ordered` at once would touch lines that lie a row
/// apart, which evict each other from the cache when a row is a power of two.
#[expect(clippy::indexing_slicing, reason = "every index is below the product of the dimensions, the length of both")]
fn turn<const N: usize>(fortran: &[u8], ordered: &mut [u8], dims: &[usize]) {
    let (fortran, ordered) = (fortran.as_chunks::<N>().0, ordered.as_chunks_mut::<N>().0);
    let Some((&rows, inner)) = dims.split_first() else { return };
    let row_len: usize = inner.iter().product();
    let mut block = [[0; N]; BLOCK * BLOCK];
    for first in (0..rows).step_by(BLOCK) {
        let height = BLOCK.min(rows - first);
        // `index` walks the inner axes in C order; `start` is where its elements start in Fortran order.
        let mut index = vec![0; inner.len()];
        let mut start = first;
        for column in (0..row_len).step_by(BLOCK) {
            let width = BLOCK.min(row_len - column);
            for gathered in block.chunks_exact_mut(BLOCK).take(width) {
                gathered[..height].copy_from_slice(&fortran[start..start + height]);
                start = next_column(&mut index, inner, rows, row_len, start);
            }
            for row in 0..height {
                let at = (first + row) * row_len + column;
                for (to, from) in ordered[at..at + width].iter_mut().zip(block[row..].iter().step_by(BLOCK)) {
                    *to = *from;
                }
            }
        }
    }
}

/// Moves `index` to the next column in C order, and returns where that starts in Fortran order; after the last, the first.
fn next_column(index: &mut [usize], inner: &[usize], rows: usize, row_len: usize, mut start: usize) -> usize {
    let mut stride = rows * row_len;
    for (at, dim) in index.iter_mut().zip(inner).rev() {
        stride /= dim;
        *at += 1;
        start += stride;
        if *at < *dim {
            break;
        }
        start -= stride * dim;
        *at = 0;
    }
    start
}

fn reversed(dims: &[u64]) -> Vec<u64> {
    dims.iter().rev().copied().collect()
}

fn to_len(bytes: u64) -> Result<usize> {
    usize::try_from(bytes).map_err(|_| Error::options(format!("{bytes} bytes do not fit this machine's memory")))
}
