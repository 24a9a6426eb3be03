"""One log line for every change of a plugin's status while turns run."""

from __future__ import annotations

from ion_framework.plugin_host.record import PluginRecord, Status


def log_change(before: PluginRecord, after: PluginRecord) -> None:
    """Log that a plugin's status changed, or the reason for it: a warning unless it runs now."""
    import structlog  # most installations never see a change

    logger = structlog.get_logger("ion")
    tell = logger.info if after.status is Status.ACTIVE else logger.warning
    tell(
        "a plugin's status changed",
        plugin=after.name,
        distribution=after.distribution,
        before=before.status.value,
        after=after.status.value,
        reason=after.reason,
    )
