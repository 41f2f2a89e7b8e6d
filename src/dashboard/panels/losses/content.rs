//! What a chart shows: its name, its curves, a level to compare them with, the scale of its values. One for each measure; `chart` draws them all alike.

use super::curve::DrawnSeries;
use crate::dashboard::axis::AxisScale;
use crate::dashboard::component::Component;
use crate::dashboard::state::State;
use crate::dashboard::state::comparison::ComparedCurves;
use crate::dashboard::state::losses::ChartPage;
use crate::dashboard::state::series::Series;

/// What a chart shows.
#[derive(Debug)]
pub struct ChartContent<'a> {
    /// The names, from the longest to the shortest: with the meaning and the unit, with the unit, the symbol alone.
    pub names: Vec<String>,
    /// The curves of the run, in the order in which they are drawn.
    pub curves: Vec<ChartCurve<'a>>,
    /// The curves of other runs.
    pub compared: Vec<ComparedPair<'a>>,
    /// A value that curves are compared with.
    pub level: Option<ReferenceLevel>,
    /// The scale of the values that is asked for.
    pub scale: AxisScale,
    /// The least value that a log axis need show: what is smaller is noise.
    pub least: Option<f64>,
    /// The factor of the values of all curves.
    pub factor: f64,
}

/// A value that the curves of a chart are compared with, drawn as a line where it is not far from them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReferenceLevel {
    /// The symbol that formulas write; empty for 0, which is only a number.
    pub symbol: &'static str,
    /// The weighted value.
    pub value: f64,
}

/// A curve of a chart.
#[derive(Clone, Copy, Debug)]
pub struct ChartCurve<'a> {
    /// What is drawn.
    pub drawn: DrawnSeries<'a>,
    /// Where its values come from.
    pub kind: CurveKind,
    /// The last value, unweighted; None before it.
    pub last: Option<f64>,
    /// The standard error of the last value.
    pub error: Option<f64>,
}

/// Where the values of a curve come from, by which it is drawn and named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurveKind {
    /// The iterations.
    Training,
    /// Validations.
    Validation,
}

/// The curves of a run that this one is compared with.
#[derive(Clone, Copy, Debug)]
pub struct ComparedPair<'a> {
    /// The letter that stands for the run.
    pub letter: char,
    /// The curve of training.
    pub training: &'a Series,
    /// The curve of validations.
    pub validation: &'a Series,
}

/// The charts of the page that is shown; `roomy` if there is room for one more than are needed.
pub fn contents(state: &State, roomy: bool) -> Vec<ChartContent<'_>> {
    match state.view.losses.page {
        ChartPage::Losses => {
            let losses = Component::ALL.map(|component| match component {
                Component::Loss if state.matches() => {
                    matching(state).unwrap_or_else(|| loss(state, component))
                }
                _ => loss(state, component),
            });
            let known = roomy && state.measures.divergence.span().is_some();
            let more = divergence(state).filter(|_| known);
            losses.into_iter().chain(more).collect()
        }
        ChartPage::Fit => {
            let fit = [loss(state, Component::C), gap(state)];
            fit.into_iter().chain(divergence(state)).collect()
        }
        ChartPage::Steps => steps(state),
        ChartPage::Matching => matching(state).into_iter().collect(),
    }
}

/// The chart of a component of the loss.
fn loss(state: &State, component: Component) -> ChartContent<'_> {
    let factor = state.factor(component);
    let last = state.losses.as_ref().map(|losses| component.of(losses));
    let training = ChartCurve {
        drawn: DrawnSeries {
            series: state.training.series(component),
            smoothing: state.view.losses.smoothing,
            errors: None,
        },
        kind: CurveKind::Training,
        last,
        error: None,
    };
    let validated = state.validated.as_ref();
    let validation = ChartCurve {
        drawn: DrawnSeries::plain(state.validation.series(component)),
        kind: CurveKind::Validation,
        last: validated.map(|figures| component.of(&figures.losses)),
        error: None,
    };
    let compared = state.compared.iter().enumerate();
    let compared = compared.map(|(number, run)| ComparedPair {
        letter: ComparedCurves::letter(number),
        training: run.training.series(component),
        validation: run.validation.series(component),
    });
    let entropy = state.start.as_ref().and_then(|start| start.entropy);
    let entropy = entropy.filter(|h| component == Component::C && h.is_finite());
    ChartContent {
        curves: vec![training, validation],
        compared: compared.collect(),
        level: entropy.map(|h| ReferenceLevel {
            symbol: "H",
            value: factor * h,
        }),
        factor,
        ..empty(state, names(state, component))
    }
}

