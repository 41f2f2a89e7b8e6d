//! What a run needs before its threads can start: from a session file, from the last checkpoint of a run that goes on, or
//! by `fork.rs`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use otflow_kernels::engine::compiled;
use rayon::ThreadPoolBuilder;

use super::fork::{fork, keep};
use crate::cli::{self, Follow};
use crate::data::Dataset;
use crate::event::{Command, Fork, Rejection, SCHEMA, Start};
use crate::feed::Commands;
use crate::follow;
use crate::launch::{Exit, refuse};
use crate::overlay::{Overlay, assigned};
use crate::ranks::{Identity, Lost, Ranks};
use crate::run::RunDirectory;
use crate::run::checkpoint::{Checkpoint, Kept, fingerprint};
use crate::say;
use crate::session::{self, EMBEDDED, Session};
use crate::trainer::{Resumed, Trainer};

/// Where the session of a run without arguments lies in a checkout.
const DEFAULT: &str = "sessions/8gaussians.ron";

/// The session as it was given.
pub(super) struct Source {
    pub(super) file: Option<PathBuf>,
    pub(super) text: String,
    pub(super) name: String,
}

/// All that a run is started from.
pub(super) struct Plan {
    pub(super) source: Source,
    pub(super) overlay: Overlay,
    pub(super) trainer: Trainer,
    pub(super) directory: RunDirectory,
    /// What the run began with.
    pub(super) start: Start,
    pub(super) resumed: Option<Again>,
}

/// A run that goes on.
pub(super) struct Again {
    pub(super) resumed: Resumed,
    /// The session as last edited, with the fields that the command line sets now.
    edited: Session,
    /// What is to be told of it.
    pub(super) notices: Vec<String>,
}

/// Why no run can be started.
pub(super) enum Failure {
    /// By what was given.
    Refused(String),
    /// By the system.
    Failed(anyhow::Error),
    /// By another rank, which has told why.
    Elsewhere(Exit),
}

impl Failure {
    /// Says why nothing was done, if nobody else has.
    ///
    /// # Errors
    /// What the system said.
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

pub(super) fn refused(reason: impl ToString) -> Failure {
    Failure::Refused(reason.to_string())
}

impl Again {
    /// Sends what has changed while nobody trained the run, as an edit, and puts the text of the session file into `source`.
    pub(super) fn catch_up(
        &self,
        source: &mut Source,
        overlay: &Overlay,
        how: Follow,
        commands: &Commands,
    ) {
        let send = |session| {
            // The trainer has not begun, so it hears this.
            let _ = commands.send(Command::Session(session));
        };
        let mut wanted = Session::clone(&self.edited);
        // One that can't be read is told of by who follows it.
        if let Some(text) = source
            .file
            .as_deref()
            .and_then(|file| session::read(file).ok())
        {
            source.text = text;
            match (source.parse(), how) {
                (Ok(session), Follow::Native | Follow::Poll) => wanted = session,
                (Err(rejection), Follow::Native | Follow::Poll) => send(Err(rejection)),
                (Ok(session), Follow::Off)
                    if overlay.over(session.clone()) != overlay.over(wanted.clone()) =>
                {
                    say::err(
                        "the session file is not what this run is trained by; --watch takes it up",
                    );
                }
                (_, Follow::Off) => {}
            }
        }
        match overlay.over(wanted) {
            Ok(wanted) if wanted != *self.resumed.edited => send(Ok(Arc::new(wanted))),
            Ok(_) => {}
            Err(lack) => send(Err(beside(source.file.as_deref(), lack))),
        }
    }
}

impl Source {
    fn find(given: Option<&Path>) -> Result<Self, Rejection> {
        let default = Path::new(DEFAULT);
        let file = given.or_else(|| default.is_file().then_some(default));
        match file {
            Some(file) => Self::read(file),
            None => Ok(Source {
                file: None,
                text: EMBEDDED.into(),
                name: stem(default),
            }),
        }
    }

