"""The reference of the documentation: pages made from hook specs, manifests, settings, commands."""
