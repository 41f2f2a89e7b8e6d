//! Learning curves: C of the best parameters so far over the training time, a curve for every run or other program, named at its end.
//!
//! ```text
//! C(s) = C of the last validation up to s seconds whose parameters were kept        a staircase; the axis of s is logarithmic
//! C from the least value, or H, to the largest that a curve has after two thirds of its own time, on that axis
//! ```

use svg::node::element::{Circle, Group};

use super::axes::{Axes, FigureRect, LineStyle};
use super::colour::SERIES;
use super::extent::{Interval, extent};
use super::figure::{FigureSize, LABEL, SvgFigure, round, text};
use super::losses::entropy_style;
use super::scale::{FigureScale, minus};

/// Size of the axes; they are higher where there are many names beside them.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 82.0;
const TOP: f64 = 64.0;
const BELOW: f64 = 58.0;
/// Gap between the axes and the names.
const GAP: f64 = 22.0;
/// Smallest distance of two names.
const APART: f64 = 16.0;
/// Largest number of characters of a name.
const LONGEST: usize = 40;
/// Factor by which the range of C has to exceed that of the late values for the values above these to be left out.
const FLAT: f64 = 2.0;
/// Share of a curve's length on the axis of time after which its values are always within the axes.
const LATE: f64 = 2.0 / 3.0;
/// Curves beyond the colours are dashed, in the same colours.
const DASHES: [&str; 4] = ["", "7 3", "2 2", "9 3 2 3"];

/// A point of a learning curve: C of a validation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CurvePoint {
    /// Training time, seconds.
    pub seconds: f64,
    /// C of the validation, nats.
    pub c: f64,
}

/// A learning curve: the best C of a run or another program over its training time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningCurve {
    /// Name of the run or program, drawn at the end of the curve.
    pub name: String,
    /// Validations whose parameters were kept, in order of their time.
    pub points: Vec<CurvePoint>,
    /// Whole training time, seconds.
    pub seconds: f64,
}

impl LearningCurve {
    /// Points that have a position on a logarithmic axis of time.
    fn drawable_points(&self) -> impl DoubleEndedIterator<Item = CurvePoint> + Clone {
        let placed = |point: &CurvePoint| point.seconds > 0.0 && point.c.is_finite();
        self.points.iter().copied().filter(placed)
    }

    /// Whether the curve has no point that can be drawn.
    pub fn is_empty(&self) -> bool {
        self.drawable_points().next().is_none()
    }

    fn first(&self) -> Option<CurvePoint> {
        self.drawable_points().next()
    }

    /// The last C at the end of the training time, which is never before the last point.
    fn end(&self) -> Option<CurvePoint> {
        let last = self.drawable_points().next_back()?;
        let end = if self.seconds.is_finite() {
            self.seconds
        } else {
            last.seconds
        };
        Some(CurvePoint {
            seconds: end.max(last.seconds),
            c: last.c,
        })
    }

    /// C after the share [`LATE`] of the curve's length on the logarithmic axis of time.
    fn late_value(&self) -> Option<f64> {
        let (first, end) = (self.first()?, self.end()?);
        let from = first.seconds.powf(1.0 - LATE) * end.seconds.powf(LATE);
        let until = self
            .drawable_points()
            .take_while(|point| point.seconds <= from);
        Some(until.last().unwrap_or(first).c)
    }

    /// Corners of the staircase.
    fn staircase(&self) -> Vec<[f64; 2]> {
        let mut corners: Vec<[f64; 2]> = Vec::new();
        for CurvePoint { seconds, c } in self.drawable_points().chain(self.end()) {
            if let Some([_, before]) = corners.last().copied() {
                corners.push([seconds, before]);
            }
            corners.push([seconds, c]);
        }
        corners
    }
}

