//! A trained flow as a file: the parameters of Phi and their shape, in a safetensors file under the published names
//! (`A`, `c.weight`, `c.bias`, `w.weight`, `N.layers.i.weight`, `N.layers.i.bias`), so that the published code takes it as it is.
//!
//! Values are stored in the precision of the kernels. Equal models give equal bytes.

mod metadata;
mod read;
mod source;
mod stored_tensors;
mod write;

use std::io;
use std::path::{Path, PathBuf};

use otflow_kernels::parameters::Shape;
use safetensors::SafeTensorError;

use crate::event::Best;
use crate::file;
use crate::scaling::Scaling;
use crate::session::Precision;
use crate::table::NameSource;
pub use source::file_of;

/// Largest dimension, width, number of layers or rank that a file may claim; products of three of them fit into 64 bits.
pub const LARGEST: usize = 65_536;

/// A trained flow: its parameters, their shape, the scaling of its columns and its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedModel {
    /// Shape of the potential.
    pub shape: Shape,
    /// Precision of the training and of the stored values.
    pub precision: Precision,
    /// Parameters, in the order of [`Shape::tensors`].
    pub theta: Vec<f64>,
    /// Scaling of the learned columns; None for toy sets and files of the published code.
    pub scaling: Option<Scaling>,
    /// The source of the names of the columns; None where the file does not say, and without scaling.
    pub name_source: Option<NameSource>,
    /// Origin of the parameters; None for a file of the published code.
    pub origin: Option<ModelOrigin>,
}

/// The run that a model comes from; stored as strings in the file's metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelOrigin {
    /// Version of the program that wrote the file.
    pub version: String,
    /// The session in force, as RON.
    pub session: String,
    /// Iterations done.
    pub iteration: u64,
    /// Best validation so far; in `best.safetensors` it is of the parameters of the file.
    pub validation: Option<Best>,
}

/// An error of reading or writing a model file.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct ModelError {
    /// Path of the file.
    pub path: PathBuf,
    /// Reason.
    pub fault: Box<ModelFault>,
}

/// The reason why a model file can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ModelFault {
    /// The operating system reports an error.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The first eight bytes claim a header that is longer than the file.
    #[error(
        "not a safetensors file, or a damaged one: its header claims {claimed} bytes and the file has {length}"
    )]
    Header {
        /// Claimed length of the header, bytes.
        claimed: u64,
        /// Length of the file, bytes.
        length: u64,
    },
    /// The header and the data contradict each other.
    #[error("damaged: {0}")]
    Damaged(#[from] SafeTensorError),
    /// A tensor's shape and type need another number of bytes than the file holds.
    #[error(
        "damaged: tensor {tensor}: expected {expected} bytes for {dtype} {shape:?}, found {found}"
    )]
    Bytes {
        /// Name of the tensor.
        tensor: String,
        /// Claimed type.
        dtype: String,
        /// Claimed shape.
        shape: Vec<usize>,
        /// Bytes that type and shape need; "too many" beyond 64 bits.
        expected: String,
        /// Bytes that the file holds.
        found: usize,
    },
    /// A tensor is missing.
    #[error("tensor {tensor}: expected shape {expected}, found none of this name")]
    Missing {
        /// Name of the tensor.
        tensor: String,
        /// Required shape.
        expected: String,
    },
    /// A tensor is not among those of a potential.
    #[error("tensor {tensor}: expected none of this name, found shape {found:?}")]
    Extra {
        /// Name of the tensor.
        tensor: String,
        /// Shape in the file.
        found: Vec<usize>,
    },
    /// Some tensors stand under a prefix, and others do not.
    #[error(
        "tensors are named `{prefix}A`, ..., others not: expected those of one potential; save its own state_dict, without `{prefix}`"
    )]
    Prefix {
        /// The prefix, with its dot.
        prefix: String,
    },
    /// Two tensors have the same name but for the prefixes of PyTorch's wrappers.
    #[error("tensor {tensor}: there are two of this name, with and without prefix")]
    Twice {
        /// Name without prefix.
        tensor: String,
    },
    /// A tensor has another shape than the other tensors require.
    #[error("tensor {tensor}: expected shape {expected}, found {found:?}")]
    Shape {
        /// Name of the tensor.
        tensor: String,
        /// Required shape.
        expected: String,
        /// Shape in the file.
        found: Vec<usize>,
    },
    /// A tensor holds no floating-point numbers, or is not of the type of the other tensors.
    #[error("tensor {tensor}: expected {expected}, found {found}")]
    Type {
        /// Name of the tensor.
        tensor: String,
        /// Required type.
        expected: String,
        /// Type in the file.
        found: String,
    },
    /// A value is infinite or not a number.
    #[error("tensor {tensor}: expected finite values, found {value} at place {place}")]
    NotFinite {
        /// Name of the tensor.
        tensor: String,
        /// Row-major index of the value, from 0.
        place: usize,
        /// The value as it is stored.
        value: f64,
    },
    /// An entry of the metadata is missing or has no valid value.
    #[error("metadata {key}: expected {expected}, found {found}")]
    Metadata {
        /// Name of the entry.
        key: String,
        /// Description of the valid values.
        expected: String,
        /// Value in the file.
        found: String,
    },
}

