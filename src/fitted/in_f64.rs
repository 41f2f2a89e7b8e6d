//! The rows that a model of f32 has no numbers for: so far out that a state overflows. An engine of f64 computes them.

use otflow_kernels::engine::{Engine, Precision, engine, with_rows};
use otflow_kernels::objective::Scheme;
use otflow_kernels::parameters::Shape;

/// The engine of f64 beside one of f32, which is started for the first row that needs it.
pub(super) struct InF64 {
    pub shape: Shape,
    pub theta: Vec<f64>,
    pub threads: usize,
    /// None before the first row, and where none can be started.
    pub engine: Option<Box<dyn Engine>>,
}

impl InF64 {
    /// Computes again those of the final states, n x (d + 3), that are not finite though their rows are; the value is their row numbers,
    /// from 0, of which none is finite in f32.
    pub fn mend(
        &mut self,
        rows: &[f64],
        scheme: &Scheme,
        a0: f64,
        states: &mut [f64],
    ) -> Vec<usize> {
        let (columns, width) = (self.shape.columns(), self.shape.d + 3);
        let is_finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        let pairs = rows.chunks_exact(columns).zip(states.chunks_exact(width));
        let lost = pairs.map(|(row, state)| is_finite(row) && !is_finite(state));
        let lost: Vec<usize> = lost
            .enumerate()
            .filter_map(|(k, lost)| lost.then_some(k))
            .collect();
        if lost.is_empty() {
            return lost;
        }
        if self.engine.is_none() {
            self.engine = engine(self.shape, Precision::F64, self.threads).ok();
            self.engine
                .iter_mut()
                .for_each(|engine| engine.load(&self.theta));
        }
        let Some(engine) = &mut self.engine else {
            return Vec::new();
        };
        let far = lost.iter().flat_map(|k| &rows[k * columns..][..columns]);
        let far: Vec<f64> = far.copied().collect();
        let mut again = vec![0.0; lost.len() * width];
        with_rows(&far, columns, |samples| {
            engine.states(samples, scheme, a0, &mut again);
        });
        for (&k, again) in lost.iter().zip(again.chunks_exact(width)) {
            states[k * width..][..width].copy_from_slice(again);
        }
        lost
    }
}
