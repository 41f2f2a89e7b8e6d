//! The check on x86-64: the instruction sets that CPUID reports against those that were compiled in.
//!
//! CPUID itself is read: `is_x86_feature_detected!` is true for whatever was compiled in. Bits: CPUID in Intel's manual,
//! volume 2A; leaf 8000_0001 in AMD's, volume 3. Left out is what the compiler emits for nobody who did not ask (random numbers,
//! saving of state, key locker, tiles). Not seen is a system that saves AVX's registers but not those of AVX-512: that
//! stands in XCR0, and reading it is unsafe.
//!
//! Integers, names and a `dyn` writer only, no `String` and no formatting: a copy of a `String` is a vector instruction.

use std::io::Write;

use raw_cpuid::CpuIdResult;
use raw_cpuid::native_cpuid::cpuid_count;

/// A register of a CPUID leaf, 32 bits.
#[derive(Clone, Copy)]
struct CpuidRegister {
    leaf: u32,
    subleaf: u32,
    register: fn(CpuIdResult) -> u32,
}

const fn at(leaf: u32, subleaf: u32, register: fn(CpuIdResult) -> u32) -> CpuidRegister {
    CpuidRegister {
        leaf,
        subleaf,
        register,
    }
}

const L1_ECX: CpuidRegister = at(1, 0, |r| r.ecx);
const L7_EBX: CpuidRegister = at(7, 0, |r| r.ebx);
const L7_ECX: CpuidRegister = at(7, 0, |r| r.ecx);
const L7_EDX: CpuidRegister = at(7, 0, |r| r.edx);
const L7_1_EAX: CpuidRegister = at(7, 1, |r| r.eax);
const L7_1_EDX: CpuidRegister = at(7, 1, |r| r.edx);
const EXTENDED_ECX: CpuidRegister = at(0x8000_0001, 0, |r| r.ecx);

/// An instruction set, and the bit of CPUID that reports it.
#[derive(Clone, Copy)]
struct Feature {
    name: &'static str,
    compiled: bool,
    word: CpuidRegister,
    bit: u32,
}

macro_rules! feature {
    ($name:tt, $word:ident, $bit:literal) => {
        Feature {
            name: $name,
            compiled: cfg!(target_feature = $name),
            word: $word,
            bit: $bit,
        }
    };
}

const FEATURES: &[Feature] = &[
    feature!("sse3", L1_ECX, 0),
    feature!("ssse3", L1_ECX, 9),
    feature!("sse4.1", L1_ECX, 19),
    feature!("sse4.2", L1_ECX, 20),
    feature!("sse4a", EXTENDED_ECX, 6),
    feature!("cmpxchg16b", L1_ECX, 13),
    feature!("popcnt", L1_ECX, 23),
    feature!("lzcnt", EXTENDED_ECX, 5),
    feature!("movbe", L1_ECX, 22),
    feature!("bmi1", L7_EBX, 3),
    feature!("bmi2", L7_EBX, 8),
    feature!("tbm", EXTENDED_ECX, 21),
    feature!("adx", L7_EBX, 19),
    feature!("aes", L1_ECX, 25),
    feature!("pclmulqdq", L1_ECX, 1),
    feature!("sha", L7_EBX, 29),
    feature!("gfni", L7_ECX, 8),
    feature!("f16c", L1_ECX, 29),
    feature!("fma", L1_ECX, 12),
    feature!("avx", L1_ECX, 28),
    // The system saves AVX's registers.
    Feature {
        name: "osxsave",
        compiled: cfg!(target_feature = "avx"),
        word: L1_ECX,
        bit: 27,
    },
    feature!("avx2", L7_EBX, 5),
    feature!("vaes", L7_ECX, 9),
    feature!("vpclmulqdq", L7_ECX, 10),
    feature!("avxvnni", L7_1_EAX, 4),
    feature!("avxifma", L7_1_EAX, 23),
    feature!("avxvnniint8", L7_1_EDX, 4),
    feature!("avxneconvert", L7_1_EDX, 5),
    feature!("avxvnniint16", L7_1_EDX, 10),
    feature!("sha512", L7_1_EAX, 0),
    feature!("sm3", L7_1_EAX, 1),
    feature!("sm4", L7_1_EAX, 2),
    feature!("avx512f", L7_EBX, 16),
    feature!("avx512bw", L7_EBX, 30),
    feature!("avx512cd", L7_EBX, 28),
    feature!("avx512dq", L7_EBX, 17),
    feature!("avx512vl", L7_EBX, 31),
    feature!("avx512ifma", L7_EBX, 21),
    feature!("avx512vbmi", L7_ECX, 1),
    feature!("avx512vbmi2", L7_ECX, 6),
    feature!("avx512vnni", L7_ECX, 11),
    feature!("avx512bitalg", L7_ECX, 12),
    feature!("avx512vpopcntdq", L7_ECX, 14),
    feature!("avx512vp2intersect", L7_EDX, 8),
    feature!("avx512bf16", L7_1_EAX, 5),
    feature!("avx512fp16", L7_EDX, 23),
];

