//! The two formats of tables, told apart by the ending of the file's name.

use std::path::Path;

/// A format of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableFormat {
    /// Text with a line for every row.
    Csv,
    /// An array of NumPy.
    Npy,
}

impl TableFormat {
    /// The format of the file at a path: NPY if its name ends in `.npy`, else CSV.
    pub fn of(path: &Path) -> Self {
        let npy = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("npy"));
        if npy { Self::Npy } else { Self::Csv }
    }
}
