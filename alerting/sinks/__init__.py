"""Where notices go: one file per kind of destination, all behind `sink.Sink`."""
