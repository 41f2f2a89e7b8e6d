//! Any bytes as a model file: refused, or read and written again to the same model. How to run it: `session.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otflow::model::Model;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(model) = Model::from_bytes(bytes) {
        assert_eq!(model.theta.len(), model.shape.parameters());
        assert!(model.theta.len() * 4 <= bytes.len());
    }
});
