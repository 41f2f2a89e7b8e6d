//! OT-Flow in numbers only: the potential Phi, its gradient, the exact trace of its Hessian, the flow, the loss, and the
//! adjoint of each, written by hand next to its forward. No I/O, no clock.
//!
//! | symbol | file | shape |
//! | --- | --- | --- |
//! | theta = A, b, c, w, K_i, b_i | [`parameters`] flat, [`network`] packed, [`parameter_gradient`] its gradient | see [`parameters::Shape`] |
//! | sigma, sigma', sigma'' | [`activation`] | elementwise |
//! | u_i, slope_i = sigma'(a_i) | [`resnet`] | m |
//! | z_i, grad_s Phi | [`gradient`] | m, d + context + 1 |
//! | J_i, t_i, trace | [`trace`] | m x d, 1, 1 |
//! | K_bar_1 .. K_bar_M | [`weight_gradient`] | m x m |
//! | x', l', v', r' | [`flow`] | d, 1, 1, 1 |
//! | k_i | [`stepper`] | d |
//! | L, C, R, loss, where the trace is evaluated | [`objective`], [`quadrature`] | 1 |
//! | a whole path and its adjoint | [`trajectory`] | one tile |
//! | M, the loss of a start without simulation | [`matching`] | one tile |
//! | the nearly orthogonal factor of a momentum | [`orthogonal`] | a matrix |
//! | means over n samples | [`samples`], [`batch`], [`engine`] | n |
//! | the order of their sums | [`tree_sum`] | |
//! | progress of a pass, and its early end | [`progress`] | |
//! | sizes of the layout in memory | [`layout`] | |
//! | the machine's FMA peak | [`peak`] | |
//!
//! Shapes are per sample. A SIMD lane is a sample ([`lanes`]), a tile is one vector of samples ([`tile`]), and everything hot
//! is one of the two products of [`linear`], in wide networks by [`strassen`]. [`mod@reference`] repeats all of it in plain scalar
//! loops. The mathematics in full is in `kernels/README.md`.
#![forbid(unsafe_code)]

pub mod activation;
pub mod batch;
pub mod block_end;
pub mod engine;
pub mod flow;
pub mod gradient;
pub mod lanes;
pub mod layout;
pub mod linear;
pub mod matching;
pub mod network;
pub mod objective;
pub mod orthogonal;
pub mod parameter_gradient;
pub mod parameters;
pub mod peak;
pub mod progress;
pub mod quadrature;
pub mod reference;
pub mod resnet;
pub mod samples;
pub mod stepper;
pub mod strassen;
pub mod tile;
pub mod trace;
pub mod trajectory;
pub mod tree_sum;
pub mod weight_gradient;
