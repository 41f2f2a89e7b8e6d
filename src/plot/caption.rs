//! The caption of a figure: its title, which names run, iteration and units, and the line under it with the figures of the parameters.

use super::scale::minus;
use crate::event::Figures;

/// The units of points and densities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureUnits {
    /// Those of a toy set.
    Data,
    /// Those of a table's columns.
    Table,
    /// Standardised units of a table's columns, in which C is given.
    Standardized,
}

impl FigureUnits {
    /// The name in a title.
    fn name(self) -> &'static str {
        match self {
            FigureUnits::Data => "units of the data",
            FigureUnits::Table => "units of the table",
            FigureUnits::Standardized => "standardised units",
        }
    }
}

/// What every figure of a flow says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// Name of the run or model.
    pub run: String,
    /// Iteration after which the parameters were taken.
    pub iteration: u64,
    /// Units of points and densities.
    pub units: FigureUnits,
    /// Figures of the parameters in a validation; None where they are not known.
    pub figures: Option<Figures>,
}

impl Caption {
    /// The title of a figure of `what`.
    pub fn title(&self, what: &str) -> String {
        let Caption {
            run,
            iteration,
            units,
            ..
        } = self;
        format!("{run}, iteration {iteration}: {what}, {}", units.name())
    }

    /// The line under the title: C, of a table in standardised units, C - H where the entropy H is known, and a note.
    pub fn note(&self, note: &str) -> String {
        let c = self.figures.map(|figures| {
            let units = match self.units {
                FigureUnits::Table => " (standardised)",
                FigureUnits::Data | FigureUnits::Standardized => "",
            };
            let c = format!("C {:.4} nats{units}", figures.losses.c);
            let Some(divergence) = figures.divergence else {
                return minus(&c);
            };
            let error = figures.divergence_se.unwrap_or(f64::NAN);
            // The minus of the difference has spaces around it.
            minus(&format!(
                "{c}, C - H {divergence:.4} \u{b1} {error:.4} nats"
            ))
        });
        let parts = c.as_deref().into_iter().chain([note]);
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_has_iteration_units_and_figures() {
        let mut caption = Caption {
            run: "moons".into(),
            iteration: 40,
            units: FigureUnits::Data,
            figures: None,
        };
        assert_eq!(
            caption.title("density"),
            "moons, iteration 40: density, units of the data"
        );
        assert_eq!(caption.note("mass 1"), "mass 1");
        let figures = |text: &str| serde_json::from_str(text).ok();
        caption.figures = figures(r#"{"loss": 0, "L": 0, "C": -2.5, "R": 0}"#);
        assert_eq!(caption.note(""), "C \u{2212}2.5000 nats");
        caption.units = FigureUnits::Table;
        assert_eq!(caption.note(""), "C \u{2212}2.5000 nats (standardised)");
        assert!(caption.title("density").ends_with(", units of the table"));
        caption.units = FigureUnits::Data;
        caption.figures = figures(
            r#"{"loss": 0, "L": 0, "C": -2.5, "R": 0, "divergence": 0.01, "divergence_se": 0.002}"#,
        );
        assert_eq!(
            caption.note("n = 1"),
            "C \u{2212}2.5000 nats, C \u{2212} H 0.0100 \u{b1} 0.0020 nats; n = 1"
        );
    }
}
