"""A neural spline flow (Durkan et al. 2019) on a CSV table: zuko's, autoregressive, with rational-quadratic splines.

    python spline.py TABLE.csv [--seconds 150] [--threads 2] [--mapped MAPPED.csv --log-slope V,T]

Adam by a cosine down to almost 0 at the end of the time, gradient clipped. What is printed: contest.py. Needs: pip install torch zuko numpy
"""

import torch
import zuko

from contest import Contest, arguments, rows

TRANSFORMS, BINS, HIDDEN = 5, 8, (128, 128)
LONGEST_GRADIENT = 5.0
GROWTH = 1.05
"""Of the seconds from one validation to the next."""


@torch.no_grad()
def log_density(flow, z, _part):
    return flow().log_prob(z)


def main():
    args = arguments(__doc__, [("lr", 3e-3), ("batch", 512)])
    parts = rows(args)
    flow = zuko.flows.NSF(parts.dimension, 0, transforms=TRANSFORMS, bins=BINS, hidden_features=HIDDEN)
    adam = torch.optim.Adam(flow.parameters(), lr=args.lr)
    contest = Contest("neural spline flow" + (", normal columns" if args.mapped else ""), args, parts, log_density, GROWTH)
    for z in contest.batches(args.batch):
        adam.param_groups[0]["lr"] = contest.clock.rate(args.lr)
        adam.zero_grad()
        (-flow().log_prob(z).mean()).backward()
        torch.nn.utils.clip_grad_norm_(flow.parameters(), LONGEST_GRADIENT)
        adam.step()
        if contest.clock.is_due():
            contest.validate(flow)
    contest.finish(flow)


if __name__ == "__main__":
    main()
