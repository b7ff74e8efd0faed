// Screenshots, also with numbered elements, and the map of a page.
import type { ActOf } from '../browser-act.ts';
import type { PageMap } from '../page-map.ts';
import type { DriverAnswer } from './driver-protocol.ts';
import { elementOf } from './playwright-elements.ts';
import type { Tab } from './playwright-tabs.ts';
import { drawNumbers, mapPage, removeNumbers } from './page/page-functions.js';
import { elementsIn, type SnapshotElement } from './snapshot-text.ts';

const NUMBERS = 300;
const MAPPED = 500;
const actionable = new Set(['button', 'link', 'textbox', 'searchbox', 'combobox', 'listbox', 'checkbox', 'radio', 'switch', 'slider', 'spinbutton', 'tab', 'menuitem', 'menuitemcheckbox', 'menuitemradio', 'option', 'treeitem']);
const mapped = new Set([...actionable, 'banner', 'navigation', 'main', 'complementary', 'contentinfo', 'search', 'region', 'heading', 'dialog', 'alertdialog', 'form', 'group', 'radiogroup']);

const canBeUsed = ({ role, clickable }: SnapshotElement): boolean => actionable.has(role) || clickable;

/** The elements of the main frame. The refs of each document have a prefix of their own; the first element is the main frame's. */
function inMainFrame(elements: readonly SnapshotElement[]): SnapshotElement[] {
  const prefix = prefixOf(elements[0]?.ref ?? '');
  return elements.filter(({ ref }) => prefixOf(ref) === prefix);
}

const prefixOf = (ref: string): string => ref.slice(0, ref.lastIndexOf('e'));

export async function screenshotOf(tab: Tab, { ref, fullPage, annotate }: ActOf<'screenshot'>, signal: AbortSignal): Promise<Partial<Pick<DriverAnswer, 'made' | 'annotations'>>> {
  const { page } = tab;
  const target = ref === undefined ? undefined : await elementOf(page, ref);
  const numbered = annotate ? await numberedElements(tab, fullPage || ref !== undefined, signal) : [];
  if (annotate) await page.evaluate(drawNumbers, numbered.map(({ box }, at) => ({ number: at + 1, ...box })));
  try {
    const options = { type: 'png', animations: 'disabled', caret: 'initial', signal, timeout: 0 } as const;
    const content = target === undefined ? await page.screenshot({ ...options, fullPage }) : await target.screenshot(options);
    return {
      made: [{ kind: 'content', name: 'screenshot.png', mediaType: 'image/png', content: content.toString('base64') }],
      ...(annotate ? { annotations: numbered.map(({ ref: element, role, name }, at) => ({ number: at + 1, ref: element, role, name: name.slice(0, 200) })) } : {}),
    };
  } finally {
    if (annotate) await page.evaluate(removeNumbers).catch(() => {}); // the page may have changed
  }
}

async function numberedElements(tab: Tab, everywhere: boolean, signal: AbortSignal): Promise<(SnapshotElement & { box: NonNullable<SnapshotElement['box']> })[]> {
  const { page } = tab;
  const window = await page.evaluate('({ width: innerWidth, height: innerHeight })') as { width: number; height: number };
  const visible = ({ x, y, width, height }: NonNullable<SnapshotElement['box']>): boolean => width > 0 && height > 0 && (everywhere || (x < window.width && y < window.height && x + width > 0 && y + height > 0));
  const elements = inMainFrame(elementsIn(await page.ariaSnapshot({ mode: 'ai', boxes: true, signal, timeout: 0 })));
  return elements.flatMap((element) => (element.box !== undefined && canBeUsed(element) && visible(element.box) ? [{ ...element, box: element.box }] : [])).slice(0, NUMBERS);
}

/** Elements in frames are not part of it. */
export async function mapOf(tab: Tab, signal: AbortSignal): Promise<PageMap> {
  const { page } = tab;
  const wanted = inMainFrame(elementsIn(await tab.takeSnapshot(signal))).filter((element) => mapped.has(element.role) || element.clickable).slice(0, MAPPED);
  const found = await Promise.all(wanted.map(async ({ ref }) => ({ ref, element: await page.getByRef(ref).elementHandle({ timeout: 1000, signal }).catch(() => null) })));
  const known = found.flatMap(({ ref, element }) => (element === null ? [] : [{ ref, element }]));
  try {
    return await page.evaluate(mapPage, { elements: known.map(({ element }) => element), refs: known.map(({ ref }) => ref) });
  } finally {
    await Promise.all(known.map(async ({ element }) => await element.dispose().catch(() => {})));
  }
}
