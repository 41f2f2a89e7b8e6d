//! `otflow sample`: new rows, f^-1 of normal draws, in the data's own units; of a conditional density for given y.
//!
//! Row i depends on (model, seed, i, y) alone.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use otflow_kernels::engine::Direction;

use crate::cli;
use crate::commands::score::{bar, units};
use crate::data::random::{DrawKey, Stream, normal_rows};
use crate::exit::{Exit, refuse};
use crate::fitted::{Fitted, Units, join};
use crate::model::Model;
use crate::say;
use crate::scaling::Span;
use crate::signals::Interrupt;
use crate::table::{Blocks, Selection, TableWriter};

/// Samples; the value is the exit code.
///
/// # Errors
/// When the output cannot be written, or the threads cannot be started.
pub fn sample(args: &cli::SampleArgs) -> Result<Exit> {
    let model = match Model::load(&args.model) {
        Ok(model) => model,
        Err(error) => return Ok(refuse(&error.to_string())),
    };
    let mut fitted = Fitted::new(&model, cli::threads(args.threads), args.steps)?;
    let units = units(args.standardized);
    let given = match given(&args.given, &fitted, units) {
        Ok(given) => given,
        Err(error) => return Ok(refuse(&format!("{error:#}"))),
    };
    let seed = args.seed.unwrap_or_default();
    let interrupt = Interrupt::listen()?;
    let mut out = TableWriter::create(&args.out, &fitted.names())?;
    let bar = bar();
    let block = fitted.block();
    let rows = args.n.saturating_mul(given.rows);
    let mut first = 0;
    while first < rows {
        let n = block.min(rows - first);
        let y = given.of(first..first + n, args.n);
        let drawn = draw(&mut fitted, (seed, first), n, &y);
        let mut drawn = fitted.restored(drawn, units);
        given.put(first..first + n, args.n, &mut drawn);
        if !drawn.iter().all(|value| value.is_finite()) {
            return Ok(refuse(
                "what is given lies so far from the data that the rows are no numbers",
            ));
        }
        out.write(&drawn)?;
        first += n;
        bar.set_position((first as f64 / rows as f64 * 1000.0) as u64);
        if let Some(signal) = interrupt.signal() {
            return Ok(Exit::Signal(signal));
        }
    }
    bar.finish_and_clear();
    out.finish()?;
    say::out(&format!("{rows} rows -> {}", args.out.display()));
    Ok(Exit::Done)
}

/// Rows of (x, y) in the flow's units: f^-1 of the normal rows from `first` on, for y, n x c.
pub fn draw(fitted: &mut Fitted, (seed, first): (u64, usize), n: usize, y: &[f64]) -> Vec<f64> {
    let shape = fitted.shape();
    let key = DrawKey {
        seed,
        stream: Stream::Samples,
        draw: 0,
    };
    let normal = normal_rows(key, first as u64..(first + n) as u64, shape.d);
    let x = fitted.transport(&normal, y, Direction::Inverse);
    join(&x, y, &shape)
}

/// What samples are conditioned on: rows of c values in the flow's units; one row of none without context.
struct Given {
    values: Vec<f64>,
    /// As they were given, in the units of the rows.
    typed: Vec<f64>,
    rows: usize,
    columns: usize,
}

impl Given {
    /// The y of sampled rows, where each given row has so many.
    fn of(&self, sampled: std::ops::Range<usize>, each: usize) -> Vec<f64> {
        let row = |i: usize| &self.values[i / each * self.columns..][..self.columns];
        sampled.flat_map(row).copied().collect()
    }

    /// Puts what was given into sampled rows of so many columns: the way through the flow's units may have cost the last digit.
    fn put(&self, sampled: std::ops::Range<usize>, each: usize, rows: &mut [f64]) {
        let width = rows.len() / sampled.len();
        for (i, row) in sampled.zip(rows.chunks_exact_mut(width)) {
            let typed = &self.typed[i / each * self.columns..][..self.columns];
            row[width - self.columns..].copy_from_slice(typed);
        }
    }
}

/// Reads `--given`: one table, or values by column.
fn given(texts: &[String], fitted: &Fitted, units: Units) -> Result<Given> {
    let shape = fitted.shape();
    let names = fitted.names().split_off(shape.d);
    if shape.context == 0 {
        if !texts.is_empty() {
            bail!("the model is of a density without given columns: leave out --given");
        }
        return Ok(Given {
            values: Vec::new(),
            typed: Vec::new(),
            rows: 1,
            columns: 0,
        });
    }
    let wanted = names.join(", ");
    let typed = match texts {
        [] => bail!("the model needs --given TABLE or --given COLUMN=VALUE for {wanted}"),
        [file] if !file.contains('=') => table(Path::new(file), &names)?,
        texts => pairs(texts, &names)?,
    };
    let mut values = typed.clone();
    if let Some(scaling) = fitted.scaling() {
        let given = Span {
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
    Ok(Given {
        rows: values.len() / shape.context,
        columns: shape.context,
        values,
        typed,
    })
}

fn table(file: &Path, names: &[String]) -> Result<Vec<f64>> {
    let selection = Selection {
        columns: names.to_vec(),
        ..Selection::default()
    };
    let blocks = Blocks::open(file, &selection, 4096)?;
    let rows: Vec<Vec<f64>> = blocks.collect::<Result<_, _>>()?;
    if rows.is_empty() {
        bail!("{} has no rows", file.display());
    }
    Ok(rows.concat())
}

fn pairs(texts: &[String], names: &[String]) -> Result<Vec<f64>> {
    let mut values = vec![None; names.len()];
    for text in texts.iter().flat_map(|text| text.split(',')) {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| anyhow!("--given {text}: expected one TABLE alone, or COLUMN=VALUE"))?;
        let place = names.iter().position(|known| known == name.trim());
        let place = place
            .ok_or_else(|| anyhow!("--given {text}: the given columns are {}", names.join(", ")))?;
        let value: f64 = value
            .trim()
            .parse()
            .with_context(|| format!("--given {text}"))?;
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
