//! The `otflow` binary.

fn main() {}
