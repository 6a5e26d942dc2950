"""Does the stated false-alarm rate hold, and how late is what is real? Against the usual rules, on the same streams."""
