//! Curves besides the losses: what each iteration did to the parameters, and what each validation says of the fit.
//!
//! ```text
//! gap         C of validation - long average of C of training, since a single batch is noise; nats
//! divergence  C - H, nats, with one standard error to either side
//! ```

use super::OptimizerStep;
use super::series::Series;
use crate::event::Figures;

/// Curves besides the losses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasureSeries {
    /// The learning rate.
    pub rate: Series,
    /// The norm of the gradient.
    pub gradient: Series,
    /// The norm of the step over that of the weights.
    pub update: Series,
    /// Validation C minus training C, nats.
    pub gap: Series,
    /// The last value of the gap.
    pub last_gap: Option<f64>,
    /// C - H, nats.
    pub divergence: Series,
    /// C - H and the numbers one standard error above and below it, nats.
    pub divergence_band: Series,
    /// The least positive standard error of C - H so far, nats.
    pub least_se: Option<f64>,
}

impl MeasureSeries {
    /// Adds the step of an iteration.
    pub fn push_step(&mut self, iteration: u64, step: &OptimizerStep) {
        self.rate.push(iteration, step.lr);
        self.gradient.push(iteration, step.gradient);
        self.update.push(iteration, step.update);
    }

    /// Adds the figures of a validation; `training` is the curve of C of training.
    pub fn push_validation(&mut self, iteration: u64, figures: &Figures, training: &Series) {
        if let Some(average) = training.long_average() {
            let gap = figures.losses.c - average;
            self.gap.push(iteration, gap);
            self.last_gap = Some(gap);
        }
        let Some(divergence) = figures.divergence else {
            return;
        };
        self.divergence.push(iteration, divergence);
        let se = figures
            .divergence_se
            .filter(|se| se.is_finite() && *se > 0.0);
        if let Some(se) = se {
            self.divergence_band
                .push_range(iteration, divergence - se, divergence + se);
            self.least_se = Some(self.least_se.map_or(se, |least| least.min(se)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::fixtures;
    use crate::dashboard::range::ValueRange;
    use crate::event::Event;

    fn figures(c: f64, se: Option<f64>) -> Figures {
        let Event::Validation { mut figures, .. } = fixtures::validation(1, c) else {
            unreachable!()
        };
        (figures.divergence, figures.divergence_se) = (se.map(|_| c - 2.0), se);
        figures
    }

    #[test]
    fn the_gap_is_to_the_average_of_training_and_there_is_none_before_it() {
        let (mut measures, mut training) = (MeasureSeries::default(), Series::default());
        measures.push_validation(0, &figures(9.0, None), &training);
        assert_eq!(measures.gap.span(), None);
        for i in 1..=3000 {
            training.push(i, if i % 2 == 0 { 2.0 } else { 4.0 });
        }
        measures.push_validation(3000, &figures(4.7, None), &training);
        let range = measures.gap.range().unwrap();
        assert!((range.low - 1.7).abs() < 0.02, "{range:?}");
        assert_eq!(measures.divergence.span(), None);
    }

    #[test]
    fn the_band_is_a_standard_error_to_either_side() {
        let (mut measures, training) = (MeasureSeries::default(), Series::default());
        measures.push_validation(50, &figures(2.5, Some(0.25)), &training);
        measures.push_validation(60, &figures(2.25, Some(f64::NAN)), &training);
        let (low, high) = (0.25, 0.75);
        assert_eq!(
            measures.divergence_band.range(),
            Some(ValueRange { low, high })
        );
        assert_eq!(measures.divergence.range().unwrap().low, 0.25);
        assert_eq!(measures.least_se, Some(0.25));
    }
}
