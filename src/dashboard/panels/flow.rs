//! The flow, in one of four views: samples of the data and of the model, all on one scale; where f takes the data and back; the
//! density; particles on their paths. Two columns of the points, with equal axes.
//!
//! | file | holds |
//! | --- | --- |
//! | plane | the place of a point on an area, and back |
//! | point_views, scatter | two or four views of points; the points of one |
//! | density | the density |
//! | paths | particles on their paths |
//! | title | the titles |

mod density;
mod paths;
mod plane;
mod point_views;
mod scatter;
mod title;

use ratatui::style::Style;

use crate::dashboard::canvas::Canvas;
use crate::dashboard::range::ValueRange;
use crate::dashboard::state::State;
use crate::dashboard::state::flow::FlowContent;
use crate::event::Picture;
use paths::Paths;
use plane::{Plane, PlaneBounds, PlaneFrame};
pub use title::title;
use title::{fitting, outside_note};

/// Room around the data, as a share of its extent.
const MARGIN: f64 = 0.1;
/// Distance from 0 that paths need around the normal.
const CORE: f64 = 3.0;

/// Draws the view that is chosen.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let area = canvas.area.intersection(canvas.buffer.area);
    let canvas = &mut canvas.part(area);
    let Some(picture) = &state.picture else {
        let text = "the first picture is on its way";
        canvas.cut_line(0, text, theme.dim());
        return;
    };
    let plane = Plane {
        dimension: picture.dimension,
        columns: state.view.flow.columns(picture.dimension),
    };
    let Some(bounds) = bounds(state, plane) else {
        canvas.cut_line(0, "no finite point", theme.alert());
        return;
    };
    match state.view.flow.content {
        FlowContent::Data | FlowContent::Inverse => {
            point_views::draw(state, picture, plane, bounds, canvas);
        }
        FlowContent::Density => draw_density(state, picture, plane, bounds, canvas),
        FlowContent::Paths => draw_paths(state, picture, plane, bounds, canvas),
    }
}

/// The bounds of the data in two columns.
fn bounds(state: &State, plane: Plane) -> Option<PlaneBounds> {
    let of = |column: usize| state.bounds.get(column).copied().flatten();
    let x = of(plane.columns[0])?;
    let y = if plane.dimension > 1 {
        of(plane.columns[1])?
    } else {
        ValueRange::of(0.0)
    };
    Some(PlaneBounds { x, y })
}

fn draw_density(
    state: &State,
    picture: &Picture,
    plane: Plane,
    bounds: PlaneBounds,
    canvas: &mut Canvas,
) {
    let Some(density) = picture.density.as_ref().filter(|_| plane.dimension == 2) else {
        let text = format!("density: for 2 columns only, not {}", plane.dimension);
        canvas.cut_line(0, &text, canvas.theme.dim());
        return;
    };
    density::draw_legend(density, canvas);
    let canvas = &mut canvas.below(1);
    let frame = PlaneFrame::fit(plane, bounds, MARGIN, canvas.area);
    let points = if state.view.flow.samples {
        &picture.data[..]
    } else {
        &[]
    };
    density::draw(density, points, &frame, canvas);
}

