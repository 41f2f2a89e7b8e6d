//! What follows from the state: the runs of the table, what differs among them, the curves that are drawn and their values at the cursor.
//! Nothing here changes it.

use super::curve::{Curve, CurvePoint};
use super::overlay::{FEW, OverlayView, Quantity};
use super::state::RunsState;
use crate::dashboard::range::ValueRange;
use crate::run::settings::ComparedSetting;

/// What the legend tells of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurveReading {
    /// The value, or the least and the greatest of those that share the point.
    pub values: ValueRange,
    /// The place of the point on the axis below.
    pub place: f64,
}

/// The ranges of the curves that are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChartRanges {
    /// Iterations or seconds.
    pub across: ValueRange,
    /// Values.
    pub up: ValueRange,
}

impl RunsState {
    /// The numbers of the runs in the table, in its order.
    pub fn table(&self) -> Vec<usize> {
        let words = self.view.filter.to_lowercase();
        let words: Vec<&str> = words.split_whitespace().collect();
        let all = 0..self.rows.len();
        let mut table: Vec<usize> = all.filter(|&run| self.matches(run, &words)).collect();
        let row = |run: usize| &self.rows[run];
        table.sort_by(|&a, &b| self.view.order.compare(row(a), row(b)));
        table
    }

    /// Whether a run has all of these words, in small letters, in its name, state, verdict or differing settings.
    fn matches(&self, run: usize, words: &[&str]) -> bool {
        if words.is_empty() {
            return true;
        }
        let row = &self.rows[run];
        let verdict = row.verdict().map_or("", |verdict| verdict.word());
        let text = [
            &row.name,
            &row.status().word(),
            verdict,
            &self.differences(run),
        ]
        .join("\n");
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    }

    /// The settings of a run that differ from those of others, as `lr 0.01  width 32`; of an edited one also the value before.
    pub fn differences(&self, run: usize) -> String {
        let settings = &self.rows[run].settings;
        let told = self.differing.iter().filter_map(|setting| {
            let ComparedSetting { start, end } = settings.get(&setting.field)?;
            let plain = |value: &str| value.trim_matches('"').to_owned();
            let value = match start == end {
                true => plain(end),
                false => format!("{}->{}", plain(start), plain(end)),
            };
            Some(format!("{} {value}", setting.short))
        });
        let told: Vec<String> = told.collect();
        told.join("  ")
    }

    /// The runs whose curves are drawn: the marked ones, else the first few of the table that can be read.
    pub fn overlaid(&self, table: &[usize]) -> Vec<usize> {
        match self.view.marked.is_empty() {
            false => self.view.marked.clone(),
            true => {
                let readable = |run: &usize| self.rows[*run].status().phase().is_some();
                table.iter().copied().filter(readable).take(FEW).collect()
            }
        }
    }

    /// The point of a curve at the cursor: the nearest one; without a cursor the last.
    pub fn reading(&self, run: usize) -> Option<CurveReading> {
        let OverlayView {
            cursor, abscissa, ..
        } = self.view.overlay;
        let points = self.curve(run).points();
        let point = match cursor {
            None => points.last(),
            Some(at) => {
                let distance = |point: &&CurvePoint| (abscissa.of(point) - at).abs();
                points
                    .iter()
                    .min_by(|a, b| distance(a).total_cmp(&distance(b)))
            }
        };
        point.map(|point| CurveReading {
            values: point.values,
            place: abscissa.of(point),
        })
    }

    /// The selected run of those in the table, by its place there; the first where the selected one is not there.
    pub fn selected_place(&self, table: &[usize]) -> Option<usize> {
        let found = table
            .iter()
            .position(|&run| Some(run) == self.view.selected);
        found.or((!table.is_empty()).then_some(0))
    }

    /// The quantity that the chart shows, and the range of it and of the axis below over all curves that are drawn.
    pub fn ranges(&self) -> Option<ChartRanges> {
        let overlaid = self.overlaid(&self.table());
        let points = overlaid.iter().flat_map(|&run| self.curve(run).points());
        let abscissa = self.view.overlay.abscissa;
        let ranges = points.map(|point| ChartRanges {
            across: ValueRange::of(abscissa.of(point)),
            up: point.values,
        });
        ranges.reduce(|a, b| ChartRanges {
            across: a.across.join(b.across),
            up: a.up.join(b.up),
        })
    }