/// Draws the curves that have points, with the entropy H of the data as a line where it is known.
pub fn learning(curves: &[LearningCurve], entropy: Option<f64>, title: &str) -> SvgFigure {
    let curves: Vec<&LearningCurve> = curves.iter().filter(|curve| !curve.is_empty()).collect();
    let LearningAxis { scale: y, clips } = value_axis(&curves, entropy);
    let axes = Axes {
        place: FigureRect {
            x: LEFT,
            y: TOP,
            width: WIDTH,
            height: HEIGHT.max(APART * curves.len() as f64),
        },
        x: time_scale(&curves),
        y,
    };
    let names: Vec<String> = curves.iter().map(|curve| end_name(curve, &axes)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max();
    let beside = GAP + 8.0 + 0.62 * LABEL * longest.unwrap_or(0) as f64 + 8.0;
    let size = FigureSize {
        width: LEFT + WIDTH + beside,
        height: TOP + axes.place.height + BELOW,
    };
    let mut figure = SvgFigure::new(size, title);
    let above = if clips {
        "; what is higher is off the scale"
    } else {
        ""
    };
    figure.add_note(&format!("best parameters so far; lower is better{above}"));
    let drawn = curves.iter().enumerate();
    let drawn = drawn.fold(axes.clipped().add(axes.grid()), |group, (k, curve)| {
        group.add(style(k).draw(axes.path(curve.staircase().into_iter())))
    });
    figure.add(drawn.add(entropy_line(&axes, entropy)));
    figure.add(axes.outline());
    figure.add(axes.x_axis("training time (s), log scale"));
    figure.add(axes.y_axis("C of the validation (nats)"));
    let ends: Vec<f64> = curves
        .iter()
        .map(|curve| end_height(curve, &axes))
        .collect();
    for (k, (y, name)) in spread_names(&ends, axes.place)
        .into_iter()
        .zip(&names)
        .enumerate()
    {
        let label = EndLabel {
            curve: curves[k],
            style: style(k),
            y,
            name,
        };
        figure.add(label.draw(&axes));
    }
    figure
}

/// The line of the k-th curve.
fn style(k: usize) -> LineStyle<'static> {
    LineStyle {
        dashes: DASHES[k / SERIES.len() % DASHES.len()],
        ..LineStyle::new(SERIES[k % SERIES.len()], 2.0)
    }
}

/// The scale of the training times.
fn time_scale(curves: &[&LearningCurve]) -> FigureScale {
    let ends = curves.iter().flat_map(|curve| [curve.first(), curve.end()]);
    FigureScale::logarithmic(ends.flatten().map(|point| point.seconds))
}

/// The scale of C.
struct LearningAxis {
    scale: FigureScale,
    /// Whether values of the curves lie above the scale.
    clips: bool,
}

/// Chooses the scale of C.
fn value_axis(curves: &[&LearningCurve], entropy: Option<f64>) -> LearningAxis {
    let all = curves.iter().flat_map(|curve| curve.drawable_points());
    let all = all.map(|point| point.c).chain(entropy);
    let Some(Interval { low, high }) = extent(all.clone()) else {
        return LearningAxis {
            scale: FigureScale::around(all),
            clips: false,
        };
    };
    let late = curves.iter().filter_map(|curve| curve.late_value());
    let top = extent(late.chain(entropy)).map_or(high, |ends| ends.high);
    let clips = high - low > FLAT * (top - low) && top > low;
    let shown = if clips { top } else { high };
    LearningAxis {
        scale: FigureScale::around([low, shown].into_iter()),
        clips,
    }
}

/// The curve's name with its last C, to a hundredth of the axis.
fn end_name(curve: &LearningCurve, axes: &Axes) -> String {
    let digits = (2.0 - axes.y.ends().length().log10())
        .ceil()
        .clamp(2.0, 6.0) as usize;
    let mut name: String = curve.name.chars().take(LONGEST).collect();
    if name.len() < curve.name.len() {
        name.push('\u{2026}');
    }
    let c = curve.end().map_or(f64::NAN, |end| end.c);
    format!("{name}  {}", minus(&format!("{c:.digits$}")))
}

/// The vertical position of the curve's end in the figure.
fn end_height(curve: &LearningCurve, axes: &Axes) -> f64 {
    let end = curve
        .end()
        .and_then(|end| axes.figure_point([end.seconds, end.c]));
    let (top, bottom) = (axes.place.y, axes.place.y + axes.place.height);
    end.map_or(top, |(_, y)| y.clamp(top, bottom))
}

/// Positions near the wanted ones, in the same order, none closer than a line of text to the next and none beyond the axes.
fn spread_names(wanted: &[f64], place: FigureRect) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut found = wanted.to_vec();
    let mut free = f64::NEG_INFINITY;
    for &k in &order {
        found[k] = found[k].max(free);
        free = found[k] + APART;
    }
    let mut free = place.y + place.height;
    for &k in order.iter().rev() {
        found[k] = found[k].min(free);
        free = found[k] - APART;
    }
    found
}

