"""What Prometheus scrapes: the catalog of names, the collectors that read the store, and the page they make."""
