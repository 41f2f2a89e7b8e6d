//! Euler and RK4 as data, a step and its adjoint; knows nothing of Phi.
//!
//! ```text
//! x_1 = x      x_i = x + dt a_i k_{i-1}      k_i = f(x_i, t + c_i dt)      x <- x + dt sum_i b_i k_i
//! ```
//!
//! and at a fraction q of the step, without a further evaluation, the natural continuous extension (Zennaro, 1986), of order 3
//! for RK4 but 4 for integrals along it:
//!
//! ```text
//! x(q) = x + dt sum_i b_i(q) k_i      0 < q <= 1      b_i(1) = b_i
//! ```
//!
//! adjoint, with the cotangents x(q)_bar:
//!
//! ```text
//! k_bar_i = dt b_i x_bar + dt a_{i+1} x_bar_{i+1} + dt sum_q b_i(q) x(q)_bar      x_bar_i = f'(x_i)^T k_bar_i
//! x_bar <- x_bar + sum_q x(q)_bar + sum_i x_bar_i
//! ```

use crate::lanes::{Lanes, zeros};

/// A `Stepper` is an explicit Runge-Kutta method in which each stage starts from the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepper {
    /// The forward Euler method, order 1 (the published code's rk1).
    Euler,
    /// The classic method of order 4.
    Rk4,
}

/// A `Tableau` holds the coefficients of a method, one entry a stage.
#[derive(Clone, Copy, Debug)]
pub struct Tableau {
    /// The weight a_i of k_{i-1} in x_i.
    pub a: &'static [f64],
    /// The weights b_i of the k_i.
    pub b: &'static [f64],
    /// The times c_i of the stages, as fractions of the step.
    pub c: &'static [f64],
    /// The coefficients of q, q^2 and q^3 in b_i(q).
    pub between: &'static [[f64; 3]],
}

impl Tableau {
    /// Returns the weight b_i(q) of a stage at a fraction q of the step.
    pub fn b_between(&self, stage: usize, fraction: f64) -> f64 {
        let [first, second, third] = self.between[stage];
        fraction * (first + fraction * (second + fraction * third))
    }
}

/// A `Between` is a point between the ends of a step.
#[derive(Debug)]
pub struct Between<T> {
    /// The fraction q of the step, above 0 and up to 1.
    pub fraction: f64,
    /// The state x(q), d; its cotangent in the adjoint pass.
    pub x: Vec<T>,
}

impl Stepper {
    /// Returns the coefficients of the method.
    pub fn tableau(self) -> Tableau {
        match self {
            Stepper::Euler => Tableau {
                a: &[0.0],
                b: &[1.0],
                c: &[0.0],
                between: &[[1.0, 0.0, 0.0]],
            },
            Stepper::Rk4 => Tableau {
                a: &[0.0, 0.5, 0.5, 1.0],
                b: &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
                c: &[0.0, 0.5, 0.5, 1.0],
                between: &[
                    [1.0, -3.0 / 2.0, 2.0 / 3.0],
                    [0.0, 1.0, -2.0 / 3.0],
                    [0.0, 1.0, -2.0 / 3.0],
                    [0.0, -1.0 / 2.0, 2.0 / 3.0],
                ],
            },
        }
    }
}

/// `Stages` are the columns that a step works in, d each.
#[derive(Debug)]
pub struct Stages<T> {
    x: Vec<T>,
    k: Vec<T>,
    sum: Vec<T>,
}

impl<T: Lanes> Stages<T> {
    /// Returns the columns for d rows.
    pub fn new(d: usize) -> Self {
        Stages {
            x: zeros(d),
            k: zeros(d),
            sum: zeros(d),
        }
    }
}

fn add_scaled<T: Lanes>(into: &mut [T], factor: f64, x: &[T]) {
    let factor = T::of(factor);
    for (into, &x) in into.iter_mut().zip(x) {
        *into = factor.mul_add(x, *into);
    }
}

/// A `Step` is a step of a method, with the points of it at which x(q) is wanted.
#[derive(Debug)]
pub struct Step<'a, T> {
    /// The coefficients.
    pub tableau: Tableau,
    /// The length of the step; negative where time runs backwards.
    pub dt: f64,
    /// The columns to work in.
    pub stages: &'a mut Stages<T>,
    /// The points between the ends.
    pub points: &'a mut [Between<T>],
}

