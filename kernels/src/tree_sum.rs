//! Sums in the order of a binary tree, for parts that are computed by any thread in any order.
//!
//! ```text
//! node(0, i) = part i        node(l, i) = node(l-1, 2 i) + node(l-1, 2 i + 1), or the first alone where there is no second
//! ```
//!
//! So the bits depend on the number of parts alone. Two nodes that meet are added at once: what waits is log2 of the parts for
//! each part in work, and the nodes of a span that meet nothing in it, 2 log2 of the parts at most.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A `Node` is the sum of the parts i 2^l to (i + 1) 2^l, as far as there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    level: u32,
    index: usize,
}

impl Node {
    fn part(index: usize) -> Self {
        Node { level: 0, index }
    }

    fn start(self) -> usize {
        self.index << self.level
    }

    /// Returns the parts that the node adds, out of `count`.
    fn parts(self, count: usize) -> Range<usize> {
        self.start()..((self.index + 1) << self.level).min(count)
    }

    fn sibling(self) -> Self {
        Node {
            index: self.index ^ 1,
            ..self
        }
    }

    /// Returns the node above, if it adds only parts of `span`.
    fn parent(self, span: &Range<usize>, count: usize) -> Option<Self> {
        let parent = Node {
            level: self.level + 1,
            index: self.index / 2,
        };
        let all = self.parts(count) == (0..count);
        let parts = parent.parts(count);
        let inside = span.start <= parts.start && parts.end <= span.end;
        (!all && inside).then_some(parent)
    }
}

/// Returns the nodes that add the parts of `span` and no others, as high up as can be, from the first part on.
fn roots(span: Range<usize>, count: usize) -> impl Iterator<Item = Node> {
    let start = span.start;
    let root = move |start: usize| {
        let mut node = (start < span.end).then(|| Node::part(start))?;
        while let Some(parent) = node.parent(&span, count).filter(|up| up.start() == start) {
            node = parent;
        }
        Some(node)
    };
    std::iter::successors(root(start), move |node| root(node.parts(count).end))
}

/// Returns the number of sums that [`fold`] needs of a span of parts.
pub fn roots_of(span: Range<usize>, count: usize) -> usize {
    roots(span, count).count()
}

/// Moves a finished node up as far as nothing is to be added. Returns the sum that it meets there with the node of both, or
/// None where the other is not finished, or not of `span`.
fn climb<V>(
    done: &mut Vec<(Node, V)>,
    mut node: Node,
    span: &Range<usize>,
    count: usize,
) -> (Node, Option<V>) {
    while let Some(parent) = node.parent(span, count) {
        let other = node.sibling();
        if other.start() < count {
            let met = done.iter().position(|(node, _)| *node == other);
            return met.map_or((node, None), |k| (parent, Some(done.swap_remove(k).1)));
        }
        node = parent;
    }
    (node, None)
}

/// Returns the sum of all parts, from the sums of consecutive spans, [`roots_of`] each; it takes the place of one of them.
pub fn fold<'a>(
    spans: impl Iterator<Item = Range<usize>>,
    count: usize,
    sums: impl Iterator<Item = &'a mut [f64]>,
) -> Option<&'a mut [f64]> {
    let mut done: Vec<(Node, &mut [f64])> = Vec::new();
    let all = 0..count;
    for (mut node, sum) in spans.flat_map(|span| roots(span, count)).zip(sums) {
        loop {
            let (up, other) = climb(&mut done, node, &all, count);
            node = up;
            match other {
                Some(other) => add(sum, other),
                None => break,
            }
        }
        done.push((node, sum));
    }
    done.pop().map(|(_, sum)| sum)
}

/// Adds value by value.
pub(crate) fn add(total: &mut [f64], part: &[f64]) {
    for (total, part) in total.iter_mut().zip(part) {
        *total += part;
    }
}

/// Returns the largest number of sums in memory for every thread: the one in work, one that is being added, and one at each
/// level beside it.
pub fn sums_a_thread(count: usize) -> usize {
    count.next_power_of_two().trailing_zeros() as usize + 2
}

/// A `TreeSum` collects the sums of a span of parts, given by several threads.
#[derive(Debug, Default)]
pub(crate) struct TreeSum {
    span: Range<usize>,
    count: usize,
    width: usize,
    stock: Mutex<Stock>,
}

#[derive(Debug, Default)]
struct Stock {
    /// The sums that wait for the nodes they are to be added to.
    done: Vec<(Node, Vec<f64>)>,
    free: Vec<Vec<f64>>,
}

impl TreeSum {
    /// Prepares for sums of `width` values over the parts of `span` among `count`, of which `threads` are in work at a time.
    /// All memory is allocated here, and kept.
    pub(crate) fn start(&mut self, span: Range<usize>, count: usize, width: usize, threads: usize) {
        let sums = threads * sums_a_thread(count) + roots_of(span.clone(), count);
        let most = span.len().min(sums).max(1);
        let Stock { done, free } = self.stock();
        free.extend(done.drain(..).map(|(_, sum)| sum));
        free.resize_with(most, Vec::new);
        for sum in free {
            sum.clear();
            sum.reserve_exact(width);
        }
        done.reserve(most);
        (self.span, self.count, self.width) = (span, count, width);
    }

