//! Columns that are sums of multiples of others: exactly, but for their rounding, and but for a small part.

use super::{made, normal, rounded, table, trained};

/// A table whose last column is a sum of multiples of others.
struct SumTable {
    names: &'static str,
    /// What is told of the last column.
    told: &'static str,
    row: Box<dyn Fn(u32) -> Vec<f64>>,
}

#[test]
fn sums_of_columns_are_left_out_by_init_and_refused_by_train_in_their_own_units() {
    let (x, y, z) = (|k| normal(k, 0), |k| 3.0 + normal(k, 1), |k| normal(k, 2));
    let shares = |k: u32| {
        let parts = [0, 1, 2].map(|column| normal(k, column).exp());
        let all: f64 = parts.iter().sum();
        parts.map(|part| part / all).to_vec()
    };
    let tables = [
        SumTable {
            names: "x,y,sum",
            told: "`sum`: `x` + `y`",
            row: Box::new(move |k| vec![x(k), y(k), x(k) + y(k)]),
        },
        SumTable {
            names: "a,b,c",
            told: "`c`: 1 - `a` - `b`",
            row: Box::new(shares),
        },
        SumTable {
            names: "x,d,y",
            told: "`y`: `x` - 2 `d`",
            row: Box::new(move |k| vec![x(k), (x(k) - y(k)) / 2.0, y(k)]),
        },
        SumTable {
            names: "f,c",
            told: "`c`: a copy of `f`: 5 + 0.25 `f`",
            row: Box::new(move |k| vec![x(k), 5.0 + 0.25 * x(k)]),
        },
        SumTable {
            names: "x,y,z,all",
            told: "`all`: `x` + `y` + `z`",
            row: Box::new(move |k| vec![x(k), y(k), z(k), x(k) + y(k) + z(k)]),
        },
    ];
    for SumTable { names, told, row } in tables {
        let folder = table(names, 300, row);
        let (session, said) = made(folder.path());
        assert!(said.contains(&format!("left out {told}\n")), "{said}");
        let learned = names.rsplit_once(',').unwrap().0;
        assert_eq!(session.data.table().unwrap().columns.join(","), learned);
        let refused = trained(folder.path(), "");
        let words = told.replacen("`:", "` is", 1);
        assert_eq!(refused.code, Some(2));
        assert!(refused.err.contains(&words), "{}", refused.err);
    }
}

#[test]
fn a_sum_of_rounded_columns_is_left_out_and_warned_of() {
    let part = |k, column| rounded(40.0 + 5.0 * normal(k, column), 0.1);
    let row = |k| {
        let (a, b) = (40.0 + 5.0 * normal(k, 0), 40.0 + 5.0 * normal(k, 1));
        vec![
            rounded(a, 0.1),
            rounded(b, 0.1),
            rounded(a + b, 0.1),
            part(k, 2),
        ]
    };
    let folder = table("a,b,sum,c", 400, row);
    let (session, said) = made(folder.path());
    assert_eq!(
        session.data.table().unwrap().columns,
        ["a", "b", "c"],
        "{said}"
    );
    assert!(
        said.contains("left out `sum`: `a` + `b`, but for the rounding"),
        "{said}"
    );
    let jitter = r#"jitter: {"a": 0.1, "b": 0.1, "sum": 0.1, "c": 0.1}"#;
    let warned = trained(folder.path(), jitter);
    assert_eq!(warned.code, Some(0), "{}", warned.err);
    assert!(
        warned.err.contains("warning: column `sum`: "),
        "{}",
        warned.err
    );
}

#[test]
fn shares_rounded_to_whole_percents_are_left_out() {
    let row = |k: u32| {
        let parts = [0, 1, 2, 3].map(|column| normal(k, column).exp());
        let all: f64 = parts.iter().sum();
        parts.map(|part| (100.0 * part / all).round()).to_vec()
    };
    let folder = table("a,b,c,d", 600, row);
    let (session, said) = made(folder.path());
    assert!(
        said.contains("left out `d`: 100 - `a` - `b` - `c`, but for the rounding"),
        "{said}"
    );
    assert_eq!(session.data.table().unwrap().columns, ["a", "b", "c"]);
}

#[test]
fn a_sum_but_for_a_small_part_is_told_with_its_size() {
    for (part, left_out) in [(1e-3, false), (1e-5, false), (1e-7, true)] {
        let row = |k: u32| {
            let (a, b) = (normal(k, 0), normal(k, 1));
            vec![a, b, a + 2.0 * b + part * normal(k, 2)]
        };
        let folder = table("a,b,sum", 500, row);
        let (session, said) = made(folder.path());
        // The deviation of the sum is the root of 5.
        let share = part / 5.0_f64.sqrt();
        let told = (said.split("but for ").nth(1)).and_then(|rest| rest.split(' ').next());
        let told: f64 = told.unwrap().parse().unwrap();
        assert!((0.7..1.4).contains(&(told / share)), "{said}");
        assert!(said.contains("`a` + 2 `b`, but for"), "{said}");
        let learned = session.data.table().unwrap().columns.len();
        assert_eq!(learned, if left_out { 2 } else { 3 }, "{said}");
        let trained = trained(folder.path(), "whiten: Normal");
        assert_eq!(
            trained.code,
            Some(if left_out { 2 } else { 0 }),
            "{}",
            trained.err
        );
        assert!(
            trained.err.contains("`a` + 2 `b`, but for"),
            "{}",
            trained.err
        );
    }
}

#[test]
fn in_no_more_rows_than_columns_nothing_is_called_a_sum() {
    let row = |k: u32| (0..12).map(|column| normal(k, column)).collect();
    let folder = table("a,b,c,d,e,f,g,h,i,j,k,l", 8, row);
    let (_, said) = made(folder.path());
    assert!(
        said.contains("left out `l`: the columns before it leave nothing open in so few rows as"),
        "{said}"
    );
    assert!(!said.contains("sum of multiples"), "{said}");
}
