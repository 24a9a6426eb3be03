"""Sentences that plugins bring: read from their manifests, and laid over those of a host."""

from __future__ import annotations

import sys
from contextlib import contextmanager

import pytest

from ion_framework import Ion
from ion_framework.cli.checks.plugins import check_texts
from ion_framework.domain.plugin_texts import PluginTexts
from ion_framework.domain.sentences import gaps_of
from ion_framework.errors import ManifestError, PluginOrderError
from ion_framework.manifest.reading import read_manifest
from ion_framework.manifest.texts import read_host_texts
from ion_framework.plugin_host.discovery import inline, installed
from ion_framework.plugin_host.record import Status
from ion_framework.testing import PluginPackage, installed_on_path, make_manifest
from ion_framework.testing.packages import MANIFEST, PERSONA_MANIFEST

HOST = {
    "too_long": {"en": "At most {limit}.", "ko": "최대 {limit}자."},
    "blank": {"en": "It is blank.", "ko": "비어 있습니다."},
}
OWN = """\
[weather.forecast]
en = "{degrees} degrees in {place}."
ko = "{place}의 기온은 {degrees}도입니다."
[too_long]
ja = "{limit}文字まで。"
"""


def package(texts=OWN, name="weather", *, extra="", kind="extension", **fields):
    """A package without code that brings texts."""
    manifest = MANIFEST.format(name=name, kind=kind) + 'texts = "texts.toml"\n' + extra
    files = {} if texts is None else {"texts.toml": texts}
    return PluginPackage(name=name, manifest=manifest, files=files, **fields)


def read(folder, **fields):
    """The manifest of such a package."""
    return read_manifest(package(**fields).write(folder), "1.0")


def problems_of(folder, **fields):
    """What is wrong with such a package, without the name of the file."""
    with pytest.raises(ManifestError) as caught:
        read(folder, **fields)
    file = f"{folder / 'ion_test_weather' / 'texts.toml'}: "
    assert all(problem.startswith(file) for problem in caught.value.problems)
    return [problem.removeprefix(file) for problem in caught.value.problems]


def bringing(name, sentences, **changes):
    """A plugin of this process that brings sentences and has no code."""
    changes = {"texts": "texts.toml", "sentences": sentences, **changes}
    return inline(make_manifest(name, "extension", **changes))


def texts_of(*plugins):
    """What active plugins bring."""
    ion = Ion(source=lambda: plugins, environ={})
    ion.activate()
    return ion.provisions.texts


@contextmanager
def ion_with(folder, *packages):
    """An active `Ion` that sees these packages alone."""
    names = {each.distribution for each in packages}
    with installed_on_path(folder, *packages):
        ion = Ion(
            source=lambda: tuple(c for c in installed() if c.distribution in names), environ={}
        )
        ion.activate()
        yield ion


