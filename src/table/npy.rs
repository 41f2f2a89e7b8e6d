//! NPY, read by position: memory stays flat for a file of any size. Not mapped into memory: that needs unsafe code, and a
//! file cut short under the running program would end it with SIGBUS where reading gives an error.

mod header;

use std::fs::File;
use std::os::unix::fs::FileExt;

pub(super) use header::written;

use super::cells::Cell;
use super::error::{Place, Problem};
use super::select::{Columns, MOST, Missing, Selection, numbered};
use header::Layout;

/// Bytes read at a time, unless a single row has more.
const CHUNK: usize = 1 << 16;

/// The selected columns of an array in a file.
pub(super) struct Npy {
    file: File,
    layout: Layout,
    columns: Columns,
    missing: Missing,
    /// For each row that is left out, how many are kept before it: sorted.
    left_out: Vec<usize>,
    /// Where the pass is: rows of the file that it has seen, and those of them left out.
    seen: usize,
    dropped: u64,
}

impl Npy {
    /// Reads the header.
    pub fn open(file: File, bytes: u64, selection: &Selection) -> Result<Self, Problem> {
        let layout = Layout::read(&file, bytes)?;
        // Before there is a name for each.
        if layout.width > MOST {
            return Err(Problem::TooWide(layout.width as u64));
        }
        Ok(Npy {
            file,
            columns: Columns::find(&numbered(layout.width), &selection.columns)?,
            layout,
            missing: selection.missing,
            left_out: Vec::new(),
            seen: 0,
            dropped: 0,
        })
    }

    /// Names of the selected columns.
    pub fn names(&self) -> &[String] {
        &self.columns.names
    }

    /// Rows that [`Npy::read`] counts.
    pub fn rows(&self) -> usize {
        self.layout.rows - self.left_out.len()
    }

    /// Rows left out so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Fraction of the rows that the pass has seen.
    pub fn progress(&self) -> f64 {
        self.seen as f64 / self.layout.rows.max(1) as f64
    }

    /// Goes through all rows, so that [`Npy::read`] knows which to leave out.
    pub fn index(&mut self) -> Result<(), Problem> {
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
    pub fn next(&mut self, rows: usize, block: &mut Vec<f64>) -> Result<bool, Problem> {
        self.pass(rows, |_, whole| block.extend(whole.into_iter().flatten()))
    }

    /// Shows the values of the next `rows` rows of the file with their columns; false at the end.
    pub fn show(
        &mut self,
        rows: usize,
        mut see: impl FnMut(usize, Cell<'_>),
    ) -> Result<bool, Problem> {
        let rows = rows.min(self.layout.rows - self.seen);
        let width = self.columns.names.len();
        let mut values = vec![0.0; rows * width];
        self.fill(self.seen, &mut values)?;
        self.seen += rows;
        for (place, value) in values.into_iter().enumerate() {
            see(place % width, Cell::of(value));
        }
        Ok(rows > 0)
    }

    /// Fills `out` (rows x width) with kept rows from number `first` on.
    pub fn read(&self, mut first: usize, mut out: &mut [f64]) -> Result<(), Problem> {
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

    /// Hands the next `rows` rows of the file to `take`, nothing in place of those to leave out; false at the end.
    fn pass(
        &mut self,
        rows: usize,
        mut take: impl FnMut(usize, Option<&[f64]>),
    ) -> Result<bool, Problem> {
        let rows = rows.min(self.layout.rows - self.seen);
        let width = self.columns.names.len();
        let mut values = vec![0.0; rows * width];
        self.fill(self.seen, &mut values)?;
        for row in values.chunks_exact(width) {
            let whole = self.whole(row)?;
            take(self.seen, whole.then_some(row));
            self.seen += 1;
            self.dropped += u64::from(!whole);
        }
        Ok(rows > 0)
    }

    /// Whether a row is kept.
    fn whole(&self, row: &[f64]) -> Result<bool, Problem> {
        let mut whole = true;
        for (value, name) in row.iter().zip(&self.columns.names) {
            let place = || Place {
                row: self.seen as u64 + 1,
                line: None,
                column: name.clone(),
            };
            whole &= self.missing.admits(*value, place, || value.to_string())?;
        }
        Ok(whole)
    }

    /// Fills `out` with rows of the file from number `first` on.
    fn fill(&self, first: usize, out: &mut [f64]) -> Result<(), Problem> {
        let width = self.columns.names.len();
        let rows = (CHUNK / (self.layout.width * self.layout.element.size)).max(1);
        for (chunk, out) in out.chunks_mut(rows * width).enumerate() {
            let first = first + chunk * rows;
            if self.layout.fortran {
                self.fill_by_column(first, out)?;
            } else {
                self.fill_by_row(first, out)?;
            }
        }
        Ok(())
    }

    fn fill_by_row(&self, first: usize, out: &mut [f64]) -> Result<(), Problem> {
        let Layout { element, width, .. } = self.layout;
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

    fn fill_by_column(&self, first: usize, out: &mut [f64]) -> Result<(), Problem> {
        let Layout { element, rows, .. } = self.layout;
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
    fn bytes(&self, first: usize, count: usize) -> Result<Vec<u8>, Problem> {
        let size = self.layout.element.size;
        let mut bytes = vec![0; count * size];
        let offset = self.layout.start + (first * size) as u64;
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }
}
