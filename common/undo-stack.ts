// Collects undo actions during a task and runs them in reverse order if the task fails.

type Undo = () => Promise<void> | void;

/**
 * ```ts
 * await using undo = new UndoStack(onError);
 * await makeFolder(); undo.push('remove folder', removeFolder);
 * undo.commit();               // success: nothing is undone
 * ```
 */
export class UndoStack implements AsyncDisposable {
  #undos: { name: string; undo: Undo }[] = [];
  readonly #onError: (name: string, error: unknown) => void;

  /** Calls `onError` for each undo that fails; the others still run. */
  constructor(onError: (name: string, error: unknown) => void) {
    this.#onError = onError;
  }

  push(name: string, undo: Undo): void {
    this.#undos.push({ name, undo });
  }

  /** Moves all collected undos to another stack, in order. */
  moveTo(other: UndoStack): void {
    for (const { name, undo } of this.#undos) other.push(name, undo);
    this.commit();
  }

  /** Discards all collected undos because the task has succeeded. */
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
