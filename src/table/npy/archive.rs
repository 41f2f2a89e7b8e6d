//! The arrays of an NPZ file, side by side: a ZIP archive with an NPY of each. One that is stored is read where it lies; one that is
//! compressed is unpacked into a temporary file, as rows could not be read by position and several arrays not at once.
//!
//! | arrays | columns |
//! | --- | --- |
//! | a single one | those of its NPY; of one axis: one of its name |
//! | several of as many rows | `x` of one axis; `X.1`, `X.2`, ... of two axes; `T.field` of a structured one |
//! | several, one chosen by `file.npz#X` | those of the single one |

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::NpyColumns;
use super::array::{Array, ColumnNames};
use super::header::Header;
use super::source::Source;
use crate::table::error::{TableProblem, shorten};
use crate::table::name_source::NameSource;
use crate::table::select::{SelectedColumns, Selection};

/// An array of an archive.
struct Member {
    name: String,
    array: Array,
}

/// What becomes of arrays that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unreadable {
    Refuse,
    /// The columns that are asked for lie in others.
    Skip,
}

/// Opens the arrays of an NPZ file of this many bytes, or the one of the name `chosen`.
///
/// # Errors
/// The file cannot be read or is no archive of arrays; an array cannot be read, or they have not equally many rows; a column is not
/// there.
pub(in crate::table) fn open_archive(
    file: File,
    chosen: Option<&str>,
    selection: &Selection,
) -> Result<NpyColumns, TableProblem> {
    let unreadable = if chosen.is_some() || selection.columns.is_empty() {
        Unreadable::Refuse
    } else {
        Unreadable::Skip
    };
    let members = read_members(file, chosen, unreadable)?;
    let single = members.len() == 1;
    let mut names = Vec::new();
    let mut rows_of = Vec::new();
    for Member { name, array } in &members {
        let columns = array.names.alone();
        rows_of.extend(columns.iter().map(|_| array.rows));
        match &array.names {
            ColumnNames::Single => names.push(name.clone()),
            _ if single => names.extend(columns),
            _ => names.extend(columns.iter().map(|column| format!("{name}.{column}"))),
        }
    }
    let source = match members.as_slice() {
        [Member { array, .. }] if array.names != ColumnNames::Single => array.names.source(),
        _ => NameSource::File,
    };
    let columns = SelectedColumns::find(&names, &selection.columns)?;
    let rows = columns.indices.first().map_or(0, |&index| rows_of[index]);
    if columns.indices.iter().any(|&index| rows_of[index] != rows) {
        return Err(TableProblem::Format(format!(
            "holds arrays of different lengths: {}; choose one, as FILE.npz#{}",
            listed(
                members
                    .iter()
                    .map(|member| format!("{} ({} rows)", member.name, member.array.rows))
            ),
            members[0].name
        )));
    }
    let runs = members.into_iter().flat_map(|member| member.array.runs);
    let runs = runs.collect();
    Ok(NpyColumns::new(runs, columns, source, rows, selection))
}

/// Reads the headers of all arrays, or of the chosen one.
fn read_members(
    file: File,
    chosen: Option<&str>,
    unreadable: Unreadable,
) -> Result<Vec<Member>, TableProblem> {
    let mut archive = Archive::open(file)?;
    let names = archive.zip.file_names().flatten();
    let arrays = names.filter_map(|name| Some(name.strip_suffix(".npy")?.to_owned()));
    let arrays: Vec<String> = arrays.collect();
    if arrays.is_empty() {
        return Err(TableProblem::Format(
            "is a ZIP archive without NPY arrays: unpack it; of a spreadsheet, save the sheet as CSV"
                .into(),
        ));
    }
    let wanted = arrays.iter();
    let wanted = wanted.filter(|name| chosen.is_none_or(|chosen| *name == chosen));
    let mut members = Vec::new();
    let mut skipped = false;
    for name in wanted {
        let source = archive.member(&format!("{name}.npy"))?;
        // A single number beside the arrays, such as a seed, is no column.
        if chosen.is_none() && Header::read(&source).is_ok_and(|header| header.shape.is_empty()) {
            continue;
        }
        match Array::read(&source) {
            Ok(array) => members.push(Member {
                name: name.clone(),
                array,
            }),
            Err(_) if unreadable == Unreadable::Skip => skipped = true,
            Err(problem) => {
                return Err(TableProblem::Format(format!(
                    "its array `{}` {problem}; another one can be given as FILE.npz#NAME: {}",
                    shorten(name),
                    listed(arrays.iter().cloned())
                )));
            }
        }
    }
    if members.is_empty() && !skipped {
        return Err(TableProblem::Format(format!(
            "has no array {}; it has {}",
            chosen.map_or("with rows".to_owned(), |name| format!(
                "`{}`",
                shorten(name)
            )),
            listed(arrays.iter().cloned())
        )));
    }
    Ok(members)
}

/// An archive in a file.
struct Archive {
    file: Arc<File>,
    zip: ZipArchive<io::BufReader<File>>,
    /// The members that were unpacked, one behind the other.
    unpacked: Option<Arc<File>>,
    /// Bytes of these.
    bytes: u64,
}

impl Archive {
    fn open(file: File) -> Result<Self, TableProblem> {
        let zip = ZipArchive::new(io::BufReader::new(file.try_clone()?)).map_err(damaged)?;
        Ok(Archive {
            file: Arc::new(file),
            zip,
            unpacked: None,
            bytes: 0,
        })
    }

    /// The bytes of a member.
    fn member(&mut self, name: &str) -> Result<Source, TableProblem> {
        let mut member = self.zip.by_name(name).map_err(damaged)?;
        let bytes = member.size();
        if member.compression() == CompressionMethod::Stored
            && let Some(start) = member.data_start()
        {
            return Ok(Source {
                file: Arc::clone(&self.file),
                start,
                bytes,
            });
        }
        let unpacked = match &self.unpacked {
            Some(file) => file,
            None => self.unpacked.insert(Arc::new(tempfile::tempfile()?)),
        };
        // Without an end, more than the archive says could fill the disk.
        let mut limited = (&mut member).take(bytes);
        let bytes = io::copy(&mut limited, &mut &**unpacked).map_err(|error| {
            TableProblem::Format(format!("cannot be unpacked into a temporary file: {error}"))
        })?;
        let start = self.bytes;
        self.bytes += bytes;
        Ok(Source {
            file: Arc::clone(unpacked),
            start,
            bytes,
        })
    }
}

/// The problem of an archive that cannot be read.
fn damaged(error: ZipError) -> TableProblem {
    match error {
        ZipError::Io(error) => TableProblem::Io(error),
        error => TableProblem::Format(format!("is no NPZ file: {error}")),
    }
}

/// Some names, in a row.
fn listed(names: impl Iterator<Item = String>) -> String {
    const MOST: usize = 20;
    let mut names: Vec<String> = names.take(MOST + 1).map(|name| shorten(&name)).collect();
    if names.len() > MOST {
        names[MOST] = "...".into();
    }
    names.join(", ")
}
