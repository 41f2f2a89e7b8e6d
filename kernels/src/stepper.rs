//! Euler and RK4 as data.

/// An explicit Runge-Kutta scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepper {
    /// Forward Euler, order 1 (the published code's rk1).
    Euler,
    /// The classic scheme of order 4.
    Rk4,
}
