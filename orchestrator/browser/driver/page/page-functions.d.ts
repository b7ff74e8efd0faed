// Types of the functions that run in pages.
import type { PageMap } from '../../page-map.ts';

export interface FieldState { type: string; value: string; checked: boolean | null; valid: boolean; problem: string | null }
export interface BlockerFacts { captcha: string | null; challenge: string | null; paywall: string | null; login: string | null }

export function mapPage(known: { elements: unknown[]; refs: string[] }): PageMap;
export function fieldState(element: unknown): FieldState;
export function blockerFacts(): BlockerFacts;
export function drawNumbers(boxes: { number: number; x: number; y: number; width: number; height: number }[]): void;
export function removeNumbers(): void;
export function markDownload(element: unknown): void;
