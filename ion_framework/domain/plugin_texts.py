"""The sentences that plugins bring, laid over those of a host."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ion_framework.domain.sentences import ORIGINAL, Sentences, gaps_of, shown_gaps


@attrs.frozen
class TextsInForce:
    """What a host says, once every plugin has had its word.

    Attributes:
        sentences: the texts.
        remarks: what of the plugins' is left out and why, and which of two plugins was given
            precedence, one sentence each.
    """

    sentences: Sentences
    remarks: tuple[str, ...] = ()


@attrs.frozen
class PluginTexts:
    """The sentences of the active plugins.

    Attributes:
        brought: plugin and sentences, in the order in which they are laid over the host's.
    """

    brought: tuple[tuple[str, Sentences], ...] = ()

    def over(self, host: Sentences) -> TextsInForce:
        """The host's sentences with those of the plugins, and with their changes.

        Of two plugins that word the same sentence in the same language the later one is heard.

        Args:
            host: the host's own sentences, each at least in English.
        """
        layers = _Layers(host)
        for plugin, sentences in self.brought:
            layers.add_own(plugin, sentences)
        for plugin, sentences in self.brought:
            layers.change(plugin, sentences)
        return TextsInForce(layers.texts, tuple(layers.remarks))


class _Layers:
    """Sentences with one layer after another laid over them."""

    def __init__(self, host: Sentences) -> None:
        self.texts: dict[str, Mapping[str, str]] = dict(host)
        self.remarks: list[str] = []
        self._worded_by: dict[tuple[str, str], str] = {}

    def add_own(self, plugin: str, sentences: Sentences) -> None:
        """Add what a plugin says itself."""
        for name, texts in sentences.items():
            if _is_own(plugin, name):
                self.texts[name] = texts

    def change(self, plugin: str, sentences: Sentences) -> None:
        """Reword and translate what others say."""
        changes = {name: texts for name, texts in sentences.items() if not _is_own(plugin, name)}
        unknown = [name for name in changes if name not in self.texts]
        if unknown:
            self.remarks.append(
                f"{plugin}: nobody says the sentences {', '.join(unknown)}, so its texts of them "
                "are left out"
            )
        for name, texts in changes.items():
            if name in self.texts:
                fitting = {
                    language: text
                    for language, text in texts.items()
                    if self._takes(plugin, name, language, text)
                }
                self.texts[name] = {**self.texts[name], **fitting}

    def _takes(self, plugin: str, name: str, language: str, text: str) -> bool:
        wanted, given = gaps_of(self.texts[name][ORIGINAL]), gaps_of(text)
        if given != wanted:
            self.remarks.append(
                f"{plugin}: {name}.{language} is left out: its gaps are {shown_gaps(given)}, and "
                f"those of the sentence are {shown_gaps(wanted)}"
            )
            return False
        earlier = self._worded_by.get((name, language))
        if earlier:
            self.remarks.append(
                f"{earlier} and {plugin} both word {name}.{language}; that of {plugin} is used, "
                "because it comes last: disable one of them, or name one in before or after of "
                "the other's manifest"
            )
        self._worded_by[name, language] = plugin
        return True


def _is_own(plugin: str, name: str) -> bool:
    return name.startswith(f"{plugin}.")
