//! A trained flow with its data, in the units of the pictures: points and densities in data units, paths in standardised units.

use std::sync::Arc;

use anyhow::{Result, anyhow, ensure};
use otflow_kernels::engine::engine;
use otflow_kernels::parameters::Shape;

use crate::cli;
use crate::data::Dataset;
use crate::event::{Density, Figures, Picture};
use crate::fitted::{FittedFlow, FlowRows, Units, join, split};
use crate::model::TrainedModel;
use crate::picture::{Snapshot, bounds_around, compute_picture, inverse_error};
use crate::plot::{
    Caption, ColumnDensity, Condition, ConditionalMap, FigureScale, FigureUnits, FixedColumn,
    GridSize, Interval, LogDensities, PlottedColumns, cell_centres, column, points,
};
use crate::problem::{precision, shape};
use crate::scaling::{ColumnRange, Scaling};
use crate::session::{self, Session};

/// Smallest number of time steps, unless the command line asks for another: the errors are too small to be seen.
const STEPS: usize = 32;
/// Grid of a density.
const DENSITY_GRID: GridSize = GridSize {
    across: 160,
    up: 160,
};
/// Grid of a conditional density, finer in the direction of its curves.
const CONDITIONAL_GRID: GridSize = GridSize {
    across: 100,
    up: 400,
};
/// Intervals of the curve of a single column.
const CURVE: u32 = 500;
/// Share of the rows that are shown beside a conditional density with other given columns: those nearest to the values of these.
const NEAR: f64 = 0.2;
/// Share of the context's values that is left out at each end, where rows are few.
const RARE: f64 = 0.005;

/// A trained flow with its data, and the points and paths of a picture.
pub struct PlottedFlow {
    fitted: FittedFlow,
    /// Figures of the parameters in a validation, if they are known.
    figures: Option<Figures>,
    /// Rows (x, y) of the data in the flow's units.
    rows: Vec<f64>,
    /// Points and paths of these rows in standardised units of the columns.
    standardized: Picture,
    /// The same points in data units; the paths are as in `standardized`.
    picture: Picture,
}

/// Sizes d, c, m, layers and r of a shape. Ranks are not compared: a published checkpoint does not say by what rank r was limited.
fn sizes(shape: &Shape) -> [usize; 5] {
    [shape.d, shape.context, shape.m, shape.layers, shape.r()]
}

/// A model with what is known of it.
pub struct FlowSource {
    /// Model.
    pub model: TrainedModel,
    /// Figures of its parameters in a validation, if they are known.
    pub figures: Option<Figures>,
    /// Data of its session, where they are open already.
    pub data: Option<Arc<Dataset>>,
}

impl From<TrainedModel> for FlowSource {
    fn from(model: TrainedModel) -> Self {
        let origin = model.origin.as_ref();
        let best = origin.and_then(|origin| {
            let best = origin.validation.as_ref()?;
            (best.iteration == origin.iteration).then_some(best.figures)
        });
        FlowSource {
            figures: best,
            model,
            data: None,
        }
    }
}

impl PlottedFlow {
    /// Reads the data of the model's session and follows them through the flow.
    ///
    /// # Errors
    /// When neither the model nor an argument names the session, its data can't be read, or the threads can't be started.
    pub fn new(source: FlowSource, args: &cli::PlotArgs) -> Result<Self> {
        let FlowSource {
            model,
            figures,
            data,
        } = source;
        let least = |session: &Session| session.validation.steps.max(STEPS);
        let asked = args.steps.map(usize::from);
        let mut fitted = FittedFlow::new(&model, 0, asked)?;
        let named = args.session.as_deref().map(session::load).transpose()?;
        let mut session = named.or_else(|| fitted.session().cloned()).ok_or_else(|| {
            anyhow!("it does not say on what it was trained, so there is no data to show: name a session with --session")
        })?;
        let steps = asked.unwrap_or_else(|| least(&session));
        fitted.set_steps(steps);
        session.validation.steps = steps;
        session.model.seed = args.seed.unwrap_or(session.model.seed);
        let data = match data {
            Some(data) => data,
            None => Arc::new(Dataset::open(&session.data, session.model.seed)?),
        };
        ensure!(
            sizes(&shape(&session, &data)) == sizes(&model.shape),
            "its network has another size than the session says"
        );
        fitted.check_columns(&data)?;
        let rows = data.picture_rows(args.n as usize)?;
        let mut engine = engine(model.shape, precision(&session), 0)?;
        let snapshot = Snapshot {
            iteration: model.origin.as_ref().map_or(0, |origin| origin.iteration),
            session: Arc::new(session),
            theta: model.theta,
            samples: args.n as usize,
        };
        let standardized = compute_picture(&data, &mut *engine, &snapshot)?;
        let picture = match fitted.scaling() {
            Some(scaling) => in_data_units(&standardized, scaling),
            None => standardized.clone(),
        };
        Ok(PlottedFlow {
            fitted,
            figures,
            rows,
            standardized,
            picture,
        })
    }

