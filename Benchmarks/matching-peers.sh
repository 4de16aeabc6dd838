#!/usr/bin/env bash
# Times SciPy and lapx on the matrices in a folder, in a Python environment of their own; prints `matrix peer seconds`, best of three.
set -euo pipefail
folder=$1
environment=${PRIVITY_BENCH_PYTHON:-.build-bench/python}
if ! "$environment/bin/python" -c 'import lap, scipy' 2>/dev/null; then
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet 'numpy==2.4.6' 'scipy==1.17.1' 'lapx==0.11.1' >&2
fi
"$environment/bin/python" - "$folder" <<'PYTHON'
import pathlib, re, sys, time
import lap, numpy, scipy.optimize
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.bin"), key=lambda f: f.stat().st_size):
    rows, columns = map(int, re.match(r"(\d+)x(\d+)", file.name).groups())
    matrix = numpy.fromfile(file).reshape(rows, columns)
    for name, solve in (("scipy", scipy.optimize.linear_sum_assignment), ("lapx", lambda m: lap.lapjv(m, extend_cost=True))):
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            solve(matrix)
            best = min(best, time.perf_counter() - start)
        print(file.stem, name, f"{best:.6f}", flush=True)
PYTHON
