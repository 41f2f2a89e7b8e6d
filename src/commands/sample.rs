//! `otflow sample`: writes new rows, f^-1 of normal draws, in the data's own units; for a conditional density, rows for given y.
//!
//! Row i depends on the model, the seed, i and y alone.

use std::path::Path;

use anyhow::{Result, anyhow, bail};

use crate::cli;
use crate::commands::model_file::load_model;
use crate::commands::progress::{WHOLE, progress_bar_of_output};
use crate::commands::rows::{ColumnMatch, IncompleteRows, ModelColumns, column_match, units};
use crate::exit::{Exit, refuse};
use crate::file::OutputPlace;
use crate::fitted::{FittedFlow, NormalDraws, Units};
use crate::nearest::describe_unknown;
use crate::say;
use crate::scaling::ColumnRange;
use crate::signals::Interrupt;
use crate::table::{BLOCK_ROWS, NameSource, TableError, TableProblem, TableWriter};

/// Writes new rows; the value is the exit code.
///
/// # Errors
/// When the output cannot be written, or the threads cannot be started.
pub fn sample(args: &cli::SampleArgs) -> Result<Exit> {
    let model = match load_model(&args.model) {
        Ok(model) => model,
        Err(message) => return Ok(refuse(&message)),
    };
    let mut fitted = FittedFlow::new(&model, cli::threads(args.threads), args.steps)?;
    let units = units(args.standardized);
    let how = column_match(args.by_position);
    let given = match read_given(&args.given, &fitted, units, how) {
        Ok(given) => given,
        Err(error) => return Ok(refuse(&format!("{error:#}"))),
    };
    let seed = args.seed.unwrap_or_default();
    // Before signals are heard: a pipe that nobody reads is waited for.
    let place = OutputPlace::open(&args.out)?;
    let interrupt = Interrupt::listen()?;
    let names = fitted.names();
    let mut out = TableWriter::begin(place, &names)?;
    if fitted.name_source() == NameSource::File {
        out.write_numeric_names(&names)?;
    }
    let bar = progress_bar_of_output(&args.out);
    let block = fitted.block_rows();
    let rows = args.n.saturating_mul(given.rows);
    let mut first = 0;
    while first < rows {
        let n = block.min(rows - first);
        let y = given.repeated(first..first + n, args.n);
        let drawn = fitted.sample(NormalDraws { seed, first, n }, &y);
        let mut drawn = fitted.restored(drawn, units);
        if let (Units::Data, Some(scaling)) = (units, fitted.scaling()) {
            scaling.round(&mut drawn, fitted.shape().d);
        }
        given.restore_typed(first..first + n, args.n, &mut drawn);
        if !drawn.iter().all(|value| value.is_finite()) {
            return Ok(refuse(
                "what is given lies so far from the data that the rows are no numbers",
            ));
        }
        out.write(&drawn)?;
        first += n;
        bar.set_position((first as f64 / rows as f64 * WHOLE) as u64);
        if let Some(signal) = interrupt.signal() {
            return Ok(Exit::Signal(signal));
        }
    }
    bar.finish_and_clear();
    out.finish()?;
    say::of_output(&args.out, &format!("{rows} rows -> {}", args.out.display()));
    Ok(Exit::Done)
}

/// The given rows of `--given`, c values each; without context one row of no values.
struct GivenRows {
    /// Values in the flow's units.
    values: Vec<f64>,
    /// Values as they were given, in the units of the new rows.
    typed: Vec<f64>,
    /// Number of rows.
    rows: usize,
    /// Number c of columns.
    columns: usize,
}

impl GivenRows {
    /// The y of these sampled rows, where every given row is repeated `each` times.
    fn repeated(&self, sampled: std::ops::Range<usize>, each: usize) -> Vec<f64> {
        let row = |i: usize| &self.values[i / each * self.columns..][..self.columns];
        sampled.flat_map(row).copied().collect()
    }