impl<T: Lanes> Step<'_, T> {
    /// Runs the step. It overwrites x and the x(q); `velocity(stage, x_i, k_i)` writes k_i.
    pub fn run(self, x: &mut [T], mut velocity: impl FnMut(usize, &[T], &mut [T])) {
        let Step {
            tableau,
            dt,
            stages,
            points,
        } = self;
        stages.sum.copy_from_slice(x);
        for point in points.iter_mut() {
            point.x.copy_from_slice(x);
        }
        for stage in 0..tableau.b.len() {
            stages.x.copy_from_slice(x);
            if stage > 0 {
                add_scaled(&mut stages.x, dt * tableau.a[stage], &stages.k);
            }
            velocity(stage, &stages.x, &mut stages.k);
            add_scaled(&mut stages.sum, dt * tableau.b[stage], &stages.k);
            for point in points.iter_mut() {
                let b = tableau.b_between(stage, point.fraction);
                add_scaled(&mut point.x, dt * b, &stages.k);
            }
        }
        x.copy_from_slice(&stages.sum);
    }

    /// Runs the adjoint of the step. It overwrites x_bar and reads the x(q)_bar; `pullback(stage, k_bar_i, x_bar_i)` writes
    /// x_bar_i.
    pub fn run_adjoint(self, x_bar: &mut [T], mut pullback: impl FnMut(usize, &[T], &mut [T])) {
        let Step {
            tableau,
            dt,
            stages,
            points,
        } = self;
        stages.sum.copy_from_slice(x_bar);
        for point in points.iter() {
            add_scaled(&mut stages.sum, 1.0, &point.x);
        }
        for stage in (0..tableau.b.len()).rev() {
            stages.k.fill(T::default());
            add_scaled(&mut stages.k, dt * tableau.b[stage], x_bar);
            if let Some(a) = tableau.a.get(stage + 1) {
                add_scaled(&mut stages.k, dt * a, &stages.x);
            }
            for point in points.iter() {
                let b = tableau.b_between(stage, point.fraction);
                add_scaled(&mut stages.k, dt * b, &point.x);
            }
            pullback(stage, &stages.k, &mut stages.x);
            add_scaled(&mut stages.sum, 1.0, &stages.x);
        }
        x_bar.copy_from_slice(&stages.sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: f64) -> Between<f64> {
        Between {
            fraction: 0.3,
            x: vec![x],
        }
    }

    /// The conditions of order 1 to 3 at q: sum b = q, sum b c = q^2/2, sum b c^2 = q^3/3 and sum b_i a_i c_{i-1} = q^3/6.
    #[test]
    fn between_its_ends_a_step_of_rk4_has_order_three() {
        let tableau = Stepper::Rk4.tableau();
        for q in [0.1, 0.5, 0.77, 1.0] {
            let moment = |of: &dyn Fn(usize) -> f64| {
                (0..4).map(|i| tableau.b_between(i, q) * of(i)).sum::<f64>()
            };
            let before = |i: usize| i.checked_sub(1).map_or(0.0, |i| tableau.c[i]);
            let moments = [
                moment(&|_| 1.0) - q,
                moment(&|i| tableau.c[i]) - q.powi(2) / 2.0,
                moment(&|i| tableau.c[i].powi(2)) - q.powi(3) / 3.0,
                moment(&|i| tableau.a[i] * before(i)) - q.powi(3) / 6.0,
            ];
            assert!(moments.iter().all(|off| off.abs() < 1e-15), "{moments:?}");
        }
    }

    /// The function is the end of a step for x' = x^2 plus twice a point of it; its derivative comes from central differences.
    #[test]
    fn the_adjoint_of_a_step_is_its_derivative() {
        for stepper in [Stepper::Euler, Stepper::Rk4] {
            let (tableau, dt, x0) = (stepper.tableau(), 0.3, 0.7);
            let mut stages = Stages::<f64>::new(1);
            let run = |start: f64, stages: &mut Stages<f64>| {
                let (mut x, mut seen, mut points) = ([start], Vec::new(), [point(0.0)]);
                let step = Step {
                    tableau,
                    dt,
                    stages,
                    points: &mut points,
                };
                step.run(&mut x, |_, x, k| {
                    seen.push(x[0]);
                    k[0] = x[0] * x[0];
                });
                (x[0] + 2.0 * points[0].x[0], seen)
            };
            let (_, seen) = run(x0, &mut stages);
            let (mut x_bar, mut points) = ([1.0], [point(2.0)]);
            let step = Step {
                tableau,
                dt,
                stages: &mut stages,
                points: &mut points,
            };
            step.run_adjoint(&mut x_bar, |i, k_bar, out| {
                out[0] = 2.0 * seen[i] * k_bar[0]
            });
            // Central differences of a smooth step: error h^2 = 1e-10 and rounding 1e-16 / 1e-5.
            const TOLERANCE: f64 = 1e-9;
            let slope = (run(x0 + 1e-5, &mut stages).0 - run(x0 - 1e-5, &mut stages).0) / 2e-5;
            assert!(
                (x_bar[0] - slope).abs() < TOLERANCE,
                "{stepper:?}: {} {slope}",
                x_bar[0]
            );
        }
    }
}
