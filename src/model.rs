//! A trained flow as a user holds it: the parameters of Phi and their shape, in a safetensors file under the published names
//! (`A`, `c.weight`, `c.bias`, `w.weight`, `N.layers.i.weight`, `N.layers.i.bias`), so that the published code takes it as it is.
//!
//! Values are stored in the precision of the kernels. Equal models give equal bytes.

mod metadata;
mod read;
mod write;

use std::io;
use std::path::{Path, PathBuf};

use otflow_kernels::parameters::Shape;
use safetensors::SafeTensorError;

use crate::event::Best;
use crate::file;
use crate::scaling::Scaling;
use crate::session::Precision;

/// The largest dimension, width, number of layers or rank that a file may claim; products of three of them fit into 64 bits.
pub const LARGEST: usize = 65_536;

/// A trained flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Size of the potential.
    pub shape: Shape,
    /// Arithmetic it was trained in, and how its values are stored.
    pub precision: Precision,
    /// Parameters, flat as in [`Shape::tensors`].
    pub theta: Vec<f64>,
    /// How the columns it learned were standardised; None for toy sets and files of the published code.
    pub scaling: Option<Scaling>,
    /// Where it comes from; None for a file of the published code.
    pub origin: Option<Origin>,
}

/// Where a model comes from; stored as strings in the file's metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// Version of the program that wrote it.
    pub version: String,
    /// The session in force, as RON.
    pub session: String,
    /// Iterations done.
    pub iteration: u64,
    /// The best validation so far: of these very parameters in `best.safetensors`.
    pub validation: Option<Best>,
}

/// A model file that can't be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub fault: Box<Fault>,
}

/// What is wrong with a model file.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its first eight bytes, the length of the header, can't be true.
    #[error(
        "not a safetensors file, or a damaged one: its header claims {claimed} bytes and the file has {length}"
    )]
    Header {
        /// Bytes of the header.
        claimed: u64,
        /// Bytes of the file.
        length: u64,
    },
    /// The header and the data don't fit together.
    #[error("damaged: {0}")]
    Damaged(#[from] SafeTensorError),
    /// A shape needs another number of bytes than are there.
    #[error(
        "damaged: tensor {tensor}: expected {expected} bytes for {dtype} {shape:?}, found {found}"
    )]
    Bytes {
        /// Name.
        tensor: String,
        /// Claimed type.
        dtype: String,
        /// Claimed shape.
        shape: Vec<usize>,
        /// Bytes that type and shape need; "too many" past 64 bits.
        expected: String,
        /// Bytes that are there.
        found: usize,
    },
    /// A tensor is not there.
    #[error("tensor {tensor}: expected shape {expected}, found none of this name")]
    Missing {
        /// Name.
        tensor: String,
        /// The shape it should have.
        expected: String,
    },
    /// A tensor has no place in a potential.
    #[error("tensor {tensor}: expected none of this name, found shape {found:?}")]
    Extra {
        /// Name.
        tensor: String,
        /// Its shape.
        found: Vec<usize>,
    },
    /// A tensor has another shape than the others ask for.
    #[error("tensor {tensor}: expected shape {expected}, found {found:?}")]
    Shape {
        /// Name.
        tensor: String,
        /// The shape it should have.
        expected: String,
        /// Its shape.
        found: Vec<usize>,
    },
    /// Neither F32 nor F64, or not the type of the other tensors.
    #[error("tensor {tensor}: expected {expected}, found {found}")]
    Type {
        /// Name.
        tensor: String,
        /// The type it should have.
        expected: String,
        /// Its type.
        found: String,
    },
    /// A value that no flow can use.
    #[error("tensor {tensor}: expected finite values, found {value} at place {place}")]
    NotFinite {
        /// Name.
        tensor: String,
        /// Row-major index, from 0.
        place: usize,
        /// As it is stored.
        value: f64,
    },
    /// Metadata of this program that it could not have written.
    #[error("metadata {key}: expected {expected}, found {found}")]
    Metadata {
        /// Name.
        key: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
}

impl Model {
    /// Writes the whole file or, on an error, nothing. Refuses values that are not finite in the stored precision.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        write::encode(self)
            .and_then(|bytes| Ok(file::replace(path, &bytes)?))
            .map_err(at(path))
    }

    /// Reads a model of this program or of the published code. Without metadata the shape is that of the tensors, without context.
    pub fn load(path: &Path) -> Result<Self, Error> {
        read::bytes(path)
            .and_then(|bytes| Self::from_bytes(&bytes))
            .map_err(at(path))
    }

    /// The same of a file that is in memory.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        read::decode(bytes)
    }
}

fn at(path: &Path) -> impl FnOnce(Fault) -> Error {
    let path = path.to_owned();
    |fault| Error {
        path,
        fault: Box::new(fault),
    }
}

/// The first value that is not finite, as an error.
fn finite(tensor: &str, values: &[f64]) -> Result<(), Fault> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(place) => Err(Fault::NotFinite {
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
    use crate::event::Losses;
    use crate::scaling::Column;
    use std::fs;

    const PUBLISHED: &str = "tests/reference/swissroll_published.safetensors";
    const HEADER: usize = 8;

    /// Values that a rounding anywhere would change: no two alike, with -0 and a subnormal number.
    fn model(precision: Precision) -> Model {
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
            losses,
            divergence: Some(-1.5e-300),
            divergence_se: None,
        };
        let column = |k: usize| Column {
            name: format!("x, \"{k}\""),
            mean: -0.1 * k as f64,
            scale: 1e-300 / (k + 1) as f64,
            transform: None,
        };
        let scaling = Scaling {
            whitening: None,
            columns: (0..shape.columns()).map(column).collect(),
        };
        let session = "Session(\n    data: \"\u{e9}\",\n)".to_owned();
        let origin = Origin {
            version: "0.1.0".into(),
            session,
            iteration: 50,
            validation: Some(validation),
        };
        Model {
            shape,
            precision,
            theta,
            scaling: Some(scaling),
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
            let loaded = Model::load(&path).unwrap();
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
            bare.origin = bare.origin.map(|origin| Origin {
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
        let published = Model::load(Path::new(PUBLISHED)).unwrap();
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
