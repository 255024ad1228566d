//! Sums over all pixels: exact, because they are sums of whole numbers.

use crate::transform::Picture;

/// Sums of the values of some channels and of their squares.
#[derive(Debug, Clone)]
struct Sums<const N: usize> {
    pixels: u128,
    values: [u128; N],
    squares: [u128; N],
}

impl<const N: usize> Default for Sums<N> {
    fn default() -> Self {
        Self { pixels: 0, values: [0; N], squares: [0; N] }
    }
}

impl<const N: usize> Sums<N> {
    /// `C` is the number of channels that are stored, of which the first `N` count.
    fn add<const C: usize>(&mut self, pixels: &[u8]) {
        let (pixels, _) = pixels.as_chunks::<C>();
        self.pixels += pixels.len() as u128;
        // 65,536 squares of bytes are less than 2^32: vectors of small numbers are fast.
        for block in pixels.chunks(1 << 16) {
            let (mut values, mut squares) = ([0_u32; N], [0_u32; N]);
            for pixel in block {
                for ((value, square), byte) in values.iter_mut().zip(&mut squares).zip(pixel) {
                    *value += u32::from(*byte);
                    *square += u32::from(*byte) * u32::from(*byte);
                }
            }
            for (sum, value) in self.values.iter_mut().zip(values) {
                *sum += u128::from(value);
            }
            for (sum, square) in self.squares.iter_mut().zip(squares) {
                *sum += u128::from(square);
            }
        }
    }

    fn join(&mut self, other: &Self) {
        self.pixels += other.pixels;
        for (sum, more) in self.values.iter_mut().zip(other.values) {
            *sum += more;
        }
        for (sum, more) in self.squares.iter_mut().zip(other.squares) {
            *sum += more;
        }
    }
}

/// Sums over the pixels of grey pictures and of colour ones.
#[derive(Debug, Clone, Default)]
pub(super) struct PixelSums {
    grey: Sums<1>,
    colour: Sums<3>,
}

impl PixelSums {
    /// Adds a picture of 8 bits. Alpha does not count.
    pub(super) fn add(&mut self, picture: &Picture) {
        match picture.channels {
            1 => self.grey.add::<1>(&picture.pixels),
            2 => self.grey.add::<2>(&picture.pixels),
            3 => self.colour.add::<3>(&picture.pixels),
            4 => self.colour.add::<4>(&picture.pixels),
            _ => {}
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.grey.join(&other.grey);
        self.colour.join(&other.colour);
    }

    /// Mean and standard deviation of each channel, from 0 to 1. Grey pictures among colour ones count in all three.
    pub(super) fn finish(&self) -> (Vec<f64>, Vec<f64>) {
        let channels: Vec<(u128, u128, u128)> = if self.colour.pixels == 0 {
            vec![(self.grey.pixels, self.grey.values[0], self.grey.squares[0])]
        } else {
            let both = self.colour.values.iter().zip(self.colour.squares);
            let (pixels, value, square) = (self.grey.pixels, self.grey.values[0], self.grey.squares[0]);
            both.map(|(values, squares)| (self.colour.pixels + pixels, values + value, squares + square)).collect()
        };
        let known = channels.into_iter().filter(|(pixels, ..)| *pixels > 0);
        known
            .map(|(pixels, values, squares)| {
                // n * squares - values^2 is a whole number, and has no error of rounding before it is divided.
                let spread = pixels.saturating_mul(squares).saturating_sub(values.saturating_mul(values));
                let pixels = pixels as f64;
                (values as f64 / pixels / 255.0, (spread as f64).sqrt() / pixels / 255.0)
            })
            .unzip()
    }
}
