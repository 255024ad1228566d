//! Many numbers in little memory: how many, least, greatest, mean, deviation, and a histogram. Parts are gathered in any thread
//! and joined in the order of the records, so that the result is the same at any number of threads.

use super::data::{Bins, Numbers};

/// Intervals of a histogram, at most.
const MAX_BINS: usize = 64;

/// Numbers that are gathered.
#[derive(Debug, Clone)]
pub(super) struct Gathered {
    count: u64,
    min: f64,
    max: f64,
    mean: f64,
    /// The sum of the squares of the distances from the mean.
    squares: f64,
    histogram: Histogram,
}

impl Gathered {
    /// For numbers of any kind.
    pub(super) const fn real() -> Self {
        // Finer than any double, and the reciprocal of its half is still a finite number.
        Self::new(Histogram::new(-1080))
    }

    /// For whole numbers: no interval of their histogram is narrower than 1.
    pub(super) const fn whole() -> Self {
        Self::new(Histogram::new(0))
    }

    const fn new(histogram: Histogram) -> Self {
        Self { count: 0, min: 0.0, max: 0.0, mean: 0.0, squares: 0.0, histogram }
    }

    /// An empty one for numbers of the same kind.
    #[cfg(test)]
    pub(super) const fn like(&self) -> Self {
        Self::new(Histogram::new(self.histogram.finest))
    }

    /// Adds one finite number.
    pub(super) fn add(&mut self, number: f64) {
        self.add_all(std::iter::once(number));
    }

    /// Adds finite numbers, which are gone through twice: the mean of this piece first, so that the squares stay small.
    pub(super) fn add_all(&mut self, numbers: impl Iterator<Item = f64> + Clone) {
        let (mut count, mut sum, mut min, mut max) = (0_u64, 0.0, f64::INFINITY, f64::NEG_INFINITY);
        for number in numbers.clone() {
            count += 1;
            sum += number;
            min = min.min(number);
            max = max.max(number);
        }
        if count == 0 {
            return;
        }
        // Numbers near the end of the range of f64 overflow a sum; their mean can still be told.
        let mean = if sum.is_finite() { sum / count as f64 } else { f64::midpoint(min, max) };
        let mut squares = 0.0;
        self.histogram.make_room(min, max);
        for number in numbers {
            squares += (number - mean) * (number - mean);
            self.histogram.count(number, 1);
        }
        self.merge(count, (min, max), mean, squares);
    }

    /// Adds a number that occurs many times.
    pub(super) fn add_times(&mut self, number: f64, times: u64) {
        if times > 0 {
            self.histogram.make_room(number, number);
            self.histogram.count(number, times);
            self.merge(times, (number, number), number, 0.0);
        }
    }

    /// Adds the numbers of the records that follow.
    pub(super) fn join(&mut self, other: &Self) {
        if other.count > 0 {
            self.histogram.join(&other.histogram);
            self.merge(other.count, (other.min, other.max), other.mean, other.squares);
        }
    }

    /// Mean and squares of two sets together (Chan, Golub and LeVeque, 1979).
    fn merge(&mut self, count: u64, (min, max): (f64, f64), mean: f64, squares: f64) {
        if self.count == 0 {
            (self.count, self.min, self.max, self.mean, self.squares) = (count, min, max, mean, squares);
            return;
        }
        let (here, there) = (self.count as f64, count as f64);
        let apart = mean - self.mean;
        self.mean += apart * there / (here + there);
        self.squares += squares + apart * apart * here * there / (here + there);
        self.count += count;
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    /// What is known of all of them.
    pub(super) fn finish(&self) -> Numbers {
        let known = |number: f64| (self.count > 0 && number.is_finite()).then_some(number);
        Numbers {
            count: self.count,
            min: known(self.min),
            max: known(self.max),
            mean: known(self.mean),
            deviation: known((self.squares / self.count as f64).sqrt()),
            histogram: if self.count > 0 && self.min == self.max {
                // The finest interval around a single value tells nobody anything.
                Bins { start: self.min, width: 1.0, counts: vec![self.count] }
            } else {
                self.histogram.bins()
            },
        }
    }
}

/// How often numbers fall into intervals whose width is a power of two and whose bounds are multiples of it. Such intervals
/// can be joined to wider ones without an error, so it does not matter when the range of the numbers becomes known.
#[derive(Debug, Clone)]
struct Histogram {
    /// The finest width that is wanted: none below 1 for whole numbers.
    finest: i32,
    width: Width,
    /// The first interval starts at this multiple of the width.
    first: i64,
    /// Empty as long as there is no number.
    counts: Vec<u64>,
}

/// A width of two to the power of something.
#[derive(Debug, Clone, Copy)]
struct Width {
    power: i32,
    /// Two factors that make multiples of it: a single one may be no finite number.
    scale: (f64, f64),
}

/// Multiples of a width beyond this are not told apart in an f64.
const MAX_MULTIPLE: i64 = 1 << 52;

impl Width {
    fn new(power: i32) -> Self {
        let half = -power / 2;
        Self { power, scale: (2_f64.powi(half), 2_f64.powi(-power - half)) }
    }

