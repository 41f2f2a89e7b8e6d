//! A sample of values that go by, evenly spread over all of them, however many come.
//!
//! ```text
//! every value, then every second, every fourth, ... of all so far: at most so many are kept, at least half as many
//! ```

/// Values kept, at most.
const KEPT: usize = 4096;

/// What is kept.
#[derive(Clone, Debug)]
pub struct Thinned {
    values: Vec<f64>,
    seen: u64,
    every: u64,
}

impl Default for Thinned {
    fn default() -> Self {
        Thinned {
            values: Vec::new(),
            seen: 0,
            every: 1,
        }
    }
}

impl Thinned {
    /// Takes a value in.
    pub fn add(&mut self, value: f64) {
        if self.seen.is_multiple_of(self.every) {
            if self.values.len() == KEPT {
                let mut place = 0;
                self.values.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.every *= 2;
            }
            // KEPT is even: the value is one of those kept at half the rate too.
            self.values.push(value);
        }
        self.seen += 1;
    }

    /// The values in the order they came.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_all_kept_and_many_evenly() {
        let mut thinned = Thinned::default();
        for k in 0..100_000 {
            thinned.add(f64::from(k));
            let step = thinned.every as usize;
            assert_eq!(thinned.values.len(), (k as usize + 1).div_ceil(step));
        }
        let values = thinned.values();
        assert!(values.len() > KEPT / 2 && values.len() <= KEPT);
        let step = values[1];
        assert!(values.windows(2).all(|pair| pair[1] - pair[0] == step));
    }
}
