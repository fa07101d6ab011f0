"""A jaffle shop: the data that jafgen writes, dealt out as daily deliveries, and the shop's models as marts."""
