"""Pure arithmetic on integer counts: baselines, panes and the detectors that read them.

Which detector for what: `psi` says by how much a whole distribution (categories and missing values too) has changed,
in the unit people know, and whether chance explains it: it is the one to alert on. `ks` is a second opinion on numbers,
most sensitive in the middle of the distribution. `quality` finds what breaks first and says it plainest: values that
are missing, of the wrong type, out of range or never seen. `adwin` needs no good reference and finds when a level
moved, but promises no rate of false alarms. `volume` and `freshness` notice that events stop coming at all.
`read_window` runs psi, ks and quality over everything in a window.

The way through: `fit` rows to a `Baseline`; `columns_of` rows and `fold` them to counts; `merge` counts of partitions
and ticks, `encode` them in between; `read_window` them against the baseline's reference.
"""

from detectors.adwin import AdwinState, step, tick_values
from detectors.baseline import Baseline, BaselineError, Counts, Subject
from detectors.catalog import Options, read_window
from detectors.columns import Columns, Scalar, columns_of
from detectors.fit import fit
from detectors.fold import fold, merge, zeros
from detectors.ks import ks
from detectors.pane import decode, encode
from detectors.psi import psi
from detectors.quality import quality, stream_quality
from detectors.reading import BinMove, Detector, Reading, State
from detectors.volume import VolumeReference, freshness, volume

__all__ = [
    "AdwinState",
    "Baseline",
    "BaselineError",
    "BinMove",
    "Columns",
    "Counts",
    "Detector",
    "Options",
    "Reading",
    "Scalar",
    "State",
    "Subject",
    "VolumeReference",
    "columns_of",
    "decode",
    "encode",
    "fit",
    "fold",
    "freshness",
    "ks",
    "merge",
    "psi",
    "quality",
    "read_window",
    "step",
    "stream_quality",
    "tick_values",
    "volume",
    "zeros",
]
