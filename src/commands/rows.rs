//! The rows of a table that a trained flow is evaluated on, and the flags of the command line that say how they are read.

use std::path::Path;

use anyhow::{Result, bail};

use crate::fitted::{FittedFlow, Units};
use crate::table::{Blocks, Missing, Selection};

/// Opens a table for a model: blocks of rows of (x, y), the columns chosen by the model's names, or in the order of the file if it does
/// not have these names but the right number of columns.
///
/// # Errors
/// When the file cannot be read, or does not have the columns.
pub fn open_blocks(path: &Path, fitted: &FittedFlow, missing: Missing) -> Result<Blocks> {
    let selection = |columns| Selection {
        columns,
        missing: missing.clone(),
        ..Selection::default()
    };
    let wanted = fitted.names();
    let all = Blocks::open(path, &selection(Vec::new()), 1)?;
    let there = all.names();
    let rows = fitted.block_rows();
    if wanted.iter().all(|name| there.contains(name)) {
        return Ok(Blocks::open(path, &selection(wanted), rows)?);
    }
    if there.len() != wanted.len() {
        bail!(
            "{} has the columns {}; the model needs {}",
            path.display(),
            there.join(", "),
            wanted.join(", ")
        );
    }
    Ok(Blocks::open(path, &selection(Vec::new()), rows)?)
}

/// The treatment of missing values that `--drop-missing` asks for.
pub fn missing(drop: bool) -> Missing {
    if drop { Missing::Drop } else { Missing::Refuse }
}

/// The units that `--standardized` asks for.
pub fn units(standardized: bool) -> Units {
    if standardized {
        Units::Standardized
    } else {
        Units::Data
    }
}
