"""Writes the tables of this folder with NumPy and pandas; src/table/tests/{npy,npz,arrow}.rs have their values."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather

rows = np.array([[1.5, -2.0], [0.25, 3.0], [4.0, -0.5]])

record = np.zeros(3, dtype=[("x", "<f8"), ("mass (kg)", ">f4"), ("flag", "?"), ("name", "U3"), ("p", "<i2", (2,)),
                            ("q", [("u", "<f2"), ("v", "<u1")])])
record["x"] = rows[:, 0]
record["mass (kg)"] = [0.5, 1.5, 2.5]
record["flag"] = [True, False, True]
record["name"] = ["ab", "c", "é"]
record["p"] = [[1, 2], [3, 4], [-5, 6]]
record["q"]["u"] = [0.5, 0.25, 65504]
record["q"]["v"] = [255, 0, 1]
np.save("record.npy", record)
aligned = np.zeros(3, dtype=np.dtype([("a", "i1"), ("d", "f8"), ("c", "i2")], align=True))
aligned["a"], aligned["d"], aligned["c"] = [1, 2, 3], [0.5, 1.5, 2.5], [-1, -2, -3]
np.save("aligned.npy", aligned)
np.save("title.npy", np.array([(1.0, 3), (2.0, 4)], dtype=[(("the title", "x"), "<f8"), ("é", "<i4")]))
np.save("names.npy", np.array([(1.0, 2)], dtype=[("Δx≤", "<f8"), ("it's \"q\"", "<i4")]))
np.save("half.npy", np.array([[1.5, 65504.0], [2.0**-24, -0.0999755859375]], dtype="f2"))
np.save("dates.npy", np.array(["2020-01-01", "NaT", "1970-01-02"], dtype="M8[D]"))
np.save("objects.npy", np.array([1, "a", None], dtype=object))

np.savez("single.npz", X=rows)
np.savez_compressed("columns.npz", x=rows[:, 0], n=np.array([1, -2, 3], dtype=">i2"), seed=np.array(7))
np.savez("mixed.npz", X=rows, y=np.array([7.0, 8.0, 9.0], dtype="f2"))
np.savez_compressed("split.npz", train=rows, test=rows[:1])
np.savez("objects.npz", X=rows, names=np.array(["a", None], dtype=object))

frame = pd.DataFrame({
    "x": [1.5, None, 4.0],
    "i": pd.array([9007199254740993, None, 3], dtype="Int64"),
    "u": np.array([1, 2, 255], dtype="u1"),
    "f": np.array([0.5, 0.25, -0.125], dtype="f4"),
    "b": [True, False, True],
    "name": ["ab", "c", None],
    "kind": pd.Categorical(["u", "v", "u"]),
    "dec": [decimal.Decimal("12.34"), decimal.Decimal("-0.05"), None],
    "day": [datetime.date(1970, 1, 2), None, datetime.date(1970, 1, 4)],
    "ms": np.array([1577836800123, 0, 5], dtype="M8[ms]"),
})
frame.to_parquet("frame.parquet")
frame.to_feather("frame.feather")
table = pa.Table.from_pandas(frame)
with pa.OSFile("frame.arrows", "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
    writer.write_table(table)
odd = pa.table({
    "h": pa.array(np.array([1.5, 2.0], dtype="f2")),
    "coded": pa.array([2.5, 1.5]).dictionary_encode(),
    "took": pa.array([1, None], pa.duration("ms")),
    "time": pa.array([1, 2], pa.time32("s")),
    "list": pa.array([[1], [2, 3]]),
})
pa.feather.write_feather(odd, "odd.feather")
