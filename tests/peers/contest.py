"""What the peers share: the rows of a table with their split and units, the clock, and the lines that are printed.

    z = (g(x) - mean) / deviation, by the training and validation rows            g: the given map, or none
    C(table) = C(z) + sum log deviation(g(x)) - mean log g'                       nats, in units of the table
    C(standardised) = C(table) - sum log deviation(x)                             nats, in units of the columns' deviations

The last rows are the test part, those before them the validation part. A line is printed at each better validation, and a last one:

    {"peer": name, "seconds": s, "cpu_seconds": s, "validation_C": nats, "validation_C_table": nats, "steps": n}
    {..., "final": true, "at_seconds": s, "test_C": nats, "test_C_se": nats, "test_C_table": nats}

Seconds are those of training: the clock stands still during a validation.
"""

import argparse
import json
import math
import time
from dataclasses import dataclass

import numpy as np
import torch

SHARE_ROUNDING = 1e-6
"""A share that was written for a whole number of rows must not miss it by rounding."""

EARLIEST = 0.5
"""Seconds before the first validation."""


@dataclass
class Rows:
    """Standardised rows n x d of the three parts, and what C(z) of a part is less by than C in the two other units."""

    training: list
    """A tensor for every draw of the noise around the training rows."""
    validation: torch.Tensor
    test: torch.Tensor
    to_table: dict
    """By part, `validation` and `test`: C(table) - C(z)."""
    to_standardised: dict
    """By part: C(standardised) - C(z)."""

    @property
    def dimension(self):
        return self.validation.shape[1]


def arguments(description, options):
    """The command line that all peers have, with the (name, default) options of one."""
    cli = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("tables", nargs="+", metavar="TABLE.csv",
                     help="all rows; further tables: other draws of the noise around the training rows, which are taken in turns")
    cli.add_argument("--mapped", nargs="+", metavar="TABLE.csv",
                     help="the same rows after a map of the columns: what is learned, while C is said in the units of TABLE")
    cli.add_argument("--log-slope", metavar="VALIDATION,TEST", default="0,0",
                     help="mean over the rows of each part of the sum over the columns of the log slope of that map, nats")
    cli.add_argument("--columns", metavar="NAME,..", help="columns that are learned; default all")
    cli.add_argument("--test", type=float, default=0.1, help="share of all rows")
    cli.add_argument("--validation", type=float, default=0.1, help="share of the other rows")
    cli.add_argument("--seconds", type=float, default=150, help="of training")
    cli.add_argument("--threads", type=int, help="default those of PyTorch")
    cli.add_argument("--seed", type=int, default=1)
    for name, default in options:
        cli.add_argument(f"--{name}", type=type(default), default=default)
    args = cli.parse_args()
    if args.seconds <= 0 or not 0 < args.validation < 1 or not 0 < args.test < 1:
        cli.error("seconds must be above 0, shares between 0 and 1")
    torch.manual_seed(args.seed)
    if args.threads:
        torch.set_num_threads(args.threads)
    return args


def read(path, columns):
    """The rows of a CSV file with a line of names, n x d."""
    with open(path) as file:
        names = file.readline().strip().split(",")
    rows = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    if columns:
        rows = rows[:, [names.index(name) for name in columns.split(",")]]
    return rows


def rows(args):
    """The parts, standardised."""
    tables = [read(path, args.columns) for path in args.tables]
    learned = [read(path, None) for path in args.mapped] if args.mapped else tables
    if any(len(table) != len(tables[0]) for table in tables + learned):
        raise SystemExit("the tables must have the same rows")
    total = len(tables[0])
    test = int(args.test * total + SHARE_ROUNDING)
    validation = int(args.validation * (total - test) + SHARE_ROUNDING)
    known, first = total - test, total - test - validation
    mean, deviation = learned[0][:known].mean(0), learned[0][:known].std(0)

    def scaled(part):
        return torch.tensor((part - mean) / deviation, dtype=torch.float32)

    slopes = dict(zip(("validation", "test"), map(float, args.log_slope.split(",")), strict=True))
    to_table = {part: float(np.log(deviation).sum()) - slope for part, slope in slopes.items()}
    units = float(np.log(tables[0][:known].std(0)).sum())
    return Rows([scaled(table[:first]) for table in learned], scaled(learned[0][first:known]), scaled(learned[0][known:]),
                to_table, {part: offset - units for part, offset in to_table.items()})


