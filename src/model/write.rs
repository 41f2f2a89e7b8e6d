//! Writing a model file: a model is encoded as bytes. The safetensors crate writes metadata in the random order of a hash map; here the header is put in order of its
//! names, so that equal models give equal files.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensorError, serialize, tensor::TensorView};
use serde_json::Value;

use super::{ModelFault, TrainedModel, check_finite, metadata};
use crate::session::Precision;

/// Bytes of the header's length, in front of the header.
pub(super) const PREFIX: usize = 8;

/// A tensor as it is stored in the file.
struct StoredTensor {
    name: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Encodes a model as the bytes of a file; equal models give equal bytes.
///
/// # Errors
/// When a value is not finite in the stored precision, or parameters are missing.
pub(super) fn encode(model: &TrainedModel) -> Result<Vec<u8>, ModelFault> {
    let stored = stored_tensors(model)?;
    let dtype = match model.precision {
        Precision::F32 => Dtype::F32,
        Precision::F64 => Dtype::F64,
    };
    let views = stored
        .iter()
        .map(|t| Ok((&t.name, TensorView::new(dtype, t.shape.clone(), &t.bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()?;
    let bytes = serialize(views, Some(metadata::encode(model)))?;
    Ok(sort_header(bytes)?)
}

/// The tensors of a model as they are stored in the file.
fn stored_tensors(model: &TrainedModel) -> Result<Vec<StoredTensor>, ModelFault> {
    let tensors = model.shape.tensors().into_iter();
    tensors
        .map(|tensor| {
            let missing = || ModelFault::Missing {
                tensor: tensor.name.clone(),
                expected: format!("{:?}", tensor.shape),
            };
            let values = model.theta.get(tensor.range.clone()).ok_or_else(missing)?;
            let bytes = match model.precision {
                Precision::F32 => {
                    let rounded: Vec<f64> = values.iter().map(|&v| f64::from(v as f32)).collect();
                    check_finite(&tensor.name, &rounded)?;
                    values
                        .iter()
                        .flat_map(|&v| (v as f32).to_le_bytes())
                        .collect()
                }
                Precision::F64 => {
                    check_finite(&tensor.name, values)?;
                    values.iter().flat_map(|v| v.to_le_bytes()).collect()
                }
            };
            Ok(StoredTensor {
                name: tensor.name,
                shape: tensor.shape,
                bytes,
            })
        })
        .collect()
}

/// Sorts the entries of the header by their names; the length of the file stays the same.
fn sort_header(mut bytes: Vec<u8>) -> Result<Vec<u8>, SafeTensorError> {
    let (length, _) = safetensors::SafeTensors::read_metadata(&bytes)?;
    let header = &mut bytes[PREFIX..PREFIX + length];
    let names: BTreeMap<String, BTreeMap<String, Value>> = serde_json::from_slice(header)?;
    let ordered = serde_json::to_vec(&names)?;
    header.fill(b' ');
    header[..ordered.len()].copy_from_slice(&ordered);
    Ok(bytes)
}