    /// The shape of the potential.
    pub fn shape(&self) -> Shape {
        self.fitted.shape()
    }

    /// The caption of a figure in data units, of a run or model of this name.
    pub fn caption(&self, name: &str) -> Caption {
        Caption {
            run: name.to_owned(),
            iteration: self.picture.iteration,
            units: match self.fitted.scaling() {
                Some(_) => FigureUnits::Table,
                None => FigureUnits::Data,
            },
            figures: self.figures,
        }
    }

    /// The caption of a figure of the paths.
    pub fn path_caption(&self, name: &str) -> Caption {
        let caption = self.caption(name);
        match self.path_units() {
            Some(_) => Caption {
                units: FigureUnits::Standardized,
                ..caption
            },
            None => caption,
        }
    }

    /// Name of the units of the paths; None where they are those of the data.
    pub fn path_units(&self) -> Option<&'static str> {
        self.fitted.scaling().map(|_| "standardised")
    }

    /// Names of the learned columns.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.fitted.names();
        names.truncate(self.fitted.shape().d);
        names
    }

    /// The picture with points in data units.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// The picture with points and paths in standardised units of the columns.
    pub fn standardized(&self) -> &Picture {
        &self.standardized
    }

    /// Log densities of the data and of generated samples under the model, in data units.
    pub fn log_densities(&mut self) -> LogDensities {
        let shape = self.fitted.shape();
        let FlowRows { y, .. } = split(&self.rows, &shape);
        let mut generated = self.standardized.generated.clone();
        if let Some(scaling) = self.fitted.scaling() {
            scaling.standardize(&mut generated, learned(shape.d), Units::Standardized);
        }
        let generated = join(&generated, &y, &shape);
        LogDensities {
            data: self
                .fitted
                .log_densities_of_flow_rows(&self.rows, Units::Data),
            generated: self
                .fitted
                .log_densities_of_flow_rows(&generated, Units::Data),
        }
    }

    /// The points of the data in the two plotted columns, in data units.
    pub fn data_points(&self, columns: &PlottedColumns) -> Vec<[f64; 2]> {
        points(&self.picture.data, self.picture.dimension, columns.pair())
    }

    /// The density of the single column around the data, with data and samples.
    ///
    /// # Errors
    /// When the model has more columns.
    pub fn curve(&mut self) -> Result<ColumnDensity, String> {
        let shape = self.fitted.shape();
        if (shape.d, shape.context) != (1, 0) {
            return Err(self.no_density());
        }
        let Interval { low, high } = ColumnDensity::range(&self.picture.data);
        let at = |k: u32| low + (high - low) * f64::from(k) / f64::from(CURVE);
        let x: Vec<f64> = (0..=CURVE).map(at).collect();
        let log = self.fitted.log_densities(x.clone(), Units::Data);
        let curve = x.into_iter().zip(log).map(|(x, log)| [x, log.exp()]);
        Ok(ColumnDensity {
            curve: curve.collect(),
            data: self.picture.data.clone(),
            generated: self.picture.generated.clone(),
        })
    }

    /// The reason why a model has no picture of its density.
    fn no_density(&self) -> String {
        let shape = self.fitted.shape();
        format!(
            "a density is shown of one or two columns without context, and this model has {} learned and {} given ones: \
             try --what corner, histogram or conditional",
            shape.d, shape.context
        )
    }

    /// The density around the data, with the first plotted column across.
    ///
    /// # Errors
    /// When the model does not have two learned columns and no given ones.
    pub fn density(&mut self, columns: &PlottedColumns) -> Result<Density, String> {
        let shape = self.fitted.shape();
        if (shape.d, shape.context) != (2, 0) {
            return Err(self.no_density());
        }
        let shown = self.data_points(columns);
        let bounds = bounds_around(shown.as_flattened());
        let mut cells = cell_centres(bounds, DENSITY_GRID);
        if columns.pair() == [1, 0] {
            cells.chunks_exact_mut(2).for_each(<[f64]>::reverse);
        }
        let values = self.fitted.log_densities(cells, Units::Data);
        Ok(Density {
            bounds,
            across: DENSITY_GRID.across,
            values,
        })
    }

    /// The density of the learned column given the first of these columns, or the first given column of the model.
    ///
    /// # Errors
    /// When the model is not of one column with a context, or has no column of that name.
    pub fn conditional(&mut self, asked: &[String]) -> Result<ConditionalMap, String> {
        let shape = self.fitted.shape();
        if shape.d != 1 || shape.context == 0 {
            return Err(format!(
                "a conditional density is shown of one column with a context, and this model has {} learned and {} given columns",
                shape.d, shape.context
            ));
        }
        let names = self.fitted.names();
        let varied = PlottedColumns::new(names[1..].to_vec())
            .choose(asked)?
            .pair()[0];
        let rows = self.fitted.restored(self.rows.clone(), Units::Data);
        let column = |k: usize| column(&rows, shape.columns(), k);
        let means: Vec<f64> = (1..shape.columns()).map(|k| mean(&column(k))).collect();
        let y = common_range(column(1 + varied));
        let x = FigureScale::around(column(0).into_iter()).ends();
        let bounds = [y.low, y.high, x.low, x.high];
        let cells = cell_centres(bounds, CONDITIONAL_GRID);
        let on_grid = cells.chunks_exact(2).flat_map(|cell| {
            let given = means.iter().enumerate();
            let given = given.map(|(k, mean)| if k == varied { cell[0] } else { *mean });
            std::iter::once(cell[1]).chain(given).collect::<Vec<f64>>()
        });
        let values = self.fitted.log_densities(on_grid.collect(), Units::Data);
        let points = near_rows(&rows, shape.columns(), varied, &means);
        let fixed = names[1..].iter().cloned().zip(means).enumerate();
        let fixed = fixed.filter(|(k, _)| *k != varied);
        let fixed = fixed.map(|(_, (name, value))| FixedColumn { name, value });
        let condition = Condition {
            variable: names[0].clone(),
            context: names[1 + varied].clone(),
            fixed: fixed.collect(),
        };
        let density = Density {
            bounds,
            across: CONDITIONAL_GRID.across,
            values,
        };
        Ok(ConditionalMap {
            density,
            condition,
            points,
        })
    }
}

