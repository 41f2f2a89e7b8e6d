//! Encoding and decoding of the metadata of a model file. All entries are strings: `format` ("otflow"), `version`, `dimension`, `context`, `layers`, `rank`, `session`
//! (RON), `iteration`; for a table `columns` (JSON: name, mean and scale of every column of (x, y), and its transform, if it has one)
//! and `column_names` (`file` or `numbers`: where these names come from);
//! and, if there was a validation, `validation_iteration`, `validation_loss`, `validation_L`, `validation_C`, `validation_R`,
//! `divergence`, `divergence_se`. Numbers read back exactly.

use std::collections::HashMap;
use std::str::FromStr;

use otflow_kernels::parameters::Shape;

use super::{LARGEST, ModelFault, ModelOrigin, TrainedModel};
use crate::event::{Best, Figures, Losses};
use crate::scaling::{Column, Scaling, Whitening};
use crate::table::NameSource;

const FORMAT: &str = "otflow";

/// Key of the source of the columns' names.
const COLUMN_NAMES: &str = "column_names";

/// Largest number of characters that a message shows of a value.
const SHOWN: usize = 200;

/// The metadata of a model file of this program. The width is not part of it: it follows from the tensors.
pub(super) struct ModelMetadata {
    d: usize,
    context: usize,
    layers: usize,
    rank: usize,
    /// Scaling of the columns; None for toy sets.
    pub(super) scaling: Option<Scaling>,
    /// Source of the names of the columns; None where the file does not say.
    pub(super) name_source: Option<NameSource>,
    /// Origin of the parameters; None where the file names none.
    pub(super) origin: Option<ModelOrigin>,
}

impl ModelMetadata {
    /// The shape of a potential of width m.
    pub(super) fn shape(&self, m: usize) -> Shape {
        Shape {
            d: self.d,
            context: self.context,
            m,
            layers: self.layers,
            rank: self.rank,
        }
    }
}

