//! The array of an NPY file, read by position: memory does not grow with the file. The file is not mapped into memory: that needs
//! unsafe code, and a file cut short under the running program would end it with SIGBUS where reading gives an error.

mod header;

use std::fs::File;
use std::os::unix::fs::FileExt;

pub(super) use header::header_bytes;

use super::cell::Cell;
use super::error::{TableProblem, ValueLocation};
use super::select::{Missing, SelectedColumns, Selection, check_width, number_columns};
use header::{ArrayLayout, ElementOrder};

/// Bytes read at a time, unless a single row has more.
const CHUNK: usize = 1 << 16;

/// The selected columns of an array in a file.
pub(super) struct NpyArray {
    file: File,
    layout: ArrayLayout,
    columns: SelectedColumns,
    missing: Missing,
    /// Number of kept rows before each row that is left out: sorted.
    left_out: Vec<usize>,
    /// Rows of the file that the pass has read.
    seen: usize,
    /// Rows that the pass has left out.
    dropped: u64,
}

impl NpyArray {
    /// Reads the header of a file of this many bytes.
    ///
    /// # Errors
    /// The file cannot be read or is no NPY, or a column is not there.
    pub fn open(file: File, bytes: u64, selection: &Selection) -> Result<Self, TableProblem> {
        let layout = ArrayLayout::read(&file, bytes)?;
        check_width(layout.width)?;
        Ok(NpyArray {
            file,
            columns: SelectedColumns::find(&number_columns(layout.width), &selection.columns)?,
            layout,
            missing: selection.missing.clone(),
            left_out: Vec::new(),
            seen: 0,
            dropped: 0,
        })
    }

    /// Names of the selected columns.
    pub fn names(&self) -> &[String] {
        &self.columns.names
    }

    /// Rows that [`NpyArray::read`] counts.
    pub fn rows(&self) -> usize {
        self.layout.rows - self.left_out.len()
    }

    /// Rows left out so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Fraction of the rows that the pass has read.
    pub fn progress(&self) -> f64 {
        self.seen as f64 / self.layout.rows.max(1) as f64
    }

    /// Reads all rows once, so that [`NpyArray::read`] knows which to leave out.
    pub fn index(&mut self) -> Result<(), TableProblem> {
        let mut left_out = Vec::new();
        let rows = (CHUNK / self.columns.names.len()).max(1);
        while self.pass(rows, |row, whole| {
            if whole.is_none() {
                left_out.push(row - left_out.len());
            }
        })? {}
        self.left_out = left_out;
        Ok(())
    }

    /// Appends the kept ones of the next `rows` rows of the file to `block`; false at the end.
    pub fn next(&mut self, rows: usize, block: &mut Vec<f64>) -> Result<bool, TableProblem> {
        self.pass(rows, |_, whole| block.extend(whole.into_iter().flatten()))
    }

    /// Calls `see` with the column and the content of every field of the next `rows` rows of the file; false at the end.
    pub fn show(
        &mut self,
        rows: usize,
        mut see: impl FnMut(usize, Cell<'_>),
    ) -> Result<bool, TableProblem> {
        let rows = rows.min(self.layout.rows - self.seen);
        let width = self.columns.names.len();
        let mut values = vec![0.0; rows * width];
        self.fill(self.seen, &mut values)?;
        self.seen += rows;
        for (index, value) in values.into_iter().enumerate() {
            see(index % width, Cell::of(value));
        }
        Ok(rows > 0)
    }

    /// Fills `out` (rows x width) with kept rows from number `first` on.
    pub fn read(&self, mut first: usize, mut out: &mut [f64]) -> Result<(), TableProblem> {
        let width = self.columns.names.len();
        while !out.is_empty() {
            let before = self.left_out.partition_point(|&kept| kept <= first);
            let until_next = self.left_out.get(before).map(|kept| kept - first);
            let run = until_next.unwrap_or(usize::MAX).min(out.len() / width);
            let (now, later) = out.split_at_mut(run * width);
            self.fill(first + before, now)?;
            first += run;
            out = later;
        }
        Ok(())
    }

    /// Calls `take` with the number and the values of the next `rows` rows of the file, and with None for the values of those to
    /// leave out; false at the end.
    fn pass(
        &mut self,
        rows: usize,
        mut take: impl FnMut(usize, Option<&[f64]>),
    ) -> Result<bool, TableProblem> {
        let rows = rows.min(self.layout.rows - self.seen);
        let width = self.columns.names.len();
        let mut values = vec![0.0; rows * width];
        self.fill(self.seen, &mut values)?;
        for row in values.chunks_exact(width) {
            let whole = self.is_kept(row)?;
            take(self.seen, whole.then_some(row));
            self.seen += 1;
            self.dropped += u64::from(!whole);
        }
        Ok(rows > 0)
    }

    /// Whether a row is kept.
    fn is_kept(&self, row: &[f64]) -> Result<bool, TableProblem> {
        let mut whole = true;
        for (value, name) in row.iter().zip(&self.columns.names) {
            let location = || ValueLocation {
                row: self.seen as u64 + 1,
                line: None,
                column: name.clone(),
            };
            whole &= self
                .missing
                .admits(*value, location, || value.to_string())?;
        }
        Ok(whole)
    }

    /// Fills `out` with rows of the file from number `first` on.
    fn fill(&self, first: usize, out: &mut [f64]) -> Result<(), TableProblem> {
        let width = self.columns.names.len();
        let rows = (CHUNK / (self.layout.width * self.layout.element.size)).max(1);
        for (chunk, out) in out.chunks_mut(rows * width).enumerate() {
            let first = first + chunk * rows;
            match self.layout.order {
                ElementOrder::RowMajor => self.fill_by_row(first, out)?,
                ElementOrder::ColumnMajor => self.fill_by_column(first, out)?,
            }
        }
        Ok(())
    }

    fn fill_by_row(&self, first: usize, out: &mut [f64]) -> Result<(), TableProblem> {
        let ArrayLayout { element, width, .. } = self.layout;
        let selected = self.columns.indices.len();
        let bytes = self.bytes(first * width, out.len() / selected * width)?;
        let rows = bytes.chunks_exact(width * element.size);
        for (row, out) in rows.zip(out.chunks_exact_mut(selected)) {
            for (&index, out) in self.columns.indices.iter().zip(out) {
                *out = element.value(&row[index * element.size..][..element.size]);
            }
        }
        Ok(())
    }

    fn fill_by_column(&self, first: usize, out: &mut [f64]) -> Result<(), TableProblem> {
        let ArrayLayout { element, rows, .. } = self.layout;
        let selected = self.columns.indices.len();
        for (position, &index) in self.columns.indices.iter().enumerate() {
            let bytes = self.bytes(index * rows + first, out.len() / selected)?;
            let column = out.iter_mut().skip(position).step_by(selected);
            for (bytes, out) in bytes.chunks_exact(element.size).zip(column) {
                *out = element.value(bytes);
            }
        }
        Ok(())
    }

    /// The bytes of `count` elements from number `first` on.
    fn bytes(&self, first: usize, count: usize) -> Result<Vec<u8>, TableProblem> {
        let size = self.layout.element.size;
        let mut bytes = vec![0; count * size];
        let offset = self.layout.start + (first * size) as u64;
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }
}
