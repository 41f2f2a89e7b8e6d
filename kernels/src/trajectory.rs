//! One tile through all time steps, forward and back, on one thread and without leaving the cache.
//!
//! ```text
//! forward   x(0) = sample, l = v = r = 0, then nt steps of the stepper, then l' at the points between the stages; every
//!           evaluation goes onto the tape, after the way back from l', whose seed is known
//! back      seeds of the objective at t = 1 and at those points, then the adjoint of each step over the tape, last one first
//! ```

use std::sync::Arc;

use crate::batch::Tile;
use crate::flow::{self, Place, Rates};
use crate::lanes::{Lanes, Real, lanes, scalars_mut};
use crate::matching::{Matching, Pairs};
use crate::network::Network;
use crate::objective::{Alpha, Point, Scheme, normal_log_density};
use crate::partial::Partial;
use crate::progress::{Pace, Progress};
use crate::stepper::{Between, Stages, step, step_adjoint};
use crate::tile::{Bars, Scratch, zeros};
use crate::trace;

/// Rows of data, each (x, y) with d + context values; asked for one at a time, so that memory does not grow with n.
#[derive(Clone, Copy)]
pub struct Samples<'a> {
    /// Number of rows.
    pub n: usize,
    /// Writes row i into the slice.
    pub row: &'a (dyn Fn(usize, &mut [f64]) + Sync),
}

/// Hands rows that lie in memory, `width` values each, to `f`.
pub fn with_rows<R>(rows: &[f64], width: usize, f: impl FnOnce(Samples) -> R) -> R {
    let row = |i: usize, out: &mut [f64]| out.copy_from_slice(&rows[i * width..(i + 1) * width]);
    f(Samples {
        n: rows.len() / width,
        row: &row,
    })
}

/// Hands n points x of d values, each with its context y of c values, to `f`; y is empty where c is 0.
pub fn with_pairs<R>((x, d): (&[f64], usize), y: &[f64], f: impl FnOnce(Samples) -> R) -> R {
    let n = x.len() / d;
    let c = y.len() / n.max(1);
    let row = |i: usize, out: &mut [f64]| {
        out[..d].copy_from_slice(&x[i * d..(i + 1) * d]);
        out[d..].copy_from_slice(&y[i * c..(i + 1) * c]);
    };
    f(Samples { n, row: &row })
}

/// Which way the flow runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// t from 0 to 1: data to normal, f.
    Forward,
    /// t from 1 to 0: normal to data, f^-1.
    Inverse,
}

/// Everything one thread needs for a tile, allocated once.
#[derive(Debug)]
pub struct Worker<T> {
    /// x(t), d.
    pub x: Vec<T>,
    /// Context, fixed along the path.
    pub y: Vec<T>,
    /// l, v, r.
    pub end: End<T>,
    /// Gradient of the tiles since the last flush.
    pub partial: Partial<T>,
    /// One row of data.
    row: Vec<f64>,
    /// 1 for a sample, 0 for padding.
    real: T,
    stages: Stages<T>,
    points: Points<T>,
    scratch: Scratch<T>,
    bars: Bars<T>,
    caches: Caches<T>,
    matching: Matching<T>,
    /// Cotangent of a velocity, d.
    velocity_bar: Vec<T>,
    pace: Pace,
}

/// The points between the stages.
#[derive(Debug)]
struct Points<T> {
    /// In order of time.
    list: Vec<Point>,
    /// The path there, one for every point.
    path: Vec<Between<T>>,
    made: Option<Scheme>,
}

impl<T: Lanes> Points<T> {
    fn make(&mut self, d: usize, scheme: &Scheme) {
        if self.made == Some(scheme.evaluated()) {
            return;
        }
        self.list = scheme.points();
        let between = |point: &Point| Between {
            theta: point.theta,
            x: zeros(d),
        };
        self.path = self.list.iter().map(between).collect();
        self.made = Some(scheme.evaluated());
    }

    /// Those of step k.
    fn of_step(&mut self, k: usize) -> &mut [Between<T>] {
        let before = |k: usize| self.list.partition_point(|point| point.step < k);
        let range = before(k)..before(k + 1);
        &mut self.path[range]
    }
}

