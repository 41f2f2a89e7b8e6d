//! The second page of the help: what every number and word on the screen means, in a sentence each.

use crate::dashboard::phase::Phase;
use crate::verdict::Verdict;

/// Columns of a name, and of a line with what it means.
const NAME: usize = 13;
const WIDTH: usize = 74;

/// A term of the screen.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// The term, as the screen has it.
    pub name: &'static str,
    /// Its meaning.
    pub meaning: &'static str,
}

const fn term(name: &'static str, meaning: &'static str) -> Term {
    Term { name, meaning }
}

/// The numbers of the screen.
pub const NUMBERS: &[Term] = &[
    term(
        "loss",
        "what training minimises: a0 L + a1 C + a2 R, by the weights of the settings; no unit.",
    ),
    term(
        "L",
        "transport cost: half the mean squared speed of the rows on their way to the normal; less is a shorter way.",
    ),
    term(
        "C",
        "negative log likelihood: minus the mean log density of the rows, in nats (a nat is 1.44 bits); less is a better density.",
    ),
    term(
        "R",
        "HJB penalty: how far the potential is from solving the equation that straight paths obey; near 0 they are straight.",
    ),
    term(
        "H",
        "entropy of the data, in nats, where their density is known: no flow can have a C below it.",
    ),
    term(
        "C - H",
        "divergence of the model from the data (Kullback-Leibler), in nats, with its standard error; 0 is perfect, below 0 by more than the error impossible.",
    ),
    term(
        "M",
        "matching loss of a start: mean squared distance between the flow's velocity and the straight way of a pair.",
    ),
    term(
        "val",
        "the same on rows that are not trained on, with the parameters as they are or their average.",
    ),
    term(
        "gap",
        "validation C minus training C: far above its error, the network learns its rows by heart.",
    ),
    term(
        "best",
        "the validation with the least loss so far; its parameters are in best.safetensors, those with the least C in best-C.safetensors.",
    ),
    term(
        "lr",
        "learning rate of the last iteration; base is that of the settings, before schedule and rollbacks.",
    ),
    term(
        "gradient",
        "Euclidean norm of the gradient of the loss (of M in a start by matching).",
    ),
    term(
        "step/weights",
        "norm of the last step over that of the parameters: 0.001 to 0.01 is usual, 0.1 wild.",
    ),
    term(
        "path/chord",
        "straightness: length of the paths over the distance between their ends; 1 is straight.",
    ),
    term(
        "inverse error",
        "largest distance of a row from where it comes back to, there and back along its path; above 0.01 more flow.steps are needed.",
    ),
    term(
        "it/s",
        "iterations a second, lately; samples/s times the rows of a batch.",
    ),
    term(
        "ETA",
        "time left to stop.iterations or stop.seconds at this speed, validations included.",
    ),
    term(
        "GFLOP/s",
        "10^9 multiplications and additions a second in the kernels; FMA peak: what these cores can do at most.",
    ),
    term(
        "UI",
        "share of one core that drawing takes, pictures of the flow pane included.",
    ),
    term(
        "events lost",
        "events that the screen was too slow for; the run directory has them.",
    ),
];

/// What the phases mean.
fn of_phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting => "nothing is heard of the trainer yet.",
        Phase::Matching => {
            "the start by matching: the flow learns straight ways between pairs, which takes seconds."
        }
        Phase::Running => "the loss is minimised.",
        Phase::Watching => "another process trains.",
        Phase::Silent => "nothing is heard of the process that trains.",
        Phase::Pausing => "training stops after this iteration.",
        Phase::Paused => "training waits; p goes on, . does one iteration.",
        Phase::Stopping => "the run ends and saves.",
        Phase::Done => "the run has ended by itself.",
        Phase::Stopped => "the user or a signal has ended the run.",
        Phase::Diverged => "the run has diverged and given up; the best parameters are kept.",
    }
}

/// What the verdicts mean.
fn of_verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Starting => {
            "too early to tell: fewer than 3 validations since the start or the last edit."
        }
        Verdict::Improving => "C falls, or the best is renewed while the rate has still to fall.",
        Verdict::Stalled => "C has had no trend for 10 validations: lower the rate, or end.",
        Verdict::Overfitting => {
            "training C leaves validation C behind for 5 validations: a smaller network, more decay, or stop."
        }
        Verdict::Unstable => {
            "a rollback, a C that twice the steps refute, or a C far above its best: lower the rate."
        }
        Verdict::Diverged => "no rollbacks were left; the best parameters are kept.",
        Verdict::Done => "the run has ended: otflow evaluate judges it.",
    }
}

/// The lines of the page.
pub fn lines() -> Vec<String> {
    let numbers = NUMBERS
        .iter()
        .flat_map(|term| entry(term.name, term.meaning));
    let verdicts = Verdict::ALL.into_iter();
    let verdicts = verdicts.flat_map(|verdict| entry(verdict.word(), of_verdict(verdict)));
    let phases = Phase::ALL.into_iter();
    let phases = phases.flat_map(|phase| entry(phase.word(), of_phase(phase)));
    numbers
        .chain([String::new(), "how it goes".into()])
        .chain(verdicts)
        .chain([String::new(), "what happens".into()])
        .chain(phases)
        .collect()
}

/// A name with its meaning beside it, in as many lines as that takes.
fn entry(name: &str, meaning: &str) -> Vec<String> {
    let mut lines = vec![format!("{name:<NAME$}")];
    for word in meaning.split(' ') {
        let last = lines.len() - 1;
        if lines[last].chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("{:NAME$} {word}", ""));
        } else {
            lines[last] = format!("{} {word}", lines[last]);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_fits_the_design_size_and_names_every_verdict_and_phase() {
        let lines = lines();
        assert!(
            lines.iter().all(|line| line.chars().count() <= 76),
            "{lines:#?}"
        );
        let named = |word: &str| lines.iter().any(|line| line.starts_with(word));
        for verdict in Verdict::ALL {
            assert!(named(verdict.word()));
        }
        for phase in Phase::ALL {
            assert!(named(phase.word()));
        }
    }

    #[test]
    fn a_long_meaning_goes_on_below_its_beginning() {
        let lines = entry("name", &"word ".repeat(30));
        assert!(lines.len() > 2);
        assert!(lines[1].starts_with("              word"));
    }
}
