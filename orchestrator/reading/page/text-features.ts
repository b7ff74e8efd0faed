// Features of the text of a block: its length, punctuation and numbers, and phrases that pages often have around their content.
import type { Block } from './blocks.ts';

const phrases: readonly RegExp[] = [
  /cookie|consent|privacy (?:policy|notice)|terms (?:of|and|&)|do not sell|all rights reserved|©|\(c\) \d{4}|copyright/i,
  /subscribe|newsletter|sign up|join (?:us|our|now)|get (?:updates|the latest)|your email|email address|unsubscribe/i,
  /log ?in|sign ?in|register|create (?:an )?account|my account|password|sign ?out/i,
  /add to (?:cart|bag|basket|wish)|buy (?:it )?now|checkout|view cart|your cart|sold out|in stock|out of stock|quantity|notify me/i,
  /share (?:this|on|via)|follow us|tweet|facebook|twitter|linkedin|pinterest|whatsapp|instagram|youtube|copy link/i,
  /related|you may also|recommended|read more|learn more|see (?:all|more)|view (?:all|more)|more from|most (?:read|popular)|trending|load more|show more|shop now|discover more/i,
  /skip to|toggle|menu|search|close|open|back to top|previous|next|home|filter|sort by|clear all|cancel|submit|loading/i,
  /comments?|repl(?:y|ies)|leave a|report|upvote|votes?|likes?|views|posts?:|joined|members?/i,
  /[$€£¥]\s?\d|\d\s?(?:€|USD|EUR|kr)/,
  /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2}|\b\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|\d{4}-\d\d-\d\d|\d\d?\/\d\d?\/\d{2,4}|\b(?:minutes?|hours?|days?|weeks?|months?|years?) ago/i,
  /\bby [A-Z]|\bauthor|written by|posted by|edited by|reviewed by|min(?:ute)? read|published|updated|last modified/i,
  /free shipping|shipping|returns?\b|delivery|refund|guarantee|warranty|klarna|afterpay|installments/i,
  /stars?\b|ratings?|reviews?|out of 5|verified/i,
  /photo|image|credit|getty|reuters|illustration|figure|caption/i,
  /advert|sponsored|promo|deal|discount|% off|\bsale\b|coupon|limited time/i,
  /contact us|call us|phone|\+?\d[\d -]{7,}\d|@[a-z]+\.|help|support|faq/i,
];

/** Column of `textFeatures`: how many kinds of such phrases a text has. */
export const boilerplateKinds = 0;

/** Kinds of headings; a section has the kind of its heading. */
export const headingKinds: readonly RegExp[] = [
  /related|recommend|you (?:may|might)|also like|similar|more (?:from|in|on|stories|articles|posts)|read next|up next|keep reading|trending|popular|latest|recent(?:ly)?|featured|explore|discover/i,
  /comments?|repl(?:y|ies)|discussion|responses|leave a/i, /share|follow|connect|stay|newsletter|subscribe|sign up|join/i, /about (?:the )?author|contributor|written by/i, /references|bibliography|citations|notes|footnotes|see also|external links|further reading/i,
  /categor|tags|topics|archive|filter|sort|refine|shop by|browse|navigation|menu|quick links|resources|company|support|legal|contact|get in touch|account/i, /reviews?|ratings?|testimonials?/i, /shipping|returns|delivery|payment|warranty/i, /faq|questions|q&a/i, /description|details|features|specification|overview|ingredients|about/i,
];

const stopWords = /\b(?:the|of|and|to|in|is|that|for|it|with|as|was|on|are|this|be|at|by|from|have|or|an|you|your|we|our|not|but|can|which|der|die|und|das|de|la|le|et|les|el|que|en)\b/gi;

export function textFeatures({ text, words }: Block): number[] {
  const part = text.length > 600 ? text.slice(0, 600) : text;
  let digits = 0;
  let capitals = 0;
  let letters = 0;
  let sentences = 0;
  let symbols = 0;
  for (let i = 0; i < part.length; i += 1) {
    const code = part.charCodeAt(i);
    if (code >= 48 && code <= 57) digits += 1;
    else if (code >= 65 && code <= 90) capitals += 1;
    else if (code >= 97 && code <= 122) letters += 1;
    else if (code === 46 || code === 33 || code === 63) { if (i + 1 === part.length || part.charCodeAt(i + 1) === 32) sentences += 1; }
    else if (code === 124 || code === 62 || code === 187 || code === 0x2022 || code === 47 || code === 61 || code === 123) symbols += 1;
  }
  const short = words <= 40;
  const kinds = phrases.map((pattern) => (short && pattern.test(part) ? 1 : 0));
  const end = text.charCodeAt(text.length - 1);
  const stops = part.match(stopWords)?.length ?? 0;
  return [
    kinds.reduce<number>((sum, kind) => sum + kind, 0), text.length, text.length / (words || 1), digits / part.length, capitals / (capitals + letters + 1), sentences, symbols, stops / (Math.min(words, 100) + 1),
    end === 46 || end === 33 || end === 63 || end === 34 ? 2 : end === 58 ? 1 : 0, Number(letters === 0 && capitals > 1), ...kinds,
  ];
}
