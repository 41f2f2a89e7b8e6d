//! Gradient and rows over all ranks, to the bits of a single process.
//!
//! ```text
//! width = parameters + COSTS, cut into a slice for each rank
//! exchange: slice k of each sum of my chunks -> rank k         sums/P x width values out, those of all/P in
//! my slice of all sums, added as the tree over all chunks says
//! gather:   my total slice -> everybody                        width values out, width in
//! ```
//!
//! A rank's chunks follow each other, so they are few nodes of the tree: one where each rank has the same power of two of them,
//! 2 log2 of the chunks at most. The order is that of a single process. Behind every block stands whether its rank's pass
//! was given up: then it is given up everywhere, and the ranks stay at the same step.

use otflow_kernels::batch::{COSTS, Chunks};
use otflow_kernels::engine::{Engine, Pairs, Samples};
use otflow_kernels::matching::TILES;
use otflow_kernels::objective::{Alpha, CostSums, Costs, Scheme};
use otflow_kernels::tree_sum::{fold, roots_of};

use super::{Ranks, rows, share};

impl Ranks {
    /// L, C, R and the loss over the samples, and its gradient (overwritten); samples of others' shares are not looked at.
    /// None when the pass was given up, here or elsewhere.
    pub(crate) fn gradient(
        &mut self,
        engine: &mut dyn Engine,
        samples: Samples,
        scheme: &Scheme,
        alpha: &Alpha,
        gradient: &mut [f64],
    ) -> Option<Costs> {
        let n = samples.n;
        if self.size() == 1 {
            let costs = engine.gradient(samples, scheme, alpha, gradient);
            return (!self.progress.given_up()).then_some(costs);
        }
        engine.sum_share(samples, scheme, alpha, self.share());
        let chunks = Chunks::of(n, engine.lanes()).count();
        let total = self.total(engine, chunks, gradient.len() + COSTS)?;
        let (sums, costs) = total.split_at(gradient.len());
        for (value, sum) in gradient.iter_mut().zip(sums) {
            *value = sum / n as f64;
        }
        Some(Costs::from_sums(CostSums::from_slice(costs), n, alpha))
    }

    /// M over the pairs, and its gradient (overwritten); pairs of others' shares are not looked at. None when the pass was given
    /// up, here or elsewhere.
    pub(crate) fn matching(
        &mut self,
        engine: &mut dyn Engine,
        pairs: Pairs,
        a0: f64,
        gradient: &mut [f64],
    ) -> Option<f64> {
        let n = pairs.n;
        if self.size() == 1 {
            let m = engine.matching(pairs, a0, gradient);
            return (!self.progress.given_up()).then_some(m);
        }
        engine.sum_pairs(pairs, a0, self.share());
        let chunks = Chunks::of(n, TILES * engine.lanes()).count();
        let total = self.total(engine, chunks, gradient.len() + COSTS)?;
        let (sums, costs) = total.split_at(gradient.len());
        for (value, sum) in gradient.iter_mut().zip(sums) {
            *value = sum / n as f64;
        }
        Some(costs[0] / n as f64)
    }

    /// The sum over all `chunks`, of vectors of `width` values.
    fn total(&mut self, engine: &mut dyn Engine, chunks: usize, width: usize) -> Option<&[f64]> {
        let size = self.size();
        let slice = width.div_ceil(size);
        let span = |rank| share(rank, size).chunks(chunks);
        let sums_of = |rank| roots_of(span(rank), chunks);
        let block = (0..size).map(sums_of).max()? * slice + 1;
        let part = |k: usize| (k * slice).min(width)..((k + 1) * slice).min(width);
        self.out.resize(size * block, 0.0);
        self.into.resize(size * block, 0.0);
        for i in 0..sums_of(self.rank) {
            let sum = engine.sum(i);
            for (k, block) in self.out.chunks_exact_mut(block).enumerate() {
                let sum = &sum[part(k)];
                block[i * slice..][..sum.len()].copy_from_slice(sum);
            }
        }
        self.flag_blocks(block);
        self.on_wire(|wire, out, into| wire.exchange(out, into))?;
        self.agreed(block)?;
        let blocks = self.into.chunks_exact_mut(block).enumerate();
        let sums = blocks.flat_map(|(k, block)| block.chunks_exact_mut(slice).take(sums_of(k)));
        let mine = fold((0..size).map(span), chunks, sums)?;
        self.out.clear();
        self.out.extend_from_slice(mine);
        self.out.push(0.0);
        self.into.resize(size * (slice + 1), 0.0);
        self.flag_blocks(slice + 1);
        self.on_wire(|wire, out, into| wire.gather(out, into))?;
        self.agreed(slice + 1)?;
        self.out.clear();
        for block in self.into.chunks_exact(slice + 1) {
            self.out.extend_from_slice(&block[..slice]);
        }
        Some(&self.out[..width])
    }

    /// The values of all n rows, from those of each rank's own rows. None when a pass for them was given up, here or
    /// elsewhere.
    pub(crate) fn join(&mut self, own: Vec<f64>, n: usize, width: usize) -> Option<Vec<f64>> {
        let size = self.size();
        if size == 1 {
            return (!self.progress.given_up()).then_some(own);
        }
        // The first rank has the most.
        let block = rows(0, size, n).count() * width + 1;
        self.out.clear();
        self.out.extend_from_slice(&own);
        self.out.resize(block, 0.0);
        self.into.resize(size * block, 0.0);
        self.flag_blocks(block);
        self.on_wire(|wire, out, into| wire.gather(out, into))?;
        self.agreed(block)?;
        let mut all = own;
        all.resize(n * width, 0.0);
        for (k, block) in self.into.chunks_exact(block).enumerate() {
            for (row, values) in rows(k, size, n).zip(block.chunks_exact(width)) {
                all[row * width..][..width].copy_from_slice(values);
            }
        }
        Some(all)
    }

    /// Says behind every block to be sent whether this rank's pass was given up.
    fn flag_blocks(&mut self, block: usize) {
        let flag = f64::from(self.progress.given_up());
        let blocks = self.out.chunks_exact_mut(block);
        blocks.for_each(|block| block[block.len() - 1] = flag);
    }

    /// None when the pass of a rank was given up.
    fn agreed(&self, block: usize) -> Option<()> {
        let mut blocks = self.into.chunks_exact(block);
        blocks.all(|block| block.last() == Some(&0.0)).then_some(())
    }
}
