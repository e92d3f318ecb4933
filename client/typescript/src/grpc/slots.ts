import { outOfTime, whenOver, type Limits } from "./limits.js";

// Node.js keeps the calls that the other side has no room for yet, with all their data.
const MOST = 1_000;

/** How many calls may run on a connection at a time; the others wait for their turn, in order. */
export class Slots {
  readonly #waiting = new Set<(isOpen: boolean) => void>();
  #limit = 0;
  #taken = 0;
  #isOver = false;

  /** Takes what the other side allows from now on. */
  allow(limit: number): void {
    if (this.#isOver) return;
    this.#limit = Math.min(limit, MOST);
    this.#passOn();
  }

  /** Takes a slot where one is free; else returns false. */
  tryTake(): boolean {
    if (this.#taken >= this.#limit) return false;
    this.#taken += 1;
    return true;
  }

  /**
   * Waits for a slot and takes it; returns false where the connection takes no more calls.
   *
   * @throws RpcError - The caller's time was over first.
   */
  async take(limits: Limits): Promise<boolean> {
    // Nobody would wake who comes after the end.
    if (this.#isOver) return false;
    return new Promise((resolve, reject) => {
      const disarm = whenOver(limits, (aborted) => {
        this.#waiting.delete(turn);
        reject(aborted ? limits.signal?.reason : outOfTime(true));
      });
      function turn(isOpen: boolean): void {
        disarm();
        resolve(isOpen);
      }
      this.#waiting.add(turn);
    });
  }

  /** Gives a slot back, to who waits for longest, unless fewer are allowed by now. */
  giveBack(): void {
    this.#taken -= 1;
    if (this.#waiting.size > 0) this.#passOn();
  }

  /** Sends all who wait away: the connection takes no more calls. */
  end(): void {
    this.#isOver = true;
    this.#limit = 0;
    for (const turn of this.#waiting) this.#pass(turn, false);
  }

  #passOn(): void {
    for (const turn of this.#waiting) {
      if (!this.tryTake()) return;
      this.#pass(turn, true);
    }
  }

  #pass(turn: (isOpen: boolean) => void, isOpen: boolean): void {
    this.#waiting.delete(turn);
    turn(isOpen);
  }
}
