"""Alerts and dashboards for the figures: written down once, rendered for what shows them."""
