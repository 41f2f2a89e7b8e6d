//! One tile through all time steps, forward and in the adjoint pass, on one thread.
//!
//! ```text
//! forward   x(0) = sample, l = v = r = 0, then nt steps of the stepper, then l' at the points between the stages; every
//!           evaluation goes onto the tape, after the adjoint pass of l', whose seed is known
//! adjoint   seeds of the objective at t = 1 and at those points, then the adjoint of each step over the tape, last one first
//! ```
//!
//! An evaluation leaves about 8 columns of m vectors on the tape (J and y_i are gone), which is what the adjoint pass reads from
//! memory beyond L2; all else is reused from evaluation to evaluation.

use std::sync::Arc;

use crate::flow::{self, Flow, Place, Rates, RatesBar};
use crate::lanes::{Lanes, Real, lanes, scalars_mut, zeros};
use crate::matching::{Matching, Pairs};
use crate::network::Network;
use crate::objective::{Alpha, Point, Scheme, normal_log_density};
use crate::parameter_gradient::ParameterGradient;
use crate::progress::{Pace, Progress};
use crate::samples::Samples;
use crate::stepper::{Between, Stages, Step};
use crate::tile::{Cotangents, Scratch, Tile, Workspace};
use crate::trace::Seed;

/// `Direction` is the direction in which the flow runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Time runs from 0 to 1: data to normal, f.
    Forward,
    /// Time runs from 1 to 0: normal to data, f^-1.
    Inverse,
}

/// A `Potential` holds Phi and its derivatives at one point of every path.
#[derive(Debug)]
pub struct Potential<'a, T> {
    /// The potential Phi.
    pub phi: T,
    /// The gradient grad_s Phi, inputs.
    pub grad: &'a [T],
    /// The trace of the space Hessian.
    pub trace: T,
}

/// A `Worker` holds the memory of one thread for a tile, allocated once.
#[derive(Debug)]
pub struct Worker<T> {
    /// The state x(t), d; its cotangent in the adjoint pass.
    pub x: Vec<T>,
    /// The context y, fixed along the path.
    pub y: Vec<T>,
    /// The integrals l, v and r.
    pub end: End<T>,
    /// The gradient of the tiles since the last flush.
    pub theta_bar: ParameterGradient<T>,
    /// One row of data.
    row: Vec<f64>,
    /// 1 for a sample, 0 for padding.
    real: T,
    stages: Stages<T>,
    points: Points<T>,
    scratch: Scratch<T>,
    cotangents: Cotangents<T>,
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
            fraction: point.fraction,
            x: zeros(d),
        };
        self.path = self.list.iter().map(between).collect();
        self.made = Some(scheme.evaluated());
    }

    /// The points of step k.
    fn of_step(&mut self, k: usize) -> &mut [Between<T>] {
        let before = |k: usize| self.list.partition_point(|point| point.step < k);
        let range = before(k)..before(k + 1);
        &mut self.path[range]
    }
}

