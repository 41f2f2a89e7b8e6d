//! The rows of a Parquet or Arrow file, a batch at a time: memory holds a row group's pages, or a batch of the file.
//!
//! | type | read as |
//! | --- | --- |
//! | integers, floats, decimals, booleans, and dictionaries of them | numbers |
//! | dates, times, durations | numbers in the unit of the type |
//! | null | a missing value |
//! | strings and all others | text |

use std::fs::File;
use std::io::BufReader;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::display::array_value_to_string;
use arrow_cast::{can_cast_types, cast};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::blocks::BLOCK_ROWS;
use super::cell::Cell;
use super::error::{TableProblem, ValueLocation};
use super::format::FileFormat;
use super::integer::{LargeInteger, large_digits, may_be_rounded};
use super::select::{Missing, SelectedColumns, Selection};

/// The selected columns of a Parquet or Arrow file.
pub(super) struct ArrowRows {
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>,
    /// Columns of a batch, in the order of the names.
    order: Vec<usize>,
    names: Vec<String>,
    missing: Missing,
    batch: Batch,
    /// Batches or rows of the file, where it says how many.
    total: usize,
    /// Those that were read.
    read: usize,
    /// Rows read so far.
    row: u64,
    /// Rows left out so far.
    dropped: u64,
    /// The large integers since they were last asked for.
    large: Vec<LargeInteger>,
}

/// The rows of a batch that are still to be read.
#[derive(Default)]
struct Batch {
    columns: Vec<Column>,
    /// The next row.
    next: usize,
    rows: usize,
}

/// A column of a batch.
enum Column {
    Numbers {
        /// Null where a value is missing.
        values: ArrayRef,
        /// The array whose text has all digits, where numbers may be rounded.
        exact: Option<ArrayRef>,
    },
    Text(ArrayRef),
}

/// The batches of a file.
struct OpenBatches {
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>,
    /// Columns of a batch, in the order of the names.
    order: Vec<usize>,
    names: Vec<String>,
    total: usize,
}

impl ArrowRows {
    /// Reads the description of a file.
    ///
    /// # Errors
    /// The file cannot be read or is damaged, or a column is not there.
    pub fn open(
        file: File,
        format: FileFormat,
        selection: &Selection,
    ) -> Result<Self, TableProblem> {
        let opened = match format {
            FileFormat::Parquet => open_parquet(file, selection)?,
            _ => open_ipc(file, format, selection)?,
        };
        Ok(ArrowRows {
            batches: opened.batches,
            order: opened.order,
            names: opened.names,
            missing: selection.missing.clone(),
            batch: Batch::default(),
            total: opened.total,
            read: 0,
            row: 0,
            dropped: 0,
            large: Vec::new(),
        })
    }

    /// Names of the selected columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Rows left out so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Fraction of the batches that has been read; of a stream, whose length is not known, 0.
    pub fn progress(&self) -> f64 {
        self.read as f64 / self.total.max(self.read).max(1) as f64
    }

    /// The large integers since they were last asked for.
    pub fn take_large(&mut self) -> Vec<LargeInteger> {
        std::mem::take(&mut self.large)
    }

    /// Appends the kept ones of the next rows, at most `rows`, to `block`; false at the end.
    pub fn next(&mut self, rows: usize, block: &mut Vec<f64>) -> Result<bool, TableProblem> {
        if !self.advance()? {
            return Ok(false);
        }
        let end = self.batch.rows.min(self.batch.next + rows);
        while self.batch.next < end {
            self.row += 1;
            if !self.append_values(block)? {
                self.dropped += 1;
            }
            self.batch.next += 1;
        }
        Ok(true)
    }

    /// Calls `see` with the column and the content of every field of the next rows, at most `rows`; false at the end.
    pub fn show(
        &mut self,
        rows: usize,
        mut see: impl FnMut(usize, Cell<'_>),
    ) -> Result<bool, TableProblem> {
        if !self.advance()? {
            return Ok(false);
        }
        let end = self.batch.rows.min(self.batch.next + rows);
        for row in self.batch.next..end {
            for (position, column) in self.batch.columns.iter().enumerate() {
                see(position, column.cell(row));
            }
        }
        self.batch.next = end;
        Ok(true)
    }

    /// Goes on to the next batch with rows where all of this one were read; false at the end.
    fn advance(&mut self) -> Result<bool, TableProblem> {
        while self.batch.next == self.batch.rows {
            let Some(batch) = self.batches.next() else {
                return Ok(false);
            };
            let batch = batch.map_err(damaged)?;
            self.read += 1;
            let columns = self.order.iter().map(|&index| batch.column(index));
            self.batch = Batch {
                columns: columns.map(Column::of).collect::<Result<_, _>>()?,
                next: 0,
                rows: batch.num_rows(),
            };
        }
        Ok(true)
    }

    /// Appends the values of the next row to `out`; false, and none of them, if the row is to be left out.
    fn append_values(&mut self, out: &mut Vec<f64>) -> Result<bool, TableProblem> {
        let (start, mut whole) = (out.len(), true);
        for (position, column) in self.batch.columns.iter().enumerate() {
            let location = || ValueLocation {
                row: self.row,
                line: None,
                column: self.names[position].clone(),
            };
            let Some(value) = column.value(self.batch.next) else {
                return Err(TableProblem::TextColumn(self.names[position].clone()));
            };
            whole &= self.missing.admits(value, location, || value.to_string())?;
            if let Some(digits) = column.digits(self.batch.next, value) {
                self.large.push(LargeInteger {
                    index: out.len(),
                    digits,
                    location: location(),
                });
            }
            out.push(value);
        }
        if !whole {
            out.truncate(start);
            self.large.retain(|integer| integer.index < start);
        }
        Ok(whole)
    }
}

impl Column {
    /// The numbers or texts of an array.
    fn of(array: &ArrayRef) -> Result<Self, TableProblem> {
        // Where a cast to a float would take the text apart, or does not exist, the numbers behind it are taken.
        let integers = |array: &ArrayRef| -> Result<ArrayRef, TableProblem> {
            match array.data_type() {
                DataType::Date32 | DataType::Time32(_) => {
                    let days = cast(array, &DataType::Int32).map_err(damaged)?;
                    cast(&days, &DataType::Int64).map_err(damaged)
                }
                kind if kind.is_temporal() => cast(array, &DataType::Int64).map_err(damaged),
                _ => Ok(array.clone()),
            }
        };
        let array = match array.data_type() {
            DataType::Dictionary(_, values) => &cast(array, values).map_err(damaged)?,
            _ => array,
        };
        let kind = array.data_type();
        if !is_number(kind) {
            return Ok(Column::Text(array.clone()));
        }
        let exact = integers(array)?;
        let values = cast(&exact, &DataType::Float64).map_err(damaged)?;
        Ok(Column::Numbers {
            values,
            exact: (!kind.is_floating()).then_some(exact),
        })
    }

