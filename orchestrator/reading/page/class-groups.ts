// Groups of words in class names, ids and roles that show the purpose of an element. Each group is a bit; an element can be in several.
import type { PageElement } from './html-tree.ts';

const groups: readonly RegExp[] = [
  /content|main|body(?!-)|entry|text|prose|rich|markdown|rte|wysiwyg|copy(?!right)/,
  /article|post|story|blog|news/,
  /comment|disqus|repl(?:y|ies)|respond|discussion/,
  /sidebar|side-?bar|aside|rail|secondary|complementary/,
  /(?:^|[^a-z])nav|menu|navigation|mega|dropdown/,
  /foot(?:er)?(?:[^a-z]|$)|footer|colophon|copyright|legal|contentinfo/,
  /header|masthead|top-?bar|head(?:[^a-z]|$)|site-?title|logo|brand/,
  /related|recommend|similar|also|more-|suggest|read-?next|trending|popular|latest|recent|upsell|cross-?sell/,
  /share|social|facebook|twitter|follow|sharing/,
  /(?:^|[^a-z])ads?(?:[^a-z]|$)|advert|sponsor|promo|banner|dfp|outbrain|taboola|affiliate/,
  /cookie|consent|gdpr|privacy|onetrust|notice|alert|announcement/,
  /modal|popup|pop-up|overlay|dialog|drawer|lightbox|tooltip|offcanvas|flyout/,
  /product|pdp|item-?detail|sku/,
  /price|cost|sale|discount|stock|inventory|currency/,
  /review|rating|star|testimonial/,
  /breadcrumb|crumb|you-are-here/,
  /pag(?:er|inat)|page-?nav|next|prev|load-?more/,
  /byline|author|meta|date|time(?:[^a-z]|stamp|$)|publish|posted|dateline|writer/,
  /(?:^|[^a-z])tags?(?:[^a-z]|$)|categor|topic|keyword|label|badge/,
  /newsletter|subscri|sign-?up|email|mailing|optin|(?:^|[^a-z])cta|callout/,
  /search|filter|facet|sort|refine|toolbar|controls?(?:[^a-z]|$)/,
  /widget|plugin|module|block-/,
  /hidden|sr-only|visually|screen-?reader|invisible|collapse|d-none|hide|offscreen|skip/,
  /caption|figure|image|photo|media|gallery|thumb|video|credit/,
  /toc|table-of-contents|contents|outline|on-this-page|jump/,
  /hero|intro|lead|summary|excerpt|teaser|abstract|deck|subtitle|standfirst|dek/,
  /login|account|auth|sign-?in|register|user|profile|avatar|member/,
  /cart|checkout|basket|add-?to|buy|purchase|wishlist|qty|quantity|variant|option|swatch/,
  /card|tile|grid|(?:^|[^a-z])item|list(?:ing)?(?:[^a-z]|$)|results?|collection|row(?:[^a-z]|$)|entry-/,
  /carousel|slide|swiper|slick|marquee|ticker/,
  /tab(?:s|[^a-z]|$)|accordion|faq|panel|toggle|expand|collaps/,
  /desc|detail|spec|feature|ingredient|about|overview|info/,
  /message|thread|question|answer|forum|reply|postbody|post-?body|post_?content|cooked|md(?:[^a-z]|$)/,
  /code|highlight|syntax|snippet|example|api|docs?(?:[^a-z]|$)|reference/,
  /shipping|return|delivery|guarantee|warrant|payment|financ|klarna|afterpay|store-?locat/,
  /title|headline|heading|name/,
];

export const groupCount = groups.length;

/** Bits of `groups` in two numbers, because there are more than 32. */
type Groups = readonly [number, number];

const none: Groups = [0, 0];
const known = new Map<string, Groups>();

export function groupsOf({ tag, attributes }: PageElement): Groups {
  if (tag === 'body' || tag === 'html') return none;
  const { class: classes, id, role, itemprop } = attributes;
  if (classes === undefined && id === undefined && role === undefined && itemprop === undefined) return none;
  const name = `${classes?.slice(0, 400) ?? ''} ${id ?? ''} ${role ?? ''} ${itemprop ?? ''} ${attributes['data-testid'] ?? ''}`;
  const before = known.get(name);
  if (before !== undefined) return before;
  const lower = name.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase();
  let low = 0;
  let high = 0;
  for (const [i, pattern] of groups.entries()) {
    if (!pattern.test(lower)) continue;
    if (i < 30) low |= 1 << i;
    else high |= 1 << (i - 30);
  }
  const found: Groups = [low, high];
  if (known.size > 20_000) known.clear();
  known.set(name, found);
  return found;
}

/** Whether the element is in group `i`. */
export function inGroup(bits: Groups, i: number): boolean {
  return i < 30 ? (bits[0] & (1 << i)) !== 0 : (bits[1] & (1 << (i - 30))) !== 0;
}