/// The memory in which evaluations leave what their adjoints read.
#[derive(Debug)]
struct Caches<T> {
    /// The cache of an evaluation that is not taped, with the trace.
    traced: flow::Cache<T>,
    plain: flow::Cache<T>,
    /// The caches of the evaluations of `taped`, in order.
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

/// An `End` holds the integrals l, v and r along a path.
#[derive(Debug, Clone, Copy, Default)]
pub struct End<T> {
    /// The integral of l'.
    pub l: T,
    /// The integral of v'.
    pub v: T,
    /// The integral of r'.
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

/// The seed of l', from the cotangent of l and the weight that l' has in l.
fn seed<T: Lanes>(
    l_bar: Option<T>,
    weight: Option<f64>,
    theta_bar: &mut ParameterGradient<T>,
) -> Option<Seed<'_, T>> {
    let bar = T::of(weight?) * l_bar?;
    Some(Seed { bar, theta_bar })
}

/// The product into = factor x.
fn scale<T: Lanes>(x: &[T], factor: f64, into: &mut [T]) {
    let factor = T::of(factor);
    for (into, &x) in into.iter_mut().zip(x) {
        *into = factor * x;
    }
}

impl<T: Lanes> Worker<T> {
    /// Returns a worker for a network; it stops between two time steps once `progress` is given up.
    pub fn new(net: &Network<T>, progress: &Arc<Progress>) -> Self {
        let shape = &net.shape;
        Worker {
            pace: progress.pace(),
            x: zeros(shape.d),
            y: zeros(shape.context),
            end: End::default(),
            theta_bar: ParameterGradient::new(net),
            row: vec![0.0; shape.columns()],
            real: T::default(),
            stages: Stages::new(shape.d),
            points: Points {
                list: Vec::new(),
                path: Vec::new(),
                made: None,
            },
            scratch: Scratch::new(net),
            cotangents: Cotangents::new(net),
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

    /// Returns the sum of |e|^2 of [`crate::matching`] over a tile of pairs, and adds its gradient to `theta_bar`.
    pub fn match_pairs(&mut self, net: &Network<T>, pairs: &Pairs, a0: f64, tile: Tile) -> f64 {
        self.pace.step();
        self.matching.take(pairs, tile);
        let mut work = Workspace {
            cotangents: &mut self.cotangents,
            scratch: &mut self.scratch,
            theta_bar: &mut self.theta_bar,
        };
        self.matching.run(Flow { net, a0 }, tile.count, &mut work)
    }

    /// Takes the rows of a tile; lanes past them are padding, at 0.
    pub fn take(&mut self, samples: &Samples, Tile { first, count }: Tile) {
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

    /// Returns the potential, its gradient and its trace at (x, y, t).
    pub fn potential(&mut self, net: &Network<T>, t: f64) -> Potential<'_, T> {
        let place = Place {
            x: &self.x,
            y: &self.y,
            t,
        };
        // a0 = -1 makes l' the trace itself.
        let flow = Flow { net, a0: -1.0 };
        let cache = &mut self.caches.traced;
        let rates = flow::forward(flow, place, cache, &mut self.scratch, None);
        Potential {
            phi: cache.phi(net, &mut self.scratch),
            grad: cache.grad(),
            trace: rates.l.unwrap_or_default(),
        }
    }

    /// Runs the forward pass from x(0) to (x(1), l, v, r), without a tape.
    pub fn forward(&mut self, net: &Network<T>, scheme: &Scheme, a0: f64) {
        self.run(Flow { net, a0 }, scheme, None);
    }

    /// Allocates the tape, a cache for every evaluation of a scheme.
    pub fn make_tape(&mut self, net: &Network<T>, scheme: &Scheme) {
        self.caches.make_tape(net, scheme);
        self.points.make(net.shape.d, scheme);
    }

    /// Runs the forward pass and leaves every evaluation on the tape for [`Worker::backward`], which must follow;
    /// [`Worker::make_tape`] must have come before.
    pub fn forward_taped(&mut self, net: &Network<T>, scheme: &Scheme, alpha: &Alpha) {
        let (flow, l_bar) = (Flow { net, a0: alpha.a0 }, T::of(-alpha.a1) * self.real);
        self.run(flow, scheme, Some(l_bar));
    }

    /// Runs the forward pass. With l_bar it is taped, and the adjoint pass of l' is done.
    fn run(&mut self, flow: Flow<T>, scheme: &Scheme, l_bar: Option<T>) {
        let Worker {
            x,
            y,
            end,
            stages,
            points,
            scratch,
            caches,
            theta_bar,
            pace,
            ..
        } = self;
        let (tableau, dt) = (scheme.stepper.tableau(), scheme.dt());
        points.make(x.len(), scheme);
        *end = End::default();
        for k in (0..scheme.steps).take_while(|_| pace.step()) {
            let points = points.of_step(k);
            let step = Step {
                tableau,
                dt,
                stages,
                points,
            };
            step.run(x, |stage, x, velocity| {
                let s = (k as f64 + tableau.c[stage]) * dt;
                let pace_at_s = scheme.grid.pace(s);
                let weight = scheme.trace_weight(k, stage).map(|w| w * pace_at_s);
                let cache = caches.of(l_bar.is_some(), k * tableau.b.len() + stage, weight);
                let t = scheme.grid.time(s);
                let seed = seed(l_bar, weight, theta_bar);
                let place = Place { x, y, t };
                let rates = flow::forward(flow, place, cache, scratch, seed);
                end.add(dt * tableau.b[stage] * pace_at_s, weight, rates);
                scale(flow::velocity(cache), pace_at_s, velocity);
            });
        }
        let between = points.list.iter().zip(&points.path).enumerate();
        for (k, (point, path)) in between.take_while(|_| pace.step()) {
            let s = (point.step as f64 + point.fraction) * dt;
            let weight = Some(point.weight * scheme.grid.pace(s));
            let cache = caches.of(l_bar.is_some(), scheme.steps * tableau.b.len() + k, weight);
            let place = Place {
                x: &path.x,
                y,
                t: scheme.grid.time(s),
            };
            let seed = seed(l_bar, weight, theta_bar);
            let rates = flow::forward(flow, place, cache, scratch, seed);
            end.add(0.0, weight, rates);
        }
    }

    /// Runs the adjoint pass: it adds the gradient of a0 v + a1 (1/2 |x|^2 - l) + a2 r, summed over the tile's samples, to
    /// `theta_bar`.
    pub fn backward(&mut self, net: &Network<T>, scheme: &Scheme, alpha: &Alpha) {
        let Worker {
            x,
            theta_bar,
            real,
            stages,
            points,
            scratch,
            cotangents,
            caches: Caches { tape, .. },
            pace,
            velocity_bar: velocity_scaled,
            ..
        } = self;
        let (tableau, dt, d) = (scheme.stepper.tableau(), scheme.dt(), x.len());
        let flow = Flow { net, a0: alpha.a0 };
        let mut work = Workspace {
            cotangents,
            scratch,
            theta_bar,
        };
        let seed = |weight: f64| T::of(weight) * *real;
        let (l_bar, v_bar, r_bar) = (seed(-alpha.a1), seed(alpha.a0), seed(alpha.a2));
        // Nothing reads the final x after this: its cotangent takes its place.
        let x_bar = x;
        x_bar.iter_mut().for_each(|x| *x = seed(alpha.a1) * *x);
        let between = &tape[scheme.steps * tableau.b.len()..];
        let between = between.iter().zip(&points.list).zip(&mut points.path);
        for ((cache, point), path) in between.take_while(|_| pace.step()) {
            let s = (point.step as f64 + point.fraction) * dt;
            let weight = point.weight * scheme.grid.pace(s);
            let rates = Rates {
                l: Some(T::of(weight) * l_bar),
                v: T::default(),
                r: T::default(),
            };
            // The points between the stages do not move x: the cotangent of their velocity is 0.
            let bars = RatesBar {
                velocity: &[],
                rates,
            };
            flow::adjoint(flow, cache, bars, &mut work);
            path.x.copy_from_slice(&work.cotangents.s[..d]);
        }
        for k in (0..scheme.steps).rev().take_while(|_| pace.step()) {
            let points = points.of_step(k);
            let step = Step {
                tableau,
                dt,
                stages,
                points,
            };
            step.run_adjoint(x_bar, |stage, velocity_bar, out| {
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
                scale(velocity_bar, pace_at_s, velocity_scaled);
                let bars = RatesBar {
                    velocity: velocity_scaled,
                    rates,
                };
                flow::adjoint(flow, cache, bars, &mut work);
                out.copy_from_slice(&work.cotangents.s[..d]);
            });
        }
    }

    /// Runs the path without l, v and r, from t = 0 to 1 or from 1 to 0; `visit(k, x)` is called with the nt + 1 states in
    /// order of travel, the first one included.
    pub fn path(
        &mut self,
        flow: Flow<T>,
        scheme: &Scheme,
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
            let step = Step {
                tableau,
                dt,
                stages,
                points: &mut [],
            };
            step.run(x, |stage, x, velocity| {
                let s = start + (k as f64 + tableau.c[stage]) * dt;
                let place = Place {
                    x,
                    y,
                    t: scheme.grid.time(s),
                };
                flow::forward(flow, place, plain, scratch, None);
                let pace_at_s = scheme.grid.pace(s);
                scale(flow::velocity(plain), pace_at_s, velocity);
            });
            visit(k + 1, x);
        }
    }

    /// Returns the sums of v, -log p and r over the tile's first `count` samples.
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
