"""Derives the coefficients of src/activation.rs and prints their errors; needs mpmath.

    python3 kernels/coefficients.py

Each approximation interpolates its function at the Chebyshev points of an interval, in 60 digits. The script prints, for every
set: the coefficients it finds, where they differ from those in the source, the largest error of those in the source over the
interval on which they are used, and the smallest error that any polynomial of that degree has there. The last one is a lower
bound by de la Vallee Poussin: the error alternates between the points of interpolation, and no polynomial of the degree can be
closer everywhere than the smallest of the n + 1 extrema.
"""

import pathlib
import re

from mpmath import atanh, cos, log, lu_solve, matrix, mp, mpf, pi, polyval, power, sqrt, tanh

mp.dps = 60
POINTS = 4000


def chebyshev(count, low, high):
    """The Chebyshev points of an interval."""
    middle, half = (low + high) / 2, (high - low) / 2
    return [middle + half * cos(pi * (2 * k + 1) / (2 * count)) for k in range(count)]


def rational(function, p_degree, q_degree, points):
    """p and q with q_0 = 1 and p / q equal to the function at the points."""
    rows = []
    for x in points:
        y = function(x)
        rows.append([x**j for j in range(p_degree + 1)] + [-y * x**j for j in range(1, q_degree + 1)])
    found = list(lu_solve(matrix(rows), matrix([function(x) for x in points])))
    return found[: p_degree + 1], [mpf(1)] + found[p_degree + 1 :]


def in_source(name):
    """The numbers of a constant in activation.rs."""
    text = (pathlib.Path(__file__).parent / "src" / "activation.rs").read_text()
    body = re.search(r"const %s: .*?= (\[.*?\]);" % name, text, re.S).group(1)
    return [mpf(float(number)) for number in re.findall(r"-?\d[\d_]*\.[\d_]+(?:e-?\d+)?", body.replace("_", ""))]


def extrema(error, low, high):
    """The largest magnitude of the error between two changes of its sign, from left to right."""
    values = [error(low + (high - low) * k / POINTS) for k in range(POINTS + 1)]
    found, sign = [mpf(0)], 0
    for value in values:
        if value * sign < 0:
            found.append(mpf(0))
        sign = 1 if value > 0 else -1 if value < 0 else sign
        found[-1] = max(found[-1], abs(value))
    return found


def report(name, function, degrees, fitted, used, relative):
    """One approximation, found on the interval `fitted` and used on the interval `used`."""
    p_degree, q_degree = degrees
    p, q = rational(function, p_degree, q_degree, chebyshev(p_degree + q_degree + 1, *fitted))
    source, exact = in_source(name), (p, q)
    print(f"{name}: {'relative' if relative else 'absolute'} error")
    for found, given in zip(p + (q if q_degree else []), source, strict=True):
        ulp = abs(mpf(float(found)) - given) / abs(found) * 2**53
        print(f"  {float(found)!r:24}" + (f"in the source {float(given)!r}, off by {float(ulp * mpf(2)**-53):.1e} of it" if ulp else ""))
    p, q = source[: p_degree + 1], source[p_degree + 1 :] or [mpf(1)]

    def error(x):
        y = function(x)
        off = polyval(p[::-1], x) / polyval(q[::-1], x) - y
        return off / y if relative else off

    print(f"  largest error {float(max(extrema(error, *used))):.2e}", end="")
    p, q = exact
    found = extrema(error, *used)
    print(f", before rounding to f64 {float(max(found)):.2e}", end="")
    if q_degree == 0 and len(found) == p_degree + 2:
        print(f", at best {float(min(found)):.2e}", end="")
    print("\n")


def divided(function, x, limit):
    """function(x) / x, with its limit at 0."""
    return function(x) / x if x else limit


def main():
    half, w = mpf(1) / 2, 3 - 2 * sqrt(mpf(2))
    report("EXP_F32", lambda f: divided(lambda f: power(2, f) - 1, f, log(2)), (5, 0), (-half, half), (-half, half), True)
    report("LOG_F32", lambda x: log(mpf(3) / 2 + x), (9, 0), (-half, half), (-half, half), False)
    # In the square of the variable, on intervals that are a little wider than what is used.
    wide = mpf("0.501") ** 2
    report("TANH_F64", lambda s: divided(lambda f: tanh(f * log(2) / 2), sqrt(s), log(2) / 2), (2, 2), (mpf(0), wide), (mpf(0), half**2), True)
    wide = (mpf("1.001") * w) ** 2
    report("ATANH_F64", lambda s: divided(lambda w: 2 * atanh(w), sqrt(s), mpf(2)), (6, 0), (mpf(0), wide), (mpf(0), w**2), False)


if __name__ == "__main__":
    main()