/// Where evaluations leave what their adjoints need.
#[derive(Debug)]
struct Caches<T> {
    /// For an evaluation that is not kept, with the trace and without it.
    traced: flow::Cache<T>,
    plain: flow::Cache<T>,
    /// One for every evaluation of `taped`.
    tape: Vec<flow::Cache<T>>,
    taped: Option<Scheme>,
}

impl<T: Lanes> Caches<T> {
    /// The cache of evaluation k, whose trace has this weight.
    fn of(&mut self, taped: bool, k: usize, weight: Option<f64>) -> &mut flow::Cache<T> {
        match (taped, weight) {
            (true, _) => &mut self.tape[k],
            (false, Some(_)) => &mut self.traced,
            (false, None) => &mut self.plain,
        }
    }

    fn make_tape(&mut self, net: &Network<T>, scheme: &Scheme) {
        if self.taped == Some(scheme.evaluated()) {
            return;
        }
        let stages = scheme.stages();
        let on_stages = (0..scheme.steps * stages)
            .map(|k| scheme.trace_weight(k / stages, k % stages).is_some());
        let between = scheme.points().into_iter().map(|_| true);
        self.tape = on_stages
            .chain(between)
            .map(|traced| flow::Cache::new(net, traced))
            .collect();
        self.taped = Some(scheme.evaluated());
    }
}

/// Final l, v and r of a tile.
#[derive(Debug, Clone, Copy, Default)]
pub struct End<T> {
    /// Integral of l'.
    pub l: T,
    /// Integral of v'.
    pub v: T,
    /// Integral of r'.
    pub r: T,
}

impl<T: Lanes> End<T> {
    fn add(&mut self, weight: f64, trace_weight: Option<f64>, rates: Rates<T>) {
        if let (Some(weight), Some(l)) = (trace_weight, rates.l) {
            self.l = T::of(weight).mul_add(l, self.l);
        }
        self.v = T::of(weight).mul_add(rates.v, self.v);
        self.r = T::of(weight).mul_add(rates.r, self.r);
    }
}

/// The way back from l' with the weight it has in l.
fn back<T: Lanes>(
    l_bar: Option<T>,
    weight: Option<f64>,
    partial: &mut Partial<T>,
) -> Option<trace::Back<'_, T>> {
    let l_bar = T::of(weight?) * l_bar?;
    Some((l_bar, partial))
}

/// into = factor x.
fn scaled<T: Lanes>(x: &[T], factor: f64, into: &mut [T]) {
    let factor = T::of(factor);
    for (into, &x) in into.iter_mut().zip(x) {
        *into = factor * x;
    }
}

impl<T: Lanes> Worker<T> {
    /// For a network; it stops between two time steps when `progress` has it given up.
    pub fn new(net: &Network<T>, progress: &Arc<Progress>) -> Self {
        let shape = &net.shape;
        Worker {
            pace: progress.pace(),
            x: zeros(shape.d),
            y: zeros(shape.context),
            end: End::default(),
            partial: Partial::new(net),
            row: vec![0.0; shape.columns()],
            real: T::default(),
            stages: Stages::new(shape.d),
            points: Points {
                list: Vec::new(),
                path: Vec::new(),
                made: None,
            },
            scratch: Scratch::new(net),
            bars: Bars::new(net),
            caches: Caches {
                traced: flow::Cache::new(net, true),
                plain: flow::Cache::new(net, false),
                tape: Vec::new(),
                taped: None,
            },
            matching: Matching::new(net),
            velocity_bar: zeros(shape.d),
        }
    }

    /// Adds the gradient of |e|^2 of [`crate::matching`] over some pairs, `count` from `first` on, to `partial`; the sum of |e|^2.
    pub fn match_pairs(
        &mut self,
        net: &Network<T>,
        pairs: &Pairs,
        a0: f64,
        Tile { first, count }: Tile,
    ) -> f64 {
        self.pace.step();
        self.matching.take(pairs, first, count);
        let (bars, scratch) = (&mut self.bars, &mut self.scratch);
        self.matching
            .run(net, a0, count, bars, scratch, &mut self.partial)
    }

