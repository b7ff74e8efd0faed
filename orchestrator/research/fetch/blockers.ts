// Recognizes answers that are not the page, such as a captcha, a login or a limit, so that no agent mistakes them for content. Pure.
import type { Blocker } from '../capture.ts';

const challenges: readonly [Blocker, RegExp][] = [
  ['captcha', /<[^>]+(?:class|id|src)=["'][^"']*(?:g-recaptcha|h-captcha|hcaptcha\.com|recaptcha\/api|cf-turnstile|arkoselabs)/i],
  ['bot_challenge', /\/cdn-cgi\/challenge-platform\/|<title>(?:Just a moment\.\.\.|Attention Required!|Checking your browser|Access denied)|_Incapsula_Resource|px-captcha|datadome/i],
];
const statuses: Readonly<Record<number, Blocker>> = { 401: 'login_required', 402: 'paywall', 404: 'not_found', 407: 'login_required', 410: 'not_found', 429: 'rate_limited', 451: 'not_found' };

/** Undefined if the answer is the page. Looks for challenges only in answers with an error status: a page about captchas is a page. */
export function blockerOf(status: number, headers: Readonly<Record<string, string>>, body: Uint8Array): Blocker | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (headers['cf-mitigated'] === 'challenge') return 'bot_challenge';
  const head = Buffer.from(body.subarray(0, 100_000)).toString('latin1');
  const challenge = challenges.find(([, pattern]) => pattern.test(head))?.[0];
  if (challenge !== undefined && status !== 404 && status !== 410) return challenge;
  if (status === 503 && headers['retry-after'] !== undefined) return 'rate_limited';
  return statuses[status] ?? 'failed';
}

/** When the server may be asked again, from Retry-After (seconds or a date); at most a day later. */
export function retryAt(headers: Readonly<Record<string, string>>, now: Date): Date | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined) return undefined;
  const at = /^\d+$/.test(value) ? now.getTime() + Number(value) * 1000 : Date.parse(value);
  return Number.isNaN(at) ? undefined : new Date(Math.min(Math.max(at, now.getTime()), now.getTime() + 86_400_000));
}
