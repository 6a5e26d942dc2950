"""Pure arithmetic on integer counts: baselines, panes and the detectors that read them."""
