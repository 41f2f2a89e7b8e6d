//! Densities of rows as the program writes them: columns by name, rows so far out that they have none, rows that are left out. The flow
//! of zero parameters leaves rows where they are, so every density is known:
//!
//! ```text
//! log p(x) = sum over the columns of log N(z; 0, 1) - log scale,   z = (x - mean) / scale
//! ```
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

#[path = "scores/evaluation.rs"]
mod evaluation;
mod runs;

use std::f64::consts::TAU;
use std::fs;
use std::path::PathBuf;
use std::process::Output;

use otflow::model::TrainedModel;
use otflow::scaling::{Column, Scaling};
use otflow::session::Precision;
use otflow::table::NameSource;
use otflow_kernels::parameters::Shape;
use runs::{Place, code, otflow, text};
use tempfile::TempDir;

/// Means and scales of the columns.
const MOMENTS: [(f64, f64); 3] = [(1.0, 1.0), (-2.0, 2.0), (3.0, 0.25)];

/// Rows of the three columns.
const ROWS: [[&str; 3]; 4] = [
    ["1.5", "0", "3.125"],
    ["0.25", "-4", "2.5"],
    ["-1", "3.5", "3"],
    ["2", "-2.75", "3.5"],
];

/// A folder with the model `m.safetensors` of columns with these names, the first of [`MOMENTS`].
struct Folder(TempDir);

