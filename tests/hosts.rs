//! The real program on two hosts: network namespaces with names and addresses of their own, joined by a link that can be cut.
//!
//! ```text
//! mpirun, rank 0: host a, 10.213.0.1 ---- link ---- host b, 10.213.0.2: rank 1
//! ```
//!
//! Needs the feature `mpi`, Open MPI's `mpirun`, and root's right to make namespaces with `ip`; without that right the tests say
//! so and pass.
#![cfg(target_os = "linux")]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, id};
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use otflow::checkpoint::{Checkpoint, Latest};
use otflow::model::TrainedModel;
use runs::several::{GONE, PATIENCE, endless, metrics, mpirun, process, until};
use runs::{Place, SMALL, same};

/// Names and addresses.
const HOSTS: [(&str, &str); 2] = [("a", "10.213.0.1/30"), ("b", "10.213.0.2/30")];

/// Both hosts; gone with this value, and whatever runs on them.
struct Hosts {
    /// What the names of their namespaces begin with.
    prefix: String,
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for (host, _) in HOSTS {
            let name = self.namespace(host);
            let left = Command::new("ip").args(["netns", "pids", &name]).output();
            let left = left.map(|told| told.stdout).unwrap_or_default();
            for id in String::from_utf8_lossy(&left).split_whitespace() {
                let id = Pid::from_raw(id.parse().unwrap());
                let _ = kill(id, Signal::SIGKILL);
            }
            let _ = ip(&["netns", "del", &name]);
        }
    }
}

/// What `ip` does, or why it can't.
fn ip(arguments: &[&str]) -> Result<(), String> {
    let told = Command::new("ip").args(arguments).output();
    let told = told.map_err(|error| format!("ip: {error}"))?;
    let why = String::from_utf8_lossy(&told.stderr).trim().to_owned();
    told.status.success().then_some(()).ok_or(why)
}

impl Hosts {
    /// For a test; None, which is said, where they can't be had.
    fn new(test: &str) -> Option<Self> {
        let hosts = Hosts {
            prefix: format!("otflow-{}-{test}-", id()),
        };
        if let Err(why) = ip(&["netns", "add", &hosts.namespace(HOSTS[0].0)]) {
            eprintln!("skipped, as no network namespaces can be had here: {why}");
            return None;
        }
        hosts.make().unwrap();
        Some(hosts)
    }

    fn make(&self) -> Result<(), String> {
        let [a, b] = HOSTS.map(|(host, _)| self.namespace(host));
        ip(&["netns", "add", &b])?;
        let link = ["link", "add", "wire", "netns", &a, "type", "veth"];
        ip(&[&link[..], &["peer", "name", "wire", "netns", &b]].concat())?;
        for (host, address) in HOSTS {
            let name = self.namespace(host);
            let here = |arguments: &[&str]| ip(&[&["-n", &name], arguments].concat());
            here(&["addr", "add", address, "dev", "wire"])?;
            here(&["link", "set", "lo", "up"])?;
            here(&["link", "set", "wire", "up"])?;
            let shell = ["netns", "exec", &name, "unshare", "--uts", "sh", "-c"];
            ip(&[&shell[..], &[&named(host)]].concat())?;
        }
        Ok(())
    }

    fn namespace(&self, host: &str) -> String {
        format!("{}{host}", self.prefix)
    }

    /// A rank of a command on each, both with the same files.
    fn start(&self, place: &Place, command: &Command) -> Child {
        let folder = place.folder.path();
        let agent = folder.join("agent");
        // What starts the other host's daemon in the place of ssh: its name, then a line for a shell.
        let script = format!(
            "#!/bin/sh\nhost=$1\nshift\nexec ip netns exec {}$host unshare --uts sh -c \"{}; $*\"\n",
            self.prefix,
            named("$host")
        );
        fs::write(&agent, script).unwrap();
        fs::set_permissions(&agent, Permissions::from_mode(0o700)).unwrap();
        let mut mpirun = mpirun();
        mpirun.args(["-n", "2", "--host", "a,b", "--mca", "btl", "tcp,self"]);
        for kind in ["btl", "oob"] {
            mpirun.args(["--mca", &format!("{kind}_tcp_if_include"), "wire"]);
        }
        mpirun.arg("--mca").arg("plm_rsh_agent").arg(agent);
        mpirun.arg(command.get_program()).args(command.get_args());
        let mut on_a = Command::new("ip");
        on_a.args(["netns", "exec", &self.namespace("a"), "unshare", "--uts"]);
        on_a.args(["sh", "-c", &format!("{}; exec \"$@\"", named("a")), "sh"]);
        on_a.arg(mpirun.get_program()).args(mpirun.get_args());
        let variables = mpirun.get_envs();
        on_a.envs(variables.filter_map(|(name, value)| Some((name, value?))));
        // A daemon that is killed leaves files behind.
        on_a.env("TMPDIR", folder).current_dir(folder);
        let out = fs::File::create(folder.join("out")).unwrap();
        on_a.stdout(out.try_clone().unwrap()).stderr(out);
        on_a.spawn().unwrap()
    }
}

/// Gives a host its name: a line for a shell.
fn named(host: &str) -> String {
    format!("echo {host} > /proc/sys/kernel/hostname")
}

fn told(place: &Place) -> String {
    fs::read_to_string(place.folder.path().join("out")).unwrap()
}

#[test]
fn two_hosts_give_the_same_bits_as_one() {
    let Some(hosts) = Hosts::new("bits") else {
        return;
    };
    let alone = Place::new(SMALL);
    alone.trains(&[]);
    let place = Place::new(SMALL);
    let mut child = hosts.start(&place, &place.train(&["--threads", "1"]));
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(0), "{}", told(&place));
    same(&place, &alone.left(), "on two hosts");
    let start = metrics(&place);
    let start = start.lines().next().unwrap();
    assert!(start.contains(r#""ranks":2,"hosts":["a","b"]"#), "{start}");
}

#[test]
fn hosts_whose_link_is_cut_end_and_one_alone_goes_on_to_the_same_bits() {
    let Some(hosts) = Hosts::new("cut") else {
        return;
    };
    let place = Place::new(&endless());
    let mut child = hosts.start(&place, &place.train(&["--threads", "1"]));
    until(|| metrics(&place).contains("\"event\":\"validation\""));
    assert!((0..2).all(|rank| process(&place, rank).is_some()));
    ip(&["-n", &hosts.namespace("a"), "link", "set", "wire", "down"]).unwrap();
    let since = Instant::now();
    until(|| (0..2).all(|rank| process(&place, rank).is_none()));
    assert!(since.elapsed() < PATIENCE + GONE, "{:?}", since.elapsed());
    // mpirun waits for the daemon that it can't reach.
    drop(hosts);
    child.wait().unwrap();
    let log = fs::read_to_string(place.run().join("log.txt")).unwrap();
    assert!(
        log.contains("rank 1 (b) is lost: nothing heard of it for 5.0 s")
            && log.contains("a rank was lost"),
        "{log}"
    );
    let Latest { damaged, .. } = Checkpoint::latest(&place.run()).unwrap();
    assert_eq!(damaged, None);
    let last = TrainedModel::load(&place.run().join("last.safetensors")).unwrap();
    let more = (last.origin.unwrap().iteration + 3).to_string();
    place.goes_on(&["--iterations", &more]);
    let unbroken = Place::new(&endless());
    unbroken.trains(&["--iterations", &more]);
    same(&place, &unbroken.left(), "after the cut");
}