    /// Takes `count` rows from `first` on; lanes past them are padding, at 0.
    pub fn take(&mut self, samples: &Samples, first: usize, count: usize) {
        let width = T::WIDTH;
        scalars_mut(std::slice::from_mut(&mut self.real)).fill(T::Real::default());
        self.x.fill(T::default());
        self.y.fill(T::default());
        for lane in 0..count {
            (samples.row)(first + lane, &mut self.row);
            let (x, y) = self.row.split_at(self.x.len());
            for (into, &from) in scalars_mut(&mut self.x)[lane..]
                .iter_mut()
                .step_by(width)
                .zip(x)
            {
                *into = T::Real::of(from);
            }
            for (into, &from) in scalars_mut(&mut self.y)
                .iter_mut()
                .skip(lane)
                .step_by(width)
                .zip(y)
            {
                *into = T::Real::of(from);
            }
            scalars_mut(std::slice::from_mut(&mut self.real))[lane] = T::Real::of(1.0);
        }
    }

    /// Phi, grad_s Phi and the trace at (x, y, t).
    pub fn potential(&mut self, net: &Network<T>, t: f64) -> (T, &[T], T) {
        let place = Place {
            x: &self.x,
            y: &self.y,
            t,
        };
        // a0 = -1 makes l' the trace itself.
        let (cache, scratch) = (&mut self.caches.traced, &mut self.scratch);
        let rates = flow::forward(net, -1.0, place, (cache, scratch), None);
        (
            self.caches.traced.phi(net, &mut self.scratch),
            self.caches.traced.grad(),
            rates.l.unwrap_or_default(),
        )
    }

    /// x(0) to (x(1), l, v, r), keeping nothing.
    pub fn forward(&mut self, net: &Network<T>, scheme: &Scheme, a0: f64) {
        self.run(net, scheme, a0, None);
    }

    /// Room for every evaluation of a scheme.
    pub fn make_tape(&mut self, net: &Network<T>, scheme: &Scheme) {
        self.caches.make_tape(net, scheme);
        self.points.make(net.shape.d, scheme);
    }

    /// The same as [`Worker::forward`], leaving every evaluation on the tape for [`Worker::backward`], which is to follow; the
    /// tape is made.
    pub fn forward_taped(&mut self, net: &Network<T>, scheme: &Scheme, alpha: &Alpha) {
        self.run(net, scheme, alpha.a0, Some(T::of(-alpha.a1) * self.real));
    }

    /// With l_bar, it is taped and the way back from l' gone.
    fn run(&mut self, net: &Network<T>, scheme: &Scheme, a0: f64, l_bar: Option<T>) {
        let Worker {
            x,
            y,
            end,
            stages,
            points,
            scratch,
            caches,
            partial,
            pace,
            ..
        } = self;
        let (tableau, dt) = (scheme.stepper.tableau(), scheme.dt());
        points.make(x.len(), scheme);
        *end = End::default();
        for k in (0..scheme.steps).take_while(|_| pace.step()) {
            let places = (&mut *stages, points.of_step(k));
            step(tableau, dt, x, places, |stage, x, velocity| {
                let s = (k as f64 + tableau.c[stage]) * dt;
                let pace_at_s = scheme.grid.pace(s);
                let weight = scheme.trace_weight(k, stage).map(|w| w * pace_at_s);
                let cache = caches.of(l_bar.is_some(), k * tableau.b.len() + stage, weight);
                let t = scheme.grid.time(s);
                let back = back(l_bar, weight, partial);
                let place = Place { x, y, t };
                let rates = flow::forward(net, a0, place, (cache, scratch), back);
                end.add(dt * tableau.b[stage] * pace_at_s, weight, rates);
                scaled(flow::velocity(cache), pace_at_s, velocity);
            });
        }
        let between = points.list.iter().zip(&points.path).enumerate();
        for (k, (point, path)) in between.take_while(|_| pace.step()) {
            let s = (point.step as f64 + point.theta) * dt;
            let weight = Some(point.weight * scheme.grid.pace(s));
            let cache = caches.of(l_bar.is_some(), scheme.steps * tableau.b.len() + k, weight);
            let place = Place {
                x: &path.x,
                y,
                t: scheme.grid.time(s),
            };
            let back = back(l_bar, weight, partial);
            let rates = flow::forward(net, a0, place, (cache, scratch), back);
            end.add(0.0, weight, rates);
        }
    }