    /// Which multiple of it is the last one before a number.
    #[expect(clippy::cast_possible_truncation, reason = "saturates far beyond what counts")]
    fn multiple(self, number: f64) -> i64 {
        let scaled = number * self.scale.0 * self.scale.1;
        // A negative number may become zero on the way.
        if scaled == 0.0 && number < 0.0 { -1 } else { scaled.floor() as i64 }
    }

    /// Where a multiple is.
    fn start(self, multiple: i64) -> f64 {
        multiple as f64 / self.scale.0 / self.scale.1
    }

    /// Whether numbers of a range fall into few enough intervals.
    fn fits(self, min: f64, max: f64) -> bool {
        let (first, last) = (self.multiple(min), self.multiple(max));
        first >= -MAX_MULTIPLE && last <= MAX_MULTIPLE && last.saturating_sub(first) < MAX_BINS as i64
    }

    /// The finest one that fits.
    fn finest(range: (f64, f64), mut low: i32) -> Self {
        // Whatever fits at one width fits at all wider ones.
        let mut high = 1023;
        while low < high {
            let middle = low + (high - low) / 2;
            if Self::new(middle).fits(range.0, range.1) { high = middle } else { low = middle + 1 }
        }
        Self::new(low)
    }
}

impl Histogram {
    const fn new(finest: i32) -> Self {
        Self { finest, width: Width { power: 0, scale: (1.0, 1.0) }, first: 0, counts: Vec::new() }
    }

    /// Widens it so that numbers of this range can be counted.
    fn make_room(&mut self, min: f64, max: f64) {
        if self.counts.is_empty() {
            self.width = Width::finest((min, max), self.finest);
            self.first = self.width.multiple(min);
            self.counts = vec![0; MAX_BINS];
        } else if self.slot(min).is_none() || self.slot(max).is_none() {
            let (least, greatest) = self.range();
            let (least, greatest) = (least.min(min), greatest.max(max));
            self.move_to(Width::finest((least, greatest), self.width.power), least);
        }
    }

    fn slot(&self, number: f64) -> Option<usize> {
        let multiple = self.width.multiple(number);
        let is_known = (-MAX_MULTIPLE..=MAX_MULTIPLE).contains(&multiple);
        usize::try_from(multiple.saturating_sub(self.first)).ok().filter(|at| is_known && *at < MAX_BINS)
    }

    fn count(&mut self, number: f64, times: u64) {
        let at = self.width.multiple(number).wrapping_sub(self.first);
        if let Some(slot) = usize::try_from(at).ok().and_then(|at| self.counts.get_mut(at)) {
            *slot += times;
        }
    }

    /// The intervals that are not empty, with the multiples at which they start.
    fn filled(&self) -> impl DoubleEndedIterator<Item = (i64, u64)> + '_ {
        let first = self.first;
        self.counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(move |(at, count)| (first + at as i64, *count))
    }

    /// The starts of the first and of the last interval that is not empty.
    fn range(&self) -> (f64, f64) {
        let start = |found: Option<(i64, u64)>| self.width.start(found.map_or(self.first, |(at, _)| at));
        (start(self.filled().next()), start(self.filled().next_back()))
    }

    /// Joins intervals to wider ones, the first of which is that of `least`.
    fn move_to(&mut self, width: Width, least: f64) {
        let shift = (width.power - self.width.power).clamp(0, 63);
        let first = width.multiple(least);
        let mut counts = vec![0; MAX_BINS];
        for (at, count) in self.filled() {
            if let Some(slot) =
                usize::try_from((at >> shift).saturating_sub(first)).ok().and_then(|at| counts.get_mut(at))
            {
                *slot += count;
            }
        }
        (self.width, self.first, self.counts) = (width, first, counts);
    }

