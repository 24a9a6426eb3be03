// The framework's vocabulary, in Korean and English.

import { inLanguage } from "./language.js";

export const TONES = ["frustrated", "curious", "playful", "anxious", "analytical", "calm", "urgent", "confused", "collaborative"];
export const INTENTS = ["seek_advice", "problem_solving", "learning", "validation", "planning", "reflection"];

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
  hit: ["kept answer", "저장된 답변"], miss: ["no kept answer", "저장된 답변 없음"], stale: ["outdated answer", "오래된 답변"], bypass: ["bypassed", "사용 안 함"],
};

// A word of the framework's vocabulary; one that a plugin brought stays as it is.
export const word = (name) => (Object.hasOwn(WORDS, name) ? inLanguage(WORDS[name]) : name);