/// Encodes the metadata of a model as strings by their keys.
pub(super) fn encode(model: &TrainedModel) -> HashMap<String, String> {
    let shape = model.shape;
    let mut pairs = vec![
        ("format", FORMAT.to_owned()),
        ("dimension", shape.d.to_string()),
        ("context", shape.context.to_string()),
        ("layers", shape.layers.to_string()),
        ("rank", shape.rank.to_string()),
    ];
    // Plain numbers and names cannot fail to be written.
    let columns = model
        .scaling
        .as_ref()
        .and_then(|s| serde_json::to_string(s).ok());
    pairs.extend(columns.map(|columns| ("columns", columns)));
    if let Some(source) = model.name_source {
        pairs.push((COLUMN_NAMES, source.to_string()));
    }
    if let Some(origin) = &model.origin {
        pairs.push(("version", origin.version.clone()));
        pairs.push(("session", origin.session.clone()));
        pairs.push(("iteration", origin.iteration.to_string()));
    }
    if let Some(best) = model.origin.as_ref().and_then(|origin| origin.validation) {
        pairs.push(("validation_iteration", best.iteration.to_string()));
        let figures = figures(&best).into_iter();
        pairs
            .extend(figures.filter_map(|ValidationFigure { key, value }| {
                Some((key, format!("{:?}", value?)))
            }));
    }
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// A figure of the best validation with its key.
struct ValidationFigure {
    key: &'static str,
    /// Value; None where it is not known.
    value: Option<f64>,
}

/// The figures of the best validation.
fn figures(best: &Best) -> [ValidationFigure; 7] {
    let figure = |key, value| ValidationFigure { key, value };
    [
        figure("validation_loss", Some(best.figures.losses.loss)),
        figure("validation_L", Some(best.figures.losses.l)),
        figure("validation_C", Some(best.figures.losses.c)),
        figure("validation_R", Some(best.figures.losses.r)),
        figure("validation_C_se", best.figures.c_se),
        figure("divergence", best.figures.divergence),
        figure("divergence_se", best.figures.divergence_se),
    ]
}

/// Decodes the metadata of a model file. None for metadata of other programs, which may hold anything.
///
/// # Errors
/// When an entry is missing or has no valid value.
pub(super) fn decode(
    strings: &HashMap<String, String>,
) -> Result<Option<ModelMetadata>, ModelFault> {
    if strings.get("format").map(String::as_str) != Some(FORMAT) {
        return Ok(None);
    }
    let origin = strings
        .contains_key("iteration")
        .then(|| decode_origin(strings))
        .transpose()?;
    let (d, context) = (
        decode_size(strings, "dimension", 1)?,
        decode_size(strings, "context", 0)?,
    );
    let scaling = strings
        .get("columns")
        .map(|text| decode_scaling(text, d, d + context));
    let name_source = strings
        .contains_key(COLUMN_NAMES)
        .then(|| parse(strings, COLUMN_NAMES, "file or numbers"));
    Ok(Some(ModelMetadata {
        d,
        context,
        scaling: scaling.transpose()?,
        name_source: name_source.transpose()?,
        layers: decode_size(strings, "layers", 2)?,
        rank: decode_size(strings, "rank", 1)?,
        origin,
    }))
}

/// Decodes the scaling of `columns` columns, the first d of them learned.
fn decode_scaling(text: &str, d: usize, columns: usize) -> Result<Scaling, ModelFault> {
    let read = serde_json::from_str::<Scaling>(text).ok();
    let whitening = |scaling: &Scaling| {
        let sound = |w: &Whitening| w.is_sound() && w.dimension() == d;
        scaling.whitening.as_ref().is_none_or(sound)
    };
    read.filter(|read| read.columns.len() == columns && read.columns.iter().all(Column::is_sound))
        .filter(whitening)
        .ok_or_else(|| ModelFault::Metadata {
            key: "columns".into(),
            expected: format!(
                "name, mean and scale, above 0, and any transform of {columns} columns as JSON"
            ),
            found: text.chars().take(SHOWN).collect(),
        })
}

fn decode_origin(strings: &HashMap<String, String>) -> Result<ModelOrigin, ModelFault> {
    let validated = strings.contains_key("validation_iteration");
    Ok(ModelOrigin {
        version: parse(strings, "version", "the program's version")?,
        session: parse(strings, "session", "a session as RON")?,
        iteration: parse(strings, "iteration", "a whole number")?,
        validation: validated.then(|| decode_best(strings)).transpose()?,
    })
}

fn decode_best(strings: &HashMap<String, String>) -> Result<Best, ModelFault> {
    let figure = |key| parse(strings, key, "a number");
    let known = |key| strings.contains_key(key).then(|| figure(key)).transpose();
    Ok(Best {
        iteration: parse(strings, "validation_iteration", "a whole number")?,
        figures: Figures {
            losses: Losses {
                loss: figure("validation_loss")?,
                l: figure("validation_L")?,
                c: figure("validation_C")?,
                r: figure("validation_R")?,
            },
            c_se: known("validation_C_se")?,
            divergence: known("divergence")?,
            divergence_se: known("divergence_se")?,
        },
    })
}

/// Decodes a size from `least` to [`LARGEST`].
fn decode_size(
    strings: &HashMap<String, String>,
    key: &str,
    least: usize,
) -> Result<usize, ModelFault> {
    let expected = format!("a whole number from {least} to {LARGEST}");
    let size = parse(strings, key, &expected)?;
    if (least..=LARGEST).contains(&size) {
        return Ok(size);
    }
    Err(ModelFault::Metadata {
        key: key.into(),
        expected,
        found: size.to_string(),
    })
}

/// Parses the value of a key; `expected` describes the valid values in the error.
fn parse<T: FromStr>(
    strings: &HashMap<String, String>,
    key: &str,
    expected: &str,
) -> Result<T, ModelFault> {
    let found = strings.get(key);
    found
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| ModelFault::Metadata {
            key: key.into(),
            expected: expected.into(),
            found: found.map_or("nothing".into(), |text| format!("{text:?}")),
        })
}
