//! The relative errors of quantities against their reference values.

use std::collections::BTreeMap;

use otflow_kernels::parameters::Shape;

/// The largest of values above 0; NaN if any is NaN.
pub(super) fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |a: f64, b| {
        if a.is_nan() || b.is_nan() {
            f64::NAN
        } else {
            a.max(b)
        }
    })
}

/// The relative errors by the name of their quantity.
#[derive(Default)]
pub(super) struct RelativeErrors(pub(super) BTreeMap<String, f64>);

impl RelativeErrors {
    /// Adds the error of a quantity: NaN where a value is missing or not a number, which exceeds every tolerance.
    pub(super) fn add(&mut self, name: &str, computed: &[f64], expected: &[f64]) {
        let off = largest(computed.iter().zip(expected).map(|(a, b)| (a - b).abs()));
        let size = largest(expected.iter().map(|value| value.abs()));
        let same_length = computed.len() == expected.len();
        let error = if !same_length {
            f64::NAN
        } else if size == 0.0 {
            off
        } else {
            off / size
        };
        self.0.insert(name.into(), error);
    }

    /// Adds the errors of a flat gradient, tensor by tensor.
    pub(super) fn add_tensors(&mut self, shape: &Shape, computed: &[f64], expected: &[f64]) {
        for tensor in shape.tensors() {
            let range = tensor.range.clone();
            self.add(&tensor.name, &computed[range.clone()], &expected[range]);
        }
    }
}
