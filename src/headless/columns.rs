//! The columns of the rows, and those of them that a line has room for.

use super::number::{format_in, format_setting_in};
use super::rows::TextRow;

/// Columns of a terminal for the iteration; nine digits.
pub(super) const ITERATION_WIDTH: usize = 9;

/// Columns of a terminal for the time; below 10^5 s it has a decimal.
const SECONDS_WIDTH: usize = 7;

/// Columns of a terminal for a loss or a rate: a sign and four digits of what losses are, or five without a sign.
const LOSS_WIDTH: usize = 8;

/// Columns of a terminal for a standard error.
const ERROR_WIDTH: usize = 7;

/// Significant digits of a loss, at most.
const LOSS_DIGITS: usize = 5;

/// Significant digits of a standard error.
const ERROR_DIGITS: usize = 2;

/// A column of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Iteration,
    Seconds,
    Rate,
    /// The training loss; M in the iterations of a start by matching.
    Loss,
    L,
    C,
    R,
    ValidationLoss,
    ValidationL,
    ValidationC,
    ValidationR,
    /// C - H.
    Divergence,
    DivergenceError,
}

/// The loss that the iterations of a part of a run minimise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MinimisedLoss {
    /// M, of a start by matching.
    Matching,
    /// a0 L + a1 C + a2 R.
    Flow,
}

/// Whether the entropy of the data is known, so that there is a C - H.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entropy {
    Known,
    Unknown,
}

/// All columns, in their order.
const ALL: [Column; 13] = [
    Column::Iteration,
    Column::Seconds,
    Column::Rate,
    Column::Loss,
    Column::L,
    Column::C,
    Column::R,
    Column::ValidationLoss,
    Column::ValidationL,
    Column::ValidationC,
    Column::ValidationR,
    Column::Divergence,
    Column::DivergenceError,
];

/// What is left out where a line is too short, in this order; iteration, validation C and C - H stay.
const LEFT_OUT: [&[Column]; 8] = [
    &[Column::ValidationLoss],
    &[Column::L, Column::R],
    &[Column::C],
    &[Column::ValidationL, Column::ValidationR],
    &[Column::Rate],
    &[Column::Loss],
    &[Column::Seconds],
    &[Column::DivergenceError],
];

/// The columns that fit into `width` columns of a terminal, in their order.
pub(super) fn fitting(width: usize, entropy: Entropy) -> Vec<Column> {
    let mut columns = ALL.to_vec();
    if entropy == Entropy::Unknown {
        columns.retain(|column| !matches!(column, Column::Divergence | Column::DivergenceError));
    }
    for group in LEFT_OUT {
        if line_width(&columns) <= width {
            break;
        }
        columns.retain(|column| !group.contains(column));
    }
    columns
}

/// Columns of a terminal that a line of these columns takes.
fn line_width(columns: &[Column]) -> usize {
    let widths = columns.iter().map(|column| column.width() + 1);
    widths.sum::<usize>().saturating_sub(1)
}

/// The line of headings.
pub(super) fn head(columns: &[Column], minimised: MinimisedLoss) -> String {
    aligned(columns, |column| column.heading(minimised).to_owned())
}

/// The line of a row.
pub(super) fn line(columns: &[Column], row: &TextRow) -> String {
    aligned(columns, |column| column.cell(row))
}

/// A line of cells, each at the right of its column.
fn aligned(columns: &[Column], cell: impl Fn(Column) -> String) -> String {
    let cells = columns.iter();
    let cells = cells.map(|&column| format!("{:>width$}", cell(column), width = column.width()));
    cells.collect::<Vec<_>>().join(" ") + "\n"
}

impl Column {
    const fn width(self) -> usize {
        match self {
            Column::Iteration => ITERATION_WIDTH,
            Column::Seconds => SECONDS_WIDTH,
            Column::DivergenceError => ERROR_WIDTH,
            _ => LOSS_WIDTH,
        }
    }

