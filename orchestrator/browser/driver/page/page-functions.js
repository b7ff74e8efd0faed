// Functions that run in pages: Playwright sends their source, so each stands alone. Plain JavaScript, because the rest of the program has no types of the DOM. A page can change what they see: their results are data.

/** What the page consists of. `known` has the refs of elements. */
export function mapPage({ elements, refs }) {
  const LONGEST = 300;
  const refOf = (element) => refs[elements.indexOf(element)] ?? null;
  const clean = (text) => (text ?? '').replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST);
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const nameOf = (element) => clean(element.getAttribute('aria-label') || (element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' '))
    || clean(element.labels?.[0]?.innerText) || clean(element.innerText) || clean(element.value && element.type !== 'password' ? element.value : '') || clean(element.title) || clean(element.placeholder);
  const labelOf = (field) => {
    const own = clean(field.getAttribute('aria-label')) || clean((field.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' '));
    const label = field.labels?.[0];
    if (own || !label) return own || clean(field.placeholder) || clean(field.title);
    const copy = label.cloneNode(true);
    for (const inner of copy.querySelectorAll('input, select, textarea, button')) inner.remove();
    return clean(copy.textContent);
  };
  const button = (element) => ({ ref: refOf(element), name: nameOf(element) });
  const buttonsIn = (root) => all('button, input[type=submit], input[type=button], input[type=image], [role=button]', root).filter(shown).slice(0, 50).map(button);

  const landmarkRoles = { header: 'banner', nav: 'navigation', main: 'main', aside: 'complementary', footer: 'contentinfo', search: 'search' };
  const landmarks = all('header, nav, main, aside, footer, search, [role=banner], [role=navigation], [role=main], [role=complementary], [role=contentinfo], [role=search], [role=region][aria-label]').filter(shown).slice(0, 50)
    .map((element) => ({ role: element.getAttribute('role') ?? landmarkRoles[element.localName] ?? 'region', name: clean(element.getAttribute('aria-label')), ref: refOf(element) }));
  const headings = all('h1, h2, h3, h4, h5, h6, [role=heading]').filter(shown).slice(0, 200).map((element) => ({ level: Number(element.getAttribute('aria-level') ?? element.localName.slice(1)) || 2, text: clean(element.innerText), ref: refOf(element) }));

  const tables = all('table').filter((table) => shown(table) && table.rows.length > 1 && table.getAttribute('role') !== 'presentation' && !table.querySelector('table')).slice(0, 20).map((table) => {
    const rows = [...table.rows].filter(shown);
    const cells = (row) => [...row.cells].flatMap((cell) => [clean(cell.innerText), ...Array.from({ length: Math.min(cell.colSpan, 50) - 1 }, () => '')]).slice(0, 50);
    const headed = rows[0] !== undefined && [...rows[0].cells].every((cell) => cell.localName === 'th');
    const body = headed ? rows.slice(1) : rows;
    return { caption: clean(table.caption?.innerText ?? table.getAttribute('aria-label')), header: headed ? cells(rows[0]) : [], rows: body.slice(0, 200).map(cells), totalRows: body.length };
  });

  const constraintNames = ['min', 'max', 'step', 'pattern', 'minlength', 'maxlength', 'accept', 'multiple', 'inputmode', 'autocomplete'];
  const field = (element) => {
    const type = element.localName === 'select' ? (element.multiple ? 'select-multiple' : 'select') : element.localName === 'textarea' ? 'textarea' : element.localName === 'input' ? element.type : 'editable';
    const value = type === 'password' ? '' : type === 'file' ? [...element.files].map((file) => file.name).join('\n') : type.startsWith('select') ? [...element.selectedOptions].map((option) => option.label).join('\n') : element.value ?? element.innerText;
    const checkable = type === 'checkbox' || type === 'radio';
    return {
      ref: refOf(element), label: labelOf(element), name: clean(element.name), type, value: String(value ?? '').slice(0, 1000), checked: checkable ? element.checked : null,
      required: element.required === true || element.getAttribute('aria-required') === 'true', disabled: element.matches(':disabled') || element.readOnly === true, valid: element.validity?.valid ?? true, problem: clean(element.validationMessage) || null,
      constraints: Object.fromEntries(constraintNames.flatMap((name) => (element.hasAttribute(name) ? [[name, clean(element.getAttribute(name))]] : []))),
      options: type.startsWith('select') ? [...element.options].slice(0, 100).map((option) => clean(option.label)) : null,
    };
  };
  const fieldSelector = 'input:not([type=hidden], [type=submit], [type=button], [type=image], [type=reset]), select, textarea, [contenteditable=""], [contenteditable=true]';
  const fieldsOf = (from) => from.filter((element) => element.type === 'file' || shown(element)).slice(0, 200).map(field);
  const loose = fieldsOf(all(fieldSelector).filter((element) => !element.form));
  const forms = [
    ...all('form').filter(shown).slice(0, 30).map((form) => ({
      name: clean(form.getAttribute('aria-label') ?? form.getAttribute('name') ?? form.id), method: form.getAttribute('method')?.toLowerCase() ?? 'get', action: String(new URL(form.getAttribute('action') ?? '', document.baseURI)).slice(0, 2000),
      fields: fieldsOf([...form.elements].filter((element) => element.matches(fieldSelector))), buttons: buttonsIn(form),
    })),
    ...loose.length > 0 ? [{ name: '', method: '', action: '', fields: loose, buttons: [] }] : [],
  ];

  const cookieWords = /\b(cookies?|consent|gdpr|tracking|privacy (?:choices|preferences))\b/i;
  const covers = (element) => {
    const { position } = getComputedStyle(element);
    const { width, height } = element.getBoundingClientRect();
    return (position === 'fixed' || position === 'sticky') && width * height > innerWidth * innerHeight * 0.04;
  };
  const overlayRoots = all('dialog[open], [role=dialog], [role=alertdialog], [aria-modal=true], body *').filter((element) => shown(element) && (element.matches('dialog[open], [role=dialog], [role=alertdialog], [aria-modal=true]') || covers(element)))
    .filter((element, _at, found) => !found.some((other) => other !== element && other.contains(element)) && !element.matches('header, nav, aside, [role=banner], [role=navigation]'));
  const overlays = overlayRoots.slice(0, 10).map((element) => {
    const text = clean(element.innerText);
    const buttons = buttonsIn(element);
    const kind = cookieWords.test(element.innerText) && buttons.length > 0 ? 'cookies' : element.matches('dialog, [role=dialog], [role=alertdialog], [aria-modal=true]') ? 'dialog' : 'overlay';
    return { kind, text, ref: refOf(element), buttons };
  });

  const links = all('a[href]').filter(shown);
  const labelled = (element) => clean(element.getAttribute('aria-label') ?? element.innerText);
  const next = links.find((link) => link.rel === 'next') ?? links.find((link) => /^(?:next(?: page)?|older(?: posts)?|more results|[›»→]|next [›»→])$/i.test(labelled(link)));
  const previous = links.find((link) => link.rel === 'prev') ?? links.find((link) => /^(?:prev(?:ious)?(?: page)?|newer(?: posts)?|[‹«←]|[‹«←] prev(?:ious)?)$/i.test(labelled(link)));
  const current = document.querySelector('[aria-current=page]:not(header *), .pagination .active, .pagination .current');
  const nextUrl = next?.href ?? document.querySelector('link[rel=next]')?.href ?? null;
  const pagination = next || previous || nextUrl ? { next: next ? refOf(next) : null, nextUrl, previous: previous ? refOf(previous) : null, current: current ? clean(current.textContent) : null } : null;

  return { language: document.documentElement.lang || null, landmarks, headings, tables, forms, overlays, pagination };
}

