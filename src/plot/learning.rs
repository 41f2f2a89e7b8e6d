//! Learning curves: C of the best parameters so far over the training time, a curve for every run or other program, named at its end.
//!
//! ```text
//! C(s) = C of the last validation up to s seconds whose parameters were kept        a staircase; the axis of s is logarithmic
//! C from the least value, or H, to the largest that a curve has after two thirds of its own time, on that axis
//! ```

use svg::node::element::{Circle, Group};

use super::axes::{Axes, Pen, Place};
use super::colour::{REFERENCE, SERIES};
use super::figure::{Figure, LABEL, round, text};
use super::scale::{Scale, extent, minus};

/// Size of the axes; they are higher where many names stand beside them.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 82.0;
const TOP: f64 = 64.0;
const BELOW: f64 = 58.0;
/// Between the axes and the names.
const GAP: f64 = 22.0;
/// From one name to the next, at least.
const APART: f64 = 16.0;
/// Longest name, characters.
const LONGEST: usize = 40;
/// What is above is left out if it would make the rest so many times flatter.
const FLAT: f64 = 2.0;
/// The share of a curve's length on the axis of time after which it is to be seen in any case.
const LATE: f64 = 2.0 / 3.0;
/// Curves beyond the colours are dashed, in the same colours.
const DASHES: [&str; 4] = ["", "7 3", "2 2", "9 3 2 3"];

/// A point of a learning curve.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reached {
    /// Training time, seconds.
    pub seconds: f64,
    /// C of the validation, nats.
    pub c: f64,
}

/// What one run or other program has reached, and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningCurve {
    /// Its name, as it stands at the curve's end.
    pub name: String,
    /// The validations whose parameters were kept, in order of their time.
    pub reached: Vec<Reached>,
    /// Training time in all, seconds.
    pub seconds: f64,
}

impl LearningCurve {
    /// The points that have a place on a logarithmic axis of time.
    fn points(&self) -> impl DoubleEndedIterator<Item = Reached> + Clone {
        let placed = |point: &Reached| point.seconds > 0.0 && point.c.is_finite();
        self.reached.iter().copied().filter(placed)
    }

    /// Whether there is anything to draw.
    pub fn is_empty(&self) -> bool {
        self.points().next().is_none()
    }

    fn first(&self) -> Option<Reached> {
        self.points().next()
    }

    /// Its last point at the end of the time; that is never before the last point.
    fn end(&self) -> Option<Reached> {
        let last = self.points().next_back()?;
        let end = if self.seconds.is_finite() {
            self.seconds
        } else {
            last.seconds
        };
        Some(Reached {
            seconds: end.max(last.seconds),
            c: last.c,
        })
    }

    /// What it has reached after the share of its time, on a logarithmic axis, from which on it is to be seen.
    fn late(&self) -> Option<f64> {
        let (first, end) = (self.first()?, self.end()?);
        let from = first.seconds.powf(1.0 - LATE) * end.seconds.powf(LATE);
        let until = self.points().take_while(|point| point.seconds <= from);
        Some(until.last().unwrap_or(first).c)
    }

    fn staircase(&self) -> Vec<[f64; 2]> {
        let mut corners: Vec<[f64; 2]> = Vec::new();
        for Reached { seconds, c } in self.points().chain(self.end()) {
            if let Some([_, before]) = corners.last().copied() {
                corners.push([seconds, before]);
            }
            corners.push([seconds, c]);
        }
        corners
    }
}

/// Draws the curves that have points, with H of the data as a line where it is known.
pub fn learning(curves: &[LearningCurve], floor: Option<f64>, title: &str) -> Figure {
    let curves: Vec<&LearningCurve> = curves.iter().filter(|curve| !curve.is_empty()).collect();
    let (y, clipped) = values(&curves, floor);
    let axes = Axes {
        place: Place {
            x: LEFT,
            y: TOP,
            width: WIDTH,
            height: HEIGHT.max(APART * curves.len() as f64),
        },
        x: times(&curves),
        y,
    };
    let names: Vec<String> = curves.iter().map(|curve| name(curve, &axes)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max();
    let beside = GAP + 8.0 + 0.62 * LABEL * longest.unwrap_or(0) as f64 + 8.0;
    let size = (LEFT + WIDTH + beside, TOP + axes.place.height + BELOW);
    let mut figure = Figure::new(size, title);
    let above = if clipped {
        "; what is higher is off the scale"
    } else {
        ""
    };
    figure.note(&format!("best parameters so far; lower is better{above}"));
    let drawn = curves.iter().enumerate();
    let drawn = drawn.fold(axes.clipped().add(axes.grid()), |group, (k, curve)| {
        group.add(pen(k).draw(axes.path(curve.staircase().into_iter())))
    });
    figure.add(drawn.add(level(&axes, floor)));
    figure.add(axes.outline());
    figure.add(axes.below("training time (s), log scale"));
    figure.add(axes.beside("C of the validation (nats)"));
    let ends: Vec<f64> = curves.iter().map(|curve| height(curve, &axes)).collect();
    for (k, (y, name)) in spread(&ends, axes.place)
        .into_iter()
        .zip(&names)
        .enumerate()
    {
        figure.add(label(curves[k], &axes, (k, y, name)));
    }
    figure
}

fn pen(k: usize) -> Pen<'static> {
    Pen {
        dashes: DASHES[k / SERIES.len() % DASHES.len()],
        ..Pen::new(SERIES[k % SERIES.len()], 2.0)
    }
}