    const fn heading(self, minimised: MinimisedLoss) -> &'static str {
        match (self, minimised) {
            (Column::Iteration, _) => "iteration",
            (Column::Seconds, _) => "seconds",
            (Column::Rate, _) => "lr",
            (Column::Loss, MinimisedLoss::Matching) => "M",
            (Column::Loss, MinimisedLoss::Flow) => "loss",
            (Column::L, _) => "L",
            (Column::C, _) => "C",
            (Column::R, _) => "R",
            (Column::ValidationLoss, _) => "val loss",
            (Column::ValidationL, _) => "val L",
            (Column::ValidationC, _) => "val C",
            (Column::ValidationR, _) => "val R",
            (Column::Divergence, _) => "C - H",
            (Column::DivergenceError, _) => "\u{b1} se",
        }
    }

    /// The cell of a row; a dash where the row has no such figure.
    fn cell(self, row: &TextRow) -> String {
        let (training, validation) = (row.training.as_ref(), row.validation.as_ref());
        let value = match self {
            Column::Iteration => return row.iteration.to_string(),
            Column::Seconds => return format_seconds(row.seconds),
            Column::Rate => row.lr,
            Column::Loss => training.map(|losses| losses.loss).or(row.m),
            Column::L => training.map(|losses| losses.l),
            Column::C => training.map(|losses| losses.c),
            Column::R => training.map(|losses| losses.r),
            Column::ValidationLoss => validation.map(|losses| losses.loss),
            Column::ValidationL => validation.map(|losses| losses.l),
            Column::ValidationC => validation.map(|losses| losses.c),
            Column::ValidationR => validation.map(|losses| losses.r),
            Column::Divergence => row.divergence,
            Column::DivergenceError => row.divergence_se,
        };
        let Some(value) = value else {
            return "-".into();
        };
        match self {
            Column::Rate => format_setting_in(value, LOSS_DIGITS, LOSS_WIDTH),
            Column::DivergenceError => format_in(value, ERROR_DIGITS, ERROR_WIDTH),
            _ => format_in(value, LOSS_DIGITS, LOSS_WIDTH),
        }
    }
}

/// The time in seconds, without its decimal where there is no room for it.
fn format_seconds(seconds: f64) -> String {
    let text = format!("{seconds:.1}");
    if text.len() <= SECONDS_WIDTH {
        text
    } else {
        format!("{seconds:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_never_wider_than_it_may_be_and_the_last_figures_to_go_are_those_of_the_validation()
    {
        for entropy in [Entropy::Known, Entropy::Unknown] {
            let all = fitting(usize::MAX, entropy);
            for width in 18..200 {
                let columns = fitting(width, entropy);
                assert!(line_width(&columns) <= width.max(27), "{width}");
                assert!(columns.contains(&Column::Iteration));
                assert!(columns.contains(&Column::ValidationC));
                assert_eq!(columns == all, width >= line_width(&all), "{width}");
            }
        }
    }

    #[test]
    fn eighty_columns_hold_the_training_loss_and_what_a_gate_asks_about() {
        let names = |entropy| {
            let columns = fitting(80, entropy);
            head(&columns, MinimisedLoss::Flow)
        };
        assert_eq!(
            names(Entropy::Known),
            "iteration seconds       lr     loss    val L    val C    val R    C - H    \u{b1} se\n"
        );
        assert_eq!(
            names(Entropy::Unknown),
            "iteration seconds       lr     loss        C    val L    val C    val R\n"
        );
        let matching = head(&fitting(80, Entropy::Known), MinimisedLoss::Matching);
        assert_eq!(matching.split_whitespace().nth(3), Some("M"));
    }

    #[test]
    fn a_long_time_has_no_decimal() {
        assert_eq!(format_seconds(99999.94), "99999.9");
        assert_eq!(format_seconds(1_000_000.4), "1000000");
    }
}
