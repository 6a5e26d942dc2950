"""Where records come from; one conformance suite for all."""
