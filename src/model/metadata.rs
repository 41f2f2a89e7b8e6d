//! The metadata of a model file, all strings: `format` ("otflow"), `version`, `dimension`, `context`, `layers`, `rank`, `session`
//! (RON), `iteration`; for a table `columns` (JSON: name, mean and scale of every column of
//! (x, y), and its transform, if it has one); and, if there was a validation, `validation_iteration`, `validation_loss`, `validation_L`,
//! `validation_C`, `validation_R`, `divergence`, `divergence_se`. Numbers read back exactly.

use std::collections::HashMap;
use std::str::FromStr;

use otflow_kernels::parameters::Shape;

use super::{Fault, LARGEST, Model, Origin};
use crate::event::{Best, Losses};
use crate::scaling::{Column, Scaling, Whitening};

const FORMAT: &str = "otflow";

/// Characters that a message shows of what was found.
const SHOWN: usize = 200;

/// What metadata says; the width stands in the tensors only.
pub(super) struct Described {
    d: usize,
    context: usize,
    layers: usize,
    rank: usize,
    pub(super) scaling: Option<Scaling>,
    pub(super) origin: Option<Origin>,
}

impl Described {
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

pub(super) fn strings(model: &Model) -> HashMap<String, String> {
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
    if let Some(origin) = &model.origin {
        pairs.push(("version", origin.version.clone()));
        pairs.push(("session", origin.session.clone()));
        pairs.push(("iteration", origin.iteration.to_string()));
    }
    if let Some(best) = model.origin.as_ref().and_then(|origin| origin.validation) {
        pairs.push(("validation_iteration", best.iteration.to_string()));
        let figures = figures(&best).into_iter();
        pairs.extend(figures.filter_map(|(key, value)| Some((key, format!("{:?}", value?)))));
    }
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn figures(best: &Best) -> [(&'static str, Option<f64>); 6] {
    [
        ("validation_loss", Some(best.losses.loss)),
        ("validation_L", Some(best.losses.l)),
        ("validation_C", Some(best.losses.c)),
        ("validation_R", Some(best.losses.r)),
        ("divergence", best.divergence),
        ("divergence_se", best.divergence_se),
    ]
}

/// None for metadata of other programs, which may say anything.
pub(super) fn parse(strings: &HashMap<String, String>) -> Result<Option<Described>, Fault> {
    if strings.get("format").map(String::as_str) != Some(FORMAT) {
        return Ok(None);
    }
    let origin = strings
        .contains_key("iteration")
        .then(|| origin(strings))
        .transpose()?;
    let (d, context) = (size(strings, "dimension", 1)?, size(strings, "context", 0)?);
    let scaling = strings
        .get("columns")
        .map(|text| scaling(text, (d, d + context)));
    Ok(Some(Described {
        d,
        context,
        scaling: scaling.transpose()?,
        layers: size(strings, "layers", 2)?,
        rank: size(strings, "rank", 1)?,
        origin,
    }))
}

fn scaling(text: &str, (d, columns): (usize, usize)) -> Result<Scaling, Fault> {
    let read = serde_json::from_str::<Scaling>(text).ok();
    let whitening = |scaling: &Scaling| {
        let sound = |w: &Whitening| w.is_sound() && w.dimension() == d;
        scaling.whitening.as_ref().is_none_or(sound)
    };
    read.filter(|read| read.columns.len() == columns && read.columns.iter().all(Column::is_sound))
        .filter(whitening)
        .ok_or_else(|| Fault::Metadata {
            key: "columns".into(),
            expected: format!(
                "name, mean and scale, above 0, and any transform of {columns} columns as JSON"
            ),
            found: text.chars().take(SHOWN).collect(),
        })
}

fn origin(strings: &HashMap<String, String>) -> Result<Origin, Fault> {
    let validated = strings.contains_key("validation_iteration");
    Ok(Origin {
        version: parsed(strings, "version", "the program's version")?,
        session: parsed(strings, "session", "a session as RON")?,
        iteration: parsed(strings, "iteration", "a whole number")?,
        validation: validated.then(|| best(strings)).transpose()?,
    })
}

fn best(strings: &HashMap<String, String>) -> Result<Best, Fault> {
    let figure = |key| parsed(strings, key, "a number");
    let known = |key| strings.contains_key(key).then(|| figure(key)).transpose();
    Ok(Best {
        iteration: parsed(strings, "validation_iteration", "a whole number")?,
        losses: Losses {
            loss: figure("validation_loss")?,
            l: figure("validation_L")?,
            c: figure("validation_C")?,
            r: figure("validation_R")?,
        },
        divergence: known("divergence")?,
        divergence_se: known("divergence_se")?,
    })
}

fn size(strings: &HashMap<String, String>, key: &str, least: usize) -> Result<usize, Fault> {
    let expected = format!("a whole number from {least} to {LARGEST}");
    let size = parsed(strings, key, &expected)?;
    if (least..=LARGEST).contains(&size) {
        return Ok(size);
    }
    Err(Fault::Metadata {
        key: key.into(),
        expected,
        found: size.to_string(),
    })
}

fn parsed<T: FromStr>(
    strings: &HashMap<String, String>,
    key: &str,
    expected: &str,
) -> Result<T, Fault> {
    let found = strings.get(key);
    found
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Fault::Metadata {
            key: key.into(),
            expected: expected.into(),
            found: found.map_or("nothing".into(), |text| format!("{text:?}")),
        })
}