    /// Returns zeros, to add a part in.
    pub(crate) fn take(&self) -> Vec<f64> {
        let mut sum = self.lock().free.pop().unwrap_or_default();
        sum.clear();
        sum.resize(self.width, 0.0);
        sum
    }

    /// Takes the sum of part k.
    pub(crate) fn give(&self, k: usize, mut sum: Vec<f64>) {
        let mut node = Node::part(k);
        loop {
            let mut stock = self.lock();
            let (up, other) = climb(&mut stock.done, node, &self.span, self.count);
            node = up;
            let Some(other) = other else {
                return stock.done.push((node, sum));
            };
            drop(stock);
            add(&mut sum, &other);
            self.lock().free.push(other);
        }
    }

    /// Ends the sums: they are put in order, with zeros for those that are missing.
    pub(crate) fn end(&mut self) {
        let (span, count, width) = (self.span.clone(), self.count, self.width);
        let done = &mut self.stock().done;
        for (k, root) in roots(span, count).enumerate() {
            let found = done.iter().position(|(node, _)| *node == root);
            let at = found.unwrap_or_else(|| {
                done.push((root, vec![0.0; width]));
                done.len() - 1
            });
            done.swap(k, at);
        }
    }

    /// Returns sum k of those that [`fold`] needs, after the end.
    pub(crate) fn sum(&mut self, k: usize) -> &[f64] {
        &self.stock().done[k].1
    }

    fn lock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stock(&mut self) -> &mut Stock {
        self.stock.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(k: usize) -> Vec<f64> {
        vec![(k as f64 * 0.7).sin(), 1e3 / (k as f64 + 0.3)]
    }

    /// The sum as it is defined.
    fn sum(node: Node, count: usize) -> Vec<f64> {
        if node.level == 0 {
            return part(node.index);
        }
        let below = |index| Node {
            level: node.level - 1,
            index,
        };
        let mut first = sum(below(2 * node.index), count);
        let second = below(2 * node.index + 1);
        if second.start() < count {
            add(&mut first, &sum(second, count));
        }
        first
    }

    fn whole(count: usize) -> Vec<f64> {
        let level = count.next_power_of_two().trailing_zeros();
        sum(Node { level, index: 0 }, count)
    }

    fn shares(count: usize, of: usize) -> impl Iterator<Item = Range<usize>> + Clone {
        (0..of).map(move |k| k * count / of..(k + 1) * count / of)
    }

    #[test]
    fn parts_in_any_order_and_over_any_spans_have_one_sum() {
        for count in [1, 2, 3, 7, 8, 19, 64, 209, 256] {
            for of in [1, 2, 3, 4, 7, 20] {
                let mut sums = Vec::new();
                for span in shares(count, of) {
                    let mut tree = TreeSum::default();
                    tree.start(span.clone(), count, 2, 1);
                    // A step that shares no divisor with the number of parts goes to each of them.
                    let len = span.len();
                    for k in 0..len {
                        let mut values = tree.take();
                        add(&mut values, &part(span.start + (k * 257) % len));
                        tree.give(span.start + (k * 257) % len, values);
                    }
                    tree.end();
                    let roots = roots_of(span, count);
                    sums.extend((0..roots).map(|k| tree.sum(k).to_vec()));
                }
                let each = sums.iter_mut().map(Vec::as_mut_slice);
                let total = fold(shares(count, of), count, each).unwrap();
                assert_eq!(total, whole(count), "{count} over {of}");
            }
        }
    }

    #[test]
    fn little_waits_whichever_part_takes_longest() {
        for (span, count, slow) in [
            (0..256, 256, 0),
            (0..256, 256, 100),
            (0..209, 209, 207),
            (0..19, 19, 3),
            (385..770, 770, 385),
            (341..682, 1024, 681),
        ] {
            let mut tree = TreeSum::default();
            tree.start(span.clone(), count, 1, 2);
            let most = tree.stock().free.len();
            assert!(most < 40);
            let values = tree.take();
            for k in span.clone().filter(|&k| k != slow) {
                let values = tree.take();
                tree.give(k, values);
                let stock = tree.stock();
                assert!(stock.free.len() + stock.done.len() < most, "{count} {k}");
            }
            tree.give(slow, values);
            assert_eq!(tree.stock().done.len(), roots_of(span, count));
        }
    }

    #[test]
    fn sums_that_never_came_are_zeros() {
        let mut tree = TreeSum::default();
        tree.start(3..9, 20, 2, 2);
        let mut values = tree.take();
        values.fill(1.0);
        tree.give(4, values);
        tree.end();
        let sums = (0..roots_of(3..9, 20)).map(|k| tree.sum(k).to_vec());
        assert_eq!(sums.collect::<Vec<_>>(), vec![vec![0.0; 2]; 3]);
    }
}
