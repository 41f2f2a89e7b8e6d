//! The table of densities that `otflow score` writes.
//!
//! | arguments | columns |
//! | --- | --- |
//! | | `log_density` |
//! | `--drop-missing` | `row`, from 1, and `log_density` |
//! | `--append` | those of the scored table as they are, and `log_density`, empty for a row that is left out |

use anyhow::{Result, bail};

use crate::cli;
use crate::commands::rows::ModelRows;
use crate::file::OutputPlace;
use crate::signals::Interrupt;
use crate::table::{Fields, TableWriter};

/// Name of the column of densities.
const DENSITY: &str = "log_density";
/// Name of the column of the rows' numbers.
const ROW: &str = "row";

/// The writer of a table of densities.
pub struct DensityTable {
    out: TableWriter,
    beside: Beside,
}

/// What stands before the density of a row.
enum Beside {
    Nothing,
    /// Its number.
    Number,
    /// Its fields; `read` rows of them were taken so far.
    Fields {
        fields: Box<Fields>,
        read: u64,
    },
}

impl DensityTable {
    /// Begins the table that the arguments ask for, of a scored table.
    ///
    /// # Errors
    /// It can't be written, or has a column of densities already.
    pub fn create(args: &cli::ScoreArgs, place: OutputPlace, scored: &ModelRows) -> Result<Self> {
        let beside = match (args.append, args.drop_missing) {
            (false, false) => Beside::Nothing,
            (false, true) => Beside::Number,
            (true, _) => Beside::Fields {
                fields: Box::new(scored.fields(&args.data)?),
                read: 0,
            },
        };
        let mut names = match &beside {
            Beside::Nothing => Vec::new(),
            Beside::Number => vec![ROW.to_owned()],
            Beside::Fields { fields, .. } => fields.names().to_vec(),
        };
        if names.iter().any(|name| name == DENSITY) {
            bail!(
                "{} has a column `{DENSITY}` already: rename it, or leave out --append",
                args.data.display()
            );
        }
        names.push(DENSITY.to_owned());
        let out = TableWriter::begin(place, &names)?;
        if args.append && !out.holds_text() {
            bail!(
                "{}: --append writes the text of the table's fields, which a CSV alone holds",
                args.out.display()
            );
        }
        Ok(DensityTable { out, beside })
    }

    /// Writes the densities of rows with these numbers, from 1, after all before them.
    ///
    /// # Errors
    /// The table can't be written, or the fields of the rows can't be read.
    pub fn write(&mut self, densities: &[f64], numbers: &[u64]) -> Result<()> {
        let numbered = numbers.iter().zip(densities);
        match &mut self.beside {
            Beside::Nothing => self.out.write(densities)?,
            Beside::Number => {
                let rows = numbered.flat_map(|(&number, &log)| [number as f64, log]);
                self.out.write(&rows.collect::<Vec<_>>())?;
            }
            Beside::Fields { fields, read } => {
                for (&number, log) in numbered {
                    while *read < number {
                        let Some(mut row) = fields.next().transpose()? else {
                            bail!("the scored table has become shorter");
                        };
                        *read += 1;
                        let scored = *read == number;
                        row.push(if scored {
                            log.to_string()
                        } else {
                            String::new()
                        });
                        self.out.write_text(&row)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes the rows that are left, all without a density, until a signal comes.
    ///
    /// # Errors
    /// As of [`DensityTable::write`].
    pub fn write_rest(&mut self, interrupt: &Interrupt) -> Result<()> {
        let Beside::Fields { fields, .. } = &mut self.beside else {
            return Ok(());
        };
        while interrupt.signal().is_none()
            && let Some(mut row) = fields.next().transpose()?
        {
            row.push(String::new());
            self.out.write_text(&row)?;
        }
        Ok(())
    }

    /// Puts the table at its path.
    ///
    /// # Errors
    /// The table can't be written.
    pub fn finish(self) -> Result<()> {
        self.out.finish()?;
        Ok(())
    }
}
