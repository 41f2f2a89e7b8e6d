//! The arrays of an NPY or NPZ file, read by position: memory does not grow with the file. The file is not mapped into memory: that
//! needs unsafe code, and a file cut short under the running program would end it with SIGBUS where reading gives an error.
//!
//! | file | holds |
//! | --- | --- |
//! | `source.rs` | the bytes of an array in a file |
//! | `header.rs`, `literal.rs` | the header of an array; the Python literal in it |
//! | `element.rs`, `array.rs` | the type of an element; where the columns of an array lie |
//! | `archive.rs` | the arrays of an NPZ, side by side |

mod archive;
mod array;
mod element;
mod header;
mod literal;
mod source;

use std::fs::File;
use std::io;
use std::sync::Arc;

pub(super) use archive::open_archive;
pub(super) use header::{MAGIC, header_bytes};

use super::cell::Cell;
use super::error::{TableProblem, ValueLocation};
use super::integer::{LargeInteger, may_be_rounded};
use super::name_source::NameSource;
use super::select::{Missing, SelectedColumns, Selection};
use array::{Array, Field, Records};
use element::ElementType;
use source::Source;

/// Bytes read at a time, unless a single row has more.
const CHUNK: usize = 1 << 16;

/// The selected columns of the arrays of a file, which have equally many rows.
pub(super) struct NpyColumns {
    runs: Vec<SelectedRun>,
    names: Vec<String>,
    name_source: NameSource,
    /// Rows of the arrays.
    file_rows: usize,
    missing: Missing,
    /// Number of kept rows before each row that is left out: sorted.
    left_out: Vec<usize>,
    /// Rows of the file that the pass has read.
    seen: usize,
    /// Rows that the pass has left out.
    dropped: u64,
    /// The large integers of the last block.
    large: Vec<LargeInteger>,
}

/// A run of records, and where its selected columns go.
struct SelectedRun {
    records: Records,
    columns: Vec<PlacedField>,
}

/// A column of a run of records.
struct PlacedField {
    field: Field,
    /// Its position among the selected columns.
    position: usize,
}

/// A row of a pass.
struct PassedRow<'a> {
    /// Its number in the file, from 0.
    number: usize,
    values: &'a [f64],
    /// Whether it has all values.
    whole: bool,
    /// The digits of its large integers, with the positions of their columns.
    large: &'a [LargeDigits],
}

/// The digits of a large integer in some rows of the file.
struct LargeDigits {
    /// Its row among these.
    row: usize,
    position: usize,
    digits: String,
}

impl NpyColumns {
    /// Reads the header of an NPY file of this many bytes.
    ///
    /// # Errors
    /// The file cannot be read or is no NPY, or a column is not there.
    pub fn open(file: File, bytes: u64, selection: &Selection) -> Result<Self, TableProblem> {
        let source = Source {
            file: Arc::new(file),
            start: 0,
            bytes,
        };
        let array = Array::read(&source)?;
        let columns = SelectedColumns::find(&array.names.alone(), &selection.columns)?;
        let source = array.names.source();
        let (runs, rows) = (array.runs, array.rows);
        Ok(NpyColumns::new(runs, columns, source, rows, selection))
    }

    /// The selected columns of runs of `rows` records.
    fn new(
        runs: Vec<Records>,
        columns: SelectedColumns,
        name_source: NameSource,
        rows: usize,
        selection: &Selection,
    ) -> Self {
        let mut first = 0;
        let runs = runs.into_iter().map(|records| {
            let inside = first..first + records.fields.len();
            first = inside.end;
            let positions = columns.indices.iter().enumerate();
            let placed = positions.filter(|(_, index)| inside.contains(index));
            SelectedRun {
                columns: placed
                    .map(|(position, index)| PlacedField {
                        field: records.fields[index - inside.start],
                        position,
                    })
                    .collect(),
                records,
            }
        });
        NpyColumns {
            runs: runs.filter(|run| !run.columns.is_empty()).collect(),
            names: columns.names,
            name_source,
            file_rows: rows,
            missing: selection.missing.clone(),
            left_out: Vec::new(),
            seen: 0,
            dropped: 0,
            large: Vec::new(),
        }
    }

    /// Names of the selected columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The source of the names.
    pub fn name_source(&self) -> NameSource {
        self.name_source
    }

    /// Rows that [`NpyColumns::read`] counts.
    pub fn rows(&self) -> usize {
        self.file_rows - self.left_out.len()
    }

    /// Rows left out so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Fraction of the rows that the pass has read.
    pub fn progress(&self) -> f64 {
        self.seen as f64 / self.file_rows.max(1) as f64
    }

    /// The large integers of the block that was read last.
    pub fn take_large(&mut self) -> Vec<LargeInteger> {
        std::mem::take(&mut self.large)
    }

    /// Reads all rows once, so that [`NpyColumns::read`] knows which to leave out.
    pub fn index(&mut self) -> Result<(), TableProblem> {
        let mut left_out = Vec::new();
        let rows = (CHUNK / self.names.len()).max(1);
        while self.pass(rows, |row| {
            if !row.whole {
                left_out.push(row.number - left_out.len());
            }
        })? {}
        self.left_out = left_out;
        Ok(())
    }

