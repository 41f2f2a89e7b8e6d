"""Conditional flow matching with pairs matched by optimal transport (OT-CFM, Tong et al. 2023) on a CSV table.

    python otcfm.py TABLE.csv [--seconds 150] [--threads 2] [--mapped MAPPED.csv --log-slope V,T]

    z_t = (1 - t) z + t e,   e normal, matched with z in groups: the permutation with the least sum |z_i - e_p(i)|^2
    loss = mean |v(z_t, t) - (e - z)|^2
    log p(z) = log N(z(1)) + integral of div v,   z' = v(z, t),   RK4, divergence exact by forward derivatives

Adam by a cosine down to almost 0 at the end of the time; the exponential average of the parameters is what is judged.
What is printed: contest.py. Needs: pip install torch scipy numpy
"""

import copy
import math

import torch
from scipy.optimize import linear_sum_assignment
from torch import nn
from torch.func import jvp, vmap

from contest import Contest, arguments, rows

CHUNK = 2048
"""Rows whose divergence is computed at a time."""
VALIDATION_STEPS, TEST_STEPS = 8, 16
"""Of RK4 on [0, 1]."""
GROWTH = 1.25
"""Of the seconds from one validation to the next: they take long, and the average of the parameters changes little."""


class Velocity(nn.Module):
    """v(z, t): n x d and n x 1 to n x d, a perceptron of three hidden layers."""

    def __init__(self, dimension, width):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dimension + 1, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
                                    nn.Linear(width, width), nn.SiLU(), nn.Linear(width, dimension))

    def forward(self, z, t):
        return self.layers(torch.cat([z, t], dim=-1))


def matched(z, noise, group):
    """The normal draws in the order that matches them with the rows, group by group."""
    order = torch.arange(len(z))
    for first in range(0, len(z), group):
        costs = torch.cdist(z[first:first + group], noise[first:first + group]).square()
        order[first:first + group] = first + torch.from_numpy(linear_sum_assignment(costs.numpy())[1])
    return noise[order]


def velocity_and_divergence(velocity, z, t):
    at = torch.full((len(z), 1), t)
    value = velocity(z, at)

    def derivative(direction):
        return jvp(lambda z: velocity(z, at), (z,), (direction.expand_as(z),))[1] @ direction

    return value, vmap(derivative)(torch.eye(z.shape[1])).sum(0)


@torch.no_grad()
def log_density(velocity, z, part):
    steps = TEST_STEPS if part == "test" else VALIDATION_STEPS
    found = []
    for z in z.split(CHUNK):
        change, h = torch.zeros(len(z)), 1.0 / steps
        for step in range(steps):
            t = step * h
            v1, l1 = velocity_and_divergence(velocity, z, t)
            v2, l2 = velocity_and_divergence(velocity, z + h / 2 * v1, t + h / 2)
            v3, l3 = velocity_and_divergence(velocity, z + h / 2 * v2, t + h / 2)
            v4, l4 = velocity_and_divergence(velocity, z + h * v3, t + h)
            z = z + h / 6 * (v1 + 2 * v2 + 2 * v3 + v4)
            change = change + h / 6 * (l1 + 2 * l2 + 2 * l3 + l4)
        found.append(change - z.square().sum(1) / 2 - z.shape[1] / 2 * math.log(2 * math.pi))
    return torch.cat(found)


def main():
    args = arguments(__doc__, [("lr", 2e-3), ("batch", 512), ("group", 256), ("width", 256), ("average", 0.999)])
    parts = rows(args)
    velocity = Velocity(parts.dimension, args.width)
    judged = copy.deepcopy(velocity)
    adam = torch.optim.Adam(velocity.parameters(), lr=args.lr)
    contest = Contest("OT-CFM" + (", normal columns" if args.mapped else ""), args, parts, log_density, GROWTH)
    for z in contest.batches(args.batch):
        noise, t = matched(z, torch.randn_like(z), args.group), torch.rand(len(z), 1)
        loss = (velocity((1 - t) * z + t * noise, t) - (noise - z)).square().sum(1).mean()
        adam.param_groups[0]["lr"] = contest.clock.rate(args.lr)
        adam.zero_grad()
        loss.backward()
        adam.step()
        with torch.no_grad():
            # Early on, the average must not hold on to the start values.
            kept = min(args.average, (1 + contest.steps) / (10 + contest.steps))
            for mean, now in zip(judged.parameters(), velocity.parameters()):
                mean.lerp_(now, 1 - kept)
        if contest.clock.is_due():
            contest.validate(judged)
    contest.finish(judged)


if __name__ == "__main__":
    main()
