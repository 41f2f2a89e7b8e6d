//! A trained flow with its data, as pictures show it: in the data's own units.

use std::sync::Arc;

use anyhow::{Result, anyhow, ensure};
use otflow_kernels::engine::engine;
use otflow_kernels::parameters::Shape;

use crate::cli;
use crate::data::Dataset;
use crate::event::{Density, Picture};
use crate::fitted::{Fitted, Units, join, split};
use crate::model::Model;
use crate::picture::{Snapshot, frame, inverse_error, picture};
use crate::plot::{Columns, Condition, LogDensities, Scale, centres, column};
use crate::problem::{precision, shape};
use crate::scaling::{Scaling, Span};
use crate::session::{self, Session};

/// Steps of the integration, unless the session has more or they are asked for: errors below anything that shows.
const STEPS: usize = 32;
/// Cells of the grid of a density, across and upwards.
const CELLS: (usize, usize) = (160, 160);
/// The same of a conditional density, whose curves run upwards.
const CURVES: (usize, usize) = (100, 400);
/// Of the context so much is left out at each end: few rows are there.
const RARE: f64 = 0.005;

/// A model, its data and what it makes of them.
pub struct Flow {
    fitted: Fitted,
    /// Rows (x, y) of the data, in the flow's units.
    rows: Vec<f64>,
    /// Made of those rows, in standardised units of the columns.
    standardized: Picture,
    /// The same in data units but for the paths, which have an end at the normal.
    picture: Picture,
}

/// d, c, m, layers and r: a published checkpoint does not say by what rank r was limited.
fn sizes(shape: &Shape) -> [usize; 5] {
    [shape.d, shape.context, shape.m, shape.layers, shape.r()]
}

impl Flow {
    /// Draws the points and leads them through the flow.
    ///
    /// # Errors
    /// When neither the model nor an argument says what it was trained on, its data can't be read, or the threads cannot be started.
    pub fn new(model: Model, args: &cli::PlotArgs) -> Result<Self> {
        let least = |session: &Session| session.validation.steps.max(STEPS);
        let asked = args.steps.map(usize::from);
        let mut fitted = Fitted::new(&model, 0, asked)?;
        let named = args.session.as_deref().map(session::load).transpose()?;
        let mut session = named.or_else(|| fitted.session().cloned()).ok_or_else(|| {
            anyhow!("it does not say on what it was trained, so there is no data to show: name a session with --session")
        })?;
        let steps = asked.unwrap_or_else(|| least(&session));
        fitted.set_steps(steps);
        session.validation.steps = steps;
        session.model.seed = args.seed.unwrap_or(session.model.seed);
        let data = Dataset::open(&session.data, session.model.seed)?;
        ensure!(
            sizes(&shape(&session, &data)) == sizes(&model.shape),
            "its network has another size than the session says"
        );
        let rows = data.picture_rows(args.n as usize)?;
        let mut engine = engine(model.shape, precision(&session), 0)?;
        let snapshot = Snapshot {
            iteration: model.origin.as_ref().map_or(0, |origin| origin.iteration),
            session: Arc::new(session),
            theta: model.theta,
            samples: args.n as usize,
        };
        let standardized = picture(&data, &mut *engine, &snapshot)?;
        let picture = match fitted.scaling() {
            Some(scaling) => in_data_units(&standardized, scaling),
            None => standardized.clone(),
        };
        Ok(Flow {
            fitted,
            rows,
            standardized,
            picture,
        })
    }

