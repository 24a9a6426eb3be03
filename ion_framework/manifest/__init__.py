"""The manifest ``ion-plugin.toml``: reading and validating it without importing the plugin."""