    pub(super) fn read(file: &Path) -> Result<Self, Rejection> {
        Ok(Source {
            file: Some(file.to_owned()),
            text: session::read(file)?,
            name: stem(file),
        })
    }

    /// A session that no file has.
    pub(super) fn without_file(name: String, session: &Session) -> Self {
        Source {
            file: None,
            text: session::to_ron(session),
            name,
        }
    }

    pub(super) fn parse(&self) -> Result<Session, Rejection> {
        session::parse(
            &self.text,
            self.file
                .as_deref()
                .unwrap_or(Path::new("built-in 8gaussians")),
        )
    }
}

/// What a run of a session file is called.
fn stem(file: &Path) -> String {
    file.file_stem()
        .map_or("run".into(), |stem| stem.to_string_lossy().into_owned())
}

/// Opens the data, makes the trainer and then takes the run directory: nothing is written for a run that can't be started.
pub(super) fn plan(args: &cli::Train, ranks: Ranks) -> Result<Plan, Failure> {
    match &args.resume {
        Some(run) => resume(args, run, ranks),
        None => begin(args, ranks),
    }
}

/// The trainer of a rank that follows the first, and the session as last edited.
pub(super) fn second(
    args: &cli::Train,
    mut ranks: Ranks,
) -> Result<(Trainer, Arc<Session>), Failure> {
    let made = match &args.resume {
        Some(run) => Stand::read(args, run, &ranks).map(|stand| (stand.trainer, stand.edited)),
        None => Begun::new(args, &ranks).map(|begun| {
            let session = Arc::clone(begun.trainer.session());
            (begun.trainer, session)
        }),
    };
    let (trainer, edited) = agree(made, &mut ranks)?;
    let mut trainer = among(trainer, ranks)?;
    agree(Ok(()), trainer.ranks())?;
    Ok((trainer, edited))
}

/// A new run before it has a directory.
pub(super) struct Begun {
    pub(super) source: Source,
    pub(super) overlay: Overlay,
    pub(super) trainer: Trainer,
    pub(super) fork: Option<Box<Fork>>,
}

impl Begun {
    fn new(args: &cli::Train, ranks: &Ranks) -> Result<Self, Failure> {
        if let Some(run) = &args.from {
            return fork(args, run, ranks);
        }
        let source = Source::find(args.session.as_deref()).map_err(refused)?;
        let (overlay, session) = overlaid(args, &source.parse().map_err(refused)?)?;
        let threads = cli::threads(args.threads);
        let data = open(&session, threads)?;
        Ok(Begun {
            trainer: Trainer::one_of(ranks, Arc::new(session), data, threads)?,
            source,
            overlay,
            fork: None,
        })
    }

