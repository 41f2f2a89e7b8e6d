//! Model -> bytes. The crate writes metadata in the random order of a hash map; here the header is put in order of its
//! names, so that equal models give equal files.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensorError, serialize, tensor::TensorView};
use serde_json::Value;

use super::{Fault, Model, finite, metadata};
use crate::session::Precision;

/// Bytes of the length that stands in front of the header.
pub(super) const PREFIX: usize = 8;

struct Stored {
    name: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

pub(super) fn encode(model: &Model) -> Result<Vec<u8>, Fault> {
    let stored = stored(model)?;
    let dtype = match model.precision {
        Precision::F32 => Dtype::F32,
        Precision::F64 => Dtype::F64,
    };
    let views = stored
        .iter()
        .map(|t| Ok((&t.name, TensorView::new(dtype, t.shape.clone(), &t.bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()?;
    let bytes = serialize(views, Some(metadata::strings(model)))?;
    Ok(in_order(bytes)?)
}

/// Every tensor as it will lie in the file.
fn stored(model: &Model) -> Result<Vec<Stored>, Fault> {
    let tensors = model.shape.tensors().into_iter();
    tensors
        .map(|tensor| {
            let missing = || Fault::Missing {
                tensor: tensor.name.clone(),
                expected: format!("{:?}", tensor.shape),
            };
            let values = model.theta.get(tensor.range.clone()).ok_or_else(missing)?;
            let bytes = match model.precision {
                Precision::F32 => {
                    let rounded: Vec<f64> = values.iter().map(|&v| f64::from(v as f32)).collect();
                    finite(&tensor.name, &rounded)?;
                    values
                        .iter()
                        .flat_map(|&v| (v as f32).to_le_bytes())
                        .collect()
                }
                Precision::F64 => {
                    finite(&tensor.name, values)?;
                    values.iter().flat_map(|v| v.to_le_bytes()).collect()
                }
            };
            Ok(Stored {
                name: tensor.name,
                shape: tensor.shape,
                bytes,
            })
        })
        .collect()
}

/// The same file with the header's names in order; its length stays, for nothing else about it changes.
fn in_order(mut bytes: Vec<u8>) -> Result<Vec<u8>, SafeTensorError> {
    let (length, _) = safetensors::SafeTensors::read_metadata(&bytes)?;
    let header = &mut bytes[PREFIX..PREFIX + length];
    let names: BTreeMap<String, BTreeMap<String, Value>> = serde_json::from_slice(header)?;
    let ordered = serde_json::to_vec(&names)?;
    header.fill(b' ');
    header[..ordered.len()].copy_from_slice(&ordered);
    Ok(bytes)
}