class TestManifest:
    """What a manifest may name, and what is said of mistakes."""

    def test_sentences_are_read_by_name_and_language(self, tmp_path):
        """A table in the plugin's name is a sentence of its own, any other one of the host's."""
        assert {
            "weather.forecast": {
                "en": "{degrees} degrees in {place}.",
                "ko": "{place}의 기온은 {degrees}도입니다.",
            },
            "too_long": {"ja": "{limit}文字まで。"},
        } == read(tmp_path).sentences

    def test_a_name_shared_with_the_host_is_told_apart_by_what_stands_in_it(self, tmp_path):
        """A plugin that is called as a sentence of the host may word that one and say its own."""
        texts = '[blank]\nfr = "Vide."\n[blank.page]\nen = "A page."\n'
        found = read(tmp_path, texts=texts, name="blank").sentences
        assert {"blank": {"fr": "Vide."}, "blank.page": {"en": "A page."}} == found

    @pytest.mark.parametrize(
        ("texts", "problem"),
        [
            ('[weather.x]\nko = "가"', "weather.x: the key 'en' is required; other languages"),
            ('[weather.x]\nen = "{a}"\nko = "{b}"', "weather.x.ko: its gaps are {b}; those of en"),
            ('[weather.x]\nen = "{a}"\nko = "가"', "weather.x.ko: its gaps are none; those of en"),
            ("[blank]\nko = 5", "blank.ko: must be a string, is 5"),
            ('[blank]\nko = " "', "blank.ko: is empty"),
            ('[blank]\nkorean = "가"', "blank.korean: is no language; write its primary tag"),
            ('[blank]\n"ja-JP" = "空"', "blank.ja-JP: is no language; write its primary tag"),
            ('[blank]\nko = "{a.b}"', "blank.ko: the gap {a.b} is more than a name"),
            ('[blank]\nko = "{a[0]}"', "blank.ko: the gap {a[0]} is more than a name"),
            ('[blank]\nko = "{a!r}"', "blank.ko: the gap {a} is more than a name"),
            ('[blank]\nko = "{a:>9}"', "blank.ko: the gap {a} is more than a name"),
            ('[blank]\nko = "{}"', "blank.ko: the gap {} is more than a name"),
            ('[blank]\nko = "a } b"', "blank.ko: Single '}' encountered"),
            ("[blank]", "blank: must be a table with a text for each language"),
            ('blank = "Blank."', "blank: must be a table with a text for each language"),
            ('[Blank]\nen = "x"', "Blank: is no name of a sentence"),
            ('[weather.a.b]\nen = "x"', "weather.a.b: is no language; write its primary tag"),
            ("[", "is not valid TOML: "),
            (None, "there is no such file; put it into the package"),
        ],
    )
    def test_a_mistake_is_named_with_file_and_key(self, tmp_path, texts, problem):
        """What is wrong with a text says the file, the key and what is valid."""
        (found,) = problems_of(tmp_path, texts=texts)
        assert problem == found[: len(problem)]

    def test_every_mistake_is_named(self, tmp_path):
        """Two texts that are wrong are two problems."""
        texts = '[blank]\nko = 5\n[weather.x]\nja = "x"'
        assert 2 == len(problems_of(tmp_path, texts=texts))

    @pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
    def test_a_link_is_refused(self, tmp_path):
        """No text is read through a link."""
        folder = package(texts=None).write(tmp_path)
        (folder / "real.toml").write_text(OWN, "utf-8")
        (folder / "texts.toml").symlink_to("real.toml")
        with pytest.raises(ManifestError, match="goes through a link"):
            read_manifest(folder, "1.0")

    def test_a_file_outside_the_package_is_refused(self, tmp_path):
        """A path that leads out of the package is refused."""
        manifest = MANIFEST.format(name="weather", kind="extension") + 'texts = "../x.toml"\n'
        folder = PluginPackage(name="weather", manifest=manifest).write(tmp_path)
        with pytest.raises(ManifestError, match="lies outside the package"):
            read_manifest(folder, "1.0")

    def test_a_persona_brings_no_texts(self, tmp_path):
        """A persona, which speaks in its own turns only, words nothing that the host says."""
        manifest = PERSONA_MANIFEST.format(name="sage").replace(
            "[persona]", 'texts = "texts.toml"\n[persona]', 1
        )
        folder = PluginPackage(name="sage", manifest=manifest, files={"texts.toml": OWN})
        with pytest.raises(ManifestError, match="a persona brings none"):
            read_manifest(folder.write(tmp_path), "1.0")

    def test_the_field_for_what_is_read_is_no_key(self, tmp_path):
        """A manifest cannot hold the sentences themselves."""
        with pytest.raises(ManifestError, match="unknown key sentences"):
            read(tmp_path, extra='[sentences.blank]\nen = "x"\n')


class TestHostTexts:
    """The texts of a host, which stand in a folder."""

    def test_all_files_of_the_folder_count(self, tmp_path):
        """The sentences of every file are found, under their own names."""
        (tmp_path / "texts").mkdir()
        (tmp_path / "texts" / "a.toml").write_text('[a]\nen = "A {x}"\n', "utf-8")
        (tmp_path / "texts" / "b.toml").write_text('[b]\nen = "B"\n', "utf-8")
        assert {"a": {"en": "A {x}"}, "b": {"en": "B"}} == read_host_texts(tmp_path, "texts")

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ('[a]\nen = "B"\n', "a: stands in another file, too"),
            ('[b]\nko = "나"\n', "is required"),
        ],
    )
    def test_what_is_wrong_stops_the_host(self, tmp_path, text, problem):
        """A sentence that stands twice, or not in English, is refused."""
        (tmp_path / "texts").mkdir()
        (tmp_path / "texts" / "a.toml").write_text('[a]\nen = "A"\n', "utf-8")
        (tmp_path / "texts" / "b.toml").write_text(text, "utf-8")
        with pytest.raises(ManifestError, match=problem):
            read_host_texts(tmp_path, "texts")


class TestStatus:
    """Plugins with texts among the others."""

    def test_texts_need_no_code(self, tmp_path):
        """A package of texts alone is active, and what it brings counts."""
        with ion_with(tmp_path, package()) as ion:
            assert Status.ACTIVE is ion.plugins[0].status
            assert ["weather"] == [plugin for plugin, _ in ion.provisions.texts.brought]

    def test_wrong_texts_make_the_plugin_invalid_without_an_import(self, tmp_path):
        """A plugin whose texts are wrong is INVALID before anything of it is imported."""
        code = "raise SystemExit('imported')\n"
        with ion_with(tmp_path, package("[blank]\nko = 5", code=code)) as ion:
            (record,) = ion.plugins
        assert Status.INVALID is record.status
        assert "texts.toml: blank.ko: must be a string, is 5" in record.reason

    def test_a_plugin_that_does_not_run_says_nothing(self, tmp_path):
        """The texts of a plugin that failed are not used."""
        with ion_with(tmp_path, package(code="raise OSError('no disk')\n")) as ion:
            assert Status.FAILED is ion.plugins[0].status
            assert PluginTexts() == ion.provisions.texts

    def test_two_installations_share_nothing(self):
        """What one `Ion` of a process says another one does not."""
        french = texts_of(bringing("french", {"blank": {"fr": "Vide."}}))
        german = texts_of(bringing("german", {"blank": {"de": "Leer."}}))
        assert {"en", "ko", "fr"} == set(french.over(HOST).sentences["blank"])
        assert {"en", "ko", "de"} == set(german.over(HOST).sentences["blank"])
        assert {"en", "ko"} == set(HOST["blank"])