fn times(curves: &[&LearningCurve]) -> Scale {
    let ends = curves.iter().flat_map(|curve| [curve.first(), curve.end()]);
    Scale::logarithmic(ends.flatten().map(|point| point.seconds))
}

/// The axis of C, and whether something is above it.
fn values(curves: &[&LearningCurve], floor: Option<f64>) -> (Scale, bool) {
    let all = curves.iter().flat_map(|curve| curve.points());
    let all = all.map(|point| point.c).chain(floor);
    let Some((low, high)) = extent(all.clone()) else {
        return (Scale::around(all), false);
    };
    let late = curves.iter().filter_map(|curve| curve.late());
    let top = extent(late.chain(floor)).map_or(high, |(_, top)| top);
    if high - low > FLAT * (top - low) && top > low {
        (Scale::around([low, top].into_iter()), true)
    } else {
        (Scale::around([low, high].into_iter()), false)
    }
}

/// The curve's name with what it has reached at its end, to a hundredth of the axis.
fn name(curve: &LearningCurve, axes: &Axes) -> String {
    let (low, high) = axes.y.ends();
    let digits = (2.0 - (high - low).log10()).ceil().clamp(2.0, 6.0) as usize;
    let mut name: String = curve.name.chars().take(LONGEST).collect();
    if name.len() < curve.name.len() {
        name.push('\u{2026}');
    }
    let c = curve.end().map_or(f64::NAN, |end| end.c);
    format!("{name}  {}", minus(&format!("{c:.digits$}")))
}

/// Where the curve ends, in the figure.
fn height(curve: &LearningCurve, axes: &Axes) -> f64 {
    let end = curve.end().and_then(|end| axes.at([end.seconds, end.c]));
    let (top, bottom) = (axes.place.y, axes.place.y + axes.place.height);
    end.map_or(top, |(_, y)| y.clamp(top, bottom))
}

/// Places near the wanted ones, in the same order, none closer than a line of text to the next and none past the axes.
fn spread(wanted: &[f64], place: Place) -> Vec<f64> {
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

/// The dot at the end of a curve, its name at a height beside the axes, and a fine line from one to the other.
fn label(curve: &LearningCurve, axes: &Axes, (k, y, name): (usize, f64, &str)) -> Group {
    let pen = pen(k);
    let dot = |x: f64, y: f64| {
        let dot = Circle::new().set("cx", round(x)).set("cy", round(y));
        dot.set("r", 3.2).set("fill", pen.colour)
    };
    let x = LEFT + WIDTH + GAP;
    let group = Group::new().add(text(name, (x + 8.0, y + 0.36 * LABEL), LABEL));
    let end = curve.end();
    let Some((from, _)) = end.and_then(|end| axes.at([end.seconds, end.c])) else {
        return group;
    };
    let height = height(curve, axes);
    let line = Pen {
        dashes: "1 2.5",
        ..Pen::new(pen.colour, 1.0)
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

/// H across the axes, with its name.
fn level(axes: &Axes, floor: Option<f64>) -> Group {
    let Some((left, y)) = floor.and_then(|h| axes.at([axes.x.ends().0, h])) else {
        return Group::new();
    };
    let pen = Pen {
        dashes: "9 4",
        ..Pen::new(REFERENCE, 1.2)
    };
    let line = pen.draw(format!("M{} {}h{WIDTH}", round(left), round(y)));
    let words = "H, entropy of the data";
    Group::new()
        .add(line)
        .add(text(words, (left + 8.0, y - 5.0), LABEL))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[[f64; 2]], seconds: f64) -> LearningCurve {
        let reached = |&[seconds, c]: &[f64; 2]| Reached { seconds, c };
        LearningCurve {
            name: "a".into(),
            reached: points.iter().map(reached).collect(),
            seconds,
        }
    }

    #[test]
    fn a_curve_is_level_until_something_better_comes_and_to_its_end() {
        let curve = curve(&[[0.0, 9.0], [1.0, 8.0], [2.0, f64::NAN], [4.0, 3.0]], 16.0);
        let corners = [[1.0, 8.0], [4.0, 8.0], [4.0, 3.0], [16.0, 3.0], [16.0, 3.0]];
        assert_eq!(curve.staircase(), corners);
        assert_eq!(curve.late(), Some(3.0));
    }

    #[test]
    fn a_steep_beginning_is_off_the_scale_and_both_ends_and_the_floor_are_on_it() {
        let (fast, slow) = (
            curve(&[[1.0, 65.0], [2.0, 4.0], [9.0, 3.5]], 100.0),
            curve(&[[10.0, 40.0], [20.0, 6.0], [90.0, 5.0]], 100.0),
        );
        let (scale, clipped) = values(&[&fast, &slow], Some(3.0));
        let (low, high) = scale.ends();
        assert!(clipped && low < 3.0 && (6.0..7.0).contains(&high));
        let (scale, clipped) = values(&[&curve(&[[1.0, 5.0], [50.0, 4.0]], 100.0)], None);
        assert!(!clipped && scale.ends().1 > 5.0);
    }

    #[test]
    fn names_keep_their_order_and_their_distance_and_stay_beside_the_axes() {
        let place = Place {
            x: 0.0,
            y: 10.0,
            width: 1.0,
            height: 100.0,
        };
        let found = spread(&[110.0, 10.0, 109.0, 50.0], place);
        assert_eq!(found, [110.0, 10.0, 94.0, 50.0]);
        assert_eq!(spread(&[10.0, 10.0], place), [10.0, 26.0]);
    }
}
