"""The plugin host: finds plugins without importing them, judges, orders, activates and calls them."""