/// A chart without curves, on the scale of its page.
fn empty(state: &State, names: Vec<String>) -> ChartContent<'_> {
    let view = &state.view.losses;
    ChartContent {
        names,
        curves: Vec::new(),
        compared: Vec::new(),
        level: None,
        scale: view.scales.of(view.page),
        least: None,
        factor: 1.0,
    }
}

/// The names of a component: what it is and its unit. Times a weight, it is in no unit but the loss's own.
fn names(state: &State, component: Component) -> Vec<String> {
    let weight = |component: Component| {
        let weight = component.weight().and_then(|name| state.setting(name));
        weight.filter(|&weight| weight != 1.0)
    };
    if state.view.weighted && component.weight().is_some() {
        let symbol = component.symbol();
        let weighted = weight(component).map_or(symbol.into(), |w| format!("{w} {symbol}"));
        return vec![format!("{weighted}, part of the loss"), weighted];
    }
    let forms: &[&str] = match component {
        Component::Loss => {
            let term = |component: Component| match weight(component) {
                Some(weight) => format!("{weight} {}", component.symbol()),
                None => component.symbol().into(),
            };
            let terms = [Component::L, Component::C, Component::R].map(term);
            return vec![format!("loss = {}", terms.join(" + ")), "loss".into()];
        }
        Component::L => &["L transport cost, standardised", "L standardised", "L std."],
        Component::C => &["C negative log-likelihood, nats", "C nats"],
        Component::R => &["R HJB penalty, standardised", "R standardised", "R std."],
    };
    owned(forms)
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// The chart of a curve that is alone.
fn alone<'a>(
    state: &'a State,
    names: &[&str],
    (kind, series): (CurveKind, &'a Series),
    last: Option<f64>,
) -> ChartContent<'a> {
    let curve = ChartCurve {
        drawn: DrawnSeries::plain(series),
        kind,
        last,
        error: None,
    };
    ChartContent {
        curves: vec![curve],
        ..empty(state, owned(names))
    }
}

/// The chart of M, if the run has had a start by matching.
fn matching(state: &State) -> Option<ChartContent<'_>> {
    let start = state.matching.as_ref()?;
    let names = ["M matching loss, standardised", "M standardised", "M std."];
    let mut content = alone(
        state,
        &names,
        (CurveKind::Training, &start.curve),
        Some(start.m),
    );
    // On every page, since it falls through decades.
    content.scale = state.view.losses.scales.of(ChartPage::Matching);
    for curve in &mut content.curves {
        curve.drawn.smoothing = state.view.losses.smoothing;
    }
    Some(content)
}

/// The chart of validation C minus training C.
fn gap(state: &State) -> ChartContent<'_> {
    let measures = &state.measures;
    let names = [
        "gap: validation C - training C (avg 0.98), nats",
        "gap: val C - train C, nats",
        "gap of C, nats",
        "gap, nats",
    ];
    let curve = (CurveKind::Validation, &measures.gap);
    ChartContent {
        level: Some(ReferenceLevel {
            symbol: "",
            value: 0.0,
        }),
        ..alone(state, &names, curve, measures.last_gap)
    }
}

/// The chart of C - H on a log axis, where H is known.
fn divergence(state: &State) -> Option<ChartContent<'_>> {
    state.start.as_ref()?.entropy?;
    let measures = &state.measures;
    let names = [
        "C - H of validation with its standard error, nats",
        "C - H with std. error, nats",
        "C - H, nats",
    ];
    let last = state.validated.and_then(|figures| figures.divergence);
    let mut content = alone(
        state,
        &names,
        (CurveKind::Validation, &measures.divergence),
        last,
    );
    let error = state.validated.and_then(|figures| figures.divergence_se);
    for curve in &mut content.curves {
        curve.error = error;
        curve.drawn.errors = Some(&measures.divergence_band);
    }
    Some(ChartContent {
        scale: AxisScale::Log,
        least: measures.least_se.map(|se| se * LEAST),
        ..content
    })
}

/// Share of the least standard error below which C - H tells nothing.
const LEAST: f64 = 0.1;

/// The charts of what an iteration does.
fn steps(state: &State) -> Vec<ChartContent<'_>> {
    let (measures, step) = (&state.measures, state.step);
    let rate = ["lr learning rate", "lr"];
    let gradient = ["gradient norm, of the loss or M", "gradient norm"];
    let update = ["step over weights, norms", "step/weights"];
    let chart =
        |names: &[&str], series, last| alone(state, names, (CurveKind::Training, series), last);
    vec![
        chart(&rate, &measures.rate, step.map(|step| step.lr)),
        chart(
            &gradient,
            &measures.gradient,
            step.map(|step| step.gradient),
        ),
        chart(&update, &measures.update, step.map(|step| step.update)),
    ]
}
