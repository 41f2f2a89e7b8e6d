//! `Engine`: the one place where precision and lane width become concrete. Everything outside this crate speaks f64.

use std::sync::Arc;

use rayon::ThreadPoolBuildError;
use wide::{f32x16, f64x8};

use crate::batch::{Batch, COSTS, Chunks, Cut, Rows, Share, parts};
use crate::flow::Flow;
use crate::lanes::{Lanes, Real, lanes};
use crate::matching;
pub use crate::matching::Pairs;
use crate::objective::{Alpha, CostSums, Costs, Scheme};
use crate::orthogonal::{is_shared, orthogonalize};
use crate::parameters::Shape;
use crate::peak::multiply_adds;
use crate::progress::Progress;
pub use crate::samples::{Samples, with_pairs, with_rows};
pub use crate::trajectory::Direction;
use crate::tree_sum::add;

/// `Precision` is the arithmetic of the kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Single precision, with the sums over tiles in f64.
    F32,
    /// Double precision.
    F64,
}

impl Precision {
    /// Returns `f32` or `f64`.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::F64 => "f64",
        }
    }
}

/// A `Transport` says how points are carried along the flow without the trace.
#[derive(Clone, Copy, Debug)]
pub struct Transport<'a> {
    /// The steps.
    pub scheme: &'a Scheme,
    /// The weight of L, which scales the dynamics.
    pub a0: f64,
    /// The direction: from the data to the normal, or back.
    pub direction: Direction,
}

/// An `Engine` is a potential with its flow. The trait is object safe; [`engine`] makes one.
pub trait Engine: Send {
    /// Returns the shape of the potential.
    fn shape(&self) -> Shape;

    /// Returns the number of samples in a tile.
    fn lanes(&self) -> usize;

    /// Returns the progress of the current pass, through which another thread may also give the pass up.
    fn progress(&self) -> Arc<Progress>;

    /// Takes new parameters, flat as in [`Shape::tensors`].
    fn load(&mut self, theta: &[f64]);

    /// Writes Phi, grad_s Phi (inputs) and the trace of its space Hessian at time t, n x (inputs + 2).
    fn potential(&mut self, samples: Samples, t: f64, out: &mut [f64]);

    /// Returns L, C, R and the loss.
    fn costs(&mut self, samples: Samples, scheme: &Scheme, alpha: &Alpha) -> Costs;

    /// Sums the gradient and the costs over a share of the samples. It reads no other sample.
    fn sum_share(&mut self, samples: Samples, scheme: &Scheme, alpha: &Alpha, share: Share);

    /// Returns sum k of those that [`crate::tree_sum::fold`] needs of the last share: the gradient, then the sums of v(1), -log
    /// p and r(1); parameters + [`COSTS`] values.
    fn sum(&mut self, k: usize) -> &[f64];

    /// Returns L, C, R and the loss, and overwrites `gradient` by the gradient of the loss with respect to every parameter.
    fn gradient(
        &mut self,
        samples: Samples,
        scheme: &Scheme,
        alpha: &Alpha,
        gradient: &mut [f64],
    ) -> Costs {
        let n = samples.n;
        self.sum_share(samples, scheme, alpha, Share::ALL);
        let (sums, costs) = self.sum(0).split_at(gradient.len());
        let mean = sums.iter().map(|sum| sum / n as f64);
        gradient
            .iter_mut()
            .zip(mean)
            .for_each(|(value, mean)| *value = mean);
        Costs::from_sums(CostSums::from_slice(costs), n, alpha)
    }

    /// Sums the gradient of M and M itself over a share of the pairs, in chunks of at least [`matching::TILES`] tiles. In the
    /// sums that [`Engine::sum`] returns then, M is the first cost, and there are no others.
    fn sum_pairs(&mut self, pairs: Pairs, a0: f64, share: Share);

    /// Returns M, and overwrites `gradient` by its gradient with respect to every parameter.
    fn matching(&mut self, pairs: Pairs, a0: f64, gradient: &mut [f64]) -> f64 {
        let n = pairs.n as f64;
        self.sum_pairs(pairs, a0, Share::ALL);
        let (sums, costs) = self.sum(0).split_at(gradient.len());
        for (value, sum) in gradient.iter_mut().zip(sums) {
            *value = sum / n;
        }
        costs[0] / n
    }

    /// Replaces a row-major matrix by its nearly orthogonal factor, as [`orthogonalize`] does.
    fn orthogonalize(&self, matrix: &mut [f64], columns: usize);

    /// Writes the final states (x(1), l, v, r), n x (d + 3).
    fn states(&mut self, samples: Samples, scheme: &Scheme, a0: f64, out: &mut [f64]);

    /// Writes the paths in order of travel, n x (nt + 1) x d, without the trace; each starts at its sample.
    fn paths(&mut self, samples: Samples, transport: Transport, out: &mut [f64]);

    /// Writes the ends of the paths, n x d, without the trace.
    fn transport(&mut self, samples: Samples, transport: Transport, out: &mut [f64]);
}

impl<T: Lanes> Engine for Batch<T> {
    fn shape(&self) -> Shape {
        self.net.shape
    }

    fn lanes(&self) -> usize {
        T::WIDTH
    }

    fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    fn load(&mut self, theta: &[f64]) {
        self.net.load(theta);
    }

    fn potential(&mut self, samples: Samples, t: f64, out: &mut [f64]) {
        let width = self.net.shape.inputs() + 2;
        self.over_rows(&samples, Rows { out, width }, |net, worker, rows| {
            let at = worker.potential(net, t);
            scatter(&[at.phi], 0, width, rows);
            scatter(at.grad, 1, width, rows);
            scatter(&[at.trace], width - 1, width, rows);
        });
    }

