"""The plugin host: finds plugins without importing them, judges, orders and activates them."""
