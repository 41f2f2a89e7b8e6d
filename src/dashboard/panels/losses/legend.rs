//! The title of a chart, which is its legend: the name and unit, then each curve as it is drawn, with its last value or the one at the
//! cursor, and the level that they are compared with. It has several forms; the longest that fits is shown, so that no word is cut.

use ratatui::style::Style;

use super::content::{ChartContent, ChartCurve, CurveKind};
use crate::dashboard::axis::{Axis, AxisScale};
use crate::dashboard::canvas::Canvas;
use crate::dashboard::format::number;
use crate::dashboard::range::ValueRange;
use crate::dashboard::state::series::{Bucket, Smoothing};
use crate::dashboard::theme::Theme;

/// A piece of text in one style.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    text: String,
    style: Style,
}

impl Piece {
    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// How much of a legend is written out, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum LegendForm {
    /// Whole words.
    Words,
    /// Short words.
    Short,
    /// A word for validations only.
    Symbols,
    /// Symbols and values, close to one another.
    Close,
}

impl LegendForm {
    const ALL: [Self; 4] = [Self::Words, Self::Short, Self::Symbols, Self::Close];

    fn gap(self) -> usize {
        match self {
            Self::Words => 3,
            Self::Short | Self::Symbols => 2,
            Self::Close => 1,
        }
    }
}

/// Draws the legend in a row; `axis` is that of the chart, `at` the iteration of the cursor.
pub fn draw(
    content: &ChartContent,
    axis: Option<&Axis>,
    at: Option<u64>,
    row: u16,
    canvas: &mut Canvas,
) {
    let room = usize::from(canvas.area.width);
    let (pieces, gap) = fitting(content, axis, at, room, canvas.theme);
    let mut column = 0;
    for Piece { text, style } in pieces {
        let width = text.chars().count();
        canvas.write((column as u16, row), &text, style);
        column += width + gap;
    }
}

/// The pieces of the longest form that fits, and the columns between them; the last pieces are left out where none does.
fn fitting(
    content: &ChartContent,
    axis: Option<&Axis>,
    at: Option<u64>,
    room: usize,
    theme: &Theme,
) -> (Vec<Piece>, usize) {
    let names = 0..content.names.len();
    let open = names.clone().flat_map(|name| {
        // Words go before the unit does, and the meaning before words do.
        let forms = if name == 0 { 2 } else { 3 };
        LegendForm::ALL
            .into_iter()
            .take(forms)
            .map(move |form| (form, name))
    });
    let close = names.map(|name| (LegendForm::Close, name));
    let forms = open.chain(close);
    let mut last = (Vec::new(), 1);
    for (form, name) in forms {
        let pieces = pieces(content, axis, at, (form, name), theme);
        let width: usize = pieces.iter().map(|piece| piece.width() + form.gap()).sum();
        last = (pieces, form.gap());
        if width <= room + form.gap() {
            return last;
        }
    }
    let (pieces, gap) = last;
    let mut taken = 0;
    let whole = pieces.into_iter().enumerate().take_while(|(index, piece)| {
        taken += piece.width() + gap;
        *index == 0 || taken <= room + gap
    });
    (whole.map(|(_, piece)| piece).collect(), gap)
}

fn pieces(
    content: &ChartContent,
    axis: Option<&Axis>,
    at: Option<u64>,
    (form, name): (LegendForm, usize),
    theme: &Theme,
) -> Vec<Piece> {
    let scale = match axis.map(|axis| axis.scale) {
        Some(AxisScale::Log) => ", log",
        Some(AxisScale::SymLog) => ", symlog",
        _ => "",
    };
    let cursor = at.map_or(String::new(), |at| format!(" @{at}"));
    let title = Piece {
        text: format!("{}{scale}{cursor}", content.names[name]),
        style: theme.strong(),
    };
    let curves = content.curves.iter();
    let curves = curves.filter_map(|curve| curve_piece(content, curve, at, form, theme));
    let level = content.level.filter(|level| !level.symbol.is_empty());
    let level = level.map(|level| {
        let rule = theme.rules().horizontal.repeat(2);
        let text = format!("{} {}", level.symbol, number(level.value));
        let text = match form {
            LegendForm::Words | LegendForm::Short => format!("{rule} {text}"),
            LegendForm::Symbols | LegendForm::Close => text,
        };
        Piece {
            text,
            style: theme.dim(),
        }
    });
    std::iter::once(title).chain(curves).chain(level).collect()
}

/// A curve as it is drawn, its word and its value; None without a value.
fn curve_piece(
    content: &ChartContent,
    curve: &ChartCurve,
    at: Option<u64>,
    form: LegendForm,
    theme: &Theme,
) -> Option<Piece> {
    let value = match at {
        Some(at) => read(content, curve, at)?,
        None => number(content.factor * curve.last?),
    };
    let error = curve.error.filter(|_| at.is_none());
    let error = error.map_or(String::new(), |se| {
        format!(" {} {}", theme.plus_minus(), number(se))
    });
    let (symbol, word) = match (curve.kind, form) {
        (CurveKind::Training, LegendForm::Words) => (theme.training(), "training "),
        (CurveKind::Training, LegendForm::Short) => (theme.training(), "train "),
        (CurveKind::Validation, LegendForm::Words) => (theme.validation(), "validation "),
        (CurveKind::Validation, LegendForm::Short | LegendForm::Symbols) => {
            (theme.validation(), "val ")
        }
        (CurveKind::Training, _) => (theme.training(), ""),
        (CurveKind::Validation, LegendForm::Close) => (theme.validation(), ""),
    };
    let text = match content.curves[..] {
        // The name says it all.
        [_] => format!("{value}{error}"),
        _ => format!("{} {word}{value}{error}", symbol.text),
    };
    Some(Piece {
        text,
        style: symbol.style,
    })
}

