//! Whether this CPU has the instructions that were compiled in: what would else be a SIGILL becomes a sentence and exit code 2.
//!
//! The check is compiled with the very instructions it looks for, and runs all the same as long as the compiler makes no
//! vectors of it. It promises nothing, so this is to be tried, with builds for more than the CPU has:
//!
//! ```sh
//! RUSTFLAGS="-C target-cpu=x86-64-v4" cargo build --release --target x86_64-unknown-linux-gnu
//! otflow=target/x86_64-unknown-linux-gnu/release/otflow
//! qemu-x86_64 -cpu Haswell $otflow; echo $?    # no AVX-512: one sentence, 2
//! qemu-x86_64 -cpu Nehalem $otflow; echo $?    # nor AVX
//! ```

#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "x86_64")]
pub use x86_64::refuses;

/// What to say at the start of a program whose kernels are slow for want of instructions.
pub fn slow() -> Option<&'static str> {
    let slow = cfg!(all(
        target_arch = "x86_64",
        not(all(target_feature = "avx2", target_feature = "fma"))
    ));
    slow.then_some(
        "compiled without AVX2 and FMA, so the kernels take 2 to 3 times as long; for a CPU that has them: \
         RUSTFLAGS=\"-C target-cpu=x86-64-v3\" cargo build --release",
    )
}

/// Not looked at on this kind of CPU.
#[cfg(not(target_arch = "x86_64"))]
pub fn refuses(_: &mut dyn std::io::Write) -> bool {
    false
}
