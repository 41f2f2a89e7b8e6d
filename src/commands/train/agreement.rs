//! What the ranks of a distributed run agree on before it starts: that each of them can, and that all have the same to do. Every
//! function here that takes ranks is a collective call: each rank makes it at the same place.

use std::fmt;

use anyhow::anyhow;

use crate::exit::{Exit, refuse};
use crate::ranks::{Identity, Lost, Ranks, Worst};
use crate::trainer::Trainer;

/// The reason why no run can be started.
pub(super) enum Failure {
    /// The arguments or the session are refused.
    Refused(String),
    /// The system has failed.
    Failed(anyhow::Error),
    /// Another rank can't start, and has told why.
    Elsewhere(Exit),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(message) => f.write_str(message),
            Failure::Failed(error) => write!(f, "{error:#}"),
            Failure::Elsewhere(_) => f.write_str("another rank cannot start; it has told why"),
        }
    }
}

impl Failure {
    /// One word: `refused` for what was given, else `failed`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Failure::Refused(_) | Failure::Elsewhere(Exit::Refused) => "refused",
            Failure::Failed(_) | Failure::Elsewhere(_) => "failed",
        }
    }

    /// Says why nothing was done, if nobody else has.
    ///
    /// # Errors
    /// When the system has failed.
    pub(super) fn told(self) -> anyhow::Result<Exit> {
        match self {
            Failure::Refused(message) => Ok(refuse(&message)),
            Failure::Failed(error) => Err(error),
            Failure::Elsewhere(exit) => Ok(exit),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Failed(error.into())
    }
}

/// The failure of what was given.
pub(super) fn refused(reason: impl ToString) -> Failure {
    Failure::Refused(reason.to_string())
}

/// The value, when every rank has made its own; else the first rank that has none says why.
pub(super) fn agree<T>(made: Result<T, Failure>, ranks: &mut Ranks) -> Result<T, Failure> {
    let own = match &made {
        Ok(_) => 0,
        Err(Failure::Refused(_)) => Exit::Refused.code(),
        Err(_) => Exit::Failed.code(),
    };
    let worst = match (ranks.worst(own), ranks.lost()) {
        (Some(worst), _) => worst,
        (None, Some(Lost(message))) => return Err(anyhow!("{message}").into()),
        (None, None) => Worst {
            code: own,
            rank: ranks.rank(),
        },
    };
    if worst.code > 0 {
        ranks.rest();
    }
    match made {
        Ok(made) if worst.code == 0 => Ok(made),
        Err(failure) if worst.rank == ranks.rank() => Err(failure),
        _ if worst.code == Exit::Refused.code() => Err(Failure::Elsewhere(Exit::Refused)),
        _ => Err(Failure::Elsewhere(Exit::Failed)),
    }
}

/// A trainer that shares its work with the other ranks, once all are found to have the same to do.
pub(super) fn distribute(trainer: Trainer, mut ranks: Ranks) -> Result<Trainer, Failure> {
    if ranks.size() == 1 {
        return Ok(trainer);
    }
    let identity = Identity::new(trainer.session(), trainer.data(), &trainer.state());
    let own = agree(identity.map_err(Failure::from), &mut ranks)?;
    let Some(difference) = ranks.compare(&own) else {
        return Ok(trainer.distributed(ranks));
    };
    ranks.rest();
    Err(match ranks.leads() {
        true => anyhow!(difference).into(),
        false => Failure::Elsewhere(Exit::Failed),
    })
}
