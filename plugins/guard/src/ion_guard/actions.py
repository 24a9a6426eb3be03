"""What each rule does: by its own setting, else its class's, else the mode; and the exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from ion_guard.rules import CLASSES, all_rules
from ion_guard.settings import GuardSettings

REPORT, BLOCK, OFF = "report", "block", "off"
ACTIONS = (REPORT, BLOCK, OFF)
BY_MODE = "mode"
ANY = "*"

TEXT_IDS = ("text-length", "text-unread")
"""Rules on how much text there is; of the class ``protocol``."""
CONDITION_IDS = ("scanner", "admin-address", "country", "https", "content-type", "body-size")
OTHER_CLASSES = ("scanner", "admin", "country", "https", "content_type", "size")


@attrs.frozen
class Exemption:
    """Where a rule or a class does not count.

    Attributes:
        path: an address, or the beginning of some before ``*``.
        rule: id of a rule, a class, or ``*``.
    """

    path: str
    rule: str

    def covers(self, path: str, rule_id: str, family: str) -> bool:
        """Whether it is meant for this rule at this address."""
        if self.rule not in (ANY, rule_id, family):
            return False
        return path.startswith(self.path[:-1]) if self.path.endswith(ANY) else path == self.path


class Actions:
    """The actions by the settings.

    Raises:
        ValueError: a rule, a class or an action does not exist; says which do.
    """

    def __init__(self, settings: GuardSettings) -> None:
        self._mode = settings.mode
        self._classes: Mapping[str, str] = {
            name: str(getattr(settings, name, BY_MODE)) for name in (*CLASSES, *OTHER_CLASSES)
        }
        self._rules = dict(_own_actions(settings.rules))
        self._exemptions = tuple(_exemptions(settings.allow))

    @property
    def all_off(self) -> bool:
        """Whether nothing is looked at."""
        return self._mode == OFF

    def of(self, rule_id: str, family: str, path: str = "") -> str:
        """What a rule does at an address."""
        if any(item.covers(path, rule_id, family) for item in self._exemptions):
            return OFF
        own = self._rules.get(rule_id)
        if own is not None:
            return own
        by_class = self._classes.get(family, BY_MODE)
        return self._mode if by_class == BY_MODE else by_class


def _known_ids() -> frozenset[str]:
    return frozenset((*(rule.id for rule in all_rules()), *TEXT_IDS, *CONDITION_IDS))


def _own_actions(items: Iterable[str]) -> Iterable[tuple[str, str]]:
    for item in items:
        rule, _, action = item.strip().rpartition(" ")
        if rule.strip() not in _known_ids() or action not in ACTIONS:
            raise ValueError(
                f"rules: {item!r} is not a rule and an action, such as 'sql-union off'; actions "
                f"are {', '.join(ACTIONS)}, rules are {', '.join(sorted(_known_ids()))}"
            )
        yield rule.strip(), action


def _exemptions(items: Iterable[str]) -> Iterable[Exemption]:
    known = _known_ids() | {ANY, *CLASSES, *OTHER_CLASSES}
    for item in items:
        path, _, rule = item.strip().rpartition(" ")
        if not path.startswith("/") or rule not in known:
            raise ValueError(
                f"allow: {item!r} is not an address and a rule or a class, such as "
                f"'/notes/* xss'; valid are {', '.join(sorted(known))}"
            )
        yield Exemption(path.strip(), rule)
