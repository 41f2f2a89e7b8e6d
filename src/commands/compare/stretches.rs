//! The table of stretches of runs side by side: a column for every stretch; of two stretches also their difference, with its standard error and
//! whether it is beyond three of them.

use std::collections::BTreeSet;

use super::stretch::{LossTrend, LossTrends, Stretch};
use crate::headless::number::{DIGITS, format_number, format_setting};
use crate::run::settings::ComparedSetting;
use crate::trend::Estimate;

/// A loss by its name and its place among the trends.
type NamedLoss = (&'static str, fn(&LossTrends) -> Option<LossTrend>);

const LOSSES: [NamedLoss; 3] = [("C", |t| t.c), ("L", |t| t.l), ("R", |t| t.r)];

/// Removes the settings that are equal in all stretches, and stay so.
pub(super) fn keep_differing(stretches: &mut [Stretch]) {
    let names = stretches
        .iter()
        .flat_map(|one| one.settings.keys().cloned());
    let names: BTreeSet<String> = names.collect();
    for name in names {
        let values: Vec<_> = stretches
            .iter()
            .map(|one| {
                one.settings
                    .get(&name)
                    .cloned()
                    .unwrap_or_else(ComparedSetting::absent)
            })
            .collect();
        let first = &values[0];
        let same = values.iter().all(|value| value == first) && first.start == first.end;
        for (stretch, value) in stretches.iter_mut().zip(values) {
            match same {
                true => _ = stretch.settings.remove(&name),
                false => _ = stretch.settings.insert(name.clone(), value),
            }
        }
    }
}

/// The rows of the table.
pub(super) fn rows(stretches: &[Stretch]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut add = |name: &str, cell: &dyn Fn(&Stretch) -> String| {
        let mut row = vec![name.to_owned()];
        row.extend(stretches.iter().map(cell));
        rows.push(row);
    };
    add("stretch", &|one| one.stretch.clone());
    add("iterations", &|one| (one.last - one.first + 1).to_string());
    add("seconds", &|one| format!("{:.1}", one.seconds));
    add("rate", &|one| match one.rate {
        Some(rate) if rate.start == rate.end => format_setting(rate.start),
        Some(rate) => {
            let ends = [rate.start, rate.end].map(format_setting);
            ends.join(" -> ")
        }
        None => "-".into(),
    });
    let settings = stretches.first().map(|one| &one.settings);
    for name in settings.into_iter().flat_map(|settings| settings.keys()) {
        add(name, &|one| {
            let setting = one
                .settings
                .get(name)
                .cloned()
                .unwrap_or_else(ComparedSetting::absent);
            match setting.start == setting.end {
                true => setting.end,
                false => format!("{} -> {}", setting.start, setting.end),
            }
        });
    }
    if stretches.len() == 2 {
        rows[0].push("difference".into());
    }
    let validation: fn(&Stretch) -> &LossTrends = |one| &one.validation;
    let training: fn(&Stretch) -> &LossTrends = |one| &one.training;
    for (kind, of) in [("validation", validation), ("training", training)] {
        let mut row = vec![format!("{kind} values")];
        row.extend(stretches.iter().map(|one| of(one).count.to_string()));
        rows.push(row);
        for (name, loss) in LOSSES {
            let trends: Vec<Option<LossTrend>> =
                stretches.iter().map(|one| loss(of(one))).collect();
            rows.push(row_of(format!("{kind} {name}"), &trends, |trend| {
                trend.level
            }));
            rows.push(row_of("  per 1000 it".into(), &trends, |trend| trend.slope));
        }
    }
    let columns = rows[0].len();
    rows.iter_mut()
        .for_each(|row| row.resize(columns, String::new()));
    rows
}

/// A row of estimates, with the difference of two.
fn row_of(
    name: String,
    trends: &[Option<LossTrend>],
    of: fn(&LossTrend) -> Estimate,
) -> Vec<String> {
    let estimates: Vec<Option<Estimate>> =
        trends.iter().map(|trend| trend.as_ref().map(of)).collect();
    let mut row = vec![name];
    row.extend(estimates.iter().map(|one| one.map_or("-".into(), told)));
    if let [Some(first), Some(second)] = estimates[..] {
        let difference = first.until(second);
        let noise = match difference.is_beyond_noise() {
            true => "beyond",
            false => "within",
        };
        row.push(format!("{}, {noise} noise", told(difference)));
    }
    row
}

fn told(estimate: Estimate) -> String {
    let Estimate { value, error } = estimate;
    format!(
        "{} ({})",
        format_number(value, DIGITS),
        format_number(error, 2)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(level: f64, error: f64, lr: [&str; 2]) -> Stretch {
        let estimate = |value| Estimate { value, error };
        let trend = LossTrend {
            level: estimate(level),
            slope: estimate(-1.5),
        };
        let setting = |[start, end]: [&str; 2]| ComparedSetting {
            start: start.into(),
            end: end.into(),
        };
        let settings = [
            ("optimizer.lr".to_owned(), setting(lr)),
            ("weights.hjb".to_owned(), setting(["5.0", "5.0"])),
        ];
        Stretch {
            stretch: format!("run@{level}"),
            last: 9,
            validation: LossTrends {
                count: 4,
                c: Some(trend),
                ..LossTrends::default()
            },
            settings: settings.into(),
            ..Stretch::default()
        }
    }

    fn row(rows: &[Vec<String>], name: &str) -> String {
        let found = rows.iter().find(|row| row[0] == name);
        found.map_or(String::new(), |row| row[1..].join(" | "))
    }

    #[test]
    fn two_stretches_have_a_difference_with_its_noise() {
        let mut two = [
            stretch(3.0, 0.03, ["0.1", "0.1"]),
            stretch(2.5, 0.04, ["0.1", "0.05"]),
        ];
        keep_differing(&mut two);
        let rows = rows(&two);
        assert_eq!(row(&rows, "stretch"), "run@3 | run@2.5 | difference");
        assert_eq!(row(&rows, "iterations"), "10 | 10 | ");
        assert_eq!(row(&rows, "optimizer.lr"), "0.1 | 0.1 -> 0.05 | ");
        assert_eq!(row(&rows, "weights.hjb"), "");
        // The errors add up to 0.05.
        let c = row(&rows, "validation C");
        assert_eq!(
            c,
            "3.00000 (0.030) | 2.50000 (0.040) | -0.500000 (0.050), beyond noise"
        );
        assert!(row(&rows, "  per 1000 it").contains("0 (0.050), within noise"));
        assert_eq!(row(&rows, "validation L"), "- | - | ");
    }

    #[test]
    fn a_setting_that_changes_alike_in_all_stretches_is_told() {
        let one = || stretch(3.0, 0.03, ["0.1", "0.2"]);
        let mut three = [one(), one(), one()];
        keep_differing(&mut three);
        let rows = rows(&three);
        let told = "0.1 -> 0.2 | 0.1 -> 0.2 | 0.1 -> 0.2";
        assert_eq!(row(&rows, "optimizer.lr"), told);
        assert!(rows.iter().all(|row| row.len() == 4));
    }
}
