"""The catalogue: every sentence that the host says to a caller, in English and Korean."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import attrs

from ion_framework.domain.language import Language


class MessageId(StrEnum):
    """Names of the sentences."""

    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    HTTP_MALFORMED = "http_malformed"
    HTTP_REFUSED = "http_refused"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TIMEOUT = "body_timeout"
    BODY_BROKEN = "body_broken"
    BODY_EMPTY = "body_empty"
    BODY_ENCODED = "body_encoded"
    BODY_MEDIA_TYPE = "body_media_type"
    BODY_NOT_UTF8 = "body_not_utf8"
    BODY_MARKED = "body_marked"
    BODY_TOO_DEEP = "body_too_deep"
    BODY_TRUNCATED = "body_truncated"
    BODY_NOT_JSON = "body_not_json"
    SCHEMA = "schema"
    MISSING = "missing"
    WRONG_TYPE = "wrong_type"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    TOO_MANY = "too_many"
    BLANK = "blank"
    NOT_A_CHOICE = "not_a_choice"
    UNSAFE_TEXT = "unsafe_text"
    INVALID_VALUE = "invalid_value"
    UNKNOWN_PERSONA = "unknown_persona"
    VERBATIM = "verbatim"
    GUARD_FAILED = "guard_failed"
    NO_ANSWER = "no_answer"
    NOT_EQUIPPED = "not_equipped"
    SEE_LOG = "see_log"
    REJECTED = "rejected"
    TOOK_TOO_LONG = "took_too_long"
    INVALID_DEADLINE = "invalid_deadline"
    INTERNAL = "internal"
    INTERNAL_DETAIL = "internal_detail"
    STARTING = "starting"
    DRAINING = "draining"
    NO_PERSONA = "no_persona"
    NO_GENERATOR = "no_generator"
    NO_ANALYZER = "no_analyzer"
    NO_ROUTER = "no_router"
    PLUGIN_OUT = "plugin_out"


_EN, _KO = Language.ENGLISH, Language.KOREAN

CATALOGUE: Mapping[MessageId, Mapping[Language, str]] = {
    MessageId.NOT_FOUND: {
        _EN: "There is no endpoint at this address.",
        _KO: "요청하신 주소를 찾을 수 없습니다.",
    },
    MessageId.METHOD_NOT_ALLOWED: {
        _EN: "This address does not take {method}; it takes {allowed}.",
        _KO: "이 주소에서는 {method} 메서드를 쓸 수 없습니다. 사용할 수 있는 메서드: {allowed}",
    },
    MessageId.HTTP_MALFORMED: {
        _EN: "This is not a valid HTTP request.",
        _KO: "올바른 HTTP 요청이 아닙니다.",
    },
    MessageId.HTTP_REFUSED: {
        _EN: "The request cannot be served as it was sent ({reason}).",
        _KO: "보내신 방식으로는 요청을 처리할 수 없습니다({reason}).",
    },
    MessageId.BODY_TOO_LARGE: {
        _EN: "The request body is too large; at most {limit} bytes are accepted.",
        _KO: "요청 본문이 너무 큽니다. 최대 {limit}바이트까지 보낼 수 있습니다.",
    },
    MessageId.BODY_TIMEOUT: {
        _EN: "The request body did not arrive within {seconds} seconds.",
        _KO: "요청 본문이 {seconds}초 안에 모두 도착하지 않았습니다.",
    },
    MessageId.BODY_BROKEN: {
        _EN: "The request body is not framed correctly.",
        _KO: "요청 본문이 중간에 끊겼거나 전송 형식이 잘못되었습니다.",
    },
    MessageId.BODY_EMPTY: {
        _EN: "The request body is empty; send a JSON object.",
        _KO: "요청 본문이 비어 있습니다. JSON 객체를 보내 주세요.",
    },
    MessageId.BODY_ENCODED: {
        _EN: "Compressed request bodies are not accepted; leave Content-Encoding out.",
        _KO: "압축된 요청 본문은 받지 않습니다. Content-Encoding 없이 보내 주세요.",
    },
    MessageId.BODY_MEDIA_TYPE: {
        _EN: "Send the body as JSON in UTF-8, with Content-Type: application/json.",
        _KO: "본문을 UTF-8 JSON으로, Content-Type: application/json과 함께 보내 주세요.",
    },
    MessageId.BODY_NOT_UTF8: {
        _EN: "The request body is not valid UTF-8 (at byte {position}).",
        _KO: "요청 본문이 올바른 UTF-8이 아닙니다({position}번째 바이트).",
    },
    MessageId.BODY_MARKED: {
        _EN: "The request body begins with a byte order mark; leave it out.",
        _KO: "요청 본문이 바이트 순서 표시(BOM)로 시작합니다. BOM을 빼고 보내 주세요.",
    },
    MessageId.BODY_TOO_DEEP: {
        _EN: "The JSON in the request body is nested more than {limit} levels deep.",
        _KO: "요청 본문의 JSON이 {limit}단계보다 깊게 중첩되어 있습니다.",
    },
    MessageId.BODY_TRUNCATED: {
        _EN: "The JSON in the request body ends too early.",
        _KO: "요청 본문의 JSON이 끝까지 작성되지 않았습니다.",
    },
    MessageId.BODY_NOT_JSON: {
        _EN: "The request body is not valid JSON (at byte {position}).",
        _KO: "요청 본문이 올바른 JSON이 아닙니다({position}번째 바이트).",
    },
    MessageId.SCHEMA: {
        _EN: "The request does not have the form that this endpoint takes; see errors.",
        _KO: "요청 형식이 올바르지 않습니다. errors 항목을 확인해 주세요.",
    },
    MessageId.MISSING: {
        _EN: "This field is required.",
        _KO: "필수 항목입니다.",
    },
    MessageId.WRONG_TYPE: {
        _EN: "The type is wrong: expected {expected}, got {given}.",
        _KO: "값의 형식이 올바르지 않습니다. 필요한 형식: {expected}, 받은 형식: {given}",
    },
    MessageId.TOO_LONG: {
        _EN: "The text is too long; at most {max_length} characters are allowed.",
        _KO: "내용이 너무 깁니다. 최대 {max_length}자까지 입력할 수 있습니다.",
    },
    MessageId.TOO_SHORT: {
        _EN: "The text is too short; the minimum length is {min_length}.",
        _KO: "내용이 너무 짧습니다. {min_length}자 이상 입력해 주세요.",
    },
    MessageId.TOO_MANY: {
        _EN: "There are too many items; at most {max_length} are allowed.",
        _KO: "항목이 너무 많습니다. 최대 {max_length}개까지 보낼 수 있습니다.",
    },
    MessageId.BLANK: {
        _EN: "The text must not be blank.",
        _KO: "공백이 아닌 내용을 입력해 주세요.",
    },
    MessageId.NOT_A_CHOICE: {
        _EN: "The value is unknown; valid are: {valid}.",
        _KO: "알 수 없는 값입니다. 사용할 수 있는 값: {valid}",
    },
    MessageId.UNSAFE_TEXT: {
        _EN: "Text must hold neither NUL nor a surrogate without its partner.",
        _KO: "문자열에 NUL 문자나 짝이 없는 서로게이트 문자를 넣을 수 없습니다.",
    },
    MessageId.INVALID_VALUE: {
        _EN: "The value is not valid.",
        _KO: "올바르지 않은 값입니다.",
    },
    MessageId.UNKNOWN_PERSONA: {
        _EN: "There is no persona of this name; known are: {known}.",
        _KO: "해당 이름의 페르소나가 없습니다. 사용할 수 있는 페르소나: {known}",
    },
    MessageId.VERBATIM: {
        _EN: "{text}",
        _KO: "{text}",
    },
    MessageId.GUARD_FAILED: {
        _EN: "The message could not be checked, so it is not answered.",
        _KO: "메시지를 검사하지 못해 답변하지 않았습니다.",
    },
    MessageId.NO_ANSWER: {
        _EN: "No answer can be given right now. Please try again in a moment.",
        _KO: "지금은 답변을 드릴 수 없습니다. 잠시 후 다시 시도해 주세요.",
    },
    MessageId.NOT_EQUIPPED: {
        _EN: "This server is not set up to answer yet. Please tell its operator.",
        _KO: "이 서버는 아직 답변할 준비가 되어 있지 않습니다. 서버 관리자에게 알려 주세요.",
    },
    MessageId.SEE_LOG: {
        _EN: "The log of this server says what is set wrongly or missing.",
        _KO: "무엇이 잘못 설정되었거나 빠졌는지는 서버 로그에 기록되어 있습니다.",
    },
    MessageId.REJECTED: {
        _EN: "The language model does not take this message. Please change it.",
        _KO: "언어 모델이 이 메시지를 받아들이지 않습니다. 내용을 바꿔 주세요.",
    },
    MessageId.TOOK_TOO_LONG: {
        _EN: "The answer took longer than {seconds} seconds. Please try again.",
        _KO: "{seconds}초 안에 답변을 마치지 못했습니다. 다시 시도해 주세요.",
    },
    MessageId.INVALID_DEADLINE: {
        _EN: "The header {header} is a whole number of milliseconds from 1 to {most}.",
        _KO: "{header} 헤더에는 1부터 {most}까지의 밀리초를 정수로 적어 주세요.",
    },
    MessageId.INTERNAL: {
        _EN: "Something went wrong on the server. Please try again in a moment.",
        _KO: "서버에서 오류가 발생했습니다. 잠시 후 다시 시도해 주세요.",
    },
    MessageId.INTERNAL_DETAIL: {
        _EN: "If it happens again, report it with the request id {request_id}.",
        _KO: "같은 문제가 계속되면 요청 ID({request_id})와 함께 문의해 주세요.",
    },
    MessageId.STARTING: {
        _EN: "The server is starting.",
        _KO: "서버를 시작하는 중입니다.",
    },
    MessageId.DRAINING: {
        _EN: "The server is shutting down.",
        _KO: "서버를 종료하는 중입니다.",
    },
    MessageId.NO_PERSONA: {
        _EN: "No persona is active; install one, for example ion-persona-lua.",
        _KO: "활성화된 페르소나가 없습니다. ion-persona-lua 같은 페르소나를 설치해 주세요.",
    },
    MessageId.NO_GENERATOR: {
        _EN: "No generator is active; install ion-offline or ion-gemini.",
        _KO: "활성화된 생성기가 없습니다. ion-offline 또는 ion-gemini를 설치해 주세요.",
    },
    MessageId.NO_ANALYZER: {
        _EN: "No analyser is active; install ion-resonance.",
        _KO: "활성화된 분석기가 없습니다. ion-resonance를 설치해 주세요.",
    },
    MessageId.NO_ROUTER: {
        _EN: "No router is active; install ion-resonance.",
        _KO: "활성화된 라우터가 없습니다. ion-resonance를 설치해 주세요.",
    },
    MessageId.PLUGIN_OUT: {
        _EN: "The plugin {plugin} is out of service ({status}).",
        _KO: "동작하지 않는 플러그인이 있습니다: {plugin}({status})",
    },
}


@attrs.frozen
class Message:
    """A sentence of the catalogue with the values for its gaps.

    Attributes:
        id: which sentence.
        values: what stands in its gaps.
    """

    id: MessageId
    values: Mapping[str, object] = attrs.field(factory=dict)

    def text(self, language: Language) -> str:
        """The sentence in this language."""
        return CATALOGUE[self.id][language].format_map(self.values)


def say(message_id: MessageId, **values: object) -> Message:
    """A sentence with its values."""
    return Message(message_id, values)
