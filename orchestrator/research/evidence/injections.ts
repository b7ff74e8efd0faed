// Finds sentences of a page that try to instruct an agent. Somnus never follows them; they are flagged to warn agents, and so that they are not quoted as evidence. Pure.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Span } from '../capture.ts';
import { sentencesOf } from '../passages.ts';

const reader = '(?:AIs?|A\\.I\\.|LLMs?|(?:AI|language|automated|autonomous|intelligent) (?:models?|assistants?|agents?|systems?|readers?|tools?)|assistants?|agents?|chatbots?|bots?|crawlers?|fact[- ]checkers?|summarizers?|GPT|ChatGPT|Claude|Gemini|Copilot)';
const order = '(?:must|should|shall|need to|have to|has to|are (?:now )?(?:instructed|required|ordered|requested|to)|is (?:instructed|required|to)|please|will now)';
const patterns: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override|bypass|skip)\b[^.!?\n]{0,40}\b(?:previous|prior|above|earlier|preceding|all|any|your|other|system|safety)\b[^.!?\n]{0,40}\b(?:instructions?|prompts?|rules?|directions?|guidelines?|commands?|context|constraints?|sources?|evidence)\b/i,
  new RegExp(`\\b(?:attention|note|notice|message|instructions?|important)\\b[^.!?\\n]{0,30}\\b(?:to|for)\\b[^.!?\\n]{0,20}\\b${reader}\\b`, 'i'),
  new RegExp(`\\b(?:if|when|as) you(?:'re| are)? (?:an? )?(?:\\w+ )?${reader}\\b`, 'i'),
  new RegExp(`\\b(?:any|all|every|dear|each) ${reader}\\b[^.!?\\n]{0,60}\\b${order}\\b`, 'i'),
  new RegExp(`(?:^|[.!?:;,\\n(]\\s*)${reader}(?: (?:that|who|which|reading|summarizing|processing|visiting)\\b[^.!?\\n]{0,60})?[,:]? ${order}\\b`, 'i'),
  /\byou are (?:now )?(?:in )?(?:an? |the )?(?:AI|language model|assistant|agent|chatbot|DAN|developer mode|unrestricted|jailbroken)\b/i,
  /\b(?:system prompt|developer mode|new instructions?\s*:|hidden instructions?|prompt injection payload)/i,
  /<\|(?:im_start|im_end|system|user|assistant|endoftext)\|>|\[\/?INST\]|<<\/?SYS>>|^\s*#{2,}\s*(?:system|instruction|assistant)\b|^\s*(?:system|assistant)\s*:/im,
  /\bdo not (?:tell|inform|mention|reveal|show|disclose)\b[^.!?\n]{0,40}\b(?:the )?(?:user|human|operator|reader of this)\b/i,
  /\b(?:send|post|submit|forward|upload|exfiltrate|e-?mail|transmit|leak)\b[^.!?\n]{0,60}\b(?:api keys?|passwords?|tokens?|credentials?|secrets?|cookies|session|conversation|chat history|system prompt|environment variables)\b/i,
  /\b(?:always|must|only) (?:answer|respond|reply|report|conclude|state|say|rate|mark|classify)\b[^.!?\n]{0,80}\b(?:true|supported|verified|confirmed|refuted|false|correct|approved)\b/i,
  /\b(?:run|execute|open|fetch|visit|call|invoke)\b[^.!?\n]{0,30}\b(?:this|the following|these)\b[^.!?\n]{0,20}\b(?:command|script|code|tool|function|url|link|address)s?\b[^.!?\n]{0,60}\b(?:immediately|now|before|first|in order to|without asking)\b/i,
];
/** Characters that no reader sees: tags, and runs of zero-width characters. */
const unseen = /[\u{E0000}-\u{E007F}]|[\u200b-\u200f\u2060-\u2064\ufeff]{4,}/u;

const SENTENCES_AT_ONCE = 200;

/** The sentences that are instructions to an agent, in order. Yields to other work between parts of a long text. */
export async function injectionsIn(text: string): Promise<Span[]> {
  const found: Span[] = [];
  for (const [at, span] of sentencesOf(text).entries()) {
    if (at % SENTENCES_AT_ONCE === SENTENCES_AT_ONCE - 1) await nextTurn();
    const sentence = text.slice(span.start, span.end);
    if (unseen.test(sentence) || patterns.some((pattern) => pattern.test(sentence))) found.push(span);
  }
  return found;
}
