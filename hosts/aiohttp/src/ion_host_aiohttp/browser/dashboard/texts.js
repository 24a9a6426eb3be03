// Every sentence of the page, in Korean and English.

import { keepSetting, setting } from "./storage.js";

const TEXTS = {
  title: ["Dashboard", "대시보드"],
  skip: ["Skip to the figures", "수치로 건너뛰기"],
  other_language: ["한국어", "English"],
  theme_dark: ["Dark", "어둡게"],
  theme_light: ["Light", "밝게"],
  pause: ["Pause", "멈춤"],
  key: ["API key", "API 키"],
  key_label: ["API key for this tab", "이 탭에서 쓸 API 키"],
  key_use: ["Use", "사용"],
  key_hint: ["It needs the scope admin. It is kept until this tab is closed; leave it empty to forget it.", "admin 권한이 있는 키여야 합니다. 탭을 닫으면 지워지고, 비워 두고 누르면 바로 지워집니다."],
  key_needed: ["This host asks for an API key with the scope admin. Enter one above.", "이 서버의 수치를 보려면 admin 권한이 있는 API 키가 필요합니다. 위에 입력해 주세요."],
  key_refused: ["The host does not accept this API key (any more). Enter a valid one above.", "API 키가 올바르지 않거나 만료되었습니다. 위에 올바른 키를 입력해 주세요."],
  key_lacks: ["{0} Enter one that has it above.", "{0} 위에 그 권한이 있는 키를 입력해 주세요."],
  connecting: ["Connecting …", "연결하는 중 …"],
  live: ["Live", "실시간"],
  paused: ["Paused; figures go on being collected.", "화면을 멈췄습니다. 수치는 계속 모으고 있습니다."],
  no_access: ["No access", "권한 없음"],
  lost: ["Connection lost. The figures are of {0}. Trying again …", "연결이 끊겼습니다. {0}의 수치입니다. 다시 연결하는 중 …"],
  lost_empty: ["The host cannot be reached. Trying again …", "서버에 연결할 수 없습니다. 다시 연결하는 중 …"],
  stopping: ["The host is stopping. The figures are of {0}. Trying again …", "서버가 종료되고 있습니다. {0}의 수치입니다. 다시 연결하는 중 …"],
  stopping_empty: ["The host is stopping. Trying again …", "서버가 종료되고 있습니다. 다시 연결하는 중 …"],
  refused: ["The host refused: {0} Trying again …", "서버가 거절했습니다: {0} 다시 연결하는 중 …"],
  state_lost: ["Not live", "실시간 아님"],
  back: ["The connection is back.", "다시 연결되었습니다."],
  page_failed: ["The page itself failed ({0}). Load it again.", "페이지에 오류가 생겼습니다({0}). 새로 고쳐 주세요."],
  now: ["Now", "지금"],
  uptime: ["Running for {0}. {1} requests and {2} turns since the start.", "실행한 지 {0}. 시작한 뒤로 요청 {1}건, 턴 {2}건."],
  course: ["The last 15 minutes", "최근 15분"],
  shares: ["Distribution over the last 15 minutes", "최근 15분의 분포"],
  plugins: ["Plugins", "플러그인"],
  alerts: ["Active alerts", "활성 경보"],
  requests: ["Requests", "요청"],
  error_rate: ["Error rate", "오류율"],
  latency: ["Response time", "응답 시간"],
  p50: ["P50", "P50"],
  p95: ["P95", "P95"],
  p99: ["P99", "P99"],
  throttled: ["Rate limited (429)", "요청 제한(429)"],
  processes: ["Instances", "인스턴스"],
  in_flight: ["In flight", "처리 중"],
  memory: ["Memory", "메모리"],
  cpu: ["CPU", "CPU"],
  hit_rate: ["Cache hit rate", "캐시 적중률"],
  codes: ["Response codes", "응답 코드"],
  personas: ["Personas", "페르소나"],
  tiers: ["Cache tiers", "캐시 계층"],
  rate: ["{0}/s", "{0}/초"],
  processors: ["{0} cores", "{0}코어"],
  code: ["code", "코드"],
  persona: ["persona", "페르소나"],
  tier: ["tier", "계층"],
  count: ["count", "횟수"],
  share: ["share", "비율"],
  hits: ["hits", "적중"],
  hit_share: ["hit rate", "적중률"],
  misses: ["misses", "실패"],
  time: ["time", "시각"],
  as_table: ["As a table", "표로 보기"],
  nothing: ["Nothing yet.", "아직 없습니다."],
  plugin: ["plugin", "플러그인"],
  status: ["status", "상태"],
  reason: ["reason", "이유"],
  elsewhere: ["in process {0}: {1}", "{0}번 프로세스: {1}"],
  alert_value: ["{0}, limit {1}", "{0}, 기준 {1}"],
  alert_since: ["since {0}", "{0}부터"],
  alerts_stale: ["The host could not be asked; this is of {0}.", "서버에 다시 확인하지 못했습니다. {0}의 상태입니다."],
  alert_error_rate: ["Too many requests fail.", "실패하는 요청이 너무 많습니다."],
  alert_latency_p95: ["Requests are answered too slowly (95th percentile).", "응답이 너무 느립니다(95백분위)."],
  alert_unanswered_rate: ["Too many turns get no answer, or a stand-in's.", "답을 받지 못하거나 대체 답변을 받는 턴이 너무 많습니다."],
  alert_hit_rate: ["The cache answers too few turns.", "캐시가 답하는 턴이 너무 적습니다."],
  alert_burn_rate: ["The error budget is used up faster than it may be.", "오류 예산이 허용된 속도보다 빨리 줄고 있습니다."],
  more_than: ["more than {0}", "{0} 초과"],
  times: ["{0}×", "{0}배"],
  no_alerts: ["None.", "없습니다."],
  firing: ["firing", "발생"],
  pending: ["pending", "확인 중"],
  active: ["active", "작동"],
  ready: ["ready", "준비됨"],
  idle: ["idle", "대기"],
  disabled: ["disabled", "꺼짐"],
  incompatible: ["incompatible", "호환 안 됨"],
  conflict: ["conflict", "충돌"],
  invalid: ["invalid", "잘못됨"],
  untrusted: ["untrusted", "신뢰 안 됨"],
  failed: ["failed", "실패"],
  quarantined: ["quarantined", "격리됨"],
};

let column = 0;

const inLanguage = (pair) => pair[column];

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

// A word that the host uses; one that this page does not know stays as it is.
export const word = (name) => (Object.hasOwn(TEXTS, name) ? text(name) : name);

export function writeTexts() {
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
}