impl Feature {
    fn present(&self, cpuid: &dyn Fn(u32, u32) -> CpuIdResult) -> bool {
        let CpuidRegister {
            leaf,
            subleaf,
            register,
        } = self.word;
        // Past the last leaf, what is read is some other leaf.
        let last = cpuid(leaf & 0x8000_0000, 0).eax;
        last >= leaf && register(cpuid(leaf, subleaf)) >> self.bit & 1 == 1
    }
}

/// Whether this CPU lacks an instruction set that was compiled in; if so, one sentence that names them and the remedy is written.
#[inline(never)]
pub fn refuses(out: &mut dyn Write) -> bool {
    lacks(FEATURES, &cpuid_count, out)
}

fn lacks(
    features: &[Feature],
    cpuid: &dyn Fn(u32, u32) -> CpuIdResult,
    out: &mut dyn Write,
) -> bool {
    let mut say = |text: &str| {
        // The exit code says it too.
        let _ = out.write_all(text.as_bytes());
    };
    let mut lacks = false;
    for feature in features {
        if feature.compiled && !feature.present(cpuid) {
            say(if lacks {
                ", "
            } else {
                "error: otflow was compiled with instructions that this CPU lacks ("
            });
            say(feature.name);
            lacks = true;
        }
    }
    if lacks {
        say(
            "): compile it on this machine, or with RUSTFLAGS=\"-C target-cpu=x86-64-v3\" for every CPU with AVX2 and FMA, \
             or with x86-64 for any at all\n",
        );
    }
    lacks
}

#[cfg(test)]
mod tests {
    use raw_cpuid::{CpuId, CpuIdReader};

    use super::*;

    const NOTHING: CpuIdResult = CpuIdResult {
        eax: 0,
        ebx: 0,
        ecx: 0,
        edx: 0,
    };

    fn registers(value: u32) -> [CpuIdResult; 4] {
        [
            CpuIdResult {
                eax: value,
                ..NOTHING
            },
            CpuIdResult {
                ebx: value,
                ..NOTHING
            },
            CpuIdResult {
                ecx: value,
                ..NOTHING
            },
            CpuIdResult {
                edx: value,
                ..NOTHING
            },
        ]
    }

    /// An AMD CPU, whose features are the most, that has one of them only.
    fn having(feature: &Feature) -> impl Fn(u32, u32) -> CpuIdResult + Clone + use<> {
        let CpuidRegister {
            leaf,
            subleaf,
            register,
        } = feature.word;
        let holds = |r: &CpuIdResult| register(*r) != 0;
        let one = registers(1 << feature.bit).into_iter().find(holds).unwrap();
        let word = |text: &[u8; 4]| u32::from_le_bytes(*text);
        let vendor = CpuIdResult {
            eax: 7,
            ebx: word(b"Auth"),
            edx: word(b"enti"),
            ecx: word(b"cAMD"),
        };
        move |l, s| match l {
            0 => vendor,
            0x8000_0000 => CpuIdResult {
                eax: 0x8000_0001,
                ..NOTHING
            },
            _ if (l, s) == (leaf, subleaf) => one,
            _ => NOTHING,
        }
    }