    /// Appends the kept ones of the next `rows` rows of the file to `block`; false at the end.
    pub fn next(&mut self, rows: usize, block: &mut Vec<f64>) -> Result<bool, TableProblem> {
        let names = self.names.clone();
        let mut large = Vec::new();
        let more = self.pass(rows, |row| {
            if !row.whole {
                return;
            }
            large.extend(row.large.iter().map(|integer| LargeInteger {
                index: block.len() + integer.position,
                digits: integer.digits.clone(),
                location: location(row.number, &names[integer.position]),
            }));
            block.extend(row.values);
        })?;
        self.large = large;
        Ok(more)
    }

    /// Calls `see` with the column and the content of every field of the next rows of the file, at most `rows`; false at the end.
    pub fn show(
        &mut self,
        rows: usize,
        mut see: impl FnMut(usize, Cell<'_>),
    ) -> Result<bool, TableProblem> {
        let width = self.names.len();
        let rows = rows
            .min((CHUNK / width).max(1))
            .min(self.file_rows - self.seen);
        let mut cells = vec![Cell::Missing; rows * width];
        self.visit(self.seen, rows, |index, element, bytes| {
            cells[index] = element.cell(bytes);
        })?;
        self.seen += rows;
        for (index, cell) in cells.into_iter().enumerate() {
            see(index % width, cell);
        }
        Ok(rows > 0)
    }

    /// Fills `out` (rows x width) with kept rows from number `first` on.
    pub fn read(&self, mut first: usize, mut out: &mut [f64]) -> Result<(), TableProblem> {
        let width = self.names.len();
        while !out.is_empty() {
            let before = self.left_out.partition_point(|&kept| kept <= first);
            let until_next = self.left_out.get(before).map(|kept| kept - first);
            let run = until_next.unwrap_or(usize::MAX).min(out.len() / width);
            let (now, later) = out.split_at_mut(run * width);
            self.visit(first + before, run, |index, element, bytes| {
                now[index] = element.value(bytes);
            })?;
            first += run;
            out = later;
        }
        Ok(())
    }

    /// Calls `take` with the next `rows` rows of the file; false at the end.
    fn pass(
        &mut self,
        rows: usize,
        mut take: impl FnMut(PassedRow<'_>),
    ) -> Result<bool, TableProblem> {
        self.refuse_text()?;
        let rows = rows.min(self.file_rows - self.seen);
        let width = self.names.len();
        let mut values = vec![0.0; rows * width];
        let mut large = Vec::new();
        self.visit(self.seen, rows, |index, element, bytes| {
            let value = element.value(bytes);
            values[index] = value;
            if may_be_rounded(value)
                && let Some(digits) = element.digits(bytes)
            {
                large.push(LargeDigits {
                    row: index / width,
                    position: index % width,
                    digits,
                });
            }
        })?;
        large.sort_by_key(|integer| integer.row);
        for (row, values) in values.chunks_exact(width).enumerate() {
            let whole = self.is_kept(values)?;
            let start = large.partition_point(|integer| integer.row < row);
            let end = large.partition_point(|integer| integer.row <= row);
            take(PassedRow {
                number: self.seen,
                values,
                whole,
                large: &large[start..end],
            });
            self.seen += 1;
            self.dropped += u64::from(!whole);
        }
        Ok(rows > 0)
    }

    /// Refuses a selected column of text.
    fn refuse_text(&self) -> Result<(), TableProblem> {
        let mut columns = self.runs.iter().flat_map(|run| &run.columns);
        let Some(text) = columns.find(|column| column.field.element.is_text()) else {
            return Ok(());
        };
        Err(TableProblem::TextColumn(self.names[text.position].clone()))
    }

    /// Whether a row is kept.
    fn is_kept(&self, row: &[f64]) -> Result<bool, TableProblem> {
        let mut whole = true;
        for (value, name) in row.iter().zip(&self.names) {
            whole &=
                self.missing
                    .admits(*value, || location(self.seen, name), || value.to_string())?;
        }
        Ok(whole)
    }

    /// Calls `see` with every element of `rows` rows of the file from number `first` on: its place in them (rows x width), its type and
    /// its bytes.
    fn visit(
        &self,
        first: usize,
        rows: usize,
        mut see: impl FnMut(usize, ElementType, &[u8]),
    ) -> io::Result<()> {
        let width = self.names.len();
        for SelectedRun { records, columns } in &self.runs {
            let chunk = (CHUNK / records.size).max(1);
            for start in (0..rows).step_by(chunk) {
                let bytes = records.bytes(first + start, chunk.min(rows - start))?;
                for (row, record) in bytes.chunks_exact(records.size).enumerate() {
                    for PlacedField { field, position } in columns {
                        let element = field.element;
                        let bytes = &record[field.offset..][..element.size];
                        see((start + row) * width + position, element, bytes);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The location of a value in the row of this number, from 0.
fn location(row: usize, column: &str) -> ValueLocation {
    ValueLocation {
        row: row as u64 + 1,
        line: None,
        column: column.to_owned(),
    }
}
