//! The tensors of a model file by the names of the published code. PyTorch's wrappers put a part of their own into a name, in any place
//! and any order (`module._orig_mod.A`, `N._orig_mod.layers.0.weight`): it is taken out. So is the name of the module that the potential was
//! a part of (`net.A`), where it is in front of all of them.

use std::collections::BTreeMap;

use otflow_kernels::parameters::Tensor;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

use super::ModelFault;

/// Parts of names that wrappers add: `DataParallel`, `DistributedDataParallel` and `AveragedModel`; `torch.compile`; sharding; checkpointing of activations.
const WRAPPERS: [&str; 4] = [
    "module",
    "_orig_mod",
    "_fsdp_wrapped_module",
    "_checkpoint_wrapped_module",
];

/// Name of the counter that PyTorch's `AveragedModel` saves beside the parameters.
const AVERAGED: &str = "n_averaged";

/// The tensors of a file by their names without the parts of wrappers.
pub(super) struct StoredTensors<'a>(BTreeMap<String, TensorView<'a>>);

impl<'a> StoredTensors<'a> {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// The file is damaged, two names differ only by parts of wrappers, or only some are of the module that has a tensor A.
    pub fn read(bytes: &'a [u8]) -> Result<Self, ModelFault> {
        let mut tensors = BTreeMap::new();
        for (stored, view) in SafeTensors::deserialize(bytes)?.iter() {
            let parts = stored.split('.').filter(|part| !WRAPPERS.contains(part));
            let name = parts.collect::<Vec<_>>().join(".");
            if name == AVERAGED && stored == AVERAGED {
                continue;
            }
            if tensors.insert(name.clone(), view).is_some() {
                return Err(ModelFault::Twice { tensor: name });
            }
        }
        let Some(prefix) = prefix(&tensors) else {
            return Ok(StoredTensors(tensors));
        };
        let without = tensors
            .into_iter()
            .map(|(name, view)| Some((name.strip_prefix(&prefix)?.to_owned(), view)));
        without
            .collect::<Option<_>>()
            .map(StoredTensors)
            .ok_or(ModelFault::Prefix { prefix })
    }

    /// The tensor of a name.
    pub fn tensor(&self, name: &str) -> Option<&TensorView<'a>> {
        self.0.get(name)
    }

    /// Checks that there are no other tensors than these.
    ///
    /// # Errors
    /// The first other one.
    pub fn check_none_but(&self, tensors: &[Tensor]) -> Result<(), ModelFault> {
        let mut all = self.0.iter();
        let other = all.find(|(name, _)| tensors.iter().all(|t| t.name != **name));
        other.map_or(Ok(()), |(name, view)| {
            Err(ModelFault::Extra {
                tensor: name.clone(),
                found: view.shape().to_vec(),
            })
        })
    }
}

/// The prefix, with its dot, of the tensor A where there is none of that name alone.
fn prefix(tensors: &BTreeMap<String, TensorView>) -> Option<String> {
    if tensors.contains_key("A") {
        return None;
    }
    let prefix = |name: &String| name.strip_suffix(".A").map(|prefix| format!("{prefix}."));
    tensors.keys().find_map(prefix)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use safetensors::Dtype;

    use super::*;
    use crate::model::TrainedModel;
    use crate::session::Precision;

    const PUBLISHED: &str = "tests/reference/swissroll_published.safetensors";

    /// The bytes of the published file with other names, and these tensors more.
    fn renamed(rename: impl Fn(&str) -> String, more: &[(&str, TensorView)]) -> Vec<u8> {
        let bytes = fs::read(PUBLISHED).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let own = file.iter().map(|(name, view)| (rename(name), view));
        let more = more
            .iter()
            .map(|(name, view)| ((*name).to_owned(), view.clone()));
        safetensors::serialize(own.chain(more), None).unwrap()
    }

    #[test]
    fn the_parts_that_wrappers_add_to_names_are_taken_out() {
        let plain = TrainedModel::from_bytes(&fs::read(PUBLISHED).unwrap()).unwrap();
        let count = TensorView::new(Dtype::I64, vec![], &[0; 8]).unwrap();
        for prefix in [
            "module.",
            "_orig_mod.",
            "module._orig_mod.",
            "_orig_mod.module.module.",
            "net.",
            "net.module.",
            "flow.net._orig_mod.",
        ] {
            let bytes = renamed(
                |name| format!("{prefix}{name}"),
                &[("n_averaged", count.clone())],
            );
            assert_eq!(TrainedModel::from_bytes(&bytes).unwrap(), plain, "{prefix}");
        }
        let inner = renamed(|name| name.replace("N.", "module.N._orig_mod."), &[]);
        assert_eq!(TrainedModel::from_bytes(&inner).unwrap(), plain);
    }

    #[test]
    fn a_part_of_a_larger_module_and_a_name_that_is_there_twice_are_told() {
        for prefix in ["model.", "net.phi."] {
            let other = TensorView::new(Dtype::F64, vec![1], &[0; 8]).unwrap();
            let bytes = renamed(|name| format!("module.{prefix}{name}"), &[("prior", other)]);
            let error = TrainedModel::from_bytes(&bytes).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("tensors are named `{prefix}A`")),
                "{error}"
            );
        }
        let twice = TensorView::new(Dtype::F64, vec![3, 3], &[0; 72]).unwrap();
        let bytes = renamed(str::to_owned, &[("module.A", twice)]);
        let error = TrainedModel::from_bytes(&bytes).unwrap_err().to_string();
        assert!(error.starts_with("tensor A: there are two"), "{error}");
    }

    #[test]
    fn values_in_half_precision_are_read_exactly() {
        // 1.5 and -2^-7 have the bits 0x3E00 and 0xA000 as F16, 0x3FC0 and 0xBC00 as BF16.
        let plain = TrainedModel::from_bytes(&fs::read(PUBLISHED).unwrap()).unwrap();
        for (dtype, pair) in [
            (Dtype::F16, [0x3E00u16, 0xA000]),
            (Dtype::BF16, [0x3FC0, 0xBC00]),
        ] {
            let bits =
                |n: usize| -> Vec<u8> { (0..n).flat_map(|k| pair[k % 2].to_le_bytes()).collect() };
            let tensors = plain.shape.tensors();
            let stored: Vec<Vec<u8>> = tensors.iter().map(|t| bits(t.range.len())).collect();
            let views = tensors.iter().zip(&stored).map(|(t, bytes)| {
                (
                    &t.name,
                    TensorView::new(dtype, t.shape.clone(), bytes).unwrap(),
                )
            });
            let model =
                TrainedModel::from_bytes(&safetensors::serialize(views, None).unwrap()).unwrap();
            assert_eq!(model.precision, Precision::F32);
            for tensor in tensors {
                for (k, value) in model.theta[tensor.range].iter().enumerate() {
                    assert_eq!(
                        *value,
                        [1.5, -0.0078125][k % 2],
                        "{dtype:?} {}",
                        tensor.name
                    );
                }
            }
        }
    }
}