class TestOver:
    """The host's sentences with those of plugins laid over them."""

    def test_a_plugin_adds_rewords_and_translates(self):
        """Its own sentence is new, one of the host's is worded anew, one has a language more."""
        texts = texts_of(
            bringing(
                "weather",
                {
                    "weather.wet": {"en": "It is wet."},
                    "blank": {"en": "Say something."},
                    "too_long": {"ja": "{limit}文字まで。"},
                },
            )
        ).over(HOST)
        assert {
            "weather.wet": {"en": "It is wet."},
            "blank": {"en": "Say something.", "ko": "비어 있습니다."},
            "too_long": {**HOST["too_long"], "ja": "{limit}文字まで。"},
        } == texts.sentences
        assert () == texts.remarks

    def test_other_gaps_leave_a_text_out(self):
        """A wording with other gaps than the original is not used, and its other languages are."""
        changes = {"too_long": {"ja": "{most}文字まで。", "fr": "Trop.", "de": "Bis {limit}."}}
        texts = texts_of(bringing("pack", changes)).over(HOST)
        assert {**HOST["too_long"], "de": "Bis {limit}."} == texts.sentences["too_long"]
        assert (
            "pack: too_long.ja is left out: its gaps are {most}, and those of the sentence are "
            "{limit}",
            "pack: too_long.fr is left out: its gaps are none, and those of the sentence are "
            "{limit}",
        ) == texts.remarks

    def test_what_nobody_says_is_left_out(self):
        """Wordings of sentences that do not exist are told in one remark."""
        changes = {"gone": {"ja": "無"}, "weather.wet": {"ja": "雨"}}
        texts = texts_of(bringing("pack", changes)).over(HOST)
        assert HOST == texts.sentences
        (remark,) = texts.remarks
        assert remark.startswith("pack: nobody says the sentences gone, weather.wet, so")

    def test_a_plugin_may_translate_another_one(self):
        """The sentences of a plugin are open to others, whatever the order of the two."""
        texts = texts_of(
            bringing("zebra", {"zebra.wet": {"en": "It is wet."}}),
            bringing("pack", {"zebra.wet": {"ja": "雨です。"}}),
        ).over(HOST)
        assert {"en": "It is wet.", "ja": "雨です。"} == texts.sentences["zebra.wet"]

    @pytest.mark.parametrize(
        ("first", "second", "heard"),
        [
            ({}, {}, "second"),
            ({"after": ("second",)}, {}, "first"),
            ({}, {"before": ("first",)}, "first"),
            ({}, {"fallback": True}, "first"),
        ],
    )
    def test_of_two_wordings_the_last_is_heard(self, first, second, heard):
        """The order is that of before, after and names, fallbacks first; the last is named."""
        plugins = (
            bringing("first", {"blank": {"en": "first", "ja": "一"}}, **first),
            bringing("second", {"blank": {"en": "second", "fr": "deux"}}, **second),
        )
        for found in (plugins, plugins[::-1]):
            texts = texts_of(*found).over(HOST)
            assert heard == texts.sentences["blank"]["en"]
            assert {"en", "ko", "ja", "fr"} == set(texts.sentences["blank"])
            (remark,) = texts.remarks
            assert f"both word blank.en; that of {heard} is used, because it comes last" in remark

    def test_a_circle_stops_the_start(self):
        """Two plugins that both want to come last are an error of order."""
        with pytest.raises(PluginOrderError, match="cycle"):
            texts_of(
                bringing("first", {"blank": {"en": "1"}}, after=("second",)),
                bringing("second", {"blank": {"en": "2"}}, after=("first",)),
            )


def test_braces_are_written_twice():
    """Doubled braces are no gap."""
    assert frozenset({"a"}) == gaps_of("{{x}} {a}")


def test_doctor_tells_what_a_host_leaves_out(tmp_path):
    """The doctor names the texts that do not fit the installed host."""
    host = PluginPackage(
        name="server",
        manifest=MANIFEST.format(name="server", kind="host") + 'texts = "texts"\n',
        files={"texts/a.toml": '[too_long]\nen = "At most {limit}."\n'},
    )
    pack = package('[too_long]\nja = "{most}文字まで。"\n', name="pack")
    with ion_with(tmp_path, host, pack) as ion:
        (finding,) = check_texts(ion.plugins)
        assert "pack: too_long.ja is left out" in finding.message
        assert "the file that texts names" in finding.fix


def test_doctor_tells_of_a_host_whose_texts_are_broken(tmp_path):
    """Texts of a host that cannot be read are an error of the installation."""
    host = PluginPackage(
        name="server",
        manifest=MANIFEST.format(name="server", kind="host") + 'texts = "texts"\n',
        files={"texts/a.toml": "["},
    )
    with ion_with(tmp_path, host, package(name="pack")) as ion:
        (finding,) = check_texts(ion.plugins)
        assert "is not valid TOML" in finding.message
