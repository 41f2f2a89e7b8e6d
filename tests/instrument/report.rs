//! What was found: a table, the curves as JSON lines for `otflow compare --peer`, and the picture.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::json;

use super::process::run;
use super::tables::Tables;
use crate::runs::otflow;

/// Seconds at which C is told.
const MARKS: [f64; 6] = [5.0, 10.0, 20.0, 50.0, 100.0, 150.0];
/// The last validation of who is stopped at a mark is a little later.
const LATE: f64 = 1.01;

/// C of the validation by the best parameters so far, nats, in units of the columns' deviations; a toy set has its own units.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub c: f64,
}

/// C of the test rows, nats.
#[derive(Clone, Copy, Debug)]
pub struct Test {
    /// In units of the table.
    pub c_table: f64,
    pub error: f64,
}

/// What only a flow of this program has, over the test rows in twice the steps of its validation.
#[derive(Clone, Copy, Debug)]
pub struct OfFlow {
    pub l: f64,
    pub r: f64,
    /// In the steps of the validation.
    pub inverse_error: f64,
    /// C in those steps, less C in twice as many.
    pub coarse: f64,
}

/// One that has learned the data set.
pub struct Contender {
    pub name: String,
    pub curve: Vec<Point>,
    /// Of training.
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub test: Test,
    pub flow: Option<OfFlow>,
}

/// Which seconds are meant.
#[derive(Clone, Copy)]
enum Seconds {
    Wall,
    Cpu,
}

pub struct Report<'a> {
    pub name: &'a str,
    pub tables: &'a Tables,
    pub threads: usize,
    pub contenders: Vec<Contender>,
}

impl Contender {
    /// The best so far at a mark, if there was a validation.
    fn at(&self, mark: f64, seconds: Seconds) -> Option<f64> {
        let until = self.curve.iter().take_while(|point| match seconds {
            Seconds::Wall => point.seconds <= mark * LATE,
            Seconds::Cpu => point.cpu_seconds <= mark * LATE,
        });
        until.last().map(|point| point.c)
    }

    fn spent(&self, seconds: Seconds) -> f64 {
        match seconds {
            Seconds::Wall => self.seconds,
            Seconds::Cpu => self.cpu_seconds,
        }
    }
}

impl Report<'_> {
    pub fn print(&self) {
        println!("\n{}, {}, {} threads", self.name, processor(), self.threads);
        for (seconds, name) in [(Seconds::Wall, "wall"), (Seconds::Cpu, "CPU")] {
            println!("C of the validation, best so far, by {name} seconds of training");
            let spent = self.contenders.iter().map(|of| of.spent(seconds));
            let longest = LATE * spent.fold(0.0, f64::max);
            let marks = || MARKS.into_iter().filter(|mark| *mark <= longest);
            let mut head = String::new();
            for mark in marks() {
                let _ = write!(head, "{mark:>9}");
            }
            println!("{:<38}{head}", "");
            for of in &self.contenders {
                let mut row = String::new();
                for mark in marks() {
                    row += &cell(of.at(mark, seconds), 9, 3);
                }
                println!("{:<38}{row}", of.name);
            }
        }
        println!(
            "Test rows, by the best parameters; L, R and C in twice the steps of the validation"
        );
        println!(
            "{:<38}{:>9}{:>9}{:>10}{:>9}{:>9}{:>9}{:>10}{:>10}{:>9}{:>9}",
            "", "C", "+-", "C table", "C - H", "L", "R", "inverse", "own C-C", "wall s", "CPU s"
        );
        self.contenders
            .iter()
            .for_each(|of| println!("{}", self.row(of)));
    }

    fn row(&self, of: &Contender) -> String {
        let entropy = self.tables.entropy;
        let flow = |figure: fn(OfFlow) -> f64| of.flow.map(figure);
        let mut row = format!("{:<38}", of.name);
        row += &cell(Some(of.test.c_table - self.tables.log_determinant), 9, 4);
        row += &cell(Some(of.test.error), 9, 4);
        row += &cell(Some(of.test.c_table), 10, 4);
        row += &cell(entropy.map(|h| of.test.c_table - h.test), 9, 4);
        row += &cell(flow(|flow| flow.l), 9, 4);
        row += &cell(flow(|flow| flow.r), 9, 4);
        let inverse = flow(|flow| flow.inverse_error);
        row += &inverse.map_or(format!("{:>10}", "-"), |error| format!("{error:>10.1e}"));
        row += &cell(flow(|flow| flow.coarse), 10, 4);
        row += &cell(Some(of.seconds), 9, 1);
        row + &cell(Some(of.cpu_seconds), 9, 1)
    }

    /// Leaves `curves.jsonl`, `curves.svg` and `curves.png` in a directory.
    pub fn save(&self, folder: &Path) {
        let shift = self.tables.log_determinant;
        let entropy = self.tables.entropy.map(|entropy| entropy.all - shift);
        let mut text = String::new();
        for of in &self.contenders {
            for Point {
                seconds,
                cpu_seconds,
                c,
            } in &of.curve
            {
                let line = json!({"data": self.name, "peer": of.name, "seconds": seconds, "cpu_seconds": cpu_seconds,
                    "validation_C": c, "entropy": entropy});
                let _ = writeln!(text, "{line}");
            }
            let flow = of.flow;
            let line = json!({"data": self.name, "peer": of.name, "final": true, "seconds": of.seconds,
                "cpu_seconds": of.cpu_seconds, "validation_C": of.curve.last().map(|point| point.c),
                "test_C": of.test.c_table - shift, "test_C_se": of.test.error, "test_C_table": of.test.c_table,
                "L": flow.map(|flow| flow.l), "R": flow.map(|flow| flow.r),
                "inverse_error": flow.map(|flow| flow.inverse_error), "entropy": entropy});
            let _ = writeln!(text, "{line}");
        }
        let curves = folder.join("curves.jsonl");
        fs::write(&curves, text).unwrap();
        for ending in ["svg", "png"] {
            let out = folder.join("curves").with_extension(ending);
            let mut compare = otflow("compare");
            compare.arg("--peer").arg(&curves).arg("--out").arg(&out);
            run(compare.args(["--title", self.name]));
            println!("{}", out.display());
        }
    }
}

/// A number in so many columns with so many decimals, to the right.
pub fn cell(value: Option<f64>, width: usize, decimals: usize) -> String {
    value.map_or(format!("{:>width$}", "-"), |value| {
        format!("{value:>width$.decimals$}")
    })
}

/// The name of the CPU, where the system tells it.
pub fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split(':').nth(1));
    name.map_or("unknown CPU".to_owned(), |name| name.trim().to_owned())
}
