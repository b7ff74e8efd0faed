// What must be taken back if the rest fails: collected as work goes on, run in reverse order.

type Undo = () => Promise<void> | void;

/**
 * ```ts
 * await using undo = new UndoStack(onError);
 * await makeFolder(); undo.push('remove folder', removeFolder);
 * undo.commit();               // all went well: nothing is undone
 * ```
 */
export class UndoStack implements AsyncDisposable {
  #undos: { name: string; undo: Undo }[] = [];
  readonly #onError: (name: string, error: unknown) => void;

  /** `onError` is told of each undo that fails; the others still run. */
  constructor(onError: (name: string, error: unknown) => void) {
    this.#onError = onError;
  }

  push(name: string, undo: Undo): void {
    this.#undos.push({ name, undo });
  }

  /** Hands everything collected over to another stack, in order. */
  moveTo(other: UndoStack): void {
    for (const { name, undo } of this.#undos) other.push(name, undo);
    this.commit();
  }

  /** Forgets everything collected: the work is complete. */
  commit(): void {
    this.#undos = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { name, undo } of this.#undos.toReversed()) {
      try {
        await undo();
      } catch (error) {
        this.#onError(name, error);
      }
    }
    this.#undos = [];
  }
}
