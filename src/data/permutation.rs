//! A shuffle that is computed, not stored: a bijection of 0 .. n - 1 that a key picks, at any place alone, in the memory of the
//! key.
//!
//! ```text
//! i = l b + r         l < a = ceil(sqrt n),  r < b = ceil(n / a),  so n <= a b < n + a
//! eight times, each with two new keys:
//!     l <- l + F(r, a) mod a
//!     r <- r + F(l, b) mod b         F(x, m) = floor(m mix(x xor key) / 2^64)
//! until l b + r < n
//! ```
//!
//! A Feistel network on halves of any size that adds to one and the other in turn; what falls on n or beyond, one in sqrt(n) at
//! most, goes through it again, which is called cycle walking (Black and Rogaway, Ciphers with arbitrary finite domains, 2002;
//! Bellare and others, Format-preserving encryption, 2009). A long table would do with 4 rounds (Luby and Rackoff, 1988). 16 are
//! for short ones: over random F the probabilities of the 720 orders of 6 numbers, the worst case of those few enough to be counted
//! out, are then 2 % off their mean, as a root mean square, and after 10 rounds 17 %. `mix` is the finaliser of SplitMix64 and no
//! cipher: the order keeps no secret.

use rand::{Rng, RngExt};

/// Pairs of rounds.
const PAIRS: usize = 8;

/// A permutation of the numbers below a length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permutation {
    n: u64,
    /// Number of the values of l.
    a: u64,
    /// Number of the values of r.
    b: u64,
    keys: [[u64; 2]; PAIRS],
}

impl Permutation {
    /// A permutation of 0 .. n - 1, by the next 32 words of `keys`.
    pub fn new(n: usize, keys: &mut impl Rng) -> Self {
        let n = n as u64;
        let root = n.isqrt();
        let a = (root + u64::from(root * root < n)).max(1);
        Permutation {
            n,
            a,
            b: n.div_ceil(a).max(1),
            keys: keys.random(),
        }
    }

    /// Length of the permutation.
    pub fn len(&self) -> usize {
        self.n as usize
    }

    /// The number at a place.
    ///
    /// # Panics
    /// When the place is not below the length.
    pub fn at(&self, place: usize) -> usize {
        self.walk(place, |start| {
            self.keys
                .iter()
                .fold(start, |Halves { l, r }, [left, right]| {
                    let l = wrapped(l + scaled(r ^ left, self.a), self.a);
                    let r = wrapped(r + scaled(l ^ right, self.b), self.b);
                    Halves { l, r }
                })
        })
    }

    /// The place of a number.
    ///
    /// # Panics
    /// When the number is not below the length.
    pub fn place(&self, number: usize) -> usize {
        self.walk(number, |start| {
            self.keys
                .iter()
                .rfold(start, |Halves { l, r }, [left, right]| {
                    let r = wrapped(r + self.b - scaled(l ^ right, self.b), self.b);
                    let l = wrapped(l + self.a - scaled(r ^ left, self.a), self.a);
                    Halves { l, r }
                })
        })
    }

    /// Takes steps until one ends below n. One does, as the steps from a number lead back to that number at last.
    fn walk(&self, from: usize, step: impl Fn(Halves) -> Halves) -> usize {
        let mut at = from as u64;
        assert!(at < self.n, "place {from} of {}", self.n);
        loop {
            let Halves { l, r } = step(Halves {
                l: at / self.b,
                r: at % self.b,
            });
            at = l * self.b + r;
            if at < self.n {
                return at as usize;
            }
        }
    }
}

/// The halves of a number i = l b + r.
struct Halves {
    l: u64,
    r: u64,
}

/// A number below 2 m, modulo m.
fn wrapped(x: u64, m: u64) -> u64 {
    if x < m { x } else { x - m }
}

/// A number below m that looks random.
fn scaled(x: u64, m: u64) -> u64 {
    ((u128::from(mix(x)) * u128::from(m)) >> 64) as u64
}