    /// The curve of a run that is drawn.
    pub fn curve(&self, run: usize) -> &Curve {
        let curves = &self.rows[run].curves;
        match self.view.overlay.quantity {
            Quantity::ValidationC => &curves.c,
            Quantity::Divergence => &curves.divergence,
            Quantity::ValidationLoss => &curves.loss,
            Quantity::TrainingC => &curves.training_c,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::super::order::{DifferingSetting, Direction, RunColumn, RunOrder};
    use super::super::overlay::{Abscissa, letter};
    use super::super::row::RunRow;
    use super::*;

    fn names(state: &RunsState) -> Vec<&str> {
        let table = state.table().into_iter();
        table.map(|run| state.rows[run].name.as_str()).collect()
    }

    fn sorted(column: RunColumn, direction: Direction) -> Vec<String> {
        let mut state = fixtures::folder();
        state.view.order = RunOrder { column, direction };
        names(&state).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn runs_are_sorted_by_a_column_and_those_without_a_figure_stay_last() {
        let rising = |column| sorted(column, Direction::Rising);
        let falling = |column| sorted(column, Direction::Falling);
        let by_name = ["broken", "moons-a", "moons-b", "moons-c", "silent"];
        assert_eq!(rising(RunColumn::Name), by_name);
        let reversed: Vec<&str> = by_name.into_iter().rev().collect();
        assert_eq!(falling(RunColumn::Name), reversed);
        assert_eq!(
            rising(RunColumn::C),
            ["moons-b", "moons-a", "silent", "moons-c", "broken"]
        );
        assert_eq!(
            falling(RunColumn::C),
            ["moons-c", "silent", "moons-a", "moons-b", "broken"]
        );
        assert_eq!(rising(RunColumn::State)[0], "moons-c");
        assert_eq!(falling(RunColumn::Iteration)[0], "moons-a");
    }

    #[test]
    fn the_filter_looks_for_all_words_in_name_state_verdict_and_settings() {
        let found = |filter: &str| {
            let mut state = fixtures::folder();
            state.view.filter = filter.into();
            names(&state).join(" ")
        };
        assert_eq!(found("MOONS"), "moons-a moons-b moons-c");
        assert_eq!(found("moons running"), "moons-c");
        assert_eq!(found("diverged"), "moons-b");
        assert_eq!(found("lr 0.05"), "moons-b");
        assert_eq!(found("damaged"), "broken");
        assert_eq!(found("moons nothing"), "");
    }

    #[test]
    fn settings_that_differ_are_told_by_their_last_names_where_these_tell_them_apart() {
        let state = fixtures::folder();
        let run = |name: &str| state.rows.iter().position(|row| row.name == name).unwrap();
        assert_eq!(state.differences(run("moons-a")), "width 16  lr 0.01");
        assert_eq!(state.differences(run("moons-c")), "width 32  lr 0.1->0.02");
        assert_eq!(state.differences(run("broken")), "");
        let row = |values: [&str; 2]| {
            let setting = |value: &str| ComparedSetting {
                start: value.into(),
                end: value.into(),
            };
            let names = ["start.lr", "optimizer.lr"];
            let settings = names.into_iter().zip(values);
            let mut row = RunRow::new("a".into());
            row.settings = settings.map(|(n, v)| (n.into(), setting(v))).collect();
            row
        };
        let all = DifferingSetting::all(&[row(["1", "2"]), row(["2", "1"])]);
        let shorts: Vec<&str> = all.iter().map(|setting| setting.short.as_str()).collect();
        assert_eq!(shorts, ["optimizer.lr", "start.lr"]);
    }

    #[test]
    fn marked_runs_are_drawn_else_the_first_of_the_table() {
        let mut state = fixtures::many(200);
        let table = state.table();
        assert_eq!(state.overlaid(&table), table[..FEW]);
        state.view.marked = vec![7, 3];
        assert_eq!(state.overlaid(&table), [7, 3]);
        let letters: String = (0..3).map(letter).collect();
        assert_eq!(letters, "ABC");
    }

    #[test]
    fn the_cursor_reads_the_nearest_point_of_every_curve() {
        let mut state = fixtures::folder();
        let run = |name: &str| state.rows.iter().position(|row| row.name == name).unwrap();
        let (a, c, broken) = (run("moons-a"), run("moons-c"), run("broken"));
        state.view.overlay.cursor = Some(142.0);
        let read = |state: &RunsState, run| state.reading(run).unwrap();
        assert_eq!(read(&state, a).place, 140.0);
        // It has come to iteration 120 so far.
        assert_eq!(read(&state, c).place, 120.0);
        assert_eq!(state.reading(broken), None);
        state.view.overlay.abscissa = Abscissa::Seconds;
        state.view.overlay.cursor = Some(0.0);
        assert_eq!(read(&state, a).place, 2.0);
        state.view.overlay.cursor = None;
        assert_eq!(read(&state, a).place, 30.0);
    }
}
