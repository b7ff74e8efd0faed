// What a test file has opened and not yet closed: a file that fails during preparation never reaches its own cleanup. close-open-resources.ts closes the rest.

const open = new Set<AsyncDisposable>();

export function opened(resource: AsyncDisposable): void {
  open.add(resource);
}

export function closed(resource: AsyncDisposable): void {
  open.delete(resource);
}

export async function closeOpenResources(): Promise<void> {
  for (const resource of [...open].toReversed()) await resource[Symbol.asyncDispose]();
}