/// The finaliser of SplitMix64, Stafford's variant 13.
fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::data::random::{DrawKey, Stream, row_generator};

    fn permutation(n: usize, draw: u64) -> Permutation {
        let key = DrawKey {
            seed: 3,
            stream: Stream::Training,
            draw,
        };
        Permutation::new(n, &mut row_generator(key, 0))
    }

    fn all(n: usize, draw: u64) -> Vec<usize> {
        let permutation = permutation(n, draw);
        (0..n).map(|place| permutation.at(place)).collect()
    }

    /// How far chi square of counts with one mean is off its expected value, in deviations of its normal approximation.
    fn off(counts: &[u32], expected: usize) -> f64 {
        let mean = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
        assert!(mean > 20.0, "too few for the approximation: {mean}");
        let square = |&count: &u32| (f64::from(count) - mean).powi(2) / mean;
        let expected = expected as f64;
        (counts.iter().map(square).sum::<f64>() - expected) / (2.0 * expected).sqrt()
    }

    /// Chance finds one in 20 000 keys beyond it; the keys here are always the same.
    const DEVIATIONS: f64 = 4.0;

    #[test]
    fn every_number_has_one_place() {
        let powers = (2..18).flat_map(|k| [(1 << k) - 1, 1 << k, (1 << k) + 1]);
        let primes = [2, 3, 5, 7, 11, 13, 97, 997, 7919, 99_991];
        let some = [0, 1, 6, 10, 15, 99, 100, 101, 1000, 100_000, 123_456];
        for n in powers.chain(primes).chain(some) {
            let order = permutation(n, 1);
            assert_eq!(order.len(), n);
            let mut seen = vec![false; n];
            for place in 0..n {
                let number = order.at(place);
                assert!(
                    !std::mem::replace(&mut seen[number], true),
                    "{number} of {n}"
                );
                assert_eq!(order.place(number), place, "of {n}");
            }
        }
    }

    #[test]
    fn a_table_longer_than_any_is_as_good() {
        let n = (1 << 45) + 12_345;
        let order = permutation(n, 1);
        for number in [0, 1, 1 << 33, n - 2, n - 1] {
            assert_eq!(order.at(order.place(number)), number);
        }
    }

    #[test]
    fn an_order_depends_on_its_key_alone_and_on_all_of_it() {
        let n = 1000;
        let first = permutation(n, 1);
        let forward: Vec<usize> = (0..n).map(|place| first.at(place)).collect();
        let mut backward: Vec<usize> = (0..n).rev().map(|place| first.at(place)).collect();
        backward.reverse();
        assert_eq!(forward, backward);
        assert_eq!(first, permutation(n, 1));
        for i in 0..2 * PAIRS {
            let mut other = first.clone();
            other.keys[i / 2][i % 2] ^= u64::MAX;
            let same = (0..n).filter(|&place| other.at(place) == forward[place]);
            // F is as before for one of the 32 halves in the mean, and with it for 32 places.
            assert!(same.count() < n / 4, "key {i}");
        }
    }

    #[test]
    fn all_orders_of_a_few_numbers_are_as_frequent() {
        for (n, orders) in [(2, 2), (3, 6), (4, 24), (5, 120), (6, 720)] {
            let mut counts: HashMap<Vec<usize>, u32> = HashMap::new();
            for draw in 0..50 * orders {
                *counts.entry(all(n, draw)).or_default() += 1;
            }
            assert_eq!(counts.len() as u64, orders);
            let counts: Vec<u32> = counts.into_values().collect();
            let off = off(&counts, orders as usize - 1);
            assert!(off.abs() < DEVIATIONS, "{n}: {off}");
        }
    }

    #[test]
    fn a_number_is_anywhere_and_its_neighbours_are_any() {
        // a b = n, a b = n + 5 and a b = n again.
        for n in [30, 31, 64] {
            let mut places = vec![0; n * n];
            let mut pairs = vec![0; n * n];
            let mut steps = vec![0; n];
            for draw in 0..30 * n as u64 {
                let order = all(n, draw);
                for (place, &number) in order.iter().enumerate() {
                    places[place * n + number] += 1;
                }
                for pair in order.windows(2) {
                    pairs[pair[0] * n + pair[1]] += 1;
                    steps[(pair[1] + n - pair[0]) % n] += 1;
                }
            }
            let different = (0..n * n).filter(|k| k / n != k % n);
            let pairs: Vec<u32> = different.map(|k| pairs[k]).collect();
            // Sums of the variances over the means: 1 - 1/n a place or pair, 1 a step.
            let figures = [
                off(&places, n * (n - 1)),
                off(&pairs, (n - 1) * (n - 1)),
                off(&steps[1..], n - 1),
            ];
            let fits = figures.iter().all(|off| off.abs() < DEVIATIONS);
            assert!(fits, "places, pairs, steps of {n}: {figures:?}");
        }
    }

    #[test]
    fn the_numbers_of_a_long_order_are_spread_as_random_ones_are() {
        const CELLS: usize = 32;
        let n = 100_003;
        for draw in 0..4 {
            let order = all(n, draw);
            let cell = |k: usize| k * CELLS / n;
            let mut places = vec![0; CELLS * CELLS];
            let mut pairs = vec![0; CELLS * CELLS];
            for (place, &number) in order.iter().enumerate() {
                places[cell(place) * CELLS + cell(number)] += 1;
            }
            for pair in order.windows(2) {
                pairs[cell(pair[0]) * CELLS + cell(pair[1])] += 1;
            }
            for counts in [places, pairs] {
                let off = off(&counts, (CELLS - 1) * (CELLS - 1));
                assert!(off.abs() < DEVIATIONS, "{draw}: {off}");
            }
            let fixed = (0..n).filter(|&place| order[place] == place).count();
            assert!(fixed < 8, "{draw}: {fixed}");
        }
    }
}
