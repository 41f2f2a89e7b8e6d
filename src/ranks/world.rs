//! Whether this process is one of several that an MPI launcher has started, and how it leaves them.

use std::time::Duration;

use super::Ranks;

/// The variables by which launchers tell a process its rank: Open MPI and Slurm with PMIx, MPICH and Slurm with PMI-2.
#[cfg(feature = "mpi")]
const LAUNCHED: [&str; 3] = ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"];

/// The times after which another rank is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest silence.
    pub patience: Duration,
    /// The longest time without a further step, while others wait for it. A single time step of a tile of BSDS300, the widest of the published
    /// flows, takes some 0.03 s: no step of work under way takes as long as this.
    pub standstill: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            patience: Duration::from_secs(5),
            standstill: Duration::from_secs(60),
        }
    }
}

/// A process that has joined those that were started with it.
pub struct Entered {
    /// The place of the process among them.
    pub ranks: Ranks,
    /// The world that it leaves at its end.
    pub world: World,
}

/// The processes around this one.
pub struct World {
    #[cfg(feature = "mpi")]
    around: Option<super::mpi::MpiThread>,
}

/// Joins the processes that were started with this one; stays alone, if none were.
///
/// # Errors
/// In a sentence, when they can't be had.
#[cfg(feature = "mpi")]
pub fn enter(limits: Limits) -> Result<Entered, String> {
    if LAUNCHED.iter().all(|name| std::env::var_os(name).is_none()) {
        return Ok(Entered {
            ranks: Ranks::alone(),
            world: World { around: None },
        });
    }
    let super::mpi::Joined { ranks, thread } = super::mpi::enter(limits)?;
    let around = Some(thread);
    Ok(Entered {
        ranks,
        world: World { around },
    })
}

/// Stays alone.
///
/// # Errors
/// When it was started with others: each would train the whole run.
#[cfg(not(feature = "mpi"))]
pub fn enter(_: Limits) -> Result<Entered, String> {
    match std::env::var("OMPI_COMM_WORLD_SIZE").as_deref() {
        Ok("1") | Err(_) => Ok(Entered {
            ranks: Ranks::alone(),
            world: World {},
        }),
        Ok(_) => Err("mpirun has started several of a program that was built without MPI: build it with --features mpi".into()),
    }
}

impl World {
    /// Leaves together with the others; ends all of them with code 1 if their common work is not done.
    pub fn leave(self) {
        #[cfg(feature = "mpi")]
        if let Some(around) = self.around {
            around.leave();
        }
    }
}