impl Folder {
    fn new(names: &[&str], name_source: Option<NameSource>, precision: Precision) -> Self {
        let shape = Shape {
            d: names.len(),
            context: 0,
            m: 4,
            layers: 2,
            rank: 2,
        };
        let column = |(name, (mean, scale)): (&&str, (f64, f64))| Column {
            name: (*name).to_owned(),
            mean,
            scale,
            transform: None,
            lattice: None,
        };
        let scaling = Scaling {
            columns: names.iter().zip(MOMENTS).map(column).collect(),
            whitening: None,
        };
        let model = TrainedModel {
            shape,
            precision,
            theta: vec![0.0; shape.parameters()],
            scaling: Some(scaling),
            name_source,
            origin: None,
        };
        let folder = Folder(tempfile::tempdir().unwrap());
        model.save(&folder.path("m.safetensors")).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a command on the model and a table with this text.
    fn run(&self, command: &str, table: &str, arguments: &[&str]) -> Output {
        fs::write(self.path("t.csv"), table).unwrap();
        let _ = fs::remove_file(self.path("o.csv"));
        let mut program = otflow(command);
        program.args(["m.safetensors", "t.csv"]).args(arguments);
        program.current_dir(&self.0).output().unwrap()
    }

    /// The lines that `score` writes.
    fn scores(&self, table: &str, arguments: &[&str]) -> Vec<String> {
        let output = self.run("score", table, &[&["-o", "o.csv"], arguments].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let written = fs::read_to_string(self.path("o.csv")).unwrap();
        written.lines().map(str::to_owned).collect()
    }

    /// What `score` says about a table that it refuses.
    fn refusal(&self, table: &str, arguments: &[&str]) -> String {
        let output = self.run("score", table, &[&["-o", "o.csv"], arguments].concat());
        assert_eq!(code(&output), Some(2), "{}", text(&output.stdout));
        assert!(!self.path("o.csv").exists());
        text(&output.stderr)
    }
}

fn log_normal(z: f64) -> f64 {
    -0.5 * (z * z + TAU.ln())
}

/// The log density of a value of column k.
fn log_density(k: usize, x: f64) -> f64 {
    let (mean, scale) = MOMENTS[k];
    log_normal((x - mean) / scale) - scale.ln()
}

/// A CSV of [`ROWS`] whose columns have these indices, under these names.
fn table(names: &[&str], order: &[usize]) -> String {
    let header = order
        .iter()
        .map(|&k| names[k])
        .collect::<Vec<_>>()
        .join(",");
    let row = |row: &[&str; 3]| order.iter().map(|&k| row[k]).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = ROWS.iter().map(row).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

/// The table without its first line.
fn headless(table: &str) -> &str {
    table.split_once('\n').unwrap().1
}

const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

fn agrees_with_the_formula(scores: &[String]) {
    assert_eq!(scores.len(), 1 + ROWS.len());
    assert_eq!(scores[0], "log_density");
    for (row, log) in ROWS.iter().zip(&scores[1..]) {
        let values = row.iter().map(|x| x.parse().unwrap()).enumerate();
        let exact: f64 = values.map(|(k, x)| log_density(k, x)).sum();
        assert!((log.parse::<f64>().unwrap() - exact).abs() < 1e-12);
    }
}

#[test]
fn columns_are_found_by_name_in_any_order_or_the_table_is_refused() {
    let cases: [(&[&str; 3], Option<NameSource>); 4] = [
        (&["a", "b", "c"], Some(NameSource::File)),
        // A file of an older program.
        (&["a", "b", "c"], None),
        (&["400", "410", "420"], Some(NameSource::File)),
        (&["2", "1", "3"], Some(NameSource::File)),
    ];
    for (names, source) in cases {
        let folder = Folder::new(names, source, Precision::F64);
        let scores = folder.scores(&table(names, &ORDERS[0]), &[]);
        agrees_with_the_formula(&scores);
        for order in ORDERS {
            assert_eq!(folder.scores(&table(names, &order), &[]), scores);
        }
        // A column more, of text.
        let more = table(names, &[2, 0, 1]).replace('\n', ",t\n");
        assert_eq!(folder.scores(&more, &[]), scores);
        for k in 0..3 {
            let mut other = names.map(str::to_owned);
            other[k] = if source == Some(NameSource::File) {
                "A0"
            } else {
                "B"
            }
            .to_owned();
            let other = other.each_ref().map(String::as_str);
            let renamed = table(&other, &[1, 2, 0]);
            let said = folder.refusal(&renamed, &[]);
            assert!(said.contains(&format!("`{}`", names[k])), "{said}");
            assert!(said.contains("--by-position"), "{said}");
        }
        let plain = table(names, &ORDERS[0]);
        let said = folder.refusal(headless(&plain), &[]);
        assert!(said.contains("without names"), "{said}");
        assert_eq!(folder.scores(headless(&plain), &["--by-position"]), scores);
        let two = table(names, &[0, 1]);
        let said = folder.refusal(&two, &["--by-position"]);
        assert!(said.contains("takes tables of 3 columns"), "{said}");
    }
}

#[test]
fn a_name_in_other_case_is_refused_with_the_nearest_and_by_position_says_what_was_taken() {
    let folder = Folder::new(&["x", "y"], Some(NameSource::File), Precision::F64);
    let said = folder.refusal("Y,X\n2,1\n", &[]);
    assert!(
        said.contains("`x` (nearest: `X`), `y` (nearest: `Y`)"),
        "{said}"
    );
    assert!(
        folder
            .refusal("y,foo\n2,1\n", &[])
            .contains("lacks the model's column `x`")
    );
    let output = folder.run("score", "Y,X\n2,1\n", &["-o", "o.csv", "--by-position"]);
    assert!(text(&output.stderr).contains("`Y` for `x`, `X` for `y`"));
    let output = folder.run("evaluate", "Y,X\n2,1\n", &[]);
    assert_eq!(code(&output), Some(2));
    assert!(text(&output.stderr).contains("--by-position"));
}

#[test]
fn a_model_of_numbered_columns_takes_those_of_its_numbers() {
    let folder = Folder::new(&["3", "1"], Some(NameSource::Numbers), Precision::F64);
    let exact = log_density(0, 5.0) + log_density(1, 7.0);
    for (table, told) in [
        ("7,0,5\n", ""),
        ("7,0,5,9\n", ""),
        ("5,7\n", "`1` for `3`, `2` for `1`"),
        ("a,b,c\n7,0,5\n", "`c` for `3`, `a` for `1`"),
    ] {
        let output = folder.run("score", table, &["-o", "o.csv"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let said = text(&output.stderr);
        assert!(
            said.contains(told) && said.is_empty() == told.is_empty(),
            "{table}: {said}"
        );
        let written = fs::read_to_string(folder.path("o.csv")).unwrap();
        let log: f64 = written.lines().nth(1).unwrap().parse().unwrap();
        assert!((log - exact).abs() < 1e-12, "{table}: {log}");
    }
    folder.refusal("7\n", &[]);
    let folder = Folder::new(&["2", "1"], Some(NameSource::Numbers), Precision::F64);
    let output = folder.run("score", "7,5\n", &["-o", "o.csv"]);
    assert!(text(&output.stderr).contains("`2` for `2`, `1` for `1`"));
    let written = fs::read_to_string(folder.path("o.csv")).unwrap();
    let log: f64 = written.lines().nth(1).unwrap().parse().unwrap();
    assert!((log - exact).abs() < 1e-12, "{log}");
}

#[test]
fn a_density_that_f32_does_not_hold_is_computed_in_f64_and_else_told() {
    let folder = Folder::new(&["x"], Some(NameSource::File), Precision::F32);
    let near = "x\n1.5\n-0.5\n";
    let alone = folder.scores(near, &[]);
    let far = "x\n1.5\n-1e39\n1e300\n-0.5\n";
    let scores = folder.scores(far, &[]);
    assert_eq!((&scores[1], &scores[4]), (&alone[1], &alone[2]));
    let z = -1e39 - 1.0;
    let log: f64 = scores[2].parse().unwrap();
    assert!((log / log_normal(z) - 1.0).abs() < 1e-12, "{log}");
    assert_eq!(scores[3], "-inf");
    for threads in ["--threads=1", "--threads=3", "--threads=300"] {
        assert_eq!(folder.scores(far, &[threads]), scores);
    }
    let strict = folder.run("score", far, &["-o", "o.csv", "--strict"]);
    assert_eq!(code(&strict), Some(1));
    let said = text(&strict.stderr);
    assert!(said.contains("1 row is so far out that f32"), "{said}");
    assert!(said.contains("first: row 3"), "{said}");
    assert_eq!(
        fs::read_to_string(folder.path("o.csv"))
            .unwrap()
            .lines()
            .count(),
        5
    );
    let strict = folder.run("score", near, &["-o", "o.csv", "--strict"]);
    assert!(strict.status.success() && strict.stderr.is_empty());
}

#[test]
fn densities_stand_beside_the_numbers_or_the_fields_of_their_rows() {
    let folder = Folder::new(&["x", "y"], Some(NameSource::File), Precision::F64);
    let table = "id;y;note;x\n1;2;\"a;b\";1.50\n2;3;c;NA\n3;4;\"q \"\"x\"\"\";2e0\n4;;;5\n";
    let rows = folder.scores(table, &["--drop-missing"]);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0], "row,log_density");
    for (line, (number, x, y)) in rows[1..].iter().zip([("1", 1.5, 2.0), ("3", 2.0, 4.0)]) {
        let (row, log) = line.split_once(',').unwrap();
        assert_eq!(row, number);
        let exact = log_density(0, x) + log_density(1, y);
        assert!((log.parse::<f64>().unwrap() - exact).abs() < 1e-12);
    }
    let log = |line: &String| line.rsplit(',').next().unwrap().to_owned();
    let expected = [
        "id,y,note,x,log_density".to_owned(),
        format!("1,2,a;b,1.50,{}", log(&rows[1])),
        "2,3,c,NA,".to_owned(),
        format!("3,4,\"q \"\"x\"\"\",2e0,{}", log(&rows[2])),
        "4,,,5,".to_owned(),
    ];
    assert_eq!(
        folder.scores(table, &["--drop-missing", "--append"]),
        expected
    );
    let appended = fs::read_to_string(folder.path("o.csv")).unwrap();
    let said = folder.refusal(&appended, &["--drop-missing", "--append"]);
    assert!(
        said.contains("has a column `log_density` already"),
        "{said}"
    );
    let output = folder.run("score", "x,y\n1,2\n", &["--append", "-o", "o.npy"]);
    assert_eq!(code(&output), Some(2));
    assert!(!folder.path("o.npy").exists());
}

#[test]
fn an_array_without_names_is_refused_with_what_to_do_and_taken_by_position() {
    for names in [["a", "b", "c"], ["2", "1", "3"]] {
        let folder = Folder::new(&names, Some(NameSource::File), Precision::F64);
        let plain = table(&names, &ORDERS[0]);
        let scores = folder.scores(&plain, &[]);
        fs::write(folder.path("h.csv"), headless(&plain)).unwrap();
        let run = |command: &str, arguments: &[&str]| {
            let mut program = otflow(command);
            program
                .args(arguments)
                .current_dir(&folder.0)
                .output()
                .unwrap()
        };
        let score = |more: &[&str]| {
            let arguments = ["m.safetensors", "t.npy", "-o", "n.csv"];
            run("score", &[&arguments, more].concat())
        };
        assert!(run("convert", &["h.csv", "t.npy"]).status.success());
        let refused = score(&[]);
        assert_eq!(code(&refused), Some(2));
        let said = text(&refused.stderr);
        let wanted = format!("the model's 3 are called {}", names.join(", "));
        for part in [
            "has 3 columns without names",
            &wanted,
            "an array of an NPZ",
            "--by-position",
        ] {
            assert!(said.contains(part), "{said}");
        }
        assert!(score(&["--by-position"]).status.success());
        let written = fs::read_to_string(folder.path("n.csv")).unwrap();
        assert_eq!(written.lines().collect::<Vec<_>>(), scores);
        // Of more columns it says how to pick the model's.
        let more = headless(&plain).replace('\n', ",7\n");
        fs::write(folder.path("more.csv"), more).unwrap();
        assert!(run("convert", &["more.csv", "t.npy"]).status.success());
        let said = text(&score(&["--by-position"]).stderr);
        assert!(
            said.contains("otflow convert t.npy PICKED --columns"),
            "{said}"
        );
        let picked = ["t.npy", "t.npy", "--columns", "1,2,3"];
        assert!(run("convert", &picked).status.success());
        assert!(score(&["--by-position"]).status.success());
        let written = fs::read_to_string(folder.path("n.csv")).unwrap();
        assert_eq!(written.lines().collect::<Vec<_>>(), scores);
    }
}

#[test]
fn a_table_with_several_columns_of_a_name_is_refused_unless_the_model_knows_them_all() {
    let folder = Folder::new(&["x", "y"], Some(NameSource::File), Precision::F64);
    for header in ["x,y,x", "y,x,y"] {
        let said = folder.refusal(&format!("{header}\n1,2,3\n"), &[]);
        assert!(said.contains("has 2 columns `"), "{said}");
    }
    // Of names that are not the model's there may be several.
    assert_eq!(folder.scores("x,q,y,q\n1,2,3,4\n", &[]).len(), 2);
    let folder = Folder::new(&["x", "x_2"], Some(NameSource::File), Precision::F64);
    assert_eq!(folder.scores("x,q,x\n1,2,3\n", &[]).len(), 2);
    folder.refusal("x,x,x\n1,2,3\n", &[]);
}

#[test]
fn numbers_that_a_session_asks_for_as_names_are_names_of_the_model() {
    let place = Place::new("");
    let folder = place.folder.path();
    let session = runs::table(folder).replace(
        "jitter: {\"1\": 1.0, \"2\": 1.0}",
        "columns: [\"10\", \"20\"]",
    );
    fs::write(place.session(), session).unwrap();
    let rows = fs::read_to_string(folder.join("t.csv")).unwrap();
    // Among the values of the columns: nobody would take them for names who does not ask for them.
    fs::write(folder.join("t.csv"), format!("10,20\n{rows}\n")).unwrap();
    place.trains(&["--iterations=2"]);
    let swapped = rows.lines().map(|row| {
        let (first, second) = row.split_once(',').unwrap();
        format!("{second},{first}\n")
    });
    fs::write(
        folder.join("s.csv"),
        format!("20,10\n{}", swapped.collect::<String>()),
    )
    .unwrap();
    let score = |table: &str| {
        let mut program = otflow("score");
        program.args(["run", table, "-o", "-"]).current_dir(folder);
        let output = program.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let scores = score("t.csv");
    assert_eq!(scores.lines().count(), 1 + rows.lines().count());
    assert_eq!(score("s.csv"), scores);
}

#[test]
fn names_that_are_numbers_come_back_from_samples_by_any_number_of_threads() {
    let folder = Folder::new(&["400", "410"], Some(NameSource::File), Precision::F64);
    let of = |threads: &str| {
        let mut sample = otflow("sample");
        sample.args(["m.safetensors", "-n", "3", "-o", "s.csv", threads]);
        assert!(sample.current_dir(&folder.0).status().unwrap().success());
        fs::read_to_string(folder.path("s.csv")).unwrap()
    };
    let samples = of("--threads=1");
    assert_eq!(of("--threads=300"), samples);
    assert_eq!(samples.lines().next(), Some("400,410"));
    assert_eq!(folder.scores(&samples, &[]).len(), 4);
}