/// The weighted values of a curve at an iteration, where the nearest ones are, and their average if one is drawn.
fn read(content: &ChartContent, curve: &ChartCurve, at: u64) -> Option<String> {
    let bucket = curve.drawn.series.nearest(at)?;
    let mut text = values(bucket, Smoothing::Off, content.factor);
    if bucket.distance(at) > 0 {
        text += &format!(" @{}", bucket.to);
    }
    if curve.drawn.smoothing.factor().is_some() {
        let average = values(bucket, curve.drawn.smoothing, content.factor);
        text += &format!(" avg {average}");
    }
    Some(text)
}

/// The least and the greatest value of a bucket, and that there are others which are not finite.
fn values(bucket: &Bucket, smoothing: Smoothing, factor: f64) -> String {
    let broken = match (bucket.above, bucket.below) {
        (false, false) => "",
        (true, false) => "NaN/inf",
        (false, true) => "-inf",
        (true, true) => "NaN/+-inf",
    };
    match bucket.smooth(smoothing) {
        None => broken.into(),
        Some(ValueRange { low, high }) => {
            let mut text = number(low * factor);
            if low < high {
                text += &format!("..{}", number(high * factor));
            }
            if !broken.is_empty() {
                text += &format!(", {broken}");
            }
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::content::contents;
    use super::*;
    use crate::dashboard::component::Component;
    use crate::dashboard::fixtures;
    use crate::dashboard::state::State;
    use crate::dashboard::state::losses::ChartPage;
    use crate::dashboard::theme::{Depth, Markers};

    const THEME: Theme = Theme {
        markers: Markers::Ascii,
        colour: Depth::None,
    };

    /// The legend of a chart of the page, at most so wide.
    fn legend(state: &State, chart: usize, room: usize) -> String {
        let window = state.view.losses.window(state.span().unwrap());
        let at = state.view.losses.cursor(window);
        let contents = contents(state, false);
        let (pieces, gap) = fitting(&contents[chart], None, at, room, &THEME);
        let texts: Vec<String> = pieces.into_iter().map(|piece| piece.text).collect();
        texts.join(&" ".repeat(gap))
    }

    #[test]
    fn the_longest_form_that_fits_is_shown_and_no_word_is_cut() {
        let state = fixtures::run();
        let c = |room| legend(&state, Component::C as usize, room);
        let forms = [
            "C negative log-likelihood, nats   .. training 2.911   o validation 2.961   -- H 2.850",
            "C negative log-likelihood, nats  .. train 2.911  o val 2.961  -- H 2.850",
            "C nats   .. training 2.911   o validation 2.961   -- H 2.850",
            "C nats  .. train 2.911  o val 2.961  -- H 2.850",
            "C nats  .. 2.911  o val 2.961  H 2.850",
            "C nats .. 2.911 o 2.961 H 2.850",
            "C nats .. 2.911 o 2.961",
            "C nats .. 2.911",
            "C nats",
        ];
        for form in forms {
            assert_eq!(c(form.len()), form);
        }
        for pair in forms.windows(2) {
            assert_eq!(c(pair[0].len() - 1), pair[1]);
        }
    }

    #[test]
    fn the_cursor_reads_training_and_the_nearest_validation() {
        let mut state = fixtures::started();
        state.view.losses.smoothing = Smoothing::Off;
        for i in 1..=9 {
            state.apply(fixtures::iteration(i, i as f64), 0.0);
        }
        state.apply(fixtures::iteration(10, f64::NAN), 0.0);
        state.apply(fixtures::validation(4, 40.0), 0.0);
        state.apply(fixtures::validation(8, 80.0), 0.0);
        let mut read = |cursor| {
            state.view.losses.cursor = cursor;
            legend(&state, Component::R as usize, 47)
        };
        assert_eq!(read(None), "R standardised  .. train NaN  o val 80.00");
        assert_eq!(read(Some(5)), "R standardised @5  .. 5.000  o val 40.00 @4");
        assert_eq!(
            read(Some(8)),
            "R standardised @8  .. train 8.000  o val 80.00"
        );
        assert_eq!(
            read(Some(99)),
            "R standardised @10  .. NaN/inf  o val 80.00 @8"
        );
        state.view.weighted = true;
        let text = legend(&state, Component::R as usize, 60);
        assert_eq!(
            text,
            "5 R, part of the loss @10  .. train NaN/inf  o val 400.0 @8"
        );
    }

    #[test]
    fn a_bucket_of_many_values_reads_from_least_to_greatest_with_its_average() {
        let mut state = fixtures::started();
        for i in 1..=2049 {
            state.apply(fixtures::iteration(i, (i % 7) as f64), 0.0);
        }
        (state.view.losses.cursor, state.view.losses.smoothing) = (Some(10), Smoothing::Long);
        let text = legend(&state, Component::L as usize, 80);
        assert!(text.contains("@10"), "{text}");
        assert!(text.contains("training 2.000..3.000 avg "), "{text}");
    }

    #[test]
    fn the_divergence_has_its_standard_error_and_the_gap_its_sign() {
        let mut state = fixtures::run();
        state.view.losses.page = ChartPage::Fit;
        assert_eq!(
            legend(&state, 2, 47),
            "C - H with std. error, nats  0.06000 +- 0.01000"
        );
        let gap = legend(&state, 1, 24);
        assert!(gap.starts_with("gap of C, nats  0.0"), "{gap}");
    }
}
