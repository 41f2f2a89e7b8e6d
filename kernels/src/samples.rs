//! The rows of data that a pass reads, wherever they are: in memory, in a file, or drawn as they are asked for.

/// `Samples` are rows of data, each (x, y) with d + context values; they are asked for one by one, so that memory does not grow
/// with n.
#[derive(Clone, Copy)]
pub struct Samples<'a> {
    /// The number of rows.
    pub n: usize,
    /// The function that writes row i into a slice.
    pub row: &'a (dyn Fn(usize, &mut [f64]) + Sync),
}

/// Calls `f` with rows that lie in memory, `width` values each.
pub fn with_rows<R>(rows: &[f64], width: usize, f: impl FnOnce(Samples) -> R) -> R {
    let row = |i: usize, out: &mut [f64]| out.copy_from_slice(&rows[i * width..(i + 1) * width]);
    f(Samples {
        n: rows.len() / width,
        row: &row,
    })
}

/// Calls `f` with n points x of d values, each with its context y of c values; y is empty where c is 0.
pub fn with_pairs<R>(x: &[f64], d: usize, y: &[f64], f: impl FnOnce(Samples) -> R) -> R {
    let n = x.len() / d;
    let c = y.len() / n.max(1);
    let row = |i: usize, out: &mut [f64]| {
        out[..d].copy_from_slice(&x[i * d..(i + 1) * d]);
        out[d..].copy_from_slice(&y[i * c..(i + 1) * c]);
    };
    f(Samples { n, row: &row })
}