    /// The same from the library's own table; None for what it does not know.
    fn by_library(name: &str, cpu: CpuId<impl CpuIdReader>) -> Option<bool> {
        let basic = cpu.get_feature_info().unwrap();
        let more = cpu.get_extended_feature_info().unwrap();
        let amd = cpu
            .get_extended_processor_and_feature_identifiers()
            .unwrap();
        Some(match name {
            "sse3" => basic.has_sse3(),
            "ssse3" => basic.has_ssse3(),
            "sse4.1" => basic.has_sse41(),
            "sse4.2" => basic.has_sse42(),
            "sse4a" => amd.has_sse4a(),
            "cmpxchg16b" => basic.has_cmpxchg16b(),
            "popcnt" => basic.has_popcnt(),
            "lzcnt" => amd.has_lzcnt(),
            "movbe" => basic.has_movbe(),
            "bmi1" => more.has_bmi1(),
            "bmi2" => more.has_bmi2(),
            "tbm" => amd.has_tbm(),
            "adx" => more.has_adx(),
            "aes" => basic.has_aesni(),
            "pclmulqdq" => basic.has_pclmulqdq(),
            "sha" => more.has_sha(),
            "gfni" => more.has_gfni(),
            "f16c" => basic.has_f16c(),
            "fma" => basic.has_fma(),
            "avx" => basic.has_avx(),
            "osxsave" => basic.has_oxsave(),
            "avx2" => more.has_avx2(),
            "vaes" => more.has_vaes(),
            "vpclmulqdq" => more.has_vpclmulqdq(),
            "avxvnni" => more.has_avx_vnni(),
            "avxifma" => more.has_avx_ifma(),
            "avxvnniint8" => more.has_avx_vnni_int8(),
            "avxneconvert" => more.has_avx_ne_convert(),
            "avxvnniint16" => more.has_avx_vnni_int16(),
            "avx512f" => more.has_avx512f(),
            "avx512bw" => more.has_avx512bw(),
            "avx512cd" => more.has_avx512cd(),
            "avx512dq" => more.has_avx512dq(),
            "avx512vl" => more.has_avx512vl(),
            "avx512ifma" => more.has_avx512_ifma(),
            "avx512vbmi" => more.has_avx512vbmi(),
            "avx512vbmi2" => more.has_avx512vbmi2(),
            "avx512vnni" => more.has_avx512vnni(),
            "avx512bitalg" => more.has_avx512bitalg(),
            "avx512vpopcntdq" => more.has_avx512vpopcntdq(),
            "avx512vp2intersect" => more.has_avx512_vp2intersect(),
            "avx512bf16" => more.has_avx512_bf16(),
            "avx512fp16" => more.has_avx512_fp16(),
            _ => return None,
        })
    }

    #[test]
    fn every_bit_is_where_the_library_has_it() {
        let mut unknown = Vec::new();
        for feature in FEATURES {
            let cpu = having(feature);
            assert!(feature.present(&cpu), "{}", feature.name);
            match by_library(feature.name, CpuId::with_cpuid_reader(cpu)) {
                Some(found) => assert!(found, "{}", feature.name),
                None => unknown.push(feature.name),
            }
        }
        assert_eq!(unknown, ["sha512", "sm3", "sm4"]);
    }

    #[test]
    fn features_do_not_stand_for_each_other() {
        for feature in FEATURES {
            let cpu = having(feature);
            let present = FEATURES.iter().filter(|other| other.present(&cpu));
            let names: Vec<&str> = present.map(|other| other.name).collect();
            assert_eq!(names, [feature.name]);
        }
    }

    fn told(names: &[&str], cpuid: &dyn Fn(u32, u32) -> CpuIdResult) -> (bool, String) {
        let compiled = |feature: &Feature| Feature {
            compiled: names.contains(&feature.name),
            ..*feature
        };
        let features: Vec<Feature> = FEATURES.iter().map(compiled).collect();
        let mut text = Vec::new();
        let lacks = lacks(&features, cpuid, &mut text);
        (lacks, String::from_utf8(text).unwrap())
    }

    #[test]
    fn what_is_lacking_is_told_in_one_sentence() {
        let cpu = having(&feature!("avx2", L7_EBX, 5));
        let (lacks, text) = told(&["avx2", "fma", "avx512f"], &cpu);
        assert!(lacks);
        let start = "error: otflow was compiled with instructions that this CPU lacks (fma, avx512f): compile it on this machine, or ";
        assert!(text.starts_with(start), "{text}");
        assert_eq!(text.find('\n'), Some(text.len() - 1));
    }

    #[test]
    fn a_cpu_with_all_that_was_compiled_in_is_told_nothing() {
        let cpu = having(&feature!("avx2", L7_EBX, 5));
        assert_eq!(told(&["avx2"], &cpu), (false, String::new()));
        assert_eq!(told(&[], &|_, _| NOTHING), (false, String::new()));
    }

    #[test]
    fn leaves_past_the_last_are_not_believed() {
        // Intel CPUs give the last leaf's registers for those past it.
        let old = |leaf, _| match leaf {
            0 => CpuIdResult { eax: 6, ..NOTHING },
            _ => CpuIdResult {
                eax: 0,
                ebx: !0,
                ecx: !0,
                edx: !0,
            },
        };
        let (_, text) = told(&["sse3", "avx2", "lzcnt"], &old);
        assert!(text.contains("(lzcnt, avx2)"), "{text}");
    }

    #[test]
    fn the_machine_that_runs_the_tests_is_not_refused() {
        let mut text = Vec::new();
        assert!(!refuses(&mut text), "{}", String::from_utf8(text).unwrap());
    }
}
