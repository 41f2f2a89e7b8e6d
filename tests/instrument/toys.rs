//! The toys by the new and by the published recipe, over several seeds: C - H over 100,000 fresh samples in twice the steps of the
//! validation, L and R likewise, the inverse error in the steps of the validation.

use std::fs;

use otflow::session::{Optimizer, Schedule, Session, load};

use super::program::Run;
use super::report::{OfFlow, cell, processor};
use super::settings::Settings;
use super::subject::ours;

#[derive(Clone, Copy)]
enum Recipe {
    New,
    Published,
}

/// A seed of a set by one recipe.
#[derive(Clone, Copy)]
struct Tried {
    /// Of training.
    seconds: f64,
    divergence: f64,
    error: f64,
    flow: OfFlow,
}

impl Recipe {
    fn name(self) -> &'static str {
        match self {
            Recipe::New => "new",
            Recipe::Published => "published",
        }
    }

    fn session(self, name: &str, seed: u64, share: f64) -> Session {
        let published = ours(&format!("published/{name}"));
        let file = match self {
            Recipe::Published if published.exists() => published,
            _ => ours(name),
        };
        let session = load(&file);
        let mut session = session.unwrap_or_else(|error| panic!("{}", error.message));
        session.gates.clear();
        session.model.seed = seed;
        if let Recipe::Published = self {
            shorten(&mut session, share);
        }
        session
    }

    fn run(self, name: &str, seed: u64, settings: &Settings) -> Tried {
        let session = self.session(name, seed, settings.share);
        let there = settings.runs.as_ref();
        let there = there.map(|runs| runs.join(format!("{name}-{seed}")));
        let run = match (self, there.filter(|run| run.exists())) {
            (Recipe::Published, Some(run)) => Run::open(&run),
            _ => {
                let folder = settings.out.join("toys").join(self.name());
                fs::create_dir_all(&folder).unwrap();
                Run::train(&session, &folder.join(format!("{name}-{seed}")), settings)
            }
        };
        let judged = run.judge(&session, None, settings);
        Tried {
            seconds: run.seconds,
            divergence: judged.fine.divergence.unwrap(),
            error: judged.fine.divergence_se.unwrap(),
            flow: judged.of_flow(),
        }
    }
}

/// A share of the iterations, with the rate halved in as much shorter a time.
fn shorten(session: &mut Session, share: f64) {
    let part = |iterations: u64| ((iterations as f64 * share).round() as u64).max(1);
    session.stop.iterations = part(session.stop.iterations);
    if let Optimizer::Adam { schedule, .. } = &mut session.optimizer
        && let Schedule::Halve { every } = schedule
    {
        *every = part(*every);
    }
}

/// Prints every seed of every set, the means, and their ratios.
pub fn compare(settings: &Settings) {
    println!("{}, {} threads", processor(), settings.threads);
    println!(
        "{:<13} {:<10} {:>4}{:>10}{:>9}{:>9}{:>9}{:>10}{:>10}{:>9}",
        "data", "recipe", "seed", "C - H", "+-", "L", "R", "inverse", "own C-C", "seconds"
    );
    for name in &settings.data {
        let [new, published] = [Recipe::New, Recipe::Published].map(|recipe| {
            let tried = |&seed: &u64| {
                let tried = recipe.run(name, seed, settings);
                tell(name, recipe, &seed.to_string(), &tried);
                tried
            };
            let mean = mean(&settings.seeds.iter().map(tried).collect::<Vec<_>>());
            tell(name, recipe, "mean", &mean);
            mean
        });
        println!(
            "{name:<13} new / published: C - H {:.3}, L {:.3}, R {:.3}, seconds {:.4}",
            new.divergence / published.divergence,
            new.flow.l / published.flow.l,
            new.flow.r / published.flow.r,
            new.seconds / published.seconds
        );
    }
}

fn tell(name: &str, recipe: Recipe, seed: &str, tried: &Tried) {
    let flow = tried.flow;
    let mut row = format!("{name:<13} {:<10} {seed:>4}", recipe.name());
    row += &cell(Some(tried.divergence), 10, 5);
    row += &cell(Some(tried.error), 9, 5);
    row += &cell(Some(flow.l), 9, 4);
    row += &cell(Some(flow.r), 9, 4);
    row += &format!("{:>10.1e}", flow.inverse_error);
    row += &cell(Some(flow.coarse), 10, 5);
    println!("{row}{}", cell(Some(tried.seconds), 9, 1));
}

/// The error is that of the mean, from the errors of the judges alone.
fn mean(all: &[Tried]) -> Tried {
    let n = all.len() as f64;
    let mean = |figure: fn(&Tried) -> f64| all.iter().map(figure).sum::<f64>() / n;
    Tried {
        seconds: mean(|tried| tried.seconds),
        divergence: mean(|tried| tried.divergence),
        error: (mean(|tried| tried.error * tried.error) / n).sqrt(),
        flow: OfFlow {
            l: mean(|tried| tried.flow.l),
            r: mean(|tried| tried.flow.r),
            inverse_error: mean(|tried| tried.flow.inverse_error),
            coarse: mean(|tried| tried.flow.coarse),
        },
    }
}
