//! The arguments of the commands that read a table alone.

use std::path::PathBuf;

use clap::Args;

/// The arguments of `otflow init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// A CSV, NPY, NPZ, Parquet or Arrow file; or the name of a 2-D set, as moons, whose built-in session is written.
    #[arg(value_name = "TABLE-or-SET")]
    pub table: PathBuf,
    /// The session file; default TABLE's name with the ending .ron, in the working directory. `-` is stdout.
    #[arg(short, long, value_name = "SESSION")]
    pub out: Option<PathBuf>,
}

/// The arguments of `otflow convert`.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// A table; an array of an NPZ file as FILE.npz#NAME.
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// Where the copy goes, an NPY if it ends in .npy, else a CSV; may be IN; `-` is stdout.
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Columns in the wanted order, by name, or by number from 1 where there are no names; default all.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Leave out rows with missing values instead of refusing the table.
    #[arg(long)]
    pub drop_missing: bool,
    /// Write missing values as NaN instead of refusing the table.
    #[arg(long, conflicts_with = "drop_missing")]
    pub keep_missing: bool,
}
