//! The name of the CPU, as it tells it.

/// The name of the CPU, as `AMD EPYC 7713 64-Core Processor`; where it has none, its architecture.
pub fn name() -> String {
    brand().unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

#[cfg(target_arch = "x86_64")]
fn brand() -> Option<String> {
    let brand = raw_cpuid::CpuId::new().get_processor_brand_string()?;
    let brand = brand.as_str().trim();
    (!brand.is_empty()).then(|| brand.to_owned())
}

#[cfg(not(target_arch = "x86_64"))]
fn brand() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_cpu_has_a_name() {
        let name = super::name();
        assert!(!name.is_empty() && name == name.trim());
    }
}
