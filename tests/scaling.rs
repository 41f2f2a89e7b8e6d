//! Where a run over many nodes stands: a model of an iteration, with what was measured on one machine.
//!
//! ```text
//! chunk c on node c mod N;  node: max(its tiles / cores, tiles of its longest chunk) t_tile, the slowest one counts
//! exchange: (N - 1) latency + my chunks x W (N - 1) / N / bandwidth         W = 8 (parameters + 3) bytes
//! gather:   log2 N latency + W (N - 1) / N / bandwidth;    message: log2 N latency
//! ```
//!
//! `cargo test --test scaling -- --nocapture` prints the table of the README.

// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

use otflow::workloads::{WORKLOADS, Workload};
use otflow_kernels::batch::{CHUNKS, COSTS};
use otflow_kernels::engine::lanes_of;

/// Seconds of an iteration on two cores, from the README's table of `otflow bench`.
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

fn tiles(workload: &Workload) -> usize {
    workload.n.div_ceil(lanes_of(workload.precision))
}

fn iteration(
    (workload, seconds): (&Workload, f64),
    (nodes, cores): (usize, usize),
    chunks: usize,
    network: Network,
) -> Iteration {
    let tiles = tiles(workload);
    let a_tile = 2.0 * seconds / tiles as f64;
    let of = |chunk: usize| tiles.saturating_sub(chunk).div_ceil(chunks);
    let node = |k: usize| {
        let own = (k..chunks).step_by(nodes).map(of);
        let longest = own.clone().max().unwrap_or(0);
        own.sum::<usize>().div_ceil(cores).max(longest)
    };
    let slowest = (0..nodes).map(node).max().unwrap();
    let width = 8.0 * (workload.shape().parameters() + COSTS) as f64;
    let (n, away) = (nodes as f64, (nodes - 1) as f64 / nodes as f64);
    let blocks = chunks.div_ceil(nodes) as f64;
    let latencies = (n - 1.0) + 2.0 * n.log2().ceil();
    Iteration {
        compute: slowest as f64 * a_tile,
        sums: latencies * network.latency + (blocks + 1.0) * width * away / network.bandwidth,
    }
}

#[test]
fn the_batch_limits_a_run_over_many_nodes_and_the_sums_do_not() {
    for network in NETWORKS {
        println!("{}, nodes of two cores:\n", network.name);
        println!(
            "| | W, MB | tiles | 1 node | 8 nodes | 64 nodes | 512 nodes | a chunk a tile: 64 | 512 |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        for (name, seconds) in MEASURED {
            let workload = workload(name);
            let one = iteration((workload, seconds), (1, 2), CHUNKS, network);
            let cell = |nodes, chunks| {
                let it = iteration((workload, seconds), (nodes, 2), chunks, network);
                let total = it.compute + it.sums;
                let times = (one.compute + one.sums) / total;
                format!("{total:.3} s ({times:.1}; sums {:.1} ms)", 1e3 * it.sums)
            };
            let tiles = tiles(workload);
            let width = 8e-6 * (workload.shape().parameters() + COSTS) as f64;
            println!(
                "| {name} | {width:.2} | {tiles} | {:.2} s | {} | {} | {} | {} | {} |",
                one.compute,
                cell(8, CHUNKS),
                cell(64, CHUNKS),
                cell(512, CHUNKS),
                cell(64, tiles),
                cell(512, tiles),
            );
            // What the README says of them.
            let at = |nodes, chunks| iteration((workload, seconds), (nodes, 2), chunks, network);
            let eight = at(8, CHUNKS);
            assert!(eight.sums < 0.03 * eight.compute, "{name}");
            assert!(
                at(64, CHUNKS).compute >= eight.compute,
                "{name}: no chunk is cut"
            );
            assert!(
                at(512, tiles).compute >= 2.0 * seconds / tiles as f64,
                "{name}"
            );
        }
        println!();
    }
}