    /// Replaces y in sampled rows by the values as they were given: the conversion to the flow's units and back may have changed their
    /// last digits.
    fn restore_typed(&self, sampled: std::ops::Range<usize>, each: usize, rows: &mut [f64]) {
        let width = rows.len() / sampled.len();
        for (i, row) in sampled.zip(rows.chunks_exact_mut(width)) {
            let typed = &self.typed[i / each * self.columns..][..self.columns];
            row[width - self.columns..].copy_from_slice(typed);
        }
    }
}

/// Reads `--given`: one table, or values by column.
fn read_given(
    texts: &[String],
    fitted: &FittedFlow,
    units: Units,
    how: ColumnMatch,
) -> Result<GivenRows> {
    let shape = fitted.shape();
    let columns = ModelColumns::given(fitted);
    let names = columns.names();
    if shape.context == 0 {
        if !texts.is_empty() {
            bail!("the model is of a density without given columns: leave out --given");
        }
        return Ok(GivenRows {
            values: Vec::new(),
            typed: Vec::new(),
            rows: 1,
            columns: 0,
        });
    }
    let wanted = names.join(", ");
    let typed = match texts {
        [] => bail!("the model needs --given TABLE or --given COLUMN=VALUE for {wanted}"),
        [file] if !file.contains('=') => read_table(Path::new(file), &columns, how)?,
        texts => parse_pairs(texts, names)?,
    };
    let mut values = typed.clone();
    if let Some(scaling) = fitted.scaling() {
        let given = ColumnRange {
            first: shape.d,
            width: shape.context,
        };
        scaling.standardize(&mut values, given, units);
    }
    if let Some(place) = values.iter().position(|value| value.is_infinite()) {
        let column = place % shape.context;
        let scaling = fitted.scaling();
        let mapped = scaling.is_some_and(|of| of.columns[shape.d + column].transform.is_some());
        let why = if mapped {
            "outside of the bounds of its map"
        } else {
            "so far from the data that no flow can take it"
        };
        bail!("{} = {} lies {why}", names[column], typed[place]);
    }
    Ok(GivenRows {
        rows: values.len() / shape.context,
        columns: shape.context,
        values,
        typed,
    })
}

/// Reads the given columns of a table, row-major.
fn read_table(file: &Path, columns: &ModelColumns, how: ColumnMatch) -> Result<Vec<f64>> {
    let table = columns.open(file, how, IncompleteRows::Refuse, BLOCK_ROWS)?;
    let rows: Vec<Vec<f64>> = table.blocks.collect::<Result<_, TableError>>().map_err(|error| {
        match error.problem {
            TableProblem::Missing { location, .. } => anyhow!(
                "{}: {location}: the value is missing, and no row can be drawn for it: leave the row out, as otflow convert --drop-missing does",
                file.display()
            ),
            _ => error.into(),
        }
    })?;
    if rows.is_empty() {
        bail!("{} has no rows", file.display());
    }
    Ok(rows.concat())
}

/// Parses one row from COLUMN=VALUE pairs.
fn parse_pairs(texts: &[String], names: &[String]) -> Result<Vec<f64>> {
    let mut values = vec![None; names.len()];
    for text in texts.iter().flat_map(|text| text.split(',')) {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| anyhow!("--given {text}: expected one TABLE alone, or COLUMN=VALUE"))?;
        let place = names.iter().position(|known| known == name.trim());
        let place = place.ok_or_else(|| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let unknown = describe_unknown("given column", name.trim(), &names);
            anyhow!("--given {text}: {unknown}")
        })?;
        let value: f64 = value
            .trim()
            .parse()
            .map_err(|_| anyhow!("--given {text}: expected a number after {name}="))?;
        if !value.is_finite() {
            bail!("--given {text}: expected a finite number");
        }
        if values[place].replace(value).is_some() {
            bail!("--given {text}: {name} is given twice: give a TABLE for several rows");
        }
    }
    let missing = names.iter().zip(&values).find(|(_, value)| value.is_none());
    if let Some((name, _)) = missing {
        bail!("--given lacks {name}");
    }
    Ok(values.into_iter().flatten().collect())
}
