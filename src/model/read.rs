//! Reading a model file: its bytes are decoded into a model. Sizes are checked against the length of the file, every tensor against
//! the shape, before memory is allocated for them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use half::{bf16, f16};
use otflow_kernels::parameters::{Shape, Tensor};
use safetensors::tensor::{TensorInfo, TensorView};
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde::Deserialize;

use super::stored_tensors::StoredTensors;
use super::write::PREFIX;
use super::{LARGEST, ModelFault, TrainedModel, check_finite, metadata};
use crate::file;
use crate::session::Precision;

/// The longest header of a stream, bytes: as the safetensors crate has it.
const LONGEST_HEADER: u64 = 100_000_000;

/// Reads the bytes of a file, or of a stream, whose first eight claim a header that fits into it; others are not read into memory.
///
/// # Errors
/// When the file can't be read, or claims a longer header.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, ModelFault> {
    match file::open_stream(path)? {
        Some(stream) if stream.metadata()?.file_type().is_char_device() => Err(ModelFault::Io(
            io::Error::other("it is a device: expected a model file, or one by a pipe"),
        )),
        Some(stream) => read_stream(stream),
        None => read_file(file::open(path)?),
    }
}

/// Reads what comes by a pipe or a descriptor.
fn read_stream(mut stream: File) -> Result<Vec<u8>, ModelFault> {
    let mut bytes = Vec::new();
    stream
        .by_ref()
        .take(PREFIX as u64)
        .read_to_end(&mut bytes)?;
    if bytes
        .first_chunk()
        .is_some_and(|claimed| u64::from_le_bytes(*claimed) > LONGEST_HEADER)
    {
        return Err(SafeTensorError::HeaderTooLarge.into());
    }
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_file(mut file: File) -> Result<Vec<u8>, ModelFault> {
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    file.by_ref().take(PREFIX as u64).read_to_end(&mut bytes)?;
    let claimed = bytes
        .first_chunk()
        .map_or(u64::MAX, |prefix| u64::from_le_bytes(*prefix));
    if claimed > length.saturating_sub(PREFIX as u64) {
        return Err(ModelFault::Header { claimed, length });
    }
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Decodes the bytes of a model file.
///
/// # Errors
/// When they are no valid model.
pub(super) fn decode(bytes: &[u8]) -> Result<TrainedModel, ModelFault> {
    let misfit = |error| find_misfit(bytes).unwrap_or(ModelFault::Damaged(error));
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(misfit)?;
    let file = StoredTensors::read(bytes)?;
    let described = header
        .metadata()
        .as_ref()
        .map(metadata::decode)
        .transpose()?
        .flatten();
    let shape = match &described {
        Some(described) => described.shape(width(&file)?),
        None => infer_shape(&file)?,
    };
    let tensors = shape.tensors();
    file.check_none_but(&tensors)?;
    let precision = precision(&file)?;
    let mut theta = Vec::new();
    for tensor in &tensors {
        theta.extend(values(&file, tensor)?);
    }
    let name_source = described.as_ref().and_then(|of| of.name_source);
    let (scaling, origin) = described.map_or((None, None), |of| (of.scaling, of.origin));
    Ok(TrainedModel {
        shape,
        precision,
        theta,
        scaling,
        name_source,
        origin,
    })
}

/// Finds the tensor whose shape and bytes disagree: the safetensors crate doesn't name it.
fn find_misfit(bytes: &[u8]) -> Option<ModelFault> {
    let length = u64::from_le_bytes(*bytes.first_chunk()?);
    let header = bytes.get(PREFIX..)?.get(..usize::try_from(length).ok()?)?;
    let entries: BTreeMap<String, serde_json::Value> = serde_json::from_slice(header).ok()?;
    entries
        .into_iter()
        .filter(|(name, _)| name != "__metadata__")
        .find_map(|(tensor, entry)| {
            let info = TensorInfo::deserialize(entry).ok()?;
            let found = info.data_offsets.1.checked_sub(info.data_offsets.0)?;
            let item = info.dtype.bitsize() / 8;
            let expected = info
                .shape
                .iter()
                .try_fold(item, |n: usize, &side| n.checked_mul(side));
            (expected != Some(found)).then(|| ModelFault::Bytes {
                tensor,
                dtype: info.dtype.to_string(),
                shape: info.shape,
                expected: expected.map_or("too many".into(), |n| n.to_string()),
                found,
            })
        })
}

/// Infers the shape from the tensors of a published checkpoint.
fn infer_shape(file: &StoredTensors) -> Result<Shape, ModelFault> {
    let [rank, inputs] = sides(file, "A", "[rank, dimension + 1]")?;
    if inputs < 2 || rank > inputs {
        let expected =
            "[rank, dimension + 1] with 1 <= rank <= dimension + 1 and dimension >= 1".into();
        return Err(ModelFault::Shape {
            tensor: "A".into(),
            expected,
            found: vec![rank, inputs],
        });
    }
    let is_there = |i: &usize| file.tensor(&format!("N.layers.{i}.weight")).is_some();
    let layers = (0..LARGEST).take_while(is_there).count();
    // A potential has two layers at least: with fewer the second is missed by name.
    Ok(Shape {
        d: inputs - 1,
        context: 0,
        m: width(file)?,
        layers: layers.max(2),
        rank,
    })
}

/// The width m, from the shape of the first layer.
fn width(file: &StoredTensors) -> Result<usize, ModelFault> {
    Ok(sides(file, "N.layers.0.weight", "[width, inputs]")?[0])
}

/// Rows and columns of a matrix, each from 1 to [`LARGEST`].
fn sides(file: &StoredTensors, tensor: &str, expected: &str) -> Result<[usize; 2], ModelFault> {
    let view = view(file, tensor, expected)?;
    match *view.shape() {
        [rows, columns]
            if [rows, columns]
                .iter()
                .all(|side| (1..=LARGEST).contains(side)) =>
        {
            Ok([rows, columns])
        }
        ref found => Err(ModelFault::Shape {
            tensor: tensor.into(),
            expected: format!("{expected}, each from 1 to {LARGEST}"),
            found: found.to_vec(),
        }),
    }
}

/// The tensor of this name; `expected` describes its shape in the error.
fn view<'f, 'a>(
    file: &'f StoredTensors<'a>,
    tensor: &str,
    expected: &str,
) -> Result<&'f TensorView<'a>, ModelFault> {
    file.tensor(tensor).ok_or_else(|| ModelFault::Missing {
        tensor: tensor.into(),
        expected: expected.into(),
    })
}

/// The precision for the type of A, which holds its values exactly; every other tensor must have the same type.
fn precision(file: &StoredTensors) -> Result<Precision, ModelFault> {
    match view(file, "A", "[rank, inputs]")?.dtype() {
        Dtype::F16 | Dtype::BF16 | Dtype::F32 => Ok(Precision::F32),
        Dtype::F64 => Ok(Precision::F64),
        other => Err(ModelFault::Type {
            tensor: "A".into(),
            expected: "F16, BF16, F32 or F64".into(),
            found: other.to_string(),
        }),
    }
}

/// The values of a tensor that has to have this shape, and the type of A.
fn values(file: &StoredTensors, tensor: &Tensor) -> Result<Vec<f64>, ModelFault> {
    let expected = format!("{:?}", tensor.shape);
    let view = view(file, &tensor.name, &expected)?;
    let name = tensor.name.clone();
    if view.shape() != tensor.shape {
        return Err(ModelFault::Shape {
            tensor: name,
            expected,
            found: view.shape().to_vec(),
        });
    }
    let first = file.tensor("A").map_or(view.dtype(), TensorView::dtype);
    if view.dtype() != first {
        return Err(ModelFault::Type {
            tensor: name,
            expected: format!("{first} as in A"),
            found: view.dtype().to_string(),
        });
    }
    let values: Vec<f64> = match first {
        Dtype::F16 => decode_each(view, |b| f16::from_le_bytes(b).into()),
        Dtype::BF16 => decode_each(view, |b| bf16::from_le_bytes(b).into()),
        Dtype::F32 => decode_each(view, |b| f32::from_le_bytes(b).into()),
        _ => decode_each(view, f64::from_le_bytes),
    };
    check_finite(&name, &values)?;
    Ok(values)
}

/// The values of a tensor, N bytes each.
fn decode_each<const N: usize>(view: &TensorView, decode: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    let values = view.data().as_chunks().0.iter();
    values.map(|bytes| decode(*bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;
    use serde_json::{Value, json};
    use std::fs;

    const PUBLISHED: &str = "tests/reference/swissroll_published.safetensors";

    /// What `load` says about a file of these bytes, without the path.
    fn refusal(bytes: &[u8]) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.safetensors");
        fs::write(&path, bytes).unwrap();
        let message = TrainedModel::load(&path).unwrap_err().to_string();
        message
            .strip_prefix(&format!("{}: ", path.display()))
            .unwrap()
            .to_owned()
    }

    /// The published file, its header changed and its data as they are.
    fn with_header(change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let bytes = fs::read(PUBLISHED).unwrap();
        let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
        let mut header = serde_json::from_slice(&bytes[PREFIX..PREFIX + length]).unwrap();
        change(&mut header);
        let header = serde_json::to_vec(&header).unwrap();
        [
            &(header.len() as u64).to_le_bytes(),
            &header[..],
            &bytes[PREFIX + length..],
        ]
        .concat()
    }

    fn reshaped(tensor: &str, shape: &[usize]) -> String {
        refusal(&with_header(|header| {
            header[tensor]["shape"] = json!(shape)
        }))
    }

    /// The published file without one tensor, or with another in its place.
    fn with_tensor(name: &str, instead: Option<TensorView>) -> Vec<u8> {
        let bytes = fs::read(PUBLISHED).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let mut tensors: BTreeMap<&str, TensorView> =
            file.iter().filter(|(n, _)| *n != name).collect();
        tensors.extend(instead.map(|view| (name, view)));
        safetensors::serialize(tensors, None).unwrap()
    }

    #[test]
    fn a_missing_tensor_is_named_with_its_shape() {
        let cases = [
            ("A", "[rank, dimension + 1]"),
            ("c.bias", "[1]"),
            ("w.weight", "[1, 32]"),
            ("N.layers.0.weight", "[width, inputs]"),
            ("N.layers.1.weight", "[32, 32]"),
        ];
        for (name, shape) in cases {
            let expected =
                format!("tensor {name}: expected shape {shape}, found none of this name");
            assert_eq!(refusal(&with_tensor(name, None)), expected);
        }
    }

    #[test]
    fn an_extra_tensor_is_named_with_its_shape() {
        let extra = TensorView::new(Dtype::F64, vec![2, 1], &[0; 16]).unwrap();
        for name in ["N.layers.3.weight", "c.weights"] {
            let expected = format!("tensor {name}: expected none of this name, found shape [2, 1]");
            assert_eq!(refusal(&with_tensor(name, Some(extra.clone()))), expected);
        }
    }

    #[test]
    fn a_misshaped_tensor_is_named_with_both_shapes() {
        assert_eq!(
            reshaped("w.weight", &[32, 1]),
            "tensor w.weight: expected shape [1, 32], found [32, 1]"
        );
        assert_eq!(
            reshaped("N.layers.1.weight", &[16, 64]),
            "tensor N.layers.1.weight: expected shape [32, 32], found [16, 64]"
        );
        assert!(reshaped("A", &[9]).starts_with("tensor A: expected shape [rank, dimension + 1]"));
        assert!(reshaped("A", &[9, 1]).ends_with("dimension >= 1, found [9, 1]"));
        assert_eq!(
            reshaped("N.layers.1.weight", &[32, 31]),
            "damaged: tensor N.layers.1.weight: expected 7936 bytes for F64 [32, 31], found 8192"
        );
    }

    #[test]
    fn absurd_sizes_are_refused_before_anything_is_made_for_them() {
        let most = usize::MAX;
        assert!(
            reshaped("w.weight", &[most, most])
                .contains("tensor w.weight: expected too many bytes")
        );
        let empty = TensorView::new(Dtype::F64, vec![0, most], &[]).unwrap();
        let expected =
            format!("[rank, dimension + 1], each from 1 to {LARGEST}, found [0, {most}]");
        assert!(refusal(&with_tensor("A", Some(empty))).ends_with(&expected));
        let mut bytes = fs::read(PUBLISHED).unwrap();
        bytes[..PREFIX].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(
            refusal(&bytes).ends_with("claims 18446744073709551615 bytes and the file has 10400")
        );
    }

    #[test]
    fn values_that_no_flow_can_use_are_named_with_their_place() {
        for (value, shown) in [(f64::NAN, "NaN"), (f64::NEG_INFINITY, "-inf")] {
            let bytes: Vec<u8> = [1.0, value, 2.0]
                .iter()
                .flat_map(|v| v.to_le_bytes())
                .collect();
            let view = TensorView::new(Dtype::F64, vec![1, 3], &bytes).unwrap();
            let expected =
                format!("tensor c.weight: expected finite values, found {shown} at place 1");
            assert_eq!(refusal(&with_tensor("c.weight", Some(view))), expected);
        }
    }

    #[test]
    fn a_type_that_is_not_that_of_the_others_is_refused() {
        let single = TensorView::new(Dtype::F32, vec![1, 3], &[0; 12]).unwrap();
        let message = refusal(&with_tensor("c.weight", Some(single)));
        assert_eq!(message, "tensor c.weight: expected F64 as in A, found F32");
        let whole = TensorView::new(Dtype::I16, vec![3, 3], &[0; 18]).unwrap();
        let message = refusal(&with_tensor("A", Some(whole)));
        assert_eq!(
            message,
            "tensor A: expected F16, BF16, F32 or F64, found I16"
        );
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let bytes = fs::read(PUBLISHED).unwrap();
        for length in (0..bytes.len())
            .step_by(97)
            .chain([PREFIX - 1, PREFIX, bytes.len() - 1])
        {
            let message = refusal(&bytes[..length]);
            assert!(message.contains("damaged"), "{length}: {message}");
        }
    }

    #[test]
    fn metadata_that_this_program_could_not_have_written_is_refused() {
        let shape = Shape {
            d: 2,
            context: 0,
            m: 4,
            layers: 2,
            rank: 3,
        };
        let theta = vec![0.5; shape.parameters()];
        let model = TrainedModel {
            shape,
            precision: Precision::F64,
            theta,
            scaling: None,
            name_source: None,
            origin: None,
        };
        let changed = |key: &str, value: &str| {
            let bytes = write::encode(&model).unwrap();
            let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
            let mut strings = header.metadata().clone().unwrap();
            strings.insert(key.into(), value.into());
            let file = SafeTensors::deserialize(&bytes).unwrap();
            refusal(&safetensors::serialize(file.iter(), Some(strings)).unwrap())
        };
        let expected = "metadata layers: expected a whole number from 2 to 65536, found";
        assert_eq!(changed("layers", "two"), format!("{expected} \"two\""));
        assert_eq!(changed("layers", "1"), format!("{expected} 1"));
        assert_eq!(
            changed("layers", "3"),
            "tensor N.layers.2.weight: expected shape [4, 4], found none of this name"
        );
        assert_eq!(
            changed("context", "1"),
            "tensor A: expected shape [3, 4], found [3, 3]"
        );
        assert_eq!(
            changed("column_names", "maybe"),
            "metadata column_names: expected file or numbers, found \"maybe\""
        );
        assert_eq!(
            changed("iteration", "9"),
            "metadata version: expected the program's version, found nothing"
        );
    }

    #[test]
    fn metadata_of_other_programs_is_passed_over() {
        let bytes = with_header(|header| {
            header["__metadata__"] = json!({ "format": "pt", "layers": "many" })
        });
        assert_eq!(decode(&bytes).unwrap().shape.layers, 2);
    }
}
