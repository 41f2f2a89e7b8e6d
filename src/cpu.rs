//! The check that this CPU has the instructions that were compiled in: where it lacks one, the program says so and exits with code 2
//! instead of ending by SIGILL.
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

mod name;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub use name::name;
#[cfg(target_arch = "x86_64")]
pub use x86_64::refuses;

/// The warning for a program that was compiled without the instructions that make the kernels fast; None where they are compiled in.
pub fn slow_build() -> Option<&'static str> {
    let slow = cfg!(all(
        target_arch = "x86_64",
        not(all(target_feature = "avx2", target_feature = "fma"))
    ));
    slow.then_some(
        "compiled without AVX2 and FMA, so the kernels take 2 to 3 times as long; for a CPU that has them: \
         RUSTFLAGS=\"-C target-cpu=x86-64-v3\" cargo build --release",
    )
}

/// Whether this CPU lacks an instruction set that was compiled in: always false, as it is only checked on x86-64.
#[cfg(not(target_arch = "x86_64"))]
pub fn refuses(_: &mut dyn std::io::Write) -> bool {
    false
}