/** The value of a field, and whether the browser accepts it. */
export function fieldState(element) {
  const isSelect = element.localName === 'select';
  const type = isSelect ? 'select' : element.localName === 'textarea' ? 'textarea' : element.localName === 'input' ? element.type : element.isContentEditable ? 'editable' : element.getAttribute('role') ?? element.localName;
  const checkable = type === 'checkbox' || type === 'radio';
  const ariaChecked = element.getAttribute('aria-checked');
  const checked = checkable ? element.checked : ariaChecked === null ? null : ariaChecked === 'true';
  const value = type === 'password' ? '*'.repeat(element.value.length) : type === 'file' ? [...element.files].map((file) => file.name).join('\n') : isSelect ? [...element.selectedOptions].map((option) => option.label).join('\n') : checked === null ? element.value ?? element.innerText ?? '' : String(checked);
  return { type, value: String(value), checked, valid: element.validity?.valid ?? true, problem: element.validationMessage || null };
}

/** Signs in the page that it is not what was asked for. Each is what was found, or null. */
export function blockerFacts() {
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && element.getBoundingClientRect().height > 20;
  const first = (selector) => [...document.querySelectorAll(selector)].find(shown);
  const text = document.body?.innerText ?? '';
  const frame = first('iframe[src*="recaptcha"], iframe[src*="hcaptcha.com"], iframe[src*="challenges.cloudflare.com"], iframe[src*="arkoselabs"], iframe[src*="captcha-delivery"], .g-recaptcha, .h-captcha, .cf-turnstile, img[src*="captcha" i], input[name*="captcha" i]');
  const words = text.length < 3000;
  const challenge = words && /just a moment|checking your browser|verify(?:ing)? (?:that )?you are (?:a )?human|are you a robot|unusual traffic/i.exec(`${document.title}\n${text}`)?.[0];
  const ld = [...document.querySelectorAll('script[type="application/ld+json"]')].some((script) => /"isAccessibleForFree"\s*:\s*"?false/i.test(script.textContent));
  const paywall = (ld || words) && /\b(?:subscribe|subscription|sign up) (?:now )?(?:to|for) (?:continue|keep|read|unlock|full access)[^.\n]{0,40}|\balready a subscriber\b/i.exec(text)?.[0];
  const password = first('input[type=password]:not([autocomplete=new-password])');
  const login = password && words && /\b(?:log ?in|sign ?in)\b/i.exec(text)?.[0];
  // A form with a captcha in it is still a page; a page that consists of a captcha is not.
  return { captcha: frame && (words && text.length < 1200) ? frame.tagName.toLowerCase() : null, challenge: challenge || null, paywall: paywall || null, login: login || null };
}

/** Draws numbers at boxes, given in coordinates of the window, over the whole page. */
export function drawNumbers(boxes) {
  const host = document.createElement('somnus-numbers');
  host.style.cssText = 'all:initial;position:absolute;left:0;top:0;z-index:2147483647;pointer-events:none';
  const root = host.attachShadow({ mode: 'closed' });
  for (const { number, x, y, width, height } of boxes) {
    const frame = document.createElement('div');
    frame.style.cssText = `position:absolute;box-sizing:border-box;border:2px solid #d00;left:${x + scrollX}px;top:${y + scrollY}px;width:${width}px;height:${height}px`;
    const label = document.createElement('div');
    label.style.cssText = 'position:absolute;left:-2px;top:-2px;background:#d00;color:#fff;font:bold 11px/13px sans-serif;padding:0 3px';
    label.textContent = String(number);
    frame.append(label);
    root.append(frame);
  }
  document.documentElement.append(host);
}

export function removeNumbers() {
  for (const host of document.querySelectorAll('somnus-numbers')) host.remove();
}

/** Makes a link download what it points to, also what the browser could show. Works for the page's own origin only. */
export function markDownload(element) {
  const link = element.closest('a[href]');
  if (link && !link.hasAttribute('download')) link.setAttribute('download', '');
}
