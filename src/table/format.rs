//! The formats of tables: a file that is read is told by its first bytes, one that is written by the ending of its name. `FILE.npz#NAME`
//! is the array NAME in an NPZ file.

use std::path::{Path, PathBuf};

use super::error::TableProblem;
use super::npy;

/// Bytes by which a format is told.
pub(super) const HEAD: usize = 16;

/// A format that tables are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableFormat {
    /// Text with a line for every row.
    Csv,
    /// An array of NumPy.
    Npy,
}

/// A format that tables are read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileFormat {
    /// Text with a line for every row.
    Csv,
    /// An array of NumPy.
    Npy,
    /// A ZIP archive of NumPy's arrays.
    Npz,
    /// Apache Parquet.
    Parquet,
    /// An Arrow IPC file, as Feather is from version 2 on.
    Arrow,
    /// An Arrow IPC stream.
    ArrowStream,
}

/// The path of a table in its parts.
pub(super) struct TablePath {
    pub file: PathBuf,
    /// The array of an NPZ file.
    pub array: Option<String>,
}

/// A format that is known, but not read: its first bytes, and what to do.
struct Foreign {
    start: &'static [u8],
    what: &'static str,
}

const FOREIGN: [Foreign; 9] = [
    Foreign {
        start: b"\x89HDF\r\n\x1a\n",
        what: "is an HDF5 file: save its data set as NPY, numpy.save('table.npy', file['name'][:]), or a DataFrame by df.to_csv('table.csv', index=False)",
    },
    Foreign {
        start: b"FEA1",
        what: "is a Feather file of version 1: write it anew, pandas.read_feather(path).to_feather(path)",
    },
    Foreign {
        start: b"\x80\x04\x95",
        what: PICKLE,
    },
    Foreign {
        start: b"\x80\x05\x95",
        what: PICKLE,
    },
    Foreign {
        start: b"\xd0\xcf\x11\xe0",
        what: "is an Excel workbook: save the sheet as CSV",
    },
    Foreign {
        start: b"SQLite format 3\0",
        what: "is an SQLite database: write the table as CSV, sqlite3 -csv -header FILE 'select * from TABLE'",
    },
    Foreign {
        start: b"\xfd7zXZ\0",
        what: "is compressed by xz: unpack it",
    },
    Foreign {
        start: b"\x28\xb5\x2f\xfd",
        what: "is compressed by zstd: unpack it",
    },
    Foreign {
        start: b"BZh91AY&SY",
        what: "is compressed by bzip2: unpack it",
    },
];

const PICKLE: &str = "is a Python pickle, which only Python can read: save a DataFrame by df.to_csv('table.csv', index=False)";

impl TableFormat {
    /// The format of the file at a path: NPY if its name ends in `.npy`, else CSV.
    pub fn of(path: &Path) -> Self {
        if has_ending(path, "npy") {
            Self::Npy
        } else {
            Self::Csv
        }
    }
}

impl FileFormat {
    /// The format of a file with these first bytes; what is no other one is CSV, unless the name ends in `.npy` or `.npz`.
    ///
    /// # Errors
    /// The file is of a format that is not read.
    pub fn of(path: &Path, head: &[u8]) -> Result<Self, TableProblem> {
        Ok(match Self::of_bytes(head)? {
            Some(known) => known,
            None if has_ending(path, "npy") => Self::Npy,
            None if has_ending(path, "npz") => Self::Npz,
            None => Self::Csv,
        })
    }

    /// The format that the first bytes of a file name; None of a text, and of what is none.
    ///
    /// # Errors
    /// The file is of a format that is not read.
    pub fn of_bytes(head: &[u8]) -> Result<Option<Self>, TableProblem> {
        if let Some(foreign) = FOREIGN.iter().find(|known| head.starts_with(known.start)) {
            return Err(TableProblem::Format(foreign.what.to_owned()));
        }
        Ok(match head {
            _ if head.starts_with(npy::MAGIC) => Some(Self::Npy),
            _ if head.starts_with(b"PK") && matches!(head.get(2), Some(3 | 5)) => Some(Self::Npz),
            _ if head.starts_with(b"PAR1") => Some(Self::Parquet),
            _ if head.starts_with(b"ARROW1") => Some(Self::Arrow),
            _ if head.starts_with(b"\xff\xff\xff\xff") => Some(Self::ArrowStream),
            _ => None,
        })
    }

    /// Whether a file holds NumPy's arrays.
    pub fn is_of_arrays(self) -> bool {
        matches!(self, Self::Npy | Self::Npz)
    }
}

impl TablePath {
    /// The parts of a path: a file of the whole name, or an array of an NPZ.
    pub fn of(path: &Path) -> Self {
        let whole = || TablePath {
            file: path.to_owned(),
            array: None,
        };
        let Some((file, array)) = path.to_str().and_then(|path| path.rsplit_once('#')) else {
            return whole();
        };
        if !has_ending(Path::new(file), "npz") || path.exists() {
            return whole();
        }
        TablePath {
            file: file.into(),
            array: Some(array.to_owned()),
        }
    }
}

/// The file of a table: the path without the name of an array.
pub fn table_file(path: &Path) -> PathBuf {
    TablePath::of(path).file
}

/// What to do about a path where a table is to be written in a format that none is written in.
pub fn not_written(path: &Path) -> Option<String> {
    let endings = [
        "npz", "parquet", "feather", "arrow", "gz", "xlsx", "h5", "hdf5",
    ];
    let ending = endings
        .into_iter()
        .find(|ending| has_ending(path, ending))?;
    Some(format!(
        "tables are written as CSV or NPY, not as .{ending}: give a name that ends in .csv or .npy"
    ))
}

fn has_ending(path: &Path, wanted: &str) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case(wanted))
}