    fn costs(&mut self, samples: Samples, scheme: &Scheme, alpha: &Alpha) -> Costs {
        let cut = Cut {
            n: samples.n,
            share: Share::ALL,
            tiles: 1,
        };
        self.over_chunks(cut, COSTS, |net, worker, costs, tile| {
            worker.take(&samples, tile);
            worker.forward(net, scheme, alpha.a0);
            add(costs, &worker.sums(tile.count));
        });
        let costs = self.sums.sum(0);
        Costs::from_sums(CostSums::from_slice(costs), samples.n, alpha)
    }

    fn sum_share(&mut self, samples: Samples, scheme: &Scheme, alpha: &Alpha, share: Share) {
        let width = self.net.shape.parameters() + COSTS;
        let cut = Cut {
            n: samples.n,
            share,
            tiles: 1,
        };
        self.make_tapes(scheme, cut);
        self.over_chunks(cut, width, |net, worker, sums, tile| {
            let (gradient, costs) = parts(sums);
            worker.take(&samples, tile);
            worker.forward_taped(net, scheme, alpha);
            add(costs, &worker.sums(tile.count));
            worker.backward(net, scheme, alpha);
            worker.theta_bar.flush(net, gradient);
        });
    }

    fn sum_pairs(&mut self, pairs: Pairs, a0: f64, share: Share) {
        let width = self.net.shape.parameters() + COSTS;
        let cut = Cut {
            n: pairs.n,
            share,
            tiles: matching::TILES,
        };
        let chunks = Chunks::of(cut.n, cut.tiles * T::WIDTH);
        self.over_chunks(cut, width, |net, worker, sums, tile| {
            let (gradient, costs) = parts(sums);
            costs[0] += worker.match_pairs(net, &pairs, a0, tile);
            if chunks.ends_at(tile.first + tile.count) {
                worker.theta_bar.flush(net, gradient);
            }
        });
    }

    fn orthogonalize(&self, matrix: &mut [f64], columns: usize) {
        if is_shared::<T>(matrix.len() / columns, columns) {
            self.install(|| orthogonalize::<T>(matrix, columns));
        } else {
            orthogonalize::<T>(matrix, columns);
        }
    }

    fn sum(&mut self, k: usize) -> &[f64] {
        self.sums.sum(k)
    }

    fn states(&mut self, samples: Samples, scheme: &Scheme, a0: f64, out: &mut [f64]) {
        let d = self.net.shape.d;
        let width = d + 3;
        self.over_rows(&samples, Rows { out, width }, |net, worker, rows| {
            worker.forward(net, scheme, a0);
            scatter(&worker.x, 0, width, rows);
            scatter(&[worker.end.l, worker.end.v, worker.end.r], d, width, rows);
        });
    }

    fn paths(&mut self, samples: Samples, transport: Transport, out: &mut [f64]) {
        let Transport {
            scheme,
            a0,
            direction,
        } = transport;
        let (d, width) = (self.net.shape.d, self.net.shape.d * (scheme.steps + 1));
        self.over_rows(&samples, Rows { out, width }, |net, worker, rows| {
            worker.path(Flow { net, a0 }, scheme, direction, |k, x| {
                scatter(x, k * d, width, rows)
            });
        });
    }

    fn transport(&mut self, samples: Samples, transport: Transport, out: &mut [f64]) {
        let Transport {
            scheme,
            a0,
            direction,
        } = transport;
        let d = self.net.shape.d;
        self.over_rows(&samples, Rows { out, width: d }, |net, worker, rows| {
            worker.path(Flow { net, a0 }, scheme, direction, |_, _| {});
            scatter(&worker.x, 0, d, rows);
        });
    }
}

/// Writes row k of `columns` to position `at` + k of every sample's row of `width` values.
fn scatter<T: Lanes>(columns: &[T], at: usize, width: usize, rows: &mut [f64]) {
    for (k, column) in columns.iter().enumerate() {
        for (row, value) in rows.chunks_exact_mut(width).zip(lanes(column)) {
            row[at + k] = value.widen();
        }
    }
}

/// Returns an engine with `threads` threads of its own; 0 means one for each core.
///
/// # Errors
/// When the threads cannot be started.
pub fn engine(
    shape: Shape,
    precision: Precision,
    threads: usize,
) -> Result<Box<dyn Engine>, ThreadPoolBuildError> {
    Ok(match precision {
        Precision::F32 => Box::new(Batch::<f32x16>::new(shape, threads)?),
        Precision::F64 => Box::new(Batch::<f64x8>::new(shape, threads)?),
    })
}

/// Returns the number of samples in a tile.
pub fn lanes_of(precision: Precision) -> usize {
    match precision {
        Precision::F32 => f32x16::WIDTH,
        Precision::F64 => f64x8::WIDTH,
    }
}

/// Runs `rounds` rounds of [`multiply_adds`] on the calling thread and returns their flops; the caller times it.
pub fn fma_flops(precision: Precision, rounds: u32) -> f64 {
    match precision {
        Precision::F32 => multiply_adds::<f32x16>(rounds),
        Precision::F64 => multiply_adds::<f64x8>(rounds),
    }
}

/// Returns the name of the vector instructions that this crate was compiled for.
pub fn compiled() -> &'static str {
    if cfg!(target_feature = "avx512f") {
        "AVX-512"
    } else if cfg!(all(target_feature = "avx2", target_feature = "fma")) {
        "AVX2+FMA"
    } else if cfg!(target_arch = "aarch64") {
        "NEON"
    } else {
        "neither AVX2 with FMA nor NEON"
    }
}
