//! The table of `otflow bench`: measurements as rows.

use otflow_kernels::engine::compiled;

use super::{Measurement, name};
use crate::cli;
use crate::cost::Computation;

/// The settings of all rows, and the names of the columns.
pub(super) fn head(args: &cli::BenchArgs, ranks: usize) -> String {
    let ranks = match ranks {
        1 => String::new(),
        _ => format!("ranks {ranks}, "),
    };
    let trace = match args.what {
        Computation::Iteration | Computation::Density => format!("trace {}", name(&args.trace)),
        Computation::Matching | Computation::Sample => "no trace".into(),
    };
    let layers = args
        .layers
        .map_or(String::new(), |n| format!(", layers {n}"));
    format!(
        "{}{layers}, {trace}, {ranks}threads {}, compiled for {}\n{:<9} {:>4} {:>8} {:>10} {:>10} {:>10} {:>8} {:>7} {:>8} {:>9}",
        name(&args.what),
        cli::threads(args.threads),
        compiled(),
        "workload",
        "",
        "n",
        "best s",
        "median s",
        "CPU s",
        "GFLOP/s",
        "peak",
        "fraction",
        "memory MB",
    )
}

/// The row of a measurement.
pub(super) fn row(one: &Measurement) -> String {
    format!(
        "{:<9} {:>4} {:>8} {:>10.6} {:>10.6} {:>10.6} {:>8.1} {:>7.1} {:>8.3} {:>9.1}",
        one.workload,
        one.precision,
        one.n,
        one.best_s,
        one.median_s,
        one.cpu_s,
        one.gflops,
        one.peak_gflops,
        one.fraction_of_peak,
        one.peak_rss_bytes as f64 / 1e6,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn columns_stand_under_their_names() {
        let parsed = cli::Cli::parse_from(["otflow", "bench", "--threads", "2"]);
        let Some(cli::ProgramCommand::Bench(args)) = parsed.command else {
            panic!("bench is another command");
        };
        let one = Measurement {
            workload: "toy_5000",
            what: "iteration".into(),
            trace: "every-stage".into(),
            precision: "f64",
            n: 5000,
            ranks: 1,
            threads: 2,
            best_s: 0.0531,
            median_s: 0.0542,
            cpu_s: 0.1077,
            gflops: 77.5,
            peak_gflops: 114.2,
            fraction_of_peak: 0.679,
            peak_rss_bytes: 9_300_000,
            lanes: "AVX2+FMA f64x8".into(),
        };
        let head = head(&args, 1);
        let (above, names) = head.split_once('\n').unwrap();
        assert!(above.starts_with("iteration, trace every-stage, threads 2, compiled for "));
        assert_eq!(
            [names, &row(&one)],
            [
                "workload              n     best s   median s      CPU s  GFLOP/s    peak fraction memory MB",
                "toy_5000   f64     5000   0.053100   0.054200   0.107700     77.5   114.2    0.679       9.3",
            ]
        );
    }
}
