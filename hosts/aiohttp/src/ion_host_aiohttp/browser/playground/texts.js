// Every sentence of the page, in Korean and English.

import { keepSetting, setting } from "./storage.js";

export const TONES = ["frustrated", "curious", "playful", "anxious", "analytical", "calm", "urgent", "confused", "collaborative"];
export const INTENTS = ["seek_advice", "problem_solving", "learning", "validation", "planning", "reflection"];

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
  key_needed: ["This host asks for an API key.", "이 서버를 쓰려면 API 키가 필요합니다."],
  conversations: ["Conversations", "대화 목록"],
  new: ["New conversation", "새 대화"],
  more: ["More", "더 보기"],
  no_conversations: ["No conversations yet.", "아직 대화가 없습니다."],
  no_store: ["This host keeps no conversations. What is said here lasts until the page is closed.", "이 서버는 대화를 저장하지 않습니다. 여기서 나눈 대화는 페이지를 닫으면 사라집니다."],
  session: ["{0}, {1} turns", "{0}, {1}회"],
  remove: ["Delete the conversation of {0}", "{0}에 나눈 대화 삭제"],
  remove_sure: ["Delete this conversation for good?", "이 대화를 완전히 삭제할까요?"],
  chat: ["Chat", "대화"],
  empty: ["Write something. The answer shows who spoke and why.", "메시지를 보내 보세요. 누가 왜 답했는지 함께 보여 드립니다."],
  persona: ["Persona", "페르소나"],
  auto: ["Automatic", "자동"],
  persona_fixed: ["Applies to a new conversation.", "새 대화부터 바꿀 수 있습니다."],
  persona_none: ["To choose one, the host needs a store of conversations.", "직접 고르려면 서버에 대화 저장소가 필요합니다."],
  message: ["Message", "메시지"],
  message_hint: ["Enter sends, Shift+Enter begins a new line.", "Enter로 보내고 Shift+Enter로 줄을 바꿉니다."],
  send: ["Send", "보내기"],
  stop: ["Stop", "중지"],
  answering: ["Answering …", "답변하는 중 …"],
  stopped: ["Stopped.", "중지했습니다."],
  you: ["You", "나"],
  answered: ["{0}: {1}", "{0}: {1}"],
  handed_over: ["{0} takes over from {1}.", "{1}에 이어 {0}에게 대화가 넘어갔습니다."],
  degraded: ["Degraded answer: {0}", "대체 답변: {0}"],
  receipt: ["Why this answer", "이 답변이 나온 이유"],
  reading: ["Reading", "해석"],
  ahead: ["Confidence {0}, {1} ahead of the next.", "신뢰도 {0}, 다음 후보보다 {1} 앞섭니다."],
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
  cache_age: ["{0} s old", "{0}초 전 답변"],
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
  error_limit: ["Too many requests. Try again in {0} s.", "요청이 너무 많습니다. {0}초 후에 다시 시도해 주세요."],
  error_busy: ["The host cannot answer right now: {0}", "지금은 서버가 답할 수 없습니다: {0}"],
  error_retry: ["Try again in {0} s.", "{0}초 후에 다시 시도해 주세요."],
  error_offline: ["The host cannot be reached, or the connection was lost. Check the network and send the message again.", "서버에 연결할 수 없거나 연결이 끊어졌습니다. 네트워크를 확인하고 다시 보내 주세요."],
  error_other: ["That did not work ({0}): {1}", "요청을 처리하지 못했습니다({0}): {1}"],
};

const WORDS = {
  tone: ["tone", "감정"], pace: ["pace", "속도"], intent: ["intent", "의도"],
  frustrated: ["frustrated", "답답함"], curious: ["curious", "호기심"], playful: ["playful", "장난스러움"],
  anxious: ["anxious", "불안"], analytical: ["analytical", "분석적"], calm: ["calm", "차분함"],
  urgent: ["urgent", "급함"], confused: ["confused", "혼란"], collaborative: ["collaborative", "협력적"],
  burst: ["burst", "몰아침"], flowing: ["flowing", "흐름"], medium: ["medium", "보통"], contemplative: ["contemplative", "사색적"],
  seek_advice: ["seek advice", "조언 구하기"], problem_solving: ["problem solving", "문제 해결"], learning: ["learning", "배움"],
  validation: ["validation", "확인"], planning: ["planning", "계획"], reflection: ["reflection", "돌아보기"],
  ion_guard: ["guard", "검사"], ion_analyze: ["analyse", "분석"], ion_route: ["route", "페르소나 선택"],
  ion_gather_context: ["context", "맥락 수집"], ion_build_prompt: ["prompt", "프롬프트"], ion_render_prompt: ["wording", "프롬프트 작성"], ion_generate: ["generate", "생성"], ion_finish: ["finish", "마무리"],
  answered: ["answered", "응답"], changed: ["changed", "변경"], failed: ["failed", "실패"], passed: ["passed", "통과"],
  allowed: ["allowed", "허용"], refused: ["refused", "거절"],
  hit: ["hit", "적중"], miss: ["miss", "없음"], stale: ["stale", "지난 답변"], bypass: ["bypassed", "건너뜀"],
};

let column = 0;

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
  return TEXTS[key][column].replace(/\{(\d)\}/g, (_, number) => values[number]);
}

// A word of the framework's vocabulary; one that a plugin brought stays as it is.
export const word = (name) => (Object.hasOwn(WORDS, name) ? WORDS[name][column] : name);

export function writeTexts() {
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));
}

// What an error means for the user.
export function explain(error) {
  if (error.status === 429) return text("error_limit", error.seconds || 1);
  if (error.code === "OFFLINE") return text("error_offline");
  if (error.status === 401) return `${text("key_needed")} ${error.message}`;
  if (error.status === 503) {
    const later = error.seconds ? ` ${text("error_retry", error.seconds)}` : "";
    return text("error_busy", error.message) + later;
  }
  return text("error_other", error.status ?? error.name, error.message);
}