    /// Adds the gradient of a0 v + a1 (1/2 |x|^2 - l) + a2 r, summed over the tile's samples, to `partial`.
    pub fn backward(&mut self, net: &Network<T>, scheme: &Scheme, alpha: &Alpha) {
        let Worker {
            x,
            partial,
            real,
            stages,
            points,
            scratch,
            bars,
            caches: Caches { tape, .. },
            pace,
            velocity_bar: velocity_scaled,
            ..
        } = self;
        let (tableau, dt, d) = (scheme.stepper.tableau(), scheme.dt(), x.len());
        let seed = |weight: f64| T::of(weight) * *real;
        let (l_bar, v_bar, r_bar) = (seed(-alpha.a1), seed(alpha.a0), seed(alpha.a2));
        // The final x has done its service: it becomes its own cotangent.
        let x_bar = x;
        x_bar.iter_mut().for_each(|x| *x = seed(alpha.a1) * *x);
        let between = &tape[scheme.steps * tableau.b.len()..];
        let between = between.iter().zip(&points.list).zip(&mut points.path);
        for ((cache, point), path) in between.take_while(|_| pace.step()) {
            let s = (point.step as f64 + point.theta) * dt;
            let weight = point.weight * scheme.grid.pace(s);
            let rates = Rates {
                l: Some(T::of(weight) * l_bar),
                v: T::default(),
                r: T::default(),
            };
            let at_rest = [];
            flow::adjoint(
                net,
                alpha.a0,
                (cache, &at_rest, rates),
                (bars, scratch),
                partial,
            );
            path.x.copy_from_slice(&bars.s[..d]);
        }
        for k in (0..scheme.steps).rev().take_while(|_| pace.step()) {
            let places = (&mut *stages, &*points.of_step(k));
            step_adjoint(tableau, dt, x_bar, places, |stage, velocity_bar, out| {
                let s = (k as f64 + tableau.c[stage]) * dt;
                let pace_at_s = scheme.grid.pace(s);
                let weight = T::of(dt * tableau.b[stage] * pace_at_s);
                let rates = Rates {
                    l: scheme
                        .trace_weight(k, stage)
                        .map(|weight| T::of(weight * pace_at_s) * l_bar),
                    v: weight * v_bar,
                    r: weight * r_bar,
                };
                let cache = &tape[k * tableau.b.len() + stage];
                scaled(velocity_bar, pace_at_s, velocity_scaled);
                flow::adjoint(
                    net,
                    alpha.a0,
                    (cache, velocity_scaled, rates),
                    (bars, scratch),
                    partial,
                );
                out.copy_from_slice(&bars.s[..d]);
            });
        }
    }

    /// The path without l, v and r, from t = 0 to 1 or back; `visit(k, x)` sees x(0), x(1/nt) .. in order of travel.
    pub fn path(
        &mut self,
        net: &Network<T>,
        (scheme, a0): (&Scheme, f64),
        direction: Direction,
        mut visit: impl FnMut(usize, &[T]),
    ) {
        let Worker {
            x,
            y,
            stages,
            scratch,
            caches: Caches { plain, .. },
            pace,
            ..
        } = self;
        let tableau = scheme.stepper.tableau();
        let (start, dt) = match direction {
            Direction::Forward => (0.0, scheme.dt()),
            Direction::Inverse => (1.0, -scheme.dt()),
        };
        visit(0, x);
        for k in (0..scheme.steps).take_while(|_| pace.step()) {
            step(tableau, dt, x, (stages, &mut []), |stage, x, velocity| {
                let s = start + (k as f64 + tableau.c[stage]) * dt;
                let place = Place {
                    x,
                    y,
                    t: scheme.grid.time(s),
                };
                flow::forward(net, a0, place, (plain, scratch), None);
                let pace_at_s = scheme.grid.pace(s);
                scaled(flow::velocity(plain), pace_at_s, velocity);
            });
            visit(k + 1, x);
        }
    }

    /// Sums of v, -log p and r over the tile's `count` samples.
    pub fn sums(&self, count: usize) -> [f64; 3] {
        let mut sums = [0.0; 3];
        for lane in 0..count {
            let at = |vector: &T| lanes(vector)[lane].widen();
            let square = self.x.iter().map(|x| at(x) * at(x)).sum();
            sums[0] += at(&self.end.v);
            sums[1] -= normal_log_density(self.x.len(), square, at(&self.end.l));
            sums[2] += at(&self.end.r);
        }
        sums
    }
}
