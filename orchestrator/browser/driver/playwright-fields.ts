// Fills fields by ref or label, each according to its type, and reads back what the browser made of it.
import type { Locator, Page } from 'playwright-core';
import { SomnusError } from '../../../common/errors.ts';
import type { FilledField, FillField } from '../browser-act.ts';
import { elementOf } from './playwright-elements.ts';
import { errorOf } from './playwright-errors.ts';
import { fieldState } from './page/page-functions.js';

const LARGEST_UPLOAD = 20 * 1024 * 1024;

type ReadFile = (path: string) => Promise<Buffer>;

const yes = /^(?:true|yes|on|1|checked)$/i;
const no = /^(?:false|no|off|0|unchecked|)$/i;

export async function fillFields(page: Page, fields: readonly FillField[], file: ReadFile, signal: AbortSignal): Promise<FilledField[]> {
  const filled: { field: string; element: Locator }[] = [];
  for (const each of fields) {
    const field = each.ref ?? each.label ?? '';
    const element = each.ref === undefined ? await labelled(page, field) : await elementOf(page, each.ref);
    try {
      filled.push({ field, element: await fillOne(page, element, each.value, file, signal) });
    } catch (thrown) {
      const error = errorOf(thrown);
      throw new SomnusError(error.code, `${field}: ${error.message}`, { hint: error.hint, details: { field }, cause: thrown });
    }
  }
  return await Promise.all(filled.map(async ({ field, element }) => {
    const { value, valid, problem } = await element.evaluate(fieldState);
    return { field, value: value.slice(0, 1000), valid, problem };
  }));
}

/** @returns the element whose state shows the result */
async function fillOne(page: Page, element: Locator, value: string, file: ReadFile, signal: AbortSignal): Promise<Locator> {
  const { type } = await element.evaluate(fieldState);
  const options = { signal, timeout: 0 };
  if (type === 'checkbox' || type === 'switch' || type === 'menuitemcheckbox') {
    if (!yes.test(value) && !no.test(value)) throw new SomnusError('invalid_request', `"${value}" is not a value for a check box`, { hint: 'Use true or false.' });
    await element.setChecked(yes.test(value), options);
  } else if (type === 'radio' || type === 'radiogroup' || type === 'group' || type === 'fieldset') {
    const choice = yes.test(value) && type === 'radio' ? element : await radioOf(page, element, type, value);
    await choice.check(options);
    return choice;
  } else if (type === 'select') {
    await element.selectOption(value.split('\n'), options);
  } else if (type === 'file') {
    await uploadFiles(element, value.split('\n').filter((path) => path !== ''), file, signal);
  } else {
    await element.fill(value, options);
    if (value !== '' && (await element.evaluate(fieldState)).value === '') throw new SomnusError('invalid_request', `"${value.slice(0, 100)}" is not a value for a field of type ${type}`, { hint: 'Dates are written 2026-11-23, times 14:30.' });
  }
  return element;
}

/** The radio button with this label or value in the same group. */
async function radioOf(page: Page, element: Locator, type: string, value: string): Promise<Locator> {
  const name = type === 'radio' ? await element.getAttribute('name') : null;
  const within = type === 'radio' ? page.locator(`input[type=radio][name=${JSON.stringify(name ?? '')}]`) : element.getByRole('radio');
  for (const choice of await within.all()) {
    const labels = await page.getByLabel(value, { exact: true }).and(choice).count();
    if (labels > 0 || await choice.getAttribute('value') === value) return choice;
  }
  throw new SomnusError('invalid_request', `There is no choice "${value}"`, { hint: 'See `somnus browse NAME map` for the fields.' });
}

/** @throws invalid_request if no or several fields match */
async function labelled(page: Page, label: string): Promise<Locator> {
  const fields = page.locator('input:not([type=hidden], [type=submit], [type=button], [type=image]), select, textarea, [contenteditable], [role=textbox], [role=combobox], [role=checkbox], [role=switch]');
  const candidates = [
    page.getByLabel(label, { exact: true }).and(fields), page.getByRole('radiogroup', { name: label, exact: true }), page.getByRole('group', { name: label, exact: true }), page.getByLabel(label).and(fields),
    page.getByPlaceholder(label, { exact: true }), page.locator(`[name=${JSON.stringify(label)}]`).and(fields),
  ];
  for (const candidate of candidates) {
    const count = await candidate.count();
    if (count === 1) return candidate;
    const type = count === 0 ? null : await candidate.first().getAttribute('type');
    if (type === 'radio') return candidate.first(); // the name of a group
    if (count > 1) throw new SomnusError('invalid_request', `${count} fields have the label "${label}"`, { hint: 'Use the ref of one of them; see `somnus browse NAME map`.' });
  }
  throw new SomnusError('invalid_request', `There is no field with the label "${label}"`, { hint: 'See `somnus browse NAME map` for the labels.' });
}

/** @throws too_large */
export async function uploadFiles(element: Locator, paths: readonly string[], file: ReadFile, signal: AbortSignal): Promise<void> {
  const contents: { name: string; mimeType: string; buffer: Buffer }[] = [];
  let size = 0;
  for (const path of paths) {
    const buffer = await file(path);
    size += buffer.length;
    if (size > LARGEST_UPLOAD) throw new SomnusError('too_large', `The files have more than ${LARGEST_UPLOAD} bytes`);
    contents.push({ name: path.slice(path.lastIndexOf('/') + 1), mimeType: 'application/octet-stream', buffer });
  }
  await element.setInputFiles(contents, { signal, timeout: 0 });
}
