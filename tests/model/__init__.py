"""A plain model of silver and of the fact, and random deliveries that are played against both."""