/// Converts the points of a picture from standardised to data units; the paths stay as they are.
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

/// The range of the learned columns.
fn learned(d: usize) -> ColumnRange {
    ColumnRange { first: 0, width: d }
}

/// The range of the values without the share [`RARE`] at each end.
fn common_range(mut values: Vec<f64>) -> Interval {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let at = |share: f64| values.get((share * last as f64).round() as usize).copied();
    let ends = at(RARE).zip(at(1.0 - RARE)).unwrap_or((0.0, 1.0));
    FigureScale::between(ends.0, ends.1).ends()
}

/// Points (y, x) of rows (x, given columns): of all, or where there are other given columns than y of those that are nearest to the
/// means of these, in standard deviations.
fn near_rows(rows: &[f64], columns: usize, varied: usize, means: &[f64]) -> Vec<[f64; 2]> {
    let others: Vec<usize> = (0..means.len()).filter(|k| *k != varied).collect();
    let deviations: Vec<f64> = others
        .iter()
        .map(|k| {
            let values = column(rows, columns, 1 + k);
            let squares: Vec<f64> = values.iter().map(|v| (v - means[*k]).powi(2)).collect();
            mean(&squares).sqrt().max(f64::MIN_POSITIVE)
        })
        .collect();
    let far = |row: &&[f64]| -> f64 {
        let others = others.iter().zip(&deviations);
        others
            .map(|(k, s)| ((row[1 + k] - means[*k]) / s).powi(2))
            .sum()
    };
    let mut rows: Vec<&[f64]> = rows.chunks_exact(columns).collect();
    if !others.is_empty() {
        let near = (rows.len() as f64 * NEAR).ceil() as usize;
        rows.sort_by(|a, b| far(a).total_cmp(&far(b)));
        rows.truncate(near);
    }
    rows.iter().map(|row| [row[1 + varied], row[0]]).collect()
}

fn mean(values: &[f64]) -> f64 {
    let n = values.len().max(1) as f64;
    values.iter().map(|value| value / n).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_beside_a_conditional_density_are_the_fifth_nearest_in_the_other_given_columns() {
        // x = k, y1 = 10 k, y2 = k - 5 of mean 0: the nearest are those around k = 5.
        let row = |k: i32| [f64::from(k), f64::from(10 * k), f64::from(k - 5)];
        let rows: Vec<f64> = (0..=10).flat_map(row).collect();
        let mut near = near_rows(&rows, 3, 0, &[50.0, 0.0]);
        near.sort_by(|a, b| a[0].total_cmp(&b[0]));
        assert_eq!(near, [[40.0, 4.0], [50.0, 5.0], [60.0, 6.0]]);
        // With y1 alone there is nothing to be near to.
        let pairs: Vec<f64> = (0..4).flat_map(|k| [f64::from(k), 1.0]).collect();
        assert_eq!(near_rows(&pairs, 2, 0, &[1.0]).len(), 4);
    }
}
