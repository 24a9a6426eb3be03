"""What the entry point names: the plugin that provides the source."""

from __future__ import annotations

from ion_framework import PluginContext, hookimpl
from ion_secrets_gcp.settings import VaultSettings
from ion_secrets_gcp.vault import Vault


class GoogleSecrets:
    """Provides secrets of a Google Cloud project.

    Args:
        vault: the source.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    @hookimpl
    def ion_provide_secrets(self) -> Vault:
        """The source."""
        return self._vault


def plugin(context: PluginContext) -> GoogleSecrets:
    """The plugin of one `Ion`; without a project it is IDLE, and this is never called.

    Raises:
        SettingsError: a setting cannot be used.
    """
    return GoogleSecrets(Vault(VaultSettings.read(context)))