class Clock:
    """Wall and CPU seconds of training."""

    def __init__(self, budget, growth):
        """`growth`: the ratio of the seconds of a validation to those of the one before it."""
        self.budget, self.growth, self.next = budget, growth, EARLIEST
        self.wall, self.cpu = time.monotonic(), time.process_time()

    def seconds(self):
        return time.monotonic() - self.wall

    def cpu_seconds(self):
        return time.process_time() - self.cpu

    def share(self):
        """Of the budget that is gone, 0 to 1."""
        return min(1.0, self.seconds() / self.budget)

    def rate(self, first):
        """The learning rate: half a cosine down to almost 0."""
        return first * 0.5 * (1 + math.cos(math.pi * self.share())) + 1e-6

    def is_due(self):
        """Whether it is time for a validation."""
        return self.seconds() >= min(self.next, self.budget)

    def judge(self, work):
        """What `work` finds, in time that is not counted."""
        wall, cpu = time.monotonic(), time.process_time()
        found = work()
        self.next = max(self.seconds() - (time.monotonic() - wall), EARLIEST) * self.growth
        self.wall += time.monotonic() - wall
        self.cpu += time.process_time() - cpu
        return found


class Contest:
    """Keeps the best parameters and prints the lines."""

    def __init__(self, name, args, rows, log_density, growth):
        """`log_density(module, z, part)`: nats, for rows n x d of a part, `validation` or `test`."""
        self.name, self.rows, self.log_density = name, rows, log_density
        self.clock = Clock(args.seconds, growth)
        self.best, self.state, self.at, self.steps = math.inf, None, 0.0, 0

    def batches(self, size):
        """Batches of the training rows, shuffled anew in every epoch, while there is time."""
        epoch = 0
        while True:
            training = self.rows.training[epoch % len(self.rows.training)]
            size = min(size, len(training))
            order = torch.randperm(len(training))
            for first in range(0, len(training) - size + 1, size):
                if self.clock.share() >= 1.0:
                    return
                yield training[order[first:first + size]]
                self.steps += 1
            epoch += 1

    def validate(self, module):
        """Keeps the parameters if they are the best so far."""
        value = self.clock.judge(lambda: -self.log_density(module, self.rows.validation, "validation").mean().item())
        if value < self.best:
            self.best, self.at = value, self.clock.seconds()
            self.state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
            self.line({})

    def finish(self, module):
        """The test part by the best parameters."""
        self.validate(module)
        if self.state is None:
            raise SystemExit(f"{self.name}: no validation was finite")
        seconds = {"seconds": self.clock.seconds(), "cpu_seconds": self.clock.cpu_seconds()}
        module.load_state_dict(self.state)
        surprise = -self.log_density(module, self.rows.test, "test").double()
        mean, error = surprise.mean().item(), surprise.std().item() / math.sqrt(len(surprise))
        self.line({**seconds, "final": True, "at_seconds": self.at, "test_C": mean + self.rows.to_standardised["test"],
                   "test_C_se": error, "test_C_table": mean + self.rows.to_table["test"]})

    def line(self, more):
        figures = {"seconds": self.clock.seconds(), "cpu_seconds": self.clock.cpu_seconds(),
                   "validation_C": self.best + self.rows.to_standardised["validation"],
                   "validation_C_table": self.best + self.rows.to_table["validation"]}
        figures.update(more)
        rounded = {key: value if isinstance(value, bool) else round(value, 5) for key, value in figures.items()}
        print(json.dumps({"peer": self.name, **rounded, "steps": self.steps}), flush=True)
