"""What every package says of itself: who wrote it, under which licence, for which core."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

import attrs

from ion_framework.clock import Clock
from ion_framework.scaffolding.answers import checked_line
from ion_framework.scaffolding.errors import AnswerError
from ion_framework.scaffolding.names import Names
from ion_framework.scaffolding.rendering import render
from ion_framework.scaffolding.templates import template

LICENCES = ("Apache-2.0", "MIT")
_MAX_AUTHOR = 100
_MAX_ADDRESS = 200
_REMARK = (
    "# A placeholder that leads nowhere: ION shows this address where the plugin fails, so put in\n"
    "# that of your issue tracker.\n"
)


@attrs.frozen(kw_only=True)
class Publication:
    """Who publishes a package, and how.

    Attributes:
        author: who wrote it; empty becomes "The authors of <distribution>".
        licence: one of `LICENCES`.
        issues: address where problems are reported; empty becomes a placeholder.
        year: the year of the copyright.
    """

    author: str = ""
    licence: str = LICENCES[0]
    issues: str = ""
    year: int

    @classmethod
    def checked(cls, author: str, licence: str, issues: str, clock: Clock) -> Publication:
        """What somebody said, of this year.

        Raises:
            AnswerError: something of it cannot be used.
        """
        if author:
            author = checked_line("author", author, _MAX_AUTHOR)
        if "," in author:
            raise AnswerError("author", "has a comma, which package metadata does not allow")
        if licence not in LICENCES:
            raise AnswerError("licence", f"{licence!r} is not one of {', '.join(LICENCES)}")
        if issues:
            issues = checked_line("issues", issues, _MAX_ADDRESS)
            if not issues.startswith(("https://", "http://")) or " " in issues:
                raise AnswerError("issues", "is no address that begins with https://")
        year = datetime.fromtimestamp(clock.time(), UTC).year
        return cls(author=author, licence=licence, issues=issues, year=year)

    def values(self, names: Names) -> dict[str, str]:
        """The values of these facts, and of the names, for templates."""
        return {
            "name": names.name,
            "distribution": names.distribution,
            "package": names.package,
            "module": names.module,
            "test_class": "Test" + "".join(part.capitalize() for part in names.name.split("-")),
            "author": self.author or f"The authors of {names.distribution}",
            "licence": self.licence,
            "issues": self.issues or f"https://example.invalid/{names.distribution}/issues",
            "issues_comment": "" if self.issues else _REMARK,
            "core_range": core_range(version("ion-framework")),
            "year": str(self.year),
        }

    def licence_text(self, values: dict[str, str]) -> str:
        """The text of the licence."""
        return render(template(f"licences/{self.licence}"), values)


def core_range(core: str) -> str:
    """The range of the core's versions that a package written for this one works with.

    Args:
        core: version of the core.
    """
    major, minor = (int(part) for part in core.split(".")[:2])
    return f">=0.{minor},<0.{minor + 1}" if major == 0 else f">={major}.{minor},<{major + 1}"
