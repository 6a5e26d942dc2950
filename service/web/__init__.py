"""Pages for people: the models at a glance, one page per model, one per incident. No script, nothing from elsewhere."""