    /// The number of a row, NaN if it is missing; None of text.
    fn value(&self, row: usize) -> Option<f64> {
        let Column::Numbers { values, .. } = self else {
            return None;
        };
        let value = || values.as_primitive::<Float64Type>().value(row);
        Some(if values.is_null(row) {
            f64::NAN
        } else {
            value()
        })
    }

    /// The digits of a large integer.
    fn digits(&self, row: usize, value: f64) -> Option<String> {
        let Column::Numbers {
            exact: Some(exact), ..
        } = self
        else {
            return None;
        };
        if !may_be_rounded(value) {
            return None;
        }
        let text = array_value_to_string(exact, row).ok()?;
        large_digits(value, text.as_bytes())
    }

    /// The content of a row.
    fn cell(&self, row: usize) -> Cell<'static> {
        match (self, self.value(row)) {
            (_, Some(value)) => Cell::read(value, || self.digits(row, value)),
            (Column::Text(texts), None) if !texts.is_null(row) => {
                Cell::Text(array_value_to_string(texts, row).unwrap_or_default().into())
            }
            _ => Cell::Missing,
        }
    }
}

/// Whether the values of a type are numbers.
fn is_number(kind: &DataType) -> bool {
    kind.is_numeric()
        || matches!(kind, DataType::Boolean)
        || (kind.is_temporal() && can_cast_types(kind, &DataType::Int64))
}

/// Opens a Parquet file; only the pages of the selected columns are read.
fn open_parquet(file: File, selection: &Selection) -> Result<OpenBatches, TableProblem> {
    let damaged = |error: parquet::errors::ParquetError| {
        TableProblem::Format(format!("is a Parquet file that cannot be read: {error}"))
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(damaged)?;
    let columns = SelectedColumns::find(&names(builder.schema()), &selection.columns)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), columns.indices.iter().copied());
    let rows = builder.metadata().file_metadata().num_rows();
    let reader = builder
        .with_projection(mask)
        .with_batch_size(BLOCK_ROWS)
        .build()
        .map_err(damaged)?;
    Ok(OpenBatches {
        order: order(&columns.indices),
        names: columns.names,
        total: usize::try_from(rows).unwrap_or(0).div_ceil(BLOCK_ROWS),
        batches: Box::new(reader),
    })
}

/// Opens an Arrow file or stream.
fn open_ipc(
    file: File,
    format: FileFormat,
    selection: &Selection,
) -> Result<OpenBatches, TableProblem> {
    let file = BufReader::new(file);
    if format == FileFormat::ArrowStream {
        let reader = StreamReader::try_new(file, None).map_err(damaged)?;
        let columns = SelectedColumns::find(&names(&reader.schema()), &selection.columns)?;
        return Ok(OpenBatches {
            order: columns.indices,
            names: columns.names,
            total: 0,
            batches: Box::new(reader),
        });
    }
    let reader = FileReader::try_new(file, None).map_err(damaged)?;
    let columns = SelectedColumns::find(&names(&reader.schema()), &selection.columns)?;
    Ok(OpenBatches {
        order: columns.indices,
        names: columns.names,
        total: reader.num_batches(),
        batches: Box::new(reader),
    })
}

fn names(schema: &SchemaRef) -> Vec<String> {
    let fields = schema.fields().iter();
    fields.map(|field| field.name().clone()).collect()
}

/// The columns of a batch, which has the selected ones in the order of the file, in the order of the selection.
fn order(selected: &[usize]) -> Vec<usize> {
    let mut sorted = selected.to_vec();
    sorted.sort_unstable();
    let place = |index| sorted.partition_point(|other| other < index);
    selected.iter().map(place).collect()
}

/// The problem of a file that cannot be read.
fn damaged(error: ArrowError) -> TableProblem {
    TableProblem::Format(format!("cannot be read as Arrow's columns: {error}"))
}
