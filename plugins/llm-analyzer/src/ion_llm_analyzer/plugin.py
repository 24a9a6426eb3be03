"""What the entry point names: the analyser that asks the active language model."""

from __future__ import annotations

from ion_framework import FinishReason, PluginContext, Resonance, Turn, hookimpl
from ion_framework.errors import HookError, NoAnswerError
from ion_framework.pipeline.analysis import Following
from ion_framework.pipeline.language_model import LanguageModel
from ion_llm_analyzer.answer import Judgement, UnusableAnswerError, read_answer
from ion_llm_analyzer.budget import TokenBucket
from ion_llm_analyzer.question import question
from ion_llm_analyzer.reading import reading
from ion_llm_analyzer.settings import AnalyzerSettings

HOOK = "ion_analyze"


class LlmAnalyzer:
    """Builds on the reading of the next analyser, and asks the model where that is unsure.

    What the core memoises follows from how this ends. A reading that depends on the text and the
    installation alone is returned, whoever judged, and is kept. Where the budget is spent it
    passes, and where the model cannot be used it fails: the next analyser's reading serves that
    turn and is not kept, so that the message is judged by the model the next time.

    Args:
        name: name of the plugin, noted in its readings.
        settings: its settings.
        model: the model.
        budget: how often the model may be asked.
    """

    def __init__(
        self, name: str, settings: AnalyzerSettings, model: LanguageModel, budget: TokenBucket
    ) -> None:
        self._name = name
        self._settings = settings
        self._model = model
        self._budget = budget

    @hookimpl
    async def ion_analyze(self, turn: Turn, following: Following) -> Resonance | None:
        """The next analyser's reading, with the model's tone and intent where it is unsure."""
        measured = await following()
        if measured is None:
            return None  # without measures there is no rhythm, and nobody to fall back to
        if not self._is_worth_asking(turn.text, measured):
            return measured
        if not self._budget.take():
            return None
        judged = await self._judge(turn, measured)
        return reading(measured, judged, turn.text, self._name)

    def _is_worth_asking(self, text: str, measured: Resonance) -> bool:
        """Whether the model is asked; follows from the text and the installation alone."""
        return (
            measured.confidence < self._settings.minimum_confidence
            and 0 < len(text.strip())
            and len(text) <= self._settings.max_message_chars
            and self._model.available
        )

    async def _judge(self, turn: Turn, measured: Resonance) -> Judgement:
        """Ask the model.

        Raises:
            HookError: it gave no answer that can be used; says why, in words that hold nothing of
                the message or of the answer.
        """
        prompt = question(turn.text, measured.language)
        try:
            completion = await self._model.ask(turn, prompt, self._settings.timeout_s)
            if completion.reason is not FinishReason.STOP:
                reason = completion.reason.value
                raise UnusableAnswerError(f"the model's answer ended as {reason}")  # noqa: TRY301  one path for every failure
            return read_answer(completion.text)
        except (NoAnswerError, UnusableAnswerError) as error:
            raise HookError(HOOK, self._name, str(error)) from None


def plugin(context: PluginContext) -> LlmAnalyzer:
    """The plugin of one `Ion`; while it is not enabled it is IDLE, and this is never called."""
    settings = context.settings_as(AnalyzerSettings)
    budget = TokenBucket(settings.max_calls_per_minute, context.clock)
    return LlmAnalyzer(context.name, settings, context.language_model, budget)
