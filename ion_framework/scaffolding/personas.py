"""The files of a new persona's package."""

from __future__ import annotations

from ion_framework.domain.hints import TONE_WORDS
from ion_framework.domain.language import Language
from ion_framework.manifest.model import API_MAJOR
from ion_framework.scaffolding.answers import PersonaAnswers
from ion_framework.scaffolding.manifest_parts import manifest_parts
from ion_framework.scaffolding.markdown import plain, settings_tables
from ion_framework.scaffolding.material import material
from ion_framework.scaffolding.names import Names
from ion_framework.scaffolding.publication import Publication
from ion_framework.scaffolding.rendering import toml_string
from ion_framework.scaffolding.templates import rendered, template

_DATA = {
    "init": "A persona that is all data: manifest and prompts beside this file say everything.",
    "what_en": "It is data only: nothing in it is executed, and there are no settings.",
    "what_ko": "데이터로만 이루어져 있어 실행되는 코드도, 설정도 없습니다.",
}
_CODE = {
    "init": "A persona with code of its own: plugin.py has what the manifest cannot say.",
    "what_en": "`plugin.py` holds what it does in its own turns beyond what the manifest says.",
    "what_ko": "매니페스트로 다 말할 수 없는 동작은 `plugin.py`에 있고, 자기 턴에서만 실행됩니다.",
}


def persona_files(
    names: Names, answers: PersonaAnswers, publication: Publication, *, code: bool
) -> dict[str, str]:
    """The files of the package, by path inside its folder.

    Args:
        names: what it is called.
        answers: what the persona is.
        publication: who publishes it.
        code: whether it has a class with hook implementations.
    """
    values = publication.values(names)
    values |= {**(_CODE if code else _DATA), **manifest_parts(answers.tones), **_texts(answers)}
    values |= {
        "api": str(API_MAJOR),
        "target": f"{names.package}.plugin:plugin" if code else names.package,
        "dependencies": ", ".join(
            toml_string(line)
            for line in (
                *(("attrs>=25.1",) if code else ()),
                f"ion-framework{values['core_range']}",
            )
        ),
        "manifest_extra": template("persona_code/settings") if code else "",
        "markers": "",
        "check": "ion persona check . --at-least gold",
    }
    values |= settings_tables(values["manifest_extra"], names.name)
    folders = ("common", "persona", *(("persona_code/files",) if code else ()))
    return {**rendered(folders, values), "LICENSE": publication.licence_text(values)}


def _texts(answers: PersonaAnswers) -> dict[str, str]:
    english, korean = Language.ENGLISH, Language.KOREAN
    tones = answers.tones
    words = {language: [TONE_WORDS[language][tone] for tone in tones] for language in Language}
    return {
        "english": answers.shown[english],
        "korean": answers.shown[korean],
        "english_md": plain(answers.shown[english]),
        "korean_md": plain(answers.shown[korean]),
        "summary": f"{answers.shown[english]}: {answers.description[english]}",
        "description_en": answers.description[english],
        "description_ko": answers.description[korean],
        "description_md_en": plain(answers.description[english]),
        "description_md_ko": plain(answers.description[korean]),
        "manners_en": "\n".join(f"- {material()[tone].manner[english]}" for tone in tones),
        "manners_ko": "\n".join(f"- {material()[tone].manner[korean]}" for tone in tones),
        "tone_list_en": ", ".join(word.partition(":")[0] for word in words[english]),
        "tone_list_ko": ", ".join(word.partition(":")[0] for word in words[korean]),
        "tone_members": _members([f"Tone.{tone.name}" for tone in tones]),
    }


_LINE = 100


def _members(names: list[str]) -> str:
    """The inside of a tuple, as formatters write it."""
    if len(names) == 1:
        return f"{names[0]},"
    line = ", ".join(names)
    if len(f"TONES = ({line})") <= _LINE:
        return line
    return "\n" + "".join(f"    {name},\n" for name in names)
