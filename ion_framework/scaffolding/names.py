"""Names of new plugins: well formed, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ion_framework.manifest.persona import name_problem
from ion_framework.plugin_host.discovery import Candidate, canonical, first_party_distributions
from ion_framework.scaffolding.errors import AnswerError

_CORE = "ion-framework"
_PREFIXES = ("ion-persona-", "ion-host-", "ion-")
_RESERVED = frozenset({"auto", "ion", "ion-auto"})
"""Names by which a caller asks for no persona in particular."""


@attrs.frozen
class Names:
    """What a package is called in every place.

    Attributes:
        name: the plugin's name.
        distribution: name of the distribution.
        package: import name.
        module: the plugin's name as part of a Python name.
    """

    name: str
    distribution: str
    package: str
    module: str

    @classmethod
    def of_persona(cls, name: str) -> Names:
        """The names of a persona's package."""
        return cls._with("ion-persona-", name)

    @classmethod
    def of_plugin(cls, name: str) -> Names:
        """The names of any other plugin's package."""
        return cls._with("ion-", name)

    @classmethod
    def _with(cls, prefix: str, name: str) -> Names:
        module, distribution = name.replace("-", "_"), prefix + name
        return cls(name, distribution, distribution.replace("-", "_"), module)


def check_name(names: Names, installed: Iterable[Candidate]) -> None:
    """See that a new plugin may have its name.

    Args:
        names: the names it would have.
        installed: the plugins that are installed.

    Raises:
        AnswerError: the name is not well formed, ION's own or that of an installed plugin.
    """
    wrong = name_problem(names.name)
    if wrong:
        raise AnswerError("name", wrong)
    if names.name in _RESERVED:
        raise AnswerError("name", f"{names.name!r} is kept for ION itself; choose another name")
    owner = _owner(names, installed)
    if owner:
        raise AnswerError(
            "name",
            f"{names.name!r} is taken by {owner}; two plugins or distributions of one name cannot "
            "stand side by side, so choose another name",
        )


def _owner(names: Names, installed: Iterable[Candidate]) -> str:
    """The distribution that has the name or would have the same one, empty without any."""
    for distribution in (_CORE, *sorted(first_party_distributions())):
        if names.distribution == distribution or names.name == _plugin_of(distribution):
            return distribution
    for candidate in installed:
        if names.name == candidate.name or names.distribution == canonical(candidate.distribution):
            return candidate.distribution
    return ""


def _plugin_of(distribution: str) -> str:
    prefix = next(prefix for prefix in _PREFIXES if distribution.startswith(prefix))
    return distribution.removeprefix(prefix)
