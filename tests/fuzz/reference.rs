//! Any text as a reference file: refused, or compared with the kernels. How to run it: `session.rs`.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use otflow::verify::verify_text;
use otflow_kernels::engine::Precision;

fuzz_target!(|text: &str| {
    if let Ok(agreement) = verify_text(text, Path::new("r.json"), Precision::F64) {
        let _ = (agreement.holds(), agreement.to_string());
    }
});