fn draw_paths(
    state: &State,
    picture: &Picture,
    plane: Plane,
    data: PlaneBounds,
    canvas: &mut Canvas,
) {
    let view = &state.view.flow;
    let (way, rows) = if view.backward {
        ("normal to data", &picture.backward)
    } else {
        ("data to normal", &picture.forward)
    };
    let mut names = vec![way.to_owned()];
    if let Some(ratio) = picture.straightness {
        let short = format!("{way}, path/chord {ratio:.2}");
        names.splice(0..0, [format!("{short} (1 = straight)"), short.clone()]);
    }
    let below = &mut canvas.below(1);
    let bounds = data.join(PlaneBounds::square(CORE));
    let frame = PlaneFrame::fit(plane, bounds, 0.0, below.area);
    let paths = Paths {
        times: &picture.times,
        rows,
    };
    let outside = paths::draw(paths, view.share(state.now), &frame, below);
    let note = outside_note(outside);
    let room = canvas.area.width.saturating_sub(note.len() as u16);
    let name = format!("{}{note}", fitting(&names, room));
    canvas.cut_line(0, &name, Style::new());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::action::{Action, FlowAction};
    use crate::dashboard::fixtures;
    use crate::dashboard::theme::{Depth, Markers, Theme};
    use crate::dashboard::update::perform;
    use crate::session;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    const PLAIN: Theme = Theme {
        markers: Markers::Ascii,
        colour: Depth::None,
    };

    fn act(state: &mut State, action: FlowAction) {
        perform(state, Action::Flow(action));
    }

    /// The pane after some keys, as rows.
    fn drawn(actions: &[FlowAction], (width, height): (u16, u16)) -> Vec<String> {
        let mut state = fixtures::run();
        actions.iter().for_each(|&one| act(&mut state, one));
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        draw(&state, &mut Canvas::whole(&PLAIN, &mut buffer));
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        (0..height).map(row).collect()
    }

    #[test]
    fn two_views_fit_a_small_pane_and_four_a_large_one() {
        let small = drawn(&[], (38, 11));
        assert!(small[0].starts_with("data ") && small[0].contains("generated"));
        let large = drawn(&[], (80, 21)).join("\n");
        for name in ["data", "f(x)", "generated", "f^-1(f(x))"] {
            assert!(large.contains(name), "{name}");
        }
    }

    #[test]
    fn the_other_views_say_what_they_are() {
        let titles = |actions: &[FlowAction]| drawn(actions, (38, 11)).remove(0);
        let inverse = titles(&[FlowAction::View]);
        assert!(inverse.starts_with("f(x), -4 to 4") && inverse.contains("inverse err 3e-4"));
        assert!(titles(&[FlowAction::View; 2]).starts_with("log p "));
        assert!(titles(&[FlowAction::View; 3]).starts_with("data to normal, path/chord 1.02"));
        assert!(titles(&[FlowAction::Turn]).starts_with("normal to data"));
    }

    #[test]
    fn the_title_tells_the_columns_and_the_time() {
        let mut state = fixtures::run();
        let title = |state: &State| super::title(state, &PLAIN, 60);
        assert_eq!(title(&state), "flow at 390: x1, x2, path/chord 1.02");
        act(&mut state, FlowAction::Later);
        assert_eq!(title(&state), "flow at 390: x1, x2, t 0.05");
        act(&mut state, FlowAction::Turn);
        act(&mut state, FlowAction::Later);
        assert_eq!(title(&state), "flow at 390: x1, x2, t 0.00");
        let start = state.start.as_mut().unwrap();
        start.columns = ["carat", "depth", "price in dollars", "given"]
            .map(String::from)
            .into();
        let picture = |dimension| Picture {
            dimension,
            ..Picture::default()
        };
        state.set_picture(picture(3));
        act(&mut state, FlowAction::Column { axis: 1, by: 1 });
        let columns = "carat, price in do~ of 3";
        assert_eq!(title(&state), format!("flow at 0: {columns}, t 0.00"));
        let narrow = super::title(&state, &PLAIN, 32);
        assert_eq!(narrow, "flow: carat, price~ of 3, t 0.00");
        let narrower = super::title(&state, &PLAIN, 31);
        assert_eq!(narrower, format!("flow: {columns}"));
        state.set_picture(picture(1));
        assert_eq!(title(&state), "flow at 0: carat, t 0.00");
    }

    #[test]
    fn points_of_a_table_are_in_standardised_units() {
        let mut state = fixtures::run();
        let start = state.start.as_mut().unwrap();
        let text = "(data: Table(path: \"a.csv\"))";
        start.session = session::parse(text, "s.ron".as_ref()).unwrap().into();
        let title = |width| super::title(&state, &PLAIN, width);
        let whole = "flow at 390: x1, x2, path/chord 1.02, standardised";
        assert_eq!(title(50), whole);
        assert_eq!(title(49), whole.replace(", standardised", ""));
        assert_eq!(title(34), "flow: x1, x2, path/chord 1.02");
    }
}