    /// What the units of the paths are called, if the data's are others.
    pub fn units(&self) -> Option<&'static str> {
        self.fitted.scaling().map(|_| "standardised")
    }

    /// Names of the learned columns.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.fitted.names();
        names.truncate(self.fitted.shape().d);
        names
    }

    /// Points in data units.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// Points and paths in standardised units of the columns; what the flow has of a column with a map is led back.
    pub fn standardized(&self) -> &Picture {
        &self.standardized
    }

    /// Log densities of the points under the model, in data units.
    pub fn log_densities(&mut self) -> LogDensities {
        let shape = self.fitted.shape();
        let (_, y) = split(&self.rows, &shape);
        let mut generated = self.standardized.generated.clone();
        if let Some(scaling) = self.fitted.scaling() {
            scaling.standardize(&mut generated, learned(shape.d), Units::Standardized);
        }
        let generated = join(&generated, &y, &shape);
        LogDensities {
            data: self.fitted.log_densities_of(&self.rows, Units::Data),
            generated: self.fitted.log_densities_of(&generated, Units::Data),
        }
    }

    /// The density around the data.
    ///
    /// # Errors
    /// When the model's is not one of two columns.
    pub fn density(&mut self) -> Result<Density, String> {
        let shape = self.fitted.shape();
        if (shape.d, shape.context) != (2, 0) {
            return Err(format!(
                "a density is shown of two columns without context, and this model has {} learned and {} given ones: \
                 try --what corner, histogram or conditional",
                shape.d, shape.context
            ));
        }
        let bounds = frame(&self.picture.data);
        let values = self
            .fitted
            .log_densities(centres(bounds, CELLS), Units::Data);
        Ok(Density {
            bounds,
            across: CELLS.0,
            values,
        })
    }

    /// The density of the learned column over the first given one that is asked for, or the first.
    ///
    /// # Errors
    /// When the model is not of one column with a context, or has no column of that name.
    pub fn conditional(&mut self, asked: &[String]) -> Result<(Density, Condition), String> {
        let shape = self.fitted.shape();
        if shape.d != 1 || shape.context == 0 {
            return Err(format!(
                "a conditional density is shown of one column with a context, and this model has {} learned and {} given columns",
                shape.d, shape.context
            ));
        }
        let names = self.fitted.names();
        let varied = Columns::new(names[1..].to_vec()).choose(asked)?.pair()[0];
        let rows = self.fitted.restored(self.rows.clone(), Units::Data);
        let column = |k: usize| column(&rows, shape.columns(), k);
        let means: Vec<f64> = (1..shape.columns()).map(|k| mean(&column(k))).collect();
        let (left, right) = common(column(1 + varied));
        let (low, high) = Scale::around(column(0).into_iter()).ends();
        let bounds = [left, right, low, high];
        let cells = centres(bounds, CURVES);
        let on_grid = cells.chunks_exact(2).flat_map(|cell| {
            let given = means.iter().enumerate();
            let given = given.map(|(k, mean)| if k == varied { cell[0] } else { *mean });
            std::iter::once(cell[1]).chain(given).collect::<Vec<f64>>()
        });
        let values = self.fitted.log_densities(on_grid.collect(), Units::Data);
        let held = names[1..].iter().cloned().zip(means).enumerate();
        let held = held.filter(|(k, _)| *k != varied).map(|(_, held)| held);
        let condition = Condition {
            variable: names[0].clone(),
            context: names[1 + varied].clone(),
            held: held.collect(),
        };
        let density = Density {
            bounds,
            across: CURVES.0,
            values,
        };
        Ok((density, condition))
    }
}

/// The points of a picture of standardised units in data units; its paths as they are.
fn in_data_units(standardized: &Picture, scaling: &Scaling) -> Picture {
    let mut picture = standardized.clone();
    let d = picture.dimension;
    for rows in [
        &mut picture.data,
        &mut picture.restored,
        &mut picture.generated,
    ] {
        scaling.standardize(rows, learned(d), Units::Standardized);
        scaling.restore(rows, learned(d), Units::Data);
    }
    picture.inverse_error = inverse_error(&picture.data, &picture.restored, d);
    picture
}

/// The learned columns.
fn learned(d: usize) -> Span {
    Span { first: 0, width: d }
}

/// The range of all values but the rarest.
fn common(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let at = |share: f64| values.get((share * last as f64).round() as usize).copied();
    let ends = at(RARE).zip(at(1.0 - RARE)).unwrap_or((0.0, 1.0));
    Scale::between(ends.0, ends.1).ends()
}

fn mean(values: &[f64]) -> f64 {
    let n = values.len().max(1) as f64;
    values.iter().map(|value| value / n).sum()
}