/// The name at the end of a curve.
struct EndLabel<'a> {
    curve: &'a LearningCurve,
    /// Line of the curve.
    style: LineStyle<'static>,
    /// Vertical position of the name.
    y: f64,
    name: &'a str,
}

impl EndLabel<'_> {
    /// Draws a dot at the end of the curve, the name beside the axes, and a fine line from one to the other.
    fn draw(&self, axes: &Axes) -> Group {
        let dot = |x: f64, y: f64| {
            let dot = Circle::new().set("cx", round(x)).set("cy", round(y));
            dot.set("r", 3.2).set("fill", self.style.colour)
        };
        let (x, y) = (LEFT + WIDTH + GAP, self.y);
        let group = Group::new().add(text(self.name, (x + 8.0, y + 0.36 * LABEL), LABEL));
        let end = self.curve.end();
        let Some((from, _)) = end.and_then(|end| axes.figure_point([end.seconds, end.c])) else {
            return group;
        };
        let height = end_height(self.curve, axes);
        let line = LineStyle {
            dashes: "1 2.5",
            ..LineStyle::new(self.style.colour, 1.0)
        };
        let edge = LEFT + WIDTH + 4.0;
        let path = format!(
            "M{} {}H{edge}L{} {}",
            round(from),
            round(height),
            round(x),
            round(y)
        );
        let group = group.add(line.draw(path)).add(dot(from, height));
        group.add(dot(x, y))
    }
}

/// The line of H across the axes, with its name.
fn entropy_line(axes: &Axes, entropy: Option<f64>) -> Group {
    let Some((left, y)) = entropy.and_then(|h| axes.figure_point([axes.x.ends().low, h])) else {
        return Group::new();
    };
    let line = entropy_style().draw(format!("M{} {}h{WIDTH}", round(left), round(y)));
    let words = "H, entropy of the data";
    Group::new()
        .add(line)
        .add(text(words, (left + 8.0, y - 5.0), LABEL))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[[f64; 2]], seconds: f64) -> LearningCurve {
        let point = |&[seconds, c]: &[f64; 2]| CurvePoint { seconds, c };
        LearningCurve {
            name: "a".into(),
            points: points.iter().map(point).collect(),
            seconds,
        }
    }

    #[test]
    fn a_curve_is_level_until_something_better_comes_and_to_its_end() {
        let curve = curve(&[[0.0, 9.0], [1.0, 8.0], [2.0, f64::NAN], [4.0, 3.0]], 16.0);
        let corners = [[1.0, 8.0], [4.0, 8.0], [4.0, 3.0], [16.0, 3.0], [16.0, 3.0]];
        assert_eq!(curve.staircase(), corners);
        assert_eq!(curve.late_value(), Some(3.0));
    }

    #[test]
    fn a_steep_beginning_is_off_the_scale_and_both_ends_and_the_floor_are_on_it() {
        let (fast, slow) = (
            curve(&[[1.0, 65.0], [2.0, 4.0], [9.0, 3.5]], 100.0),
            curve(&[[10.0, 40.0], [20.0, 6.0], [90.0, 5.0]], 100.0),
        );
        let axis = value_axis(&[&fast, &slow], Some(3.0));
        let Interval { low, high } = axis.scale.ends();
        assert!(axis.clips && low < 3.0 && (6.0..7.0).contains(&high));
        let axis = value_axis(&[&curve(&[[1.0, 5.0], [50.0, 4.0]], 100.0)], None);
        assert!(!axis.clips && axis.scale.ends().high > 5.0);
    }

    #[test]
    fn names_keep_their_order_and_their_distance_and_stay_beside_the_axes() {
        let place = FigureRect {
            x: 0.0,
            y: 10.0,
            width: 1.0,
            height: 100.0,
        };
        let found = spread_names(&[110.0, 10.0, 109.0, 50.0], place);
        assert_eq!(found, [110.0, 10.0, 94.0, 50.0]);
        assert_eq!(spread_names(&[10.0, 10.0], place), [10.0, 26.0]);
    }
}