impl TrainedModel {
    /// Writes the model to a file, the whole of it or, on an error, nothing.
    ///
    /// # Errors
    /// When the file can't be written, or a value is not finite in the stored precision.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        write::encode(self)
            .and_then(|bytes| Ok(file::replace(path, &bytes)?))
            .map_err(with_path(path))
    }

    /// Reads a model of this program or of the published code from a file. Without metadata the shape follows from the tensors, without
    /// context.
    ///
    /// # Errors
    /// When the file can't be read or is no valid model.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        read::read_bytes(path)
            .and_then(|bytes| Self::from_bytes(&bytes))
            .map_err(with_path(path))
    }

    /// Reads a model from the bytes of a file.
    ///
    /// # Errors
    /// When they are no valid model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFault> {
        read::decode(bytes)
    }
}

/// Adds the path of the file to a fault.
fn with_path(path: &Path) -> impl FnOnce(ModelFault) -> ModelError {
    let path = path.to_owned();
    |fault| ModelError {
        path,
        fault: Box::new(fault),
    }
}

/// Checks that all values of a tensor are finite.
///
/// # Errors
/// The first value that is not.
fn check_finite(tensor: &str, values: &[f64]) -> Result<(), ModelFault> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(place) => Err(ModelFault::NotFinite {
            tensor: tensor.into(),
            place,
            value: values[place],
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Figures;
    use crate::event::Losses;
    use crate::scaling::{Column, Lattice};
    use std::fs;

    const PUBLISHED: &str = "tests/reference/swissroll_published.safetensors";
    const HEADER: usize = 8;

    /// Values that a rounding anywhere would change: no two alike, with -0 and a subnormal number.
    fn model(precision: Precision) -> TrainedModel {
        let shape = Shape {
            d: 3,
            context: 1,
            m: 7,
            layers: 3,
            rank: 10,
        };
        let exact = |v: f64| {
            if precision == Precision::F32 {
                f64::from(v as f32)
            } else {
                v
            }
        };
        let mut theta: Vec<f64> = (0..shape.parameters())
            .map(|i| exact((i as f64 + 0.1).sin()))
            .collect();
        theta[3] = -0.0;
        theta[4] = f64::from(f32::MIN_POSITIVE / 4.0);
        let losses = Losses {
            loss: 85.1,
            l: 0.1 + 0.2,
            c: 2.8,
            r: f64::NAN,
        };
        let validation = Best {
            iteration: 40,
            figures: Figures {
                losses,
                c_se: Some(0.1 + 0.7),
                divergence: Some(-1.5e-300),
                divergence_se: None,
            },
        };
        let column = |k: usize| Column {
            name: format!("x, \"{k}\""),
            mean: -0.1 * k as f64,
            scale: 1e-300 / (k + 1) as f64,
            transform: None,
            lattice: (k == 1).then_some(Lattice {
                step: 0.1,
                base: 0.3,
            }),
        };
        let scaling = Scaling {
            whitening: None,
            columns: (0..shape.columns()).map(column).collect(),
        };
        let session = "Session(\n    data: \"\u{e9}\",\n)".to_owned();
        let origin = ModelOrigin {
            version: "0.1.0".into(),
            session,
            iteration: 50,
            validation: Some(validation),
        };
        TrainedModel {
            shape,
            precision,
            theta,
            scaling: Some(scaling),
            name_source: Some(NameSource::File),
            origin: Some(origin),
        }
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|v| v.to_bits()).collect()
    }

    #[test]
    fn a_model_comes_back_bit_for_bit_in_both_precisions() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("best.safetensors");
        for (precision, bytes) in [(Precision::F32, 4), (Precision::F64, 8)] {
            let saved = model(precision);
            saved.save(&path).unwrap();
            let loaded = TrainedModel::load(&path).unwrap();
            assert_eq!(
                (loaded.shape, loaded.precision),
                (saved.shape, saved.precision)
            );
            assert_eq!(bits(&loaded.theta), bits(&saved.theta));
            assert_eq!(
                format!("{:?}", loaded.origin),
                format!("{:?}", saved.origin)
            );
            let file = fs::read(&path).unwrap();
            let header = u64::from_le_bytes(*file.first_chunk().unwrap()) as usize;
            assert_eq!(
                file.len(),
                HEADER + header + bytes * saved.shape.parameters()
            );
        }
    }

    #[test]
    fn equal_models_give_equal_files() {
        let encoded = || write::encode(&model(Precision::F64)).unwrap();
        let first = encoded();
        assert!((0..8).all(|_| encoded() == first));
    }

    #[test]
    fn a_model_without_origin_or_validation_comes_back_as_it_was() {
        let mut bare = model(Precision::F64);
        for _ in 0..2 {
            bare.origin = bare.origin.map(|origin| ModelOrigin {
                validation: None,
                ..origin
            });
            assert_eq!(read::decode(&write::encode(&bare).unwrap()).unwrap(), bare);
            bare.origin = None;
        }
        assert_eq!(read::decode(&write::encode(&bare).unwrap()).unwrap(), bare);
    }

    #[test]
    fn the_published_checkpoint_loads_and_is_written_again_under_the_same_names_and_shapes() {
        let published = TrainedModel::load(Path::new(PUBLISHED)).unwrap();
        assert_eq!(
            published.shape,
            Shape {
                d: 2,
                context: 0,
                m: 32,
                layers: 2,
                rank: 3
            }
        );
        assert_eq!(
            (published.precision, &published.origin),
            (Precision::F64, &None)
        );
        let (theirs, ours) = (
            fs::read(PUBLISHED).unwrap(),
            write::encode(&published).unwrap(),
        );
        let theirs = safetensors::SafeTensors::deserialize(&theirs).unwrap();
        let ours = safetensors::SafeTensors::deserialize(&ours).unwrap();
        assert_eq!((theirs.len(), ours.len()), (8, 8));
        for (name, view) in theirs.iter() {
            assert_eq!(ours.tensor(name).unwrap(), view, "{name}");
        }
    }

    #[test]
    fn a_model_that_could_not_be_loaded_is_not_saved() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("last.safetensors");
        let mut huge = model(Precision::F32);
        *huge.theta.last_mut().unwrap() = 1e39;
        let error = huge.save(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("tensor N.layers.2.bias: expected finite values, found inf at place 6"),
            "{error}"
        );
        huge.theta.pop();
        let error = huge.save(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("tensor N.layers.2.bias: expected shape [7], found none of this name"),
            "{error}"
        );
        assert!(!path.exists());
    }
}