    fn join(&mut self, other: &Self) {
        if other.counts.is_empty() {
            return;
        }
        if self.counts.is_empty() {
            self.clone_from(other);
            return;
        }
        let ((least, greatest), (min, max)) = (self.range(), other.range());
        let (least, greatest) = (least.min(min), greatest.max(max));
        let width = Width::finest((least, greatest), self.width.power.max(other.width.power));
        self.move_to(width, least);
        let mut other = other.clone();
        other.move_to(width, least);
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
    }

    /// The intervals from the first to the last that is not empty.
    fn bins(&self) -> Bins {
        let first = self.counts.iter().position(|count| *count > 0);
        let last = self.counts.iter().rposition(|count| *count > 0);
        let (Some(first), Some(last)) = (first, last) else { return Bins::default() };
        let counts = self.counts.get(first..=last).unwrap_or_default().to_vec();
        Bins { start: self.width.start(self.first + first as i64), width: self.width.start(1), counts }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gather(parts: &[Vec<f64>], mut all: Gathered) -> Numbers {
        for part in parts {
            let mut gathered = all.like();
            for piece in part.chunks(3) {
                gathered.add_all(piece.iter().copied());
            }
            all.join(&gathered);
        }
        all.finish()
    }

    fn is_near(a: f64, b: f64, scale: f64) -> bool {
        (a - b).abs() <= 1e-9 * scale.max(f64::MIN_POSITIVE)
    }

    proptest! {
        #[test]
        fn parts_make_what_all_make(parts in prop::collection::vec(prop::collection::vec(numbers(), 0..20), 1..6)) {
            let all: Vec<f64> = parts.concat();
            let (one, many) = (gather(std::slice::from_ref(&all), Gathered::real()), gather(&parts, Gathered::real()));
            prop_assert_eq!(&one.histogram, &many.histogram);
            prop_assert_eq!((one.count, one.min, one.max), (many.count, many.min, many.max));
            prop_assert_eq!(one.histogram.counts.iter().sum::<u64>(), all.len() as u64);
            prop_assert!(one.histogram.counts.len() <= MAX_BINS);
            let scale = all.iter().fold(0.0_f64, |scale, number| scale.max(number.abs()));
            if let (Some(a), Some(b)) = (one.mean, many.mean) {
                let naive = all.iter().map(|number| number / all.len() as f64).sum::<f64>();
                prop_assert!(is_near(a, b, scale) && is_near(a, naive, scale));
            }
            // Each interval holds what falls into it.
            let Bins { start, width, counts } = &one.histogram;
            for (at, count) in counts.iter().enumerate().filter(|_| one.min != one.max) {
                let low = start + at as f64 * width;
                let inside = all.iter().filter(|number| **number >= low && **number < low + width).count();
                prop_assert_eq!(inside as u64, *count);
            }
        }

        #[test]
        fn whole_numbers_have_intervals_of_whole_numbers(all in prop::collection::vec(-70_i32..70, 1..50)) {
            let numbers = gather(&[all.iter().map(|number| f64::from(*number)).collect()], Gathered::whole());
            prop_assert!(numbers.histogram.width >= 1.0);
            prop_assert_eq!(numbers.histogram.start % numbers.histogram.width, 0.0);
        }
    }

    fn numbers() -> impl Strategy<Value = f64> {
        prop_oneof![
            -1e3..1e3_f64,
            Just(0.0),
            Just(1e-300),
            Just(-1e-310),
            (-5..5_i32).prop_map(f64::from),
            1e300..1e301_f64
        ]
    }

    #[test]
    fn deviations_are_of_all_numbers_as_they_are() {
        let numbers = gather(&[vec![2.0, 4.0, 4.0, 4.0], vec![5.0, 5.0, 7.0, 9.0]], Gathered::real());
        assert_eq!((numbers.mean, numbers.deviation), (Some(5.0), Some(2.0)));
        let mut times = Gathered::whole();
        times.add_times(3.0, 4);
        times.add_times(5.0, 4);
        let numbers = times.finish();
        assert_eq!((numbers.count, numbers.mean, numbers.deviation), (8, Some(4.0), Some(1.0)));
        assert_eq!(numbers.histogram, Bins { start: 3.0, width: 1.0, counts: vec![4, 0, 4] });
    }

    #[test]
    fn the_ends_of_the_range() {
        let numbers = gather(&[vec![f64::MAX, -f64::MAX, f64::MIN_POSITIVE]], Gathered::real());
        assert_eq!((numbers.min, numbers.max), (Some(-f64::MAX), Some(f64::MAX)));
        assert_eq!(numbers.histogram.counts.iter().sum::<u64>(), 3);
        assert_eq!(gather(&[vec![]], Gathered::real()), Numbers::default());
    }
}
