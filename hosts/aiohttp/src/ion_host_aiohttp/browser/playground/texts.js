// Every sentence of the page, in Korean and English.

import { keepSetting, setting } from "./storage.js";

const TEXTS = {
  title: ["Playground", "플레이그라운드"],
  skip: ["Skip to the message", "메시지 입력으로 건너뛰기"],
  other_language: ["한국어", "English"],
  theme_dark: ["Dark", "어둡게"],
  theme_light: ["Light", "밝게"],
  key: ["API key", "API 키"],
  key_label: ["API key for this tab", "이 탭에서 쓸 API 키"],
  key_save: ["Use", "사용"],
  key_hint: ["It is kept until this tab is closed. Leave it empty to forget it.", "탭을 닫으면 지워집니다. 비워 두고 누르면 바로 지워집니다."],
  key_needed: ["This host asks for an API key. Enter one above.", "이 서버를 쓰려면 API 키가 필요합니다. 위에 입력해 주세요."],
  conversations: ["Conversations", "대화 목록"],
  new: ["New conversation", "새 대화"],
  more: ["More", "더 보기"],
  no_conversations: ["No conversations yet.", "아직 대화가 없습니다."],
  no_store: ["This host keeps nothing: what is said here is gone when the page is closed or loaded again, and answers cannot be rated.", "이 서버는 대화를 저장하지 않습니다. 페이지를 닫거나 새로 고치면 대화가 모두 사라지며, 답변을 평가할 수 없습니다."],
  remove: ["Delete the conversation of {0}", "{0}에 나눈 대화 삭제"],
  remove_sure: ["Delete this conversation for good?", "이 대화를 완전히 삭제할까요?"],
  chat: ["Chat", "대화"],
  empty: ["Write something. The answer shows who spoke and why.", "메시지를 보내 보세요. 누가 왜 답했는지 함께 보여 드립니다."],
  persona: ["Persona", "페르소나"],
  auto: ["Automatic", "자동"],
  persona_fixed: ["Applies to a new conversation.", "새 대화부터 바꿀 수 있습니다."],
  unkept: ["Nothing is kept.", "대화가 저장되지 않습니다."],
  message: ["Message", "메시지"],
  message_hint: ["Enter sends, Shift+Enter begins a new line, Escape stops an answer.", "Enter로 보내고 Shift+Enter로 줄을 바꿉니다. Esc를 누르면 답변을 멈춥니다."],
  send: ["Send", "보내기"],
  stop: ["Stop", "중지"],
  answering: ["Answering …", "답변하는 중 …"],
  stopped: ["Stopped. The message stands in the input again.", "답변을 멈췄습니다. 메시지는 입력란에 그대로 있습니다."],
  you: ["You", "나"],
  answered: ["{0}: {1}", "{0}: {1}"],
  handed_over: ["{0} takes over from {1}.", "{1}에 이어 {0}에게 대화가 넘어갔습니다."],
  degraded: ["Degraded answer: {0}", "대체 답변: {0}"],
  receipt: ["Why this answer", "이 답변이 나온 이유"],
  reading: ["Reading", "해석"],
  ahead: ["Confidence {0}, {1} ahead of the next.", "신뢰도 {0}, 다음 후보보다 {1} 앞섭니다."],
  asked_for: ["Chosen by you. Confidence {0}, {1} behind the best.", "직접 고른 페르소나입니다. 신뢰도 {0}, 1위보다 {1} 낮습니다."],
  asked_for_best: ["Chosen by you. Confidence {0}, {1} ahead of the next.", "직접 고른 페르소나입니다. 신뢰도 {0}, 다음 후보보다 {1} 앞섭니다."],
  behind: ["Confidence {0}, {1} behind the best, whose lead is too small to take over.", "신뢰도 {0}, 1위보다 {1} 낮지만 대화를 넘길 만큼의 차이는 아닙니다."],
  scores: ["Scores", "점수"],
  score: ["score", "점수"],
  figure: ["value", "값"],
  evidence: ["Words that spoke", "근거가 된 말"],
  no_evidence: ["No single word decided it.", "결정적인 단어는 없었습니다."],
  cue: ["word", "말"],
  speaks_for: ["speaks for", "가리키는 것"],
  weight: ["weight", "가중치"],
  path: ["Path through the plugins", "플러그인 경로"],
  step: ["step", "단계"],
  plugin: ["plugin", "플러그인"],
  outcome: ["outcome", "결과"],
  time: ["time", "시간"],
  cache: ["Cache", "캐시"],
  cache_age: ["{0} s old", "{0}초 전에 만든 답변"],
  cache_stored: ["stored", "저장함"],
  spent: ["{0} in all.", "전체 {0}."],
  feedback: ["Feedback", "피드백"],
  good: ["Good", "좋아요"],
  bad: ["Not good", "아쉬워요"],
  correct: ["Correct …", "바로잡기 …"],
  right_persona: ["Who should have answered", "답했어야 할 페르소나"],
  right_tone: ["Tone of the message", "메시지의 감정"],
  right_intent: ["Intent of the message", "메시지의 의도"],
  as_it_was: ["as it was", "그대로"],
  comment: ["Comment", "의견"],
  send_correction: ["Send correction", "수정 내용 보내기"],
  nothing_corrected: ["Nothing is corrected yet.", "바로잡은 내용이 없습니다."],
  thanks: ["Kept. Thank you.", "저장했습니다. 고맙습니다."],
  error_limit: ["Too many requests. Try again in {0}.", "요청이 너무 많습니다. {0} 후에 다시 시도해 주세요."],
  error_busy: ["The host cannot answer right now: {0}", "지금은 서버가 답할 수 없습니다: {0}"],
  error_retry: ["Try again in {0}.", "{0} 후에 다시 시도해 주세요."],
  error_offline: ["This device is offline. Connect it to the network and try again.", "기기가 오프라인입니다. 네트워크에 연결한 뒤 다시 시도해 주세요."],
  error_other: ["That did not work ({0}): {1}", "요청을 처리하지 못했습니다({0}): {1}"],
  key_refused: ["The host does not accept this API key (any more). Enter a valid one above.", "API 키가 올바르지 않거나 만료되었습니다. 위에 올바른 키를 입력해 주세요."],
  key_enter: ["Enter a key", "키 입력"],
  turns_one: ["{0} turn", "{0}회"],
  turns_other: ["{0} turns", "{0}회"],
  earlier: ["Show earlier turns", "이전 대화 더 보기"],
  suggested: ["You might ask next:", "이어서 물어볼 만한 질문:"],
  reconnecting: ["The connection was lost. Trying to go on …", "연결이 끊어졌습니다. 이어서 받는 중 …"],
  end_length: ["The answer was cut short: it reached its greatest length.", "답변이 최대 길이에 이르러 중간에 끝났습니다."],
  end_safety: ["The model declined to answer.", "모델이 안전상의 이유로 답변하지 않았습니다."],
  end_truncated: ["The answer broke off: its model stopped sending.", "모델의 응답이 끊겨 답변이 중간에 끝났습니다."],
  end_other: ["The answer ended early, for a reason that its model does not tell.", "알 수 없는 이유로 답변이 일찍 끝났습니다."],
  over: ["This conversation is closed and can only be read. Begin a new one to go on.", "끝난 대화라서 읽기만 할 수 있습니다. 계속하려면 새 대화를 시작해 주세요."],
  again: ["Send again", "다시 보내기"],
  retry: ["Try again", "다시 시도"],
  error_again: ["Send the message again.", "메시지를 다시 보내 주세요."],
  error_over: ["Begin a new conversation to go on; the message stays in the input.", "계속하려면 새 대화를 시작해 주세요. 메시지는 입력란에 그대로 있습니다."],
  error_forbidden: ["This API key may not do that: {0}", "이 API 키로는 할 수 없는 작업입니다: {0}"],
  error_lost: ["The host cannot be reached, or the connection to it was lost. Check that it runs, then try again.", "서버에 연결할 수 없거나 연결이 끊어졌습니다. 서버가 켜져 있는지 확인하고 다시 시도해 주세요."],
  error_page: ["The page itself failed ({0}). Load it again.", "페이지에 오류가 생겼습니다({0}). 새로 고쳐 주세요."],
  briefly: ["under 0.1 ms", "0.1 ms 미만"],
  milliseconds: ["{0} ms", "{0} ms"],
  characters: ["{0} of {1} characters", "{1}자 중 {0}자"],
};

let column = 0;

export const inLanguage = (pair) => pair[column];

export function chooseLanguage(name) {
  column = name === "ko" ? 1 : 0;
  document.documentElement.lang = language();
}

export function firstLanguage() {
  return setting("language") || (navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en");
}

export const language = () => (column ? "ko" : "en");

export function toggleLanguage() {
  chooseLanguage(column ? "en" : "ko");
  keepSetting("language", language());
}

export function text(key, ...values) {
  return inLanguage(TEXTS[key]).replace(/\{(\d)\}/g, (_, number) => values[number]);
}

export function writeTexts() {
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));
}