    fn directory(&self, args: &cli::Train) -> Result<RunDirectory, Failure> {
        let source = &self.source;
        let directory = match &args.out {
            Some(path) => RunDirectory::create_at(path, &source.text)?,
            None => RunDirectory::create(Path::new("runs"), &source.name, &source.text)?,
        };
        Ok(curves(directory, args)?)
    }
}

fn begin(args: &cli::Train, mut ranks: Ranks) -> Result<Plan, Failure> {
    let mut begun = agree(Begun::new(args, &ranks), &mut ranks)?;
    begun.trainer = among(begun.trainer, ranks)?;
    let directory = agree(begun.directory(args), begun.trainer.ranks())?;
    let Begun {
        source,
        overlay,
        mut trainer,
        fork,
    } = begun;
    let first = Start {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").into(),
        name: source.name.clone(),
        file: source.file.clone(),
        run: Some(directory.path().to_owned()),
        session: Arc::clone(trainer.session()),
        dimension: trainer.data().dimension(),
        columns: trainer.data().names(),
        parameters: trainer.parameters(),
        shared: trainer.ranks().shared(),
        threads: cli::threads(args.threads),
        compiled: compiled().into(),
        entropy: trainer.data().entropy(),
        fork,
    };
    let plan = Plan {
        source,
        overlay,
        trainer,
        directory,
        start: first,
        resumed: None,
    };
    if plan.start.with_state() {
        keep(&plan)?;
    }
    Ok(plan)
}

pub(super) fn open(session: &Session, threads: usize) -> Result<Arc<Dataset>, Failure> {
    // Tables are read on rayon's own threads; that they are there already is no harm.
    let _ = ThreadPoolBuilder::new().num_threads(threads).build_global();
    let data = Dataset::open(&session.data, session.model.seed).map_err(refused)?;
    Ok(Arc::new(data))
}

/// What the command line lays over a session, and the two together.
pub(super) fn overlaid(
    args: &cli::Train,
    session: &Session,
) -> Result<(Overlay, Session), Failure> {
    let overlay = Overlay::new(args, session).map_err(refused)?;
    let session = overlay.over(session.clone()).map_err(refused)?;
    Ok((overlay, session))
}

fn curves(directory: RunDirectory, args: &cli::Train) -> std::io::Result<RunDirectory> {
    match &args.tensorboard {
        Some(place) => directory.with_tensorboard(place.as_deref()),
        None => Ok(directory),
    }
}

/// Where a run stands that goes on.
struct Stand {
    trainer: Trainer,
    start: Start,
    edited: Arc<Session>,
    /// With what the command line sets.
    wanted: Session,
    overlay: Overlay,
    kept: Kept,
    shown: Start,
    /// What is to be told of it.
    notices: Vec<String>,
    is_damaged: bool,
}

impl Stand {
    fn read(args: &cli::Train, run: &Path, ranks: &Ranks) -> Result<Self, Failure> {
        let (checkpoint, kept, damaged) = Checkpoint::latest(run).map_err(refused)?;
        let wanted = assigned(Session::clone(&checkpoint.edited), &args.set).map_err(refused)?;
        let file = checkpoint.start.file.as_deref();
        // What can't be read now is told of by who follows it.
        let file = file.and_then(|file| session::load(file).ok());
        let overlay = Overlay::new(args, file.as_ref().unwrap_or(&checkpoint.edited));
        let overlay = overlay.map_err(refused)?;
        let threads = cli::threads(args.threads);
        let data = open(&checkpoint.session, threads)?;
        if fingerprint(&data) != checkpoint.data {
            let message = "the rows of its table are not those that the run was trained on";
            return Err(refused(format!("{}: {message}", run.display())));
        }
        let shown = Start {
            run: Some(run.to_owned()),
            session: Arc::clone(&checkpoint.session),
            threads,
            version: env!("CARGO_PKG_VERSION").into(),
            compiled: compiled().into(),
            ..checkpoint.start.clone()
        };
        let is_damaged = damaged.is_some();
        let notices = damaged.into_iter().chain(another(&checkpoint)).collect();
        let (session, state) = (checkpoint.session, checkpoint.state);
        let trainer = Trainer::at(state, ranks, session, data, threads)
            .map_err(|error| refused(format!("{}: {error:#}", run.display())))?;
        Ok(Stand {
            trainer,
            start: checkpoint.start,
            edited: checkpoint.edited,
            wanted,
            overlay: overlay.or(&checkpoint.overlay),
            kept,
            shown,
            notices,
            is_damaged,
        })
    }
}

fn resume(args: &cli::Train, run: &Path, mut ranks: Ranks) -> Result<Plan, Failure> {
    let locked = match follow::fault(run) {
        Some(fault) => Err(refused(fault)),
        None => RunDirectory::reopen(run).map_err(refused),
    };
    let made = locked.and_then(|directory| Ok((directory, Stand::read(args, run, &ranks)?)));
    let (directory, mut stand) = agree(made, &mut ranks)?;
    stand.trainer = among(stand.trainer, ranks)?;
    stand.shown.shared = stand.trainer.ranks().shared();
    let directory = cut_back(directory, args, run, &mut stand);
    let directory = agree(directory.map_err(Failure::from), stand.trainer.ranks())?;
    let start = stand.start;
    let source = Source {
        text: String::new(),
        file: start.file.clone(),
        name: start.name.clone(),
    };
    Ok(Plan {
        source,
        overlay: stand.overlay,
        trainer: stand.trainer,
        directory,
        start,
        resumed: Some(Again {
            resumed: Resumed {
                edited: stand.edited,
                shown: stand.shown,
            },
            edited: stand.wanted,
            notices: stand.notices,
        }),
    })
}

/// Cuts the files of the run back to where it stands.
fn cut_back(
    directory: RunDirectory,
    args: &cli::Train,
    run: &Path,
    stand: &mut Stand,
) -> std::io::Result<RunDirectory> {
    if stand.is_damaged {
        Checkpoint::put_aside(run)?;
    }
    let (done, seconds) = (stand.trainer.iteration(), stand.trainer.seconds());
    let note = format!("from iteration {done}, {seconds:.1} s");
    let (directory, missing) = directory.go_on(std::mem::take(&mut stand.kept), note)?;
    stand.notices.extend(missing.into_iter().map(|lack| {
        format!(
            "{lack} of what was written before the checkpoint; the parameters are not concerned"
        )
    }));
    curves(directory, args)
}

/// Goes on when every rank can; the first of those that can't says why.
fn agree<T>(made: Result<T, Failure>, ranks: &mut Ranks) -> Result<T, Failure> {
    let own = match &made {
        Ok(_) => 0,
        Err(Failure::Refused(_)) => Exit::Refused.code(),
        Err(_) => Exit::Failed.code(),
    };
    let (worst, rank) = match (ranks.worst(own), ranks.lost()) {
        (Some(worst), _) => worst,
        (None, Some(Lost(message))) => return Err(anyhow!("{message}").into()),
        (None, None) => (own, ranks.rank()),
    };
    if worst > 0 {
        ranks.rest();
    }
    match made {
        Ok(made) if worst == 0 => Ok(made),
        Err(failure) if rank == ranks.rank() => Err(failure),
        _ if worst == Exit::Refused.code() => Err(Failure::Elsewhere(Exit::Refused)),
        _ => Err(Failure::Elsewhere(Exit::Failed)),
    }
}

/// A trainer that shares its work with those that have the same to do.
fn among(trainer: Trainer, mut ranks: Ranks) -> Result<Trainer, Failure> {
    if ranks.size() == 1 {
        return Ok(trainer);
    }
    let own = agree(Identity::of(&trainer).map_err(Failure::from), &mut ranks)?;
    let Some(difference) = ranks.compare(&own) else {
        return Ok(trainer.among(ranks));
    };
    ranks.rest();
    Err(match ranks.leads() {
        true => anyhow!(difference).into(),
        false => Failure::Elsewhere(Exit::Failed),
    })
}

/// A session file that can't be taken up for what the command line has set beside it.
pub(super) fn beside(file: Option<&Path>, lack: String) -> Rejection {
    Rejection {
        file: file.unwrap_or(Path::new("session")).to_owned(),
        line: 1,
        column: 1,
        message: lack,
    }
}

/// What keeps the bits from being the same, if anything does.
fn another(checkpoint: &Checkpoint) -> Option<String> {
    let begun = &checkpoint.start;
    let [begun, now] = [
        (begun.version.as_str(), begun.compiled.as_str()),
        (env!("CARGO_PKG_VERSION"), compiled()),
    ];
    let name = |(version, lanes)| format!("otflow {version} ({lanes})");
    (begun != now).then(|| {
        format!(
            "the run was begun by {} and goes on by {}: its last digits may differ from those of an unbroken run",
            name(begun),
            name(now)
        )
    })
}
