//! Where a run over many nodes stands: a model of an iteration, with what was measured on one machine.
//!
//! ```text
//! node k of N: chunks k C/N to (k + 1) C/N, whole ones to its cores in turn; the slowest node counts
//! exchange: (N - 1) latency + sums of a node x W (N - 1) / N / bandwidth    W = 8 (parameters + 3) bytes
//! gather:   log2 N latency + W (N - 1) / N / bandwidth;    message: log2 N latency
//! ```
//!
//! `cargo test --test scaling -- --nocapture` prints the table of the README.

// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

use otflow::workloads::{WORKLOADS, Workload};
use otflow_kernels::batch::{COSTS, Chunks, Share};
use otflow_kernels::engine::lanes_of;
use otflow_kernels::tree_sum::roots_of;

/// Seconds of an iteration on two cores of a Zen 4, from the README's table of `otflow bench`.
const MEASURED: [(&str, f64); 3] = [("power", 1.62), ("miniboone", 4.00), ("bsds300", 8.30)];

/// What connects the nodes.
#[derive(Clone, Copy)]
struct Network {
    name: &'static str,
    /// Seconds a message.
    latency: f64,
    /// Bytes a second.
    bandwidth: f64,
}

const NETWORKS: [Network; 2] = [
    Network {
        name: "10 Gbit/s Ethernet",
        latency: 30e-6,
        bandwidth: 1.1e9,
    },
    Network {
        name: "100 Gbit/s InfiniBand",
        latency: 2e-6,
        bandwidth: 11e9,
    },
];

/// An iteration on so many nodes, seconds.
struct Iteration {
    compute: f64,
    sums: f64,
}

fn workload(name: &str) -> &'static Workload {
    WORKLOADS.iter().find(|w| w.name == name).unwrap()
}

fn iteration(
    (workload, seconds): (&Workload, f64),
    (nodes, cores): (usize, usize),
    network: Network,
) -> Iteration {
    let lanes = lanes_of(workload.precision);
    let chunks = Chunks::of(workload.n, lanes);
    let count = chunks.count();
    let a_tile = 2.0 * seconds / workload.n.div_ceil(lanes) as f64;
    let tiles = chunks.samples(0..1).len().div_ceil(lanes);
    let spans = (0..nodes).map(|index| Share { index, of: nodes }.chunks(count));
    let slowest = spans.clone().map(|span| span.len().div_ceil(cores) * tiles);
    let sums = spans.map(|span| roots_of(span, count));
    let width = 8.0 * (workload.shape().parameters() + COSTS) as f64;
    let (n, away) = (nodes as f64, (nodes - 1) as f64 / nodes as f64);
    let latencies = (n - 1.0) + 2.0 * n.log2().ceil();
    let values = (sums.max().unwrap() + 1) as f64 * width * away;
    Iteration {
        compute: slowest.max().unwrap() as f64 * a_tile,
        sums: latencies * network.latency + values / network.bandwidth,
    }
}

#[test]
fn the_samples_of_a_batch_limit_a_run_over_many_nodes_and_the_sums_do_not() {
    for network in NETWORKS {
        println!("{}, nodes of two cores:\n", network.name);
        println!("| | W, MB | chunks | 1 node | 8 nodes | 64 nodes | 512 nodes |");
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        for (name, seconds) in MEASURED {
            let workload = workload(name);
            let at = |nodes| iteration((workload, seconds), (nodes, 2), network);
            let one = at(1);
            let cell = |nodes| {
                let it = at(nodes);
                let total = it.compute + it.sums;
                let times = one.compute / total;
                format!("{total:.4} s ({times:.1}; sums {:.1} ms)", 1e3 * it.sums)
            };
            let count = Chunks::of(workload.n, lanes_of(workload.precision)).count();
            let width = 8e-6 * (workload.shape().parameters() + COSTS) as f64;
            println!(
                "| {name} | {width:.2} | {count} | {:.2} s | {} | {} | {} |",
                one.compute,
                cell(8),
                cell(64),
                cell(512),
            );
            // What the README says of them.
            assert!(at(8).sums < 0.01 * at(8).compute, "{name}");
            assert!(at(64).sums < 0.15 * at(64).compute, "{name}");
            match name {
                "power" => assert!(network.latency < 1e-5 || at(512).sums > at(512).compute),
                _ => assert!(
                    at(512).compute > 0.9 * at(64).compute,
                    "{name}: no work left"
                ),
            }
        }
        println!();
    }
}
