"""From a finding to a person, and what the person decided."""
